#include "daemon/log/record.h"
#include "common/base/mem.h"
#include <string.h>

// Raise it when the fields of any kind change; record_decode then reads both. New kinds need no new version.
#define RECORD_VERSION 1
#define ANSWER_MIN 3 // bytes of the smallest answer: slot, value kind, message length

// Which fields a kind has, in this order in the bytes.
typedef enum Field {
  F_INCARNATION = 1,
  F_NAME = 2,
  F_SPAWN = 4, // parent, owner
  F_VALUE = 8,
  F_EVENT_NUMBER = 16,
  F_EVENT = 32 // transaction, outcome, digest, answers
} Field;

static const struct {
  const char *name;
  unsigned fields;
} kinds[RECORD_KIND_COUNT] = {
    [RECORD_SPAWN] = {"spawn", F_INCARNATION | F_NAME | F_SPAWN | F_VALUE},
    [RECORD_EVENT] = {"event", F_INCARNATION | F_EVENT_NUMBER | F_EVENT},
    [RECORD_PAUSE] = {"pause", 0},
    [RECORD_RESUME] = {"resume", 0},
    [RECORD_REMOVE] = {"remove", 0},
    [RECORD_NAME] = {"name", F_NAME},
    [RECORD_RESTART] = {"restart", F_INCARNATION | F_VALUE | F_EVENT_NUMBER},
};

const char *record_kind_name(RecordKind kind) {
  return kind > 0 && kind < RECORD_KIND_COUNT ? kinds[kind].name : NULL;
}

// --- writing -----------------------------------------------------------------------------------

static bool value_ok(const RecordValue *v, bool may_be_none) {
  return v->kind == VALUE_INLINE ? v->len > 0 && v->len <= UINT32_MAX
                                 : v->kind == VALUE_PAGE || (may_be_none && v->kind == VALUE_NONE);
}

static bool answers_ok(const Record *r) {
  for (size_t i = 0; i < r->answer_count; i++) {
    const RecordAnswer *a = &r->answers[i];
    if (i > 0 && a->slot <= r->answers[i - 1].slot) return false;
    if (a->message_len > RECORD_MESSAGE_ID_MAX || !value_ok(&a->value, false)) return false;
  }
  return true;
}

static const char *fault_of(const Record *r, unsigned fields) {
  if ((fields & F_NAME) && r->name_len > RECORD_NAME_MAX) return "the name is too long";
  if ((fields & F_VALUE) && !value_ok(&r->value, false)) return "the value is neither inline nor a page";
  if (!(fields & F_EVENT)) return NULL;
  if (r->outcome >= OUTCOME_COUNT) return "there is no such outcome";
  if (r->outcome == OUTCOME_CRASH && !(value_ok(&r->op, false) && value_ok(&r->arg, false)))
    return "a crash without operator or argument";
  return answers_ok(r) ? NULL : "an answer is out of order or out of bounds";
}

static void put_value(Buf *out, const RecordValue *v) {
  buf_u8(out, (uint8_t)v->kind);
  if (v->kind == VALUE_PAGE) buf_put(out, v->page.b, PAGE_ID_LEN);
  if (v->kind != VALUE_INLINE) return;
  buf_varint(out, v->len);
  buf_put(out, v->bytes, v->len);
}

static void put_answer(Buf *out, const RecordAnswer *a) {
  buf_varint(out, a->slot);
  put_value(out, &a->value);
  buf_varint(out, a->message_len);
  if (a->message_len == 0) return;
  buf_put(out, a->message, a->message_len);
  buf_varint(out, a->sender);
}

static void put_event(Buf *out, const Record *r) {
  buf_varint(out, r->transaction);
  buf_u8(out, (uint8_t)r->outcome);
  if (r->outcome == OUTCOME_CRASH) {
    put_value(out, &r->op);
    put_value(out, &r->arg);
  }
  if (r->outcome == OUTCOME_TIME) buf_varint(out, r->ns);
  buf_put(out, r->digest, RECORD_DIGEST_LEN);
  buf_varint(out, r->answer_count);
  for (size_t i = 0; i < r->answer_count; i++) put_answer(out, &r->answers[i]);
}

bool record_encode(Buf *out, const Record *r, Err *err) {
  if (!record_kind_name(r->kind)) return err_set(err, ERR_INTERNAL, "no log record of kind %d", (int)r->kind);
  unsigned fields = kinds[r->kind].fields;
  const char *fault = fault_of(r, fields);
  if (fault)
    return err_set(err, ERR_INTERNAL, "cannot log this %s of cog %llu: %s", kinds[r->kind].name,
                   (unsigned long long)r->cog, fault);
  buf_u8(out, (uint8_t)r->kind);
  buf_u8(out, RECORD_VERSION);
  buf_varint(out, r->cog);
  buf_varint(out, r->time);
  if (fields & F_INCARNATION) buf_varint(out, r->incarnation);
  if (fields & F_NAME) {
    buf_varint(out, r->name_len);
    if (r->name_len > 0) buf_put(out, r->name, r->name_len);
  }
  if (fields & F_SPAWN) {
    buf_varint(out, r->parent);
    buf_varint(out, r->owner);
  }
  if (fields & F_VALUE) put_value(out, &r->value);
  if (fields & F_EVENT_NUMBER) buf_varint(out, r->event);
  if (fields & F_EVENT) put_event(out, r);
  return true;
}

// --- reading -----------------------------------------------------------------------------------

// Marks the reader bad, which is looked at once at the end.
static void refuse(Reader *in) { in->bad = true; }

static const uint8_t *get_bytes(Reader *in, size_t max, size_t *len) {
  uint64_t n = read_varint(in);
  if (n > max) refuse(in);
  *len = in->bad ? 0 : (size_t)n;
  return read_bytes(in, *len);
}

static uint32_t get_u32(Reader *in) {
  uint64_t x = read_varint(in);
  if (x > UINT32_MAX) refuse(in);
  return (uint32_t)x;
}

static void get_value(Reader *in, RecordValue *v) {
  uint8_t kind = read_u8(in);
  *v = (RecordValue){.kind = (RecordValueKind)kind};
  if (kind == VALUE_INLINE) {
    v->bytes = get_bytes(in, UINT32_MAX, &v->len);
    if (v->len == 0) refuse(in);
  } else if (kind == VALUE_PAGE) {
    const uint8_t *id = read_bytes(in, PAGE_ID_LEN);
    if (id) memcpy(v->page.b, id, PAGE_ID_LEN);
  } else {
    refuse(in);
  }
}

static void get_answer(Reader *in, RecordAnswer *a) {
  a->slot = read_varint(in);
  get_value(in, &a->value);
  a->message = get_bytes(in, RECORD_MESSAGE_ID_MAX, &a->message_len);
  if (a->message_len > 0) a->sender = get_u32(in);
}

static void get_answers(Reader *in, Record *r) {
  uint64_t n = read_varint(in);
  if (n > reader_left(in) / ANSWER_MIN) refuse(in);
  if (in->bad || n == 0) return;
  r->answers = mem_zalloc(mem_mul((size_t)n, sizeof *r->answers));
  r->answer_count = (size_t)n;
  for (size_t i = 0; i < n && !in->bad; i++) {
    get_answer(in, &r->answers[i]);
    if (i > 0 && r->answers[i].slot <= r->answers[i - 1].slot) refuse(in);
  }
}

static void get_event(Reader *in, Record *r) {
  r->transaction = read_varint(in);
  uint8_t outcome = read_u8(in);
  if (outcome >= OUTCOME_COUNT) refuse(in);
  r->outcome = (RecordOutcome)outcome;
  if (outcome == OUTCOME_CRASH) {
    get_value(in, &r->op);
    get_value(in, &r->arg);
  }
  if (outcome == OUTCOME_TIME) r->ns = read_varint(in);
  const uint8_t *digest = read_bytes(in, RECORD_DIGEST_LEN);
  if (digest) memcpy(r->digest, digest, RECORD_DIGEST_LEN);
  get_answers(in, r);
}

static void get_fields(Reader *in, Record *r, unsigned fields) {
  r->cog = read_varint(in);
  r->time = read_varint(in);
  if (fields & F_INCARNATION) r->incarnation = read_varint(in);
  if (fields & F_NAME) r->name = get_bytes(in, RECORD_NAME_MAX, &r->name_len);
  if (fields & F_SPAWN) {
    r->parent = read_varint(in);
    r->owner = get_u32(in);
  }
  if (fields & F_VALUE) get_value(in, &r->value);
  if (fields & F_EVENT_NUMBER) r->event = read_varint(in);
  if (fields & F_EVENT) get_event(in, r);
}

bool record_decode(Record *r, const void *bytes, size_t len, Err *err) {
  Reader in = reader(bytes, len);
  *r = (Record){0};
  uint8_t kind = read_u8(&in), version = read_u8(&in);
  if (in.bad) return err_set(err, ERR_DATA, "log record of %zu bytes is too short", len);
  if (!record_kind_name((RecordKind)kind) || version != RECORD_VERSION)
    return err_set(err, ERR_CONFIG, "log record of kind %u, version %u, which this build does not know", kind,
                   version);
  r->kind = (RecordKind)kind;
  get_fields(&in, r, kinds[kind].fields);
  if (!in.bad && reader_left(&in) == 0) return true;
  record_free(r);
  return err_set(err, ERR_DATA, "malformed log record of kind '%s'", kinds[kind].name);
}

void record_free(Record *r) {
  mem_free(r->answers);
  r->answers = NULL;
  r->answer_count = 0;
}
