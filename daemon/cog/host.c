// What the control socket asks, as jobs for the engine's thread.
#include "common/base/mem.h"
#include "daemon/cog/impl.h"
#include <inttypes.h>
#include <string.h>

#define INBOX_MAX 100000
#define LOG_INPUT_MAX 4096 // bytes of an event's answers that are shown
#define LOG_MEMORY (64u << 20)

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
                   .cancel = post_cancel};
}

// --- finding and describing ------------------------------------------------------------------------------
static Cog *find(Engine *e, const RpcCog *who, Err *err) {
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

static RpcText text(const char *s) { return (RpcText){s, strlen(s)}; }

static RpcCogState wire_state(const Cog *c) {
  if (c->state == STATE_SPINNING) return c->paused ? COG_STOPPED : COG_SPINNING;
  return c->state == STATE_FINISHED ? COG_FINISHED : c->state == STATE_CRASHED ? COG_CRASHED : COG_TIMED_OUT;
}

// What a crash was about, as far as it is short text or a number.
static char *crash_words(Machine *m, Ref what) {
  uint64_t n;
  size_t size = plan_form(m, what) == FORM_NAT ? plan_nat_size(m, what) : SIZE_MAX;
  if (size > 64) return mem_strdup("crashed; `pall inspect` shows its value before that event");
  char op[65] = {0};
  plan_nat_copy(m, what, op, size);
  bool printable = size > 0;
  for (size_t i = 0; i < size; i++) printable &= op[i] > 32 && op[i] < 127;
  if (printable && size > 1) return mem_printf("crash %s", op);
  return plan_nat_u64(m, what, &n) ? mem_printf("crash of operator %" PRIu64, n) : mem_strdup("crash");
}

static RpcCogInfo describe(Cog *c, char **detail) {
  uint64_t open = 0;
  for (size_t i = 0; i < c->request_count; i++) open += c->requests[i].kind != REQUEST_NONE;
  *detail = NULL;
  if (c->state == STATE_CRASHED) *detail = crash_words(c->m, COG_OP);
  if (c->state == STATE_CRASHED && c->at_work != NULL) {
    char *crash = *detail;
    *detail = mem_printf("%s, in %s", crash, c->at_work);
    mem_free(crash);
  }
  if (c->state == STATE_TIMED_OUT)
    *detail = mem_printf("event %" PRIu64 " reached its limit after %.1f s", c->events,
                         (double)c->timeout_ns / 1e9);
  return (RpcCogInfo){.id = c->id,
                      .name = c->name[0] ? text(c->name) : (RpcText){0},
                      .state = text(rpc_cog_state_name(wire_state(c))),
                      .detail = *detail ? text(*detail) : (RpcText){0},
                      .owner = c->owner,
                      .parent = c->parent,
                      .events = c->events,
                      .requests = open,
                      .queued = c->queued};
}

// --- jobs ------------------------------------------------------------------------------------------------
static bool do_info(Engine *e, CtlCall *call, Err *err) {
  StoreInfo store;
  WalInfo wal;
  if (!store_info(e->store, &store, err)) return false;
  wal_info(e->wal, &wal);
  RpcInfo info = {.store = text(e->cfg.dir),
                  .runtime = text(store.runtime),
                  .cogs = e->cog_count,
                  .events = e->events,
                  .pages = store.pages,
                  .store_bytes = store.used,
                  .log_bytes = wal.bytes};
  for (size_t i = 0; i < e->cog_count; i++) info.spinning += wire_state(e->cogs[i]) == COG_SPINNING;
  ctl_done(call, &info);
  return true;
}

static bool do_ps(Engine *e, CtlCall *call, const RpcPsArgs *args) {
  size_t first = 0, n = args->count && args->count < RPC_PAGE_MAX ? args->count : RPC_PAGE_MAX;
  while (first < e->cog_count && e->cogs[first]->id <= args->after) first++;
  if (n > e->cog_count - first) n = e->cog_count - first;
  RpcCogInfo *rows = mem_zalloc(mem_mul(n + 1, sizeof *rows));
  char **details = mem_zalloc(mem_mul(n + 1, sizeof *details));
  for (size_t i = 0; i < n; i++) rows[i] = describe(e->cogs[first + i], &details[i]);
  RpcPs ps = {.cogs = {rows, n}, .more = first + n < e->cog_count};
  ctl_done(call, &ps);
  for (size_t i = 0; i < n; i++) mem_free(details[i]);
  mem_free(details);
  mem_free(rows);
  return true;
}

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
  Cog *c = find(e, &args->cog, err);
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
                   rpc_cog_state_name(wire_state(c)));
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

// One step into a value: an element of a row, the value of a key, an argument of a closure. Pins are
// looked through. 0: there is no such part.
static Ref step_into(Cog *c, Ref v, const RpcStep *step) {
  while (plan_form(c->m, v) == FORM_PIN) v = plan_pin_item(c->m, v);
  Kind kind = plan_kind(c->m, v);
  if (kind == KIND_TAB) {
    Ref key = step->text.p ? plan_nat_bytes(c->m, step->text.p, step->text.n) : plan_nat(c->m, step->nat);
    return plan_tab_get(c->m, v, key);
  }
  if (step->text.p) return 0;
  if (kind == KIND_ROW) return step->nat < plan_len(c->m, v) ? plan_row_get(c->m, v, step->nat) : 0;
  if (kind == KIND_APP) return step->nat < plan_arg_count(c->m, v) ? plan_arg(c->m, v, step->nat) : 0;
  return 0;
}

// Elements [from, end) of a row, or keys of a set or tab, or bytes of a bar.
static Ref slice(Cog *c, Ref v, size_t from, size_t end) {
  Kind kind = plan_kind(c->m, v);
  if (kind == KIND_BAR) {
    Buf bytes = {0};
    buf_put(&bytes, plan_bar_bytes(c->m, v) + from, end - from);
    Ref bar = plan_bar(c->m, bytes.data, bytes.len);
    buf_free(&bytes);
    return bar;
  }
  Ref parts[RPC_PAGE_MAX], out = plan_tab_empty(c->m);
  for (size_t i = from; i < end; i++) {
    if (kind == KIND_TAB)
      out = plan_tab_put(c->m, out, plan_key(c->m, v, i), plan_val(c->m, v, i));
    else
      parts[i - from] = kind == KIND_SET ? plan_key(c->m, v, i) : plan_row_get(c->m, v, i);
  }
  if (kind == KIND_ROW) out = plan_row(c->m, parts, end - from);
  if (kind == KIND_SET) out = plan_set(c->m, parts, end - from);
  return out;
}

// What is asked for of a value, as a client gets it.
static bool inspect_part(Engine *e, Cog *c, Ref v, const RpcInspectArgs *args, Buf *bytes, uint64_t *size,
                         Err *err) {
  while (plan_form(c->m, v) == FORM_PIN && args->count) v = plan_pin_item(c->m, v);
  Kind kind = plan_kind(c->m, v);
  *size = kind == KIND_BAR                                           ? plan_bar_len(c->m, v)
          : kind == KIND_ROW || kind == KIND_SET || kind == KIND_TAB ? plan_len(c->m, v)
                                                                     : 0;
  if (args->count && *size) {
    uint64_t from = args->from < *size ? args->from : *size, left = *size - from;
    v = slice(c, v, from, from + (left < args->count ? left : args->count));
    if (plan_force(c->m, v) != RUN_DONE) // its parts are in normal form: this only notes that it is
      return err_set(err, ERR_INTERNAL, "a part of cog %" PRIu64 " cannot be made", c->id);
  }
  return values_to_wire(e->values, c->m, v, bytes, err);
}

static bool do_inspect(Engine *e, CtlCall *call, const RpcInspectArgs *args, Err *err) {
  Cog *c = find(e, &args->cog, err);
  if (!c) return false;
  if (c->running) // the machine is in the middle of an event
    return err_set(err, ERR_RETRY, "cog %" PRIu64 " is computing; try again", c->id);
  RefMark mark = refs_mark(c->m);
  Ref v = ref_dup(c->m, COG_VALUE);
  bool ok = true;
  for (size_t i = 0; ok && i < args->path.n; i++) {
    v = step_into(c, v, &args->path.steps[i]);
    if (!v)
      ok = err_set(err, ERR_NOT_FOUND,
                   "cog %" PRIu64
                   " has no part at step %zu of that path; a step is an index of a row, a key of a "
                   "tab, or the number of a closure's argument",
                   c->id, i + 1);
  }
  Buf bytes = {0};
  uint64_t size = 0;
  ok = ok && inspect_part(e, c, v, args, &bytes, &size, err);
  if (ok) {
    char *detail;
    RpcInspect r = {.cog = describe(c, &detail), .value = {bytes.data, bytes.len}, .size = size};
    ctl_done(call, &r);
    mem_free(detail);
  }
  buf_free(&bytes);
  refs_release(c->m, mark);
  return ok;
}

static bool do_trace(Engine *e, CtlCall *call, const RpcTraceArgs *args, Err *err) {
  Cog *c = find(e, &args->cog, err);
  if (!c) return false;
  cog_show_trace(c, call);
  if (!args->follow) {
    RpcTrace done = {.lines = c->trace_count};
    ctl_done(call, &done);
    return true;
  }
  mem_reserve(c->followers, c->follower_cap, c->follower_count + 1);
  c->followers[c->follower_count++] = call;
  return true;
}

// --- the log of one cog ----------------------------------------------------------------------------------
typedef struct LogPage {
  Values *values;
  Machine *m; // for the values in records; that of the cog may be in the middle of an event
  uint64_t cog, from, count;
  RpcLogEvent *rows; // with their texts and bytes
  size_t n, cap;
  bool more;
} LogPage;

static void free_log_page(LogPage *p) {
  for (size_t i = 0; i < p->n; i++) {
    mem_free((char *)(uintptr_t)p->rows[i].detail.p);
    mem_free((uint8_t *)(uintptr_t)p->rows[i].input.p);
  }
  mem_free(p->rows);
  machine_free(p->m);
}

static bool is_short(const Record *r) {
  size_t sum = 0;
  PageId page;
  for (size_t i = 0; i < r->answer_count; i++) {
    if (values_page(&r->answers[i].value, &page)) return false;
    sum += r->answers[i].value.len;
  }
  return sum <= LOG_INPUT_MAX;
}

// The tab of answers that the event took.
static bool logged_input(LogPage *p, const Record *r, RpcBytes *out, Err *err) {
  Buf bytes = {0};
  Ref v, tab = plan_tab_empty(p->m);
  for (size_t i = 0; i < r->answer_count; i++) {
    if (!values_load(p->values, p->m, &r->answers[i].value, &v, err)) return false;
    tab = plan_tab_put(p->m, tab, plan_nat(p->m, r->answers[i].slot), v);
  }
  if (plan_force(p->m, tab) != RUN_DONE) // the values are in normal form: this only notes that the tab is
    return err_set(err, ERR_INTERNAL, "the answers of event %" PRIu64 " make no tab", r->event);
  if (!values_to_wire(p->values, p->m, tab, &bytes, err)) return false;
  *out = (RpcBytes){bytes.data, bytes.len}; // the row's from here on
  return true;
}

static bool logged_detail(LogPage *p, const Record *r, RpcText *out, Err *err) {
  static const char *const limits[OUTCOME_COUNT] = {[OUTCOME_MEMORY] = "its memory limit",
                                                    [OUTCOME_LOOP] = "a value that needs itself",
                                                    [OUTCOME_DIVERGES] = "a function that never ends"};
  PageId page;
  Ref op;
  if (r->outcome == OUTCOME_DONE) return true;
  char *words;
  if (r->outcome == OUTCOME_TIME)
    words = mem_printf("its time limit, after %.1f s", (double)r->ns / 1e9);
  else if (r->outcome != OUTCOME_CRASH)
    words = mem_strdup(limits[r->outcome]);
  else if (values_page(&r->op, &page))
    words = mem_strdup("crash");
  else if (values_load(p->values, p->m, &r->op, &op, err))
    words = crash_words(p->m, op);
  else
    return false;
  *out = text(words);
  return true;
}

static bool add_event(LogPage *p, const Record *r, size_t len, Err *err) {
  mem_reserve(p->rows, p->cap, p->n + 1);
  RpcLogEvent *row = &p->rows[p->n++];
  const char *outcome = r->outcome == OUTCOME_DONE ? "done" : r->outcome == OUTCOME_CRASH ? "crash" : "limit";
  *row = (RpcLogEvent){.event = r->event,
                       .time_ns = r->time,
                       .answers = r->answer_count,
                       .bytes = len,
                       .outcome = text(outcome)};
  RefMark mark = refs_mark(p->m);
  bool ok = (!is_short(r) || logged_input(p, r, &row->input, err)) && logged_detail(p, r, &row->detail, err);
  refs_release(p->m, mark);
  return ok;
}

// Ends the scan, without an error, when the page is full.
static bool on_logged(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  LogPage *p = ctx;
  Record r;
  (void)lsn;
  if (!record_decode(&r, data, len, err)) return false;
  bool ok = true;
  if (r.kind == RECORD_EVENT && r.cog == p->cog && r.event >= p->from) {
    p->more = p->n == p->count;
    ok = !p->more && add_event(p, &r, len, err);
  }
  record_free(&r);
  return ok;
}

static bool do_log(Engine *e, CtlCall *call, const RpcLogArgs *args, Err *err) {
  Cog *c = find(e, &args->cog, err);
  if (!c) return false;
  LogPage p = {.values = e->values,
               .m = machine_new(&(MachineConfig){.memory = LOG_MEMORY}),
               .cog = c->id,
               .from = args->from,
               .count = args->count && args->count < RPC_PAGE_MAX ? args->count : RPC_PAGE_MAX};
  uint64_t first = cog_logged_at(c, args->from);
  if (first < wal_first(e->wal)) first = wal_first(e->wal);
  bool ok = wal_scan(e->wal, first, wal_committed(e->wal), on_logged, &p, err) || p.more;
  if (ok) {
    RpcLog log = {.events = {p.rows, p.n},
                  .next = p.n > 0 ? p.rows[p.n - 1].event + 1 : args->from,
                  .last = c->events,
                  .more = p.more};
    ctl_done(call, &log);
  }
  free_log_page(&p);
  return ok;
}

// --- stop, start, rm ------------------------------------------------------------------------------------
static bool set_paused(Engine *e, CtlCall *call, const RpcCogArgs *args, bool pause, Err *err) {
  Cog *c = find(e, &args->cog, err);
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
  Cog *c = find(e, &args->cog, err);
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
  (void)e;
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
  uint64_t first = UINT64_MAX;
  for (const Send *s = c->inbox; s; s = s->next)
    if (s->deadline < first) first = s->deadline;
  return first;
}

// --- doing and releasing --------------------------------------------------------------------------------
static bool run_job(Engine *e, Job *job, Err *err) {
  switch (job->kind) {
  case JOB_INFO: return do_info(e, job->call, err);
  case JOB_PS: return do_ps(e, job->call, job->args);
  case JOB_SPAWN: return do_spawn(e, job->call, job->args, err);
  case JOB_SEND: return do_send(e, job->call, job->args, err);
  case JOB_INSPECT: return do_inspect(e, job->call, job->args, err);
  case JOB_TRACE: return do_trace(e, job->call, job->args, err);
  case JOB_LOG: return do_log(e, job->call, job->args, err);
  case JOB_STOP: return set_paused(e, job->call, job->args, true, err);
  case JOB_START: return set_paused(e, job->call, job->args, false, err);
  case JOB_RM: return do_rm(e, job->call, job->args, err);
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
    RpcSpawn done = {.id = r->cog, .name = c && c->name[0] ? text(c->name) : (RpcText){0}};
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
