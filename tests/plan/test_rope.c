// Ropes against plain arrays: random changes, cuts and joins of rows and bars, each followed by a look at
// every node; and that nothing but memory and time tells a rope from a flat row or bar.
#include "common/base/mem.h"
#include "common/plan/hash.h"
#include "common/plan/order.h"
#include "common/plan/plan.h"
#include "common/plan/row.h"
#include "common/plan/seal.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <string.h>

static Machine *m;
static uint64_t seed;

static void begin(uint64_t with) {
  m = machine_new(&(MachineConfig){.memory = 64u << 20});
  seed = with;
}

static size_t below(size_t n) { return (size_t)(test_random(&seed) % n); }

// --- invariants --------------------------------------------------------------------------------------

static size_t check_tree(Value v, unsigned height, bool top) {
  const uint64_t *o = val_obj(v);
  bool bar = val_kind(v) == KIND_BAR;
  if (!rope_is_tree(v)) {
    ck_assert_uint_eq(height, 0);
    if (!top) ck_assert_uint_ge(obj_count(o), (bar ? ROPE_BAR_LEAF : ROPE_ROW_LEAF) / 4);
    if (obj_has(o, KIND_VIEW)) ck_assert(!obj_has(val_obj(o[VIEW_BASE]), KIND_FORM_BITS));
    return obj_count(o);
  }
  size_t n = tree_children(o), len = 0;
  ck_assert_uint_eq(tree_height(o), height);
  ck_assert_uint_ge(n, top ? 2 : ROPE_THIN);
  ck_assert_uint_le(n, ROPE_WIDTH);
  for (size_t i = 0; i < n; i++) {
    ck_assert(val_kind(o[1 + i]) == val_kind(v));
    if (tree_keyed(o)) ck_assert_uint_eq(tree_firsts(o)[i], row_at(o[1 + i], 0));
    len += check_tree(o[1 + i], height - 1, false);
    ck_assert_uint_eq(tree_ends(o)[i], len);
  }
  ck_assert_uint_eq(len, rope_len(o));
  return len;
}

static void check(Value v) {
  unsigned height = rope_is_tree(v) ? tree_height(val_obj(v)) : 0;
  check_tree(v, height, true);
  size_t flat = val_kind(v) == KIND_BAR ? ROPE_FLAT_BAR : ROPE_FLAT_ROW;
  if (rope_len(val_obj(v)) <= flat) ck_assert_uint_eq(height, 0);
}

// --- rows --------------------------------------------------------------------------------------------
// A row on the stack and what it should be.
typedef struct Model {
  Value *slot;
  Value at[6000];
  size_t n;
} Model;

static void flat_row(Model *x, size_t n) {
  RowBuilder b;
  x->n = n;
  ck_assert(row_build(&b, m, x->slot, n));
  for (size_t i = 0; i < n; i++) row_push(&b, x->at[i] = below(1000000));
  row_built(&b);
}

static void must_be(const Model *x) {
  check(*x->slot);
  ck_assert_uint_eq(row_len(*x->slot), x->n);
  RowCursor c = row_cursor(*x->slot, 0);
  for (size_t i = 0; i < x->n; i++) {
    Value v;
    ck_assert(row_next(&c, &v));
    ck_assert_uint_eq(v, x->at[i]);
  }
  Value v;
  ck_assert(!row_next(&c, &v));
  if (x->n > 0) {
    size_t i = below(x->n);
    ck_assert_uint_eq(row_at(*x->slot, i), x->at[i]);
  }
}

static void remove_range(Model *x, size_t from, size_t n) {
  memmove(x->at + from, x->at + from + n, (x->n - from - n) * sizeof *x->at);
  x->n -= n;
}

static void insert_one(Model *x, size_t i, Value v) {
  memmove(x->at + i + 1, x->at + i, (x->n - i) * sizeof *x->at);
  x->at[i] = v;
  x->n++;
}

static size_t some_place(size_t n) { return below(4) ? below(n) : below(2) ? 0 : n - 1; }

static void step_row(Model *x, Model *y) {
  Value v = below(1000000);
  size_t i, room = sizeof x->at / sizeof *x->at - x->n;
  switch (below(9)) {
  case 0:
  case 1:
    if (x->n == 0) return;
    i = some_place(x->n);
    x->at[i] = v;
    ck_assert(row_put(m, x->slot, i, &v, x->slot));
    return;
  case 2:
  case 3:
  case 4:
    if (room == 0) return;
    i = some_place(x->n + 1);
    ck_assert(row_insert(m, x->slot, i, &v, false, x->slot));
    insert_one(x, i, v);
    return;
  case 5:
  case 6:
    if (x->n == 0) return;
    i = some_place(x->n);
    ck_assert(row_remove(m, x->slot, i, false, x->slot));
    remove_range(x, i, 1);
    return;
  case 7: {
    size_t from = below(x->n / 3 + 1), to = x->n - below((x->n - from) / 3 + 1);
    ck_assert(row_slice(m, x->slot, from, to, x->slot));
    remove_range(x, to, x->n - to);
    remove_range(x, 0, from);
    return;
  }
  default:
    if (room < y->n) return;
    if (below(2)) {
      ck_assert(row_join(m, x->slot, y->slot, x->slot));
      memcpy(x->at + x->n, y->at, y->n * sizeof *y->at);
    } else {
      ck_assert(row_join(m, y->slot, x->slot, x->slot));
      memmove(x->at + y->n, x->at, x->n * sizeof *x->at);
      memcpy(x->at, y->at, y->n * sizeof *y->at);
    }
    x->n += y->n;
  }
}

START_TEST(rows) {
  begin(1);
  Model *x = mem_zalloc(2 * sizeof *x), *y = x + 1;
  for (size_t k = 0; k < 2; k++) {
    x[k].slot = m->sp;
    stack_push(m, 0);
  }
  for (size_t round = 0, rounds = test_scale(10); round < rounds; round++) {
    flat_row(x, below(below(3) ? 100 : 3000));
    flat_row(y, below(below(2) ? 20 : 2500));
    for (size_t i = 0; i < 150; i++) {
      m->fuel_left = 1u << 30;
      step_row(x, y);
      must_be(x);
      if (i % 40 == 39) {
        machine_collect(m, i % 80 == 79);
        step_row(y, x);
        must_be(y);
      }
    }
  }
  mem_free(x);
  machine_free(m);
}
END_TEST

// Each change leaves the row it was made from as it was.
START_TEST(old_versions_stay) {
  begin(2);
  Model *x = mem_zalloc(2 * sizeof *x), *before = x + 1;
  for (size_t k = 0; k < 2; k++) {
    x[k].slot = m->sp;
    stack_push(m, 0);
  }
  flat_row(x, 1000);
  for (size_t i = 0, n = test_scale(500); i < n; i++) {
    m->fuel_left = 1u << 30;
    Value *slot = before->slot;
    *before = *x;
    before->slot = slot;
    *slot = *x->slot;
    step_row(x, before);
    must_be(x);
    must_be(before);
    if (x->n < 300) flat_row(x, 1000);
  }
  mem_free(x);
  machine_free(m);
}
END_TEST

// --- bars --------------------------------------------------------------------------------------------
typedef struct Bytes {
  Value *slot;
  uint8_t at[100000];
  size_t n;
} Bytes;

static void flat_bar(Bytes *x, size_t n) {
  x->n = n;
  test_fill(&seed, x->at, n);
  memcpy(bar_build(m, n, x->slot), x->at, n);
}

static void must_be_bytes(const Bytes *x) {
  check(*x->slot);
  ck_assert_uint_eq(bar_len(*x->slot), x->n);
  uint8_t *copy = mem_alloc(x->n + 1);
  bar_copy(*x->slot, 0, x->n, copy);
  ck_assert(memcmp(copy, x->at, x->n) == 0);
  mem_free(copy);
  if (x->n == 0) return;
  size_t i = below(x->n);
  const uint8_t *run;
  ck_assert_uint_eq(bar_at(*x->slot, i), x->at[i]);
  size_t here = bar_run_before(*x->slot, i + 1, &run);
  ck_assert(here <= i + 1 && memcmp(run, x->at + i + 1 - here, here) == 0);
}

START_TEST(bars) {
  begin(3);
  Bytes *x = mem_zalloc(2 * sizeof *x), *y = x + 1;
  for (size_t k = 0; k < 2; k++) {
    x[k].slot = m->sp;
    stack_push(m, 0);
  }
  for (size_t round = 0, rounds = test_scale(8); round < rounds; round++) {
    flat_bar(x, below(below(2) ? 50 : 40000));
    for (size_t i = 0; i < 100; i++) {
      m->fuel_left = 1u << 30;
      flat_bar(y, below(below(3) ? 40 : 9000));
      if (below(3) == 0) {
        size_t from = below(x->n / 3 + 1), to = x->n - below((x->n - from) / 3 + 1);
        ck_assert(bar_slice(m, x->slot, from, to, x->slot));
        memmove(x->at, x->at + from, to - from);
        x->n = to - from;
      } else if (x->n + y->n <= sizeof x->at) {
        bool left = below(2);
        ck_assert(left ? bar_join(m, y->slot, x->slot, x->slot) : bar_join(m, x->slot, y->slot, x->slot));
        if (left) memmove(x->at + y->n, x->at, x->n);
        memcpy(left ? x->at : x->at + x->n, y->at, y->n);
        x->n += y->n;
      }
      must_be_bytes(x);
      if (i % 30 == 29) machine_collect(m, i % 60 == 59);
    }
    ck_assert(memcmp(bar_flatten(m, x->slot), x->at, x->n) == 0);
  }
  mem_free(x);
  machine_free(m);
}
END_TEST

// --- what nobody may see -----------------------------------------------------------------------------

// The same row in one piece.
static Value *flattened(const Value *row) {
  RowBuilder b;
  Value *slot = m->sp;
  stack_push(m, 0);
  ck_assert(row_build(&b, m, slot, row_len(*row)));
  row_push_slice(&b, row, 0, row_len(*row));
  row_built(&b);
  return slot;
}

static void must_look_alike(Value a, Value b) {
  uint8_t x[32], y[32];
  int order;
  ck_assert(order_cmp_nf(m, a, b, &order) && order == 0);
  ck_assert(hash_value(m, a, x) && hash_value(m, b, y));
  ck_assert(memcmp(x, y, 32) == 0);
}

START_TEST(forms_look_alike) {
  begin(4);
  Model *x = mem_zalloc(2 * sizeof *x), *y = x + 1;
  for (size_t k = 0; k < 2; k++) {
    x[k].slot = m->sp;
    stack_push(m, 0);
  }
  for (size_t round = 0, rounds = test_scale(60); round < rounds; round++) {
    Value *base = m->sp;
    flat_row(x, 200 + below(2000));
    flat_row(y, below(400));
    for (size_t i = 0, n = below(30); i < n; i++) step_row(x, y);
    must_be(x);
    m->fuel_left = 1u << 30;
    Value *flat = flattened(x->slot);
    must_look_alike(*x->slot, *flat);
    if (x->n == 0) continue;
    size_t at = below(x->n);
    Value other = x->at[at] + 1;
    stack_push(m, 0);
    ck_assert(row_put(m, x->slot, at, &other, flat + 1));
    for (int side = 0; side < 2; side++) { // rows of one length are compared from their end
      int order;
      ck_assert(order_cmp_nf(m, side ? *flat : *x->slot, flat[1], &order));
      ck_assert_int_eq(order, -1);
      ck_assert(order_cmp_nf(m, flat[1], side ? *flat : *x->slot, &order));
      ck_assert_int_eq(order, 1);
    }
    ck_assert_uint_eq(rope_shared_before(*x->slot, *x->slot, x->n), x->n);
    m->sp = base;
  }
  mem_free(x);
  machine_free(m);
}
END_TEST

// Sealing keeps the nodes, also a version made from a sealed one.
START_TEST(sealing) {
  begin(5);
  Model *x = mem_zalloc(2 * sizeof *x), *y = x + 1;
  for (size_t k = 0; k < 2; k++) {
    x[k].slot = m->sp;
    stack_push(m, 0);
  }
  flat_row(x, 3000);
  for (size_t round = 0, rounds = test_scale(30); round < rounds; round++) {
    m->fuel_left = 1u << 30;
    flat_row(y, below(400));
    for (size_t i = 0; i < 10; i++) step_row(x, y);
    if (x->n < 1000) flat_row(x, 3000);
    val_obj(*x->slot)[0] |= OBJ_NF;
    RefMark mark = refs_mark(m);
    Ref r = ref_new(m, *x->slot);
    seal(m, r);
    *x->slot = ref_get(m, r);
    refs_release(m, mark);
    ck_assert(val_is_sealed(*x->slot));
    must_be(x);
  }
  mem_free(x);
  machine_free(m);
}
END_TEST

// --- tabs --------------------------------------------------------------------------------------------

// Gives the values' row another shape than that of the keys.
static void reshape(Ref tab) {
  Value *at = m->sp;
  stack_push(m, tab_vals(val_deref(ref_get(m, tab))));
  stack_push(m, *at);
  size_t n = row_len(*at), cut = n ? below(n + 1) : 0;
  ck_assert(row_slice(m, at, 0, cut, at) && row_slice(m, at + 1, cut, n, at + 1));
  ck_assert(row_join(m, at, at + 1, at));
  ref_set(m, tab, new_tab(m, tab_keys(val_deref(ref_get(m, tab))), *at));
  m->sp = at;
}

START_TEST(tabs) {
  begin(6);
  enum { KEYS = 3000 };
  uint64_t *is = mem_zalloc(KEYS * sizeof *is); // value + 1 of each key
  Ref tab = plan_tab_empty(m);
  for (size_t i = 0, n = test_scale(10000); i < n; i++) {
    RefMark mark = refs_mark(m);
    size_t k = below(KEYS), at;
    bool big = k % 3 == 0; // some keys are no small nats
    uint64_t limbs[2] = {k, 1};
    Ref key = big ? plan_nat_bytes(m, limbs, 16) : plan_nat(m, k);
    Ref found = plan_tab_get(m, tab, key);
    ck_assert(is[k] ? found != 0 : found == 0);
    uint64_t v;
    if (found) ck_assert(plan_nat_u64(m, found, &v) && v + 1 == is[k]);
    ck_assert(plan_find(m, tab, key, &at) == (is[k] != 0));
    bool shrinking = i / 2500 % 2 == 1;
    if (below(4) == 0 ? !shrinking : shrinking) {
      ref_copy(m, tab, plan_tab_del(m, tab, key));
      is[k] = 0;
    } else {
      ref_copy(m, tab, plan_tab_put(m, tab, key, plan_nat(m, i)));
      is[k] = i + 1;
    }
    refs_release(m, mark);
    if (i % 3000 > 2000 && i % 30 == 0) reshape(tab);
    if (i % 100) continue;
    Value keys = set_keys(tab_keys(val_deref(ref_get(m, tab))));
    check(keys);
    check(tab_vals(val_deref(ref_get(m, tab))));
    size_t count = 0;
    for (size_t j = 0; j < KEYS; j++) count += is[j] != 0;
    ck_assert_uint_eq(row_len(keys), count);
    for (size_t j = 1; j < count; j++) {
      int order;
      ck_assert(order_cmp_nf(m, row_at(keys, j - 1), row_at(keys, j), &order) && order == -1);
    }
  }
  mem_free(is);
  machine_free(m);
}
END_TEST

SUITE_MAIN("plan/rope", rows, old_versions_stay, bars, forms_look_alike, sealing, tabs)
