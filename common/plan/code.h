// Compiled laws: code for a register machine whose registers are slots of the machine stack.
//
// A law that has been called LAW_HOT times, or that calls itself, is compiled to a KIND_CODE object, if it is
// small enough; its LAW_CODE word then leads there (for a sealed law: the raw address of malloc'ed code that
// the region frees). Code lies outside the moving heap, so instruction addresses are stable; constants stand
// in the instruction stream as whole words, which the collector updates like any field.
//
//   word 0  header: KIND_CODE, count = words that follow
//   word 1  number of arguments
//   word 2  position of the entry for any arguments
//   word 3  position of the entry for callers that have evaluated what strict.h tells
//   word 4  what strict.h tells
//   word 5..  instructions
//
// An instruction is a word, some followed by operand words:
//
//   op | a << 8 | b << 19 | c << 30 | h << 41 | n << 52      a b c: slots; or a small number
//   op | a << 8 | b << 19 | c << 30 | displacement << 41     to another instruction, signed, in words
//
// A running block has slots at fp, right above the newest frame word: for a law's entry its arguments,
// self, the law, the bindings that are kept; for a suspension (KIND_THUNK: [law][its block, see
// thunk_block][captured]..) what it captured, then the law. Temporaries follow. An instruction that may
// collect or call knows the height up to which slots are in use (`h`), so no stack pointer is kept while
// code runs; slots below that height then hold Values or raw words. What mostly is done at once, and only
// calls when an operand is no small nat, has a last word for that case, see code_slow.
//
// A call is laid out in place: two words for the frame (see frame.h) from slot `a` on, then the arguments;
// the callee's fp is its first argument. Its value goes to the slot that the frame word names.
//
// Strict positions are evaluated in the order in which the law itself would; arguments of calls stay
// suspended, except those that the callee is known to need first.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

#define LAW_HOT 2
#define CODE_FAILED 0xffffffffu // in LAW_CODE: looked at, not to be compiled
#define CODE_SLOTS 2000         // of a block, at most

enum { CODE_ARITY = 1, CODE_ENTRY = 2, CODE_STRICT_ENTRY = 3, CODE_ORDER = 4, CODE_START = 5 };

typedef enum CodeOp {
  // Moving.
  OP_MOVE,  // a <- b
  OP_SMALL, // a <- the nat in displacement
  OP_CONST, // a <- next word
  OP_CLEAR, // slots a .. a+b-1 <- 0
  OP_EVAL,  // a <- value of b. Next word: slow

  // Making.
  OP_SUSPEND, // a <- suspension; b: law slot; h; n captured. Next words: position of the block; slots, packed
  OP_RESERVE, // the same, its captured slots filled later; no slots follow
  OP_FILL,    // the suspension in a: n captured. Next words: slots, packed
  OP_DATA,    // a <- undersaturated call of b with the n arguments from c on; h
  OP_ROW,     // a <- row of the n slots from c on, the last one first; h
  OP_PAIR,    // a <- row [b c]; h

  // Calling. Frames at a, arguments behind them.
  OP_CALL,     // b called with n arguments. Next word: frame word
  OP_CALL_LAW, // n arguments, b: evaluated as needed. Next words: frame word, callee, its law, its entry or 0
  OP_CALL_SELF,    // b arguments, c: slot of self; displacement to the entry. Next word: frame word
  OP_CALL_JET,     // n arguments. Next words: frame word, pin, JetDef
  OP_TAIL,         // the same in place of this block: b called with the n arguments from a on
  OP_TAIL_LAW,     // .. Next words: callee, its law, its entry or 0
  OP_TAIL_SELF,    // b arguments from a on, c: slot of self; displacement. Next word: law slot
  OP_LOOP,         // the law itself, whose block this is, with its b new arguments in place; displacement
  OP_TAIL_JET,     // .. Next words: pin, JetDef
  OP_RETURN,       // the value of a, possibly lazy, is the block's value
  OP_RETURN_SMALL, // the nat in displacement is

  // Deciding.
  OP_JUMP,
  OP_UNLESS, // jump if a, evaluated, is not a nonzero nat
  OP_UNZERO, // .. is not the nat 0
  OP_UNNAT,  // .. is not a nat
  OP_INDEX,  // go on where the a-th of the next b words but one says, or where the next word says
  OP_FIND,   // next word: row of nats, ascending. The same by the position of a in it

  // Attempts: jump if an operand is not evaluated, not small, or the operation has no quick result.
  OP_READY, // a <- b
  OP_TRY_ADD,
  OP_TRY_ADD_N, // c is the number itself, here and below
  OP_TRY_SUB,
  OP_TRY_SUB_N,
  OP_TRY_IDX_N, // element c of row b
  OP_TRY,       // next word: one of the operators below

  // Operators: a <- b op c. Operands in slots are evaluated there first, in the order in which the law does.
  // Next words: the jet's pin, called when they are not small or not plain; slow.
  OP_ADD,
  OP_ADD_N,
  OP_SUB,
  OP_SUB_N,
  OP_MUL,
  OP_MUL_N,
  OP_DIV,
  OP_MOD,
  OP_LTH,   // comparisons: four of each kind. _IF ones jump by their displacement when it is not so, and are
  OP_LTH_N, // followed by OP_UNLESS for what the jet says
  OP_LTH_IF,
  OP_LTH_N_IF,
  OP_LTE,
  OP_LTE_N,
  OP_LTE_IF,
  OP_LTE_N_IF,
  OP_GTH,
  OP_GTH_N,
  OP_GTH_IF,
  OP_GTH_N_IF,
  OP_GTE,
  OP_GTE_N,
  OP_GTE_IF,
  OP_GTE_N_IF,
  OP_EQL,
  OP_EQL_N,
  OP_EQL_IF,
  OP_EQL_N_IF,
  OP_NEQ,
  OP_NEQ_N,
  OP_NEQ_IF,
  OP_NEQ_N_IF,
  OP_INC,
  OP_DEC,
  OP_LEN, // of a row
  OP_IDX, // element b, which may be lazy, of row c: what lies there, possibly lazy
  OP_IDX_N,
  OP_IDX_EVAL, // .. its value
  OP_IDX_N_EVAL,
  OP_GET, // element c of row b
  OP_GET_N,
  OP_GET_EVAL,
  OP_GET_N_EVAL,

  // Operators that need no jet: a <- op b, which is evaluated.
  OP_EQZ,
  OP_NOT,
  OP_BIT,
  OP_ISNAT,
  OP_COUNT
} CodeOp;

#define CODE_FIELD 0x7ffu // what a slot field holds at most
#define CODE_DISPLACEMENT_MAX ((1 << 21) - 1)
#define CODE_PACKED 4 // slots in a word of captured slots

static inline uint64_t code_word(CodeOp op, uint64_t a, uint64_t b, uint64_t c, uint64_t h, uint64_t n) {
  return (uint64_t)op | a << 8 | b << 19 | c << 30 | h << 41 | n << 52;
}
static inline uint64_t code_jump(uint64_t word, int64_t displacement) {
  return (word & ((1ULL << 41) - 1)) | ((uint64_t)displacement & 0x3fffff) << 41;
}
static inline CodeOp code_op(uint64_t w) { return (CodeOp)(w & 0xff); }
static inline uint32_t code_a(uint64_t w) { return (uint32_t)(w >> 8) & CODE_FIELD; }
static inline uint32_t code_b(uint64_t w) { return (uint32_t)(w >> 19) & CODE_FIELD; }
static inline uint32_t code_c(uint64_t w) { return (uint32_t)(w >> 30) & CODE_FIELD; }
static inline uint32_t code_h(uint64_t w) { return (uint32_t)(w >> 41) & CODE_FIELD; }
static inline uint32_t code_n(uint64_t w) { return (uint32_t)(w >> 52) & CODE_FIELD; }
static inline int64_t code_displacement(uint64_t w) { return (int64_t)(w << 1) >> 42; }

// How code is left for a call that is seldom made: the height, the slot of the law, and what may hold
// anything until then: the slot of the first of two words for the frame of a call whose arguments are being
// computed (0: there is none), and some slots of bindings.
static inline uint64_t code_slow(uint64_t h, uint64_t law, uint64_t gap, uint64_t unset, uint64_t n) {
  return h | law << 11 | gap << 22 | unset << 33 | n << 44;
}
static inline uint32_t slow_height(uint64_t s) { return (uint32_t)s & CODE_FIELD; }
static inline uint32_t slow_law_slot(uint64_t s) { return (uint32_t)(s >> 11) & CODE_FIELD; }
static inline uint32_t slow_gap(uint64_t s) { return (uint32_t)(s >> 22) & CODE_FIELD; }
static inline uint32_t slow_unset(uint64_t s) { return (uint32_t)(s >> 33) & CODE_FIELD; }
static inline uint32_t slow_unset_count(uint64_t s) { return (uint32_t)(s >> 44) & CODE_FIELD; }

// The law's code, compiling it when it has become hot; NULL: interpret. May allocate (not move `law`
// if the caller keeps it on the stack at *slot, which is re-read).
const uint64_t *law_code(Machine *m, const Value *slot);

// What a suspension says of its block: its position, and, when it is nothing but the choice of an element of
// the row that it captured, the element's index + 1, so that the collector can make it and let go of the row.
static inline uint64_t thunk_block(uint64_t position, uint64_t select) { return position | select << 32; }
static inline uint64_t thunk_position(const uint64_t *thunk) { return thunk[2] & 0xffffffff; }
static inline uint64_t thunk_select(const uint64_t *thunk) { return thunk[2] >> 32; }

// What a LAW_CODE word, or the law that has it, leads to: NULL when there is no code (yet).
static inline const uint64_t *code_at(uint64_t word) {
  if (word <= CODE_FAILED) return NULL;
  return val_is_ptr(word) ? val_obj(word) : (const uint64_t *)(uintptr_t)word;
}
static inline uint64_t law_code_word(Value law) {
  return __atomic_load_n(&val_obj(law)[LAW_CODE], __ATOMIC_ACQUIRE);
}
static inline const uint64_t *code_of(Value law) { return code_at(law_code_word(law)); }

// --- running -------------------------------------------------------------------------------------------
// What is to be done after a stretch of compiled code.
typedef enum ExecStep {
  EXEC_RET,     // v is evaluated and goes to the newest frame
  EXEC_EVAL,    // v is to be evaluated
  EXEC_CALL,    // v, possibly lazy, is called with the n arguments on top
  EXEC_ROUTINE, // def was run on the frame at base with this result and v
  EXEC_STOP,    // m->stop tells which limit is met
} ExecStep;

typedef struct Exec {
  Value v;
  size_t n;
  const JetDef *def;
  Value *base;
  JetResult result;
} Exec;

// Starts a law's code on the n arguments on top of the stack; starts a suspension, leaving a HOLE in
// its place; goes on after a call that returned x->v.
ExecStep exec_law(Machine *m, const uint64_t *code, Value self, Value law, Exec *x);
ExecStep exec_thunk(Machine *m, uint64_t *thunk, Exec *x);
ExecStep exec_resume(Machine *m, Exec *x);

// Frames hold addresses of instructions. Around anything that moves the code of laws, they are made
// positions, and then addresses again.
void exec_detach(Machine *m);
void exec_attach(Machine *m);
