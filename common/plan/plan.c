// Construction through handles. Inspection is in inspect.c.
#include "common/plan/plan.h"
#include "common/base/mem.h"
#include "common/plan/nat.h"
#include "common/plan/order.h"
#include "common/plan/tab.h"
#include <gmp.h>
#include <string.h>

static Value evaluated(Machine *m, Ref r) {
  Value v = val_deref(ref_get(m, r));
  assert(!val_is_lazy(v));
  return v;
}

Ref plan_nat(Machine *m, uint64_t n) { return ref_new(m, n <= NAT_SMALL_MAX ? n : new_nat_limbs(m, &n, 1)); }

Ref plan_nat_bytes(Machine *m, const void *le, size_t n) { return ref_new(m, nat_from_bytes(m, le, n)); }

Ref plan_nat_decimal(Machine *m, const char *digits, size_t n) {
  unsigned char *values = mem_alloc(n + 1);
  for (size_t i = 0; i < n; i++) values[i] = (unsigned char)(digits[i] - '0');
  mp_limb_t *limbs = mem_alloc(mem_mul(n / 19 + 2, sizeof *limbs)); // 10^19 < 2^64
  size_t used = n ? (size_t)mpn_set_str(limbs, values, n, 10) : 0;
  Ref r = ref_new(m, new_nat_limbs(m, (const uint64_t *)limbs, used));
  mem_free(limbs);
  mem_free(values);
  return r;
}

Ref plan_bar(Machine *m, const void *bytes, size_t n) {
  uint64_t *o = new_bar(m, n);
  memcpy(o + 1, bytes, n);
  return ref_new(m, obj_val(o));
}

Ref plan_row(Machine *m, const Ref *elems, size_t n) {
  uint64_t *o = new_row(m, n);
  for (size_t i = 0; i < n; i++) o[1 + i] = val_deref(ref_get(m, elems[i]));
  return ref_new(m, obj_val(o));
}

Ref plan_pin(Machine *m, Ref item) {
  Value v = evaluated(m, item);
  assert(val_is_nf(v));
  return ref_new(m, new_pin(m, v));
}

Ref plan_law(Machine *m, Ref name, Ref arity, Ref body) {
  Value n = evaluated(m, name), a = evaluated(m, arity), b = evaluated(m, body);
  assert(val_kind(n) == KIND_NAT && val_kind(a) == KIND_NAT && a != 0 && val_is_nf(b));
  return ref_new(m, new_law(m, n, a, b));
}

static Value suspended_call(Machine *m, const Value *f_args, size_t n) {
  uint64_t *o = heap_alloc(m, obj_header(KIND_CALL, 0, n), 1 + n);
  memcpy(o + 1, f_args, (1 + n) * 8);
  return obj_lazy(o);
}

Ref plan_apply(Machine *m, Ref f, const Ref *args, size_t n) {
  if (n == 0) return ref_dup(m, f);
  Value *at = m->sp;
  stack_push(m, val_deref(ref_get(m, f)));
  for (size_t i = 0; i < n; i++) stack_push(m, val_deref(ref_get(m, args[i])));
  bool data = !val_is_lazy(at[0]) && n < value_arity_u64(m, at[0]);
  Value v = data ? new_app(m, at[0], at + 1, n) : suspended_call(m, at, n);
  m->sp = at;
  return ref_new(m, v);
}

// --- sets and tabs -------------------------------------------------------------------------------
Ref plan_tab_empty(Machine *m) {
  Ref empty = ref_new(m, obj_val(new_row(m, 0)));
  Value set = new_set(m, ref_get(m, empty)); // before the row is read: it may move it
  ref_set(m, empty, new_tab(m, set, ref_get(m, empty)));
  return empty;
}

static void insert_key(Machine *m, Ref row, size_t i, Value key) {
  Value *at = m->sp;
  stack_push(m, ref_get(m, row));
  stack_push(m, key);
  machine_refresh(m);
  bool ok = row_insert(m, at, i, at + 1, true, at);
  assert(ok || !"a limit met while inserting a key");
  (void)ok;
  ref_set(m, row, *at);
  m->sp = at;
}

Ref plan_set(Machine *m, const Ref *keys, size_t n) {
  RefMark mark = refs_mark(m);
  Ref set = ref_new(m, new_set(m, obj_val(new_row(m, 0)))), row = ref_new(m, 0);
  for (size_t i = 0; i < n; i++) {
    size_t at;
    if (plan_find(m, set, keys[i], &at)) continue;
    ref_set(m, row, set_keys(ref_get(m, set)));
    insert_key(m, row, at, evaluated(m, keys[i]));
    ref_set(m, set, new_set(m, ref_get(m, row)));
  }
  return refs_keep(m, mark, set);
}

bool plan_find(Machine *m, Ref r, Ref key, size_t *index) {
  Value v = evaluated(m, r), keys = val_kind(v) == KIND_SET ? set_keys(v) : set_keys(tab_keys(v));
  bool found = false;
  machine_refresh(m);
  bool ok = set_find(m, keys, evaluated(m, key), index, &found);
  assert(ok || !"a limit met while looking up a key");
  return ok && found;
}

Ref plan_tab_get(Machine *m, Ref tab, Ref key) {
  size_t i;
  if (!plan_find(m, tab, key, &i)) return 0;
  return ref_new(m, val_deref(row_at(tab_vals(evaluated(m, tab)), i)));
}

// Without the key when val is 0.
static Ref changed_tab(Machine *m, Ref tab, Ref key, Ref val) {
  Value *at = m->sp;
  stack_push(m, evaluated(m, tab));
  stack_push(m, evaluated(m, key));
  stack_push(m, val ? val_deref(ref_get(m, val)) : 0);
  machine_refresh(m);
  bool ok = tab_change(m, at, at + 1, val ? at + 2 : NULL, at);
  assert(ok || !"a limit met while changing a tab");
  (void)ok;
  Ref out = ref_new(m, *at);
  m->sp = at;
  return out;
}

Ref plan_tab_put(Machine *m, Ref tab, Ref key, Ref val) { return changed_tab(m, tab, key, val); }
Ref plan_tab_del(Machine *m, Ref tab, Ref key) { return changed_tab(m, tab, key, 0); }

// Where a key of the second tab goes in the first, and whether it is there already.
typedef struct JoinKey {
  size_t at;
  bool found;
} JoinKey;

static Value joined_row(Machine *m, Ref from, Ref more, const JoinKey *keys, size_t fresh) {
  size_t n = row_len(ref_get(m, from)), k = row_len(ref_get(m, more));
  uint64_t *o = new_row(m, n + fresh);
  Value a = ref_get(m, from), b = ref_get(m, more);
  for (size_t i = 0, j = 0, to = 1; i < n || j < k; to++) {
    if (j < k && keys[j].at == i) {
      o[to] = row_at(b, j);
      i += keys[j++].found;
    } else {
      o[to] = row_at(a, i++);
    }
  }
  return obj_val(o);
}

#define MANY_TIMES 16 // from which putting one by one is cheaper than going through both

static Ref put_each(Machine *m, Ref tab, Ref more) {
  RefMark mark = refs_mark(m);
  Ref all = ref_dup(m, tab);
  for (size_t i = 0, n = plan_len(m, more); i < n; i++) {
    RefMark one = refs_mark(m);
    ref_copy(m, all, plan_tab_put(m, all, plan_key(m, more, i), plan_val(m, more, i)));
    refs_release(m, one);
  }
  return refs_keep(m, mark, all);
}

Ref plan_tab_join(Machine *m, Ref tab, Ref more) {
  RefMark mark = refs_mark(m);
  size_t k = plan_len(m, more), fresh = 0;
  if (plan_len(m, tab) / MANY_TIMES >= k) return put_each(m, tab, more);
  JoinKey *keys = mem_alloc(mem_mul(k, sizeof *keys));
  for (size_t j = 0; j < k; j++) {
    RefMark one = refs_mark(m);
    keys[j].found = plan_find(m, tab, plan_key(m, more, j), &keys[j].at);
    fresh += !keys[j].found;
    refs_release(m, one);
  }
  Ref set = ref_new(m, set_keys(tab_keys(evaluated(m, tab))));
  Ref more_set = ref_new(m, set_keys(tab_keys(evaluated(m, more))));
  Ref vals = ref_new(m, tab_vals(evaluated(m, tab)));
  Ref more_vals = ref_new(m, tab_vals(evaluated(m, more)));
  ref_set(m, set, joined_row(m, set, more_set, keys, fresh));
  ref_set(m, vals, joined_row(m, vals, more_vals, keys, fresh));
  ref_set(m, set, new_set(m, ref_get(m, set)));
  Ref out = ref_new(m, new_tab(m, ref_get(m, set), ref_get(m, vals)));
  mem_free(keys);
  return refs_keep(m, mark, out);
}
