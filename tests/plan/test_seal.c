#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include "tests/codec/random.h"
#include "tests/suite.h"
#include <string.h>

#ifdef HOSTILE // every allocation collects
#define SEEDS 10
#define MANY 3000
#else
#define SEEDS 200
#define MANY 1000000
#endif

static Machine *new_machine(void) { return machine_new(&(MachineConfig){.memory = (size_t)1 << 30}); }

static void force(Machine *m, Ref r) { ck_assert_int_eq(plan_force(m, r), RUN_DONE); }

// The pointers of a region lead backwards or to regions that it refers to, each once. (No assertion a
// word: each of them is a message to the runner.)
static bool is_well_made(const Region *r) {
  bool ok = true;
  for (size_t j = 0; j < region_ref_count(r); j++)
    for (size_t k = 0; k < j; k++) ok &= region_ref(r, k) != region_ref(r, j) && region_ref(r, j) != r;
  for (size_t i = 0; i < region_objects(r); i++) {
    const uint64_t *o = region_object(r, i);
    ok &= obj_has(o, OBJ_SEALED) && obj_has(o, OBJ_NF) && region_of(o) == r;
    size_t parts = obj_kind(o) == KIND_LAW ? LAW_BODY : obj_scan(o);
    for (size_t k = 1; ok && k <= parts; k++) {
      if (val_is_small(o[k])) continue;
      if (!val_is_sealed(o[k])) return false;
      const Region *to = region_of(val_obj(o[k]));
      bool known = to == r && val_obj(o[k]) < o;
      for (size_t j = 0; j < region_ref_count(r) && !known; j++) known = region_ref(r, j) == to;
      ok &= known;
    }
  }
  return ok;
}

static size_t count_regions(Region *root) {
  WordTable seen = {0};
  Region **stack = NULL;
  size_t n = 0, cap = 0;
  bool ok = true;
  mem_reserve(stack, cap, 1);
  stack[n++] = root;
  wtab_put(&seen, (uint64_t)(uintptr_t)root, 0);
  while (n > 0) {
    Region *r = stack[--n];
    ok &= is_well_made(r);
    for (size_t i = 0; i < region_ref_count(r); i++) {
      if (!wtab_put(&seen, (uint64_t)(uintptr_t)region_ref(r, i), 0)) continue;
      mem_reserve(stack, cap, n + 1);
      stack[n++] = region_ref(r, i);
    }
  }
  ck_assert(ok);
  size_t count = seen.count;
  wtab_free(&seen);
  mem_free(stack);
  return count;
}

START_TEST(test_a_sealed_value_is_the_same_value) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    Machine *m = new_machine();
    Ref v = random_value(m, &(Random){seed}, 1 + seed * 3),
        same = random_value(m, &(Random){seed}, 1 + seed * 3);
    Ref part = plan_row_get(m, v, 0), pair = plan_row(m, (Ref[]){v, v}, 2);
    uint8_t before[32], after[32];
    ck_assert(plan_hash(m, same, before));
    seal(m, v);
    count_regions(region_of(val_obj(ref_get(m, v))));
    ck_assert(plan_hash(m, v, after));
    ck_assert_mem_eq(before, after, 32);
    bool equal;
    ck_assert(plan_eq(m, v, same, &equal) && equal);
    ck_assert(plan_eq(m, part, plan_row_get(m, same, 0), &equal) && equal);
    ck_assert(val_is_sealed(ref_get(m, part))); // other ways to the same objects lead to the region
    ck_assert_uint_eq(ref_get(m, plan_row_get(m, pair, 1)), ref_get(m, v));
    machine_collect(m, true);
    ck_assert(plan_eq(m, v, same, &equal) && equal);
    machine_free(m);
  }
}
END_TEST

START_TEST(test_sealing_again_does_nothing) {
  Machine *m = new_machine();
  Ref v = random_value(m, &(Random){7}, 100);
  seal(m, v);
  Value at = ref_get(m, v);
  Ref more = plan_row(m, (Ref[]){v, plan_nat(m, 3)}, 2);
  force(m, more);
  seal(m, v);
  ck_assert_uint_eq(ref_get(m, v), at);
  seal(m, more);
  Region *r = region_of(val_obj(ref_get(m, more)));
  ck_assert_uint_eq(region_objects(r), 1);
  ck_assert_uint_eq(region_ref_count(r), 1);
  machine_free(m);
}
END_TEST

START_TEST(test_a_bomb_of_sharing_stays_small) {
  Machine *m = new_machine();
  Ref v = plan_row(m, NULL, 0);
  for (int i = 0; i < 64; i++) v = plan_row(m, (Ref[]){v, v}, 2);
  force(m, v);
  seal(m, v);
  ck_assert_uint_eq(region_objects(region_of(val_obj(ref_get(m, v)))), 65);
  machine_free(m);
}
END_TEST

// Little of a big heap: nothing is collected, and what is not sealed stays as it was.
START_TEST(test_a_small_part_of_a_big_heap) {
  Machine *m = new_machine();
  Ref ballast = plan_nat(m, 0);
  for (int i = 0; i < 50000; i++) {
    RefMark mark = refs_mark(m);
    Ref pair = plan_row(m, (Ref[]){ballast, ballast}, 2);
    ref_set(m, ballast, ref_get(m, pair));
    refs_release(m, mark);
  }
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    Ref v = random_value(m, &(Random){seed}, 1 + seed * 3),
        same = random_value(m, &(Random){seed}, 1 + seed * 3);
    Ref pair = plan_row(m, (Ref[]){v, v}, 2);
    uint8_t before[32], after[32];
    ck_assert(plan_hash(m, same, before));
    uint64_t major = machine_stats(m).major;
    seal(m, v);
    if (seed < 20) ck_assert_uint_eq(machine_stats(m).major, major);
    count_regions(region_of(val_obj(ref_get(m, v))));
    bool equal;
    ck_assert(plan_eq(m, v, same, &equal) && equal);
    ck_assert(plan_eq(m, plan_row_get(m, pair, 1), same, &equal) && equal);
    ck_assert(plan_hash(m, v, after));
    ck_assert_mem_eq(before, after, 32);
    force(m, pair);
    seal(m, pair); // what was put back can be sealed
    ck_assert(plan_hash(m, plan_row_get(m, pair, 0), after));
    ck_assert_mem_eq(before, after, 32);
  }
  machine_collect(m, true);
  machine_free(m);
}
END_TEST

START_TEST(test_sharing_across_pins_is_kept) {
  Machine *m = new_machine();
  Ref v = plan_row(m, (Ref[]){plan_nat(m, 1)}, 1);
  force(m, v);
  for (int i = 0; i < 64; i++) {
    v = plan_row(m, (Ref[]){v, plan_pin(m, v), v}, 3);
    force(m, v);
  }
  seal(m, v);
  ck_assert_uint_le(count_regions(region_of(val_obj(ref_get(m, v)))), 65);
  machine_free(m);
}
END_TEST

START_TEST(test_a_million_levels) {
  Machine *m = new_machine();
  Ref v = plan_nat(m, 0);
  for (int i = 0; i < MANY; i++) {
    RefMark mark = refs_mark(m);
    Ref pair = plan_row(m, (Ref[]){v, v}, 2);
    val_obj(ref_get(m, pair))[0] |= OBJ_NF;
    ref_set(m, v, ref_get(m, pair));
    refs_release(m, mark);
  }
  seal(m, v);
  size_t regions = count_regions(region_of(val_obj(ref_get(m, v))));
  ck_assert_uint_ge(regions, MANY * 3 / SEAL_WORDS);
  ck_assert_uint_le(regions, MANY * 3 / SEAL_WORDS + 2);
  machine_free(m);
}
END_TEST

START_TEST(test_a_million_nested_pins) {
  Machine *m = new_machine();
  Ref v = plan_nat(m, 0);
  for (int i = 0; i < MANY; i++) {
    RefMark mark = refs_mark(m);
    ref_set(m, v, ref_get(m, plan_pin(m, v)));
    refs_release(m, mark);
  }
  seal(m, v);
  ck_assert_uint_eq(count_regions(region_of(val_obj(ref_get(m, v)))), MANY);
  size_t full = region_space(m);
  ref_set(m, v, 0);
  machine_collect(m, true);
  ck_assert_uint_lt(region_space(m), full);
  machine_free(m);
}
END_TEST

START_TEST(test_big_objects_have_their_own_regions) {
  Machine *m = new_machine();
  static uint8_t bytes[100000];
  Ref parts[5000];
  for (size_t i = 0; i < 5000; i++) parts[i] = plan_row(m, (Ref[]){plan_nat(m, i), plan_nat(m, i)}, 2);
  Ref row = plan_row(m, parts, 5000);
  Ref v = plan_row(m, (Ref[]){plan_bar(m, bytes, sizeof bytes), row, plan_row(m, (Ref[]){row}, 1)}, 3);
  force(m, v);
  seal(m, v);
  ck_assert_uint_eq(region_objects(region_of(val_obj(ref_get(m, plan_row_get(m, v, 0))))), 1);
  Region *r = region_of(val_obj(ref_get(m, plan_row_get(m, v, 1))));
  ck_assert_uint_eq(region_objects(r), 1);
  ck_assert_uint_eq(region_ref_count(r), (5000 * 3 + SEAL_WORDS - 1) / (SEAL_WORDS - SEAL_WORDS % 3));
  count_regions(region_of(val_obj(ref_get(m, v))));
  machine_free(m);
}
END_TEST

// --- laws that run --------------------------------------------------------------------------------------
// {loop 1 body}: counts its argument down through opcode 2: (2 1 self n).
static Ref countdown(Machine *m) {
  Ref zero = plan_nat(m, 0), two = plan_nat(m, 2), one = plan_nat(m, 1), five = plan_nat(m, 5);
  Ref constant = plan_apply(m, two, &two, 1); // the constant 2
  Ref k = plan_apply(m, two, &five, 1);       // the constant 5
  Ref e = plan_apply(m, zero, (Ref[]){constant, k}, 2);
  e = plan_apply(m, zero, (Ref[]){e, zero}, 2);
  e = plan_apply(m, zero, (Ref[]){e, one}, 2);
  force(m, e);
  return plan_law(m, plan_nat(m, 'l'), plan_nat(m, 1), e);
}

static void check_countdown(Machine *m, Ref law, uint64_t from) {
  Ref call = plan_apply(m, law, (Ref[]){plan_nat(m, from)}, 1);
  ck_assert_int_eq(plan_whnf(m, call), RUN_DONE);
  uint64_t n;
  ck_assert(plan_nat_u64(m, call, &n) && n == 5);
}

START_TEST(test_compiled_laws_go_on_running) {
  Machine *m = new_machine(), *other = new_machine();
  Ref law = countdown(m);
  check_countdown(m, law, 100);
  ck_assert(val_is_ptr(val_obj(ref_get(m, law))[LAW_CODE])); // it is compiled
  Ref call = plan_apply(m, law, (Ref[]){plan_nat(m, 100000)}, 1);
  machine_start_whnf(m, call);
  ck_assert_int_eq(machine_run(m, 5000), RUN_YIELD);
  seal(m, law); // in the middle of its own evaluation
  ck_assert(val_is_sealed(ref_get(m, law)));
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(machine_run(m, 5000), RUN_YIELD);
    machine_collect(m, true);
  }
  ck_assert_int_eq(machine_run(m, 0), RUN_DONE);
  ck_assert_uint_eq(machine_result(m), 5);
  check_countdown(m, law, 1000);
  Ref there = region_adopt(other, ref_get(m, law));
  machine_free(m);
  check_countdown(other, there, 1000); // on the code that the first machine made
  machine_free(other);
}
END_TEST

START_TEST(test_sealed_laws_are_compiled) {
  Machine *m = new_machine();
  Ref law = countdown(m);
  seal(m, law);
  check_countdown(m, law, 100);
  ck_assert_uint_gt(val_obj(ref_get(m, law))[LAW_CODE], 0xffffffffu);
  machine_free(m);
}
END_TEST

SUITE_MAIN("plan/seal", test_a_sealed_value_is_the_same_value, test_sealing_again_does_nothing,
           test_a_bomb_of_sharing_stays_small, test_a_small_part_of_a_big_heap,
           test_sharing_across_pins_is_kept, test_a_million_levels, test_a_million_nested_pins,
           test_big_objects_have_their_own_regions, test_compiled_laws_go_on_running,
           test_sealed_laws_are_compiled)
