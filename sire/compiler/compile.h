// From expressions to laws: names for what is shared, lambdas lifted out of their surroundings, code.
//
// An expression becomes an Exp, in which every variable has an id of its own. Constants applied to
// constants are folded as long as that calls nothing. A let whose value is an application gets an id; a
// constant or a variable takes the place of its name. A lambda with free variables becomes a law with
// those as first arguments, applied to them; its references to itself go through a binding that applies
// the lifted law again. Ids bound once and used once are put where they are used.
#pragma once
#include "sire/compiler/ast.h"

// The value of a closed expression: evaluated, or a suspended call. 0 after an error.
Ref compile_value(Sire *s, Ast *x);
