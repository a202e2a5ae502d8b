// Runs compiled code between two visits to the evaluator. Nothing here recurses, and every stretch is
// finite: code has no backward jumps, loops go through calls.
#include "common/plan/code.h"
#include "common/plan/frame.h"
#include "common/plan/row.h"
#include <string.h>

// Where a block stands: its slots, which of them holds the law, its code.
typedef struct Block {
  Value *fp;
  size_t law_slot;
  const uint64_t *code;
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

static Value new_suspension(Machine *m, const Block *b, size_t captured, size_t position) {
  uint64_t *o = heap_alloc(m, obj_header(KIND_THUNK, 0, captured), 2 + captured);
  o[1] = b->fp[b->law_slot];
  o[2] = position;
  memset(o + 3, 0, captured * 8);
  return obj_lazy(o);
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

static ExecStep run(Machine *m, Block b, size_t pc, Value *v, size_t *n) {
  const uint64_t *code = b.code;
  for (;;) {
    uint64_t w = code[pc++];
    switch (code_op(w)) {
    case OP_SLOT: stack_push(m, val_deref(b.fp[code_a(w)])); break;
    case OP_CONST: stack_push(m, code[pc++]); break;
    case OP_SUSPEND: {
      size_t captured = code_a(w);
      Value t = new_suspension(m, &b, captured, code_b(w));
      for (size_t i = 0; i < captured; i++) val_obj(t)[3 + i] = val_deref(b.fp[code[pc++]]);
      stack_push(m, t);
      break;
    }
    case OP_RESERVE: stack_push(m, new_suspension(m, &b, code_a(w), code_b(w))); break;
    case OP_FILL: {
      uint64_t *o = val_obj(b.fp[code_a(w)]);
      for (size_t i = 0; i < code_b(w); i++) heap_write(m, o, 3 + i, b.fp[code[pc++]]);
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
    case OP_EVAL: {
      Value t = val_deref(m->sp[-1]);
      if (!val_is_lazy(t)) {
        m->sp[-1] = t;
        break;
      }
      m->sp--;
      push_frame(m, &b, pc);
      *v = t;
      return EXEC_EVAL;
    }
    case OP_FRAME: push_frame(m, &b, code_a(w)); break;
    case OP_CALL:
      *v = stack_pop(m);
      *n = code_a(w);
      return EXEC_CALL;
    case OP_TAIL: {
      size_t args = code_a(w);
      *v = stack_pop(m);
      *n = args;
      memmove(b.fp, m->sp - args, args * 8);
      m->sp = b.fp + args;
      return EXEC_CALL;
    }
    case OP_RET:
      *v = m->sp[-1];
      m->sp = b.fp;
      return EXEC_EVAL;
    case OP_JUMP: pc = code_a(w); break;
    case OP_UNLESS:
      if (!truthy(stack_pop(m))) pc = code_a(w);
      break;
    case OP_UNZERO:
      if (stack_pop(m) != 0) pc = code_a(w);
      break;
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
      Value pin = code[pc++], r;
      if (val_is_small(m->sp[-2] | m->sp[-1]) && small_binary(code_op(w), m->sp[-2], m->sp[-1], &r)) {
        *--m->sp = 0;
        m->sp[-1] = r;
        break;
      }
      insert_frame(m, &b, pc, 2);
      *v = pin;
      *n = 2;
      return EXEC_CALL;
    }
    case OP_DEC:
    case OP_INC:
    case OP_EQZ:
    case OP_NOT:
    case OP_BIT:
    case OP_ISNAT: {
      Value pin = code[pc++], r;
      if (small_unary(code_op(w), m->sp[-1], &r)) {
        m->sp[-1] = r;
        break;
      }
      insert_frame(m, &b, pc, 1);
      *v = pin;
      *n = 1;
      return EXEC_CALL;
    }
    }
  }
}

ExecStep exec_law(Machine *m, const uint64_t *code, Value self, Value law, Value *v, size_t *n) {
  Block b = {.fp = m->sp - *n, .law_slot = *n + 1, .code = code};
  stack_push(m, self);
  stack_push(m, law);
  for (uint64_t i = 0; i < code[2]; i++) stack_push(m, 0);
  return run(m, b, code[3], v, n);
}

ExecStep exec_thunk(Machine *m, uint64_t *thunk, Value *v, size_t *n) {
  size_t captured = obj_count(thunk), position = thunk[2];
  Block b = {.fp = m->sp, .law_slot = captured, .code = code_of(thunk[1])};
  memcpy(m->sp, thunk + 3, captured * 8);
  m->sp += captured;
  stack_push(m, thunk[1]);
  thunk[0] = obj_header(KIND_HOLE, thunk[0] & 0xff00, 0);
  return run(m, b, position, v, n);
}

ExecStep exec_resume(Machine *m, Value *v, size_t *n) {
  size_t position = (size_t)stack_pop(m), distance = (size_t)stack_pop(m);
  Block b = {.law_slot = (size_t)stack_pop(m)};
  b.fp = m->sp - distance;
  b.code = code_of(b.fp[b.law_slot]);
  stack_push(m, *v);
  return run(m, b, position, v, n);
}
