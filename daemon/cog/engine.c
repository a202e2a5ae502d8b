#include "common/base/mem.h"
#include "daemon/cog/impl.h"
#include <errno.h>
#include <string.h>

#define SLICE 200000     // units of work of a cog before another has its turn
#define ROUND_NS 5000000 // a round commits after about this long, if it has something to commit
#define COG_MEMORY ((size_t)1 << 30)
#define EVENT_FUEL 10000000000u
#define EVENT_MS 60000
#define SNAPSHOT_BYTES (64u << 20)
#define REPLAY_NS 128               // nanoseconds of an event that count as a byte of log
#define WARN_NS 10000000000u        // between two warnings about room
#define NO_SNAPSHOT_NS 10000000000u // after one that failed
#define COGS 10000

uint64_t engine_wall_ns(Engine *e) { return e->cfg.sys->wall_ns(e->cfg.sys->ctx); }
uint64_t engine_mono_ns(Engine *e) { return e->cfg.sys->mono_ns(e->cfg.sys->ctx); }

// --- cogs ----------------------------------------------------------------------------------------------
void engine_add(Engine *e, Cog *c) {
  mem_reserve(e->cogs, e->cog_cap, e->cog_count + 1);
  size_t at = e->cog_count++;
  for (; at > 0 && e->cogs[at - 1]->id > c->id; at--) e->cogs[at] = e->cogs[at - 1];
  e->cogs[at] = c;
  wtab_put(&e->by_id, c->id, (uint64_t)(uintptr_t)c);
  if (c->name[0]) btab_put(&e->by_name, c->name, strlen(c->name), (uint64_t)(uintptr_t)c);
  if (c->id >= e->next_id) e->next_id = c->id + 1;
}

void engine_forget(Engine *e, Cog *c) {
  wtab_del(&e->by_id, c->id, NULL);
  if (c->name[0]) btab_del(&e->by_name, c->name, strlen(c->name), NULL);
  size_t at = 0;
  while (e->cogs[at] != c) at++;
  memmove(e->cogs + at, e->cogs + at + 1, (--e->cog_count - at) * sizeof *e->cogs);
}

Cog *engine_cog(Engine *e, uint64_t id) {
  const uint64_t *c = wtab_get(&e->by_id, id);
  return c ? (Cog *)(uintptr_t)*c : NULL;
}

// --- the log -------------------------------------------------------------------------------------------
// When the log holds as much as it may promise, a commit makes room.
static bool reserve(Engine *e, uint64_t cost, Err *err) {
  if (wal_reserve(e->wal, cost, err)) return true;
  if (err->code != ERR_RETRY) return false;
  uint64_t committed;
  *err = ERR_INIT;
  if (!wal_commit(e->wal, &committed, err)) {
    engine_break(e, err);
    return false;
  }
  return wal_reserve(e->wal, cost, err);
}

bool engine_append(Engine *e, const Record *records, size_t n, uint64_t reserved, Err *err) {
  Buf *bytes = mem_zalloc(mem_mul(n, sizeof *bytes));
  WalRecord *list = mem_alloc(mem_mul(n, sizeof *list));
  size_t total = 0;
  bool ok = true;
  for (size_t i = 0; ok && i < n; i++) {
    ok = record_encode(&bytes[i], &records[i], err);
    list[i] = (WalRecord){bytes[i].data, bytes[i].len};
    total += bytes[i].len;
  }
  uint64_t cost = wal_cost(n, total);
  if (ok && cost > reserved) { // more than was foreseen
    if (reserved) wal_unreserve(e->wal, reserved);
    reserved = cost;
    ok = reserve(e, cost, err);
  }
  ok = ok && wal_append(e->wal, list, n, reserved, NULL, err);
  e->to_replay += total + n * RECORD_REPLAY;
  for (size_t i = 0; i < n; i++) buf_free(&bytes[i]);
  mem_free(bytes);
  mem_free(list);
  return ok;
}

void engine_release(Engine *e, Release r) {
  mem_reserve(e->releases, e->release_cap, e->release_count + 1);
  e->releases[e->release_count++] = r;
}

void engine_break(Engine *e, const Err *err) {
  if (e->failed) return;
  e->failed = true;
  e->failure = *err;
  log_line(&e->cfg.log, LOG_ERROR, "engine", "stopping, nothing more is acknowledged: %s", err->msg);
  if (e->cfg.failed) e->cfg.failed(e->cfg.ctx);
}

// Not for each event that has to wait for the same.
static void warn(Engine *e, const Err *err) {
  uint64_t now = engine_mono_ns(e);
  if (e->warned_ns && now - e->warned_ns < WARN_NS) return;
  e->warned_ns = now;
  log_line(&e->cfg.log, LOG_WARN, "engine", "%s", err->msg);
}

static void drop_releases(Engine *e) {
  Err err = ERR_INIT;
  err_set(&err, ERR_IO,
          "palld cannot write its log any more (%s); it restarts from the last commit: try again",
          e->failure.msg);
  for (size_t i = 0; i < e->release_count; i++) {
    if (e->releases[i].call) ctl_fail(e->releases[i].call, &err);
    mem_free(e->releases[i].text);
  }
  e->release_count = 0;
}

// One sync for all that was appended; then the world may know.
static void commit(Engine *e) {
  Err err = ERR_INIT;
  uint64_t committed;
  if (!e->failed && wal_next(e->wal) > wal_committed(e->wal) && !wal_commit(e->wal, &committed, &err))
    engine_break(e, &err);
  if (e->failed) {
    drop_releases(e);
    return;
  }
  for (size_t i = 0; i < e->release_count; i++) {
    host_release(e, &e->releases[i]);
    mem_free(e->releases[i].text);
  }
  e->release_count = 0;
  if (!wal_prepare(e->wal, &err)) warn(e, &err);
}

// --- events --------------------------------------------------------------------------------------------
static uint64_t world_wall(void *ctx) { return engine_wall_ns(ctx); }

static void world_random(void *ctx, void *out, size_t n) {
  const Sys *sys = ((Engine *)ctx)->cfg.sys;
  sys->random(sys->ctx, out, n);
}

bool engine_log_spawn(Engine *e, Cog *c, Err *err) {
  Buf bytes = {0};
  Record r = {.kind = RECORD_SPAWN,
              .cog = c->id,
              .time = engine_wall_ns(e),
              .name = (const uint8_t *)c->name,
              .name_len = strlen(c->name),
              .parent = c->parent ? c->parent : RECORD_NO_COG,
              .owner = c->owner};
  bool ok = values_save(e->values, c->m, COG_VALUE, &bytes, &r.value, err);
  if (r.value.kind == VALUE_INLINE) r.value.bytes = bytes.data;
  ok = ok && engine_append(e, &r, 1, 0, err);
  buf_free(&bytes);
  return ok;
}

// The child, without its requests; NULL when there is no room for it or its record.
static Cog *spin(Engine *e, Cog *parent, Ref fan, Err *err) {
  size_t most = e->cfg.cogs - e->cfg.cogs / 10;
  if (e->cog_count >= most) {
    err_set(err, ERR_LIMIT, "there are %zu cogs, as many as cogs may spin; it waits until some are removed",
            e->cog_count);
    return NULL;
  }
  Cog *c = cog_new(e->next_id, "", 0, e->cfg.cog_memory, e->jets);
  RefMark mark = refs_mark(c->m);
  Ref v;
  bool ok = values_move(e->values, parent->m, fan, c->m, &v, err);
  if (ok) cog_set_value(c, v);
  refs_release(c->m, mark);
  c->parent = parent->id;
  c->owner = parent->owner;
  c->dirty = c->fresh = true;
  c->lsn = wal_next(e->wal);
  if (ok && engine_log_spawn(e, c, err)) return c;
  cog_free(c);
  return NULL;
}

// The record of the child follows that of the event in which its parent asked for it.
static uint64_t world_spin(void *ctx, Cog *parent, Ref fan, Err *err) {
  Engine *e = ctx;
  if (e->reissuing && parent->unclaimed_count > 0) {
    uint64_t id = parent->unclaimed[0];
    memmove(parent->unclaimed, parent->unclaimed + 1, --parent->unclaimed_count * sizeof id);
    return id;
  }
  Cog *c = spin(e, parent, fan, err);
  if (!c) {
    if (err->code == ERR_IO) engine_break(e, err);
    return 0;
  }
  engine_add(e, c);
  cog_add_child(parent, c->id);
  return c->id;
}

// The whole row is sealed at once, as one request is seldom alone.
static Eval *world_eval(void *ctx, Cog *c, size_t slot, uint64_t limit_ns) {
  Engine *e = ctx;
  RefMark mark = refs_mark(c->m);
  values_seal(c->m, COG_ROW);
  Eval *ev = eval_add(e->evals, c->id, ref_get(c->m, plan_row_get(c->m, COG_ROW, slot)), limit_ns);
  refs_release(c->m, mark);
  return ev;
}

// Called by a thread that evaluates.
static void on_eval_done(void *ctx) {
  Engine *e = ctx;
  pthread_mutex_lock(&e->lock);
  e->eval_done = true;
  pthread_cond_signal(&e->wake);
  pthread_mutex_unlock(&e->lock);
}

static bool save(Engine *e, Cog *c, Ref v, Buf *bytes, size_t *offset, RecordValue *out, Err *err) {
  *offset = bytes->len;
  return values_save(e->values, c->m, v, bytes, out, err);
}

static void place(RecordValue *v, const Buf *bytes, size_t offset) {
  if (v->kind == VALUE_INLINE) v->bytes = bytes->data + offset;
}

#define RECORD_ROOM 512 // of a record without its values
#define CRASH_ROOM 8192 // of a crash's operator and argument, which are known only afterwards
#define NO_ROOM_NS 1000000000u

// Before an event is run: its answers as the log will have them, their pages durable, and room in the log.
// So an event that has been run can be logged, whatever happens to the disk in between.
static bool prepare_event(Engine *e, Cog *c, Err *err) {
  size_t n = cog_settle_answers(c);
  buf_clear(&c->prepared);
  c->answers = mem_realloc(c->answers, mem_mul(n, sizeof *c->answers));
  c->offsets = mem_realloc(c->offsets, mem_mul(n, sizeof *c->offsets));
  c->answer_count = n;
  bool ok = true;
  for (size_t i = 0; ok && i < n; i++) {
    RefMark mark = refs_mark(c->m);
    RecordAnswer *a = &c->answers[i];
    *a = (RecordAnswer){0};
    ok = plan_nat_u64(c->m, plan_key(c->m, COG_ANSWERS, i), &a->slot) &&
         save(e, c, plan_val(c->m, COG_ANSWERS, i), &c->prepared, &c->offsets[i], &a->value, err);
    const Send *s = ok ? c->requests[a->slot].send : NULL;
    if (s) {
      a->sender = s->sender;
      a->message = s->args->id.bytes;
      a->message_len = RPC_ID_LEN;
    }
    refs_release(c->m, mark);
  }
  if (!ok) return false;
  c->reserved = wal_cost(1, RECORD_ROOM + CRASH_ROOM + c->prepared.len + n * 128);
  if (reserve(e, c->reserved, err)) return true;
  c->reserved = 0;
  return false;
}

// No room: messages are refused, the cog waits a little.
static void put_off(Engine *e, Cog *c, uint64_t now, const Err *why) {
  if (why->code == ERR_IO) engine_break(e, why);
  Err err = ERR_INIT;
  err_set(&err, why->code == ERR_IO ? ERR_IO : ERR_LIMIT,
          "cog %llu cannot take this now, nothing was changed: %s", (unsigned long long)c->id, why->msg);
  warn(e, &err);
  cog_refuse_messages(c, &err);
  c->not_before_ns = now + NO_ROOM_NS;
}

// What a crash was about. A value too long for the record itself needs room that nobody could reserve: when
// there is none, the record says 0 for it.
static bool save_crash(Engine *e, Cog *c, Record *r, Buf *bytes, Err *err) {
  size_t op, arg;
  if (!save(e, c, COG_OP, bytes, &op, &r->op, err) || !save(e, c, COG_ARG, bytes, &arg, &r->arg, err)) {
    if (err->code != ERR_LIMIT) return false;
    warn(e, err);
    *err = ERR_INIT;
    buf_clear(bytes);
    cog_forget_crash(c, r);
    if (!save(e, c, COG_OP, bytes, &op, &r->op, err) || !save(e, c, COG_ARG, bytes, &arg, &r->arg, err))
      return false;
  }
  place(&r->op, bytes, op);
  place(&r->arg, bytes, arg);
  return true;
}

// The event's record: the answers as the cog received them, and a crash's parts.
static bool log_event(Engine *e, Cog *c, Record *r, Err *err) {
  r->answers = c->answers;
  r->answer_count = c->answer_count;
  r->time = engine_wall_ns(e);
  for (size_t i = 0; i < c->answer_count; i++) {
    place(&c->answers[i].value, &c->prepared, c->offsets[i]);
    const Send *s = c->requests[c->answers[i].slot].send; // a retry may have taken its place
    if (s) c->answers[i].message = s->args->id.bytes;
  }
  Buf crash = {0};
  bool ok = r->outcome != OUTCOME_CRASH || save_crash(e, c, r, &crash, err);
  uint64_t lsn = wal_next(e->wal);
  ok = ok && engine_append(e, r, 1, c->reserved, err);
  if (ok) cog_mark_logged(c, r->event, lsn);
  c->reserved = 0;
  buf_free(&crash);
  return ok;
}

static void acknowledge(Engine *e, Cog *c, const Record *r) {
  for (size_t i = 0; i < c->request_count; i++) {
    Send *s = c->requests[i].send;
    if (!s || !c->requests[i].ready) continue;
    MessageId id = {.sender = s->sender};
    memcpy(id.id, s->args->id.bytes, RPC_ID_LEN);
    cog_note_message(c, &id, r->event);
    engine_release(e, (Release){.kind = RELEASE_SEND,
                                .call = s->call,
                                .cog = c->id,
                                .event = r->event,
                                .failed = r->outcome != OUTCOME_DONE});
    mem_free(s);
    c->requests[i].send = NULL;
  }
}

static void finish_event(Engine *e, Cog *c, Record *r, Ref old) {
  Err err = ERR_INIT;
  if (!log_event(e, c, r, &err)) {
    engine_break(e, &err);
    return;
  }
  e->to_replay += (engine_mono_ns(e) - c->started_ns) / REPLAY_NS;
  acknowledge(e, c, r);
  cog_consume(c);
  e->events++;
  if (r->outcome != OUTCOME_DONE)
    engine_release(e, (Release){.kind = RELEASE_LINE,
                                .cog = c->id,
                                .text = mem_printf("event %llu ended in %s%s%s", (unsigned long long)r->event,
                                                   r->outcome == OUTCOME_CRASH  ? "a crash"
                                                   : r->outcome == OUTCOME_TIME ? "its time limit"
                                                                                : "a limit",
                                                   c->at_work != NULL ? "; at work, innermost first: " : "",
                                                   c->at_work != NULL ? c->at_work : "")});
  if (c->state == STATE_SPINNING) {
    cog_update_requests(c, old, &e->world);
  } else {
    Err dead = ERR_INIT;
    err_set(&dead, ERR_RETRY, "cog %llu has ended (%s) and takes no messages", (unsigned long long)c->id,
            c->state == STATE_CRASHED ? "crashed" : "timed out");
    host_end_calls(e, c, &dead);
    cog_drop_evals(c);
  }
}

static bool is_active(const Cog *c) { return c->state == STATE_SPINNING && !c->paused; }

// One slice of one cog. True when it has more to do at once.
static bool turn(Engine *e, Cog *c, uint64_t now) {
  prof_poll(e, c, now);
  if (!is_active(c) && !c->running) {
    host_deliver(e, c, now); // only ends waits
    return false;
  }
  c->clock_ns = engine_wall_ns(e);
  if (c->fresh) {
    c->fresh = false;
    cog_update_requests(c, 0, &e->world);
  }
  if (!c->running) {
    cog_poll(c, &e->world);
    host_deliver(e, c, now);
    if (!cog_has_answers(c) || now < c->not_before_ns) return false;
    Err err = ERR_INIT;
    if (!prepare_event(e, c, &err)) {
      put_off(e, c, now, &err);
      return false;
    }
    c->started_ns = now;
    cog_begin(c, e->cfg.event_fuel);
  }
  RefMark mark = refs_mark(c->m);
  Ref old = ref_dup(c->m, COG_ROW);
  Record r;
  if (cog_run(c, SLICE, engine_mono_ns(e), e->cfg.event_ms * 1000000u, &r)) finish_event(e, c, &r, old);
  refs_release(c->m, mark);
  return !e->failed && (c->running || (is_active(c) && cog_has_answers(c) && now >= c->not_before_ns));
}

// Cogs have turns until none has anything to do or the round is over. True: there may be more to do.
static bool run_round(Engine *e) {
  uint64_t begin = engine_mono_ns(e), now = begin;
  for (; e->idle < e->cog_count && !e->failed; now = engine_mono_ns(e)) {
    if (now - begin > ROUND_NS) return true;
    if (e->at >= e->cog_count) e->at = 0;
    e->idle = turn(e, e->cogs[e->at++], now) ? 0 : e->idle + 1;
  }
  return false;
}

// --- the thread ----------------------------------------------------------------------------------------
static uint64_t next_deadline(Engine *e) {
  uint64_t now = engine_mono_ns(e), wall = engine_wall_ns(e), first = UINT64_MAX;
  for (size_t i = 0; i < e->cog_count; i++) {
    const Cog *c = e->cogs[i];
    if (is_active(c) && c->not_before_ns > now && c->not_before_ns < first) first = c->not_before_ns;
    uint64_t wake = is_active(c) ? cog_wake_seconds(c) : UINT64_MAX, at = host_deadline(c);
    if (wake < UINT64_MAX / 1000000000u) {
      uint64_t due = wake * 1000000000u, in = due > wall ? due - wall : 0;
      if (now + in < at) at = now + in;
    }
    if (at < first) first = at;
  }
  return first;
}

// Takes the jobs; waits for some, or until the deadline, when there is nothing else to do.
static Job *take_jobs(Engine *e, bool wait) {
  uint64_t deadline = wait ? next_deadline(e) : 0;
  pthread_mutex_lock(&e->lock);
  while (wait && !e->jobs && !e->stopping && !e->eval_done) {
    if (deadline == UINT64_MAX) {
      pthread_cond_wait(&e->wake, &e->lock);
      continue;
    }
    struct timespec ts = {(time_t)(deadline / 1000000000u), (long)(deadline % 1000000000u)};
    if (pthread_cond_timedwait(&e->wake, &e->lock, &ts) == ETIMEDOUT) break;
  }
  Job *jobs = e->jobs;
  if (e->eval_done) e->idle = 0;
  e->eval_done = false;
  e->jobs = NULL;
  e->jobs_end = &e->jobs;
  pthread_mutex_unlock(&e->lock);
  return jobs;
}

static void snapshot(Engine *e) {
  Err err = ERR_INIT;
  uint64_t now = engine_mono_ns(e);
  if (now < e->no_snapshot_ns || persist_snapshot(e, &err)) return;
  log_line(&e->cfg.log, LOG_WARN, "snapshot", "%s", err.msg);
  e->no_snapshot_ns = now + NO_SNAPSHOT_NS;
  if (err.code == ERR_IO) engine_break(e, &err);
}

static void *engine_thread(void *ctx) {
  Engine *e = ctx;
  bool busy = true;
  for (;;) {
    Job *jobs = take_jobs(e, !busy);
    if (jobs || !busy) e->idle = 0;
    pthread_mutex_lock(&e->lock);
    bool stopping = e->stopping;
    pthread_mutex_unlock(&e->lock);
    while (jobs) {
      Job *next = jobs->next;
      host_do(e, jobs);
      mem_free(jobs);
      jobs = next;
    }
    busy = !stopping && !e->failed && run_round(e);
    commit(e);
    if (!e->failed && e->to_replay >= e->cfg.snapshot_bytes) snapshot(e);
    if (stopping) break;
  }
  return NULL;
}

bool engine_open(Engine **out, const EngineConfig *config, Err *err) {
  Engine *e = mem_zalloc(sizeof *e);
  e->cfg = *config;
  if (!e->cfg.cog_memory) e->cfg.cog_memory = COG_MEMORY;
  if (!e->cfg.cogs) e->cfg.cogs = COGS;
  if (!e->cfg.event_fuel) e->cfg.event_fuel = EVENT_FUEL;
  if (!e->cfg.event_ms) e->cfg.event_ms = EVENT_MS;
  if (!e->cfg.snapshot_bytes) e->cfg.snapshot_bytes = SNAPSHOT_BYTES;
  e->next_id = 1;
  e->jobs_end = &e->jobs;
  e->jets = jet_table_default();
  e->world = (CogWorld){e, world_wall, world_random, world_spin, world_eval};
  pthread_mutex_init(&e->lock, NULL);
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&e->wake, &attr);
  pthread_condattr_destroy(&attr);
  e->evals = eval_pool_new(&(EvalPoolConfig){.sys = e->cfg.sys,
                                             .jets = e->jets,
                                             .threads = e->cfg.eval_threads,
                                             .memory = e->cfg.cog_memory,
                                             .done = on_eval_done,
                                             .ctx = e});
  if (!persist_open(e, err)) {
    engine_close(e);
    return false;
  }
  *out = e;
  return true;
}

// Requests of spinning cogs are issued again.
bool engine_start(Engine *e, Err *err) {
  e->reissuing = true;
  for (size_t i = 0; i < e->cog_count; i++)
    if (e->cogs[i]->state == STATE_SPINNING) cog_update_requests(e->cogs[i], 0, &e->world);
  e->reissuing = false;
  if (pthread_create(&e->thread, NULL, engine_thread, e) != 0)
    return err_set(err, ERR_INTERNAL, "cannot start the engine's thread");
  e->started = true;
  return true;
}

void engine_stop(Engine *e) {
  if (!e->started) return;
  pthread_mutex_lock(&e->lock);
  e->stopping = true;
  pthread_cond_signal(&e->wake);
  pthread_mutex_unlock(&e->lock);
  pthread_join(e->thread, NULL);
  e->started = false;
  eval_pool_stop(e->evals);
  Err bye = ERR_INIT, err = ERR_INIT;
  err_set(&bye, ERR_RETRY, "palld is stopping; try again when it is back");
  for (size_t i = 0; i < e->cog_count; i++) {
    machine_abandon(e->cogs[i]->m); // its messages were not acknowledged
    e->cogs[i]->running = false;
    host_end_calls(e, e->cogs[i], &bye);
  }
  if (!e->failed && !persist_snapshot(e, &err)) log_line(&e->cfg.log, LOG_WARN, "snapshot", "%s", err.msg);
}

void engine_close(Engine *e) {
  if (!e) return;
  for (size_t i = 0; i < e->cog_count; i++) cog_free(e->cogs[i]);
  eval_pool_free(e->evals);
  mem_free(e->cogs);
  wtab_free(&e->by_id);
  btab_free(&e->by_name);
  wtab_free(&e->late);
  mem_free(e->releases);
  mem_free(e->removed);
  wal_close(e->wal);
  values_free(e->values);
  store_close(e->store);
  jet_table_free(e->jets);
  pthread_cond_destroy(&e->wake);
  pthread_mutex_destroy(&e->lock);
  mem_free(e);
}
