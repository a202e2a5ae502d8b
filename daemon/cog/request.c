// What cogs ask for (spec of the requests: README of this room). A request is a row; its kind is found
// by head and verb, its exact form is checked, and anything that does not fit is never answered, except
// device calls, which answer 0.
#include "common/base/mem.h"
#include "daemon/cog/cog.h"
#include <string.h>

#define RAND_MAX_BYTES (16u << 20)

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

static void answer(Cog *c, size_t slot, Ref value) {
  RefMark mark = refs_mark(c->m);
  ref_copy(c->m, COG_ANSWERS, plan_tab_put(c->m, COG_ANSWERS, plan_nat(c->m, slot), value));
  refs_release(c->m, mark);
  c->requests[slot].ready = true;
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

static RequestKind open_cog(Cog *c, size_t slot, Ref r, const CogWorld *w) {
  size_t n = plan_len(c->m, r);
  if (n == 2 && elem_is(c, r, 1, "who")) return answered(c, slot, c->id);
  if (n != 3 || !elem_is(c, r, 1, "spin")) return REQUEST_IDLE;
  RefMark mark = refs_mark(c->m);
  Err err = ERR_INIT;
  uint64_t id = w->spin(w->ctx, c, plan_row_get(c->m, r, 2), &err);
  refs_release(c->m, mark);
  if (id) return answered(c, slot, id);
  cog_trace(c, w->wall_ns(w->ctx), "limit", err.msg);
  return REQUEST_IDLE;
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
  if (elem_is(c, r, 0, "eval") || elem_is(c, r, 0, "what")) return REQUEST_IDLE;
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

static void cancel(Cog *c, size_t slot) {
  Request *r = &c->requests[slot];
  if (r->ready) {
    RefMark mark = refs_mark(c->m);
    ref_copy(c->m, COG_ANSWERS, plan_tab_del(c->m, COG_ANSWERS, plan_nat(c->m, slot)));
    refs_release(c->m, mark);
  }
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

void cog_update_requests(Cog *c, Ref old, const CogWorld *world) {
  size_t n = plan_len(c->m, COG_ROW), open = 0;
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
      RequestKind kind = open_request(c, i, plan_row_get(c->m, COG_ROW, i), world);
      c->requests[i].kind = kind;
    }
    refs_release(c->m, mark);
    open += c->requests[i].kind != REQUEST_NONE;
  }
  if (open == 0 && c->state == STATE_SPINNING) c->state = STATE_FINISHED;
}

void cog_poll(Cog *c, const CogWorld *world) {
  uint64_t now = world->wall_ns(world->ctx) / 1000000000u;
  for (size_t i = 0; i < c->request_count; i++)
    if (c->requests[i].kind == REQUEST_WAIT && !c->requests[i].ready && c->requests[i].until <= now)
      answer_nat(c, i, 0);
}

uint64_t cog_wake_seconds(const Cog *c) {
  uint64_t first = UINT64_MAX;
  for (size_t i = 0; i < c->request_count; i++)
    if (c->requests[i].kind == REQUEST_WAIT && !c->requests[i].ready && c->requests[i].until < first)
      first = c->requests[i].until;
  return first;
}

bool cog_has_answers(const Cog *c) { return plan_len(c->m, COG_ANSWERS) > 0; }

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
    RefMark mark = refs_mark(c->m);
    ref_copy(c->m, COG_ANSWERS, plan_tab_del(c->m, COG_ANSWERS, plan_nat(c->m, i)));
    refs_release(c->m, mark);
    ctl_fail(r->send->call, why);
    mem_free(r->send);
    r->send = NULL;
    r->ready = false;
  }
}
