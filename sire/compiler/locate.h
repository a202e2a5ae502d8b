// Finds definitions in source text without running it, for modules whose states were known already.
#pragma once
#include "sire/compiler/state.h"

// The definition of `name` in the file: a form that begins with it; `by_macro`: else the first form
// that has it anywhere, as what a macro defines. False: none, or the file cannot be read. The place
// lies in the arena.
bool locate(const char *path, Name name, bool by_macro, Arena *arena, SirePlace *place);

// The comment of a group of definitions: the last one in the file, not after `line`, that has the name as a
// word. Sets the doc of the place, in the arena.
bool locate_comment(const char *path, Name name, uint32_t line, Arena *arena, SirePlace *place);

// The first leaf in reading order that is the name; NULL: none.
const Rex *locate_leaf(const Rex *root, Name name);
