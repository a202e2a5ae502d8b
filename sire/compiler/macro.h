// Macros: bindings whose name is a rune. A macro is called with (state, form, err, ok) and answers
// (err form message) or (ok state form), both rows of three with a tag last. State and form replace
// those there were; either may be lazy in every part.
#pragma once
#include "sire/compiler/rexval.h"

// The macro bound to a rune; *macro = 0 when there is none. False: reading the scope failed.
bool macro_find(Sire *s, const char *rune, size_t len, Ref *macro);

// Calls it. The form it returned, or NULL; pushes the call on s->chain.
Tree *macro_expand(Sire *s, Ref macro, Tree *form);

// Counts the expansions of one form: false after an error at SIRE_MAX_EXPANSIONS.
bool macro_again(Sire *s, Tree *form, uint32_t *count);

void macro_init(Sire *s);
