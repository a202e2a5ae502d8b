#include "common/base/buf.h"
#include "common/base/mem.h"
#include "tests/suite.h"
#include <string.h>

START_TEST(an_empty_buffer_is_valid) {
  Buf b = {0};
  buf_put(&b, NULL, 0);
  ck_assert_uint_eq(b.len, 0);
  ck_assert_str_eq(buf_cstr(&b), "");
  buf_free(&b);
  ck_assert_ptr_null(b.data);
  buf_free(&b);
  size_t len = 9;
  uint8_t *data = buf_take(&b, &len);
  ck_assert_ptr_nonnull(data);
  ck_assert_uint_eq(len, 0);
  mem_free(data);
}
END_TEST

START_TEST(what_is_written_is_read) {
  Buf b = {0};
  buf_u8(&b, 0xfe);
  buf_le32(&b, 0x01020304);
  buf_le64(&b, 0x1122334455667788);
  buf_put(&b, "abc", 3);
  ck_assert_int_eq(b.data[1], 4);
  Reader r = reader(b.data, b.len);
  ck_assert_uint_eq(read_u8(&r), 0xfe);
  ck_assert_uint_eq(read_le32(&r), 0x01020304);
  ck_assert_uint_eq(read_le64(&r), 0x1122334455667788);
  ck_assert(!memcmp(read_bytes(&r, 3), "abc", 3));
  ck_assert_uint_eq(reader_left(&r), 0);
  ck_assert(!r.bad);
  buf_free(&b);
}
END_TEST

START_TEST(text) {
  Buf b = {0};
  for (int i = 0; i < 500; i++) buf_printf(&b, "%d,", i);
  buf_str(&b, "end");
  ck_assert_uint_eq(strlen(buf_cstr(&b)), b.len);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&b), "498,499,end"));
  size_t len;
  char *taken = (char *)buf_take(&b, &len);
  ck_assert(!memcmp(taken, "0,1,2,", 6));
  ck_assert_uint_eq(b.cap, 0);
  mem_free(taken);
  buf_printf(&b, "%s", "");
  ck_assert_uint_eq(b.len, 0);
  buf_free(&b);
}
END_TEST

START_TEST(clear_keeps_the_memory) {
  Buf b = {0};
  memset(buf_extend(&b, 100), 1, 100);
  uint8_t *data = b.data;
  buf_clear(&b);
  buf_u8(&b, 5);
  ck_assert_ptr_eq(b.data, data);
  ck_assert_uint_eq(b.len, 1);
  buf_free(&b);
}
END_TEST

START_TEST(varints_round_trip_in_the_shortest_form) {
  for (unsigned bits = 0; bits <= 64; bits++) {
    for (int below = 0; below < 2; below++) {
      uint64_t x = (bits == 64 ? 0 : (uint64_t)1 << bits) - (uint64_t)below;
      Buf b = {0};
      buf_varint(&b, x);
      size_t digits = x ? (64 - (size_t)__builtin_clzll(x) + 6) / 7 : 1;
      ck_assert_uint_eq(b.len, digits);
      Reader r = reader(b.data, b.len);
      ck_assert(read_varint(&r) == x && !r.bad && !reader_left(&r));
      // Any cut is noticed.
      for (size_t n = 0; n < b.len; n++) {
        Reader cut = reader(b.data, n);
        ck_assert(read_varint(&cut) == 0 && cut.bad);
      }
      buf_free(&b);
    }
  }
}
END_TEST

static bool varint_refused(const char *bytes, size_t len) {
  Reader r = reader(bytes, len);
  uint64_t x = read_varint(&r);
  return x == 0 && r.bad && reader_left(&r) == 0;
}

START_TEST(hostile_varints_are_refused) {
  ck_assert(varint_refused("\x80\x00", 2));
  ck_assert(varint_refused("\xff\x80\x00", 3));
  ck_assert(varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  ck_assert(varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11));
  ck_assert(varint_refused("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12));
  ck_assert(!varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10));
}
END_TEST

START_TEST(reads_past_the_end_yield_zeros_for_good) {
  const uint8_t data[12] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
  for (size_t n = 0; n < 4; n++) {
    Reader r = reader(data, n);
    ck_assert_uint_eq(read_le32(&r), 0);
    ck_assert(r.bad);
    ck_assert_uint_eq(read_u8(&r), 0);
    ck_assert_ptr_null(read_bytes(&r, 0));
  }
  Reader r = reader(data, 7);
  ck_assert_uint_eq(read_le64(&r), 0);
  ck_assert(r.bad);
  r = reader(data, 12);
  ck_assert_ptr_null(read_bytes(&r, SIZE_MAX));
  ck_assert(r.bad);
  ck_assert_uint_eq(reader_left(&r), 0);
}
END_TEST

START_TEST(an_empty_reader) {
  Reader r = reader(NULL, 0);
  ck_assert_uint_eq(reader_left(&r), 0);
  ck_assert_uint_eq(read_u8(&r), 0);
  ck_assert(r.bad);
}
END_TEST

START_TEST(words_at_any_alignment) {
  uint8_t data[16] = {0};
  for (int at = 0; at < 8; at++) {
    le64_put(data + at, 0x0102030405060708);
    ck_assert_uint_eq(le64_at(data + at), 0x0102030405060708);
    ck_assert_int_eq(data[at], 8);
    le32_put(data + at, 0xa0b0c0d0);
    ck_assert_uint_eq(le32_at(data + at), 0xa0b0c0d0);
  }
}
END_TEST

SUITE_MAIN("buf", an_empty_buffer_is_valid, what_is_written_is_read, text, clear_keeps_the_memory,
           varints_round_trip_in_the_shortest_form, hostile_varints_are_refused,
           reads_past_the_end_yield_zeros_for_good, an_empty_reader, words_at_any_alignment)
