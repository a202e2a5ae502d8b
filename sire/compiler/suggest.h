// What a name that is not bound may have been meant to be.
#pragma once
#include "sire/compiler/read.h"

// Appends "; did you mean ..?" and which module has the name, or nothing. `env`: local names, may be
// NULL. Evaluates nothing.
void sire_suggest(Sire *s, Buf *out, const Env *env, Name wrong);
