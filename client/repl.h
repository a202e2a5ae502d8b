// pall sire: what its parts share. sire_repl.c reads and runs blocks; repl_command.c does the commands
// that begin with a colon; law_text.c shows compiled functions.
#pragma once
#include "client/input.h"
#include "client/library.h"

#define REPL_DEPTH 16 // of values shown
#define REPL_BYTES 4000

typedef struct Repl {
  Cli *cli;
  Library lib;
  Input input;
  char *file;   // what was loaded: a file or module; NULL: nothing
  bool loading; // what the file defines is not shown
  bool done;    // :quit
  uint64_t bad; // blocks and commands that failed, assertions that did not hold
} Repl;

void repl_flush(Repl *r);
void repl_error(Repl *r, const Err *err); // shows it, and counts it
void repl_value(Repl *r, Ref value);      // evaluates and shows it, with a newline

// Starts over with all names of the file or module in scope. When it fails, all is as before.
bool repl_load(Repl *r, const char *file_or_module, Err *err);

// A line such as ":doc add". Whether it is one: a colon and a letter, which no Sire begins with.
bool repl_is_command(const char *line, size_t len);
void repl_command(Repl *r, const char *line);
void repl_complete(void *ctx, const char *line, size_t cursor, Candidates *out); // as in EditorHooks

// The code of a law as Sire-like text that shows what was compiled: arguments named a, b, .., then
// bindings, then the body; after it the laws inside it. At most about `max` bytes. `law` is a law, not
// pinned, and in normal form.
void law_text(Machine *m, Ref law, size_t max, Buf *out);
