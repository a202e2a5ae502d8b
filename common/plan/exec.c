// Runs compiled code, from block to block, until it needs the evaluator: for a jet, an interpreted law, a
// limit, anything unusual. Nothing here recurses, and every stretch is finite: code has no backward jumps,
// and calls count ticks.
#include "common/plan/code.h"
#include "common/plan/frame.h"
#include "common/plan/pinjet.h"
#include "common/plan/row.h"
#include <string.h>

// Where a block stands: its slots, which of them holds the law, its code, the next instruction.
typedef struct Block {
  Value *fp;
  size_t law_slot;
  const uint64_t *code;
  size_t pc;
} Block;

static const uint64_t *code_of(Value law) {
  uint64_t word = __atomic_load_n(&val_obj(law)[LAW_CODE], __ATOMIC_ACQUIRE);
  return val_is_ptr(word) ? val_obj(word) : (const uint64_t *)(uintptr_t)word;
}

// FRAME_EXEC payload: [law slot][distance down to fp][position].
static void push_frame(Machine *m, const Block *b, size_t position) {
  size_t distance = (size_t)(m->sp - b->fp);
  stack_push(m, b->law_slot);
  stack_push(m, distance);
  stack_push(m, position);
  frame_push(m, FRAME_EXEC);
}

#define FRAME_WORDS 4

// Puts a frame that goes on at `position` under the n topmost operands.
static void insert_frame(Machine *m, const Block *b, size_t position, size_t n) {
  Value *args = m->sp - n;
  memmove(args + FRAME_WORDS, args, n * 8);
  m->sp = args;
  push_frame(m, b, position);
  m->sp += n;
}

// --- from block to block -----------------------------------------------------------------------------
// Each leaves m->sp behind what it has laid out.

static void enter_law(Machine *m, Block *b, const uint64_t *code, Value self, Value law, size_t n) {
  b->fp = m->sp - n;
  b->law_slot = n + 1;
  b->code = code;
  b->pc = code[3];
  stack_push(m, self);
  stack_push(m, law);
  for (uint64_t i = 0; i < code[2]; i++) stack_push(m, 0);
}

static void enter_thunk(Machine *m, Block *b, uint64_t *thunk) {
  size_t captured = obj_count(thunk);
  b->fp = m->sp;
  b->law_slot = captured;
  b->code = code_of(thunk[1]);
  b->pc = thunk[2];
  for (size_t i = 0; i < captured; i++) stack_push(m, thunk[3 + i]);
  stack_push(m, thunk[1]);
  thunk[0] = obj_header(KIND_HOLE, thunk[0] & 0xff00, 0);
}

static void resume(Machine *m, Block *b) {
  b->pc = (size_t)stack_pop(m);
  size_t distance = (size_t)stack_pop(m);
  b->law_slot = (size_t)stack_pop(m);
  b->fp = m->sp - distance;
  b->code = code_of(b->fp[b->law_slot]);
}

#define SPREAD_MOST 16

// Enters what is called with the n arguments on top, if it is a compiled law that gets exactly its
// arguments, some of them perhaps from an app that holds few. Everything else is left to the evaluator.
static bool enter_call(Machine *m, Block *b, Value f, size_t n) {
  if (m->ticks <= 0 || m->sp > m->stack_limit || val_is_lazy(f) || val_is_small(f)) return false;
  const uint64_t *o = val_obj(f), *app = NULL;
  size_t before = 0;
  if (obj_kind(o) == KIND_APP) {
    before = app_args(o);
    if (before > SPREAD_MOST || app_left(o) != n || val_is_small(o[1])) return false;
    app = o;
    f = app[1];
    o = val_obj(f);
  }
  Value law = f;
  if (obj_kind(o) == KIND_PIN) {
    if (!pin_is_no_jet(f) || val_is_small(o[PIN_ITEM])) return false;
    law = o[PIN_ITEM];
    o = val_obj(law);
  }
  if (obj_kind(o) != KIND_LAW || o[LAW_ARITY] != n + before) return false;
  uint64_t word = __atomic_load_n(&o[LAW_CODE], __ATOMIC_ACQUIRE);
  if (word <= CODE_FAILED) return false;
  if (app) {
    Value *args = m->sp - n;
    for (size_t i = n; i-- > 0;) args[before + i] = args[i];
    for (size_t i = 0; i < before; i++) args[i] = app[2 + i];
    m->sp += before;
  }
  m->ticks--;
  m->stats.calls++;
  enter_law(m, b, val_is_ptr(word) ? val_obj(word) : (const uint64_t *)(uintptr_t)word, f, law, n + before);
  return true;
}

// Starts the evaluation of v if it is a compiled suspension; the newest frame then waits for its value.
static bool enter_value(Machine *m, Block *b, Value v) {
  uint64_t *o = val_obj(v);
  if (obj_kind(o) != KIND_THUNK || m->sp > m->stack_limit) return false;
  stack_push(m, v);
  frame_push(m, FRAME_UPDATE);
  enter_thunk(m, b, o);
  return true;
}

// Hands v, evaluated, to the frames that only wait to keep it, then to compiled code. False: another
// frame is to get it.
static bool return_value(Machine *m, Block *b, Value v) {
  for (;;) {
    switch (frame_kind(m->stack[m->frame])) {
    case FRAME_UPDATE: {
      frame_pop(m);
      uint64_t *o = val_obj(stack_pop(m));
      o[0] = obj_header(KIND_IND, o[0] & 0xff00, 0);
      heap_write(m, o, 1, v);
      break;
    }
    case FRAME_EXEC:
      frame_pop(m);
      resume(m, b);
      stack_push(m, v);
      return true;
    default: return false;
    }
  }
}

// --- instructions ------------------------------------------------------------------------------------
static uint64_t *new_suspension(Machine *m, const Block *b, size_t captured, size_t position) {
  uint64_t *o = heap_alloc(m, obj_header(KIND_THUNK, 0, captured), 2 + captured);
  o[1] = b->fp[b->law_slot];
  o[2] = position;
  return o;
}

static bool truthy(Value v) { return val_kind(v) == KIND_NAT && v != 0; }

// Binary operators on small nats; false: not for this code.
static bool small_binary(CodeOp op, uint64_t a, uint64_t b, Value *r) {
  switch (op) {
  case OP_ADD: *r = a + b; return *r <= NAT_SMALL_MAX;
  case OP_SUB: *r = a > b ? a - b : 0; return true;
  case OP_MUL: return !__builtin_mul_overflow(a, b, r) && *r <= NAT_SMALL_MAX;
  case OP_LTH: *r = a < b; return true;
  case OP_LTE: *r = a <= b; return true;
  case OP_GTH: *r = a > b; return true;
  case OP_GTE: *r = a >= b; return true;
  case OP_EQL: *r = a == b; return true;
  default: *r = a != b; return true;
  }
}

static bool small_unary(CodeOp op, Value a, Value *r) {
  switch (op) {
  case OP_DEC: *r = a ? a - 1 : 0; return val_is_small(a);
  case OP_INC: *r = a + 1; return val_is_small(a) && a < NAT_SMALL_MAX;
  case OP_EQZ: *r = a == 0; return true;
  case OP_NOT: *r = !truthy(a); return true;
  case OP_BIT: *r = truthy(a); return true;
  default: *r = val_kind(a) == KIND_NAT; return true;
  }
}

// Element i of a row; false: the jet is to be asked.
static bool plain_element(Value row, Value i, Value *element) {
  if (val_kind(row) != KIND_ROW) return false;
  i = val_deref(i);
  if (!val_is_small(i)) return false;
  *element = i < row_len(row) ? val_deref(row_at(row, i)) : 0;
  return true;
}

static bool plain_length(Value row, Value *len) {
  bool known = val_is_small(row) || val_kind(row) == KIND_ROW;
  if (known) *len = val_is_small(row) ? 0 : row_len(row);
  return known;
}

static bool op_is_binary(CodeOp op) {
  switch (op) {
  case OP_DEC:
  case OP_INC:
  case OP_EQZ:
  case OP_NOT:
  case OP_BIT:
  case OP_ISNAT:
  case OP_LEN: return false;
  default: return true;
  }
}

// On operands that may be lazy: false then too.
static bool try_binary(CodeOp op, Value x, Value y, Value *r) {
  if (op == OP_IDX) return plain_element(y, x, r);
  if (op == OP_GET) return plain_element(x, y, r);
  return val_is_small(x | y) && small_binary(op, x, y, r);
}

static bool try_unary(CodeOp op, Value x, Value *r) {
  if (op == OP_LEN) return plain_length(x, r);
  return !val_is_lazy(x) && small_unary(op, x, r);
}

static ExecStep run(Machine *m, Block b, Value *v, size_t *n) {
  for (;;) {
    uint64_t w = b.code[b.pc++];
    switch (code_op(w)) {
    case OP_SLOT: stack_push(m, val_deref(b.fp[code_a(w)])); break;
    case OP_CONST: stack_push(m, b.code[b.pc++]); break;
    case OP_SUSPEND: {
      size_t captured = code_a(w);
      uint64_t *o = new_suspension(m, &b, captured, code_b(w));
      for (size_t i = 0; i < captured; i++) o[3 + i] = val_deref(b.fp[b.code[b.pc++]]);
      stack_push(m, obj_lazy(o));
      break;
    }
    case OP_RESERVE: {
      uint64_t *o = new_suspension(m, &b, code_a(w), code_b(w));
      memset(o + 3, 0, code_a(w) * 8);
      stack_push(m, obj_lazy(o));
      break;
    }
    case OP_FILL: {
      uint64_t *o = val_obj(b.fp[code_a(w)]);
      for (size_t i = 0; i < code_b(w); i++) heap_write(m, o, 3 + i, b.fp[b.code[b.pc++]]);
      break;
    }
    case OP_STORE: b.fp[code_a(w)] = stack_pop(m); break;
    case OP_APP: {
      size_t args = code_a(w);
      Value head = stack_pop(m), app = new_app(m, head, m->sp - args, args);
      m->sp -= args;
      stack_push(m, app);
      break;
    }
    case OP_READY: {
      Value t = val_deref(b.fp[code_a(w)]);
      b.pc++;
      if (val_is_lazy(t)) {
        m->sp -= code_b(w);
        b.pc = b.code[b.pc - 1];
      } else {
        stack_push(m, t);
      }
      break;
    }
    case OP_TRY: {
      CodeOp op = (CodeOp)code_a(w);
      bool binary = op_is_binary(op);
      Value r;
      b.pc++;
      if (binary ? try_binary(op, m->sp[-2], m->sp[-1], &r) : try_unary(op, m->sp[-1], &r)) {
        m->sp -= binary;
        m->sp[-1] = r;
      } else {
        m->sp -= code_b(w);
        b.pc = b.code[b.pc - 1];
      }
      break;
    }
    case OP_EVAL: {
      Value t = val_deref(m->sp[-1]);
      if (!val_is_lazy(t)) {
        m->sp[-1] = t;
        break;
      }
      m->sp--;
      push_frame(m, &b, b.pc);
      if (enter_value(m, &b, t)) break;
      *v = t;
      return EXEC_EVAL;
    }
    case OP_FRAME: push_frame(m, &b, code_a(w)); break;
    case OP_CALL: {
      size_t args = code_a(w);
      Value f = val_deref(stack_pop(m));
      if (enter_call(m, &b, f, args)) break;
      *v = f;
      *n = args;
      return EXEC_CALL;
    }
    case OP_TAIL: {
      size_t args = code_a(w);
      Value f = val_deref(stack_pop(m));
      const Value *from = m->sp - args;
      for (size_t i = 0; i < args; i++) b.fp[i] = from[i];
      m->sp = b.fp + args;
      if (enter_call(m, &b, f, args)) break;
      *v = f;
      *n = args;
      return EXEC_CALL;
    }
    case OP_RET: {
      Value t = val_deref(m->sp[-1]);
      m->sp = b.fp;
      if (val_is_lazy(t) ? enter_value(m, &b, t) : return_value(m, &b, t)) break;
      *v = t;
      return val_is_lazy(t) ? EXEC_EVAL : EXEC_RET;
    }
    case OP_JUMP: b.pc = code_a(w); break;
    case OP_UNLESS:
      if (!truthy(stack_pop(m))) b.pc = code_a(w);
      break;
    case OP_UNZERO:
      if (stack_pop(m) != 0) b.pc = code_a(w);
      break;
    case OP_INDEX: {
      Value i = stack_pop(m);
      b.pc = b.code[b.pc + (val_is_small(i) && i < code_a(w) ? 1 + i : 0)];
      break;
    }
    case OP_FIND: {
      Value key = stack_pop(m);
      size_t at;
      bool found = false;
      if (val_kind(key) == KIND_NAT && !set_find(m, b.code[b.pc], key, &at, &found)) return EXEC_STOP;
      b.pc = b.code[b.pc + 1 + (found ? 1 + at : 0)];
      break;
    }
    case OP_DROP: m->sp--; break;
    case OP_SWAP: {
      Value t = m->sp[-1];
      m->sp[-1] = m->sp[-2];
      m->sp[-2] = t;
      break;
    }
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_LTH:
    case OP_LTE:
    case OP_GTH:
    case OP_GTE:
    case OP_EQL:
    case OP_NEQ: {
      Value pin = b.code[b.pc++], r;
      if (val_is_small(m->sp[-2] | m->sp[-1]) && small_binary(code_op(w), m->sp[-2], m->sp[-1], &r)) {
        *--m->sp = 0;
        m->sp[-1] = r;
        break;
      }
      insert_frame(m, &b, b.pc, 2);
      *v = pin;
      *n = 2;
      return EXEC_CALL;
    }
    case OP_IDX:
    case OP_GET: {
      Value pin = b.code[b.pc++], r;
      bool idx = code_op(w) == OP_IDX;
      if (plain_element(m->sp[idx ? -1 : -2], m->sp[idx ? -2 : -1], &r)) {
        m->sp--;
        m->sp[-1] = r;
        break;
      }
      insert_frame(m, &b, b.pc, 2);
      *v = pin;
      *n = 2;
      return EXEC_CALL;
    }
    case OP_LEN:
    case OP_DEC:
    case OP_INC:
    case OP_EQZ:
    case OP_NOT:
    case OP_BIT:
    case OP_ISNAT: {
      Value pin = b.code[b.pc++], r;
      if (code_op(w) == OP_LEN ? plain_length(m->sp[-1], &r) : small_unary(code_op(w), m->sp[-1], &r)) {
        m->sp[-1] = r;
        break;
      }
      insert_frame(m, &b, b.pc, 1);
      *v = pin;
      *n = 1;
      return EXEC_CALL;
    }
    }
  }
}

ExecStep exec_law(Machine *m, const uint64_t *code, Value self, Value law, Value *v, size_t *n) {
  Block b;
  enter_law(m, &b, code, self, law, *n);
  return run(m, b, v, n);
}

ExecStep exec_thunk(Machine *m, uint64_t *thunk, Value *v, size_t *n) {
  Block b;
  enter_thunk(m, &b, thunk);
  return run(m, b, v, n);
}

ExecStep exec_resume(Machine *m, Value *v, size_t *n) {
  Block b;
  resume(m, &b);
  stack_push(m, *v);
  return run(m, b, v, n);
}
