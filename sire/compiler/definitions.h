// Where each name was defined, and the comments before it: for tools that read programs. Keyed by
// module and name; a later definition of the same name takes the place of an earlier one. Memory only:
// states that a cache provides bring none.
#pragma once
#include "sire/compiler/state.h"

Definitions *definitions_new(void);
void definitions_free(Definitions *d);
void definitions_clear(Definitions *d);

// The place of `name` in the block in progress: where it first stands there, else the block's start.
SirePlace definition_place(Sire *s, Name name);

// Strings are copied.
void definitions_put(Definitions *d, Name module, Name name, const SirePlace *place);
bool definitions_get(const Definitions *d, Name module, Name name, SirePlace *place);
