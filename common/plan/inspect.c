// Inspection through handles.
#include "common/base/mem.h"
#include "common/plan/formal.h"
#include "common/plan/hash.h"
#include "common/plan/nat.h"
#include "common/plan/order.h"
#include "common/plan/pinjet.h"
#include "common/plan/plan.h"
#include "common/plan/row.h"
#include <gmp.h>
#include <string.h>

// The handle's value after indirections; keeps the shorter way in the handle.
static Value look(const Machine *m, Ref r) {
  Value v = val_deref(ref_get(m, r));
  assert(!val_is_lazy(v));
  return v;
}

bool plan_is_lazy(const Machine *m, Ref r) { return val_is_lazy(val_deref(ref_get(m, r))); }

Kind plan_kind(const Machine *m, Ref r) {
  Value v = look(m, r);
  return val_is_tab(&v) ? KIND_TAB : val_kind(v);
}

// --- nats and bars -------------------------------------------------------------------------------
bool plan_nat_u64(const Machine *m, Ref r, uint64_t *out) {
  Value v = look(m, r);
  return val_kind(v) == KIND_NAT && nat_u64(v, out);
}

size_t plan_nat_size(const Machine *m, Ref r) { return nat_bytes(look(m, r)); }
void plan_nat_copy(const Machine *m, Ref r, void *out, size_t n) { nat_copy_bytes(look(m, r), out, n); }

bool plan_nat_is_text(const Machine *m, Ref r, const char *text) {
  Value v = val_deref(ref_get(m, r));
  size_t n = strlen(text);
  if (val_is_lazy(v) || val_kind(v) != KIND_NAT || nat_bytes(v) != n) return false;
  uint64_t tmp;
  size_t limbs;
  return memcmp(nat_limbs(v, &tmp, &limbs), text, n) == 0;
}

char *plan_nat_decimal_str(const Machine *m, Ref r) {
  uint64_t tmp;
  size_t n;
  const uint64_t *limbs = nat_limbs(look(m, r), &tmp, &n);
  mpz_t z;
  mpz_init(z);
  mpz_import(z, n, -1, 8, 0, 0, limbs);
  char *s = mem_alloc(mpz_sizeinbase(z, 10) + 2);
  mpz_get_str(s, 10, z);
  mpz_clear(z);
  return s;
}

size_t plan_bar_len(const Machine *m, Ref r) { return bar_len(look(m, r)); }
const uint8_t *plan_bar_bytes(Machine *m, Ref r) {
  stack_push(m, look(m, r));
  machine_refresh(m);
  const uint8_t *bytes = bar_flatten(m, m->sp - 1);
  ref_set(m, r, stack_pop(m));
  return bytes;
}

void plan_bar_copy(const Machine *m, Ref r, size_t from, size_t n, void *out) {
  bar_copy(look(m, r), from, n, out);
}

// --- containers ----------------------------------------------------------------------------------
size_t plan_len(const Machine *m, Ref r) {
  Value v = look(m, r);
  switch (val_kind(v)) {
  case KIND_ROW: return row_len(v);
  case KIND_SET: return set_len(v);
  default: return set_len(tab_keys(v));
  }
}

Ref plan_row_get(Machine *m, Ref r, size_t i) { return ref_new(m, val_deref(row_at(look(m, r), i))); }

Ref plan_key(Machine *m, Ref r, size_t i) {
  Value v = look(m, r);
  return ref_new(m, row_at(set_keys(val_kind(v) == KIND_SET ? v : tab_keys(v)), i));
}

Ref plan_val(Machine *m, Ref r, size_t i) { return ref_new(m, val_deref(row_at(tab_vals(look(m, r)), i))); }

// --- pins ----------------------------------------------------------------------------------------
Ref plan_pin_item(Machine *m, Ref r) { return ref_new(m, val_obj(look(m, r))[PIN_ITEM]); }
bool plan_pin_hash(Machine *m, Ref r, uint8_t out[32]) {
  machine_refresh(m);
  return hash_pin(m, look(m, r), out);
}

const char *plan_pin_jet(Machine *m, Ref r) {
  machine_refresh(m);
  const JetDef *def = pin_jet_entry(m, look(m, r));
  return def ? def->name : NULL;
}

// --- formal view ---------------------------------------------------------------------------------
PlanForm plan_form(const Machine *m, Ref r) { return formal_kind(look(m, r)); }
Ref plan_law_name(Machine *m, Ref r) { return ref_new(m, formal_law_name(look(m, r))); }
Ref plan_law_arity(Machine *m, Ref r) { return ref_new(m, formal_law_arity(m, look(m, r))); }
Ref plan_law_body(Machine *m, Ref r) { return ref_new(m, formal_law_body(m, look(m, r))); }
Ref plan_app_fun(Machine *m, Ref r) { return ref_new(m, formal_fun(m, look(m, r))); }
Ref plan_app_arg(Machine *m, Ref r) { return ref_new(m, val_deref(formal_arg(look(m, r)))); }

Ref plan_head(Machine *m, Ref r) {
  Value v = look(m, r);
  switch (val_kind(v)) {
  case KIND_APP: return ref_new(m, app_head(v));
  case KIND_TAB: return ref_new(m, tab_keys(v));
  case KIND_ROW: return ref_new(m, row_len(v) ? new_cow(m, row_len(v)) : v);
  default: return ref_new(m, v);
  }
}

size_t plan_arg_count(const Machine *m, Ref r) {
  Value v = look(m, r);
  switch (val_kind(v)) {
  case KIND_APP: return app_total_args(v);
  case KIND_TAB: return 1;
  case KIND_ROW: return row_len(v);
  default: return 0;
  }
}

Ref plan_arg(Machine *m, Ref r, size_t i) {
  Value v = look(m, r);
  if (val_kind(v) == KIND_TAB) return ref_new(m, tab_vals(v));
  if (val_kind(v) == KIND_ROW) return ref_new(m, val_deref(row_at(v, row_len(v) - 1 - i)));
  for (uint64_t below = app_total_args(v);; v = val_obj(v)[1]) {
    const uint64_t *o = val_obj(v);
    below -= app_args(o);
    if (i >= below) return ref_new(m, val_deref(o[2 + i - below]));
  }
}

// Only a law can have an arity that is no small nat.
Ref plan_arity(Machine *m, Ref r) {
  Value v = look(m, r), head = app_head(v);
  uint64_t args = app_total_args(v);
  if (val_kind(head) == KIND_PIN) head = val_obj(innermost_pin(m, head))[PIN_ITEM];
  if (val_kind(head) != KIND_LAW && val_kind(head) != KIND_COW) return plan_nat(m, value_arity_u64(m, v));
  RefMark mark = refs_mark(m);
  Ref arity = ref_new(m, formal_law_arity(m, head));
  stack_push(m, ref_get(m, arity));
  stack_push(m, args);
  Value left = 0;
  nat_sub(m, m->sp - 2, m->sp - 1, &left);
  m->sp -= 2;
  ref_set(m, arity, left);
  return refs_keep(m, mark, arity);
}

// --- whole values --------------------------------------------------------------------------------
bool plan_cmp(Machine *m, Ref a, Ref b, int *order) {
  machine_refresh(m);
  return order_cmp_nf(m, look(m, a), look(m, b), order);
}

bool plan_eq(Machine *m, Ref a, Ref b, bool *equal) {
  int order;
  if (!plan_cmp(m, a, b, &order)) return false;
  *equal = order == 0;
  return true;
}

bool plan_hash(Machine *m, Ref v, uint8_t out[32]) {
  machine_refresh(m);
  return hash_value(m, look(m, v), out);
}
