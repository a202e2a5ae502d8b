#include "common/base/err.h"
#include "tests/suite.h"
#include <errno.h>
#include <string.h>

START_TEST(set_returns_false_and_clears_where) {
  Err err = ERR_INIT;
  ck_assert(!err_set(&err, ERR_DATA, "bad %s %d", "page", 7));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_str_eq(err.msg, "bad page 7");
  err_at(&err, "file:%d", 3);
  ck_assert_str_eq(err.where, "file:3");
  err_set(&err, ERR_IO, "again");
  ck_assert_str_eq(err.where, "");
}
END_TEST

START_TEST(null_is_accepted) {
  ck_assert(!err_set(NULL, ERR_DATA, "x"));
  ck_assert(!err_sys(NULL, ERR_DATA, EIO, "x"));
  ck_assert(!err_at(NULL, "x"));
  ck_assert(!err_wrap(NULL, "x"));
}
END_TEST

START_TEST(innermost_where_stays) {
  Err err = ERR_INIT;
  err_set(&err, ERR_DATA, "x");
  ck_assert(!err_at(&err, "inner"));
  ck_assert(!err_at(&err, "outer"));
  ck_assert_str_eq(err.where, "inner");
}
END_TEST

START_TEST(sys_appends_the_reason) {
  Err err = ERR_INIT;
  ck_assert(!err_sys(&err, ERR_IO, ENOSPC, "cannot write %s", "log"));
  ck_assert_str_eq(err.msg, "cannot write log: No space left on device");
}
END_TEST

START_TEST(wrap_puts_context_before) {
  Err err = ERR_INIT;
  err_set(&err, ERR_DATA, "odd length");
  err_at(&err, "here");
  ck_assert(!err_wrap(&err, "page %d", 4));
  ck_assert_str_eq(err.msg, "page 4: odd length");
  ck_assert_str_eq(err.where, "here");
  ck_assert_int_eq(err.code, ERR_DATA);
}
END_TEST

START_TEST(arguments_may_be_the_old_message) {
  Err err = ERR_INIT;
  err_set(&err, ERR_DATA, "first");
  err_set(&err, ERR_LIMIT, "%s, then second", err.msg);
  ck_assert_str_eq(err.msg, "first, then second");
  err_sys(&err, ERR_IO, EIO, "%s", err.msg);
  ck_assert_str_eq(err.msg, "first, then second: Input/output error");
}
END_TEST

static void check_cut(const char *text, size_t size) {
  size_t len = strlen(text);
  ck_assert_uint_lt(len, size);
  ck_assert_uint_gt(len, size - 8);
  ck_assert_str_eq(text + len - 3, "...");
}

START_TEST(long_texts_are_cut) {
  char text[sizeof((Err *)0)->msg + 100];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = 0;
  Err err = ERR_INIT;
  err_set(&err, ERR_DATA, "%s", text);
  check_cut(err.msg, sizeof err.msg);
  err_at(&err, "%s", text);
  check_cut(err.where, sizeof err.where);
  err_sys(&err, ERR_DATA, EIO, "%s", text);
  check_cut(err.msg, sizeof err.msg);
  err_set(&err, ERR_DATA, "short");
  err_wrap(&err, "%.*s", (int)sizeof err.msg - 4, text);
  check_cut(err.msg, sizeof err.msg);
}
END_TEST

// Whatever byte the cut falls on, no sequence is left incomplete.
START_TEST(cut_respects_utf8) {
  for (size_t shift = 0; shift < 4; shift++) {
    char text[sizeof((Err *)0)->msg + 100] = {0};
    memset(text, 'a', shift);
    while (strlen(text) < sizeof text - 5) strcat(text, "\xf0\x9f\x8c\xb0");
    Err err = ERR_INIT;
    err_set(&err, ERR_DATA, "%s", text);
    size_t len = strlen(err.msg);
    ck_assert_str_eq(err.msg + len - 3, "...");
    ck_assert_uint_eq((len - 3 - shift) % 4, 0);
  }
}
END_TEST

START_TEST(exact_fit_is_not_cut) {
  char text[sizeof((Err *)0)->msg];
  memset(text, 'b', sizeof text - 1);
  text[sizeof text - 1] = 0;
  Err err = ERR_INIT;
  err_set(&err, ERR_DATA, "%s", text);
  ck_assert_str_eq(err.msg, text);
}
END_TEST

START_TEST(codes_have_names_and_statuses) {
  for (int i = 0; i < ERR_CODE_COUNT; i++) {
    ck_assert_ptr_nonnull(err_code_name((ErrCode)i));
    ck_assert(i == ERR_NONE || err_exit_status((ErrCode)i) != 0);
    for (int j = 0; j < i; j++) ck_assert_str_ne(err_code_name((ErrCode)i), err_code_name((ErrCode)j));
  }
  ck_assert_str_eq(err_code_name(ERR_NOT_FOUND), "not-found");
  ck_assert_int_eq(err_exit_status(ERR_NONE), 0);
  ck_assert_int_eq(err_exit_status(ERR_NO), 1);
  ck_assert_int_eq(err_exit_status(ERR_USAGE), 2);
  ck_assert_int_eq(err_exit_status(ERR_NOT_FOUND), 66);
  ck_assert_str_eq(err_code_name((ErrCode)999), "internal");
  ck_assert_int_eq(err_exit_status((ErrCode)-1), 70);
}
END_TEST

SUITE_MAIN("err", set_returns_false_and_clears_where, null_is_accepted, innermost_where_stays,
           sys_appends_the_reason, wrap_puts_context_before, arguments_may_be_the_old_message,
           long_texts_are_cut, cut_respects_utf8, exact_fit_is_not_cut, codes_have_names_and_statuses)
