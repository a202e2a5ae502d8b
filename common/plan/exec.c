// Runs compiled code, from block to block, until it needs the evaluator: for an interpreted law, a jet that
// calls back, a limit, anything unusual. Nothing here recurses, and every stretch is finite: code jumps
// forward only, but for the way back from code out of line, and calls count ticks.
#include "common/plan/code.h"
#include "common/plan/enter.h"
#include "common/plan/frame.h"
#include "common/plan/operator.h"
#include "common/plan/row.h"
#include <string.h>

static size_t packed_slot(const uint64_t *words, size_t i) {
  return words[i / CODE_PACKED] >> 16 * (i % CODE_PACKED) & 0xffff;
}

static size_t packed_words(size_t n) { return (n + CODE_PACKED - 1) / CODE_PACKED; }

// --- instructions ------------------------------------------------------------------------------------------
#define A code_a(w)
#define B code_b(w)
#define C code_c(w)
#define H code_h(w)
#define N code_n(w)
// One dispatch for each instruction, which the processor learns to foresee: but for the empty statement,
// which is everywhere another, the compiler would make one of many.
#define NEXT                                                                                                 \
  do {                                                                                                       \
    w = *pc++;                                                                                               \
    __asm__ volatile("" ::"i"(__COUNTER__));                                                                 \
    goto *ops[w & 0xff];                                                                                     \
  } while (0)
#define JUMP(word, from) (pc = (from) + code_displacement(word))

// What is above the newest frame word, for the collector and the evaluator.
#define LEAVE(above)                                                                                         \
  do {                                                                                                       \
    m->sp = (above);                                                                                         \
    m->frame = (size_t)(fp - 1 - m->stack);                                                                  \
  } while (0)

#define MAKE(o, header, words, height)                                                                       \
  uint64_t *o;                                                                                               \
  do {                                                                                                       \
    LEAVE(fp + (height));                                                                                    \
    o = heap_alloc(m, header, words);                                                                        \
  } while (0)

#define MAY_ENTER(at) (m->ticks > 0 && (at) <= m->stack_limit)

#define COMPARE(NAME, SYMBOL)                                                                                \
  op_##NAME : x = fp[B], y = fp[C];                                                                          \
  if (!val_is_small(x | y)) goto slow_xy;                                                                    \
  fp[A] = x SYMBOL y;                                                                                        \
  pc += 2;                                                                                                   \
  NEXT;                                                                                                      \
  op_##NAME##_N : x = fp[B], y = C;                                                                          \
  if (!val_is_small(x)) goto slow_xy;                                                                        \
  fp[A] = x SYMBOL y;                                                                                        \
  pc += 2;                                                                                                   \
  NEXT;                                                                                                      \
  op_##NAME##_IF : x = fp[B], y = fp[C];                                                                     \
  if (!val_is_small(x | y)) goto slow_xy;                                                                    \
  if (x SYMBOL y)                                                                                            \
    pc += 3;                                                                                                 \
  else                                                                                                       \
    JUMP(w, pc - 1);                                                                                         \
  NEXT;                                                                                                      \
  op_##NAME##_N_IF : x = fp[B], y = C;                                                                       \
  if (!val_is_small(x)) goto slow_xy;                                                                        \
  if (x SYMBOL y)                                                                                            \
    pc += 3;                                                                                                 \
  else                                                                                                       \
    JUMP(w, pc - 1);                                                                                         \
  NEXT;

#define COMPARE_LABELS(NAME)                                                                                 \
  [OP_##NAME] = &&op_##NAME, [OP_##NAME##_N] = &&op_##NAME##_N, [OP_##NAME##_IF] = &&op_##NAME##_IF,         \
  [OP_##NAME##_N_IF] = &&op_##NAME##_N_IF

static ExecStep run(Machine *m, const uint64_t *pc, Value *fp, Exec *out) {
  static const void *const ops[256] = {
      [OP_MOVE] = &&op_MOVE,
      [OP_SMALL] = &&op_SMALL,
      [OP_CONST] = &&op_CONST,
      [OP_CLEAR] = &&op_CLEAR,
      [OP_EVAL] = &&op_EVAL,
      [OP_SUSPEND] = &&op_SUSPEND,
      [OP_RESERVE] = &&op_RESERVE,
      [OP_FILL] = &&op_FILL,
      [OP_DATA] = &&op_DATA,
      [OP_ROW] = &&op_ROW,
      [OP_PAIR] = &&op_PAIR,
      [OP_CALL] = &&op_CALL,
      [OP_CALL_LAW] = &&op_CALL_LAW,
      [OP_CALL_SELF] = &&op_CALL_SELF,
      [OP_CALL_JET] = &&op_CALL_JET,
      [OP_TAIL] = &&op_TAIL,
      [OP_TAIL_LAW] = &&op_TAIL_LAW,
      [OP_TAIL_SELF] = &&op_TAIL_SELF,
      [OP_LOOP] = &&op_LOOP,
      [OP_TAIL_JET] = &&op_TAIL_JET,
      [OP_RETURN] = &&op_RETURN,
      [OP_RETURN_SMALL] = &&op_RETURN_SMALL,
      [OP_JUMP] = &&op_JUMP,
      [OP_UNLESS] = &&op_UNLESS,
      [OP_UNZERO] = &&op_UNZERO,
      [OP_UNNAT] = &&op_UNNAT,
      [OP_INDEX] = &&op_INDEX,
      [OP_FIND] = &&op_FIND,
      [OP_READY] = &&op_READY,
      [OP_TRY_ADD] = &&op_TRY_ADD,
      [OP_TRY_ADD_N] = &&op_TRY_ADD_N,
      [OP_TRY_SUB] = &&op_TRY_SUB,
      [OP_TRY_SUB_N] = &&op_TRY_SUB_N,
      [OP_TRY_IDX_N] = &&op_TRY_IDX_N,
      [OP_TRY] = &&op_TRY,
      [OP_ADD] = &&op_ADD,
      [OP_ADD_N] = &&op_ADD_N,
      [OP_SUB] = &&op_SUB,
      [OP_SUB_N] = &&op_SUB_N,
      [OP_MUL] = &&op_MUL,
      [OP_MUL_N] = &&op_MUL_N,
      [OP_DIV] = &&op_DIV,
      [OP_MOD] = &&op_MOD,
      COMPARE_LABELS(LTH),
      COMPARE_LABELS(LTE),
      COMPARE_LABELS(GTH),
      COMPARE_LABELS(GTE),
      COMPARE_LABELS(EQL),
      COMPARE_LABELS(NEQ),
      [OP_INC] = &&op_INC,
      [OP_DEC] = &&op_DEC,
      [OP_LEN] = &&op_LEN,
      [OP_IDX] = &&op_IDX,
      [OP_IDX_N] = &&op_IDX_N,
      [OP_IDX_EVAL] = &&op_IDX,
      [OP_IDX_N_EVAL] = &&op_IDX_N_EVAL,
      [OP_GET] = &&op_GET,
      [OP_GET_N] = &&op_IDX_N,
      [OP_GET_EVAL] = &&op_GET,
      [OP_GET_N_EVAL] = &&op_IDX_N_EVAL,
      [OP_EQZ] = &&op_EQZ,
      [OP_NOT] = &&op_NOT,
      [OP_BIT] = &&op_BIT,
      [OP_ISNAT] = &&op_ISNAT,
  };
  uint64_t w;
  Value v, x, y, r, *base;
  const uint64_t *entry;
  size_t n;
  if (!pc) {
    v = out->v;
    goto return_slowly;
  }
  NEXT;

  // --- moving ---
op_MOVE:
  fp[A] = fp[B];
  NEXT;
op_SMALL:
  fp[A] = (Value)code_displacement(w);
  NEXT;
op_CONST:
  fp[A] = *pc++;
  NEXT;
op_CLEAR: // usually two
  base = fp + A;
  base[0] = 0;
  for (size_t i = 1; i < B; i++) {
    base[i] = 0;
    __asm__("");
  }
  NEXT;
op_EVAL : {
  v = fp[B];
  if (val_is_lazy(v)) {
    uint64_t *o = val_obj(v);
    if (obj_kind(o) == KIND_IND) {
      v = o[1];
    } else {
      fp = open_frame(fp, pc[0], pc + 1, A);
      goto eval_lazy;
    }
  }
  fp[A] = v;
  pc++;
  NEXT;
}
eval_lazy : // v, a lazy object but no IND, for the newest frame, right below fp
{
  uint64_t *o = val_obj(v);
  if (obj_kind(o) == KIND_THUNK && fp <= m->stack_limit) {
    fp[0] = v;
    fp[1] = FRAME_UPDATE | (uint64_t)2 << 8;
    fp += 2;
    pc = open_thunk(o, fp);
    NEXT;
  }
  LEAVE(fp);
  out->v = v;
  return EXEC_EVAL;
}

  // --- making ---
op_SUSPEND : {
  MAKE(o, obj_header(KIND_THUNK, 0, N), 2 + N, H);
  o[1] = fp[B];
  o[2] = *pc++;
  n = N;
  for (size_t i = 0; i < n; i++) o[3 + i] = val_deref(fp[packed_slot(pc, i)]);
  pc += packed_words(n);
  fp[A] = obj_lazy(o);
  NEXT;
}
op_RESERVE : {
  MAKE(o, obj_header(KIND_THUNK, 0, N), 2 + N, H);
  o[1] = fp[B];
  o[2] = *pc++;
  memset(o + 3, 0, N * 8);
  fp[A] = obj_lazy(o);
  NEXT;
}
op_FILL : {
  uint64_t *o = val_obj(fp[A]);
  n = N;
  for (size_t i = 0; i < n; i++) heap_write(m, o, 3 + i, fp[packed_slot(pc, i)]);
  pc += packed_words(n);
  NEXT;
}
op_DATA:
  LEAVE(fp + H);
  fp[A] = new_app(m, fp[B], fp + C, N);
  NEXT;
op_ROW : {
  n = N;
  MAKE(o, obj_header(KIND_ROW, 0, n), n, H);
  for (size_t i = 0; i < n; i++) o[n - i] = val_deref(fp[C + i]);
  fp[A] = obj_val(o);
  NEXT;
}
op_PAIR : {
  MAKE(o, obj_header(KIND_ROW, 0, 2), 2, H);
  o[1] = val_deref(fp[B]);
  o[2] = val_deref(fp[C]);
  fp[A] = obj_val(o);
  NEXT;
}

  // --- calling ---
op_CALL_SELF:
  n = B;
  base = fp + A + 2;
  base[-2] = (uint64_t)(uintptr_t)(pc + 1);
  base[-1] = pc[0];
  base[n] = fp[C];
  base[n + 1] = fp[frame_exec_law_slot(pc[0])];
  if (__builtin_expect(!MAY_ENTER(base), 0)) goto call_slowly;
  m->ticks--;
  JUMP(w, pc - 1);
  fp = base;
  NEXT;
op_CALL_LAW:
  n = N;
  base = fp + A + 2;
  base[-2] = (uint64_t)(uintptr_t)(pc + 4);
  base[-1] = pc[0];
  base[n] = pc[1];
  base[n + 1] = pc[2];
  entry = entry_of(pc[2], B, pc + 3);
  if (__builtin_expect(!entry || !MAY_ENTER(base), 0)) goto call_slowly;
  m->ticks--;
  pc = entry;
  fp = base;
  NEXT;
call_slowly: // base[n] with the n arguments at base
  fp = base;
  LEAVE(fp + n);
  out->v = fp[n];
  out->n = n;
  return EXEC_CALL;
op_CALL:
  v = val_deref(fp[B]);
  n = N;
  base = fp + A + 2;
  base[-2] = (uint64_t)(uintptr_t)(pc + 1);
  base[-1] = pc[0];
  fp = base;
call_any: // v with the n arguments at fp
  if (MAY_ENTER(fp)) {
    if ((entry = lay_out(v, fp, n))) {
      m->ticks--;
      pc = entry;
      NEXT;
    }
    if ((out->def = ready_jet(m, v, fp, n))) {
      x = v;
      goto run_jet;
    }
  }
  LEAVE(fp + n);
  out->v = v;
  out->n = n;
  return EXEC_CALL;
op_CALL_JET:
  n = N;
  base = fp + A + 2;
  base[-2] = (uint64_t)(uintptr_t)(pc + 3);
  base[-1] = pc[0];
  x = pc[1];
  out->def = (const JetDef *)(uintptr_t)pc[2];
  fp = base;
run_jet: // the routine for the pin x, with the n arguments at fp
  if (__builtin_expect(!MAY_ENTER(fp), 0)) {
    LEAVE(fp + n);
    out->v = x;
    out->n = n;
    return EXEC_CALL;
  }
  m->ticks--;
  base = fp + n;
  for (unsigned i = out->def->state; i > 0; i--) {
    *base++ = 0;
    __asm__("");
  }
  *base++ = x;
  LEAVE(base);
  out->v = 0;
  out->result = out->def->run(m, fp, &out->v);
  if (out->result == JET_DONE) {
    v = out->v;
    goto return_value;
  }
  out->base = fp;
  return EXEC_ROUTINE;
op_TAIL_SELF:
  n = B;
  base = fp + A;
  x = fp[C];
  y = fp[pc[0]];
  COPY(fp, base, n)
  fp[n] = x;
  fp[n + 1] = y;
  base = fp;
  if (__builtin_expect(m->ticks <= 0, 0)) goto call_slowly;
  m->ticks--;
  JUMP(w, pc - 1);
  NEXT;
op_LOOP:
  n = B;
  base = fp;
  if (__builtin_expect(m->ticks <= 0, 0)) goto call_slowly;
  m->ticks--;
  JUMP(w, pc - 1);
  NEXT;
op_TAIL_LAW:
  n = N;
  base = fp + A;
  COPY(fp, base, n)
  base = fp;
  fp[n] = pc[0];
  fp[n + 1] = pc[1];
  entry = entry_of(pc[1], B, pc + 2);
  if (__builtin_expect(!entry || m->ticks <= 0, 0)) goto call_slowly;
  m->ticks--;
  pc = entry;
  NEXT;
op_TAIL:
  v = val_deref(fp[B]);
  n = N;
  base = fp + A;
  COPY(fp, base, n)
  goto call_any;
op_TAIL_JET:
  n = N;
  base = fp + A;
  COPY(fp, base, n)
  x = pc[0];
  out->def = (const JetDef *)(uintptr_t)pc[1];
  goto run_jet;
op_RETURN_SMALL:
  v = (Value)code_displacement(w);
  goto return_value;
op_RETURN:
  v = fp[A];
  if (val_is_lazy(v)) {
    v = val_deref(v);
    if (val_is_lazy(v)) goto eval_lazy;
  }
return_value: // to the newest frame, right below fp
  w = fp[-1];
  if (__builtin_expect((w & 0xff) == FRAME_EXEC, 1)) {
    pc = (const uint64_t *)(uintptr_t)fp[-2];
    fp -= frame_distance(w);
    fp[frame_exec_dest(w)] = v;
    NEXT;
  }
return_slowly:
  m->frame = (size_t)(fp - 1 - m->stack);
  for (;;) {
    Value *at = m->stack + m->frame;
    w = *at;
    if (frame_kind(w) == FRAME_UPDATE) {
      frame_pop(m);
      update(m, at[-1], v);
      continue;
    }
    if (frame_kind(w) != FRAME_EXEC) break;
    frame_pop(m);
    pc = (const uint64_t *)(uintptr_t)at[-1];
    fp = m->stack + m->frame + 1;
    fp[frame_exec_dest(w)] = v;
    NEXT;
  }
  out->v = v;
  return EXEC_RET;

  // --- deciding ---
op_JUMP:
  JUMP(w, pc - 1);
  NEXT;
op_UNLESS:
  v = fp[A];
  if (val_is_small(v) ? v == 0 : val_kind(v) != KIND_NAT) JUMP(w, pc - 1);
  NEXT;
op_UNZERO:
  if (fp[A] != 0) JUMP(w, pc - 1);
  NEXT;
op_UNNAT:
  v = fp[A];
  if (!val_is_small(v) && obj_kind(val_obj(v)) != KIND_NAT) JUMP(w, pc - 1);
  NEXT;
op_INDEX:
  v = fp[A];
  pc += pc[val_is_small(v) && v < B ? 1 + v : 0];
  NEXT;
op_FIND : {
  size_t at = 0;
  bool found = false;
  v = fp[A];
  if (val_kind(v) == KIND_NAT && !set_find(m, pc[0], v, &at, &found)) {
    LEAVE(fp);
    return EXEC_STOP;
  }
  pc++;
  pc += pc[found ? 1 + at : 0];
  NEXT;
}

  // --- attempts ---
op_READY:
  v = val_deref(fp[B]);
  if (val_is_lazy(v)) goto failed;
  fp[A] = v;
  NEXT;
op_TRY_ADD:
  x = fp[B], y = fp[C];
  if (!val_is_small(x | y | (x + y))) goto failed;
  fp[A] = x + y;
  NEXT;
op_TRY_ADD_N:
  x = fp[B];
  if (!val_is_small(x | (x + C))) goto failed;
  fp[A] = x + C;
  NEXT;
op_TRY_SUB:
  x = fp[B], y = fp[C];
  if (!val_is_small(x | y)) goto failed;
  fp[A] = x > y ? x - y : 0;
  NEXT;
op_TRY_SUB_N:
  x = fp[B];
  if (!val_is_small(x)) goto failed;
  fp[A] = x > C ? x - C : 0;
  NEXT;
op_TRY_IDX_N:
  x = fp[B];
  if (val_is_lazy(x) || !plain_element(x, C, &r)) goto failed;
  fp[A] = r;
  NEXT;
op_TRY:
  if (!try_operator((CodeOp)pc[0], fp[B], fp[C], &r)) goto failed;
  fp[A] = r;
  pc++;
  NEXT;
failed:
  JUMP(w, pc - 1);
  NEXT;

  // --- operators ---
op_ADD:
  x = fp[B], y = fp[C];
  r = x + y;
  if (!val_is_small(x | y | r)) goto slow_yx;
  fp[A] = r;
  pc += 2;
  NEXT;
op_ADD_N:
  x = fp[B], y = C;
  r = x + y;
  if (!val_is_small(x | r)) goto slow_yx;
  fp[A] = r;
  pc += 2;
  NEXT;
op_SUB:
  x = fp[B], y = fp[C];
  if (!val_is_small(x | y)) goto slow_yx;
  fp[A] = x > y ? x - y : 0;
  pc += 2;
  NEXT;
op_SUB_N:
  x = fp[B], y = C;
  if (!val_is_small(x)) goto slow_yx;
  fp[A] = x > y ? x - y : 0;
  pc += 2;
  NEXT;
op_MUL:
  x = fp[B], y = fp[C];
  if (!val_is_small(x | y) || __builtin_mul_overflow(x, y, &r) || !val_is_small(r)) goto slow_yx;
  fp[A] = r;
  pc += 2;
  NEXT;
op_MUL_N:
  x = fp[B], y = C;
  if (!val_is_small(x) || __builtin_mul_overflow(x, y, &r) || !val_is_small(r)) goto slow_yx;
  fp[A] = r;
  pc += 2;
  NEXT;
op_DIV:
  x = fp[B], y = fp[C];
  if (!val_is_small(x | y) || y == 0) goto slow_yx;
  fp[A] = x / y;
  pc += 2;
  NEXT;
op_MOD:
  x = fp[B], y = fp[C];
  if (!val_is_small(x | y) || y == 0) goto slow_yx;
  fp[A] = x % y;
  pc += 2;
  NEXT;
  COMPARE(LTH, <)
  COMPARE(LTE, <=)
  COMPARE(GTH, >)
  COMPARE(GTE, >=)
  COMPARE(EQL, ==)
  COMPARE(NEQ, !=)
op_INC:
  x = fp[B];
  if (!val_is_small(x) || x == NAT_SMALL_MAX) goto slow_x;
  fp[A] = x + 1;
  pc += 2;
  NEXT;
op_DEC:
  x = fp[B];
  if (!val_is_small(x)) goto slow_x;
  fp[A] = x ? x - 1 : 0;
  pc += 2;
  NEXT;
op_LEN:
  x = fp[B];
  if (val_is_lazy(x) || !plain_length(x, &r)) goto slow_x;
  fp[A] = r;
  pc += 2;
  NEXT;
op_IDX_N:
  y = fp[B];
  if (val_is_lazy(y) || !plain_element(y, C, &r)) goto slow_element_n;
  fp[A] = r;
  pc += 2;
  NEXT;
op_IDX_N_EVAL:
  y = fp[B];
  if (val_is_lazy(y) || !plain_element(y, C, &r)) goto slow_element_n;
element: // r, possibly lazy, evaluated
  if (val_is_lazy(r)) {
    fp[A] = 0; // the row, perhaps
    fp = open_frame(fp, pc[1], pc + 2, A);
    v = r;
    goto eval_lazy;
  }
  fp[A] = r;
  pc += 2;
  NEXT;
op_IDX:
  x = val_deref(fp[B]), y = fp[C];
  if (val_is_lazy(y)) {
    n = C;
    goto operand;
  }
  if (!plain_element(y, x, &r)) goto jet_2;
  if (code_op(w) == OP_IDX_EVAL) goto element;
  fp[A] = r;
  pc += 2;
  NEXT;
op_GET:
  x = fp[B], y = val_deref(fp[C]);
  if (val_is_lazy(x)) {
    n = B;
    goto operand;
  }
  if (!plain_element(x, y, &r)) goto jet_2;
  if (code_op(w) == OP_GET_EVAL) goto element;
  fp[A] = r;
  pc += 2;
  NEXT;

slow_element_n:
  n = B;
  if (val_is_lazy(y)) goto operand;
  x = C;
  if (code_op(w) == OP_IDX_N || code_op(w) == OP_IDX_N_EVAL) goto jet_2;
  x = y, y = C;
  goto jet_2;
slow_xy: // operands x and y, of which x is evaluated first
  n = B;
  if (val_is_lazy(x)) goto operand;
  n = C;
  if (val_is_lazy(y)) goto operand;
  goto jet_2;
slow_yx:
  n = C;
  if (val_is_lazy(y)) goto operand;
  n = B;
  if (val_is_lazy(x)) goto operand;
jet_2: // the jet with x and y
  n = 2;
  goto jet;
slow_x:
  n = B;
  if (val_is_lazy(x)) goto operand;
  n = 1, y = 0;
jet:
  r = pc[0];
  fp = open_frame(fp, pc[1], pc + 2, A);
  fp[0] = x;
  fp[1] = y;
  x = r;
  if (MAY_ENTER(fp) && (out->def = ready_jet(m, x, fp, n))) goto run_jet;
  LEAVE(fp + n);
  out->v = x;
  out->n = n;
  return EXEC_CALL;
operand: // the one in slot n is evaluated; then the instruction begins again
  v = val_deref(fp[n]);
  if (val_is_lazy(v)) {
    fp = open_frame(fp, pc[1], pc - 1, (uint32_t)n);
    goto eval_lazy;
  }
  fp[n] = v;
  pc--;
  NEXT;
op_EQZ:
  fp[A] = fp[B] == 0;
  NEXT;
op_NOT:
  fp[A] = !truthy(fp[B]);
  NEXT;
op_BIT:
  fp[A] = truthy(fp[B]);
  NEXT;
op_ISNAT:
  fp[A] = val_kind(fp[B]) == KIND_NAT;
  NEXT;
}

// --- beginning ---------------------------------------------------------------------------------------------
ExecStep exec_law(Machine *m, const uint64_t *code, Value self, Value law, Exec *x) {
  Value *fp = m->sp - x->n;
  fp[x->n] = self;
  fp[x->n + 1] = law;
  return run(m, code + code[CODE_ENTRY], fp, x);
}

ExecStep exec_thunk(Machine *m, uint64_t *thunk, Exec *x) {
  Value *fp = m->sp;
  return run(m, open_thunk(thunk, fp), fp, x);
}

ExecStep exec_resume(Machine *m, Exec *x) { return run(m, NULL, m->stack + m->frame + 1, x); }

// --- moving code -----------------------------------------------------------------------------------------
static void adjust(Machine *m, bool detach) {
  for (size_t f = m->frame; f > 0; f -= frame_distance(m->stack[f])) {
    Value *at = m->stack + f;
    if (frame_kind(*at) != FRAME_EXEC) continue;
    const uint64_t *code = code_of(frame_exec_slots(at)[frame_exec_law_slot(*at)]);
    uint64_t base = (uint64_t)(uintptr_t)code;
    at[-1] = detach ? (at[-1] - base) / 8 : base + at[-1] * 8;
  }
}

void exec_detach(Machine *m) { adjust(m, true); }
void exec_attach(Machine *m) { adjust(m, false); }
