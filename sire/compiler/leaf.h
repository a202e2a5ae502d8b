// Leaves of expressions: literals and variables. Private to the reading of expressions.
#pragma once
#include "sire/compiler/read.h"

typedef enum LeafKind { LEAF_OTHER, LEAF_NUMBER, LEAF_IDENT, LEAF_CORD } LeafKind;

LeafKind leaf_kind(const Tree *t); // an open tree; LEAF_OTHER for what is no leaf, too
Ast *leaf_literal(Sire *s, Tree *t, LeafKind kind);
Ast *leaf_page(Sire *s, Tree *t); // lines of text
Ast *leaf_variable(Sire *s, Env *env, Tree *t, Name name);
Ast *leaf_qualified(Sire *s, Tree *t, Name module, Name name);
