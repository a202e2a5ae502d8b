#include "proto/rpc.h"
#include "common/base/mem.h"
#include <assert.h>
#include <string.h>

static bool bad(Err *err, const char *why) {
  return err_set(err, ERR_DATA, "this is not a MessagePack-RPC message: %s", why);
}

static bool take_id(const msgpack_object *o, uint32_t *id, Err *err) {
  if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER || o->via.u64 > UINT32_MAX)
    return bad(err, "the request id is not a number below 2^32");
  *id = (uint32_t)o->via.u64;
  return true;
}

static bool take_method(const msgpack_object *o, RpcText *method, Err *err) {
  if (o->type != MSGPACK_OBJECT_STR) return bad(err, "the method is not a text");
  *method = (RpcText){o->via.str.ptr, o->via.str.size};
  return true;
}

static bool take_response(RpcMessage *m, const msgpack_object *a, Err *err) {
  bool ok = a[2].type == MSGPACK_OBJECT_NIL;
  if (!ok && a[3].type != MSGPACK_OBJECT_NIL) return bad(err, "a response has both an error and a result");
  m->failed = !ok;
  m->params = ok ? a[3] : a[2];
  return take_id(&a[1], &m->id, err);
}

static bool take(RpcMessage *m, const msgpack_object *o, Err *err) {
  if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 3)
    return bad(err, "it is not an array of 3 or 4");
  const msgpack_object *a = o->via.array.ptr;
  uint32_t n = o->via.array.size;
  if (a[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER || a[0].via.u64 > RPC_NOTIFY ||
      n != (a[0].via.u64 == 2 ? 3 : 4))
    return bad(err, "its type is not 0 or 1 with four elements, or 2 with three");
  m->type = (RpcType)a[0].via.u64;
  if (m->type == RPC_RESPONSE) return take_response(m, a, err);
  m->params = a[n - 1];
  if (!take_method(&a[n - 2], &m->method, err)) return false;
  return m->type == RPC_NOTIFY || take_id(&a[1], &m->id, err);
}

bool rpc_parse(RpcMessage *m, const uint8_t *data, size_t len, Err *err) {
  memset(m, 0, sizeof *m);
  if (!msgpack_zone_init(&m->zone, 2048)) mem_exhausted(2048);
  msgpack_object o;
  size_t off = 0;
  msgpack_unpack_return r = msgpack_unpack((const char *)data, len, &off, &m->zone, &o);
  if (r == MSGPACK_UNPACK_NOMEM_ERROR) mem_exhausted(len);
  bool ok = (r == MSGPACK_UNPACK_SUCCESS && off == len) ? take(m, &o, err) : bad(err, "it does not decode");
  if (!ok) rpc_message_free(m);
  return ok;
}

void rpc_message_free(RpcMessage *m) {
  if (m->zone.chunk_list.head) msgpack_zone_destroy(&m->zone);
  memset(m, 0, sizeof *m);
}

// --- errors ----------------------------------------------------------------------------------------
static ErrCode code_of(RpcText name) {
  for (unsigned i = 1; i < ERR_CODE_COUNT; i++)
    if (rpc_text_is(name, err_code_name((ErrCode)i))) return (ErrCode)i;
  return ERR_INTERNAL;
}

void rpc_response_error(const RpcMessage *m, Err *out) {
  Arena arena = {0};
  RpcError e;
  Err why = ERR_INIT;
  if (rpc_decode(&RPC_ERROR_SCHEMA, &m->params, false, &arena, &e, &why)) {
    err_set(out, code_of(e.code), "%.*s", (int)(e.message.n < 4096 ? e.message.n : 4096), e.message.p);
    if (e.where.n) err_at(out, "%.*s", (int)(e.where.n < 1024 ? e.where.n : 1024), e.where.p);
  } else {
    err_set(out, ERR_DATA, "palld sent an error that cannot be read (%s)", why.msg);
  }
  arena_free(&arena);
}

// A message may quote bytes of an input; on the wire text is UTF-8.
static RpcText wire_text(const char *s, char *scratch, size_t size) {
  size_t n = strnlen(s, size - 1);
  if (rpc_utf8_ok(s, n)) return (RpcText){s, n};
  for (size_t i = 0; i < n; i++) scratch[i] = (s[i] & 0x80) ? '?' : s[i];
  return (RpcText){scratch, n};
}

// --- encoding --------------------------------------------------------------------------------------
static void put_str(msgpack_packer *pk, const char *s) {
  size_t n = strlen(s);
  msgpack_pack_str(pk, n);
  msgpack_pack_str_body(pk, s, n);
}

void rpc_put_request(Buf *out, uint32_t id, RpcMethod method, const void *args) {
  const RpcMethodInfo *m = rpc_method(method);
  assert(m);
  msgpack_packer pk;
  rpc_packer(&pk, out);
  msgpack_pack_array(&pk, 4);
  msgpack_pack_uint8(&pk, RPC_REQUEST);
  msgpack_pack_uint32(&pk, id);
  put_str(&pk, m->name);
  rpc_encode(out, m->args, args);
}

static void put_response(Buf *out, uint32_t id) {
  msgpack_packer pk;
  rpc_packer(&pk, out);
  msgpack_pack_array(&pk, 4);
  msgpack_pack_uint8(&pk, RPC_RESPONSE);
  msgpack_pack_uint32(&pk, id);
}

void rpc_put_result(Buf *out, uint32_t id, RpcMethod method, const void *result) {
  const RpcMethodInfo *m = rpc_method(method);
  assert(m);
  put_response(out, id);
  buf_u8(out, 0xc0);
  rpc_encode(out, m->result, result);
}

void rpc_put_error(Buf *out, uint32_t id, const Err *err) {
  char msg[sizeof err->msg], where[sizeof err->where];
  RpcError e = {.code = rpc_text(err_code_name(err->code ? err->code : ERR_INTERNAL)),
                .message = wire_text(err->msg, msg, sizeof msg)};
  if (err->where[0]) e.where = wire_text(err->where, where, sizeof where);
  put_response(out, id);
  rpc_encode(out, &RPC_ERROR_SCHEMA, &e);
  buf_u8(out, 0xc0);
}

void rpc_put_note(Buf *out, RpcNote note, const void *args) {
  const RpcNoteInfo *n = rpc_note(note);
  assert(n);
  msgpack_packer pk;
  rpc_packer(&pk, out);
  msgpack_pack_array(&pk, 3);
  msgpack_pack_uint8(&pk, RPC_NOTIFY);
  put_str(&pk, n->name);
  rpc_encode(out, n->args, args);
}
