// Whole-value operations on values that are deep, long, or have more paths than atoms in the universe.
#include "common/codec/bundle.h"
#include "common/plan/seal.h"
#include "tests/plan/torture.h"

// --- values --------------------------------------------------------------------------------------------
// Each made by evaluation, and not in normal form yet.
static Ref deep_row(void) {
  return start_call(iterate(), (Term *[]){term_cow(&w, 1), num(7), num(deep())}, 3);
}

static Ref deep_app(void) {
  return start_call(iterate(), (Term *[]){term_app(&w, num(0), num(1)), num(7), num(deep())}, 3);
}

static Ref deep_law(void) {
  Term *f = law(1, call3(op(0), op(1), op(3), num(1)));
  return start_call(iterate(), (Term *[]){f, num(7), num(deep())}, 3);
}

static Ref deep_pin(void) { return start_call(iterate(), (Term *[]){num(4), num(7), num(deep())}, 3); }

// {f k}: f applied to k, k - 1 .. 1.
static Term *apply_to_all(void) {
  Term *step = law(3, call2(num(1), call1(num(2), call1(op(3), num(3))), num(3)));
  return law(2, call3(op(2), num(1), call2(quoted(step), num(0), num(1)), num(2)));
}

static Ref long_spine(void) {
  Term *head = law(deep() + 2, num(0));
  return start_call(apply_to_all(), (Term *[]){head, num(deep())}, 2);
}

// [x x] with x = [y y], with y = ..
static Ref bomb(uint64_t depth, Term *pair) {
  Term *twice = law(1, call2(quoted(pair), num(1), num(1)));
  return start_call(iterate(), (Term *[]){twice, num(7), num(depth)}, 3);
}

typedef struct Shape {
  const char *name;
  Ref (*make)(void);
} Shape;

static const Shape shapes[] = {
    {"row", deep_row}, {"app", deep_app}, {"law", deep_law}, {"pin", deep_pin}, {"spine", long_spine}};
#define SHAPES ((int)(sizeof shapes / sizeof *shapes))

// 0: the memory limit was met, which is only all right beyond the ordinary depth.
static Ref make(const Shape *s) {
  Ref r = s->make();
  Outcome o = plan_force(m, r);
  ck_assert_msg(o == RUN_DONE || (o == RUN_MEMORY && deep() > 1000000), "%s ended as %s", s->name,
                outcome_name(o));
  return o == RUN_DONE ? r : 0;
}

// Of an operation on two values each of which fits.
static bool fits(const Shape *s, bool ok) {
  ck_assert_msg(ok || deep() > 1000000, "a limit was met at a deep %s", s->name);
  return ok;
}

// --- depth -----------------------------------------------------------------------------------------------
START_TEST(test_force_and_collect) {
  Ref r = make(&shapes[_i]);
  if (!r) return;
  machine_collect(m, false);
  machine_collect(m, true);
  ck_assert_int_eq(plan_force(m, r), RUN_DONE);
}
END_TEST

START_TEST(test_force_in_slices) {
  Ref r = shapes[_i].make();
  machine_start_nf(m, r);
  Outcome o;
  unsigned slices = 0;
  while ((o = machine_run(m, deep() / 100)) == RUN_YIELD)
    if (slices++ % 64 == 0) machine_collect(m, slices % 128 == 0);
  ck_assert_uint_gt(slices, 10);
  fits(&shapes[_i], o == RUN_DONE);
}
END_TEST

START_TEST(test_hash) {
  Ref r = make(&shapes[_i]);
  uint8_t hash[32], again[32];
  if (!r || !fits(&shapes[_i], plan_hash(m, r, hash))) return;
  ck_assert(plan_pin_hash(m, plan_pin(m, r), again));
  ck_assert_mem_eq(hash, again, 32);
}
END_TEST

START_TEST(test_compare) {
  Ref x = make(&shapes[_i]), y = x ? make(&shapes[_i]) : 0;
  int order = 2;
  if (!y || !fits(&shapes[_i], plan_cmp(m, x, y, &order))) return;
  ck_assert_int_eq(order, 0);
  ck_assert(plan_cmp(m, x, plan_row(m, &x, 1), &order));
  ck_assert_int_ne(order, 0);
}
END_TEST

START_TEST(test_seal) {
  Ref r = make(&shapes[_i]);
  uint8_t hash[32], again[32];
  if (!r || !fits(&shapes[_i], plan_hash(m, r, hash))) return;
  seal(m, r);
  ck_assert(val_is_sealed(ref_get(m, r)));
  ck_assert(plan_hash(m, r, again));
  ck_assert_mem_eq(hash, again, 32);
}
END_TEST

START_TEST(test_encode) {
  Ref r = make(&shapes[_i]), back;
  Buf out = {0};
  Err err = ERR_INIT;
  if (!r || !fits(&shapes[_i], bundle_encode(m, r, (size_t)1 << 30, &out, &err))) return;
  LoadLimits limits = {.memory = (uint64_t)1 << 30};
  if (fits(&shapes[_i], bundle_decode(m, NULL, out.data, out.len, &limits, &back, &err))) {
    bool equal = false;
    ck_assert(fits(&shapes[_i], plan_eq(m, r, back, &equal)));
    ck_assert(equal);
  }
  buf_free(&out);
}
END_TEST

// --- paths -----------------------------------------------------------------------------------------------
#define BOMB 64

static Ref row_bomb(void) { return bomb(BOMB, term_cow(&w, 2)); }
static Ref app_bomb(void) { return bomb(BOMB, num(0)); }

static Ref law_bomb(void) {
  Term *f = law(1, call3(op(0), op(1), op(3), call2(op(0), num(1), num(1))));
  return start_call(iterate(), (Term *[]){f, num(7), num(BOMB)}, 3);
}

static Ref pin_bomb(void) {
  Term *f = law(1, call1(op(4), call2(op(0), num(1), num(1))));
  return start_call(iterate(), (Term *[]){f, num(7), num(BOMB)}, 3);
}

static Ref tab_bomb(void) {
  Term *keys = term_row(&w, (Term *[]){num(1), num(2)}, 2);
  Term *f = law(1, call1(quoted(term_set(&w, keys)), call2(quoted(term_cow(&w, 2)), num(1), num(1))));
  return start_call(iterate(), (Term *[]){f, num(7), num(BOMB)}, 3);
}

static const Shape bombs[] = {
    {"row", row_bomb}, {"app", app_bomb}, {"law", law_bomb}, {"pin", pin_bomb}, {"tab", tab_bomb}};
#define BOMBS ((int)(sizeof bombs / sizeof *bombs))

START_TEST(test_bomb) {
  const Shape *s = &bombs[_i];
  machine_set_limits(m, 64u << 20, 2000000);
  Ref x = s->make(), y = s->make(), back;
  ck_assert_int_eq(plan_force(m, x), RUN_DONE);
  ck_assert_int_eq(plan_force(m, y), RUN_DONE);
  machine_collect(m, true);
  int order = 2;
  ck_assert(plan_cmp(m, x, y, &order));
  ck_assert_int_eq(order, 0);
  // The stream of a hash has all the paths that do not go through pins.
  uint8_t hash[32];
  ck_assert_int_eq(plan_hash(m, x, hash), s->make == pin_bomb);
  ck_assert_int_eq(plan_pin_hash(m, plan_pin(m, x), hash), s->make == pin_bomb);

  Buf out = {0};
  Err err = ERR_INIT;
  ck_assert_msg(bundle_encode(m, x, 1u << 20, &out, &err), "%s", err.msg);
  ck_assert_uint_lt(out.len, 64u << 10);
  ck_assert_msg(bundle_decode(m, NULL, out.data, out.len, &(LoadLimits){0}, &back, &err), "%s", err.msg);
  ck_assert(plan_cmp(m, back, y, &order));
  ck_assert_int_eq(order, 0);
  buf_free(&out);
}
END_TEST

// Comparing what is not forced yet must not take every path either.
START_TEST(test_lazy_bomb_is_forced_once) {
  machine_set_limits(m, 64u << 20, 1000000);
  Ref x = bombs[_i].make();
  Ref row = plan_row(m, (Ref[]){x, x, x}, 3), pin = plan_nat(m, 4);
  Ref call = plan_apply(m, pin, &row, 1);
  ck_assert_int_eq(plan_whnf(m, call), RUN_DONE);
}
END_TEST

SUITE_MAIN_WITH("plan/torture-values", ((SuiteFrame){.setup = torture_setup, .teardown = torture_teardown}),
                {test_force_and_collect, SHAPES}, {test_force_in_slices, SHAPES}, {test_hash, SHAPES},
                {test_compare, SHAPES}, {test_seal, SHAPES}, {test_encode, SHAPES}, {test_bomb, BOMBS},
                {test_lazy_bomb_is_forced_once, BOMBS})
