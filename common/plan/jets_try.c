// Jets of plan: evaluating with crashes as results. Their laws are an evaluator for graphs of calls,
// which the machine stands for. It differs in two ways, both of which lead back to the law: it finds
// loops, and it refuses a law of no arguments before it looks at the law's body.
#include "common/plan/jets.h"

// The last state word: whether the evaluation under way is the one whose crash is a result (JetDef.catches).
enum { NEW, FORCED };

static JetResult result(Machine *m, Value tag, Value v, Value *io) {
  return jet_done(io, new_pair_row(m, tag, v));
}

// How the trial ended: *io is its value, or why it was caught.
static JetResult trial_ended(Machine *m, Value *trying, Value *io) {
  *trying = 0;
  m->trials--;
  if (!m->caught) return result(m, 1, *io, io);
  m->caught = false;
  if (*io == RUN_LOOP || m->crash_op == 0) return JET_DECLINE;
  Value crash = new_pair_row(m, m->crash_op, m->crash_arg);
  m->crash_op = m->crash_arg = 0;
  return result(m, 0, crash, io);
}

static JetResult begin_trial(Machine *m, Value *trying, Value call, Value *io) {
  *trying = 1;
  m->trials++;
  *io = call;
  return JET_FORCE;
}

// Frame: function and arguments as a row, or the arguments of any app; then: forced, trying.
static JetResult run_try(Machine *m, Value *f, Value *io) {
  enum { PHASE = 1, TRYING };
  if (f[TRYING]) return trial_ended(m, &f[TRYING], io);
  if (f[PHASE] == NEW) {
    size_t n = jet_args(m, f[0]);
    if (n == SIZE_MAX) return JET_STOP;
    if (n == 0) return jet_done(io, 0);
    f[PHASE] = FORCED;
    *io = f[0];
    return JET_FORCE;
  }
  Value *row = m->sp;
  stack_push(m, f[0] = *io);
  if (!jet_as_row(m, row)) return JET_STOP;
  size_t n = row_len(*row);
  if (n == 1) return result(m, 1, row_at(*row, 0), io);
  if (!stack_room(m, n) || (n >= HEAP_LARGE && !heap_fits(m, n))) return JET_STOP;
  for (size_t i = 0; i < n; i++) stack_push(m, row_at(*row, i));
  Value call = jet_suspend(m, row + 1, row + 2, n - 1);
  m->sp = row;
  return begin_trial(m, &f[TRYING], call, io);
}

// --- expressions -----------------------------------------------------------------------------------

#define TEXT_VALUE 0x45554c4156ULL
#define TEXT_APPLY 0x594c505041ULL

// An expression's second part, when the first is this tag.
static bool is_tagged(Value v, uint64_t tag, Value *part) {
  if (!val_is_row(v) || row_len(v) != 2 || val_deref(row_at(v, 0)) != tag) return false;
  *part = val_deref(row_at(v, 1));
  return true;
}

// An application under way lies on the stack: its row, how many of its parts are done, where the one it is
// part of begins, and those parts.
enum { APPLY_ROW, APPLY_DONE, APPLY_OUTER, APPLY_PARTS };

// The value that the application at `at` stands for takes its place.
static bool close_apply(Machine *m, Value *at) {
  size_t n = (size_t)at[APPLY_DONE];
  Value v = n ? at[APPLY_PARTS] : 0;
  if (n >= HEAP_LARGE && !heap_fits(m, n)) return false;
  if (n > 1) v = jet_suspend(m, at + APPLY_PARTS, at + APPLY_PARTS + 1, n - 1);
  *at = v;
  m->sp = at + 1;
  return true;
}

// Pushes the value or call that *exp, in normal form, stands for. What is no expression: JET_DECLINE.
static JetResult push_exp(Machine *m, const Value *exp) {
  size_t bottom = (size_t)(m->sp - m->stack), apply = 0;
  Value next = *exp, part;
  for (;;) {
    if (!stack_room(m, 8) || !jet_charge(m, 1)) return JET_STOP;
    if (is_tagged(next, TEXT_VALUE, &part)) {
      stack_push(m, part);
    } else if (is_tagged(next, TEXT_APPLY, &part) && val_is_row(part)) {
      size_t outer = apply;
      apply = (size_t)(m->sp - m->stack);
      stack_push(m, part);
      stack_push(m, 0);
      stack_push(m, outer);
    } else {
      return JET_DECLINE;
    }
    for (;;) {
      Value *at = m->stack + apply;
      if (apply == 0 && (size_t)(m->sp - m->stack) > bottom) return JET_DONE;
      at[APPLY_DONE] = (uint64_t)(m->sp - (at + APPLY_PARTS));
      if (at[APPLY_DONE] < row_len(at[APPLY_ROW])) break;
      apply = (size_t)at[APPLY_OUTER];
      if (!close_apply(m, at)) return JET_STOP;
    }
    const Value *at = m->stack + apply;
    next = val_deref(row_at(at[APPLY_ROW], (size_t)at[APPLY_DONE]));
  }
}

static JetResult run_try_exp(Machine *m, Value *f, Value *io) {
  enum { PHASE = 1, TRYING };
  if (f[TRYING]) return trial_ended(m, &f[TRYING], io);
  if (f[PHASE] == NEW) {
    f[PHASE] = FORCED;
    *io = f[0];
    return JET_FORCE;
  }
  f[0] = *io;
  JetResult r = push_exp(m, &f[0]);
  return r == JET_DONE ? begin_trial(m, &f[TRYING], stack_pop(m), io) : r;
}

#define CATCHING(NAME, RUN, HASH)                                                                            \
  { .name = NAME, .arity = 1, .state = 2, .strict = "0", .run = RUN, .hash = HASH, .catches = true }

static const JetDef trying[] = {
    CATCHING("_TryExp", run_try_exp, "FpKGptdncF6G5z68HwVzwgHNQCBUB6fMvq451ASsRAcW"),
    CATCHING("_Try", run_try, "3UkUWS7GRBMmhqMx2fokCLCv3SgsRZoxCUtoiv7RA7Qr"),
};

const JetGroup jets_try = JET_GROUP("try", trying);
