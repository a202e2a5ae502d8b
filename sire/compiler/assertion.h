// Assertions: two expressions whose values must be the same in every part.
#pragma once
#include "sire/compiler/ast.h"
#include "sire/compiler/rexval.h"

// Computes both, counts and reports. False: it could not be decided (a limit, an interrupt).
bool assertion_check(Sire *s, Tree *form, Ast *left, Ast *right);
