// Jets that compiled laws compute in line, and what the analysis of laws may take for granted of them.
#pragma once
#include "common/plan/code.h"

// What a call of a jet is to the compiler.
typedef enum InlineForm {
  INLINE_UNARY,   // an operator on one evaluated value
  INLINE_BINARY,  // on two; `op` + 1 takes a number as its second operand
  INLINE_COMPARE, // .. and `op` + 2, `op` + 3 are the ones that decide a jump
  INLINE_MUL,     // its first operand only when the second is not zero
  INLINE_DIVIDE,  // an operator on two, without end when the second is zero
  INLINE_ELEMENT, // of a row: the row, then what may be an index
  INLINE_IF,
  INLINE_IFZ,
  INLINE_SEQ,
  INLINE_AND,
  INLINE_OR,
  INLINE_SWITCH,
  INLINE_FIND, // tabSwitch
} InlineForm;

typedef struct Inline {
  const char *name;
  InlineForm form;
  CodeOp op;
  uint8_t first; // of two operands, which is evaluated first (of an element, which is the row)
} Inline;

// For a jet's table entry; NULL: not in line.
const Inline *inline_of(const JetDef *def);

// The jet that a call of the constant `head` with n arguments, exactly its arity, is; or NULL. May set
// m->stop.
const JetDef *inline_jet(Machine *m, Value head, size_t n);

// The operator of a call of `head` with n arguments that is one: a jet's, or opcode 3's. NULL: none.
const Inline *inline_call(Machine *m, Value head, size_t n);

// What makes a nat of evaluated operands, at a cost of no more than their size; comparisons may have to
// evaluate parts of what is no nat, the others cannot fail.
static inline bool inline_is_operator(const Inline *in) {
  return in && (in->form == INLINE_UNARY || in->form == INLINE_BINARY || in->form == INLINE_COMPARE);
}
