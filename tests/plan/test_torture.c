// Evaluation that is deep, endless or circular: it ends, within its limits, and the machine goes on.
#include "tests/plan/torture.h"

static MachineStats before;
static void note_stats(void) { before = machine_stats(m); }

// --- depth -------------------------------------------------------------------------------------------
// {1}: n by n steps, none of them a tail call: 0, or one more than for n - 1.
static Term *count_up(void) {
  Term *step = law(2, call1(op(3), call1(num(1), num(2))));
  return law(1, call3(op(2), op(0), call1(quoted(step), num(0)), num(1)));
}

START_TEST(test_recursion_that_is_no_tail_call) {
  Ref r = call_nat(count_up(), deep());
  if (done_or_clean(plan_whnf(m, r), RUN_MEMORY)) ck_assert_uint_eq(nat_of(r), deep());
}
END_TEST

START_TEST(test_recursion_in_slices) {
  Ref r = call_nat(count_up(), deep() / 10);
  machine_start_whnf(m, r);
  Outcome o;
  unsigned slices = 0;
  while ((o = machine_run(m, 1000)) == RUN_YIELD) slices++;
  ck_assert_int_eq(o, RUN_DONE);
  ck_assert_uint_gt(slices, deep() / 10 / 1000);
  ck_assert(machine_result(m) == deep() / 10);
}
END_TEST

START_TEST(test_recursion_meets_the_memory_limit) {
  machine_set_limits(m, LITTLE_MEMORY, 0);
  Ref r = call_nat(count_up(), 100000000);
  ck_assert_int_eq(plan_whnf(m, r), RUN_MEMORY);
  ck_assert_int_eq(plan_whnf(m, r), RUN_MEMORY); // and again, when its value is wanted again
  r = call_nat(count_up(), 1000);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
  ck_assert_uint_eq(nat_of(r), 1000);
}
END_TEST

// (3 (3 (.. 0))), each the suspended argument of the next.
START_TEST(test_chain_of_suspensions) {
  Ref r = start_call(iterate(), (Term *[]){num(3), num(0), num(deep())}, 3);
  if (done_or_clean(plan_whnf(m, r), RUN_MEMORY)) ck_assert_uint_eq(nat_of(r), deep());
}
END_TEST

// --- loops ---------------------------------------------------------------------------------------------
// {1}: 7 after n tail calls.
static Term *count_down(void) { return law(1, call3(op(2), op(7), num(0), num(1))); }

START_TEST(test_tail_calls_take_no_space) {
  machine_set_limits(m, 8u << 20, 0);
  note_stats();
  Ref r = call_nat(count_down(), 10 * deep());
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
  ck_assert_uint_eq(nat_of(r), 7);
  ck_assert_uint_ge(machine_stats(m).calls - before.calls, deep());
  ck_assert_uint_lt(machine_stats(m).stack_peak_bytes, 1u << 20);
}
END_TEST

START_TEST(test_endless_loop_ends_at_fuel) {
  machine_set_limits(m, 8u << 20, 1000000);
  Ref r = call_nat(law(1, call1(num(0), num(1))), 1);
  ck_assert_int_eq(plan_whnf(m, r), RUN_FUEL);
  // Each hands the next a suspension that holds the one before.
  r = call_nat(law(1, call1(num(0), call1(num(0), num(1)))), 1);
  ck_assert_int_eq(plan_whnf(m, r), RUN_MEMORY);
  r = call_nat(count_down(), 10);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
}
END_TEST

START_TEST(test_endless_loop_can_be_stopped) {
  Ref r = call_nat(law(1, call1(num(0), num(1))), 1);
  machine_start_whnf(m, r);
  ck_assert_int_eq(machine_run(m, 100), RUN_YIELD);
  machine_interrupt(m);
  ck_assert_int_eq(machine_run(m, 0), RUN_STOPPED);
  machine_start_whnf(m, call_nat(law(1, call1(num(0), num(1))), 1));
  ck_assert_int_eq(machine_run(m, 100), RUN_YIELD);
  machine_abandon(m);
  r = call_nat(count_down(), 10);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
}
END_TEST

// x = (0 0 x): an app whose last argument is the next such app, and so on, all of them new.
START_TEST(test_endless_data_meets_a_limit) {
  machine_set_limits(m, 2 * LITTLE_MEMORY, 0);
  Ref r = call_nat(law(1, call2(op(0), num(1), call1(num(0), num(1)))), 1);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
  ck_assert_int_eq(plan_force(m, r), RUN_MEMORY);
}
END_TEST

// --- circles -------------------------------------------------------------------------------------------
START_TEST(test_circular_data_is_a_loop) {
  // x = (0 1 x)
  Ref r = call_nat(law(1, let(call2(op(0), num(1), num(2)), num(2))), 1);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
  ck_assert_int_eq(plan_force(m, r), RUN_LOOP);
  ck_assert_int_eq(plan_force(m, r), RUN_LOOP);
  // x = [y 5], y = [x]
  Term *row2 = quoted(term_cow(&w, 2)), *row1 = quoted(term_cow(&w, 1));
  Term *body = let(call2(row2, op(5), num(3)), let(call1(row1, num(2)), num(2)));
  r = call_nat(law(1, body), 1);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
  ck_assert_int_eq(plan_force(m, r), RUN_LOOP);
  machine_collect(m, true);
  Ref five = plan_row_get(m, r, 1);
  ck_assert_int_eq(plan_force(m, five), RUN_DONE);
  ck_assert_uint_eq(nat_of(five), 5);
}
END_TEST

START_TEST(test_value_that_needs_itself_is_a_loop) {
  Ref r = call_nat(law(1, let(num(2), num(2))), 1); // x = x
  ck_assert_int_eq(plan_whnf(m, r), RUN_LOOP);
  ck_assert_int_eq(plan_whnf(m, r), RUN_LOOP);
  r = call_nat(law(1, let(num(3), let(num(2), num(2)))), 1); // x = y, y = x
  ck_assert_int_eq(plan_whnf(m, r), RUN_LOOP);
  r = call_nat(law(1, let(call1(op(3), num(2)), num(2))), 1); // x = x + 1
  ck_assert_int_eq(plan_whnf(m, r), RUN_LOOP);
  r = call_nat(law(1, let(call1(op(4), num(2)), num(2))), 1); // x = <x>
  ck_assert_int_eq(plan_whnf(m, r), RUN_LOOP);
  r = call_nat(law(1, let(call2(op(0), num(1), num(2)), call1(op(4), num(2)))), 1); // <x>, x = (0 1 x)
  ck_assert_int_eq(plan_whnf(m, r), RUN_LOOP);
  r = call_nat(count_down(), 10);
  ck_assert_int_eq(plan_whnf(m, r), RUN_DONE);
}
END_TEST

// --- crashes -------------------------------------------------------------------------------------------
static void expect_crash(Outcome o, uint64_t want_op, uint64_t want_arg) {
  ck_assert_int_eq(o, RUN_CRASH);
  Value crash_op, crash_arg;
  machine_crash(m, &crash_op, &crash_arg);
  ck_assert(crash_op == want_op && crash_arg == want_arg);
}

START_TEST(test_crash_in_a_suspension_comes_again) {
  Ref bad = start_call(num(6), (Term *[]){num(42)}, 1);
  expect_crash(plan_whnf(m, bad), 6, 42);
  expect_crash(plan_whnf(m, bad), 6, 42);
  Ref row = plan_row(m, (Ref[]){plan_nat(m, 1), bad}, 2);
  expect_crash(plan_force(m, row), 6, 42);
  machine_collect(m, true);
  expect_crash(plan_force(m, row), 6, 42);
  expect_crash(plan_whnf(m, plan_apply(m, bad, &row, 1)), 6, 42);
}
END_TEST

// What was half done when it crashed is marked too, and what did not take part is not.
START_TEST(test_crash_below_other_suspensions) {
  Term *chain = term_calls(&w, iterate(), (Term *[]){num(3), term_call(&w, num(5), num(1)), num(1000)}, 3);
  Ref r = bridge_in(&b, chain), good = start_call(num(3), (Term *[]){num(1)}, 1);
  Ref row = plan_row(m, (Ref[]){r, good, r}, 3);
  expect_crash(plan_force(m, row), 5, 1);
  expect_crash(plan_force(m, row), 5, 1);
  ck_assert_int_eq(plan_force(m, good), RUN_DONE);
  ck_assert_uint_eq(nat_of(good), 2);
  expect_crash(plan_whnf(m, r), 5, 1);
}
END_TEST

START_TEST(test_first_crash_counts) {
  Term *left = term_call(&w, num(5), num(1)), *right = term_call(&w, num(6), num(2));
  Term *name_first = term_calls(&w, num(0), (Term *[]){left, right, num(0)}, 3);
  expect_crash(plan_whnf(m, bridge_in(&b, name_first)), 5, 1);
  Term *arity_first = term_calls(&w, num(0), (Term *[]){num(1), term_call(&w, num(3), num(0)), right}, 3);
  expect_crash(plan_whnf(m, bridge_in(&b, arity_first)), 6, 2);
  Term *no_arity = term_calls(&w, num(0), (Term *[]){num(1), term_pin(&w, num(0)), right}, 3);
  expect_crash(plan_whnf(m, bridge_in(&b, no_arity)), 0, 0);
  Term *inner = term_call(&w, num(7), right); // the crash in the argument of a crash wins
  expect_crash(plan_whnf(m, bridge_in(&b, inner)), 6, 2);
}
END_TEST

// --- arities ---------------------------------------------------------------------------------------------
START_TEST(test_huge_arity_one_argument_at_a_time) {
  uint64_t n = deep();
  // (apply f k): f applied to k, k - 1 .. 1.
  Term *step = law(3, call2(num(1), call1(num(2), call1(op(3), num(3))), num(3)));
  Term *apply = law(2, call3(op(2), num(1), call2(quoted(step), num(0), num(1)), num(2)));
  Term *many = law(n + 1, num(2)); // the second argument
  Ref r = start_call(apply, (Term *[]){many, num(n)}, 2);
  if (!done_or_clean(plan_whnf(m, r), RUN_MEMORY)) return;
  ck_assert_uint_eq(plan_arg_count(m, r), n);
  ck_assert_uint_eq(nat_of(plan_arity(m, r)), 1);
  if (!done_or_clean(plan_force(m, r), RUN_MEMORY)) return;
  Ref last = plan_nat(m, 0), result = plan_apply(m, r, &last, 1);
  if (done_or_clean(plan_whnf(m, result), RUN_MEMORY)) ck_assert_uint_eq(nat_of(result), n - 1);
}
END_TEST

START_TEST(test_row_one_element_at_a_time) {
  uint64_t n = deep() / 4;
  Term *step = law(3, call2(num(1), call1(num(2), num(3)), num(3)));
  Term *apply = law(2, call3(op(2), num(1), call2(quoted(step), num(0), num(1)), num(2)));
  Ref r = start_call(apply, (Term *[]){term_cow(&w, n), num(n)}, 2);
  if (!done_or_clean(plan_force(m, r), RUN_MEMORY)) return;
  ck_assert_int_eq(plan_kind(m, r), KIND_ROW);
  ck_assert_uint_eq(plan_len(m, r), n);
  ck_assert_uint_eq(nat_of(plan_row_get(m, r, 0)), 0);
  ck_assert_uint_eq(nat_of(plan_row_get(m, r, n - 1)), n - 1);
}
END_TEST

START_TEST(test_arity_beyond_memory) {
  mpz_t z;
  mpz_init_set_ui(z, 1);
  mpz_mul_2exp(z, z, 200);
  Term *huge = term_law(&w, num(1), term_nat_mpz(&w, z), num(1));
  mpz_clear(z);
  Ref r = start_call(iterate(), (Term *[]){law(1, call1(num(1), op(3))), huge, num(1000)}, 3);
  ck_assert_int_eq(plan_force(m, r), RUN_DONE);
  ck_assert_uint_eq(plan_arg_count(m, r), 1000);
  ck_assert_uint_eq(plan_nat_size(m, plan_arity(m, r)), 25);
  ck_assert_int_eq(plan_whnf(m, bridge_in(&b, term_cow(&w, UINT64_MAX - 1))), RUN_DONE);
}
END_TEST

// {2}: f applied to 0, n times, each time evaluated no further than to a value: (repeat f n).
static Term *repeat(void) {
  Term *go_on = law(4, call2(num(1), num(2), num(3)));
  Term *step = law(3, call3(op(2), op(0), call3(quoted(go_on), num(1), num(2), num(3)),
                            call1(op(3), call1(num(2), op(0)))));
  return law(2, call3(op(2), op(0), call2(quoted(step), num(0), num(1)), num(2)));
}

static Outcome calls_within(Ref f, uint64_t n, uint64_t fuel) {
  machine_set_limits(m, 0, fuel);
  Ref r = plan_apply(m, bridge_in(&b, repeat()), (Ref[]){f, plan_nat(m, n)}, 2);
  Outcome o = plan_whnf(m, r);
  machine_set_limits(m, 0, UINT64_MAX);
  return o;
}

static Ref with_arguments(Term *f, uint64_t n) {
  Ref r = start_call(iterate(), (Term *[]){law(1, call1(num(1), op(3))), f, num(n)}, 3);
  ck_assert_int_eq(plan_force(m, r), RUN_DONE);
  return r;
}

// What a call looks through or lays out is paid for, so that it cannot hold up others for long.
START_TEST(test_work_besides_the_tick_counts) {
  Term *bindings = num(1);
  for (int i = 0; i < 3000; i++) bindings = let(call1(op(3), num(1)), bindings);
  const Ref wide[] = {
      with_arguments(law(1ULL << 40, num(1)), 8000), // the way to the head, far below
      with_arguments(law(8001, num(8001)), 8000),    // arguments to be laid out
      with_arguments(term_cow(&w, 8000), 7999),      // a row to be made of them
      bridge_in(&b, law(1, bindings)),
  };
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
    ck_assert_msg(calls_within(wide[i], 20, 2000) == RUN_FUEL, "%zu is too cheap", i);
    ck_assert_msg(calls_within(wide[i], 20, 200000) == RUN_DONE, "%zu is too dear", i);
  }
}
END_TEST

START_TEST(test_many_pins_around_a_law) {
  uint64_t n = deep() / 10;
  Term *args[] = {law(1, call1(op(4), num(1))), law(1, num(1)), num(n)};
  Ref nest = start_call(iterate(), args, 3);
  ck_assert_int_eq(plan_force(m, nest), RUN_DONE);
  ck_assert_int_eq(calls_within(nest, 3, n), RUN_FUEL);
  ck_assert_int_eq(calls_within(nest, 3, 10 * n), RUN_DONE);
  Ref five = plan_nat(m, 5), result = plan_apply(m, nest, &five, 1);
  ck_assert_int_eq(plan_whnf(m, result), RUN_DONE);
  ck_assert_uint_eq(nat_of(result), 5);
  Term *with_args[] = {law(1, call1(op(4), call1(num(1), op(3)))), law(1ULL << 40, num(1)), num(1000)};
  Ref nest_of_apps = start_call(iterate(), with_args, 3);
  ck_assert_int_eq(plan_force(m, nest_of_apps), RUN_DONE);
  ck_assert_uint_eq(nat_of(plan_arity(m, nest_of_apps)), (1ULL << 40) - 1000);
}
END_TEST

SUITE_MAIN_WITH("plan/torture", ((SuiteFrame){.setup = torture_setup, .teardown = torture_teardown}),
                {test_recursion_that_is_no_tail_call}, {test_recursion_in_slices},
                {test_recursion_meets_the_memory_limit}, {test_chain_of_suspensions},
                {test_tail_calls_take_no_space}, {test_endless_loop_ends_at_fuel},
                {test_endless_loop_can_be_stopped}, {test_endless_data_meets_a_limit},
                {test_circular_data_is_a_loop}, {test_value_that_needs_itself_is_a_loop},
                {test_crash_in_a_suspension_comes_again}, {test_crash_below_other_suspensions},
                {test_first_crash_counts}, {test_huge_arity_one_argument_at_a_time},
                {test_row_one_element_at_a_time}, {test_arity_beyond_memory},
                {test_work_besides_the_tick_counts}, {test_many_pins_around_a_law})
