// The Sire compiler: Sire source to PLAN values, on a machine that the caller owns.
//
// A Sire holds one compiler state (a PLAN row: next key, context, scope, modules) and goes forward by
// running blocks of source on it. Files form a chain: the first block of a file names the module and
// the one before it, and loading a file loads that chain from its beginning.
//
// Errors: every call that can fail returns false or 0 and fills the Err: `where` is file:line:col, `msg`
// the reason with what to do about it, the source line with a caret; of a form that macros made, the
// form and the macros it came from; of an evaluation that failed, the functions at work and where they
// are defined, innermost first. A block that fails changes nothing: the state is that before the block.
//
// An assertion (=?=) that does not hold is not an error: it is counted and reported, and loading goes
// on. A crash while its two sides are computed counts as not holding. Interrupts and limits of the
// machine (machine.h) end the call with ERR_LIMIT.
//
// Handles: sire_new makes Refs that must live as long as the Sire, so do not release a mark that was
// taken before it. All other calls leave only the Ref that they return.
//
// Limits: SIRE_MAX_DEPTH bounds how deep expressions nest after macro expansion, and with it the use of
// the C stack (about 3 MiB); SIRE_MAX_EXPANSIONS how often one form may be a macro call again.
// One thread at a time.
#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/plan/plan.h"

#define SIRE_MAX_DEPTH 5000
#define SIRE_MAX_EXPANSIONS 100000
#define SIRE_MAX_WORK ((size_t)1 << 30)  // bytes of trees and code while one block is compiled
#define SIRE_MAX_CHAIN 4096              // modules in one chain
#define SIRE_MAX_FILE ((size_t)64 << 20) // bytes in one file

typedef struct Sire Sire;

// A place in source, and the comment lines before it. Memory belongs to the Sire.
typedef struct SirePlace {
  const char *file;
  uint32_t line, col; // from 1
  const char *doc;    // each line with its \n; may be empty; not NUL-terminated
  size_t doc_len;
} SirePlace;

// Refs and strings handed to callbacks are valid during the call.
typedef struct SireDefinition {
  const char *module, *name;
  Ref binding; // <[key value code location name props]>
  Ref value;
  SirePlace place;
} SireDefinition;

typedef struct SireAssertion {
  const char *module;
  SirePlace place;
  bool held;
  const char *report; // what to show when it does not hold: the form, both values, where they differ; else ""
} SireAssertion;

typedef struct SireModule {
  const char *name;
  uint8_t hash[32]; // of its chain: BLAKE3 of (hash of the module before, or zeros) and the file's bytes
} SireModule;

typedef struct SireEvents {
  void *ctx;
  // Each may be NULL.
  void (*definition)(void *ctx, const SireDefinition *d);
  void (*assertion)(void *ctx, const SireAssertion *a);
  void (*expression)(void *ctx, Ref value, const SirePlace *place); // evaluated to weak head normal form
  void (*warning)(void *ctx, const SirePlace *place, const char *text);
  void (*module)(void *ctx, const char *module, const char *path); // all its blocks were run
  // A cache of states after modules; both or none. Each load that has found its chain asks once, for all of
  // it, the last module first: recall returns the state after the module *at, which must be what keep was
  // given, or 0. The load then runs the modules that come later, and keeps each.
  void *cache;
  Ref (*recall)(void *cache, const SireModule *chain, size_t count, size_t *at);
  void (*keep)(void *cache, const SireModule *module, Ref state);
} SireEvents;

typedef struct SireOptions {
  const char *library; // folder of the library modules; NULL: none
  SireEvents events;
} SireOptions;

// The options are copied, the folder's name too.
Sire *sire_new(Machine *m, const SireOptions *options);
void sire_free(Sire *s); // accepts NULL; its Refs are left to the machine

// --- loading -----------------------------------------------------------------------------------
// Both start from the empty state. A module before this one is looked for beside the file that names
// it, then in the library; a file outside the library may not have the name of a library module.
// When it fails, the state is that before the call.
bool sire_load_file(Sire *s, const char *path, Err *err);
bool sire_load_module(Sire *s, const char *name, Err *err); // of the library
void sire_reset(Sire *s);                                   // back to the empty state

// --- using what is loaded ------------------------------------------------------------------------
// The value of an expression in the scope loaded last, in weak head normal form. The text must be one
// block. `file` is the name to use in errors. The state does not change.
Ref sire_eval_text(Sire *s, const char *file, const char *text, size_t len, Err *err);

Ref sire_lookup(Sire *s, const char *name, Err *err);  // value bound to it; 0 with ERR_NOT_FOUND
Ref sire_binding(Sire *s, const char *name, Err *err); // the binding itself
Ref sire_state(Sire *s);                               // the whole state
Ref sire_scope(Sire *s, Err *err);                     // tab: name -> binding

// Where a name was defined, and its comment: of a module that was loaded, or of the scope. They find
// names of modules whose state was recalled, too, by reading their files. The comment is that above the
// definition; where there is none, the last one above it that names it. ERR_NOT_FOUND: the name is not in
// scope, or a macro made it up.
bool sire_find_definition(Sire *s, const char *module, const char *name, SirePlace *place);
bool sire_find_place(Sire *s, const char *name, SirePlace *place, Err *err);

// After an evaluation on the machine that failed, before anything else runs on it: appends the laws that
// were at work, innermost first, each as "\n  in name, file:line" (machine_trace tells which they are).
void sire_trace(Sire *s, Buf *out);

// Appends the name of a law, "" when it has none. Where it is defined, as in traces; false: not known.
bool sire_find_law(Sire *s, Ref law, Buf *name, SirePlace *place);

// Appends a value as a person reads it, on one line of about max bytes: syntax as Sire text. Evaluates
// nothing, so it may be called while the machine runs, from its trace.
void sire_show(Sire *s, Ref v, size_t max, Buf *out);

typedef struct SireCounts {
  uint64_t passed, failed; // assertions
  uint64_t definitions, expressions, modules;
} SireCounts;
SireCounts sire_counts(const Sire *s); // since sire_new

// --- line by line ----------------------------------------------------------------------------------
typedef enum SireStep {
  SIRE_RAN,    // a block was run
  SIRE_FAILED, // a block was not: *err says why; the state is as before it
  SIRE_MORE,   // everything fed was used up
  SIRE_END,    // everything before sire_repl_end was used up
} SireStep;

// Enters the module REPL, with everything that the module loaded last defines or imports in scope.
bool sire_repl_begin(Sire *s, Err *err);
void sire_repl_feed(Sire *s, const void *data, size_t len);
void sire_repl_end(Sire *s);
SireStep sire_repl_step(Sire *s, Err *err);
bool sire_repl_pending(const Sire *s); // a block is begun: show the other prompt
void sire_repl_drop(Sire *s);          // forgets what was fed and not yet run
