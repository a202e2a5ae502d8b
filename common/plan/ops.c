// The opcodes (spec/plan.md, Opcodes) as routines. Frames: arguments, one state word (a crash: two), self.
#include "common/plan/formal.h"
#include "common/plan/frame.h"
#include "common/plan/nat.h"
#include "common/plan/row.h"

static Value to_nat(Value v) { return val_kind(v) == KIND_NAT ? v : 0; }

static JetResult run_law(Machine *m, Value *f, Value *io) {
  switch (f[3]++) {
  case 0: *io = f[0]; return JET_EVAL;
  case 1:
    f[0] = to_nat(*io);
    *io = f[1];
    return JET_EVAL;
  case 2:
    f[1] = to_nat(*io);
    if (f[1] == 0) return jet_crash(m, 0, 0);
    *io = f[2];
    return JET_FORCE;
  default: *io = new_law(m, f[0], f[1], *io); return m->stop == RUN_DONE ? JET_DONE : JET_STOP;
  }
}

static JetResult match_law(Machine *m, Value *f, Value *io) {
  f[0] = *io;
  stack_push(m, f[1]);
  stack_push(m, formal_law_name(f[0]));
  stack_push(m, formal_law_arity(m, f[0]));
  stack_push(m, formal_law_body(m, f[0]));
  *io = 3;
  return JET_TAILCALL;
}

static JetResult match_app(Machine *m, Value *f, Value *io) {
  f[0] = *io;
  Kind kind = val_kind(f[0]);
  size_t size = kind == KIND_ROW ? row_len(f[0]) : kind == KIND_APP ? app_args(val_obj(f[0])) : 1;
  if (!jet_charge(m, size / 16) || (size > HEAP_LARGE && (!heap_fits(m, size) || !stack_room(m, size))))
    return JET_STOP;
  stack_push(m, f[2]);
  stack_push(m, formal_fun(m, f[0]));
  stack_push(m, formal_arg(f[0]));
  *io = 2;
  return JET_TAILCALL;
}

static JetResult run_match(Machine *m, Value *f, Value *io) {
  if (f[5] == 0) {
    f[5] = 1;
    *io = f[4];
    return JET_EVAL;
  }
  switch (formal_kind(*io)) {
  case FORM_LAW: return match_law(m, f, io);
  case FORM_APP: return match_app(m, f, io);
  case FORM_PIN:
    stack_push(m, f[0]);
    stack_push(m, val_obj(*io)[PIN_ITEM]);
    break;
  case FORM_NAT:
    stack_push(m, f[3]);
    stack_push(m, *io);
    break;
  }
  *io = 1;
  return JET_TAILCALL;
}

static JetResult run_natcase(Machine *m, Value *f, Value *io) {
  if (f[3] == 0) {
    f[3] = 1;
    *io = f[2];
    return JET_EVAL;
  }
  f[2] = to_nat(*io);
  if (f[2] == 0) {
    *io = f[0];
    return JET_TAIL;
  }
  Value pred = f[2] - 1;
  if (!val_is_small(f[2]) && nat_dec(m, &f[2], &pred) != JET_DONE) return JET_STOP;
  stack_push(m, f[1]);
  stack_push(m, pred);
  *io = 1;
  return JET_TAILCALL;
}

static JetResult run_inc(Machine *m, Value *f, Value *io) {
  if (f[1] == 0) {
    f[1] = 1;
    *io = f[0];
    return JET_EVAL;
  }
  f[0] = to_nat(*io);
  return nat_inc(m, &f[0], io);
}

static JetResult run_pin(Machine *m, Value *f, Value *io) {
  if (f[1] == 0) {
    f[1] = 1;
    *io = f[0];
    return JET_FORCE;
  }
  *io = new_pin(m, *io);
  return JET_DONE;
}

static JetResult run_crash(Machine *m, Value *f, Value *io) {
  if (f[1] == 0) {
    f[1] = 1;
    *io = f[0];
    return JET_FORCE;
  }
  return jet_crash(m, f[3], *io);
}

const JetDef op_law = {.name = "{law}", .arity = 3, .state = 1, .run = run_law};
const JetDef op_match = {.name = "{match}", .arity = 5, .state = 1, .run = run_match};
const JetDef op_natcase = {.name = "{natcase}", .arity = 3, .state = 1, .run = run_natcase};
const JetDef op_inc = {.name = "{inc}", .arity = 1, .state = 1, .run = run_inc};
const JetDef op_pin = {.name = "{pin}", .arity = 1, .state = 1, .run = run_pin};
const JetDef op_crash = {.name = "{crash}", .arity = 1, .state = 2, .run = run_crash};
