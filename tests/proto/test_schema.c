#include "common/base/mem.h"
#include "tests/proto/sample.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <string.h>

// Decodes MessagePack bytes as a record of the schema.
static bool decode(const RpcSchema *s, const void *data, size_t n, bool strict, void *out, Arena *arena,
                   Err *err) {
  msgpack_unpacked u;
  msgpack_unpacked_init(&u);
  size_t off = 0;
  ck_assert_int_eq(msgpack_unpack_next(&u, data, n, &off), MSGPACK_UNPACK_SUCCESS);
  bool ok = rpc_decode(s, &u.data, strict, arena, out, err);
  msgpack_unpacked_destroy(&u);
  return ok;
}

#define SEND rpc_method(METHOD_SEND)->args
#define PS rpc_method(METHOD_PS)->args

// A decode that must fail with this code, and with this in `where`.
static void refused(const RpcSchema *s, const void *data, size_t n, ErrCode code, const char *where) {
  uint64_t record[64];
  Arena arena = {0};
  Err err = ERR_INIT;
  ck_assert_msg(!decode(s, data, n, true, record, &arena, &err), "accepted, at %s", where);
  ck_assert_msg(err.code == code, "%s: %s", err_code_name(err.code), err.msg);
  ck_assert_str_eq(err.where, where);
  ck_assert_str_ne(err.msg, "");
  arena_free(&arena);
}
#define REFUSED(s, bytes, code, where) refused(s, bytes, sizeof(bytes) - 1, code, where)

static void round_trip(uint64_t *rng, const RpcSchema *s) {
  uint64_t a[64], b[64];
  Arena arena = {0};
  Buf one = {0}, two = {0};
  Err err = ERR_INIT;
  ck_assert_uint_le(s->size, sizeof a);
  sample_record(rng, s, &arena, a);
  rpc_encode(&one, s, a);
  ck_assert_msg(decode(s, one.data, one.len, true, b, &arena, &err), "%s: %s", err.where, err.msg);
  rpc_encode(&two, s, b);
  ck_assert_uint_eq(one.len, two.len);
  ck_assert_mem_eq(one.data, two.data, one.len);
  buf_free(&one);
  buf_free(&two);
  arena_free(&arena);
}

START_TEST(every_record_survives_the_wire) {
  uint64_t rng = 7;
  for (int i = 0; i < 300; i++) {
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
      round_trip(&rng, rpc_method((RpcMethod)m)->args);
      round_trip(&rng, rpc_method((RpcMethod)m)->result);
    }
    for (unsigned n = 0; n < NOTE_COUNT; n++) round_trip(&rng, rpc_note((RpcNote)n)->args);
    round_trip(&rng, &RPC_ERROR_SCHEMA);
  }
}
END_TEST

START_TEST(absent_fields_get_their_defaults) {
  RpcPsArgs ps;
  RpcSendArgs send;
  Arena arena = {0};
  Err err = ERR_INIT;
  memset(&send, 0xff, sizeof send);
  ck_assert(decode(PS, "\x80", 1, true, &ps, &arena, &err));
  ck_assert_uint_eq(ps.count, RPC_PAGE_MAX);
  ck_assert_uint_eq(ps.after, 0);
  static const char SENT[] = "\x83\xa3"
                             "cog\xa1"
                             "c\xa5value\xc4\x00\xa2id\xc4\x10"
                             "0123456789abcdef";
  ck_assert_msg(decode(SEND, SENT, sizeof SENT - 1, true, &send, &arena, &err), "%s", err.msg);
  ck_assert_uint_eq(send.wait_ms, RPC_SEND_WAIT_MS);
  ck_assert_uint_eq(send.path.n, 0);
  ck_assert(rpc_text_is(send.cog.name, "c"));
  ck_assert_ptr_nonnull(send.value.p);
  ck_assert_mem_eq(send.id.bytes, "0123456789abcdef", 16);
  arena_free(&arena);
}
END_TEST

START_TEST(what_is_wrong_is_named) {
  REFUSED(PS, "\x90", ERR_USAGE, "ps");         // no map
  REFUSED(PS, "\x81\x01\x02", ERR_USAGE, "ps"); // key is no text
  REFUSED(PS,
          "\x81\xa5"
          "after\xa1x",
          ERR_USAGE, "ps.after"); // text for a nat
  REFUSED(PS,
          "\x81\xa5"
          "after\xff",
          ERR_USAGE, "ps.after"); // negative
  REFUSED(PS,
          "\x81\xa5"
          "count\xcd\x03\xe9",
          ERR_LIMIT, "ps.count"); // 1001
  REFUSED(PS,
          "\x82\xa5"
          "after\x01\xa5"
          "after\x01",
          ERR_USAGE, "ps.after"); // twice
  REFUSED(PS,
          "\x81\xa4"
          "nope\x01",
          ERR_USAGE, "ps");
  REFUSED(PS, "\x81\xa2\xff\xfe\x01", ERR_USAGE, "ps"); // an unknown name that is no text either
  REFUSED(SEND, "\x80", ERR_USAGE, "send");
  REFUSED(SEND,
          "\x81\xa3"
          "cog\xa0",
          ERR_USAGE, "send.cog");
  REFUSED(SEND,
          "\x81\xa3"
          "cog\xa2"
          "9a",
          ERR_USAGE, "send.cog");
  REFUSED(SEND,
          "\x81\xa3"
          "cog\xc3",
          ERR_USAGE, "send.cog");
  REFUSED(SEND,
          "\x81\xa5"
          "value\xa1x",
          ERR_USAGE, "send.value");
  REFUSED(SEND,
          "\x81\xa2"
          "id\xc4\x02xx",
          ERR_USAGE, "send.id");
  REFUSED(SEND,
          "\x81\xa4"
          "path\x01",
          ERR_USAGE, "send.path");
  REFUSED(SEND,
          "\x81\xa4"
          "path\x91\xc0",
          ERR_USAGE, "send.path");
  REFUSED(SEND,
          "\x81\xa4"
          "path\x91\xa1\xff",
          ERR_DATA, "send.path");
  REFUSED(SEND,
          "\x81\xa4"
          "path\xdc\x00\x41"
          "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
          "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1",
          ERR_LIMIT, "send.path"); // 65
  REFUSED(rpc_method(METHOD_TRACE)->args,
          "\x81\xa6"
          "follow\x01",
          ERR_USAGE, "trace.follow");
  REFUSED(rpc_method(METHOD_HELLO)->args,
          "\x81\xa6"
          "client\xa1\xff",
          ERR_DATA, "hello.client");
  REFUSED(rpc_method(METHOD_PS)->result,
          "\x81\xa4"
          "cogs\x91\x80",
          ERR_USAGE, "Cog");
}
END_TEST

START_TEST(clients_skip_what_they_do_not_know) {
  RpcPsArgs ps;
  Arena arena = {0};
  Err err = ERR_INIT;
  static const char MORE[] = "\x82\xa4"
                             "nope\x93\x01\x02\x03\xa5"
                             "after\x07";
  ck_assert(decode(PS, MORE, sizeof MORE - 1, false, &ps, &arena, &err));
  ck_assert_uint_eq(ps.after, 7);
  arena_free(&arena);
}
END_TEST

START_TEST(utf8_is_shortest_form_only) {
  static const struct {
    const char *text;
    bool ok;
  } CASES[] = {
      {"", true},
      {"abc", true},
      {"\xc2\x80", true},
      {"\xdf\xbf", true},
      {"\xe0\xa0\x80", true},
      {"\xed\x9f\xbf", true},
      {"\xee\x80\x80", true},
      {"\xf0\x90\x80\x80", true},
      {"\xf4\x8f\xbf\xbf", true},
      {"\x80", false},
      {"\xc0\x80", false},
      {"\xc1\xbf", false},
      {"\xe0\x9f\xbf", false},
      {"\xed\xa0\x80", false},
      {"\xf0\x8f\xbf\xbf", false},
      {"\xf4\x90\x80\x80", false},
      {"\xf5\x80\x80\x80", false},
      {"\xc2", false},
      {"\xe2\x82", false},
      {"\xf0\x9f\x8c", false},
      {"a\xffz", false},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
    ck_assert_msg(rpc_utf8_ok(CASES[i].text, strlen(CASES[i].text)) == CASES[i].ok, "case %zu", i);
}
END_TEST

START_TEST(names_never_look_like_ids) {
  ck_assert(rpc_cog_name_ok("counter", 7));
  ck_assert(rpc_cog_name_ok("_x-1.y", 6));
  static const char *const BAD[] = {"", "1", "1a", "-a", ".a", "A", "a b", "a/b", "\xc3\xa9", "a\n"};
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) ck_assert(!rpc_cog_name_ok(BAD[i], strlen(BAD[i])));
  char longest[RPC_NAME_MAX + 1];
  memset(longest, 'a', sizeof longest);
  ck_assert(rpc_cog_name_ok(longest, RPC_NAME_MAX));
  ck_assert(!rpc_cog_name_ok(longest, RPC_NAME_MAX + 1));
  ck_assert(!rpc_cog_name_ok("a\0b", 3));
}
END_TEST

SUITE_MAIN("proto/schema", every_record_survives_the_wire, absent_fields_get_their_defaults,
           what_is_wrong_is_named, clients_skip_what_they_do_not_know, utf8_is_shortest_form_only,
           names_never_look_like_ids)
