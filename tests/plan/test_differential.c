// The machine without jets against the reference evaluator.
#include "tests/plan/differential.h"

int main(void) {
#ifdef HOSTILE // which moves everything at every allocation
  const Rules rules = {.name = "plan/differential", .terms = 200, .steps = 200};
#else
  const Rules rules = {.name = "plan/differential", .terms = 20000, .steps = 4000};
#endif
  return differential_main(&rules);
}
