#include "client/interrupt.h"
#include "client/library.h"
#include "client/verb.h"

int main(int argc, char **argv) {
  int status = client_main(argc, argv, &LIBRARY_VALUES);
  interrupt_pass_on();
  return status;
}
