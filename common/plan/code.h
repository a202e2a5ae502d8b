// Compiled laws.
//
// A law that has been called LAW_HOT times is compiled to a KIND_CODE object, if it is small enough;
// its LAW_CODE word then leads there (for a sealed law: the raw address of malloc'ed code that the
// region frees). Code lies outside the moving heap, so instruction addresses are stable; constants
// stand in the instruction stream as whole words, which the collector updates like any field.
//
//   word 0  header: KIND_CODE, count = words that follow
//   word 1  number of arguments        word 2  number of bindings        word 3  position of the entry
//   word 4..  instructions: op | a << 8 | b << 36, some followed by operand words
//
// A suspension (KIND_THUNK) is [law][position of its block][captured]..
//
// A running block has slots at fp: for a law's entry its arguments, self, the law, the bindings; for a
// suspension what it captured, then the law. Operands are pushed above.
//
// Strict positions are evaluated in the order in which the law itself would; arguments of calls stay
// suspended, except those that a jet is known to need first.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

#define LAW_HOT 2
#define CODE_FAILED 0xffffffffu // in LAW_CODE: looked at, not to be compiled

typedef enum CodeOp {
  OP_SLOT,    // a: slot. Push it
  OP_CONST,   // next word: value. Push it
  OP_SUSPEND, // a: captured slots, b: block. Push a suspension; next words: one slot each
  OP_RESERVE, // a: captured, b: block. Push a suspension whose captured slots are filled later
  OP_FILL,    // a: slot of the suspension, b: captured; next words: one slot each
  OP_STORE,   // a: slot. Pop into it
  OP_APP,     // a: arguments. Pop head, pop arguments: push the data they make (undersaturated)
  OP_READY,   // a: slot, b: operands. Push it if it is evaluated; else drop so many operands and go on
              // where the next word says
  OP_TRY,     // a: one of the instructions from OP_ADD on, b: operands, its own included. Do it if it
              // needs nothing else; else drop so many and go on where the next word says
  OP_EVAL,    // Evaluate the top
  OP_FRAME,   // a: position. A call follows; its value is pushed and execution goes on there
  OP_CALL,    // a: arguments. Pop head; call with the arguments below it, newest frame right under them
  OP_TAIL,    // a: arguments. The same, in place of this block
  OP_RET,     // the top, possibly lazy, is the block's value
  OP_JUMP,    // a: position
  OP_UNLESS,  // a: position. Pop evaluated value; jump if it is not a nonzero nat
  OP_UNZERO,  // a: position. Pop evaluated value; jump if it is not the nat 0
  OP_INDEX,   // a: choices. Pop evaluated value; go on where the word of that index after the next says,
              // or where the next word says
  OP_FIND,    // next word: row of nats, ascending. The same by the position of the value in it
  OP_DROP,    // Pop
  OP_SWAP,    // Swap the two topmost
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DEC,
  OP_INC, // on evaluated operands; next word: the jet's pin, for what is not small
  OP_LTH,
  OP_LTE,
  OP_GTH,
  OP_GTE,
  OP_EQL,
  OP_NEQ,
  OP_EQZ,
  OP_NOT,
  OP_BIT,
  OP_ISNAT,
  OP_LEN, // the same of a row
  OP_IDX, // pop an evaluated row and, from below, what may be an index: push the element, possibly lazy
  OP_GET, // the same the other way around
} CodeOp;

static inline uint64_t code_word(CodeOp op, uint64_t a, uint64_t b) {
  return (uint64_t)op | a << 8 | b << 36;
}
static inline CodeOp code_op(uint64_t w) { return (CodeOp)(w & 0xff); }
static inline uint32_t code_a(uint64_t w) { return (uint32_t)(w >> 8 & 0xfffffff); }
static inline uint32_t code_b(uint64_t w) { return (uint32_t)(w >> 36); }

// The law's code, compiling it when it has become hot; NULL: interpret. May allocate (not move `law`
// if the caller keeps it on the stack at *slot, which is re-read).
const uint64_t *law_code(Machine *m, const Value *slot);

// What is to be done after a stretch of compiled code; the evaluator's four states.
typedef enum ExecStep { EXEC_RET, EXEC_EVAL, EXEC_CALL, EXEC_STOP } ExecStep;

// Starts a law's code on the n arguments on top of the stack; starts a suspension, leaving a HOLE in
// its place; goes on after a call that returned *v. EXEC_CALL: *v, possibly lazy, with *n arguments.
ExecStep exec_law(Machine *m, const uint64_t *code, Value self, Value law, Value *v, size_t *n);
ExecStep exec_thunk(Machine *m, uint64_t *thunk, Value *v, size_t *n);
ExecStep exec_resume(Machine *m, Value *v, size_t *n);
