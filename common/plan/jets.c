#include "common/plan/jets.h"
#include "common/plan/formal.h"
#include "common/plan/order.h"

bool jet_open_row(Machine *m, RowBuilder *b, size_t len) {
  stack_push(m, 0);
  if (row_build(b, m, m->sp - 1, len)) return true;
  stack_pop(m);
  return false;
}

JetResult jet_close_row(RowBuilder *b, Value *io) {
  *io = row_built(b);
  stack_pop(b->m);
  return JET_DONE;
}

bool jet_portion(Machine *m, uint64_t words) {
  heap_need(m, words);
  return jet_charge(m, 0) && m->stop == RUN_DONE;
}

void jet_push_args(RowBuilder *b, Value v) {
  if (val_is_row(v)) row_push_slice(b, &v, 0, row_len(v));
  if (val_kind(v) == KIND_TAB) row_push(b, tab_vals(v));
  for (; val_kind(v) == KIND_APP; v = val_obj(v)[1])
    for (size_t i = app_args(val_obj(v)); i > 0; i--) row_push(b, val_obj(v)[1 + i]);
}

bool jet_as_row(Machine *m, Value *slot) {
  if (val_is_row(*slot)) return true;
  size_t n = jet_args(m, *slot);
  RowBuilder b;
  if (n == SIZE_MAX || !jet_open_row(m, &b, n)) return false;
  jet_push_args(&b, *slot);
  jet_close_row(&b, slot);
  return true;
}

bool jet_uncons(Machine *m, Value *list, Value *element) {
  size_t n = jet_args(m, *list);
  if (n == SIZE_MAX || !stack_room(m, 1) || !jet_charge(m, 1)) return false;
  *element = n > 0 ? args_at(*list, 0) : 0;
  *list = n > 1 ? args_at(*list, 1) : 0;
  return true;
}

JetResult jet_to_list(Machine *m, Value *f, size_t n, JetSlice slice, Value (*at)(Value, size_t), Value *io) {
  Value *list = m->sp;
  stack_push(m, 0);
  if (n > JET_PIECE) {
    if (!slice(m, &f[0], JET_PIECE, n, list)) return JET_STOP;
    *list = jet_suspend(m, &f[1], list, 1);
    n = JET_PIECE;
  }
  if (!jet_room(m, 3 * n)) return JET_STOP;
  while (n-- > 0) *list = new_pair_row(m, at(f[0], n), *list);
  *io = *list;
  return JET_DONE;
}

JetResult jet_row_of_stack(Machine *m, Value *base, Value *io) {
  RowBuilder b;
  size_t n = (size_t)(m->sp - base);
  if (!jet_open_row(m, &b, n)) return JET_STOP;
  for (size_t i = 0; i < n; i++) row_push(&b, base[i]);
  JetResult r = jet_close_row(&b, io);
  m->sp = base;
  return r;
}

// The body of a bar is a number as long as the bar.
JetResult jet_law_body(Machine *m, Value v, Value *io) {
  if (formal_kind(v) != FORM_LAW) return jet_done(io, 0);
  if (val_is_bar(v) && !jet_room(m, bar_len(v) / 8 + 1)) return JET_STOP;
  return jet_done(io, formal_law_body(m, v));
}

JetResult jet_cdr(Machine *m, Value v, Value *io) {
  switch (formal_kind(v)) {
  case FORM_NAT: return jet_done(io, 0);
  case FORM_PIN: return jet_done(io, val_obj(v)[PIN_ITEM]);
  case FORM_LAW: return jet_law_body(m, v, io);
  case FORM_APP: break;
  }
  return jet_tail(io, formal_arg(v));
}

// --- a short look --------------------------------------------------------------------------------------

#define LOOK_PARTS 256
#define LOOK_DEPTH 8

// Recursion is bounded by LOOK_DEPTH.
static bool is_plain(Value v, int depth, int *budget) {
  v = val_deref(v);
  if (val_is_nf(v)) return true;
  if (val_is_lazy(v) || depth == 0) return false;
  const uint64_t *o = val_obj(v);
  size_t n = obj_scan(o);
  for (size_t i = 1; i <= n; i++)
    if (--*budget < 0 || !is_plain(o[i], depth - 1, budget)) return false;
  return true;
}

bool jet_is_plain(Value v) {
  int budget = LOOK_PARTS;
  return is_plain(v, LOOK_DEPTH, &budget);
}

JetResult jet_key(Value *key, Value *phase, bool forced, Value *io) {
  enum { NEW, EVALUATED, FORCED, READY };
  if (*phase == READY) return JET_DONE;
  if (*phase != NEW) *key = *io;
  if (*phase == FORCED || (jet_known(key) && val_is_nf(*key))) {
    *phase = READY;
    return JET_DONE;
  }
  *io = *key;
  if (forced || (!val_is_lazy(*key) && jet_is_plain(*key))) {
    *phase = FORCED;
    return JET_FORCE;
  }
  if (!val_is_lazy(*key)) return JET_DECLINE;
  *phase = EVALUATED;
  return JET_EVAL;
}

bool jet_merge(Machine *m, const Value *a, const Value *b, unsigned keep) {
  if (!stack_room(m, row_len(*a) + row_len(*b)) || !jet_charge(m, (row_len(*a) + row_len(*b)) / 16))
    return false;
  RowCursor left = row_cursor(*a, 0), right = row_cursor(*b, 0);
  Value x = 0, y = 0;
  bool more_x = row_next(&left, &x), more_y = row_next(&right, &y);
  while (more_x || more_y) {
    int order = more_x ? -1 : 1;
    if (more_x && more_y && !order_cmp_nf(m, x, y, &order)) return false;
    unsigned which = order < 0 ? MERGE_LEFT : order == 0 ? MERGE_BOTH : MERGE_RIGHT;
    if (keep & which) stack_push(m, order <= 0 ? x : y);
    if (order <= 0) more_x = row_next(&left, &x);
    if (order >= 0) more_y = row_next(&right, &y);
  }
  return true;
}
