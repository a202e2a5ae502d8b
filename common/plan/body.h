// Law bodies as code (spec/plan.md, "Running a law"), and their interpretation.
//
// The interpreter runs laws that are new, or too big to compile. It keeps a law's variables in a
// KIND_ENV object and suspends argument expressions as KIND_EXPR. It never evaluates: it pushes the
// arguments of an expression's spine on the stack and hands back the head for the evaluator to call.
#pragma once
#include "common/plan/heap.h"

#define OPCODE_LAST 4 // calling a greater nat is a crash

// One look at an expression.
typedef enum BodyForm { BODY_SLOT, BODY_CALL, BODY_CONST } BodyForm;

// Classifies e, given the number of the last variable. BODY_SLOT: *a is the slot number. BODY_CALL:
// *a is the function, *b the argument expression. BODY_CONST: *a is the value.
BodyForm body_form(Value e, uint64_t last_slot, Value *a, Value *b);

// If body is a binding (1 v rest) at the top of a law's body: its parts.
bool body_binding(Value body, Value *v, Value *rest);

// Whether a binding is nothing but the name of itself or of one behind it; `own` is the first one's slot. It
// has a value, or none, like all others; but for the law of _TryExp even calling such a law is a loop. So
// inside of a trial it ends as one, nothing of it is evaluated ahead, and it stays with the interpreter.
bool body_names_ahead(Value body, uint64_t own);

// Whether a law of this arity calls, or at least names, itself. Too big a body to be searched counts as one
// that does.
bool body_names_itself(Value body, uint64_t arity);

// Starts law (whose pin is self, or itself) on the n = arity arguments on top of the stack, which it
// pops. Returns the head of the body's spine, possibly lazy; *nargs arguments are pushed. m->stop is
// set when a limit is met.
Value body_enter_law(Machine *m, Value self, Value law, size_t n, size_t *nargs);

// Starts a suspended expression.
Value body_enter_expr(Machine *m, Value env, Value e, size_t *nargs);
