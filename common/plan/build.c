// Construction of evaluated values, where plain forms become data jets.
#include "common/plan/heap.h"
#include "common/plan/nat.h"
#include "common/plan/order.h"
#include "common/plan/row.h"
#include <string.h>

// Keeps up to three values alive across an allocation.
#define PROTECT(m, v) stack_push((m), (v))

Value new_pin(Machine *m, Value item) {
  PROTECT(m, item);
  uint64_t *o = heap_alloc(m, obj_header(KIND_PIN, OBJ_NF, 0), PIN_WORDS - 1);
  memset(o + 1, 0, (PIN_WORDS - 1) * 8);
  o[PIN_ITEM] = stack_pop(m);
  return obj_val(o);
}

Value new_cow(Machine *m, Value n) {
  PROTECT(m, n);
  uint64_t *o = heap_alloc(m, obj_header(KIND_COW, OBJ_NF, 0), 1);
  o[1] = stack_pop(m);
  return obj_val(o);
}

Value new_nat_limbs(Machine *m, const uint64_t *limbs, size_t n) {
  while (n > 0 && limbs[n - 1] == 0) n--;
  if (n == 0) return 0;
  if (n == 1 && limbs[0] <= NAT_SMALL_MAX) return limbs[0];
  uint64_t *o = heap_alloc(m, obj_header(KIND_NAT, OBJ_NF, n), n);
  memcpy(o + 1, limbs, n * 8);
  return obj_val(o);
}

uint64_t *new_row_unset(Machine *m, size_t n) {
  uint64_t *o = heap_alloc(m, obj_header(KIND_ROW, n ? 0 : OBJ_NF, n), n ? n : 1);
  if (n == 0) o[1] = 0;
  return o;
}

uint64_t *new_row(Machine *m, size_t n) {
  size_t words = n ? n : 1;
  uint64_t *o = new_row_unset(m, n);
  if (!obj_has(o, OBJ_LARGE)) memset(o + 1, 0, words * 8); // large ones come zeroed
  return o;
}

uint64_t *new_bar(Machine *m, size_t bytes) {
  size_t words = bytes ? (bytes + 7) / 8 : 1;
  uint64_t *o = heap_alloc(m, obj_header(KIND_BAR, OBJ_NF, bytes), words);
  memset(o + 1, 0, words * 8);
  return o;
}

Value new_pair_row(Machine *m, Value a, Value b) {
  PROTECT(m, a);
  PROTECT(m, b);
  uint64_t *o = new_row(m, 2);
  o[2] = stack_pop(m);
  o[1] = stack_pop(m);
  return obj_val(o);
}

static bool strictly_ascending(Machine *m, Value row) {
  RowCursor c = row_cursor(row, 0);
  Value prev, v;
  if (!row_next(&c, &prev)) return true;
  for (; row_next(&c, &v); prev = v) {
    int order;
    if (!order_cmp_nf(m, prev, v, &order) || order >= 0) return false;
  }
  return true;
}

static bool is_bar_number(Value n) { return !(val_is_small(n) && n == 0) && nat_bits(n) % 8 == 1; }

static Value bar_from_number(Machine *m, Value n) {
  size_t len = (size_t)(nat_bits(n) / 8);
  PROTECT(m, n);
  uint64_t *o = new_bar(m, len);
  n = stack_pop(m);
  nat_copy_bytes(n, (uint8_t *)(o + 1), len);
  return obj_val(o);
}

static Value plain_law(Machine *m, Value name, Value arity, Value body) {
  PROTECT(m, name);
  PROTECT(m, arity);
  PROTECT(m, body);
  uint64_t *o = heap_alloc(m, obj_header(KIND_LAW, OBJ_NF, 0), LAW_WORDS - 1);
  o[LAW_CODE] = 0;
  o[LAW_BODY] = stack_pop(m);
  o[LAW_ARITY] = stack_pop(m);
  o[LAW_NAME] = stack_pop(m);
  return obj_val(o);
}

Value new_law(Machine *m, Value name, Value arity, Value body) {
  if (name == 0 && body == 0) {
    if (arity == 1) return obj_val(new_row(m, 0));
    Value n = 0;
    PROTECT(m, arity);
    nat_dec(m, m->sp - 1, &n);
    stack_pop(m);
    return new_cow(m, n);
  }
  Kind kind = val_kind(body);
  if (name == 1 && arity == 1 && kind == KIND_NAT && is_bar_number(body)) return bar_from_number(m, body);
  if (name == 1 && arity == 2 && kind == KIND_ROW && strictly_ascending(m, body)) return new_set(m, body);
  return plain_law(m, name, arity, body);
}

// --- applications ------------------------------------------------------------------------------
static uint64_t nat_clamped(Value n) { return val_is_small(n) ? n : NAT_SMALL_MAX; }

#define STEP_WORDS 8 // what a step to another object counts as

Value innermost_pin(Machine *m, Value pin) {
  uint64_t steps = 0;
  for (Value item; val_is_ptr(item = val_obj(pin)[PIN_ITEM]) && val_kind(item) == KIND_PIN; pin = item)
    steps++;
  heap_charge_done(m, steps * STEP_WORDS);
  return pin;
}

static uint64_t own_arity(Value v) {
  if (val_is_small(v)) return v == 0 ? 3 : v == 1 ? 5 : v == 2 ? 3 : 1;
  const uint64_t *o = val_obj(v);
  switch (obj_kind(o)) {
  case KIND_LAW: return nat_clamped(o[LAW_ARITY]);
  case KIND_COW: return nat_clamped(o[1]) + (nat_clamped(o[1]) < NAT_SMALL_MAX);
  case KIND_SET: return 2;
  case KIND_APP: return app_left(o);
  default: return 1;
  }
}

uint64_t value_arity_any(Machine *m, Value v) {
  uint64_t args = 0, steps = 0;
  for (; val_is_ptr(v); v = val_obj(v)[1], steps++) { // an app's head, a pin's item
    const uint64_t *o = val_obj(v);
    bool far = obj_kind(o) == KIND_APP && app_left(o) == APP_ARITY_MAX;
    if (!far && obj_kind(o) != KIND_PIN) break;
    if (far) args += app_args(o);
  }
  heap_charge_done(m, steps * STEP_WORDS);
  uint64_t arity = own_arity(v);
  return arity == NAT_SMALL_MAX ? arity : arity - args;
}

Value app_head(Value v) {
  while (val_kind(v) == KIND_APP) v = val_obj(v)[1];
  return v;
}

// The same where the way may be long: charged as done.
static Value far_head(Machine *m, Value v) {
  uint64_t steps = 0;
  for (; val_kind(v) == KIND_APP; v = val_obj(v)[1]) steps++;
  heap_charge_done(m, steps * STEP_WORDS);
  return v;
}

uint64_t app_total_args(Value v) {
  uint64_t n = 0;
  for (; val_kind(v) == KIND_APP; v = val_obj(v)[1]) n += app_args(val_obj(v));
  return n;
}

void app_copy_args(Value v, Value *out) {
  uint64_t n = app_total_args(v);
  for (; val_kind(v) == KIND_APP; v = val_obj(v)[1]) {
    const uint64_t *o = val_obj(v);
    n -= app_args(o);
    memcpy(out + n, o + 2, app_args(o) * 8);
  }
}

// The row that a row constructor makes of the arguments already in f and `n` more.
static Value complete_row(Machine *m, Value f, const Value *args, size_t n) {
  size_t before = (size_t)app_total_args(f), len = before + n;
  heap_charge_done(m, len);
  PROTECT(m, f);
  uint64_t *o = new_row(m, len);
  f = stack_pop(m);
  for (size_t i = 0; i < n; i++) o[1 + i] = args[n - 1 - i];
  for (size_t at = n; val_kind(f) == KIND_APP; f = val_obj(f)[1]) {
    const uint64_t *app = val_obj(f);
    for (size_t k = app_args(app); k > 0; k--) o[1 + at++] = app[1 + k];
  }
  return obj_val(o);
}

static bool fits_set(Value set, Value *arg) {
  *arg = val_deref(*arg);
  return !val_is_lazy(*arg) && val_kind(*arg) == KIND_ROW && row_len(*arg) == set_len(set);
}

static Value app_object(Machine *m, Value f, const Value *args, size_t n, uint64_t left) {
  uint32_t kept = left < APP_ARITY_MAX ? (uint32_t)left : APP_ARITY_MAX;
  size_t merged = val_kind(f) == KIND_APP && app_args(val_obj(f)) < APP_CHUNK ? app_args(val_obj(f)) : 0;
  size_t total = merged + n;
  PROTECT(m, f);
  uint64_t *o = heap_alloc(m, obj_header(KIND_APP, 0, app_count((uint32_t)total, kept)), 1 + total);
  f = stack_pop(m);
  if (merged) {
    memcpy(o + 1, val_obj(f) + 1, (1 + merged) * 8);
  } else {
    o[1] = f;
  }
  memcpy(o + 2 + merged, args, n * 8);
  return obj_val(o);
}

#define APP_ARGS_MOST (1u << 20)

Value new_app(Machine *m, Value f, const Value *args, size_t n) {
  for (; n > APP_ARGS_MOST; n -= APP_ARGS_MOST, args += APP_ARGS_MOST) {
    uint64_t arity = value_arity_u64(m, f);
    f = app_object(m, f, args, APP_ARGS_MOST, arity == NAT_SMALL_MAX ? arity : arity - APP_ARGS_MOST);
  }
  uint64_t arity = value_arity_u64(m, f);
  assert(n > 0 && n < arity);
  uint64_t left = arity == NAT_SMALL_MAX ? arity : arity - n;
  if (left > 1) return app_object(m, f, args, n, left);
  Value head = far_head(m, f); // only now
  if (val_kind(head) == KIND_COW) return complete_row(m, f, args, n);
  if (val_kind(head) == KIND_SET) {
    Value row = args[0];
    if (fits_set(head, &row)) return new_tab(m, head, row);
  }
  return app_object(m, f, args, n, left);
}
