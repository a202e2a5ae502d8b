#include "proto/schema.h"
#include "common/base/mem.h"
#include <assert.h>
#include <inttypes.h>
#include <string.h>

// --- texts -----------------------------------------------------------------------------------------
char *rpc_text_dup(RpcText t) {
  if (!t.p) return NULL;
  char *s = mem_alloc(mem_add(t.n, 1));
  memcpy(s, t.p, t.n);
  s[t.n] = 0;
  return s;
}

// Length of the sequence that a lead byte opens, and the smallest code point it may stand for.
static unsigned utf8_lead(uint8_t b, uint32_t *low) {
  if (b < 0x80) return *low = 0, 1;
  if (b >= 0xc2 && b <= 0xdf) return *low = 0x80, 2;
  if (b >= 0xe0 && b <= 0xef) return *low = 0x800, 3;
  if (b >= 0xf0 && b <= 0xf4) return *low = 0x10000, 4;
  return 0;
}

bool rpc_utf8_ok(const char *p, size_t n) {
  const uint8_t *s = (const uint8_t *)p;
  for (size_t i = 0; i < n;) {
    uint32_t low, c;
    unsigned len = utf8_lead(s[i], &low);
    if (len == 0 || len > n - i) return false;
    c = len == 1 ? s[i] : s[i] & (0x7fu >> len);
    for (unsigned k = 1; k < len; k++) {
      if ((s[i + k] & 0xc0) != 0x80) return false;
      c = c << 6 | (s[i + k] & 0x3f);
    }
    if (c < low || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return false;
    i += len;
  }
  return true;
}

bool rpc_cog_name_ok(const char *p, size_t n) {
  if (!p || n == 0 || n > RPC_NAME_MAX) return false;
  for (size_t i = 0; i < n; i++) {
    bool letter = (p[i] >= 'a' && p[i] <= 'z') || p[i] == '_';
    bool inner = (p[i] >= '0' && p[i] <= '9') || p[i] == '-' || p[i] == '.';
    if (!letter && !(inner && i > 0)) return false;
  }
  return true;
}

// --- decoding --------------------------------------------------------------------------------------
static bool wrong_type(const RpcField *f, Err *err) {
  Buf type = {0};
  rpc_type_name(&type, f);
  err_set(err, ERR_USAGE, "%s must be a %s", f->name, buf_cstr(&type));
  buf_free(&type);
  return false;
}

static bool too_much(const RpcField *f, uint64_t got, const char *unit, Err *err) {
  return err_set(err, ERR_LIMIT, "%s is %" PRIu64 "%s, the limit is %" PRIu64, f->name, got, unit, f->max);
}

static bool text_of(const RpcField *f, const msgpack_object *o, RpcText *out, Err *err) {
  if (o->type != MSGPACK_OBJECT_STR) return wrong_type(f, err);
  *out = (RpcText){o->via.str.ptr, o->via.str.size};
  if (f->max && out->n > f->max) return too_much(f, out->n, " bytes", err);
  if (!rpc_utf8_ok(out->p, out->n)) return err_set(err, ERR_DATA, "%s is not valid UTF-8", f->name);
  return true;
}

static bool name_of(const RpcField *f, const msgpack_object *o, RpcText *out, Err *err) {
  if (!text_of(f, o, out, err)) return false;
  if (rpc_cog_name_ok(out->p, out->n)) return true;
  return err_set(err, ERR_USAGE,
                 "%s is not a cog's name: up to %d of a-z, 0-9, '_', '-' and '.', the first a letter or '_'",
                 f->name, RPC_NAME_MAX);
}

static bool nat_of(const RpcField *f, const msgpack_object *o, uint64_t *out, Err *err) {
  if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER) return wrong_type(f, err);
  *out = o->via.u64;
  return !f->max || *out <= f->max || too_much(f, *out, "", err);
}

static bool bin_of(const RpcField *f, const msgpack_object *o, RpcBytes *out, Err *err) {
  if (o->type != MSGPACK_OBJECT_BIN) return wrong_type(f, err);
  *out = (RpcBytes){(const uint8_t *)o->via.bin.ptr, o->via.bin.size};
  return !f->max || out->n <= f->max || too_much(f, out->n, " bytes", err);
}

static bool id_of(const RpcField *f, const msgpack_object *o, RpcId *out, Err *err) {
  if (o->type != MSGPACK_OBJECT_BIN || o->via.bin.size != RPC_ID_LEN) return wrong_type(f, err);
  memcpy(out->bytes, o->via.bin.ptr, RPC_ID_LEN);
  return true;
}

static bool cog_of(const RpcField *f, const msgpack_object *o, RpcCog *out, Err *err) {
  *out = (RpcCog){0};
  if (o->type == MSGPACK_OBJECT_STR) return name_of(f, o, &out->name, err);
  return nat_of(f, o, &out->id, err);
}

// The elements of an array field, checked against its limit.
static bool array_of(const RpcField *f, const msgpack_object *o, Err *err) {
  if (o->type != MSGPACK_OBJECT_ARRAY) return wrong_type(f, err);
  return !f->max || o->via.array.size <= f->max || too_much(f, o->via.array.size, " elements", err);
}

static bool path_of(const RpcField *f, const msgpack_object *o, Arena *arena, RpcPath *out, Err *err) {
  if (!array_of(f, o, err)) return false;
  uint32_t n = o->via.array.size;
  RpcStep *steps = arena_alloc(arena, mem_mul(n ? n : 1, sizeof *steps));
  static const RpcField step = {"an element of the path", FIELD_TEXT, .max = 4096};
  for (uint32_t i = 0; i < n; i++) {
    const msgpack_object *e = &o->via.array.ptr[i];
    if (e->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
      steps[i].nat = e->via.u64;
    else if (e->type != MSGPACK_OBJECT_STR)
      return wrong_type(f, err);
    else if (!text_of(&step, e, &steps[i].text, err))
      return false;
  }
  *out = (RpcPath){steps, n};
  return true;
}

static bool texts_of(const RpcField *f, const msgpack_object *o, Arena *arena, RpcList *out, Err *err) {
  if (!array_of(f, o, err)) return false;
  uint32_t n = o->via.array.size;
  RpcText *texts = arena_alloc(arena, mem_mul(n ? n : 1, sizeof *texts));
  for (uint32_t i = 0; i < n; i++) {
    const msgpack_object *e = &o->via.array.ptr[i];
    if (e->type != MSGPACK_OBJECT_STR) return wrong_type(f, err);
    if (!rpc_utf8_ok(e->via.str.ptr, e->via.str.size))
      return err_set(err, ERR_DATA, "%s holds text that is not valid UTF-8", f->name);
    texts[i] = (RpcText){e->via.str.ptr, e->via.str.size};
  }
  *out = (RpcList){texts, n};
  return true;
}

// Schemas nest a fixed number of levels, so this recursion does not follow the sender's data.
static bool list_of(const RpcField *f, const msgpack_object *o, bool strict, Arena *arena, RpcList *out,
                    Err *err) {
  if (!array_of(f, o, err)) return false;
  uint32_t n = o->via.array.size;
  uint8_t *items = arena_alloc(arena, mem_mul(n ? n : 1, f->of->size));
  for (uint32_t i = 0; i < n; i++)
    if (!rpc_decode(f->of, &o->via.array.ptr[i], strict, arena, items + i * f->of->size, err)) return false;
  *out = (RpcList){items, n};
  return true;
}

static bool field_of(const RpcField *f, const msgpack_object *o, bool strict, Arena *arena, void *at,
                     Err *err) {
  switch (f->type) {
  case FIELD_NAT: return nat_of(f, o, at, err);
  case FIELD_BOOL:
    if (o->type != MSGPACK_OBJECT_BOOLEAN) return wrong_type(f, err);
    *(bool *)at = o->via.boolean;
    return true;
  case FIELD_TEXT: return text_of(f, o, at, err);
  case FIELD_NAME: return name_of(f, o, at, err);
  case FIELD_BIN: return bin_of(f, o, at, err);
  case FIELD_ID: return id_of(f, o, at, err);
  case FIELD_COG: return cog_of(f, o, at, err);
  case FIELD_PATH: return path_of(f, o, arena, at, err);
  case FIELD_TEXTS: return texts_of(f, o, arena, at, err);
  case FIELD_LIST: return list_of(f, o, strict, arena, at, err);
  case FIELD_RECORD: return rpc_decode(f->of, o, strict, arena, at, err);
  }
  return err_set(err, ERR_INTERNAL, "field %s has no type", f->name);
}

static const RpcField *find_field(const RpcSchema *s, const msgpack_object *key) {
  for (size_t i = 0; i < s->count; i++)
    if (rpc_text_is((RpcText){key->via.str.ptr, key->via.str.size}, s->fields[i].name)) return &s->fields[i];
  return NULL;
}

static bool unknown_field(const RpcSchema *s, const msgpack_object *key, Err *err) {
  int n = key->via.str.size < 40 ? (int)key->via.str.size : 40;
  bool clean = rpc_utf8_ok(key->via.str.ptr, (size_t)n);
  Buf known = {0};
  for (size_t i = 0; i < s->count; i++) buf_printf(&known, "%s%s", i ? ", " : "", s->fields[i].name);
  err_set(err, ERR_USAGE, "there is no field '%.*s'; known are: %s", clean ? n : 1,
          clean ? key->via.str.ptr : "?", s->count ? buf_cstr(&known) : "none");
  buf_free(&known);
  return err_at(err, "%s", s->name);
}

// Absent fields: everything is zero but nats with a default.
static void set_absent(const RpcSchema *s, void *out) {
  memset(out, 0, s->size);
  for (size_t i = 0; i < s->count; i++)
    if (s->fields[i].type == FIELD_NAT)
      *(uint64_t *)((char *)out + s->fields[i].offset) = s->fields[i].absent;
}

bool rpc_decode(const RpcSchema *s, const msgpack_object *map, bool strict, Arena *arena, void *out,
                Err *err) {
  assert(s->count <= RPC_FIELDS_MAX);
  if (map->type != MSGPACK_OBJECT_MAP)
    return err_set(err, ERR_USAGE, "expected a map of named fields"), err_at(err, "%s", s->name);
  set_absent(s, out);
  uint32_t seen = 0;
  for (uint32_t i = 0; i < map->via.map.size; i++) {
    const msgpack_object_kv *kv = &map->via.map.ptr[i];
    if (kv->key.type != MSGPACK_OBJECT_STR)
      return err_set(err, ERR_USAGE, "the name of a field must be text"), err_at(err, "%s", s->name);
    const RpcField *f = find_field(s, &kv->key);
    if (!f && strict) return unknown_field(s, &kv->key, err);
    if (!f) continue;
    uint32_t bit = 1u << (f - s->fields);
    if (seen & bit)
      return err_set(err, ERR_USAGE, "%s is given twice", f->name), err_at(err, "%s.%s", s->name, f->name);
    seen |= bit;
    if (!field_of(f, &kv->val, strict, arena, (char *)out + f->offset, err))
      return err_at(err, "%s.%s", s->name, f->name);
  }
  for (size_t i = 0; i < s->count; i++)
    if (s->fields[i].required && !(seen & 1u << i))
      return err_set(err, ERR_USAGE, "%s is missing", s->fields[i].name), err_at(err, "%s", s->name);
  return true;
}

// --- encoding --------------------------------------------------------------------------------------
static int append(void *ctx, const char *p, size_t n) {
  buf_put(ctx, p, n);
  return 0;
}

void rpc_packer(msgpack_packer *pk, Buf *out) { msgpack_packer_init(pk, out, append); }

static void put_text(msgpack_packer *pk, RpcText t) {
  msgpack_pack_str(pk, t.n);
  msgpack_pack_str_body(pk, t.p ? t.p : "", t.n);
}

static void put_bytes(msgpack_packer *pk, const void *p, size_t n) {
  msgpack_pack_bin(pk, n);
  msgpack_pack_bin_body(pk, n ? p : "", n);
}

static void put_path(msgpack_packer *pk, const RpcPath *path) {
  msgpack_pack_array(pk, path->n);
  for (size_t i = 0; i < path->n; i++) {
    if (path->steps[i].text.p)
      put_text(pk, path->steps[i].text);
    else
      msgpack_pack_uint64(pk, path->steps[i].nat);
  }
}

static void put_record(msgpack_packer *pk, const RpcSchema *s, const void *record);

static void put_list(msgpack_packer *pk, const RpcField *f, const RpcList *list) {
  msgpack_pack_array(pk, list->n);
  for (size_t i = 0; i < list->n; i++) {
    if (f->type == FIELD_TEXTS)
      put_text(pk, ((const RpcText *)list->items)[i]);
    else
      put_record(pk, f->of, (const char *)list->items + i * f->of->size);
  }
}

static void put_field(msgpack_packer *pk, const RpcField *f, const void *at) {
  switch (f->type) {
  case FIELD_NAT: msgpack_pack_uint64(pk, *(const uint64_t *)at); break;
  case FIELD_BOOL: *(const bool *)at ? msgpack_pack_true(pk) : msgpack_pack_false(pk); break;
  case FIELD_TEXT:
  case FIELD_NAME: put_text(pk, *(const RpcText *)at); break;
  case FIELD_BIN: put_bytes(pk, ((const RpcBytes *)at)->p, ((const RpcBytes *)at)->n); break;
  case FIELD_ID: put_bytes(pk, at, RPC_ID_LEN); break;
  case FIELD_COG: {
    const RpcCog *c = at;
    if (c->name.p)
      put_text(pk, c->name);
    else
      msgpack_pack_uint64(pk, c->id);
    break;
  }
  case FIELD_PATH: put_path(pk, at); break;
  case FIELD_TEXTS:
  case FIELD_LIST: put_list(pk, f, at); break;
  case FIELD_RECORD: put_record(pk, f->of, at); break;
  }
}

static bool is_absent(const RpcField *f, const void *at) {
  if (f->required) return false;
  switch (f->type) {
  case FIELD_TEXT:
  case FIELD_NAME: return !((const RpcText *)at)->p;
  case FIELD_BIN: return !((const RpcBytes *)at)->p;
  case FIELD_PATH: return ((const RpcPath *)at)->n == 0;
  case FIELD_TEXTS:
  case FIELD_LIST: return ((const RpcList *)at)->n == 0;
  default: return false;
  }
}

static void put_record(msgpack_packer *pk, const RpcSchema *s, const void *record) {
  size_t present = 0;
  for (size_t i = 0; i < s->count; i++)
    present += !is_absent(&s->fields[i], (const char *)record + s->fields[i].offset);
  msgpack_pack_map(pk, present);
  for (size_t i = 0; i < s->count; i++) {
    const void *at = (const char *)record + s->fields[i].offset;
    if (is_absent(&s->fields[i], at)) continue;
    put_text(pk, rpc_text(s->fields[i].name));
    put_field(pk, &s->fields[i], at);
  }
}

void rpc_encode(Buf *out, const RpcSchema *s, const void *record) {
  msgpack_packer pk;
  rpc_packer(&pk, out);
  put_record(&pk, s, record);
}

void rpc_type_name(Buf *out, const RpcField *f) {
  switch (f->type) {
  case FIELD_NAT: buf_str(out, "nat"); break;
  case FIELD_BOOL: buf_str(out, "bool"); break;
  case FIELD_TEXT: buf_str(out, "text"); break;
  case FIELD_NAME: buf_str(out, "name"); break;
  case FIELD_BIN: buf_str(out, "bin"); break;
  case FIELD_ID: buf_printf(out, "bin of %d bytes", RPC_ID_LEN); break;
  case FIELD_COG: buf_str(out, "name or id of a cog"); break;
  case FIELD_PATH: buf_str(out, "list of texts and nats"); break;
  case FIELD_TEXTS: buf_str(out, "list of texts"); break;
  case FIELD_LIST: buf_printf(out, "list of %s", f->of->name); break;
  case FIELD_RECORD: buf_str(out, f->of->name); break;
  }
}
