// Where each name was defined, and the comments before it: for tools that read programs, and for
// backtraces. Keyed by module and name; a later definition of the same name takes the place of an
// earlier one. Of a module that was not run, because its state was known, nothing is noted: its source
// file is searched when a name of it is asked for.
#pragma once
#include "sire/compiler/state.h"

Definitions *definitions_new(void);
void definitions_free(Definitions *d);
void definitions_clear(Definitions *d);

// The place of `name` in the block in progress: where it first stands there, else the block's start.
SirePlace definition_place(Sire *s, Name name);

// Strings are copied.
void definitions_put(Definitions *d, Name module, Name name, const SirePlace *place);

// Notes the file that a module came from, whether it is run or not.
void definitions_source(Definitions *d, const char *module, const char *path);

// False: not known, or no longer found in the file.
bool definitions_get(Definitions *d, Name module, Name name, SirePlace *place);

// Gives a place that has no comment that of the definitions it stands among, if it names this one.
void definitions_comment(Definitions *d, Name name, SirePlace *place);

// The place of a name of which only one module has a definition, its own or not exported.
bool definitions_find(Definitions *d, Name name, SirePlace *place);
