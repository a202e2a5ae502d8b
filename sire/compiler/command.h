// Top-level forms: definitions, imports, exports, assertions, modules, and expressions to show.
#pragma once
#include "sire/compiler/rexval.h"

// Runs one form on the compiler state. False after an error; then the state is undefined.
bool command_run(Sire *s, Tree *t);

// Whether an open node is one of the built-in commands.
bool tree_is_command(const Tree *t);

// What a module's first block says. *before has no bytes at the beginning of a chain.
typedef struct Header {
  Name module, before;
  bool first;
} Header;
bool command_header(Sire *s, Tree *t, Header *h);
