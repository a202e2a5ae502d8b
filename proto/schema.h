// Records: C structs that travel as MessagePack maps from field name to value, described by constant
// tables. Checking, decoding, encoding and the documentation all walk the same table.
//
// Decoded texts and bytes point into the message they came from; lists and paths are in the arena.
// Absent optional fields decode as: nat its default, text and bytes NULL, list and path empty, cog 0.
#pragma once
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"
#include <msgpack.h>

typedef struct RpcText { // UTF-8, not NUL-terminated
  const char *p;
  size_t n;
} RpcText;

typedef struct RpcBytes {
  const uint8_t *p;
  size_t n;
} RpcBytes;

typedef struct RpcCog { // a cog by name, or by id when `name.p` is NULL
  RpcText name;
  uint64_t id;
} RpcCog;

typedef struct RpcStep { // one element of a path: a text, or a nat when `text.p` is NULL
  RpcText text;
  uint64_t nat;
} RpcStep;

typedef struct RpcPath {
  const RpcStep *steps;
  size_t n;
} RpcPath;

typedef struct RpcList { // of records, or of RpcText
  void *items;
  size_t n;
} RpcList;

#define RPC_ID_LEN 16
typedef struct RpcId {
  uint8_t bytes[RPC_ID_LEN];
} RpcId;

typedef enum RpcFieldType {
  FIELD_NAT,    // uint64_t
  FIELD_BOOL,   // bool
  FIELD_TEXT,   // RpcText
  FIELD_NAME,   // RpcText that names a cog, see rpc_cog_name
  FIELD_BIN,    // RpcBytes
  FIELD_ID,     // RpcId
  FIELD_COG,    // RpcCog
  FIELD_PATH,   // RpcPath
  FIELD_TEXTS,  // RpcList of RpcText
  FIELD_LIST,   // RpcList of records `of`
  FIELD_RECORD, // the struct of `of`
} RpcFieldType;

typedef struct RpcSchema RpcSchema;
typedef struct RpcField {
  const char *name;
  RpcFieldType type;
  bool required;
  uint16_t offset;     // of the member in the C struct
  uint64_t max;        // nat: largest value; text, bin: bytes; path, list: elements. 0: the frame's limit
  uint64_t absent;     // nat: value when absent
  const RpcSchema *of; // list, record
  const char *help;
} RpcField;

struct RpcSchema {
  const char *name;
  size_t size; // of the C struct
  size_t count;
  const RpcField *fields;
};

#define RPC_FIELDS_MAX 32
#define RPC_NAME_MAX 64

// Fills *out (schema->size bytes) from a map. `strict` refuses unknown fields (what a server does);
// otherwise they are skipped (a client of a newer server). ERR_USAGE names the field.
bool rpc_decode(const RpcSchema *schema, const msgpack_object *map, bool strict, Arena *arena, void *out,
                Err *err);

// Appends the map. Absent texts, bytes and empty optional lists and paths are left out.
void rpc_encode(Buf *out, const RpcSchema *schema, const void *record);

// A cog's name: a lower-case letter or underscore, then those, digits, '-' and '.'; at most
// RPC_NAME_MAX bytes. So no name looks like an id.
bool rpc_cog_name_ok(const char *p, size_t n);

// Bytes that are UTF-8 in shortest form, without surrogates.
bool rpc_utf8_ok(const char *p, size_t n);

// How a field's type is written in the documentation: "nat", "text", "bin16", "list of Cog".
void rpc_type_name(Buf *out, const RpcField *f);

static inline RpcText rpc_text(const char *s) { return (RpcText){s, s ? __builtin_strlen(s) : 0}; }
static inline bool rpc_text_is(RpcText t, const char *s) {
  return t.p && t.n == __builtin_strlen(s) && __builtin_memcmp(t.p, s, t.n) == 0;
}
char *rpc_text_dup(RpcText t); // NUL-terminated copy (mem_free); NULL when absent

// A msgpack packer that appends to a Buf.
void rpc_packer(msgpack_packer *pk, Buf *out);
