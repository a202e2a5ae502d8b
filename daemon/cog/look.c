// What is asked about cogs, and changes nothing.
#include "common/base/mem.h"
#include "daemon/cog/impl.h"
#include <inttypes.h>
#include <string.h>

#define LOG_INPUT_MAX 4096 // bytes of an event's answers that are shown
#define LOG_MEMORY (64u << 20)

// --- status ----------------------------------------------------------------------------------------------
RpcCogState look_state(const Cog *c) {
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
                      .name = c->name[0] ? rpc_text(c->name) : (RpcText){0},
                      .state = rpc_text(rpc_cog_state_name(look_state(c))),
                      .detail = *detail ? rpc_text(*detail) : (RpcText){0},
                      .owner = c->owner,
                      .parent = c->parent,
                      .events = c->events,
                      .requests = open,
                      .queued = c->queued};
}

bool look_info(Engine *e, CtlCall *call, Err *err) {
  StoreInfo store;
  WalInfo wal;
  if (!store_info(e->store, &store, err)) return false;
  wal_info(e->wal, &wal);
  RpcInfo info = {.store = rpc_text(e->cfg.dir),
                  .runtime = rpc_text(store.runtime),
                  .cogs = e->cog_count,
                  .events = e->events,
                  .pages = store.pages,
                  .store_bytes = store.used,
                  .log_bytes = wal.bytes};
  for (size_t i = 0; i < e->cog_count; i++) info.spinning += look_state(e->cogs[i]) == COG_SPINNING;
  ctl_done(call, &info);
  return true;
}

bool look_ps(Engine *e, CtlCall *call, const RpcPsArgs *args) {
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

// --- values ----------------------------------------------------------------------------------------------
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
    plan_bar_copy(c->m, v, from, end - from, buf_extend(&bytes, end - from));
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

bool look_inspect(Engine *e, CtlCall *call, const RpcInspectArgs *args, Err *err) {
  Cog *c = host_find(e, &args->cog, err);
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

bool look_trace(Engine *e, CtlCall *call, const RpcTraceArgs *args, Err *err) {
  Cog *c = host_find(e, &args->cog, err);
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
  *out = rpc_text(words);
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
                       .outcome = rpc_text(outcome)};
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

bool look_log(Engine *e, CtlCall *call, const RpcLogArgs *args, Err *err) {
  Cog *c = host_find(e, &args->cog, err);
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
