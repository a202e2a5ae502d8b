// The total order and full evaluation as machine routines, and their direct forms on normal values.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

// On values in normal form; remembers pairs it has found equal, so shared structure is compared once.
// Charged; on a limit returns false with m->stop set, else *order is -1, 0 or 1. Neither allocates on
// the PLAN heap nor collects, except to hash pins (which does not move anything).
bool order_cmp_any_nf(Machine *m, Value a, Value b, int *order);

// The same, quick for what most keys are: nats, and bars in one piece. Of these the longer is the greater;
// the highest word that differs decides between two of the same length.
static inline bool order_cmp_nf(Machine *m, Value a, Value b, int *order) {
  if (val_is_small(a) && val_is_small(b)) {
    *order = (a > b) - (a < b);
    return true;
  }
  if (val_is_small(a) || val_is_small(b) || val_is_lazy(a) || val_is_lazy(b))
    return order_cmp_any_nf(m, a, b, order);
  const uint64_t *x = val_obj(a), *y = val_obj(b);
  Kind kind = obj_kind(x);
  if (kind != obj_kind(y) || (kind != KIND_BAR && kind != KIND_NAT)) return order_cmp_any_nf(m, a, b, order);
  size_t n = obj_count(x), k = obj_count(y), i = kind == KIND_BAR ? (n + 7) / 8 : n;
  if (n != k) {
    *order = n < k ? -1 : 1;
    return true;
  }
  if (i >= 16 && !jet_charge(m, i / 16)) return false;
  while (i > 0 && x[i] == y[i]) i--;
  *order = i == 0 ? 0 : x[i] < y[i] ? -1 : 1;
  return true;
}

// Routines: two arguments / one argument; see jet.h. routine_cmp forces as it goes, in the order of
// spec/plan.md, and ends with 0, 1 or 2 (less, equal, greater).
// It needs CMP_STATE words of state. Another routine embeds it by ending its own frame with the two
// values and CMP_STATE words, zero at first, and passing on what routine_cmp returns.
#define CMP_STATE 4
JetResult routine_cmp(Machine *m, Value *frame, Value *io);
