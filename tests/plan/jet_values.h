// Random arguments for jets: values of a wished kind or of any, small and boundary nats, and parts that
// are lazy, that crash when looked at, or that do not fit. The same seed makes the same values again,
// so that two evaluations can each have fresh ones.
#pragma once
#include "common/base/buf.h"
#include "common/plan/plan.h"

// Kinds, one letter each:
//   n small nat   N any nat    w word near 2^32 or 2^64    i index     k key
//   r row         R row of rows    a app    l list         p row of pairs
//   s set         S row of sets    t tab    b bar          B tree of bars    T row of bars
//   P pad         Q row of pads    F tree of pads          C row of characters    c list of them
//   y function and arguments, as a row    Y expression of calls, as _TryExp takes it
//   j pin    E seed    V pins, for which the next E is a germ
//   f function of one argument, g of two, h of three, u step of an unfolding    * anything
//   o comparison    K row of keys    L list of keys
typedef struct JetValues {
  Machine *m;
  uint64_t random;
  uint64_t crashes;     // number of the next crash
  const Ref *functions; // some pinned laws, to be passed about
  size_t function_count;
  Buf text;  // what was made, for messages
  bool calm; // nothing lazy, nothing that crashes
  Buf germ;  // of the last V
} JetValues;

void jet_values_free(JetValues *g);
void jet_values_seed(JetValues *g, uint64_t seed);
Ref jet_value(JetValues *g, char kind); // possibly wrapped in a suspended call
