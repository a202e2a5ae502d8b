// Changed log records: an error, or a record that is written as the same bytes again.
#include "common/base/mem.h"
#include "daemon/log/record.h"
#include "tests/fuzz/fuzz.h"
#include "tests/util.h"
#include <string.h>

typedef struct Sample {
  Record record;
  RecordAnswer answers[5];
  uint8_t bytes[300];
} Sample;

static uint64_t any_number(Fuzz *f) { return test_random(&f->rng) >> fuzz_below(f, 64); }

static RecordValue any_value(Fuzz *f, const Sample *s) {
  RecordValue v = {.kind = fuzz_below(f, 2) ? VALUE_INLINE : VALUE_PAGE};
  if (v.kind == VALUE_INLINE) {
    v.bytes = s->bytes;
    v.len = 1 + fuzz_below(f, sizeof s->bytes - 1);
  } else {
    test_fill(&f->rng, v.page.b, sizeof v.page.b);
  }
  return v;
}

static void any_record(Fuzz *f, Sample *s) {
  memset(s, 0, sizeof *s);
  test_fill(&f->rng, s->bytes, sizeof s->bytes);
  Record *r = &s->record;
  *r = (Record){.kind = (RecordKind)(1 + fuzz_below(f, RECORD_KIND_COUNT - 1)),
                .cog = any_number(f),
                .time = any_number(f),
                .incarnation = any_number(f),
                .name = s->bytes,
                .name_len = fuzz_below(f, RECORD_NAME_MAX + 1),
                .parent = fuzz_below(f, 2) ? RECORD_NO_COG : any_number(f),
                .owner = (uint32_t)any_number(f),
                .value = any_value(f, s),
                .event = any_number(f),
                .transaction = any_number(f),
                .outcome = (RecordOutcome)fuzz_below(f, OUTCOME_COUNT),
                .op = any_value(f, s),
                .arg = any_value(f, s),
                .ns = any_number(f),
                .answers = s->answers,
                .answer_count = fuzz_below(f, 6)};
  for (size_t i = 0; i < sizeof s->bytes; i++) s->bytes[i] = (uint8_t)('a' + s->bytes[i] % 26);
  test_fill(&f->rng, r->digest, sizeof r->digest);
  uint64_t slot = fuzz_below(f, 3);
  for (size_t i = 0; i < r->answer_count; i++, slot += 1 + fuzz_below(f, 1000))
    s->answers[i] = (RecordAnswer){.slot = slot,
                                   .value = any_value(f, s),
                                   .sender = (uint32_t)any_number(f),
                                   .message = s->bytes,
                                   .message_len = fuzz_below(f, 2) ? 16 : 0};
}

static void try_one(Fuzz *f, const Buf *bytes) {
  Record r;
  Err err = ERR_INIT;
  // A copy of its own size, so that a read beyond its end is seen.
  uint8_t *exact = mem_dup(bytes->data, bytes->len);
  if (!record_decode(&r, exact, bytes->len, &err)) {
    fuzz_refused(f, &err);
  } else {
    Buf again = {0};
    f->accepted++;
    if (!record_encode(&again, &r, &err)) fuzz_fail(f, "accepted, but cannot be written: %s", err.msg);
    if (again.len != bytes->len || memcmp(again.data, exact, again.len) != 0)
      fuzz_fail(f, "accepted, but written in other bytes");
    buf_free(&again);
    record_free(&r);
  }
  mem_free(exact);
}

int main(void) {
  Fuzz f = fuzz_begin("records");
  for (size_t i = 0; i < f.rounds; i++) {
    Sample s;
    Buf bytes = {0};
    Err err = ERR_INIT;
    any_record(&f, &s);
    if (!record_encode(&bytes, &s.record, &err)) fuzz_fail(&f, "the sample is wrong: %s", err.msg);
    if (i % 16) fuzz_bytes(&f, &bytes);
    try_one(&f, &bytes);
    buf_free(&bytes);
  }
  return fuzz_end(&f) ? 0 : 1;
}
