// From forms to expressions: runes, leaves, names, macro calls in between. The order of reading is
// part of the language, because macros see and change the compiler state.
#pragma once
#include "sire/compiler/ast.h"
#include "sire/compiler/rexval.h"

// Local names, innermost first. Slots that cannot be named have no bytes and `hidden`.
typedef struct Env Env;
struct Env {
  Name name;
  bool hidden;
  Env *outer;
};

// NULL after an error.
Ast *read_expr(Sire *s, Env *env, Tree *t);

// A name or number: x, 3, {x}. read_name fails when t is none; try_name only when evaluating t fails.
bool read_name(Sire *s, Tree *t, Name *name);
bool try_name(Sire *s, Tree *t, Name *name, bool *is);

// The names of a list of trees, in the arena. NULL after an error.
Name *read_names(Sire *s, Tree *const *list, uint32_t count);

bool is_expr_rune(const Tree *t); // an open node

// What stands left of a definition: a name, or (f a b), or (**f a b).
typedef struct Binder {
  Name name;
  bool function, mark;
  uint32_t count;
  Name *args;
} Binder;
bool read_binder(Sire *s, Tree *t, Binder *b);

// The body of a definition: the value's expression, or that of the pinned function.
Ast *read_definition(Sire *s, const Binder *b, Tree *body);
