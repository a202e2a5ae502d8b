// The total order: against the order of formal values on pairs that are close to each other, and the
// routine against the law of comparison on values that are lazy and may crash.
#include "common/base/base58.h"
#include "common/plan/order.h"
#include "tests/plan/gen.h"
#include "tests/plan/ref/bridge.h"
#include "tests/suite.h"
#include <string.h>

#ifdef HOSTILE // every allocation collects
enum { PAIRS = 600, BOMB = 300, DEEP = 2000, LONG = 1000 };
#else
enum { PAIRS = 6000, BOMB = 5000, DEEP = 100000, LONG = 10000 };
#endif

static World w;
static Bridge b;
static Machine *m;
static JetTable *jets;
static Term *cmp_law;

// A law that stands for routine_cmp: whatever its body, the jet answers.
static char cmp_hash[BASE58_HASH_MAX];
static JetDef cmp_def = {
    .name = "_TestOrder", .arity = 2, .state = CMP_STATE, .strict = "01", .run = routine_cmp};
static const JetGroup cmp_group = {.name = "test", .jets = &cmp_def, .count = 1};

static void make_cmp_law(void) {
  Term *name = term_text(&w, "_TestOrder"), *arity = term_nat(&w, 2), *body = term_nat(&w, 7);
  cmp_law = term_pin(&w, term_law(&w, name, arity, body));
}

static void setup(void) {
  uint8_t hash[32];
  w = (World){0};
  make_cmp_law();
  ck_assert(term_hash(cmp_law->sub[0], 100, hash));
  base58_hash(cmp_hash, hash);
  cmp_def.hash = cmp_hash;
  jets = jet_table_new((const JetGroup *const[]){&cmp_group}, 1);
  m = machine_new(&(MachineConfig){.jets = jets, .memory = 256u << 20, .nursery = 1u << 16});
  b = (Bridge){.w = &w, .m = m};
}

static void teardown(void) {
  bridge_free(&b);
  machine_free(m);
  jet_table_free(jets);
  world_free(&w);
}

static void forget_all(void) {
  bridge_forget(&b, true);
  world_free(&w);
  make_cmp_law();
}

// --- values in normal form -------------------------------------------------------------------------
static void check_pair(Term *x, Term *y, uint64_t seed) {
  int want, got, back;
  if (!term_cmp(x, y, 100000, &want)) return;
  Ref a = bridge_in(&b, x), c = bridge_in(&b, y);
  bool equal;
  ck_assert(plan_cmp(m, a, c, &got) && plan_cmp(m, c, a, &back) && plan_eq(m, a, c, &equal));
  ck_assert_msg(got == want && back == -want && equal == (want == 0), "seed %zu: %d and %d, not %d",
                (size_t)seed, got, back, want);
}

START_TEST(test_random_pairs) {
  size_t equal = 0;
  for (uint64_t seed = 0; seed < PAIRS; seed++) {
    RefMark mark = refs_mark(m);
    Gen g = gen_new(&w, seed);
    Term *x = gen_value(&g, 1 + (unsigned)gen_below(&g, 5)), *y = gen_near(&g, x);
    int order;
    equal += term_cmp(x, y, 100000, &order) && order == 0;
    check_pair(x, y, seed);
    check_pair(x, gen_value(&g, 3), seed);
    refs_release(m, mark);
    if (seed % 16 == 0) forget_all();
  }
  ck_assert_uint_gt(equal, PAIRS / 20);
}
END_TEST

// Data jets against plain laws and apps that differ from them in one place only.
START_TEST(test_boundaries) {
  Term *all[300];
  size_t n = 0;
  for (uint64_t name = 0; name < 3; name++)
    for (uint64_t arity = 1; arity < 5; arity++)
      for (uint64_t body = 0; body < 3; body++) {
        static const uint64_t bodies[] = {0, 1, 257};
        all[n++] = term_law(&w, term_nat(&w, name), term_nat(&w, arity), term_nat(&w, bodies[body]));
      }
  size_t laws = n;
  for (size_t i = 0; i < laws; i++)
    if (term_arity(all[i]) > 1) all[n++] = term_app(&w, all[i], term_nat(&w, i % 2));
  for (uint64_t i = 0; i < 3; i++) {
    Term *elems[] = {term_nat(&w, i), term_nat(&w, 1), term_nat(&w, 2 - i)};
    for (size_t len = 0; len < 4; len++) {
      Term *row = term_row(&w, elems, len);
      all[n++] = row;
      all[n++] = term_set(&w, row);
      all[n++] = term_tab(&w, row, row);
      all[n++] = term_tab(&w, row, term_row(&w, elems, 1));
      all[n++] = term_pin(&w, row);
      all[n++] = term_app(&w, term_pin(&w, term_set(&w, row)), row);
      all[n++] = term_bar(&w, "\1\0\2", len);
      all[n++] = term_cow(&w, (1ULL << 63) - 2 + len);
      all[n++] = term_law(&w, term_nat(&w, 0), term_nat(&w, (1ULL << 63) - 1 + len), term_nat(&w, 1));
      all[n++] = term_law(&w, term_nat(&w, 0), term_nat(&w, UINT64_MAX - 1 + len / 2), term_nat(&w, len % 2));
      all[n++] = term_nat(&w, len + i);
    }
  }
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++) check_pair(all[i], all[k], i * 1000 + k);
}
END_TEST

// --- the routine ---------------------------------------------------------------------------------------
static Term *make_lazy(Gen *g, Term *v, unsigned depth);

static Term *lazy_arguments(Gen *g, Term *v, unsigned depth) {
  if (v->kind != TERM_APP) return v;
  return term_app(&w, lazy_arguments(g, v->sub[0], depth), make_lazy(g, v->sub[1], depth - 1));
}

// A value with some of its parts replaced by calls that give the same part, or crash, or give anything.
static Term *make_lazy(Gen *g, Term *v, unsigned depth) {
  Term *id = term_law(&w, term_nat(&w, 9), term_nat(&w, 1), term_nat(&w, 1));
  if (depth > 0) v = lazy_arguments(g, v, depth);
  if (gen_one_in(g, 40)) return term_call(&w, term_nat(&w, 5 + gen_below(g, 3)), v);
  if (gen_one_in(g, 40)) return gen_call(g, 2);
  return gen_one_in(g, 4) ? term_call(&w, id, v) : v;
}

static void expect_crash(TermResult want) {
  Value op, arg;
  int order;
  machine_crash(m, &op, &arg);
  Ref op_ref = ref_new(m, op), arg_ref = ref_new(m, arg);
  ck_assert(plan_cmp(m, op_ref, bridge_in(&b, want.op), &order) && order == 0);
  ck_assert(plan_cmp(m, arg_ref, bridge_in(&b, want.arg), &order) && order == 0);
}

static void check_lazy(Term *x, Term *y, uint64_t seed, size_t outcomes[4]) {
  TermResult want = term_eval_cmp(&w, term_copy(&w, x), term_copy(&w, y), 20000);
  outcomes[want.outcome]++;
  if (want.outcome == TERM_BUDGET) return;
  for (uint64_t slice = 0; slice < 8; slice += 7) {
    Ref r = bridge_in(&b, term_calls(&w, cmp_law, (Term *[]){x, y}, 2));
    machine_start_whnf(m, r);
    Outcome got;
    while ((got = machine_run(m, slice)) == RUN_YIELD) machine_collect(m, seed % 2);
    if (want.outcome == TERM_LOOP) {
      ck_assert_msg(got == RUN_LOOP, "seed %zu: %s, not a loop", (size_t)seed, outcome_name(got));
    } else if (want.outcome == TERM_VALUE) {
      ck_assert_msg(got == RUN_DONE, "seed %zu: %s, not a value", (size_t)seed, outcome_name(got));
      ck_assert_msg(machine_result(m) == mpz_get_ui(want.value->nat), "seed %zu: %zu", (size_t)seed,
                    (size_t)machine_result(m));
    } else {
      ck_assert_msg(got == RUN_CRASH, "seed %zu: %s, not a crash", (size_t)seed, outcome_name(got));
      expect_crash(want);
    }
    bridge_forget(&b, true);
  }
}

START_TEST(test_lazy_pairs) {
  size_t outcomes[4] = {0};
  machine_set_limits(m, 0, 10000000);
  for (uint64_t seed = 0; seed < PAIRS; seed++) {
    RefMark mark = refs_mark(m);
    Gen g = gen_new(&w, seed);
    Term *v = gen_value(&g, 1 + (unsigned)gen_below(&g, 5));
    Term *x = make_lazy(&g, v, 4), *y = gen_one_in(&g, 8) ? x : make_lazy(&g, gen_near(&g, v), 4);
    check_lazy(x, y, seed, outcomes);
    refs_release(m, mark);
    if (seed % 16 == 0) forget_all();
  }
  ck_assert_uint_gt(outcomes[TERM_VALUE], PAIRS / 2);
  ck_assert_uint_gt(outcomes[TERM_CRASH], PAIRS / 50);
}
END_TEST

// --- shapes that cost ------------------------------------------------------------------------------------
static Ref call_cmp(Ref x, Ref y) { return plan_apply(m, bridge_in(&b, cmp_law), (Ref[]){x, y}, 2); }

static Ref bomb(size_t depth, bool forced) {
  Ref r = plan_nat(m, 1);
  for (size_t i = 0; i < depth; i++) {
    r = plan_row(m, (Ref[]){r, r}, 2);
    if (forced) ck_assert_int_eq(plan_force(m, r), RUN_DONE);
  }
  return r;
}

START_TEST(test_bombs) {
  int order;
  machine_set_limits(m, 0, 1000000);
  ck_assert(plan_cmp(m, bomb(BOMB, true), bomb(BOMB, true), &order));
  ck_assert_int_eq(order, 0);
  ck_assert(plan_cmp(m, plan_pin(m, bomb(64, true)), plan_pin(m, bomb(64, true)), &order));
  ck_assert_int_eq(order, 0);
  Ref r = call_cmp(bomb(300, false), bomb(300, false));
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
  ck_assert(ref_get(m, r) == 1);
}
END_TEST

static Ref deep(size_t depth, uint64_t last) {
  Ref r = plan_nat(m, last);
  for (size_t i = 0; i < depth; i++) ref_set(m, r, ref_get(m, plan_row(m, &r, 1)));
  return r;
}

static Ref spine(uint64_t n, uint64_t step, uint64_t last) {
  Ref f = plan_law(m, plan_nat(m, 1), plan_nat(m, n + 1), plan_nat(m, 0)), r = ref_dup(m, f);
  RefMark mark = refs_mark(m);
  for (uint64_t i = 0; i < n;) {
    Ref args[64];
    uint64_t some = n - i < step ? n - i : step;
    for (uint64_t k = 0; k < some; k++, i++) args[k] = plan_nat(m, i + 1 == n ? last : i);
    ref_copy(m, r, plan_apply(m, r, args, some));
    refs_release(m, mark);
  }
  ck_assert_int_eq(plan_force(m, r), RUN_DONE);
  return r;
}

START_TEST(test_deep_and_long) {
  int order;
  machine_set_limits(m, 0, 10000000);
  Ref a = deep(DEEP, 1), c = deep(DEEP, 2), r = call_cmp(a, c);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
  ck_assert(ref_get(m, r) == 0);
  ck_assert_int_eq(plan_force(m, a), RUN_DONE);
  ck_assert_int_eq(plan_force(m, c), RUN_DONE);
  ck_assert(plan_cmp(m, a, c, &order) && order == -1);
  // Spines of the same arguments that lie in different chunks.
  for (uint64_t last = 0; last < 3; last++) {
    ck_assert(plan_cmp(m, spine(DEEP, 1, 1), spine(DEEP, 23, last), &order));
    ck_assert_int_eq(order, 1 - (int)last);
    ck_assert_int_eq(plan_whnf(m, r = call_cmp(spine(LONG, 17, 1), spine(LONG, 40, last))), RUN_DONE);
    ck_assert(ref_get(m, r) == 2 - last);
  }
}
END_TEST

START_TEST(test_limits) {
  int order;
  Ref a = deep(DEEP, 1), c = deep(DEEP, 1);
  ck_assert_int_eq(plan_force(m, a), RUN_DONE);
  ck_assert_int_eq(plan_force(m, c), RUN_DONE);
  machine_set_limits(m, 0, 100);
  ck_assert(!plan_cmp(m, a, c, &order));
  ck_assert_int_eq(plan_whnf(m, call_cmp(a, c)), RUN_FUEL);
  machine_set_limits(m, 0, 0);
  ck_assert(plan_cmp(m, a, c, &order) && order == 0);
}
END_TEST

SUITE_MAIN_WITH("plan/order", ((SuiteFrame){.setup = setup, .teardown = teardown}), {test_random_pairs},
                {test_boundaries}, {test_lazy_pairs}, {test_bombs}, {test_deep_and_long}, {test_limits})
