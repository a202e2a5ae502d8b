// What a name that is not bound may have been meant to be.
#pragma once
#include "sire/compiler/read.h"

// All append a clause that begins with "; ", or nothing, and evaluate nothing.

// Names near this one, or which module has it. `env`: local names, may be NULL.
void sire_suggest(Sire *s, Buf *out, const Env *env, Name wrong);

// What does the work of a rune that other languages have.
void sire_suggest_rune(Sire *s, Buf *out, Name rune);

// Keys of a tab of names (a scope, the modules) near this one.
void sire_suggest_key(Sire *s, Buf *out, Ref tab, Name wrong);

// Modules in a folder near this one.
void sire_suggest_module(Sire *s, Buf *out, const char *folder, Name wrong);
