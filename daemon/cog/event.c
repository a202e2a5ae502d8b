// Events: the cog applied to the tab of its ready answers, in slices; and the same again from the log.
#include "common/base/blake3.h"
#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/plan/profile.h"
#include "daemon/cog/cog.h"
#include <string.h>

static void begin(Cog *c, size_t memory, uint64_t fuel) {
  c->running = true;
  machine_set_limits(c->m, memory, fuel);
  RefMark mark = refs_mark(c->m);
  cog_settle_answers(c);
  machine_start_nf(c->m, plan_apply(c->m, COG_VALUE, (const Ref[]){COG_ANSWERS}, 1));
  refs_release(c->m, mark);
}

void cog_begin(Cog *c, uint64_t fuel) {
  assert(!c->running && cog_has_answers(c));
  begin(c, c->memory, fuel);
}

static void put_hash(Blake3 *h, Cog *c, Ref v) {
  uint8_t hash[32] = {0};
  plan_hash(c->m, v, hash);
  blake3_update(h, hash, sizeof hash);
}

// Of the request row and the outcome. Values of unbounded size enter by their hash.
static void digest(Cog *c, RecordOutcome outcome, uint8_t out[RECORD_DIGEST_LEN]) {
  Blake3 h;
  uint8_t full[BLAKE3_LEN], kind = (uint8_t)outcome;
  blake3_init(&h);
  blake3_update(&h, &kind, 1);
  if (outcome == OUTCOME_DONE) put_hash(&h, c, COG_ROW);
  if (outcome == OUTCOME_CRASH) {
    put_hash(&h, c, COG_OP);
    put_hash(&h, c, COG_ARG);
  }
  blake3_final(&h, full);
  memcpy(out, full, RECORD_DIGEST_LEN);
}

// Ends the event's bookkeeping: answered requests are consumed, whatever the outcome.
void cog_consume(Cog *c) {
  RefMark mark = refs_mark(c->m);
  for (size_t i = 0; i < c->request_count; i++)
    if (c->requests[i].ready) c->requests[i] = (Request){0};
  ref_copy(c->m, COG_ANSWERS, plan_tab_empty(c->m));
  refs_release(c->m, mark);
  c->unclaimed_count = 0; // each id was among the answers
  c->random_bytes = 0;
  c->events++;
  c->dirty = true;
  c->running = false;
}

static void end_in_crash(Cog *c) {
  Value op, arg;
  machine_crash(c->m, &op, &arg);
  ref_set(c->m, COG_OP, op);
  ref_set(c->m, COG_ARG, arg);
  // The operator is what the program said; it may be anything, and unevaluated.
  if (plan_force(c->m, COG_OP) != RUN_DONE) ref_set(c->m, COG_OP, 0);
  if (plan_force(c->m, COG_ARG) != RUN_DONE) ref_set(c->m, COG_ARG, 0);
  c->state = STATE_CRASHED;
}

#define NAMES_SHOWN 10

void cog_law_name(Cog *c, Ref law, char name[COG_LAW_NAME + 1]) {
  Ref nat = plan_law_name(c->m, law);
  size_t n = plan_nat_size(c->m, nat);
  if (n > COG_LAW_NAME) n = 0;
  plan_nat_copy(c->m, nat, name, n);
  for (size_t i = 0; i < n; i++)
    if (name[i] <= ' ' || name[i] > '~') n = 0;
  if (n > 1 && name[0] == '_' && name[1] >= 'A' && name[1] <= 'Z') n = 0;
  name[n] = 0;
}

// To be noted before anything else runs on the machine.
static void note_at_work(Cog *c) {
  CrashEntry entries[TRACE_INNER + TRACE_OUTER];
  char name[COG_LAW_NAME + 1];
  uint64_t left_out;
  size_t n = machine_trace(c->m, entries, &left_out), shown = 0;
  Buf names = {0};
  for (size_t i = 0; i < n && i < TRACE_INNER && shown < NAMES_SHOWN; i++) {
    cog_law_name(c, ref_new(c->m, entries[i].law), name);
    if (name[0] != 0) buf_printf(&names, "%s%s", shown++ > 0 ? ", " : "", name);
  }
  if (shown == NAMES_SHOWN) buf_str(&names, ", ..");
  mem_free(c->at_work);
  c->at_work = names.len > 0 ? mem_strdup(buf_cstr(&names)) : NULL;
  buf_free(&names);
}

static RecordOutcome outcome_of(Outcome o) {
  switch (o) {
  case RUN_DONE: return OUTCOME_DONE;
  case RUN_CRASH: return OUTCOME_CRASH;
  case RUN_MEMORY: return OUTCOME_MEMORY;
  case RUN_LOOP: return OUTCOME_LOOP;
  case RUN_DIVERGES: return OUTCOME_DIVERGES;
  default: return OUTCOME_TIME;
  }
}

// What an outcome makes of the cog. Memory, loops and divergence are crashes whose operator names them.
static void take_outcome(Cog *c, RecordOutcome outcome, uint64_t ns) {
  static const char *const limit_names[OUTCOME_COUNT] = {
      [OUTCOME_MEMORY] = "memory", [OUTCOME_LOOP] = "loop", [OUTCOME_DIVERGES] = "diverges"};
  RefMark mark = refs_mark(c->m);
  if (outcome == OUTCOME_CRASH) {
    end_in_crash(c);
  } else if (outcome == OUTCOME_TIME) {
    c->state = STATE_TIMED_OUT;
    c->timeout_ns = ns;
  } else if (outcome != OUTCOME_DONE) {
    c->state = STATE_CRASHED;
    ref_copy(c->m, COG_OP, plan_nat_bytes(c->m, limit_names[outcome], strlen(limit_names[outcome])));
    ref_set(c->m, COG_ARG, 0);
  }
  refs_release(c->m, mark);
}

static void finish(Cog *c, Outcome o, uint64_t ns, Record *record) {
  RecordOutcome outcome = outcome_of(o);
  RefMark mark = refs_mark(c->m);
  if (outcome == OUTCOME_DONE)
    cog_set_value(c, ref_new(c->m, machine_result(c->m)));
  else
    note_at_work(c);
  refs_release(c->m, mark);
  take_outcome(c, outcome, ns);
  *record = (Record){.kind = RECORD_EVENT,
                     .cog = c->id,
                     .incarnation = c->incarnation,
                     .event = c->events + 1,
                     .outcome = outcome,
                     .ns = outcome == OUTCOME_TIME ? ns : 0};
  digest(c, outcome, record->digest);
}

void cog_forget_crash(Cog *c, Record *record) {
  ref_set(c->m, COG_OP, 0);
  ref_set(c->m, COG_ARG, 0);
  digest(c, record->outcome, record->digest);
}

bool cog_run(Cog *c, uint64_t slice, uint64_t now_ns, uint64_t limit_ns, Record *record) {
  Profile *profile = profile_of(c->m);
  Outcome o = profile ? profile_run(profile, slice) : machine_run(c->m, slice);
  if (o == RUN_YIELD && now_ns - c->started_ns <= limit_ns) return false;
  if (o == RUN_YIELD) {
    machine_abandon(c->m);
    o = RUN_STOPPED;
  }
  finish(c, o, now_ns - c->started_ns, record);
  return true;
}

// It came to its end once. Where garbage lay then, and so what that run took, is not known any more.
#define REPLAY_MEMORY (SIZE_MAX / 16)

bool cog_replay(Cog *c, const Record *record, Values *values, Err *err) {
  Outcome o = RUN_DONE;
  uint8_t want[RECORD_DIGEST_LEN];
  if (record->outcome == OUTCOME_DONE) {
    c->replaying = true;
    begin(c, REPLAY_MEMORY, 0);
    o = machine_run(c->m, 0);
    c->replaying = false;
    if (o == RUN_DONE) {
      RefMark mark = refs_mark(c->m);
      cog_set_value(c, ref_new(c->m, machine_result(c->m)));
      refs_release(c->m, mark);
    }
  } else if (record->outcome == OUTCOME_CRASH) {
    // An outcome that is no value is applied, not computed again.
    RefMark mark = refs_mark(c->m);
    Ref op, arg;
    if (!values_load(values, c->m, &record->op, &op, err) ||
        !values_load(values, c->m, &record->arg, &arg, err)) {
      refs_release(c->m, mark);
      return false;
    }
    ref_copy(c->m, COG_OP, op);
    ref_copy(c->m, COG_ARG, arg);
    refs_release(c->m, mark);
    c->state = STATE_CRASHED;
  } else {
    take_outcome(c, record->outcome, record->ns);
  }
  digest(c, record->outcome, want);
  if (o != RUN_DONE || memcmp(want, record->digest, sizeof want) != 0)
    return err_set(err, ERR_INTERNAL,
                   "event %llu of cog %llu came out differently than it is logged (%s): this palld computes "
                   "something else than the one that wrote the log; run the version named in the store",
                   (unsigned long long)record->event, (unsigned long long)c->id, outcome_name(o));
  cog_consume(c);
  return true;
}
