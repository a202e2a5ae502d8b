// What the control socket asks, as jobs for the engine's thread.
#include "common/base/mem.h"
#include "daemon/cog/impl.h"
#include <inttypes.h>
#include <string.h>

#define INBOX_MAX 100000

// --- to the engine's thread ------------------------------------------------------------------------------
static void post(void *ctx, JobKind kind, CtlCall *call, const void *args) {
  Engine *e = ctx;
  Job *job = mem_alloc(sizeof *job);
  *job = (Job){.kind = kind, .call = call, .args = args};
  pthread_mutex_lock(&e->lock);
  bool stopping = e->stopping;
  if (!stopping) {
    *e->jobs_end = job;
    e->jobs_end = &job->next;
    pthread_cond_signal(&e->wake);
  }
  pthread_mutex_unlock(&e->lock);
  if (!stopping) return;
  mem_free(job);
  if (kind == JOB_CANCEL) return;
  Err err = ERR_INIT;
  err_set(&err, ERR_RETRY, "palld is stopping; try again when it is back");
  ctl_fail(call, &err);
}

static void post_info(void *ctx, CtlCall *call) { post(ctx, JOB_INFO, call, NULL); }
static void post_ps(void *ctx, CtlCall *call, const RpcPsArgs *args) { post(ctx, JOB_PS, call, args); }
static void post_spawn(void *ctx, CtlCall *call, const RpcSpawnArgs *args) {
  post(ctx, JOB_SPAWN, call, args);
}
static void post_send(void *ctx, CtlCall *call, const RpcSendArgs *args) { post(ctx, JOB_SEND, call, args); }
static void post_inspect(void *ctx, CtlCall *call, const RpcInspectArgs *args) {
  post(ctx, JOB_INSPECT, call, args);
}
static void post_trace(void *ctx, CtlCall *call, const RpcTraceArgs *args) {
  post(ctx, JOB_TRACE, call, args);
}
static void post_log(void *ctx, CtlCall *call, const RpcLogArgs *args) { post(ctx, JOB_LOG, call, args); }
static void post_stop(void *ctx, CtlCall *call, const RpcCogArgs *args) { post(ctx, JOB_STOP, call, args); }
static void post_start(void *ctx, CtlCall *call, const RpcCogArgs *args) { post(ctx, JOB_START, call, args); }
static void post_rm(void *ctx, CtlCall *call, const RpcCogArgs *args) { post(ctx, JOB_RM, call, args); }
static void post_prof(void *ctx, CtlCall *call, const RpcProfArgs *args) { post(ctx, JOB_PROF, call, args); }
static void post_cancel(void *ctx, CtlCall *call) { post(ctx, JOB_CANCEL, call, NULL); }

CtlHost engine_host(Engine *e) {
  return (CtlHost){.ctx = e,
                   .info = post_info,
                   .ps = post_ps,
                   .spawn = post_spawn,
                   .send = post_send,
                   .inspect = post_inspect,
                   .trace = post_trace,
                   .log = post_log,
                   .stop = post_stop,
                   .start = post_start,
                   .rm = post_rm,
                   .prof = post_prof,
                   .cancel = post_cancel};
}

// --- finding ---------------------------------------------------------------------------------------------
Cog *host_find(Engine *e, const RpcCog *who, Err *err) {
  Cog *c = NULL;
  if (!who->name.p) {
    c = engine_cog(e, who->id);
    if (!c) err_set(err, ERR_NOT_FOUND, "no cog %" PRIu64 "; `pall ps` lists the cogs", who->id);
    return c;
  }
  const uint64_t *named = btab_get(&e->by_name, who->name.p, who->name.n);
  if (!named)
    err_set(err, ERR_NOT_FOUND, "no cog named %.*s; `pall ps` lists the cogs", (int)who->name.n, who->name.p);
  return named ? (Cog *)(uintptr_t)*named : NULL;
}

static bool may_change(const CtlCall *call, const Cog *c, Err *err) {
  const CtlCaller *who = ctl_caller(call);
  if (who->role == ROLE_ADMIN || who->uid == c->owner) return true;
  return err_set(err, ERR_DENIED,
                 "cog %" PRIu64 " belongs to user %u; only its owner or an administrator may do this", c->id,
                 c->owner);
}

// --- jobs ------------------------------------------------------------------------------------------------
static bool do_spawn(Engine *e, CtlCall *call, const RpcSpawnArgs *args, Err *err) {
  if (args->name.n && btab_get(&e->by_name, args->name.p, args->name.n))
    return err_set(err, ERR_EXISTS, "a cog named %.*s exists; choose another name or `pall rm` it",
                   (int)args->name.n, args->name.p);
  if (e->cog_count >= e->cfg.cogs)
    return err_set(err, ERR_LIMIT,
                   "there are %zu cogs, as many as palld may have; `pall rm` some, or start it with --cogs",
                   e->cog_count);
  Cog *c = cog_new(e->next_id, args->name.n ? args->name.p : "", args->name.n, e->cfg.cog_memory, e->jets);
  RefMark mark = refs_mark(c->m);
  Ref v;
  c->owner = ctl_caller(call)->uid;
  c->dirty = c->fresh = true;
  c->lsn = wal_next(e->wal);
  bool ok = values_from_wire(e->values, c->m, args->value.p, args->value.n, &v, err);
  if (ok) cog_set_value(c, v);
  refs_release(c->m, mark);
  if (!ok || !engine_log_spawn(e, c, err)) {
    cog_free(c);
    return false;
  }
  engine_add(e, c);
  engine_release(e, (Release){.kind = RELEASE_SPAWN, .call = call, .cog = c->id});
  return true;
}

// A retry takes the place of the call that it repeats.
static bool replace_call(Cog *c, CtlCall *call, const RpcSendArgs *args) {
  Send *same = NULL;
  uid_t sender = ctl_caller(call)->uid;
  for (Send *s = c->inbox; s && !same; s = s->next)
    if (s->sender == sender && memcmp(s->args->id.bytes, args->id.bytes, RPC_ID_LEN) == 0) same = s;
  for (size_t i = 0; i < c->request_count && !same; i++) {
    Send *s = c->requests[i].send;
    if (s && s->sender == sender && memcmp(s->args->id.bytes, args->id.bytes, RPC_ID_LEN) == 0) same = s;
  }
  if (!same) return false;
  Err err = ERR_INIT;
  err_set(&err, ERR_RETRY, "the same message was sent again and is waited for there");
  ctl_fail(same->call, &err);
  same->call = call;
  same->args = args;
  return true;
}

static bool do_send(Engine *e, CtlCall *call, const RpcSendArgs *args, Err *err) {
  Cog *c = host_find(e, &args->cog, err);
  if (!c || !may_change(call, c, err)) return false;
  MessageId id = {.sender = ctl_caller(call)->uid};
  memcpy(id.id, args->id.bytes, RPC_ID_LEN);
  uint64_t event;
  if (cog_knows_message(c, &id, &event)) {
    engine_release(e, (Release){.kind = RELEASE_SEND,
                                .call = call,
                                .cog = c->id,
                                .event = event,
                                .again = true,
                                .failed = event == c->events && c->state >= STATE_CRASHED});
    return true;
  }
  if (c->state != STATE_SPINNING)
    return err_set(err, ERR_RETRY, "cog %" PRIu64 " is %s and takes no messages", c->id,
                   rpc_cog_state_name(look_state(c)));
  if (replace_call(c, call, args)) return true;
  if (c->queued >= INBOX_MAX)
    return err_set(err, ERR_RETRY, "%zu messages wait for cog %" PRIu64 " already; send more slowly",
                   c->queued, c->id);
  Send *s = mem_alloc(sizeof *s);
  *s = (Send){.call = call,
              .args = args,
              .sender = id.sender,
              .deadline = engine_mono_ns(e) + args->wait_ms * 1000000u};
  *c->inbox_end = s;
  c->inbox_end = &s->next;
  c->queued++;
  return true;
}

static bool do_prof(Engine *e, CtlCall *call, const RpcProfArgs *args, Err *err) {
  Cog *c = host_find(e, &args->cog, err);
  return c && may_change(call, c, err) && prof_begin(e, c, call, args, err);
}

// --- stop, start, rm ------------------------------------------------------------------------------------
static bool set_paused(Engine *e, CtlCall *call, const RpcCogArgs *args, bool pause, Err *err) {
  Cog *c = host_find(e, &args->cog, err);
  if (!c || !may_change(call, c, err)) return false;
  if (c->paused != pause) {
    Record r = {.kind = pause ? RECORD_PAUSE : RECORD_RESUME, .cog = c->id, .time = engine_wall_ns(e)};
    if (!engine_append(e, &r, 1, 0, err)) return false;
    c->paused = pause;
    c->dirty = true;
  }
  engine_release(e, (Release){.kind = RELEASE_DONE, .call = call});
  return true;
}

static bool do_rm(Engine *e, CtlCall *call, const RpcCogArgs *args, Err *err) {
  Cog *c = host_find(e, &args->cog, err);
  if (!c || !may_change(call, c, err)) return false;
  Record r = {.kind = RECORD_REMOVE, .cog = c->id, .time = engine_wall_ns(e)};
  if (!engine_append(e, &r, 1, 0, err)) return false;
  Err gone = ERR_INIT;
  err_set(&gone, ERR_NOT_FOUND, "cog %" PRIu64 " was removed", c->id);
  host_end_calls(e, c, &gone);
  engine_forget(e, c);
  mem_reserve(e->removed, e->removed_cap, e->removed_count + 1);
  e->removed[e->removed_count++] = c->id;
  cog_free(c);
  engine_release(e, (Release){.kind = RELEASE_DONE, .call = call});
  return true;
}

// --- waiting calls --------------------------------------------------------------------------------------
static void end_follower(Cog *c, size_t i) {
  RpcTrace done = {.lines = c->trace_count};
  ctl_done(c->followers[i], &done);
  c->followers[i] = c->followers[--c->follower_count];
}

// Takes *link out of the inbox.
static Send *unlink_send(Cog *c, Send **link) {
  Send *s = *link;
  *link = s->next;
  if (!s->next) c->inbox_end = link;
  s->next = NULL;
  c->queued--;
  return s;
}

static void fail_send(Cog *c, Send **link, const Err *err) {
  Send *s = unlink_send(c, link);
  ctl_fail(s->call, err);
  mem_free(s);
}

static void do_cancel(Engine *e, const CtlCall *call) {
  Err err = ERR_INIT;
  err_set(&err, ERR_RETRY, "cancelled");
  for (size_t k = 0; k < e->cog_count; k++) {
    Cog *c = e->cogs[k];
    if (prof_is_for(c, call)) {
      prof_end(e, c);
      return;
    }
    for (size_t i = 0; i < c->follower_count; i++)
      if (c->followers[i] == call) {
        end_follower(c, i);
        return;
      }
    for (Send **link = &c->inbox; *link; link = &(*link)->next)
      if ((*link)->call == call) {
        fail_send(c, link, &err);
        return;
      }
  }
}

void host_end_calls(Engine *e, Cog *c, const Err *err) {
  prof_end(e, c);
  while (c->inbox) fail_send(c, &c->inbox, err);
  while (c->follower_count > 0) end_follower(c, 0);
  for (size_t i = 0; i < c->request_count; i++) {
    Send *s = c->requests[i].send;
    if (!s) continue;
    ctl_fail(s->call, err);
    mem_free(s);
    c->requests[i].send = NULL;
  }
}

void host_deliver(Engine *e, Cog *c, uint64_t now) {
  for (Send **link = &c->inbox; *link;) {
    Err err = ERR_INIT;
    Send *s = *link;
    if (!c->paused && cog_deliver(c, e->values, s, &err)) {
      unlink_send(c, link);
    } else if (err.code) {
      fail_send(c, link, &err);
    } else if (now >= s->deadline) {
      err_set(&err, ERR_RETRY,
              c->paused ? "cog %" PRIu64 " is stopped and takes no messages; `pall start` lets it go on"
                        : "cog %" PRIu64
                          " opened no poke on that path within the time; `pall inspect` shows what it "
                          "waits for",
              c->id);
      fail_send(c, link, &err);
    } else {
      link = &s->next;
    }
  }
}

uint64_t host_deadline(const Cog *c) {
  uint64_t first = prof_deadline(c);
  for (const Send *s = c->inbox; s; s = s->next)
    if (s->deadline < first) first = s->deadline;
  return first;
}

// --- doing and releasing --------------------------------------------------------------------------------
static bool run_job(Engine *e, Job *job, Err *err) {
  switch (job->kind) {
  case JOB_INFO: return look_info(e, job->call, err);
  case JOB_PS: return look_ps(e, job->call, job->args);
  case JOB_SPAWN: return do_spawn(e, job->call, job->args, err);
  case JOB_SEND: return do_send(e, job->call, job->args, err);
  case JOB_INSPECT: return look_inspect(e, job->call, job->args, err);
  case JOB_TRACE: return look_trace(e, job->call, job->args, err);
  case JOB_LOG: return look_log(e, job->call, job->args, err);
  case JOB_STOP: return set_paused(e, job->call, job->args, true, err);
  case JOB_START: return set_paused(e, job->call, job->args, false, err);
  case JOB_RM: return do_rm(e, job->call, job->args, err);
  case JOB_PROF: return do_prof(e, job->call, job->args, err);
  case JOB_CANCEL: do_cancel(e, job->call); return true;
  }
  return true;
}

void host_do(Engine *e, Job *job) {
  Err err = ERR_INIT;
  if (e->failed && job->kind != JOB_CANCEL)
    err_set(&err, ERR_IO, "palld cannot write its log any more (%s) and is about to restart", e->failure.msg);
  else if (run_job(e, job, &err))
    return;
  if (err.code == ERR_IO && !e->failed) engine_break(e, &err);
  ctl_fail(job->call, &err);
}

void host_release(Engine *e, const Release *r) {
  Cog *c = engine_cog(e, r->cog);
  switch (r->kind) {
  case RELEASE_SPAWN: {
    RpcSpawn done = {.id = r->cog, .name = c && c->name[0] ? rpc_text(c->name) : (RpcText){0}};
    ctl_done(r->call, &done);
    break;
  }
  case RELEASE_SEND: {
    RpcSend done = {.cog = r->cog, .event = r->event, .again = r->again};
    Err err = ERR_INIT;
    if (!r->failed) {
      ctl_done(r->call, &done);
    } else {
      err_set(&err, ERR_DATA,
              "event %" PRIu64 ", which took the message, did not end well; `pall ps` says how", r->event);
      ctl_fail(r->call, &err);
    }
    break;
  }
  case RELEASE_DONE: {
    RpcNothing nothing = {0};
    ctl_done(r->call, &nothing);
    break;
  }
  case RELEASE_LINE:
    if (c) cog_trace(c, engine_wall_ns(e), "event", r->text);
    break;
  }
}
