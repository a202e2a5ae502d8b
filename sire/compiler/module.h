// Files and the chains they form.
#pragma once
#include "sire/compiler/state.h"

// Loads the chain that ends in this file, from the empty state.
bool module_load(Sire *s, const char *path, Err *err);

// Path of a library module; mem_free. NULL with an error when there is no library or no such name.
char *module_library_path(const Sire *s, const char *name, Err *err);
