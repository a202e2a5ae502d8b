// What compiled laws let go of, and what the collector does for them: programs of space.sire in little
// memory.
//
// PALL_TEST_SPACE names the file; the library is the one that pall finds.
#include "client/library.h"
#include "tests/suite.h"
#include <stdlib.h>

#define MEGABYTE ((size_t)1 << 20)

static Library *open_library(void) {
  static Library l;
  Err err = ERR_INIT;
  l = (Library){0};
  ck_assert_msg(library_open(&l, NULL, NULL, LIBRARY_CACHED, &err), "%s", err.msg);
  ck_assert_msg(library_load(&l, getenv("PALL_TEST_SPACE"), &err), "%s", err.msg);
  return &l;
}

static Library *open_with_little_memory(void) {
  Library *l = open_library();
  machine_collect(l->m, true);
  machine_set_limits(l->m, (size_t)machine_stats(l->m).live_bytes + 16 * MEGABYTE, 0);
  return l;
}

// The value of the function with this name, called with n. Interpreted laws keep all that they have: it is
// called often enough to be compiled before.
static Ref value_of(Library *l, const char *name, uint64_t n) {
  Err err = ERR_INIT;
  Ref f = sire_lookup(l->sire, name, &err), r = 0;
  for (int i = 0; i < 5; i++) {
    r = plan_apply(l->m, f, (Ref[]){plan_nat(l->m, i < 4 ? 2 : n)}, 1);
    ck_assert_int_eq(plan_whnf(l->m, r), RUN_DONE);
  }
  return r;
}

START_TEST(a_list_goes_while_it_is_consumed) {
  Library *l = open_with_little_memory();
  uint64_t n;
  ck_assert(plan_nat_u64(l->m, value_of(l, "counted", 1000000), &n) && n == 1000001);
  library_close(l);
}
END_TEST

// A suspended sum keeps the element that it adds to, not the row before it is put there.
START_TEST(an_element_does_not_keep_its_row) {
  Library *l = open_with_little_memory();
  uint64_t n;
  ck_assert(plan_nat_u64(l->m, value_of(l, "sums", 100000), &n) && n == 550000);
  library_close(l);
}
END_TEST

START_TEST(a_part_does_not_keep_the_whole) {
  Library *l = open_library();
  machine_collect(l->m, true);
  uint64_t before = machine_stats(l->m).live_bytes;
  Ref part = value_of(l, "partOf", 1000000);
  machine_collect(l->m, true);
  ck_assert_uint_lt(machine_stats(l->m).live_bytes, before + MEGABYTE);
  Ref element = plan_row_get(l->m, part, 0);
  ck_assert_int_eq(plan_whnf(l->m, element), RUN_DONE);
  uint64_t n;
  ck_assert(plan_nat_u64(l->m, element, &n) && n == 1000001);
  library_close(l);
}
END_TEST

// Parts that a collection makes are those of the pair itself, neither copies of them nor something else.
START_TEST(parts_stay_parts) {
  Library *l = open_library();
  Ref whole = value_of(l, "partsOf", 7);
  for (int i = 0; i < 3; i++) machine_collect(l->m, true);
  ck_assert_int_eq(plan_force(l->m, whole), RUN_DONE);
  Ref pair = plan_row_get(l->m, whole, 0), parts = plan_row_get(l->m, whole, 1);
  for (int depth = 0; depth < 2; depth++) parts = plan_row_get(l->m, parts, 0);
  for (size_t i = 0; i < 2; i++)
    ck_assert(ref_get(l->m, plan_row_get(l->m, parts, i)) == ref_get(l->m, plan_row_get(l->m, pair, i)));
  ck_assert_uint_eq(plan_len(l->m, plan_row_get(l->m, parts, 0)), 3);
  ck_assert_uint_eq(plan_len(l->m, plan_row_get(l->m, parts, 1)), 2);
  library_close(l);
}
END_TEST

// Not even the first call of a law that calls itself is interpreted: the sum that it hands on would be
// suspended.
START_TEST(a_sum_does_not_grow_as_a_chain) {
  Library *l = open_with_little_memory();
  Err err = ERR_INIT;
  Ref f = sire_lookup(l->sire, "steps", &err);
  Ref r = plan_apply(l->m, f, (Ref[]){plan_nat(l->m, 1000000), plan_nat(l->m, 0)}, 2);
  ck_assert_int_eq(plan_whnf(l->m, r), RUN_DONE);
  uint64_t n;
  ck_assert(plan_nat_u64(l->m, r, &n) && n == 1000000);
  library_close(l);
}
END_TEST

// An operator is not where a limit is reported, but one after another does not put it off.
START_TEST(operators_called_without_end_meet_a_limit) {
  Library *l = open_library();
  Err err = ERR_INIT;
  Ref f = sire_lookup(l->sire, "withoutEnd", &err);
  machine_set_limits(l->m, 0, 1000000);
  Ref r = plan_apply(l->m, f, (Ref[]){plan_nat(l->m, 0)}, 1);
  ck_assert_int_eq(plan_force(l->m, r), RUN_FUEL);
  library_close(l);
}
END_TEST

SUITE_MAIN("space", a_list_goes_while_it_is_consumed, an_element_does_not_keep_its_row,
           a_part_does_not_keep_the_whole, parts_stay_parts, a_sum_does_not_grow_as_a_chain,
           operators_called_without_end_meet_a_limit)
