#include "common/base/mem.h"
#include "proto/rpc.h"
#include "tests/proto/sample.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <string.h>

static FrameReader reader_of(uint32_t bytes, uint32_t depth, uint32_t items) {
  return (FrameReader){.limits = {bytes, depth, items}};
}

static void feed(FrameReader *r, const void *data, size_t n) {
  const uint8_t *p = data;
  while (n) {
    size_t room;
    uint8_t *to = frame_room(r, &room);
    size_t k = n < room ? n : room;
    memcpy(to, p, k);
    frame_received(r, k);
    p += k, n -= k;
  }
}

// Feeds one message and says how it ends; a message that passes must come out as it went in.
static FrameState state_of(FrameLimits lim, const void *data, size_t n, Err *err) {
  FrameReader r = {.limits = lim};
  uint8_t *out;
  size_t len;
  feed(&r, data, n);
  FrameState s = frame_next(&r, &out, &len, err);
  if (s == FRAME_READY) {
    ck_assert_uint_eq(len, n);
    ck_assert_mem_eq(out, data, n);
    mem_free(out);
  }
  frame_free(&r);
  return s;
}

#define STATE(lim, bytes, err) state_of(lim, bytes, sizeof(bytes) - 1, err)

START_TEST(frames_come_out_as_they_went_in) {
  uint64_t rng = 1;
  for (int round = 0; round < 200; round++) {
    Buf all = {0};
    size_t end[8];
    for (int i = 0; i < 8; i++) sample_message(&rng, &all), end[i] = all.len;
    FrameReader r = {.limits = FRAME_LIMITS};
    size_t fed = 0, seen = 0, at = 0;
    while (seen < 8) {
      size_t left = all.len - fed, k = round % 4 == 0 ? 1 : test_random(&rng) % 5000;
      if (all.len > 10000 && k == 1) k = 97;
      if (k > left) k = left;
      feed(&r, all.data + fed, k);
      fed += k;
      uint8_t *out;
      size_t len;
      Err err = ERR_INIT;
      for (FrameState s; (s = frame_next(&r, &out, &len, &err)) != FRAME_MORE; seen++) {
        ck_assert_int_eq(s, FRAME_READY);
        ck_assert_uint_eq(at + len, end[seen]);
        ck_assert_mem_eq(out, all.data + at, len);
        at += len;
        mem_free(out);
      }
      ck_assert(frame_is_partial(&r) == (fed > at));
    }
    frame_free(&r);
    buf_free(&all);
  }
}
END_TEST

START_TEST(every_type_of_header_is_measured) {
  static const char *const PAYLOADS[] = {
      "\x93\x02\x7f\xe0",
      "\x92\xc0\xc2",
      "\x92\xc3\x80",
      "\x92\x81\x01\x02\x90",
      "\x91\xa3"
      "abc",
      "\x91\xd9\x01"
      "a",
      "\x91\xda\x00\x01"
      "a",
      "\x91\xdb\x00\x00\x00\x01"
      "a",
  };
  static const size_t LENGTHS[] = {4, 3, 3, 5, 5, 4, 5, 7};
  for (size_t i = 0; i < 8; i++) {
    Err err = ERR_INIT;
    FrameState s = state_of(FRAME_LIMITS, PAYLOADS[i], LENGTHS[i], &err);
    ck_assert_msg(s == FRAME_READY, "payload %zu: %s", i, err.msg);
  }
  Err err = ERR_INIT;
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x91\xc4\x01x", &err), FRAME_READY);
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x91\xc5\0\x01x", &err), FRAME_READY);
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x91\xc6\0\0\0\x01x", &err), FRAME_READY);
  ck_assert_int_eq(
      STATE(
          FRAME_LIMITS,
          "\x98\xcc\1\xcd\1\1\xce\1\1\1\1\xcf\1\1\1\1\1\1\1\1\xd0\1\xd1\1\1\xd2\1\1\1\1\xd3\1\1\1\1\1\1\1\1",
          &err),
      FRAME_READY);
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\xdc\0\1\xde\0\1\1\1", &err), FRAME_READY);
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\xdd\0\0\0\1\xdf\0\0\0\1\1\1", &err), FRAME_READY);
}
END_TEST

START_TEST(what_the_protocol_has_no_use_for_is_refused) {
  Err err = ERR_INIT;
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x91\xca\0\0\0\0", &err), FRAME_BAD);
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_ptr_nonnull(strstr(err.msg, "float"));
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x91\xd4\0\0", &err), FRAME_BAD);
  ck_assert_ptr_nonnull(strstr(err.msg, "extension"));
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x91\xc7\x01\0\0", &err), FRAME_BAD);
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x91\xc1", &err), FRAME_BAD);
  ck_assert_int_eq(STATE(FRAME_LIMITS, "GET / HTTP/1.1\r\n", &err), FRAME_BAD);
  ck_assert_ptr_nonnull(strstr(err.msg, "does not begin with an array"));
  ck_assert_int_eq(STATE(FRAME_LIMITS, "\x81\x01\x02", &err), FRAME_BAD);
}
END_TEST

START_TEST(limits_hold_exactly) {
  Err err = ERR_INIT;
  FrameLimits lim = {8, 3, 4};
  ck_assert_int_eq(STATE(lim, "\x91\xc4\5abcde", &err), FRAME_READY); // 8 bytes
  ck_assert_int_eq(STATE(lim, "\x91\xc4\6abcdef", &err), FRAME_BAD);
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert_int_eq(STATE(lim, "\x91\x91\x91\1", &err), FRAME_READY); // 3 deep
  ck_assert_int_eq(STATE(((FrameLimits){8, 3, 5}), "\x91\x91\x91\x91\1", &err), FRAME_BAD);
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert_ptr_nonnull(strstr(err.msg, "nests"));
  ck_assert_int_eq(STATE(lim, "\x93\1\1\1", &err), FRAME_READY); // 4 items
  ck_assert_int_eq(STATE(lim, "\x94\1\1\1\1", &err), FRAME_BAD);
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert_int_eq(STATE(lim, "\x91\x82\1\1\1\1", &err), FRAME_BAD); // keys count
}
END_TEST

START_TEST(announcements_allocate_nothing) {
  static const char *const GREEDY[] = {"\x91\xc6\xff\xff\xff\xff", "\x91\xdb\xff\xff\xff\xff",
                                       "\x91\xdd\xff\xff\xff\xff", "\x91\xdf\xff\xff\xff\xff",
                                       "\xdd\xff\xff\xff\xff"};
  for (size_t i = 0; i < 5; i++) {
    Err err = ERR_INIT;
    ck_assert_int_eq(state_of(FRAME_LIMITS, GREEDY[i], i == 4 ? 5 : 6, &err), FRAME_BAD);
    ck_assert_int_eq(err.code, ERR_LIMIT);
  }
  // Within the limit, but not here yet.
  FrameReader r = {.limits = FRAME_LIMITS};
  uint8_t *out;
  size_t len;
  Err err = ERR_INIT;
  feed(&r, "\x91\xc6\x00\xff\x00\x00", 6);
  ck_assert_int_eq(frame_next(&r, &out, &len, &err), FRAME_MORE);
  size_t room;
  frame_room(&r, &room);
  ck_assert_uint_lt(r.in.cap, 64 << 10);
  frame_free(&r);
}
END_TEST

// Each container is small enough alone; what all of them together owe is not.
START_TEST(nested_announcements_add_up) {
  FrameReader r = reader_of(1 << 20, 8, 100);
  Err err = ERR_INIT;
  uint8_t *out;
  size_t len;
  feed(&r, "\xdc\0\x32\xdc\0\x32", 6); // 50 and 50
  ck_assert_int_eq(frame_next(&r, &out, &len, &err), FRAME_BAD);
  ck_assert_int_eq(err.code, ERR_LIMIT);
  frame_free(&r);
}
END_TEST

START_TEST(a_bad_stream_stays_bad) {
  FrameReader r = {.limits = FRAME_LIMITS};
  uint8_t *out;
  size_t len;
  Err err = ERR_INIT;
  feed(&r, "\xc1\x90", 2);
  ck_assert_int_eq(frame_next(&r, &out, &len, &err), FRAME_BAD);
  feed(&r, "\x90", 1);
  ck_assert_int_eq(frame_next(&r, &out, &len, &err), FRAME_BAD);
  frame_free(&r);
  frame_free(&r);
}
END_TEST

START_TEST(a_big_frame_is_handed_over_and_the_rest_kept) {
  Buf all = {0};
  buf_put(&all, "\x91\xc6\x00\x0f\x00\x00", 6);
  memset(buf_extend(&all, 0xf0000), 'x', 0xf0000);
  buf_put(&all, "\x91\x05\x92\x01", 4);
  FrameReader r = {.limits = FRAME_LIMITS};
  uint8_t *out;
  size_t len;
  Err err = ERR_INIT;
  feed(&r, all.data, all.len);
  ck_assert_int_eq(frame_next(&r, &out, &len, &err), FRAME_READY);
  ck_assert_uint_eq(len, 0xf0006);
  ck_assert_mem_eq(out, all.data, len);
  mem_free(out);
  ck_assert_int_eq(frame_next(&r, &out, &len, &err), FRAME_READY);
  ck_assert_uint_eq(len, 2);
  mem_free(out);
  ck_assert_int_eq(frame_next(&r, &out, &len, &err), FRAME_MORE);
  ck_assert(frame_is_partial(&r));
  frame_free(&r);
  buf_free(&all);
}
END_TEST

SUITE_MAIN("proto/frame", frames_come_out_as_they_went_in, every_type_of_header_is_measured,
           what_the_protocol_has_no_use_for_is_refused, limits_hold_exactly, announcements_allocate_nothing,
           nested_announcements_add_up, a_bad_stream_stays_bad, a_big_frame_is_handed_over_and_the_rest_kept)
