// Sire expressions after reading: references by position, constants and bindings as Refs.
//
// As a PLAN value (the code in a binding, which later definitions inline from):
//
//   var     i                            de Bruijn, 0 the innermost
//   const   [{K} value]
//   global  [{G} binding]
//   app     [{A} f x]                    here with all arguments of a spine in one node
//   let     [{L} value body]             one slot
//   rec     [{R} row body]               a slot each, the first is 0 in the values and in the body
//   mark    [{M} x]                      written **x: inline
//   lam     [{F} pin mark recr tag args body]
//
// A lambda binds 1 + args slots: itself is var `args`, its first argument args - 1, its last 0.
// recr: the body refers to the lambda itself.
//
// Codes share huge parts, so they are decoded one level at a time: an AST_NOUN is code not yet looked
// at, and ast_open turns it, in place, into what it is. Depth: the passes over expressions recurse and
// count levels in Sire.depth; see ast_deeper.
#pragma once
#include "sire/compiler/state.h"

#define AST_MAX_SLOTS (1u << 20) // arguments of a lambda, or bindings of a rec

typedef enum AstKind {
  AST_NOUN,
  AST_VAR,
  AST_CONST,
  AST_GLOBAL,
  AST_APP,
  AST_LET,
  AST_REC,
  AST_MARK,
  AST_LAM
} AstKind;

typedef struct Ast Ast;
struct Ast {
  uint8_t kind;
  bool pin, mark, recr; // of a lam
  uint32_t n;           // var: position; app: arguments; rec: values; lam: arguments
  Ref ref;              // noun: the code; const: the value; global: the binding; lam: the tag
  Ast *body;            // app: function; let, rec, lam: body; mark: what is marked; let: see values
  Ast **list;           // app: arguments; rec: values; let: one, the value
};

Ast *ast_var(Sire *s, uint32_t position);
Ast *ast_const(Sire *s, Ref value);
Ast *ast_global(Sire *s, Ref binding);
Ast *ast_noun(Sire *s, Ref code);
Ast *ast_mark(Sire *s, Ast *x);
Ast *ast_app(Sire *s, Ast *f, Ast *const *args, uint32_t n); // n may be 0: f itself
Ast *ast_let(Sire *s, Ast *value, Ast *body);
Ast *ast_rec(Sire *s, Ast *const *values, uint32_t n, Ast *body);

// Decodes one level when x is an AST_NOUN. False: malformed code, as only macros can make it.
bool ast_open(Sire *s, Ast *x);

// The code as a PLAN value. 0 on failure.
Ref ast_code(Sire *s, Ast *x);

// Whether x refers to the slot at this position.
bool ast_refers_to(Sire *s, Ast *x, uint32_t position, bool *refers);

// Adds `by` to all references in x to slots outside the innermost `bound` ones. Shares x when by is 0.
Ast *ast_shift(Sire *s, Ast *x, uint32_t bound, int64_t by);

// One level deeper; false after an error at SIRE_MAX_DEPTH. Each true one is undone by s->depth--.
bool ast_deeper(Sire *s);
