// The evaluator: one loop over the explicit stack. See frame.h for what lies there.
//
// The loop is always about to do one of four things with `v`:
//   eval     v, possibly lazy, is to be evaluated
//   ret      v is evaluated and goes to the newest frame
//   apply    v is evaluated and is called with the n arguments on top of the stack
//   routine  the routine `def` on the frame at `base` is called with *io = v
// Arguments always lie directly on the newest frame word (tail calls leave nothing behind).
#include "common/plan/body.h"
#include "common/plan/code.h"
#include "common/plan/formal.h"
#include "common/plan/frame.h"
#include "common/plan/nat.h"
#include "common/plan/order.h"
#include "common/plan/pinjet.h"
#include "common/plan/plan.h"
#include "common/plan/profile.h"
#include "common/plan/row.h"
#include "common/plan/spark.h"
#include "common/plan/trace.h"
#include <string.h>

#define TICK_QUANTUM 4096

enum { RESUME_EVAL, RESUME_APPLY, RESUME_FORCE };

// --- limits --------------------------------------------------------------------------------------
// Hands out the next quantum of ticks, or says why not. Work is charged to fuel_left when handed out.
static Outcome next_quantum(Machine *m) {
  if (m->interrupted) return RUN_STOPPED;
  if (m->stop != RUN_DONE) return m->stop;
  if (m->fuel_left == 0) return RUN_FUEL;
  if (m->fuel_left <= m->slice_end) return RUN_YIELD;
  if (m->sparks) sparks_poll(m);
  uint64_t q = m->fuel_left - m->slice_end;
  if (q > TICK_QUANTUM) q = TICK_QUANTUM;
  m->fuel_left -= q;
  m->ticks = (int64_t)q;
  m->stats.calls += q;
  return RUN_DONE;
}

static bool is_force(const JetDef *def) { return def == &def_force || def == &def_force_last; }

// --- unwinding -----------------------------------------------------------------------------------
// A suspension whose computation ended without a value: meeting it again ends the same way.
static void kill_suspension(Machine *m, Value t, Outcome why) {
  uint64_t *o = val_obj(t);
  o[0] = obj_header(KIND_DEAD, o[0] & 0xff00, why);
  heap_write(m, o, 1, why == RUN_CRASH ? m->crash_op : 0);
  heap_write(m, o, 2, why == RUN_CRASH ? m->crash_arg : 0);
}

// Whether a routine, whose frame word is at `at`, catches crashes now.
static bool catches(const Value *at) {
  const JetDef *def = (const JetDef *)(uintptr_t)at[-2];
  return def->catches && (at - 2 - at[-1])[def->arity + def->state - 1] != 0;
}

// Throws frames away down to the base (false), or to a routine that catches crashes (true; its frame
// word is still there).
static bool unwind(Machine *m, Outcome why) {
  for (;;) {
    uint64_t word = m->stack[m->frame];
    trace_frame(m);
    switch (frame_kind(word)) {
    case FRAME_BASE: return false;
    case FRAME_UPDATE: kill_suspension(m, m->stack[m->frame - 1], why); break;
    case FRAME_ROUTINE: {
      Value *top = m->stack + m->frame;
      const JetDef *def = (const JetDef *)(uintptr_t)top[-2];
      if (is_force(def)) force_unwind(m, top - 2 - top[-1], top - 2);
      if (!catches(top)) break;
      if (why == RUN_CRASH || why == RUN_LOOP) return true;
      m->trials--;
      break;
    }
    default: break;
    }
    frame_pop(m);
  }
}

// --- calls ---------------------------------------------------------------------------------------
// Splits the n arguments on top: the first k stay on top, the rest go into a FRAME_APPLY below them.
static void keep_extra(Machine *m, size_t n, size_t k) {
  Value *base = m->sp - n;
  size_t extra = n - k;
  memcpy(m->sp, base, k * 8);
  memmove(base, base + k, extra * 8);
  m->sp = base + extra;
  Value *saved = base + n;
  memmove(base + extra + 2, saved, k * 8);
  stack_push(m, extra);
  frame_push(m, FRAME_APPLY);
  m->sp += k;
}

// Puts the arguments already in an app below the n on top of the stack; returns the app's head.
static Value spread_app(Machine *m, Value app, size_t n) {
  size_t before = (size_t)app_total_args(app);
  heap_charge_done(m, before + n);
  Value *base = m->sp - n;
  memmove(base + before, base, n * 8);
  app_copy_args(app, base);
  m->sp += before;
  return app_head(app);
}

static const JetDef *opcode_def(Value op) {
  switch (op) {
  case 0: return &op_law;
  case 1: return &op_match;
  case 2: return &op_natcase;
  case 3: return &op_inc;
  case 4: return &op_pin;
  default: return &op_crash;
  }
}

// Whether a limit that is met at a call of v waits for what is called next, which tells better where that
// was. An operator ends soon; but a jet may call operators without end.
#define OVERDUE_CALLS 64
static bool may_wait(const Machine *m, Value v) {
  return val_is_small(v) && opcode_def(v) != &op_crash && m->ticks > -OVERDUE_CALLS;
}

// What calling a data jet with all its arguments gives: never a computation of its own.
static Value call_data(Machine *m, Value f, const Value *args) {
  switch (val_kind(f)) {
  case KIND_ROW: return row_len(f) ? new_cow(m, row_len(f)) : f;
  case KIND_BAR: return bar_len(f) ? formal_law_body(m, f) : args[0];
  case KIND_SET: return set_keys(f);
  case KIND_TAB: return set_keys(tab_keys(f));
  default: return f;
  }
}

// Lays out a routine's frame above its arguments: state words, then self.
static void open_routine(Machine *m, const JetDef *def, Value self) {
  for (unsigned i = 0; i < def->state; i++) stack_push(m, 0);
  stack_push(m, self);
}

// The part of a suspended call that stays while it is computed, for the trace.
static Value named_callee(Value f) {
  return !val_is_lazy(f) && (val_kind(f) == KIND_PIN || val_kind(f) == KIND_LAW) ? f : 0;
}

static void push_routine(Machine *m, FrameKind kind, const JetDef *def, const Value *base) {
  size_t distance = (size_t)(m->sp - base);
  stack_push(m, (uint64_t)(uintptr_t)def);
  stack_push(m, distance);
  frame_push(m, kind);
}

// A routine pushed f and n arguments to be called: puts its frame words below the arguments.
static Value call_from_routine(Machine *m, const JetDef *def, const Value *base, size_t n) {
  Value *args = m->sp - n, f = args[-1];
  memmove(args + 2, args, n * 8);
  m->sp = args - 1;
  push_routine(m, FRAME_ROUTINE, def, base);
  m->sp += n;
  return f;
}

// Opens the frame that forces v.
static Value start_force(Machine *m, const JetDef *how, Value v, const JetDef **def, Value **base) {
  *def = how;
  *base = m->sp;
  stack_push(m, v);
  open_routine(m, how, 0);
  return 0;
}

// The stack may grow as far as the heap leaves room: looks whether that is garbage.
static bool more_stack(Machine *m, Value *v) {
  m->acc = *v;
  heap_collect(m, true);
  *v = m->acc;
  if (m->stop == RUN_DONE && m->sp > m->stack_limit) m->stop = RUN_MEMORY;
  return m->stop == RUN_DONE;
}

static Outcome finish(Machine *m, Outcome why) {
  if (why != RUN_DONE) unwind(m, why);
  m->running = false;
  m->sp = m->stack;
  frames_drop(m);
  if (why == RUN_MEMORY) { // what filled the memory may be garbage now
    m->acc = 0;
    heap_collect(m, true);
  }
  uint64_t unused = m->ticks > 0 ? (uint64_t)m->ticks : 0;
  m->stats.fuel_used += m->fuel - m->fuel_left - unused;
  m->stats.calls -= unused;
  m->ticks = 0;
  return why;
}

Outcome machine_run(Machine *m, uint64_t slice) {
  assert(m->running);
  Value v = m->acc, self = 0;
  size_t n = 0;
  const JetDef *def;
  Value *base;
  Outcome why = RUN_DONE;
  ExecStep step;
  Exec x = {0};
  JetResult result;

  m->slice_end = slice && slice < m->fuel_left ? m->fuel_left - slice : 0;
  m->ticks = 0;
  if (m->resume == RESUME_APPLY) {
    n = (size_t)stack_pop(m);
    goto apply;
  }
  if (m->resume == RESUME_FORCE) {
    v = start_force(m, &def_force, v, &def, &base);
    goto routine;
  }

eval:
  if (!val_is_lazy(v)) goto ret;
  {
    uint64_t *o = val_obj(v);
    Kind kind = obj_kind(o);
    if (kind == KIND_IND) {
      v = o[1];
      goto ret;
    }
    if (__builtin_expect(m->sp > m->stack_limit, 0)) {
      if (more_stack(m, &v)) goto eval;
      why = m->stop;
      goto stop;
    }
    if (kind == KIND_HOLE) {
      why = RUN_LOOP;
      goto stop;
    }
    if (kind == KIND_DEAD) {
      why = (Outcome)obj_count(o);
      m->crash_op = o[1];
      m->crash_arg = o[2];
      goto stop;
    }
    stack_push(m, v);
    frame_push(m, FRAME_UPDATE);
    if (kind == KIND_THUNK) {
      step = exec_thunk(m, o, &x);
      goto stepped;
    }
    if (kind == KIND_EXPR) {
      Value env = o[1], e = o[2];
      o[0] = obj_header(KIND_HOLE, o[0] & 0xff00, 0);
      heap_write(m, o, 1, named_callee(val_obj(env)[1]));
      v = body_enter_expr(m, env, e, &n);
    } else {
      assert(kind == KIND_CALL);
      n = obj_count(o);
      if (n > HEAP_LARGE && !stack_room(m, n)) {
        why = m->stop;
        goto stop;
      }
      memcpy(m->sp, o + 2, n * 8);
      m->sp += n;
      v = o[1];
      o[0] = obj_header(KIND_HOLE, o[0] & 0xff00, 0);
      o[1] = named_callee(v);
    }
  }

  goto call;

stepped: // compiled code ran up to here
  v = x.v;
  n = x.n;
  switch (step) {
  case EXEC_RET: goto ret;
  case EXEC_EVAL: goto eval;
  case EXEC_CALL: break;
  case EXEC_ROUTINE:
    def = x.def;
    base = x.base;
    result = x.result;
    goto routine_ran;
  case EXEC_STOP: why = m->stop; goto stop;
  }

call: // v, possibly lazy, with the n (or no) arguments on top
  if (__builtin_expect(m->stop != RUN_DONE, 0)) {
    why = m->stop;
    goto stop;
  }
  if (n == 0) goto eval;
  if (!val_is_lazy(v)) goto apply;
  if (obj_kind(val_obj(v)) == KIND_IND) {
    v = val_obj(v)[1];
    goto apply;
  }
  stack_push(m, n);
  frame_push(m, FRAME_APPLY);
  goto eval;

ret : {
  if (frame_kind(m->stack[m->frame]) == FRAME_EXEC) {
    x.v = v;
    step = exec_resume(m, &x);
    goto stepped;
  }
  uint64_t word = frame_pop(m);
  switch (frame_kind(word)) {
  case FRAME_BASE: m->acc = v; return finish(m, RUN_DONE);
  case FRAME_UPDATE: {
    uint64_t *o = val_obj(stack_pop(m));
    o[0] = obj_header(KIND_IND, o[0] & 0xff00, 0);
    heap_write(m, o, 1, v);
    goto ret;
  }
  case FRAME_APPLY: n = (size_t)stack_pop(m); goto apply;
  case FRAME_ROUTINE: {
    size_t distance = (size_t)stack_pop(m);
    def = (const JetDef *)(uintptr_t)stack_pop(m);
    base = m->sp - distance;
    goto routine;
  }
  case FRAME_STRICT: {
    size_t distance = (size_t)stack_pop(m);
    def = (const JetDef *)(uintptr_t)stack_pop(m);
    base = m->sp - distance;
    size_t at = (size_t)stack_pop(m);
    base[def->strict[at] - '0'] = v;
    n = at + 1;
    goto strict;
  }
  case FRAME_EXEC: break; // not here
  }
}

apply:
  if (__builtin_expect(--m->ticks < 0, 0)) {
    why = next_quantum(m);
    if (why == RUN_YIELD) {
      stack_push(m, n);
      m->acc = v;
      m->resume = RESUME_APPLY;
      return RUN_YIELD;
    }
    if (why != RUN_DONE && !may_wait(m, v)) {
      trace_call(m, v);
      goto stop;
    }
    if (!stack_room(m, n)) {
      why = m->stop;
      goto stop;
    }
  }
  {
    Kind kind = val_kind(v);
    uint64_t arity = value_arity_u64(m, v);
    if (n < arity) {
      v = new_app(m, v, m->sp - n, n);
      m->sp -= n;
      goto ret;
    }
    if (n > arity) {
      if (!stack_room(m, arity + 4)) {
        why = m->stop;
        goto stop;
      }
      keep_extra(m, n, (size_t)arity);
      n = (size_t)arity;
    }
    if (kind == KIND_APP) {
      size_t before = (size_t)app_total_args(v);
      if (!stack_room(m, before)) {
        why = m->stop;
        goto stop;
      }
      v = spread_app(m, v, n);
      n += before;
      kind = val_kind(v);
    }
  called: // with exactly its arguments
    self = v;
    if (kind == KIND_PIN) {
      def = pin_jet(m, v);
      if (def) goto jet;
      v = val_obj(v)[PIN_ITEM];
      kind = val_kind(v);
      if (kind == KIND_LAW) goto law;
      if (kind == KIND_PIN) {
        v = innermost_pin(m, v);
        goto called;
      }
      if (kind == KIND_COW || (kind == KIND_ROW && row_len(v) == 0)) { // body 0: the pin itself
        m->sp -= n;
        v = self;
        goto ret;
      }
      goto apply;
    }
    if (kind == KIND_LAW) goto law;
    if (kind == KIND_NAT) {
      def = opcode_def(v);
      base = m->sp - n;
      open_routine(m, def, v);
      if (def == &op_crash) {
        base[CRASH_CALLER] = m->dying;
        m->dying = 0;
      }
      v = 0;
      goto routine;
    }
    v = call_data(m, v, m->sp - n);
    m->sp -= n;
    goto eval;

  jet:
    base = m->sp - n;
    open_routine(m, def, v);
    n = 0;
    goto strict;
  }

law : { // v is a law, self itself or its pin, with exactly its n arguments
  stack_push(m, self);
  stack_push(m, v);
  if (__builtin_expect(m->sp > m->stack_limit, 0) && !more_stack(m, &v)) {
    why = m->stop;
    goto stop;
  }
  const uint64_t *code = law_code(m, m->sp - 1);
  v = stack_pop(m);
  self = stack_pop(m);
  if (code) {
    x.n = n;
    step = exec_law(m, code, self, v, &x);
    goto stepped;
  }
  v = body_enter_law(m, self, v, n, &n);
  goto call;
}

strict: // the arguments that the jet needs in any case, from the n-th on
  for (const char *s = def->strict; s && s[n]; n++) {
    Value *arg = &base[s[n] - '0'];
    if (!val_is_lazy(*arg)) continue;
    *arg = val_deref(*arg);
    if (!val_is_lazy(*arg)) continue;
    v = *arg;
    stack_push(m, n);
    push_routine(m, FRAME_STRICT, def, base);
    goto eval;
  }
  v = 0;

routine:
  result = def->run(m, base, &v);

routine_ran:
  switch (result) {
  case JET_DONE:
    assert(!val_is_lazy(v));
    m->sp = base;
    goto ret;
  case JET_TAIL: m->sp = base; goto eval;
  case JET_EVAL: push_routine(m, FRAME_ROUTINE, def, base); goto eval;
  case JET_FORCE:
    push_routine(m, FRAME_ROUTINE, def, base);
    v = start_force(m, &def_force, v, &def, &base);
    goto routine;
  case JET_FORCE_LAST:
    push_routine(m, FRAME_ROUTINE, def, base);
    v = start_force(m, &def_force_last, v, &def, &base);
    goto routine;
  case JET_APPLY:
    n = (size_t)v;
    v = call_from_routine(m, def, base, n);
    goto call;
  case JET_TAILCALL:
    n = (size_t)v;
    v = m->sp[-(ptrdiff_t)n - 1];
    memmove(base, m->sp - n, n * 8);
    m->sp = base + n;
    goto call;
  case JET_DECLINE: {
    self = base[def->arity + def->state];
    n = def->arity;
    m->sp = base + n;
    v = val_obj(self)[PIN_ITEM];
    goto law;
  }
  case JET_CRASH: why = RUN_CRASH; break;
  case JET_DIVERGES: why = RUN_DIVERGES; break;
  case JET_STOP: why = m->stop; break;
  }
  if (is_force(def)) force_unwind(m, base, m->sp);
  trace_routine(m, def, base);

stop:
  if (unwind(m, why)) {
    frame_pop(m);
    size_t distance = (size_t)stack_pop(m);
    def = (const JetDef *)(uintptr_t)stack_pop(m);
    base = m->sp - distance;
    m->caught = true;
    m->stop = RUN_DONE;
    m->trace.count = 0;
    v = why;
    goto routine;
  }
  return finish(m, why);
}

// --- starting and ending ---------------------------------------------------------------------------
static void start(Machine *m, Value v, uint32_t resume) {
  assert(!m->running);
  m->running = true;
  m->stop = RUN_DONE;
  m->caught = false;
  m->trials = 0;
  atomic_store_explicit(&m->interrupted, 0, memory_order_relaxed);
  m->crash_op = m->crash_arg = m->dying = 0;
  m->trace.count = 0;
  m->fuel_left = m->fuel;
  m->sp = m->stack;
  frames_drop(m);
  frame_push(m, FRAME_BASE);
  m->acc = v;
  m->resume = resume;
}

void machine_start_whnf(Machine *m, Ref r) { start(m, ref_get(m, r), RESUME_EVAL); }

void machine_start_nf(Machine *m, Ref r) { start(m, ref_get(m, r), RESUME_FORCE); }

void machine_abandon(Machine *m) {
  if (m->running) finish(m, RUN_STOPPED);
}

Value machine_result(const Machine *m) { return m->acc; }

void machine_crash(const Machine *m, Value *op, Value *arg) {
  *op = m->crash_op;
  *arg = m->crash_arg;
}

void machine_interrupt(Machine *m) { atomic_store_explicit(&m->interrupted, 1, memory_order_relaxed); }

static Outcome run_whole(Machine *m, Ref r) {
  Profile *profile = profile_of(m);
  Outcome o = profile ? profile_run(profile, 0) : machine_run(m, 0);
  if (o == RUN_DONE) ref_set(m, r, m->acc);
  return o;
}

Outcome plan_whnf(Machine *m, Ref r) {
  Value v = val_deref(ref_get(m, r));
  ref_set(m, r, v);
  if (!val_is_lazy(v)) return RUN_DONE;
  machine_start_whnf(m, r);
  return run_whole(m, r);
}

Outcome plan_force(Machine *m, Ref r) {
  if (val_is_nf(ref_get(m, r))) return RUN_DONE;
  machine_start_nf(m, r);
  return run_whole(m, r);
}
