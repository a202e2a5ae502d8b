#include "common/base/mem.h"
#include "daemon/log/record.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <string.h>

static RecordValue text_value(const char *text) {
  return (RecordValue){.kind = VALUE_INLINE, .bytes = (const uint8_t *)text, .len = strlen(text)};
}

static RecordValue page_value(uint8_t first) { return (RecordValue){.kind = VALUE_PAGE, .page = {{first}}}; }

static void same_value(const RecordValue *a, const RecordValue *b) {
  ck_assert_int_eq(a->kind, b->kind);
  ck_assert_uint_eq(a->len, b->len);
  if (a->kind == VALUE_INLINE) ck_assert_mem_eq(a->bytes, b->bytes, a->len);
  ck_assert(page_id_equal(&a->page, &b->page));
}

static void same_record(const Record *a, const Record *b) {
  ck_assert_int_eq(a->kind, b->kind);
  ck_assert_uint_eq(a->cog, b->cog);
  ck_assert_uint_eq(a->time, b->time);
  ck_assert_uint_eq(a->incarnation, b->incarnation);
  ck_assert_uint_eq(a->name_len, b->name_len);
  if (a->name_len) ck_assert_mem_eq(a->name, b->name, a->name_len);
  ck_assert_uint_eq(a->parent, b->parent);
  ck_assert_uint_eq(a->owner, b->owner);
  same_value(&a->value, &b->value);
  ck_assert_uint_eq(a->event, b->event);
  ck_assert_uint_eq(a->transaction, b->transaction);
  ck_assert_int_eq(a->outcome, b->outcome);
  same_value(&a->op, &b->op);
  same_value(&a->arg, &b->arg);
  ck_assert_uint_eq(a->ns, b->ns);
  ck_assert_mem_eq(a->digest, b->digest, RECORD_DIGEST_LEN);
  ck_assert_uint_eq(a->answer_count, b->answer_count);
  for (size_t i = 0; i < a->answer_count; i++) {
    const RecordAnswer *x = &a->answers[i], *y = &b->answers[i];
    ck_assert_uint_eq(x->slot, y->slot);
    same_value(&x->value, &y->value);
    ck_assert_uint_eq(x->message_len, y->message_len);
    ck_assert_uint_eq(x->sender, y->sender);
    if (x->message_len) ck_assert_mem_eq(x->message, y->message, x->message_len);
  }
}

static RecordAnswer answers[3];

// One of each kind and outcome.
static size_t samples(Record out[16]) {
  size_t n = 0;
  answers[0] = (RecordAnswer){.slot = 0, .value = text_value("small")};
  answers[1] = (RecordAnswer){.slot = 7, .value = page_value(3)};
  answers[2] = (RecordAnswer){.slot = UINT64_MAX,
                              .value = text_value("m"),
                              .sender = 1000,
                              .message = (const uint8_t *)"client-id",
                              .message_len = 9};
  out[n++] = (Record){.kind = RECORD_SPAWN,
                      .cog = 28,
                      .time = 1722600000000000000u,
                      .incarnation = 2,
                      .name = (const uint8_t *)"counter",
                      .name_len = 7,
                      .parent = RECORD_NO_COG,
                      .owner = UINT32_MAX,
                      .value = page_value(9)};
  for (int o = 0; o < OUTCOME_COUNT; o++) {
    Record r = {.kind = RECORD_EVENT, .cog = 5, .incarnation = 1, .event = 1000000, .transaction = 77};
    r.outcome = (RecordOutcome)o;
    r.digest[3] = 9;
    r.answers = answers;
    r.answer_count = (size_t)o % 4;
    if (o == OUTCOME_CRASH) {
      r.op = text_value("op");
      r.arg = page_value(1);
    }
    if (o == OUTCOME_TIME) r.ns = 12345;
    out[n++] = r;
  }
  out[n++] = (Record){.kind = RECORD_PAUSE, .cog = 1, .time = 9};
  out[n++] = (Record){.kind = RECORD_RESUME, .cog = 1};
  out[n++] = (Record){.kind = RECORD_REMOVE, .cog = UINT64_MAX};
  out[n++] = (Record){.kind = RECORD_NAME, .cog = 0};
  out[n++] =
      (Record){.kind = RECORD_RESTART, .cog = 3, .incarnation = 4, .event = 5, .value = text_value("v")};
  return n;
}

START_TEST(round_trip) {
  Record all[16], got;
  size_t n = samples(all);
  for (size_t i = 0; i < n; i++) {
    Buf b = {0};
    Err err = ERR_INIT;
    ck_assert_msg(record_encode(&b, &all[i], &err), "%s", err.msg);
    ck_assert_msg(record_decode(&got, b.data, b.len, &err), "%s", err.msg);
    same_record(&all[i], &got);
    record_free(&got);
    buf_free(&b);
  }
}
END_TEST

START_TEST(cut_and_extended) {
  Record all[16], got;
  size_t n = samples(all);
  for (size_t i = 0; i < n; i++) {
    Buf b = {0};
    Err err = ERR_INIT;
    ck_assert(record_encode(&b, &all[i], &err));
    for (size_t len = 0; len < b.len; len++) {
      uint8_t *exact = mem_dup(b.data, len);
      ck_assert(!record_decode(&got, exact, len, &err));
      ck_assert_int_eq(err.code, ERR_DATA);
      ck_assert_ptr_null(got.answers);
      mem_free(exact);
    }
    buf_u8(&b, 0);
    ck_assert(!record_decode(&got, b.data, b.len, &err));
    buf_free(&b);
  }
}
END_TEST

static void encode_fails(const Record *r) {
  Buf b = {0};
  Err err = ERR_INIT;
  ck_assert(!record_encode(&b, r, &err));
  ck_assert_int_eq(err.code, ERR_INTERNAL);
  ck_assert_uint_eq(b.len, 0);
}

START_TEST(callers_mistakes) {
  Record all[16];
  samples(all);
  Record r = all[0];
  r.name_len = RECORD_NAME_MAX + 1;
  encode_fails(&r);
  r = all[0];
  r.value.kind = VALUE_NONE;
  encode_fails(&r);
  r = all[0];
  r.kind = RECORD_KIND_COUNT;
  encode_fails(&r);
  r.kind = (RecordKind)0;
  encode_fails(&r);
  r = all[1];
  r.outcome = OUTCOME_CRASH; // without op
  encode_fails(&r);
  r.outcome = OUTCOME_COUNT;
  encode_fails(&r);
  r = all[1];
  r.answer_count = 3;
  answers[1].slot = 0;
  encode_fails(&r);
  samples(all);
  answers[2].message_len = RECORD_MESSAGE_ID_MAX + 1;
  encode_fails(&r);
  samples(all);
  answers[0].value.len = 0;
  encode_fails(&r);
}
END_TEST

START_TEST(refusals) {
  Record all[16], got;
  samples(all);
  Buf b = {0};
  Err err = ERR_INIT;
  ck_assert(record_encode(&b, &all[0], &err));
  b.data[0] = 99;
  ck_assert(!record_decode(&got, b.data, b.len, &err));
  ck_assert_int_eq(err.code, ERR_CONFIG);
  b.data[0] = RECORD_SPAWN;
  b.data[1] = 2;
  ck_assert(!record_decode(&got, b.data, b.len, &err));
  ck_assert_int_eq(err.code, ERR_CONFIG);
  ck_assert_ptr_nonnull(strstr(err.msg, "version 2"));
  buf_clear(&b); // an event that promises 2^40 answers
  Record e = {.kind = RECORD_EVENT};
  ck_assert(record_encode(&b, &e, &err));
  b.len--;
  buf_varint(&b, 1ull << 40);
  ck_assert(!record_decode(&got, b.data, b.len, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  buf_free(&b);
  ck_assert_str_eq(record_kind_name(RECORD_EVENT), "event");
  ck_assert_ptr_null(record_kind_name((RecordKind)0));
}
END_TEST

// What is accepted after a change is a record of its own: encoding it again gives the same bytes.
START_TEST(mutations) {
  Record all[16], got;
  size_t n = samples(all), accepted = 0;
  uint64_t rng = 8;
  for (size_t i = 0; i < test_scale(30000); i++) {
    Buf b = {0}, again = {0};
    Err err = ERR_INIT;
    ck_assert(record_encode(&b, &all[i % n], &err));
    for (size_t k = 1 + test_random(&rng) % 3; k > 0; k--)
      b.data[test_random(&rng) % b.len] ^= (uint8_t)(1u << test_random(&rng) % 8);
    uint8_t *exact = mem_dup(b.data, b.len);
    if (record_decode(&got, exact, b.len, &err)) {
      accepted++;
      ck_assert_msg(record_encode(&again, &got, &err), "%s", err.msg);
      ck_assert_uint_eq(again.len, b.len);
      ck_assert_mem_eq(again.data, exact, b.len);
      record_free(&got);
    }
    mem_free(exact);
    buf_free(&b);
    buf_free(&again);
  }
  ck_assert_uint_gt(accepted, 0);
}
END_TEST

SUITE_MAIN("daemon/log-record", round_trip, cut_and_extended, callers_mistakes, refusals, mutations)
