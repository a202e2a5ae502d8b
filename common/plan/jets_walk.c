#include "common/plan/jets_walk.h"
#include "common/plan/formal.h"

// Pairs of an app and the number of its parts that are done.
bool walk_start(Machine *m, Value root) {
  size_t parts = val_kind(root) == KIND_ROW ? row_len(root) : 1;
  if (!stack_room(m, 2) || !jet_charge(m, 1 + parts / 16)) return false;
  stack_push(m, root);
  stack_push(m, 0);
  return true;
}

// The next part of the app on top, or no more.
static bool next_part(Machine *m, Value *v) {
  Value *top = m->sp - 2;
  const uint64_t *o = val_obj(top[0]);
  switch (val_kind(top[0])) {
  case KIND_ROW:
    if (top[1] == row_len(top[0])) return false;
    *v = row_at(top[0], top[1]);
    return true;
  case KIND_TAB: *v = tab_vals(top[0]); return top[1] == 0;
  case KIND_APP:
    if (top[1] == app_args(o)) { // the arguments before these are a chunk of their own
      top[0] = o[1];
      top[1] = 0;
      return val_kind(o[1]) == KIND_APP && next_part(m, v);
    }
    *v = o[1 + app_args(o) - top[1]];
    return true;
  default: *v = top[0]; return top[1] == 0; // a walk of something that is no app
  }
}

Walk walk_next(Machine *m, Value *bottom, Value *v) {
  while (m->sp > bottom) {
    if (!next_part(m, v)) {
      m->sp -= 2;
      continue;
    }
    *v = val_deref(*v);
    if (val_is_lazy(*v)) return WALK_LAZY;
    Value *top = m->sp - 2;
    top[1]++;
    if (formal_kind(*v) != FORM_APP) return WALK_LEAF;
    if (val_is_row(top[0]) && top[1] == row_len(top[0])) m->sp -= 2; // a list costs no depth
    if (!walk_start(m, *v)) return WALK_STOP;
  }
  return WALK_END;
}

JetResult walk_measure(Machine *m, Value *frame, Value *bottom, uint64_t (*size)(Value leaf), Value *io) {
  enum { TREE, STARTED, TOTAL };
  const uint64_t most = NAT_SMALL_MAX / 2;
  Value v;
  Walk step;
  if (!frame[STARTED] && !walk_start(m, frame[TREE])) return JET_STOP;
  frame[STARTED] = 1;
  while ((step = walk_next(m, bottom, &v)) == WALK_LEAF) {
    uint64_t n = size(v), left = most - frame[TOTAL];
    frame[TOTAL] += n < left ? n : left;
  }
  if (step == WALK_LAZY) return jet_eval(io, v);
  return step == WALK_END ? JET_DONE : JET_STOP;
}
