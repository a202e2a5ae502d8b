// Seeds: known bytes, values there and back, and bytes that are none.
#include "common/plan/seed.h"
#include "tests/suite.h"
#include <stdlib.h>
#include <string.h>

#ifdef HOSTILE // every allocation collects
#define DEEP 2000
#else
#define DEEP 100000
#endif

static Machine *m;

static void setup(void) { m = machine_new(&(MachineConfig){.memory = 64u << 20, .nursery = 1u << 16}); }
static void teardown(void) { machine_free(m); }

static Ref app(Ref f, Ref x) { return plan_apply(m, f, &x, 1); }
static Ref nat(uint64_t n) { return plan_nat(m, n); }

static Buf saved(Ref r) {
  Buf out = {0};
  Err err = ERR_INIT;
  ck_assert(plan_force(m, r) == RUN_DONE);
  ck_assert_msg(seed_save(m, r, &out, &err), "%s", err.msg);
  ck_assert_uint_eq(out.len % 8, 0);
  return out;
}

static void expect_same(Ref a, Ref b) {
  uint8_t x[32], y[32];
  ck_assert(plan_hash(m, a, x) && plan_hash(m, b, y));
  ck_assert_mem_eq(x, y, 32);
}

static void there_and_back(Ref r) {
  Err err = ERR_INIT;
  Buf out = saved(r), again;
  Ref back = seed_load(m, out.data, out.len, &err);
  ck_assert_msg(back != 0, "%s", err.msg);
  expect_same(r, back);
  again = saved(back);
  ck_assert_uint_eq(out.len, again.len);
  ck_assert_mem_eq(out.data, again.data, out.len);
  buf_free(&out);
  buf_free(&again);
}

// The law x -> 3 x, in a pin.
static Ref sample_pin(void) {
  Ref three = app(nat(2), nat(3)), call = app(app(nat(0), three), nat(1));
  plan_force(m, call);
  return plan_pin(m, plan_law(m, nat(127961276568671), nat(1), call));
}

START_TEST(test_known_bytes) {
  // (4 (0 127961276568671 1 (0 (2 0 3) 1)))
  Ref parts[] = {nat(2), nat(0), nat(3)};
  Ref inner = plan_apply(m, parts[0], parts + 1, 2);
  plan_force(m, inner);
  Ref call = app(app(nat(0), inner), nat(1));
  plan_force(m, call);
  Buf out = saved(plan_pin(m, plan_law(m, nat(127961276568671), nat(1), call)));
  static const uint64_t header[] = {0, 0, 1, 5, 1};
  static const uint8_t trees[] = {0x72, 0x05, 0x5c, 0x37, 0x25, 0x04}, bytes[] = {4, 3, 2, 1, 0};
  ck_assert_uint_eq(out.len, 64);
  for (size_t i = 0; i < 5; i++) ck_assert_uint_eq(le64_at(out.data + 8 * i), header[i]);
  ck_assert_uint_eq(le64_at(out.data + 40), 127961276568671);
  ck_assert_mem_eq(out.data + 48, bytes, 5);
  ck_assert_mem_eq(out.data + 53, trees, 6);
  buf_free(&out);
}
END_TEST

START_TEST(test_there_and_back) {
  uint8_t big[100];
  for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(i * 37 + 1);
  Ref number = plan_nat_bytes(m, big, sizeof big), bar = plan_bar(m, big, sizeof big);
  Ref keys[] = {nat(7), bar, sample_pin(), number};
  Ref set = plan_set(m, keys, 4), row = plan_row(m, keys, 4), tab = app(set, row);
  Ref parts[] = {nat(0),
                 nat(1ULL << 63),
                 nat(UINT64_MAX),
                 number,
                 bar,
                 sample_pin(),
                 set,
                 row,
                 tab,
                 app(row, nat(0)),
                 plan_bar(m, NULL, 0),
                 plan_row(m, NULL, 0),
                 plan_tab_empty(m),
                 app(nat(1), bar),
                 app(sample_pin(), row)};
  size_t n = sizeof parts / sizeof *parts;
  for (size_t i = 0; i < n; i++) there_and_back(parts[i]);
  there_and_back(plan_row(m, parts, n));
  there_and_back(plan_pin(m, set));
}
END_TEST

START_TEST(test_deep_and_shared) {
  Ref deep = nat(5), wide = nat(5);
  for (int i = 0; i < DEEP; i++) {
    RefMark mark = refs_mark(m);
    ref_copy(m, deep, app(nat(0), deep));
    if (i < 200) ref_copy(m, wide, plan_row(m, (Ref[]){wide, wide}, 2));
    refs_release(m, mark);
  }
  there_and_back(deep);
  Buf out = saved(wide);
  Err err = ERR_INIT;
  ck_assert_uint_lt(out.len, 4096);
  ck_assert(seed_load(m, out.data, out.len, &err) != 0);
  buf_free(&out);
}
END_TEST

// Whatever is read, it is a value or an error with a text; under sanitizers also nothing else.
static void expect_clean(const uint8_t *bytes, size_t n) {
  Err err = ERR_INIT;
  RefMark mark = refs_mark(m);
  uint8_t *exact = malloc(n ? n : 1);
  memcpy(exact, bytes, n);
  if (seed_load(m, exact, n, &err) == 0) {
    ck_assert(err.code == ERR_DATA || err.code == ERR_LIMIT);
    ck_assert_uint_gt(strlen(err.msg), 0);
  }
  free(exact);
  refs_release(m, mark);
}

START_TEST(test_spoilt) {
  uint8_t big[20] = {1, 2, 3, [19] = 9};
  Ref parts[] = {plan_nat_bytes(m, big, sizeof big), nat(1ULL << 40), sample_pin(), plan_bar(m, big, 11)};
  Buf out = saved(plan_row(m, parts, 4));
  for (size_t n = 0; n < out.len; n++) expect_clean(out.data, n);
  for (size_t bit = 0; bit < out.len * 8; bit++) {
    out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    expect_clean(out.data, out.len);
    out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t word = 0; word < 6; word++) {
    uint64_t old = le64_at(out.data + 8 * word);
    for (unsigned shift = 0; shift < 64; shift++) {
      le64_put(out.data + 8 * word, UINT64_MAX >> shift);
      expect_clean(out.data, out.len);
    }
    le64_put(out.data + 8 * word, old);
  }
  buf_free(&out);
}
END_TEST

typedef struct Bad {
  const char *why;
  uint64_t header[5];
  uint8_t bytes[8], trees;
} Bad;

// With as many trees as fit into a byte.
static const Bad bads[] = {
    {"nothing in it", {0}, {0}, 0},
    {"holes for another", {1}, {0}, 0},
    {"fewer big numbers", {0, 9}, {0}, 0},
    {"fewer words", {0, 0, 9}, {0}, 0},
    {"fewer bytes", {0, 0, 0, 99}, {0}, 0},
    {"fewer fragments", {0, 0, 0, 1, UINT64_MAX}, {0}, 0},
    {"refers to what is not there", {0, 0, 0, 3, 1}, {3, 2, 1}, 0x06},
    {"not finished", {0, 0, 0, 1, 1}, {3}, 0x00},
    {"name or number", {0, 0, 0, 1, 1}, {0}, 0x03},
};

START_TEST(test_bad) {
  const Bad *b = &bads[_i];
  Buf out = {0};
  Err err = ERR_INIT;
  for (size_t i = 0; i < 5; i++) buf_le64(&out, b->header[i]);
  size_t n = b->header[3] < 8 ? b->header[3] : 7;
  buf_put(&out, b->bytes, n);
  buf_u8(&out, b->trees);
  while (out.len % 8) buf_u8(&out, 0);
  ck_assert_uint_eq(seed_load(m, out.data, out.len, &err), 0);
  ck_assert_msg(strstr(err.msg, b->why) != NULL, "%s, not: %s", err.msg, b->why);
  ck_assert_int_eq(err.code, ERR_DATA);
  buf_free(&out);
}
END_TEST

START_TEST(test_limits) {
  Err err = ERR_INIT;
  Buf out = {0};
  Ref r = plan_bar(m, NULL, 0);
  for (int i = 0; i < 2000; i++) {
    RefMark mark = refs_mark(m);
    ref_copy(m, r, plan_row(m, (Ref[]){r, nat((uint64_t)i)}, 2));
    refs_release(m, mark);
  }
  out = saved(r);
  machine_set_limits(m, 64u << 20, 100);
  ck_assert_uint_eq(seed_load(m, out.data, out.len, &err), 0);
  ck_assert_int_eq(err.code, ERR_LIMIT);
  err = ERR_INIT;
  ck_assert(!seed_save(m, r, &out, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  machine_set_limits(m, 64u << 20, 0);
  there_and_back(r);
  buf_free(&out);
}
END_TEST

SUITE_MAIN_WITH("plan/seed", ((SuiteFrame){.setup = setup, .teardown = teardown}), {test_known_bytes},
                {test_there_and_back}, {test_deep_and_shared}, {test_spoilt},
                {test_bad, sizeof bads / sizeof *bads}, {test_limits})
