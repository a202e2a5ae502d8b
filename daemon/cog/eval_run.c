#include "daemon/cog/eval_run.h"
#include "common/base/mem.h"
#include "common/plan/seal.h"
#include "daemon/cog/values.h"

#define SLICE 200000 // units of work between two looks at the clock

static void on_trace(void *ctx, Machine *m, Ref message, bool deep) {
  EvalRun *r = ctx;
  (void)deep;
  if (r->answer.line_count < EVAL_TRACE_LINES)
    r->answer.lines[r->answer.line_count++] = values_text(m, message);
}

static Ref apply_question(Machine *m, Value question) {
  Ref row = region_adopt(m, question);
  size_t n = plan_len(m, row) - 3;
  Ref f = plan_row_get(m, row, 2), *args = mem_alloc(mem_mul(n, sizeof *args));
  for (size_t i = 0; i < n; i++) args[i] = plan_row_get(m, row, 3 + i);
  Ref call = plan_apply(m, f, args, n);
  mem_free(args);
  return call;
}

EvalRun *eval_run_new(Value question, size_t memory, const JetTable *jets) {
  EvalRun *r = mem_zalloc(sizeof *r);
  r->m = machine_new(&(MachineConfig){.jets = jets, .memory = memory, .trace = on_trace, .ctx = r});
  r->answer.limit = true;
  r->op = ref_new(r->m, 0);
  r->arg = ref_new(r->m, 0);
  RefMark mark = refs_mark(r->m);
  machine_start_nf(r->m, apply_question(r->m, question));
  refs_release(r->m, mark);
  return r;
}

void eval_run_free(EvalRun *r) {
  if (!r) return;
  machine_abandon(r->m);
  machine_free(r->m);
  eval_answer_free(&r->answer);
  mem_free(r);
}

void eval_answer_forget_value(EvalAnswer *a) {
  if (!a->limit) region_release_value(a->value);
  a->limit = true;
  a->bytes = 0;
}

void eval_answer_free(EvalAnswer *a) {
  eval_answer_forget_value(a);
  for (size_t i = 0; i < a->line_count; i++) mem_free(a->lines[i]);
  a->line_count = 0;
}

static bool end_in_row(EvalRun *r, const Ref *elements, size_t n) {
  Ref row = plan_row(r->m, elements, n);
  if (plan_force(r->m, row) != RUN_DONE) return true;
  seal(r->m, row);
  r->answer.value = ref_get(r->m, row);
  r->answer.bytes = region_bytes(r->m);
  r->answer.limit = false;
  region_retain_value(r->answer.value);
  return true;
}

// Loops and divergence would reach any limit.
static bool end_value(EvalRun *r, Outcome o) {
  if (o == RUN_DONE) {
    Ref result = ref_new(r->m, machine_result(r->m));
    return end_in_row(r, &result, 1);
  }
  if (o != RUN_CRASH) return true;
  Value op, arg;
  machine_crash(r->m, &op, &arg);
  ref_set(r->m, r->op, op);
  ref_set(r->m, r->arg, arg);
  machine_start_nf(r->m, r->op);
  r->stage = EVAL_OPERATOR;
  return false;
}

// The operator is what the program said; it and the argument may be anything, and unevaluated. What does not
// come to a value is 0.
bool eval_run(EvalRun *r, bool time_is_up) {
  Outcome o = RUN_STOPPED;
  if (time_is_up)
    machine_abandon(r->m);
  else
    o = machine_run(r->m, SLICE);
  if (o == RUN_YIELD) return false;
  Value value = o == RUN_DONE ? machine_result(r->m) : 0;
  switch (r->stage) {
  case EVAL_VALUE: return end_value(r, o);
  case EVAL_OPERATOR:
    ref_set(r->m, r->op, value);
    machine_start_nf(r->m, r->arg);
    r->stage = EVAL_ARGUMENT;
    return false;
  case EVAL_ARGUMENT: ref_set(r->m, r->arg, value); break;
  }
  return end_in_row(r, (const Ref[]){r->op, r->arg}, 2);
}
