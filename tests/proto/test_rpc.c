#include "proto/rpc.h"
#include "tests/suite.h"
#include <string.h>

static bool parse(RpcMessage *m, const void *data, size_t n, Err *err) { return rpc_parse(m, data, n, err); }

START_TEST(requests_and_notifications) {
  Buf b = {0};
  RpcMessage m;
  Err err = ERR_INIT;
  RpcPsArgs ps = {.after = 3, .count = 4};
  rpc_put_request(&b, 4294967295u, METHOD_PS, &ps);
  ck_assert(parse(&m, b.data, b.len, &err));
  ck_assert_int_eq(m.type, RPC_REQUEST);
  ck_assert_uint_eq(m.id, 4294967295u);
  ck_assert(rpc_text_is(m.method, "ps"));
  rpc_message_free(&m);
  buf_clear(&b);
  RpcCancel c = {.request = 9};
  rpc_put_note(&b, NOTE_CANCEL, &c);
  ck_assert(parse(&m, b.data, b.len, &err));
  ck_assert_int_eq(m.type, RPC_NOTIFY);
  ck_assert(rpc_text_is(m.method, "cancel"));
  rpc_message_free(&m);
  rpc_message_free(&m);
  buf_free(&b);
}
END_TEST

START_TEST(errors_travel_whole) {
  Buf b = {0};
  RpcMessage m;
  for (unsigned code = 1; code < ERR_CODE_COUNT; code++) {
    Err sent = ERR_INIT, got = ERR_INIT;
    err_set(&sent, (ErrCode)code, "what: %u", code);
    if (code % 2) err_at(&sent, "send.path");
    buf_clear(&b);
    rpc_put_error(&b, code, &sent);
    ck_assert(parse(&m, b.data, b.len, &got));
    ck_assert(m.failed);
    ck_assert_uint_eq(m.id, code);
    rpc_response_error(&m, &got);
    ck_assert_int_eq(got.code, sent.code);
    ck_assert_str_eq(got.msg, sent.msg);
    ck_assert_str_eq(got.where, sent.where);
    rpc_message_free(&m);
  }
  buf_free(&b);
}
END_TEST

START_TEST(an_error_is_text_whatever_it_quotes) {
  Buf b = {0};
  RpcMessage m;
  Err sent = ERR_INIT, got = ERR_INIT;
  err_set(&sent, ERR_DATA, "bad byte \xff here");
  rpc_put_error(&b, 1, &sent);
  ck_assert(parse(&m, b.data, b.len, &got));
  rpc_response_error(&m, &got);
  ck_assert_str_eq(got.msg, "bad byte ? here");
  rpc_message_free(&m);
  buf_free(&b);
}
END_TEST

START_TEST(strange_errors_are_errors_still) {
  RpcMessage m;
  Err err = ERR_INIT;
  static const char UNKNOWN[] = "\x94\x01\x05\x82\xa4"
                                "code\xa3new\xa7message\xa1m\xc0";
  ck_assert(parse(&m, UNKNOWN, sizeof UNKNOWN - 1, &err));
  rpc_response_error(&m, &err);
  ck_assert_int_eq(err.code, ERR_INTERNAL);
  ck_assert_str_eq(err.msg, "m");
  rpc_message_free(&m);
  static const char NO_MAP[] = "\x94\x01\x05\xa3"
                               "err\xc0";
  ck_assert(parse(&m, NO_MAP, sizeof NO_MAP - 1, &err));
  rpc_response_error(&m, &err);
  ck_assert_int_eq(err.code, ERR_DATA);
  rpc_message_free(&m);
}
END_TEST

START_TEST(other_shapes_are_refused) {
#define CASE(bytes)                                                                                          \
  { bytes, sizeof(bytes) - 1 }
  static const struct {
    const char *data;
    size_t n;
  } BAD[] = {
      CASE(""),
      CASE("\x80"),
      CASE("\x90"),
      CASE("\x93\x00\x01\xa1x"),                     // a request of three
      CASE("\x95\x00\x01\xa1x\x80\x80"),             // of five
      CASE("\x94\x02\xa1x\x80\x80"),                 // a notification of four
      CASE("\x94\x03\x01\xa1x\x80"),                 // type 3
      CASE("\x94\xa1\x30\x01\xa1x\x80"),             // type is text
      CASE("\x94\x00\xff\xa1x\x80"),                 // negative id
      CASE("\x94\x00\xcf\0\0\0\1\0\0\0\0\xa1x\x80"), // id 2^32
      CASE("\x94\x00\xa1x\xa1x\x80"),                // id is text
      CASE("\x94\x00\x01\x05\x80"),                  // method is a number
      CASE("\x94\x01\x01\x80\x80"),                  // error and result
      CASE("\x94\x01\xc0\x80\xc0"),                  // id is nil
      CASE("\x94\x00\x01\xa1x\x80\xc0"),             // bytes behind
      CASE("\x94\x00\x01\xa1x"),                     // cut
  };
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    RpcMessage m;
    Err err = ERR_INIT;
    ck_assert_msg(!parse(&m, BAD[i].data, BAD[i].n, &err), "case %zu", i);
    ck_assert_int_eq(err.code, ERR_DATA);
  }
}
END_TEST

SUITE_MAIN("proto/rpc", requests_and_notifications, errors_travel_whole, an_error_is_text_whatever_it_quotes,
           strange_errors_are_errors_still, other_shapes_are_refused)
