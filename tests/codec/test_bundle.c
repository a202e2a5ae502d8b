#include "common/base/mem.h"
#include "common/codec/bundle.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include "tests/codec/random.h"
#include "tests/suite.h"
#include <string.h>

static Machine *new_machine(void) { return machine_new(&(MachineConfig){.memory = (size_t)1 << 30}); }

static Buf encode(Machine *m, Ref v) {
  Buf b = {0};
  Err err = ERR_INIT;
  bool ok = bundle_encode(m, v, (size_t)1 << 30, &b, &err);
  ck_assert_msg(ok, "%s", err.msg);
  return b;
}

static Ref decode(Machine *m, const Buf *b) {
  Ref out = 0;
  Err err = ERR_INIT;
  bool ok = bundle_decode(m, NULL, b->data, b->len, NULL, &out, &err);
  ck_assert_msg(ok, "%s: %s", err.where, err.msg);
  return out;
}

START_TEST(test_values_come_back) {
  for (uint64_t seed = 1; seed <= 100; seed++) {
    Machine *m = new_machine(), *other = new_machine();
    Ref v = random_value(m, &(Random){seed}, 1 + seed * 3);
    Buf b = encode(m, v);
    Ref out = decode(other, &b);
    Buf again = encode(other, out);
    ck_assert_uint_eq(again.len, b.len);
    ck_assert_mem_eq(again.data, b.data, b.len);
    bool equal;
    Ref here = region_adopt(other, ref_get(m, v));
    ck_assert(plan_eq(other, out, here, &equal) && equal);
    buf_free(&again);
    buf_free(&b);
    machine_free(m);
    machine_free(other);
  }
}
END_TEST

START_TEST(test_long_objects) {
  Machine *m = new_machine(), *other = new_machine();
  size_t n = 3 * CODEC_RAW_PIECE + 77, len = CODEC_ROW_PIECE + 7;
  uint8_t *bytes = mem_zalloc(n);
  bytes[n - 1] = 5;
  Ref *elements = mem_alloc(len * sizeof *elements);
  for (size_t i = 0; i < len; i++) elements[i] = plan_nat(m, i);
  Ref v =
      plan_row(m, (Ref[]){plan_bar(m, bytes, n), plan_nat_bytes(m, bytes, n), plan_row(m, elements, len)}, 3);
  ck_assert_int_eq(plan_force(m, v), RUN_DONE);
  Buf b = encode(m, v);
  ck_assert_uint_lt(b.len, n); // equal pieces are written once
  Ref out = decode(other, &b);
  ck_assert_uint_eq(plan_bar_len(other, plan_row_get(other, out, 0)), n);
  bool equal;
  ck_assert(plan_eq(other, out, region_adopt(other, ref_get(m, v)), &equal) && equal);
  mem_free(bytes);
  mem_free(elements);
  buf_free(&b);
  machine_free(m);
  machine_free(other);
}
END_TEST

START_TEST(test_small_nats_need_no_page) {
  Machine *m = new_machine();
  Buf b = encode(m, plan_nat(m, 1000));
  ck_assert_uint_eq(b.len, 9);
  uint64_t n;
  ck_assert(plan_nat_u64(m, decode(m, &b), &n) && n == 1000);
  buf_free(&b);
  machine_free(m);
}
END_TEST

START_TEST(test_every_truncation_is_refused) {
  Machine *m = new_machine();
  Buf b = encode(m, random_value(m, &(Random){3}, 60));
  Ref out;
  for (size_t n = 0; n < b.len; n++) {
    Err err = ERR_INIT;
    uint8_t *exact = mem_dup(b.data, n); // so that the sanitizer sees reads past the end
    ck_assert(!bundle_decode(m, NULL, exact, n, NULL, &out, &err));
    ck_assert_int_eq(err.code, ERR_DATA);
    mem_free(exact);
  }
  buf_u8(&b, 0);
  ck_assert(!bundle_decode(m, NULL, b.data, b.len, NULL, &out, NULL));
  buf_free(&b);
  machine_free(m);
}
END_TEST

START_TEST(test_limits) {
  Machine *m = new_machine(), *other = new_machine();
  Ref v = random_value(m, &(Random){9}, 500), out;
  Buf b = {0};
  Err err = ERR_INIT;
  buf_u8(&b, 1);
  ck_assert(!bundle_encode(m, v, 100, &b, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert_uint_eq(b.len, 1);
  buf_free(&b);
  b = encode(m, v);
  err = ERR_INIT;
  ck_assert(!bundle_decode(other, NULL, b.data, b.len, &(LoadLimits){.memory = 1000}, &out, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  b.data[4]++;
  ck_assert(!bundle_decode(other, NULL, b.data, b.len, NULL, &out, &err));
  ck_assert_int_eq(err.code, ERR_CONFIG);
  buf_free(&b);
  machine_free(m);
  machine_free(other);
}
END_TEST

SUITE_MAIN("codec/bundle", test_values_come_back, test_long_objects, test_small_nats_need_no_page,
           test_every_truncation_is_refused, test_limits)
