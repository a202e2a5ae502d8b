// Valid messages, changed: by bytes, and by structure (a part replaced, dropped, doubled, retyped, so that
// lengths and counts fit again). What comes out is an error, or a message that encodes to an equal one.
#include "common/base/mem.h"
#include "tests/proto/sample.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <stdio.h>
#include <string.h>

static uint64_t below(uint64_t *rng, uint64_t n) { return test_random(rng) % n; }

// --- mutation by bytes -----------------------------------------------------------------------------
static void mutate_bytes(uint64_t *rng, Buf *b) {
  static const uint8_t HEADERS[] = {0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xc0, 0xc1, 0xc4,
                                    0xc6, 0xca, 0xcf, 0xd3, 0xd9, 0xdd, 0xdf};
  size_t head = b->len < 64 ? b->len : 64;
  for (uint64_t n = 1 + below(rng, 3); n && b->len; n--) {
    size_t at = below(rng, below(rng, 4) && head < b->len ? head : b->len);
    switch (below(rng, 5)) {
    case 0: b->data[at] ^= (uint8_t)(1u << below(rng, 8)); break;
    case 1: b->data[at] = HEADERS[below(rng, sizeof HEADERS)]; break;
    case 2: b->len = at; break;
    case 3:
      memmove(b->data + at, b->data + at + 1, b->len - at - 1);
      b->len--;
      break;
    default:
      buf_u8(b, 0);
      memmove(b->data + at + 1, b->data + at, b->len - 1 - at);
      b->data[at] = (uint8_t)test_random(rng);
    }
    head = b->len < head ? b->len : head;
  }
}

// --- mutation by structure -------------------------------------------------------------------------
static void put_any(uint64_t *rng, msgpack_packer *pk) {
  switch (below(rng, 8)) {
  case 0: msgpack_pack_nil(pk); break;
  case 1: msgpack_pack_true(pk); break;
  case 2: msgpack_pack_uint64(pk, test_random(rng) >> below(rng, 64)); break;
  case 3: msgpack_pack_int64(pk, -(int64_t)(test_random(rng) >> 1)); break;
  case 4:
    msgpack_pack_str(pk, 2), msgpack_pack_str_body(pk,
                                                   "\xff"
                                                   "x",
                                                   2);
    break;
  case 5: msgpack_pack_bin(pk, 16), msgpack_pack_bin_body(pk, "0123456789abcdef", 16); break;
  case 6: msgpack_pack_array(pk, 0); break;
  default: msgpack_pack_map(pk, 0);
  }
}

// Copies an object, changing about one part in `odds`. Messages nest four deep.
static void put_mutated(uint64_t *rng, msgpack_packer *pk, const msgpack_object *o, unsigned odds) {
  if (below(rng, odds) == 0) return put_any(rng, pk);
  if (o->type == MSGPACK_OBJECT_ARRAY) {
    uint32_t n = o->via.array.size, drop = below(rng, odds) ? n : (uint32_t)below(rng, n + 1);
    msgpack_pack_array(pk, n - (drop < n));
    for (uint32_t i = 0; i < n; i++)
      if (i != drop) put_mutated(rng, pk, &o->via.array.ptr[i], odds);
  } else if (o->type == MSGPACK_OBJECT_MAP) {
    uint32_t n = o->via.map.size, twice = below(rng, odds) ? n : (uint32_t)below(rng, n + 1);
    msgpack_pack_map(pk, n + (twice < n));
    for (uint32_t i = 0; i < n; i++)
      for (int k = 0; k <= (i == twice); k++) {
        put_mutated(rng, pk, &o->via.map.ptr[i].key, 2 * odds);
        put_mutated(rng, pk, &o->via.map.ptr[i].val, odds);
      }
  } else {
    msgpack_pack_object(pk, *o);
  }
}

static void mutate_structure(uint64_t *rng, Buf *b) {
  msgpack_unpacked u;
  msgpack_unpacked_init(&u);
  size_t off = 0;
  ck_assert_int_eq(msgpack_unpack_next(&u, (const char *)b->data, b->len, &off), MSGPACK_UNPACK_SUCCESS);
  Buf out = {0};
  msgpack_packer pk;
  rpc_packer(&pk, &out);
  put_mutated(rng, &pk, &u.data, 8 + (unsigned)below(rng, 24));
  msgpack_unpacked_destroy(&u);
  buf_free(b);
  *b = out;
}

// --- reading ---------------------------------------------------------------------------------------
typedef struct Counts {
  size_t frames_bad, incomplete, messages_bad, params_bad, accepted;
} Counts;

static const RpcSchema *schema_of(const RpcMessage *m, uint64_t which) {
  RpcMethod method;
  RpcNote note;
  if (m->type == RPC_REQUEST) return rpc_method_find(m->method, &method) ? rpc_method(method)->args : NULL;
  if (m->type == RPC_NOTIFY) return rpc_note_find(m->method, &note) ? rpc_note(note)->args : NULL;
  return m->failed ? &RPC_ERROR_SCHEMA : rpc_method((RpcMethod)(which % METHOD_COUNT))->result;
}

// Encoding what was understood and reading that again must give the same encoding.
static void encode_again(const RpcSchema *s, const void *record) {
  Buf one = {0}, two = {0};
  Arena arena = {0};
  uint64_t again[64];
  Err err = ERR_INIT;
  rpc_encode(&one, s, record);
  msgpack_unpacked u;
  msgpack_unpacked_init(&u);
  size_t off = 0;
  ck_assert_int_eq(msgpack_unpack_next(&u, (const char *)one.data, one.len, &off), MSGPACK_UNPACK_SUCCESS);
  ck_assert_uint_eq(off, one.len);
  ck_assert_msg(rpc_decode(s, &u.data, true, &arena, again, &err), "%s: %s", err.where, err.msg);
  rpc_encode(&two, s, again);
  ck_assert_uint_eq(one.len, two.len);
  ck_assert_mem_eq(one.data, two.data, one.len);
  msgpack_unpacked_destroy(&u);
  arena_free(&arena);
  buf_free(&one);
  buf_free(&two);
}

static void read_message(uint64_t *rng, const uint8_t *frame, size_t len, Counts *c) {
  RpcMessage m;
  Err err = ERR_INIT;
  if (!rpc_parse(&m, frame, len, &err)) {
    ck_assert_int_eq(err.code, ERR_DATA);
    c->messages_bad++;
    return;
  }
  Arena arena = {0};
  uint64_t record[64];
  const RpcSchema *s = schema_of(&m, test_random(rng));
  bool ok = s && rpc_decode(s, &m.params, below(rng, 2), &arena, record, &err);
  ck_assert(ok || !s || (err.code != ERR_NONE && err.code != ERR_INTERNAL && err.msg[0]));
  if (ok) encode_again(s, record);
  if (m.failed) rpc_response_error(&m, &err);
  *(ok ? &c->accepted : &c->params_bad) += 1;
  arena_free(&arena);
  rpc_message_free(&m);
}

static void read_stream(uint64_t *rng, const Buf *b, Counts *c) {
  FrameReader r = {.limits = FRAME_LIMITS};
  FrameState s = FRAME_MORE;
  for (size_t fed = 0; fed < b->len && s != FRAME_BAD;) {
    size_t room, k = 1 + below(rng, 3000);
    uint8_t *to = frame_room(&r, &room);
    if (k > room) k = room;
    if (k > b->len - fed) k = b->len - fed;
    memcpy(to, b->data + fed, k);
    frame_received(&r, k);
    fed += k;
    uint8_t *frame;
    size_t len;
    Err err = ERR_INIT;
    while ((s = frame_next(&r, &frame, &len, &err)) == FRAME_READY) {
      read_message(rng, frame, len, c);
      mem_free(frame);
    }
    ck_assert(s != FRAME_BAD || err.code == ERR_DATA || err.code == ERR_LIMIT);
  }
  c->frames_bad += s == FRAME_BAD;
  c->incomplete += s == FRAME_MORE && frame_is_partial(&r);
  frame_free(&r);
}

START_TEST(mutated_messages_are_errors_or_messages) {
  uint64_t rng = 20240611;
  Counts c = {0};
  size_t rounds = test_scale(100000);
  for (size_t i = 0; i < rounds; i++) {
    Buf b = {0};
    sample_message(&rng, &b);
    if (i % 2)
      mutate_structure(&rng, &b);
    else
      mutate_bytes(&rng, &b);
    read_stream(&rng, &b, &c);
    buf_free(&b);
  }
  printf(
      "%zu mutated messages: %zu no frame, %zu incomplete, %zu no message, %zu wrong fields, %zu accepted\n",
      rounds, c.frames_bad, c.incomplete, c.messages_bad, c.params_bad, c.accepted);
  // Each way to end was met often, or the mutations are not what they should be.
  ck_assert_uint_gt(c.frames_bad, rounds / 100);
  ck_assert_uint_gt(c.incomplete, rounds / 100);
  ck_assert_uint_gt(c.messages_bad, rounds / 100);
  ck_assert_uint_gt(c.params_bad, rounds / 100);
  ck_assert_uint_gt(c.accepted, rounds / 100);
}
END_TEST

SUITE_MAIN("proto/mutation", mutated_messages_are_errors_or_messages)
