// The total order and full evaluation as machine routines, and their direct forms on normal values.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

// On values in normal form; remembers pairs it has found equal, so shared structure is compared once.
// Charged; on a limit returns false with m->stop set, else *order is -1, 0 or 1. Neither allocates on
// the PLAN heap nor collects, except to hash pins (which does not move anything).
bool order_cmp_nf(Machine *m, Value a, Value b, int *order);

// Routines: two arguments / one argument; see jet.h. routine_cmp forces as it goes, in the order of
// spec/plan.md, and ends with 0, 1 or 2 (less, equal, greater).
// It needs CMP_STATE words of state. Another routine embeds it by ending its own frame with the two
// values and CMP_STATE words, zero at first, and passing on what routine_cmp returns.
#define CMP_STATE 4
JetResult routine_cmp(Machine *m, Value *frame, Value *io);
