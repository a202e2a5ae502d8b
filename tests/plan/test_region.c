#include "common/base/mem.h"
#include "common/plan/code.h"
#include "common/plan/plan.h"
#include "common/plan/region.h"
#include "tests/suite.h"
#include <pthread.h>
#include <string.h>

static Machine *new_machine(void) { return machine_new(&(MachineConfig){.memory = 64 << 20}); }

// A region of one pin of `item`.
static Region *pin_region(Machine *m, Value item) {
  Region *ref = val_is_ptr(item) ? region_of(val_obj(item)) : NULL;
  Region *r = region_new(m, PIN_WORDS, &ref, ref != NULL);
  uint64_t *o = region_words(r);
  memset(o, 0, PIN_WORDS * 8);
  o[0] = obj_header(KIND_PIN, 0, 0);
  o[PIN_ITEM] = item;
  region_finish(r);
  return r;
}

static Value only_value(const Region *r) { return obj_val(region_object(r, 0)); }

typedef struct Watch {
  RegionWatch base;
  _Atomic int gone;
} Watch;

static void note_gone(RegionWatch *w, Region *r) { ((Watch *)w)->gone++; }

START_TEST(test_objects_lead_to_their_region) {
  Machine *m = new_machine();
  enum { REGIONS = 500 };
  Region *r[REGIONS];
  for (size_t k = 0; k < REGIONS; k++) {
    size_t cows = 1 + k % 40;
    r[k] = region_new(m, cows * 2 + 3, NULL, 0);
    uint64_t *o = region_words(r[k]);
    for (size_t i = 0; i < cows; i++, o += 2) {
      o[0] = obj_header(KIND_COW, 0, 0);
      o[1] = i + 1;
    }
    o[0] = obj_header(KIND_ROW, 0, 2);
    o[1] = o[2] = k;
    region_finish(r[k]);
  }
  for (size_t k = 0; k < REGIONS; k++) {
    size_t n = region_objects(r[k]);
    ck_assert_uint_eq(n, 2 + k % 40);
    for (size_t i = 0; i < n; i++) {
      uint64_t *o = region_object(r[k], i);
      ck_assert_ptr_eq(region_of(o), r[k]);
      ck_assert_uint_eq(region_index(r[k], o), i);
      ck_assert(obj_has(o, OBJ_SEALED) && obj_has(o, OBJ_NF));
    }
    ck_assert_uint_eq(region_object(r[k], n - 1)[1], k);
  }
  for (size_t k = 0; k < REGIONS; k++) region_release(r[k]);
  machine_free(m);
}
END_TEST

START_TEST(test_a_big_object_has_segments_of_its_own) {
  Machine *m = new_machine();
  size_t bytes = 3 << 20;
  Region *r = region_new(m, 1 + bytes / 8, NULL, 0);
  uint64_t *o = region_words(r);
  o[0] = obj_header(KIND_BAR, 0, bytes);
  memset(o + 1, 7, bytes);
  region_finish(r);
  ck_assert_ptr_eq(region_of(o), r);
  ck_assert_uint_eq(region_objects(r), 1);
  ck_assert_ptr_eq(region_object(r, 0), o);
  ck_assert_uint_ge(region_space(m), bytes);
  region_release(r);
  region_sweep(m);
  ck_assert_uint_eq(region_space(m), 0);
  machine_free(m);
}
END_TEST

START_TEST(test_references_keep_regions_alive) {
  Machine *m = new_machine();
  Watch inner_watch = {.base = {note_gone}}, outer_watch = {.base = {note_gone}};
  Region *inner = pin_region(m, 1), *outer = pin_region(m, only_value(inner));
  ck_assert(region_watch(inner, &inner_watch.base));
  ck_assert(!region_watch(inner, &outer_watch.base));
  ck_assert(region_watch(outer, &outer_watch.base));
  ck_assert_uint_eq(region_ref_count(outer), 1);
  ck_assert_ptr_eq(region_ref(outer, 0), inner);
  region_release(inner);
  ck_assert_int_eq(inner_watch.gone, 0);
  ck_assert(region_try_retain(inner));
  region_release(inner);
  region_release(outer);
  ck_assert_int_eq(inner_watch.gone, 1);
  ck_assert_int_eq(outer_watch.gone, 1);
  machine_free(m);
}
END_TEST

START_TEST(test_a_million_nested_regions_go_without_recursion) {
  Machine *m = new_machine();
  Watch watch = {.base = {note_gone}};
  Region *r = pin_region(m, 0);
  region_watch(r, &watch.base);
  for (int i = 1; i < 1000000; i++) {
    Region *next = pin_region(m, only_value(r));
    region_release(r);
    r = next;
  }
  size_t before = region_space(m);
  region_release(r);
  ck_assert_int_eq(watch.gone, 1);
  region_sweep(m);
  ck_assert_uint_gt(before, region_space(m));
  ck_assert_uint_eq(region_space(m), 0);
  machine_free(m);
}
END_TEST

START_TEST(test_freed_space_is_used_again) {
  Machine *m = new_machine();
  enum { N = 20000 };
  static Region *r[N];
  for (int i = 0; i < N; i++) r[i] = pin_region(m, 0);
  size_t most = region_space(m);
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < N; i++)
      if (i % 16) region_release(r[i]);
    region_sweep(m);
    for (int i = 0; i < N; i++)
      if (i % 16) r[i] = pin_region(m, 0);
    ck_assert_uint_le(region_space(m), most + SEGMENT_BYTES);
  }
  for (int i = 0; i < N; i++) region_release(r[i]);
  machine_free(m);
}
END_TEST

START_TEST(test_a_heap_keeps_what_it_points_to) {
  Machine *m = new_machine(), *other = new_machine();
  Watch watch = {.base = {note_gone}};
  Region *inner = pin_region(m, 5), *outer = pin_region(m, only_value(inner));
  region_watch(outer, &watch.base);
  Watch inner_watch = {.base = {note_gone}};
  region_watch(inner, &inner_watch.base);
  RefMark mark = refs_mark(other);
  Ref a = region_adopt(other, only_value(outer));
  region_release(inner);
  region_release(outer);
  machine_free(m); // the regions stay with the other machine
  machine_collect(other, true);
  machine_collect(other, true);
  ck_assert_int_eq(watch.gone, 0);
  ref_set(other, a, ref_get(other, plan_pin_item(other, a)));
  refs_release(other, mark + 1);
  machine_collect(other, true); // only the inner one is met now
  ck_assert_int_eq(watch.gone, 1);
  ck_assert_int_eq(inner_watch.gone, 0);
  uint64_t five;
  ck_assert(plan_nat_u64(other, plan_pin_item(other, a), &five) && five == 5);
  machine_free(other);
  ck_assert_int_eq(inner_watch.gone, 1);
}
END_TEST

START_TEST(test_ids_are_set_once) {
  Machine *m = new_machine();
  Region *r = pin_region(m, 0);
  uint8_t id[REGION_ID_LEN], out[REGION_ID_LEN];
  memset(id, 9, sizeof id);
  ck_assert(!region_id(r, out));
  region_set_id(r, id);
  region_set_id(r, id);
  ck_assert(region_id(r, out));
  ck_assert_mem_eq(id, out, sizeof id);
  region_release(r);
  machine_free(m);
}
END_TEST

START_TEST(test_an_unfinished_region_can_go) {
  Machine *m = new_machine();
  Region *ref = pin_region(m, 0), *r = region_new(m, 100, &ref, 1);
  Watch watch = {.base = {note_gone}};
  region_watch(ref, &watch.base);
  region_release(ref);
  region_release(r);
  ck_assert_int_eq(watch.gone, 1);
  machine_free(m);
}
END_TEST

START_TEST(test_code_goes_with_its_law) {
  Machine *m = new_machine();
  Region *r = region_new(m, LAW_WORDS, NULL, 0);
  uint64_t *o = region_words(r);
  memcpy(o, (uint64_t[LAW_WORDS]){obj_header(KIND_LAW, 0, 0), 5, 1, 1, 0}, LAW_WORDS * 8);
  region_finish(r);
  o[LAW_CODE] = (uint64_t)(uintptr_t)mem_alloc(64); // the leak checker tells whether it went
  region_release(r);
  machine_free(m);
}
END_TEST

// --- threads -----------------------------------------------------------------------------------------
enum { SHARED = 200, ROUNDS = 200, THREADS = 4 };

typedef struct Share {
  pthread_mutex_t lock;
  Region *slot[SHARED]; // each holds a count
} Share;

static void *exchange_regions(void *ctx) {
  Share *share = ctx;
  Machine *m = new_machine();
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < SHARED; i++) {
      pthread_mutex_lock(&share->lock);
      Region *old = share->slot[i];
      region_retain(old);
      pthread_mutex_unlock(&share->lock);
      RefMark mark = refs_mark(m);
      region_adopt(m, only_value(old));
      ck_assert_ptr_eq(region_of(region_object(old, 0)), old);
      Region *mine = round % 8 ? pin_region(m, 0) : pin_region(m, only_value(old));
      pthread_mutex_lock(&share->lock);
      Region *out = share->slot[i];
      share->slot[i] = mine;
      pthread_mutex_unlock(&share->lock);
      region_release(out);
      region_release(old);
      refs_release(m, mark);
    }
    region_sweep(m);
    region_sweep(m);
  }
  machine_free(m);
  return NULL;
}

START_TEST(test_threads_share_regions) {
  Machine *m = new_machine();
  static Share share = {.lock = PTHREAD_MUTEX_INITIALIZER};
  for (int i = 0; i < SHARED; i++) share.slot[i] = pin_region(m, 0);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, exchange_regions, &share);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < SHARED; i++) region_release(share.slot[i]);
  machine_free(m);
}
END_TEST

SUITE_MAIN("plan/region", test_objects_lead_to_their_region, test_a_big_object_has_segments_of_its_own,
           test_references_keep_regions_alive, test_a_million_nested_regions_go_without_recursion,
           test_freed_space_is_used_again, test_a_heap_keeps_what_it_points_to, test_ids_are_set_once,
           test_an_unfinished_region_can_go, test_code_goes_with_its_law, test_threads_share_regions)
