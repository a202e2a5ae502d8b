// Expressions without binders: what the compiler makes laws from. Private to compile.h's parts.
#pragma once
#include "sire/compiler/ast.h"

typedef enum ExpKind { EXP_VALUE, EXP_VAR, EXP_APP } ExpKind;

typedef struct Exp Exp;
struct Exp {
  ExpKind kind;
  uint32_t id; // variable
  uint32_t n;  // arguments
  Ref value;
  const Exp *f;
  const Exp **args;
};

// A function whose body is known. Ids from `first` on belong to it; smaller ones are free in it.
typedef struct Function {
  bool pin;
  Ref tag;
  uint32_t first, self;
  uint32_t nargs;
  uint32_t *args;
  const Exp *body;
} Function;

typedef struct Codegen Codegen;

Codegen *codegen_new(Sire *s);
void codegen_free(Codegen *g);

// What the function being read binds an id to.
void codegen_bind(Codegen *g, uint32_t id, const Exp *x);

// Makes the law of f and forgets what its ids are bound to. `next` is the first id not in use. Free ids
// in *free, *count, in the arena. 0 after an error.
Ref codegen_law(Codegen *g, Function *f, uint32_t next, uint32_t **free, uint32_t *count);
