#include "tests/plan/jet_trace.h"
#include "common/base/base58.h"

#define MOST_PARTS 3000

typedef struct Tracing {
  Machine *m;
  Buf *out;
  size_t parts;
} Tracing;

static void put_hash(Tracing *t, const char *what, Ref v) {
  uint8_t hash[32];
  char text[BASE58_HASH_MAX] = "?";
  if (plan_force(t->m, v) == RUN_DONE && plan_hash(t->m, v, hash)) base58_hash(text, hash);
  buf_printf(t->out, "%s%.12s ", what, text);
}

// 'n' for each, so that nothing deep is recursed into: parts are traced breadth first.
static TraceEnd trace_one(Tracing *t, Ref v, Ref *queue, size_t *queued) {
  Machine *m = t->m;
  Outcome o = plan_whnf(m, v);
  switch (o) {
  case RUN_DONE: break;
  case RUN_CRASH: {
    Value op, arg;
    machine_crash(m, &op, &arg);
    Ref parts[] = {ref_new(m, op), ref_new(m, arg)};
    put_hash(t, "crash ", parts[0]);
    put_hash(t, "", parts[1]);
    return TRACE_WHOLE;
  }
  case RUN_LOOP:
  case RUN_DIVERGES: buf_str(t->out, "diverges "); return TRACE_DIVERGES;
  default: buf_printf(t->out, "%s ", outcome_name(o)); return TRACE_LIMIT;
  }
  if (plan_form(m, v) != FORM_APP) {
    put_hash(t, "", v);
    return TRACE_WHOLE;
  }
  size_t n = plan_arg_count(m, v);
  put_hash(t, "app ", plan_head(m, v));
  buf_printf(t->out, "%zu ", n);
  if (*queued + n > MOST_PARTS) return TRACE_LIMIT;
  for (size_t i = 0; i < n; i++) queue[(*queued)++] = plan_arg(m, v, i);
  return TRACE_WHOLE;
}

TraceEnd jet_trace(Machine *m, Ref v, Buf *out) {
  Ref queue[MOST_PARTS + 1];
  Tracing t = {.m = m, .out = out};
  size_t queued = 1;
  queue[0] = v;
  for (size_t i = 0; i < queued; i++) {
    TraceEnd end = trace_one(&t, queue[i], queue, &queued);
    if (end != TRACE_WHOLE) return end;
  }
  return TRACE_WHOLE;
}
