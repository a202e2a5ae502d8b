#include "tests/proto/sample.h"
#include "tests/util.h"
#include <stdlib.h>
#include <string.h>

static uint64_t below(uint64_t *rng, uint64_t n) { return test_random(rng) % n; }

// Numbers of every encoded width.
static uint64_t sample_nat(uint64_t *rng, const RpcField *f) {
  uint64_t n = test_random(rng) >> below(rng, 64);
  return f->max && n > f->max ? n % (f->max + 1) : n;
}

static RpcText sample_text(uint64_t *rng, Arena *arena, size_t max) {
  static const char *const PIECES[] = {
      "a", "Z", "0", "/", "\n", "\"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\xb1", " "};
  size_t n = below(rng, 3) ? below(rng, 12) : below(rng, 300);
  char *text = arena_alloc(arena, 4 * n + 1);
  size_t len = 0;
  for (size_t i = 0; i < n; i++) {
    const char *piece = PIECES[below(rng, sizeof PIECES / sizeof *PIECES)];
    if (max && len + strlen(piece) > max) break;
    memcpy(text + len, piece, strlen(piece));
    len += strlen(piece);
  }
  return (RpcText){text, len};
}

static RpcText sample_name(uint64_t *rng, Arena *arena) {
  static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz_0123456789-.";
  size_t n = 1 + below(rng, RPC_NAME_MAX);
  char *text = arena_alloc(arena, n);
  for (size_t i = 0; i < n; i++) text[i] = LETTERS[below(rng, i ? sizeof LETTERS - 1 : 27)];
  return (RpcText){text, n};
}

static RpcBytes sample_bin(uint64_t *rng, Arena *arena) {
  size_t n = below(rng, 4) ? below(rng, 40) : below(rng, 70000);
  uint8_t *p = arena_alloc(arena, n + 1);
  test_fill(rng, p, n);
  return (RpcBytes){p, n};
}

static RpcPath sample_path(uint64_t *rng, const RpcField *f, Arena *arena) {
  size_t n = below(rng, f->max < 6 ? f->max + 1 : 6);
  RpcStep *steps = arena_alloc(arena, (n + 1) * sizeof *steps);
  for (size_t i = 0; i < n; i++) {
    if (below(rng, 2))
      steps[i].nat = test_random(rng) >> below(rng, 64);
    else
      steps[i].text = sample_text(rng, arena, RPC_TEXT_MAX);
  }
  return (RpcPath){steps, n};
}

static RpcList sample_list(uint64_t *rng, const RpcField *f, Arena *arena) {
  size_t n = below(rng, 5), size = f->of ? f->of->size : sizeof(RpcText);
  char *items = arena_alloc(arena, (n + 1) * size);
  for (size_t i = 0; i < n; i++) {
    if (f->of)
      sample_record(rng, f->of, arena, items + i * size);
    else
      ((RpcText *)items)[i] = sample_text(rng, arena, 0);
  }
  return (RpcList){items, n};
}

static void sample_field(uint64_t *rng, const RpcField *f, Arena *arena, void *at) {
  bool skip = !f->required && below(rng, 3) == 0;
  switch (f->type) {
  case FIELD_NAT: *(uint64_t *)at = sample_nat(rng, f); break;
  case FIELD_BOOL: *(bool *)at = below(rng, 2); break;
  case FIELD_TEXT: *(RpcText *)at = skip ? (RpcText){0} : sample_text(rng, arena, f->max); break;
  case FIELD_NAME: *(RpcText *)at = skip ? (RpcText){0} : sample_name(rng, arena); break;
  case FIELD_BIN: *(RpcBytes *)at = skip ? (RpcBytes){0} : sample_bin(rng, arena); break;
  case FIELD_ID: test_fill(rng, at, RPC_ID_LEN); break;
  case FIELD_COG:
    if (below(rng, 2))
      *(RpcCog *)at = (RpcCog){.name = sample_name(rng, arena)};
    else
      *(RpcCog *)at = (RpcCog){.id = test_random(rng) >> below(rng, 64)};
    break;
  case FIELD_PATH: *(RpcPath *)at = sample_path(rng, f, arena); break;
  case FIELD_TEXTS:
  case FIELD_LIST: *(RpcList *)at = sample_list(rng, f, arena); break;
  case FIELD_RECORD: sample_record(rng, f->of, arena, at); break;
  }
}

void sample_record(uint64_t *rng, const RpcSchema *s, Arena *arena, void *record) {
  memset(record, 0, s->size);
  for (size_t i = 0; i < s->count; i++)
    sample_field(rng, &s->fields[i], arena, (char *)record + s->fields[i].offset);
}

void sample_message(uint64_t *rng, Buf *out) {
  Arena arena = {0};
  uint64_t record[64];
  uint32_t id = (uint32_t)test_random(rng) >> below(rng, 32);
  RpcMethod m = (RpcMethod)below(rng, METHOD_COUNT);
  RpcNote n = (RpcNote)below(rng, NOTE_COUNT);
  switch (below(rng, 5)) {
  case 4: {
    Err err = ERR_INIT;
    err_set(&err, (ErrCode)(1 + below(rng, ERR_CODE_COUNT - 1)), "a message\xff%s",
            below(rng, 2) ? "" : " of more words");
    if (below(rng, 2)) err_at(&err, "where");
    rpc_put_error(out, id, &err);
    break;
  }
  case 0:
    sample_record(rng, rpc_method(m)->result, &arena, record);
    rpc_put_result(out, id, m, record);
    break;
  case 1:
    sample_record(rng, rpc_note(n)->args, &arena, record);
    rpc_put_note(out, n, record);
    break;
  default: sample_record(rng, rpc_method(m)->args, &arena, record); rpc_put_request(out, id, m, record);
  }
  arena_free(&arena);
}
