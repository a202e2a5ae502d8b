// pall sire: what its parts share. sire_repl.c reads and runs blocks; repl_command.c does the commands
// that begin with a colon; repl_doc.c finds comments; law_text.c shows compiled functions.
#pragma once
#include "client/input.h"
#include "client/library.h"

#define REPL_DEPTH 16 // of values shown
#define REPL_BYTES 4000

typedef struct ReplDocs ReplDocs;

typedef struct Repl {
  Cli *cli;
  Library lib;
  Input input;
  ReplDocs *docs;     // of modules whose states came from the cache; made when asked for
  char *file;         // what was loaded: a file or module; NULL: nothing
  const char *folder; // of the library as told, or NULL
  bool loading;       // what the file defines is not shown
  bool done;          // :quit
  uint64_t bad;       // blocks and commands that failed, assertions that did not hold
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

// The comment above the definition of a name in scope, and where that is. *place is valid until the
// next load. ERR_NOT_FOUND when the name is not in scope or its place is unknown.
bool repl_doc(Repl *r, const char *name, SirePlace *place, Err *err);
void repl_docs_free(ReplDocs *d); // accepts NULL

// The code of a law as Sire-like text that shows what was compiled: arguments named a, b, .., then
// bindings, then the body; after it the laws inside it. At most about `max` bytes. `law` is a law, not
// pinned, and in normal form.
void law_text(Machine *m, Ref law, size_t max, Buf *out);
