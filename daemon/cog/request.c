// What cogs ask for. A request is a row; its kind is found by head and verb, its exact form is checked, and
// anything that does not fit is never answered, except device calls, which answer 0.
#include "common/base/mem.h"
#include "daemon/cog/cog.h"
#include <string.h>

#define RAND_MAX_BYTES (16u << 20) // of one request, and for one event
#define LATER_NS 1000000000u       // until a request is tried again that met a limit
#define RECENT_MAX 128

// --- shapes ------------------------------------------------------------------------------------------
static bool is_row(Cog *c, Ref r, size_t min) {
  return !plan_is_lazy(c->m, r) && plan_kind(c->m, r) == KIND_ROW && plan_len(c->m, r) >= min;
}

static bool elem_is(Cog *c, Ref row, size_t i, const char *text) {
  RefMark mark = refs_mark(c->m);
  bool is = plan_nat_is_text(c->m, plan_row_get(c->m, row, i), text);
  refs_release(c->m, mark);
  return is;
}

static bool elem_u64(Cog *c, Ref row, size_t i, uint64_t *out) {
  RefMark mark = refs_mark(c->m);
  bool is = plan_nat_u64(c->m, plan_row_get(c->m, row, i), out);
  refs_release(c->m, mark);
  return is;
}

size_t cog_settle_answers(Cog *c) {
  if (plan_len(c->m, COG_RECENT) > 0) {
    RefMark mark = refs_mark(c->m);
    ref_copy(c->m, COG_ANSWERS, plan_tab_join(c->m, COG_ANSWERS, COG_RECENT));
    ref_copy(c->m, COG_RECENT, plan_tab_empty(c->m));
    refs_release(c->m, mark);
  }
  return plan_len(c->m, COG_ANSWERS);
}

void cog_put_answer(Cog *c, uint64_t slot, Ref value) {
  RefMark mark = refs_mark(c->m);
  ref_copy(c->m, COG_RECENT, plan_tab_put(c->m, COG_RECENT, plan_nat(c->m, slot), value));
  refs_release(c->m, mark);
  if (plan_len(c->m, COG_RECENT) >= RECENT_MAX) cog_settle_answers(c);
}

static void answer(Cog *c, size_t slot, Ref value) {
  cog_put_answer(c, slot, value);
  c->requests[slot].ready = true;
}

static void take_answer_back(Cog *c, size_t slot) {
  RefMark mark = refs_mark(c->m);
  cog_settle_answers(c);
  ref_copy(c->m, COG_ANSWERS, plan_tab_del(c->m, COG_ANSWERS, plan_nat(c->m, slot)));
  refs_release(c->m, mark);
  c->requests[slot].ready = false;
}

static void answer_nat(Cog *c, size_t slot, uint64_t n) {
  RefMark mark = refs_mark(c->m);
  answer(c, slot, plan_nat(c->m, n));
  refs_release(c->m, mark);
}

static RequestKind answered(Cog *c, size_t slot, uint64_t n) {
  answer_nat(c, slot, n);
  return REQUEST_NOW;
}

// --- kinds -------------------------------------------------------------------------------------------
static RequestKind open_time(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  uint64_t now = w->wall_ns(w->ctx) / 1000000000u;
  size_t n = plan_len(c->m, r);
  if (n == 3 && elem_is(c, r, 2, "when")) return answered(c, slot, now);
  if (n != 4 || !elem_is(c, r, 2, "wait")) return answered(c, slot, 0);
  RefMark mark = refs_mark(c->m);
  Ref t = plan_row_get(c->m, r, 3);
  bool nat = plan_form(c->m, t) == FORM_NAT;
  if (!plan_nat_u64(c->m, t, &c->requests[slot].until)) c->requests[slot].until = UINT64_MAX;
  refs_release(c->m, mark);
  return !nat || c->requests[slot].until <= now ? answered(c, slot, 0) : REQUEST_WAIT;
}

static RequestKind open_rand(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  uint64_t n;
  if (plan_len(c->m, r) != 4 || !elem_is(c, r, 2, "byte") || !elem_u64(c, r, 3, &n) || n > RAND_MAX_BYTES)
    return answered(c, slot, 0);
  if (n > RAND_MAX_BYTES - c->random_bytes) return REQUEST_LATER;
  c->random_bytes += n;
  uint8_t *bytes = mem_alloc(n);
  w->random(w->ctx, bytes, n);
  RefMark mark = refs_mark(c->m);
  answer(c, slot, plan_bar(c->m, bytes, n));
  refs_release(c->m, mark);
  mem_free(bytes);
  return REQUEST_NOW;
}

static RequestKind open_poke(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  (void)w;
  if (plan_len(c->m, r) != 4 || !elem_is(c, r, 2, "poke")) return answered(c, slot, 0);
  RefMark mark = refs_mark(c->m);
  bool path = is_row(c, plan_row_get(c->m, r, 3), 0);
  refs_release(c->m, mark);
  return path ? REQUEST_POKE : answered(c, slot, 0);
}

static RequestKind open_eval(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  RefMark mark = refs_mark(c->m);
  bool fits = plan_len(c->m, r) >= 4 && plan_form(c->m, plan_row_get(c->m, r, 1)) == FORM_NAT;
  refs_release(c->m, mark);
  if (!fits) return REQUEST_IDLE;
  uint64_t seconds;
  bool far = !elem_u64(c, r, 1, &seconds) || seconds > UINT64_MAX / 1000000000u;
  c->requests[slot].eval = w->eval(w->ctx, c, slot, far ? UINT64_MAX : seconds * 1000000000u);
  return REQUEST_EVAL;
}

static RequestKind open_cog(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  size_t n = plan_len(c->m, r);
  if (n == 2 && elem_is(c, r, 1, "who")) return answered(c, slot, c->id);
  if (n != 3 || !elem_is(c, r, 1, "spin")) return REQUEST_IDLE;
  RefMark mark = refs_mark(c->m);
  Err err = ERR_INIT;
  uint64_t id = w->spin(w->ctx, c, plan_row_get(c->m, r, 2), &err);
  refs_release(c->m, mark);
  if (id) return answered(c, slot, id);
  uint64_t now = w->wall_ns(w->ctx);
  if (c->later == 0) cog_trace(c, now, "limit", err.msg); // not again each time that it is tried
  c->later_ns = now + LATER_NS;
  return REQUEST_LATER;
}

static const struct Device {
  const char *name;
  RequestKind (*open)(Cog *c, size_t slot, Ref request, const CogWorld *w);
} devices[] = {{"time", open_time}, {"rand", open_rand}, {"poke", open_poke}};

static RequestKind open_device(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  uint64_t flag;
  if (plan_len(c->m, r) < 3 || !elem_u64(c, r, 1, &flag) || flag > 1) return REQUEST_IDLE;
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
    if (elem_is(c, r, 0, devices[i].name)) return devices[i].open(c, slot, r, w);
  return answered(c, slot, 0);
}

static RequestKind open_request(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  uint64_t zero;
  if (plan_nat_u64(c->m, r, &zero) && zero == 0) return REQUEST_NONE;
  if (!is_row(c, r, 1)) return REQUEST_IDLE;
  if (elem_is(c, r, 0, "cog")) return open_cog(c, slot, r, w);
  if (elem_is(c, r, 0, "eval")) return open_eval(c, slot, r, w);
  if (elem_is(c, r, 0, "what")) return REQUEST_IDLE;
  return open_device(c, slot, r, w);
}

// --- the row -----------------------------------------------------------------------------------------
// A data jet carries no requests: the value must be a real closure whose last argument is a row.
static Ref row_of(Cog *c, Ref value) {
  if (plan_kind(c->m, value) == KIND_APP) {
    Ref last = plan_app_arg(c->m, value);
    if (plan_kind(c->m, last) == KIND_ROW) return last;
  }
  return plan_row(c->m, NULL, 0);
}

void cog_set_value(Cog *c, Ref v) {
  RefMark mark = refs_mark(c->m);
  ref_copy(c->m, COG_VALUE, v);
  ref_copy(c->m, COG_ROW, row_of(c, v));
  refs_release(c->m, mark);
}

static bool unchanged(Cog *c, Ref old, Ref now, size_t slot) {
  if (!old || slot >= plan_len(c->m, old)) return false;
  bool equal = false;
  return plan_eq(c->m, plan_row_get(c->m, old, slot), plan_row_get(c->m, now, slot), &equal) && equal;
}

static void drop_eval(Request *r) {
  if (r->eval) eval_cancel(r->eval);
  r->eval = NULL;
}

void cog_drop_evals(Cog *c) {
  for (size_t i = 0; i < c->request_count; i++) drop_eval(&c->requests[i]);
}

static void cancel(Cog *c, size_t slot) {
  Request *r = &c->requests[slot];
  drop_eval(r);
  if (r->ready) take_answer_back(c, slot);
  c->later -= r->kind == REQUEST_LATER;
  *r = (Request){0};
}

// The message that a cancelled poke had taken waits again, before all others.
static void return_message(Cog *c, size_t slot) {
  Send *s = c->requests[slot].send;
  if (!s) return;
  s->next = c->inbox;
  c->inbox = s;
  if (!s->next) c->inbox_end = &s->next;
  c->queued++;
}

static void set_kind(Cog *c, size_t slot, RequestKind kind) {
  c->later += kind == REQUEST_LATER;
  c->later -= c->requests[slot].kind == REQUEST_LATER;
  c->requests[slot].kind = kind;
}

static void trace_row_limit(Cog *c, size_t n, const CogWorld *w) {
  char *text =
      mem_printf("a row of %zu requests: those behind the first %d are not answered", n, REQUESTS_MAX);
  cog_trace(c, w->wall_ns(w->ctx), "limit", text);
  mem_free(text);
}

void cog_update_requests(Cog *c, Ref old, const CogWorld *world) {
  size_t n = plan_len(c->m, COG_ROW), open = 0;
  if (n > REQUESTS_MAX) {
    if (c->request_count < REQUESTS_MAX) trace_row_limit(c, n, world);
    n = REQUESTS_MAX;
  }
  for (size_t i = n; i < c->request_count; i++) {
    return_message(c, i);
    cancel(c, i);
  }
  mem_reserve(c->requests, c->request_cap, n);
  for (size_t i = c->request_count; i < n; i++) c->requests[i] = (Request){0};
  c->request_count = n;
  for (size_t i = 0; i < n; i++) {
    RefMark mark = refs_mark(c->m);
    if (c->requests[i].kind == REQUEST_NONE || !unchanged(c, old, COG_ROW, i)) {
      return_message(c, i);
      cancel(c, i);
      c->requests[i].opened = ++c->opened;
      set_kind(c, i, open_request(c, i, plan_row_get(c->m, COG_ROW, i), world));
    }
    refs_release(c->m, mark);
    open += c->requests[i].kind != REQUEST_NONE;
  }
  if (open == 0 && c->state == STATE_SPINNING) c->state = STATE_FINISHED;
}

// What had to wait for room. Not while answers wait for their event: that makes room.
static void try_again(Cog *c, const CogWorld *world) {
  for (size_t i = 0; i < c->request_count; i++) {
    if (c->requests[i].kind != REQUEST_LATER) continue;
    RefMark mark = refs_mark(c->m);
    set_kind(c, i, open_request(c, i, plan_row_get(c->m, COG_ROW, i), world));
    refs_release(c->m, mark);
  }
}

static void trace_eval(void *ctx, const char *text) {
  Cog *c = ctx;
  cog_trace(c, c->clock_ns, "trace", text);
}

static void take_eval(Cog *c, size_t slot) {
  Request *r = &c->requests[slot];
  RefMark mark = refs_mark(c->m);
  Ref value = eval_take(r->eval, c->m, trace_eval, c);
  r->eval = NULL;
  answer(c, slot, value);
  refs_release(c->m, mark);
}

void cog_poll(Cog *c, const CogWorld *world) {
  uint64_t ns = world->wall_ns(world->ctx), now = ns / 1000000000u;
  if (c->later > 0 && ns >= c->later_ns && !cog_has_answers(c)) try_again(c, world);
  for (size_t i = 0; i < c->request_count; i++) {
    const Request *r = &c->requests[i];
    if (r->ready) continue;
    if (r->kind == REQUEST_WAIT && r->until <= now) answer_nat(c, i, 0);
    if (r->kind == REQUEST_EVAL && eval_is_done(r->eval)) take_eval(c, i);
  }
}

uint64_t cog_wake_seconds(const Cog *c) {
  uint64_t first = c->later > 0 ? c->later_ns / 1000000000u + 1 : UINT64_MAX;
  for (size_t i = 0; i < c->request_count; i++)
    if (c->requests[i].kind == REQUEST_WAIT && !c->requests[i].ready && c->requests[i].until < first)
      first = c->requests[i].until;
  return first;
}

bool cog_has_answers(const Cog *c) {
  return plan_len(c->m, COG_ANSWERS) > 0 || plan_len(c->m, COG_RECENT) > 0;
}

static Ref path_row(Cog *c, const RpcPath *path) {
  Ref *steps = mem_alloc(mem_mul(path->n + 1, sizeof *steps));
  for (size_t i = 0; i < path->n; i++) {
    const RpcStep *s = &path->steps[i];
    steps[i] = s->text.p ? plan_nat_bytes(c->m, s->text.p, s->text.n) : plan_nat(c->m, s->nat);
  }
  Ref row = plan_row(c->m, steps, path->n);
  mem_free(steps);
  return row;
}

// The open poke on this path that was opened first; SIZE_MAX: none.
static size_t find_poke(Cog *c, const RpcPath *path) {
  RefMark mark = refs_mark(c->m);
  Ref want = path_row(c, path);
  plan_force(c->m, want);
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < c->request_count; i++) {
    const Request *r = &c->requests[i];
    if (r->kind != REQUEST_POKE || r->ready || (best != SIZE_MAX && r->opened > c->requests[best].opened))
      continue;
    bool equal = false;
    Ref has = plan_row_get(c->m, plan_row_get(c->m, COG_ROW, i), 3);
    if (plan_eq(c->m, has, want, &equal) && equal) best = i;
  }
  refs_release(c->m, mark);
  return best;
}

bool cog_deliver(Cog *c, Values *values, Send *s, Err *err) {
  size_t slot = find_poke(c, &s->args->path);
  if (slot == SIZE_MAX) return false;
  RefMark mark = refs_mark(c->m);
  Ref v;
  bool ok = values_from_wire(values, c->m, s->args->value.p, s->args->value.n, &v, err);
  if (ok) {
    answer(c, slot, v);
    c->requests[slot].send = s;
  }
  refs_release(c->m, mark);
  return ok;
}

void cog_refuse_messages(Cog *c, const Err *why) {
  for (size_t i = 0; i < c->request_count; i++) {
    Request *r = &c->requests[i];
    if (!r->send) continue;
    take_answer_back(c, i);
    ctl_fail(r->send->call, why);
    mem_free(r->send);
    r->send = NULL;
  }
}
