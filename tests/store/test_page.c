#include "common/base/mem.h"
#include "common/codec/page.h"
#include "tests/store/support.h"
#include "tests/suite.h"
#include <string.h>

static void parse_fails(const Buf *b, ErrCode code, const char *part) {
  PageView view;
  Err err = ERR_INIT;
  ck_assert(!page_parse(&view, b->data, b->len, &err));
  ck_assert_int_eq(err.code, code);
  ck_assert_msg(strstr(err.msg, part) != NULL, "'%s' does not say '%s'", err.msg, part);
}

START_TEST(round_trip) {
  PageId refs[3];
  uint64_t seed = 7;
  test_fill(&seed, refs, sizeof refs);
  for (size_t len = 0; len < 70; len++) {
    for (size_t n = 0; n <= 3; n++) {
      Buf b = {0};
      PageView view;
      Err err = ERR_INIT;
      make_page(&b, PAGE_VALUE, refs, n, len, len);
      ck_assert_msg(page_parse(&view, b.data, b.len, &err), "%s", err.msg);
      ck_assert_int_eq(view.kind, PAGE_VALUE);
      ck_assert_uint_eq(view.ref_count, n);
      ck_assert_mem_eq(view.refs, refs, n * PAGE_ID_LEN);
      ck_assert_uint_eq(view.body_len, len);
      ck_assert_uint_eq(view.objects, len);
      ck_assert_ptr_eq(view.body + len, b.data + b.len);
      buf_free(&b);
    }
  }
}
END_TEST

START_TEST(identity) {
  Buf b = {0};
  PageId id, want;
  Err err = ERR_INIT;
  make_page(&b, PAGE_BLOB, NULL, 0, 3, 1000);
  page_id(&id, b.data, b.len);
  blake3(want.b, b.data, b.len);
  ck_assert(page_id_equal(&id, &want));
  ck_assert(page_verify(&id, b.data, b.len, &err));
  b.data[500] ^= 1;
  ck_assert(!page_verify(&id, b.data, b.len, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_ptr_nonnull(strstr(err.msg, "damaged"));
  want.b[31] ^= 1;
  ck_assert_int_ne(page_id_compare(&id, &want), 0);
  buf_free(&b);
}
END_TEST

START_TEST(builder_limits) {
  Buf b = {0};
  Err err = ERR_INIT;
  uint8_t *big = mem_zalloc(PAGE_BLOB_MAX + 1);
  PageId ref = {{0}};
  ck_assert(page_build(&b, PAGE_VALUE, NULL, 0, 0, big, PAGE_BODY_MAX, &err));
  ck_assert(!page_build(&b, PAGE_VALUE, NULL, 0, 0, big, PAGE_BODY_MAX + 1, &err));
  ck_assert_int_eq(err.code, ERR_INTERNAL);
  ck_assert(page_build(&b, PAGE_BLOB, NULL, 0, 0, big, PAGE_BLOB_MAX, &err));
  ck_assert(!page_build(&b, PAGE_BLOB, NULL, 0, 0, big, PAGE_BLOB_MAX + 1, &err));
  ck_assert(!page_build(&b, PAGE_BLOB, &ref, 1, 0, big, 1, &err));
  ck_assert(!page_build(&b, PAGE_VALUE, &ref, PAGE_REFS_MAX + 1, 0, NULL, 0, &err));
  ck_assert(!page_build(&b, PAGE_KIND_COUNT, NULL, 0, 0, NULL, 0, &err));
  ck_assert(!page_build(&b, (PageKind)0, NULL, 0, 0, NULL, 0, &err));
  ck_assert_uint_eq(b.len, 2 * PAGE_HEADER_LEN + PAGE_BODY_MAX + PAGE_BLOB_MAX); // failures append nothing
  buf_free(&b);
  mem_free(big);
}
END_TEST

START_TEST(refusals) {
  Buf b = {0};
  const struct {
    size_t at;
    uint8_t value;
    ErrCode code;
    const char *part;
  } cases[] = {
      {0, 'X', ERR_DATA, "PLPG"},        {4, 9, ERR_CONFIG, "version 9"},
      {6, 0, ERR_CONFIG, "kind 0"},      {6, 77, ERR_CONFIG, "kind 77"},
      {7, 1, ERR_CONFIG, "compressed"},  {7, 0x82, ERR_CONFIG, "flags 0x82"},
      {8, 1, ERR_DATA, "header speaks"}, {11, 1, ERR_DATA, "references"},
      {12, 9, ERR_DATA, "reserved"},     {16, 9, ERR_DATA, "reserved"},
      {20, 1, ERR_DATA, "reserved"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    make_page(&b, PAGE_VALUE, NULL, 0, 1, 40);
    b.data[cases[i].at] = cases[i].value;
    parse_fails(&b, cases[i].code, cases[i].part);
  }
  make_page(&b, PAGE_VALUE, NULL, 0, 1, 40);
  b.data[15] = b.data[19] = 1; // a body of 16 MiB
  parse_fails(&b, ERR_DATA, "above the limit");
  b.len = PAGE_HEADER_LEN - 1;
  parse_fails(&b, ERR_DATA, "fewer than a header");
  b.len = 0;
  parse_fails(&b, ERR_DATA, "fewer than a header");
  make_page(&b, PAGE_BLOB, NULL, 0, 1, 40);
  b.data[8] = 1;
  parse_fails(&b, ERR_DATA, "references");
  make_page(&b, PAGE_VALUE, NULL, 0, 1, 40);
  b.len--;
  parse_fails(&b, ERR_DATA, "header speaks");
  buf_free(&b);
}
END_TEST

// A changed page is an error or another well-formed page, and the view stays inside the bytes.
START_TEST(mutations) {
  Buf b = {0};
  PageId refs[4] = {{{1}}, {{2}}, {{3}}, {{4}}};
  uint64_t rng = 42;
  size_t accepted = 0, rounds = test_scale(20000);
  for (size_t i = 0; i < rounds; i++) {
    make_page(&b, PAGE_VALUE, refs, i % 5, i, 30);
    PageId id;
    page_id(&id, b.data, b.len);
    size_t flips = 1 + test_random(&rng) % 3, len = b.len;
    uint8_t before[PAGE_HEADER_LEN + sizeof refs + 30];
    memcpy(before, b.data, len);
    for (size_t k = 0; k < flips; k++)
      b.data[test_random(&rng) % len] ^= (uint8_t)(1u << test_random(&rng) % 8);
    if (test_random(&rng) % 4 == 0) len = test_random(&rng) % (len + 1);
    uint8_t *exact = mem_dup(b.data, len); // so that a sanitizer sees a read past the end
    PageView view;
    Err err = ERR_INIT;
    bool same = len == b.len && memcmp(before, exact, len) == 0;
    ck_assert_int_eq(page_verify(&id, exact, len, NULL), same);
    if (page_parse(&view, exact, len, &err)) {
      accepted++;
      ck_assert(view.body + view.body_len == exact + len);
      uint64_t sum = 0;
      for (size_t k = 0; k < view.ref_count; k++) sum += view.refs[k].b[31];
      for (size_t k = 0; k < view.body_len; k++) sum += view.body[k];
      ck_assert(sum <= 255 * len);
    } else {
      ck_assert_int_ne(err.code, ERR_NONE);
    }
    mem_free(exact);
  }
  ck_assert(accepted > 0 && accepted < rounds);
  buf_free(&b);
}
END_TEST

SUITE_MAIN("store/page", round_trip, identity, builder_limits, refusals, mutations)
