// What a law evaluates first: the arguments that every call of it evaluates, in this order, before it can
// do anything else that may crash, loop or be seen. A caller may evaluate them first, in that order, and
// nobody can tell; that is how arguments of recursive functions come not to be suspended.
//
// It is found by a walk over the law's body, and the bodies of the laws that it calls, once a law, and
// kept in its LAW_CODE word until there is code, which keeps it then.
#pragma once
#include "common/plan/heap.h"

// Four bits an argument, the first lowest: its number, counted from 1. 0 ends.
typedef uint32_t StrictOrder;
#define STRICT_MOST 7

static inline size_t strict_argument(StrictOrder order, size_t at) { // 0: no more
  return at < STRICT_MOST ? order >> 4 * at & 15 : 0;
}

// That of a native jet: the arguments that it is to be given evaluated.
static inline StrictOrder strict_order_of_jet(const JetDef *def) {
  StrictOrder order = 0;
  const char *s = def->strict ? def->strict : "";
  for (size_t i = 0; i < STRICT_MOST && s[i]; i++) order |= (StrictOrder)(s[i] - '0' + 1) << 4 * i;
  return order;
}

// False: not known for now (the law is part of what is being looked at, or there is too much of it). May
// set m->stop.
bool strict_order(Machine *m, Value law, StrictOrder *order);

// The same for a law that is going to be compiled: what is not known is none, from now on.
StrictOrder strict_order_final(Machine *m, Value law);

// Where the LAW_CODE word of a law that is not compiled counts its calls.
#define STRICT_CALLS 7u
