#include "common/base/mem.h"
#include "common/codec/load.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include "tests/codec/pages.h"
#include "tests/codec/random.h"
#include "tests/suite.h"
#include <string.h>

#ifdef HOSTILE // every allocation collects
#define SEEDS 10
#define MANY 3000
#else
#define SEEDS 150
#define MANY 1000000
#endif

static Machine *new_machine(void) { return machine_new(&(MachineConfig){.memory = (size_t)1 << 30}); }

static Ref load(Machine *m, Pages *p, const ValueRoot *root) {
  Ref out = 0;
  Err err = ERR_INIT;
  bool ok = codec_load(m, p->res, &p->source, root, NULL, &out, &err);
  ck_assert_msg(ok, "%s: %s", err.where, err.msg);
  return out;
}

// Everything is saved again to the very same pages.
static void check_same_pages(Machine *m, Ref v, Pages *p, const ValueRoot *root) {
  Pages again;
  pages_init(&again);
  ValueRoot second = pages_save(&again, m, v);
  ck_assert_int_eq(second.paged, root->paged);
  ck_assert(page_id_equal(&second.page, &root->page));
  ck_assert_uint_eq(second.behind, root->behind);
  ck_assert_uint_eq(second.nat, root->nat);
  bool all = again.count == p->count;
  for (size_t i = 0; i < p->count; i++) all &= pages_find(&again, &p->at[i].id) != NULL;
  ck_assert(all);
  pages_free(&again);
}

static size_t total_bytes(const Pages *p) {
  size_t n = 0;
  for (size_t i = 0; i < p->count; i++) n += p->at[i].len;
  return n;
}

// Saves in one machine, loads in another, compares.
static void check_round_trip(Machine *m, Ref v, Pages *p) {
  ValueRoot root = pages_save(p, m, v);
  Machine *other = new_machine();
  Ref out = load(other, p, &root);
  bool equal;
  ck_assert(plan_eq(other, out, region_adopt(other, ref_get(m, v)), &equal) && equal);
  check_same_pages(other, out, p, &root);
  machine_free(other);
}

START_TEST(test_random_values_come_back) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    Machine *m = new_machine();
    Pages p;
    pages_init(&p);
    check_round_trip(m, random_value(m, &(Random){seed}, 1 + seed * 4), &p);
    pages_free(&p);
    machine_free(m);
  }
}
END_TEST

START_TEST(test_nats_are_roots_of_their_own) {
  Machine *m = new_machine();
  Pages p;
  pages_init(&p);
  for (int shift = 0; shift < 63; shift++) check_round_trip(m, plan_nat(m, (1ULL << shift) - 1), &p);
  ck_assert_uint_eq(p.count, 0);
  check_round_trip(m, plan_nat(m, 1ULL << 63), &p);
  ck_assert_uint_eq(p.count, 1);
  pages_free(&p);
  machine_free(m);
}
END_TEST

START_TEST(test_sharing_is_kept) {
  Machine *m = new_machine();
  Pages p;
  pages_init(&p);
  Ref v = plan_row(m, NULL, 0);
  for (int i = 0; i < 64; i++) v = plan_row(m, (Ref[]){v, v}, 2);
  ck_assert_int_eq(plan_force(m, v), RUN_DONE);
  ValueRoot root = pages_save(&p, m, v);
  ck_assert_uint_eq(p.count, 1);
  ck_assert_uint_lt(total_bytes(&p), 300);
  Machine *other = new_machine();
  Ref out = load(other, &p, &root);
  ck_assert_uint_eq(region_objects(region_of(val_obj(ref_get(other, out)))), 65);
  machine_free(other);
  pages_free(&p);
  machine_free(m);
}
END_TEST

START_TEST(test_a_million_levels) {
  Machine *m = new_machine();
  Pages p;
  pages_init(&p);
  Ref v = plan_nat(m, 0);
  for (int i = 0; i < MANY; i++) {
    RefMark mark = refs_mark(m);
    Ref pair = plan_row(m, (Ref[]){v, plan_nat(m, 1)}, 2);
    val_obj(ref_get(m, pair))[0] |= OBJ_NF;
    ref_set(m, v, ref_get(m, pair));
    refs_release(m, mark);
  }
  check_round_trip(m, v, &p);
  pages_free(&p);
  machine_free(m);
}
END_TEST

START_TEST(test_a_million_nested_pins) {
  Machine *m = new_machine();
  Pages p;
  pages_init(&p);
  Ref v = plan_nat(m, 0);
  for (int i = 0; i < MANY; i++) {
    RefMark mark = refs_mark(m);
    ref_set(m, v, ref_get(m, plan_pin(m, v)));
    refs_release(m, mark);
  }
  ValueRoot root = pages_save(&p, m, v);
  ck_assert_uint_eq(p.count, MANY);
  Machine *other = new_machine();
  Ref out = load(other, &p, &root);
  check_same_pages(other, out, &p, &root);
  machine_free(other);
  pages_free(&p);
  machine_free(m);
}
END_TEST

START_TEST(test_long_objects_are_split) {
  Machine *m = new_machine();
  Pages p;
  pages_init(&p);
  size_t sizes[] = {CODEC_RAW_INLINE, CODEC_RAW_INLINE + 1, CODEC_RAW_PIECE, CODEC_RAW_PIECE * 3 + 5,
                    2 * CODEC_RAW_PIECE + 8};
  Ref parts[16];
  size_t n = 0;
  uint8_t *bytes = mem_alloc(4 * CODEC_RAW_PIECE);
  for (size_t i = 0; i < 4 * CODEC_RAW_PIECE; i++) bytes[i] = (uint8_t)(1 + i * 7 % 251);
  for (size_t i = 0; i < 5; i++) {
    parts[n++] = plan_bar(m, bytes, sizes[i]);
    parts[n++] = plan_nat_bytes(m, bytes, sizes[i]);
  }
  mem_free(bytes);
  Ref few[] = {plan_row(m, parts, 1), plan_bar(m, "few", 3), plan_pin(m, plan_nat(m, 8))};
  for (size_t len = CODEC_ROW_PIECE - 1; len <= CODEC_ROW_PIECE * 2 + 1; len += CODEC_ROW_PIECE / 2 + 1) {
    Ref *elements = mem_alloc(len * sizeof *elements);
    for (size_t i = 0; i < len; i++) elements[i] = i % 3 ? plan_nat(m, i) : few[i / 3 % 3];
    parts[n++] = plan_row(m, elements, len);
    Ref law = plan_law(m, plan_nat(m, 1), plan_nat(m, len + 5), plan_nat(m, 7));
    parts[n++] = plan_apply(m, law, elements, len);
    mem_free(elements);
  }
  Ref v = plan_row(m, parts, n);
  ck_assert_int_eq(plan_force(m, v), RUN_DONE);
  check_round_trip(m, v, &p);
  size_t blobs = 0;
  for (size_t i = 0; i < p.count; i++) {
    PageView view;
    ck_assert(page_parse(&view, p.at[i].bytes, p.at[i].len, NULL));
    blobs += view.kind == PAGE_BLOB;
  }
  ck_assert_uint_eq(blobs, 6); // the pieces that two have in common are stored once
  pages_free(&p);
  machine_free(m);
}
END_TEST

START_TEST(test_pins_make_the_same_pages_everywhere) {
  Machine *a = new_machine(), *b = new_machine();
  Pages p, q;
  pages_init(&p);
  pages_init(&q);
  Ref in_a = plan_pin(a, random_value(a, &(Random){42}, 200)),
      in_b = plan_pin(b, random_value(b, &(Random){42}, 200));
  Ref more = plan_row(b, (Ref[]){plan_nat(b, 1), in_b, random_value(b, &(Random){43}, 50)}, 3);
  ck_assert_int_eq(plan_force(b, more), RUN_DONE);
  ValueRoot root = pages_save(&p, a, in_a);
  pages_save(&q, b, more);
  bool all = true;
  for (size_t i = 0; i < p.count; i++) all &= pages_find(&q, &p.at[i].id) != NULL;
  ck_assert(all);
  ck_assert_uint_eq(root.behind, 0);
  pages_free(&p);
  pages_free(&q);
  machine_free(a);
  machine_free(b);
}
END_TEST

// --- residency and savers ----------------------------------------------------------------------------
typedef struct Holds {
  size_t held, dropped;
} Holds;
static void hold(void *ctx, const PageId *id) { ((Holds *)ctx)->held++; }
static void drop(void *ctx, const PageId *id) { ((Holds *)ctx)->dropped++; }

START_TEST(test_machines_share_what_is_resident) {
  Machine *m = new_machine(), *a = new_machine(), *b = new_machine();
  Pages p;
  pages_init(&p);
  ValueRoot root = pages_save(&p, m, random_value(m, &(Random){5}, 300));
  machine_free(m);
  Holds holds = {0};
  Residency *res = residency_new(&(ResidencyHooks){hold, drop, &holds});
  Ref in_a, in_b;
  Err err = ERR_INIT;
  ck_assert(codec_load(a, res, &p.source, &root, NULL, &in_a, &err));
  ck_assert_uint_eq(residency_count(res), p.count);
  size_t reads = p.reads;
  ck_assert(codec_load(b, res, &p.source, &root, NULL, &in_b, &err));
  ck_assert_uint_eq(p.reads, reads);
  ck_assert_uint_eq(ref_get(a, in_a), ref_get(b, in_b));
  machine_free(a);
  ck_assert_uint_eq(residency_count(res), p.count);
  machine_free(b);
  ck_assert_uint_eq(residency_count(res), 0);
  ck_assert_uint_eq(holds.held, p.count);
  ck_assert_uint_eq(holds.dropped, p.count);
  residency_free(res);
  pages_free(&p);
}
END_TEST

START_TEST(test_a_saver_puts_only_what_is_new) {
  Machine *m = new_machine();
  Pages p;
  pages_init(&p);
  Residency *res = residency_new(NULL);
  Err err = ERR_INIT;
  ValueRoot root;
  Ref v = random_value(m, &(Random){6}, 300);
  seal(m, v);
  Saver *s = saver_new(&p.sink, false);
  ck_assert(saver_add(s, ref_get(m, v), &root, &err));
  ck_assert_uint_eq(saver_count(s), p.count);
  saver_free(s); // the batch failed: nothing is stored
  s = saver_new(&p.sink, false);
  ck_assert(saver_add(s, ref_get(m, v), &root, &err));
  size_t count = saver_count(s);
  ck_assert_uint_eq(count, p.count);
  saver_stored(s, res);
  saver_free(s);
  Ref more = plan_pin(m, v);
  seal(m, more);
  s = saver_new(&p.sink, false);
  ck_assert(saver_add(s, ref_get(m, more), &root, &err));
  ck_assert_uint_eq(saver_count(s), 1);
  PageId id;
  Value pin;
  saver_page(s, 0, &id, &pin);
  ck_assert(page_id_equal(&id, &root.page));
  ck_assert_uint_eq(pin, ref_get(m, more));
  saver_stored(s, res);
  saver_free(s);
  ck_assert_uint_eq(residency_count(res), count + 1);
  size_t reads = p.reads;
  Machine *other = new_machine();
  Ref there;
  ck_assert(codec_load(other, res, &p.source, &root, NULL, &there, &err));
  ck_assert_uint_eq(p.reads, reads); // what was saved is resident
  machine_free(other);
  machine_free(m);
  residency_free(res);
  pages_free(&p);
}
END_TEST

// --- limits and damage -----------------------------------------------------------------------------------
START_TEST(test_loading_is_limited) {
  Machine *m = new_machine(), *other = new_machine();
  Pages p;
  pages_init(&p);
  ValueRoot root = pages_save(&p, m, random_value(m, &(Random){8}, 2000));
  Residency *res = residency_new(NULL);
  Ref out;
  Err err = ERR_INIT;
  ck_assert(!codec_load(other, res, &p.source, &root, &(LoadLimits){.memory = 10000}, &out, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert(!codec_load(other, res, &p.source, &root, &(LoadLimits){.fuel = 1}, &out, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert(codec_load(other, res, &p.source, &root, &(LoadLimits){.fuel = 1, .trusted = true}, &out, &err));
  machine_free(other);
  machine_free(m);
  residency_free(res);
  pages_free(&p);
}
END_TEST

START_TEST(test_a_missing_page_is_named) {
  Machine *m = new_machine(), *other = new_machine();
  Pages p;
  pages_init(&p);
  ValueRoot root = pages_save(&p, m, plan_pin(m, plan_pin(m, plan_nat(m, 1))));
  btab_del(&p.index, &p.at[0].id, sizeof(PageId), NULL);
  Residency *res = residency_new(NULL);
  Ref out;
  Err err = ERR_INIT;
  ck_assert(!codec_load(other, res, &p.source, &root, NULL, &out, &err));
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  ck_assert(strstr(err.where, "page ") == err.where);
  root.behind = 3;
  pages_free(&p);
  pages_init(&p);
  pages_save(&p, m, plan_pin(m, plan_pin(m, plan_nat(m, 1))));
  ck_assert(!codec_load(other, res, &p.source, &root, NULL, &out, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  machine_free(other);
  machine_free(m);
  residency_free(res);
  pages_free(&p);
}
END_TEST

SUITE_MAIN("codec/value", test_random_values_come_back, test_nats_are_roots_of_their_own,
           test_sharing_is_kept, test_a_million_levels, test_a_million_nested_pins,
           test_long_objects_are_split, test_pins_make_the_same_pages_everywhere,
           test_machines_share_what_is_resident, test_a_saver_puts_only_what_is_new, test_loading_is_limited,
           test_a_missing_page_is_named)
