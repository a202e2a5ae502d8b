#include "common/plan/formal.h"
#include "common/plan/nat.h"
#include "common/plan/row.h"
#include <string.h>

PlanForm formal_kind(Value v) {
  switch (val_kind(v)) {
  case KIND_NAT: return FORM_NAT;
  case KIND_PIN: return FORM_PIN;
  case KIND_APP:
  case KIND_TAB: return FORM_APP;
  case KIND_ROW: return row_len(v) ? FORM_APP : FORM_LAW;
  default: return FORM_LAW;
  }
}

Value formal_law_name(Value v) {
  switch (val_kind(v)) {
  case KIND_LAW: return val_obj(v)[LAW_NAME];
  case KIND_BAR:
  case KIND_SET: return 1;
  default: return 0;
  }
}

Value formal_law_arity(Machine *m, Value v) {
  switch (val_kind(v)) {
  case KIND_LAW: return val_obj(v)[LAW_ARITY];
  case KIND_SET: return 2;
  case KIND_COW: {
    Value n = 0;
    stack_push(m, val_obj(v)[1]);
    nat_inc(m, m->sp - 1, &n);
    stack_pop(m);
    return n;
  }
  default: return 1;
  }
}

// The number of a bar: its bytes with one byte 0x01 above the last.
static Value bar_number(Machine *m, Value v) {
  size_t len = bar_len(v), limbs = len / 8 + 1;
  if (len < 8) {
    uint64_t n = 1ULL << (8 * len);
    bar_copy(v, 0, len, (uint8_t *)&n);
    if (n <= NAT_SMALL_MAX) return n;
  }
  stack_push(m, v);
  uint64_t *o = heap_alloc(m, obj_header(KIND_NAT, OBJ_NF, limbs), limbs);
  v = stack_pop(m);
  memset(o + 1, 0, limbs * 8);
  bar_copy(v, 0, len, (uint8_t *)(o + 1));
  ((uint8_t *)(o + 1))[len] = 1;
  return obj_val(o);
}

Value formal_law_body(Machine *m, Value v) {
  switch (val_kind(v)) {
  case KIND_LAW: return val_obj(v)[LAW_BODY];
  case KIND_BAR: return bar_number(m, v);
  case KIND_SET: return set_keys(v);
  default: return 0;
  }
}

Value formal_arg(Value v) {
  const uint64_t *o = val_obj(v);
  switch (val_kind(v)) {
  case KIND_APP: return o[1 + app_args(o)];
  case KIND_TAB: return tab_vals(v);
  default: return row_at(v, 0);
  }
}

static Value app_but_last(Machine *m, Value v) {
  const uint64_t *o = val_obj(v);
  size_t n = app_args(o) - 1;
  if (n == 0) return o[1];
  uint32_t left = app_left(o);
  if (left < APP_ARITY_MAX) left++;
  stack_push(m, v);
  uint64_t *f = heap_alloc(m, obj_header(KIND_APP, o[0] & OBJ_NF, app_count((uint32_t)n, left)), 1 + n);
  o = val_obj(stack_pop(m));
  memcpy(f + 1, o + 1, (1 + n) * 8);
  return obj_val(f);
}

// The constructor with all elements but that of index 0 applied: from the highest index down.
static Value row_but_first(Machine *m, Value v) {
  size_t len = row_len(v);
  stack_push(m, v);
  Value head = new_cow(m, len);
  Value *args = m->sp;
  for (size_t i = len - 1; i > 0; i--) stack_push(m, row_at(args[-1], i));
  Value f = len > 1 ? new_app(m, head, args, len - 1) : head;
  m->sp = args - 1;
  return f;
}

Value formal_fun(Machine *m, Value v) {
  switch (val_kind(v)) {
  case KIND_APP: return app_but_last(m, v);
  case KIND_TAB: return tab_keys(v);
  default: return row_but_first(m, v);
  }
}
