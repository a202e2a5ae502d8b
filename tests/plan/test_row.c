// Rows, sets, tabs and bars: builders, cursors, search, and the shapes that count as a tab.
#include "common/plan/nat.h"
#include "common/plan/plan.h"
#include "common/plan/row.h"
#include "tests/suite.h"

static Machine *m;

static void setup(void) { m = machine_new(&(MachineConfig){.memory = 64u << 20}); }
static void teardown(void) { machine_free(m); }

// A row of the even numbers from 0, in a fresh stack slot.
static Value *evens(size_t n) {
  RowBuilder b;
  Value *slot = m->sp;
  stack_push(m, 0);
  ck_assert(row_build(&b, m, slot, n));
  for (size_t i = 0; i < n; i++) row_push(&b, 2 * i);
  ck_assert(row_built(&b) == *slot);
  return slot;
}

START_TEST(building) {
  static const size_t sizes[] = {0, 1, 2, 100, HEAP_LARGE - 2, HEAP_LARGE, 50000};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    Value *row = evens(sizes[s]);
    machine_collect(m, s % 2);
    ck_assert(val_is_row(*row) && val_is_nf(*row));
    ck_assert_uint_eq(row_len(*row), sizes[s]);
    RowCursor c = row_cursor(*row, 0);
    Value v;
    size_t n = 0;
    for (; row_next(&c, &v); n++) ck_assert_uint_eq(v, 2 * n);
    ck_assert_uint_eq(n, sizes[s]);
  }
}
END_TEST

// What is pushed between two collections stays, also in a row too large to be young.
START_TEST(building_across_collections) {
  RowBuilder b;
  Value *slot = m->sp;
  stack_push(m, 0);
  size_t n = 3000;
  ck_assert(row_build(&b, m, slot, n));
  for (size_t i = 0; i < n - 1; i++) { // the last is left 0
    uint64_t *pair = new_row(m, 2);
    pair[1] = i;
    row_push(&b, obj_val(pair));
    if (i % 500 == 0) machine_collect(m, i % 1000 == 0);
  }
  row_built(&b);
  ck_assert(!val_is_nf(*slot)); // a pair made by hand is not known to be
  machine_collect(m, true);
  for (size_t i = 0; i < n - 1; i++) ck_assert_uint_eq(row_at(row_at(*slot, i), 0), i);
  ck_assert_uint_eq(row_at(*slot, n - 1), 0);
}
END_TEST

START_TEST(slices) {
  Value *from = evens(100), *slot = m->sp;
  RowBuilder b;
  stack_push(m, 0);
  ck_assert(row_build(&b, m, slot, 7));
  row_push(&b, 1);
  row_push_slice(&b, from, 95, 5);
  row_push(&b, 3);
  row_built(&b);
  static const Value expected[] = {1, 190, 192, 194, 196, 198, 3};
  for (size_t i = 0; i < 7; i++) ck_assert_uint_eq(row_at(*slot, i), expected[i]);
}
END_TEST

START_TEST(too_large) {
  RowBuilder b;
  Value *slot = m->sp, out;
  stack_push(m, 0);
  ck_assert(!row_build(&b, m, slot, (size_t)1 << 40));
  ck_assert_int_eq(m->stop, RUN_MEMORY);
  m->stop = RUN_DONE;
  ck_assert(!row_build(&b, m, slot, SIZE_MAX));
  m->stop = RUN_DONE;
  ck_assert_ptr_null(bar_build(m, (size_t)1 << 40, &out));
  ck_assert_int_eq(m->stop, RUN_MEMORY);
}
END_TEST

START_TEST(searching) {
  Value *row = evens(1000);
  size_t at;
  bool found;
  for (uint64_t k = 0; k < 2002; k++) {
    ck_assert(set_find(m, *row, k, &at, &found));
    ck_assert_int_eq(found, k % 2 == 0 && k < 2000);
    ck_assert_uint_eq(at, (k + 1) / 2 < 1000 ? (k + 1) / 2 : 1000);
  }
  Value *empty = evens(0);
  ck_assert(set_find(m, *empty, 5, &at, &found) && !found && at == 0);
}
END_TEST

// A key of another kind than nat comes after all nats.
START_TEST(searching_kinds) {
  Value *row = evens(3);
  size_t at;
  bool found;
  ck_assert(set_find(m, *row, *row, &at, &found) && !found && at == 3);
  m->fuel_left = 0;
  ck_assert(!set_find(m, *row, *row, &at, &found));
  ck_assert_int_eq(m->stop, RUN_FUEL);
}
END_TEST

START_TEST(arguments) {
  Ref args[40];
  for (size_t i = 0; i < 40; i++) args[i] = plan_nat(m, 100 + i);
  Ref head = plan_law(m, plan_nat(m, 9), plan_nat(m, 60), plan_nat(m, 1));
  Ref app = plan_apply(m, head, args, 20);
  app = plan_apply(m, app, args + 20, 20); // more than one chunk
  Value v = ref_get(m, app);
  ck_assert_uint_eq(args_len(v), 40);
  for (size_t i = 0; i < 40; i++) ck_assert_uint_eq(args_at(v, i), 139 - i);
  Value *row = evens(3);
  ck_assert_uint_eq(args_len(*row), 3);
  ck_assert_uint_eq(args_at(*row, 2), 4);
  ck_assert_uint_eq(args_len(7), 0);
  ck_assert_uint_eq(args_len(ref_get(m, head)), 0);
}
END_TEST

START_TEST(tabs) {
  Value *keys = evens(3), *slot = m->sp;
  stack_push(m, new_set(m, *keys));
  Value *vals = evens(3);
  Value tab = new_tab(m, *slot, *vals);
  ck_assert(val_is_tab(&tab) && val_is_set(*slot));
  ck_assert_uint_eq(set_len(tab_keys(tab)), 3);
  ck_assert_uint_eq(row_at(tab_vals(tab), 1), 2);
  ck_assert_uint_eq(args_len(tab), 1);
  ck_assert_uint_eq(args_at(tab, 0), tab_vals(tab));
}
END_TEST

// An app of a set is a tab once its argument is evaluated and fits, not before, and not if it does not.
START_TEST(tab_in_waiting) {
  Ref keys[] = {plan_nat(m, 5), plan_nat(m, 6)}, one[] = {plan_nat(m, 1)};
  Ref set = plan_set(m, keys, 2), fits = plan_row(m, keys, 2), short_row = plan_row(m, one, 1);
  Ref identity = plan_law(m, plan_nat(m, 9), plan_nat(m, 1), plan_nat(m, 1));
  Ref lazy = plan_apply(m, identity, &fits, 1);
  Ref waiting = plan_apply(m, set, &lazy, 1), never = plan_apply(m, set, &short_row, 1);
  Value v = ref_get(m, waiting), w = ref_get(m, never);
  ck_assert(!val_is_tab(&v) && val_kind(v) == KIND_APP);
  ck_assert(!val_is_tab(&w));
  ck_assert_int_eq(plan_whnf(m, lazy), RUN_DONE);
  v = ref_get(m, waiting);
  ck_assert(val_is_tab(&v) && val_kind(v) == KIND_TAB);
  ck_assert_uint_eq(row_at(tab_vals(v), 0), 5);
  machine_collect(m, true);
  v = ref_get(m, waiting);
  ck_assert_uint_eq(row_at(tab_vals(v), 1), 6);
}
END_TEST

SUITE_MAIN_WITH("plan/row", ((SuiteFrame){.setup = setup, .teardown = teardown}), {building},
                {building_across_collections}, {slices}, {too_large}, {searching}, {searching_kinds},
                {arguments}, {tabs}, {tab_in_waiting})
