// The compiler's insides that its parts share: struct Sire, and the compiler state, which is a PLAN row
// of four that every macro is handed and may replace:
//
//   [nextKey context scope modules]    scope: tab name -> binding; modules: tab name -> <scope>
//   binding: <[key value code location name props]>
//
// All fields may be thunks when a macro made the state, so reading one may crash. The scope is never
// decoded: names are looked up in the tab itself.
//
// Conventions of all parts: a function that can fail returns false, NULL or 0 after calling
// sire_fail or sire_fail_run (report.h), which fill s->err. What they allocate lies in s->arena and
// their Refs in the current scope; both are released after the block.
#pragma once
#include "common/base/arena.h"
#include "common/base/table.h"
#include "common/rex/read.h"
#include "sire/compiler/sire.h"

enum { STATE_NEXT_KEY, STATE_CONTEXT, STATE_SCOPE, STATE_MODULES, STATE_WORDS };
enum { BIND_KEY, BIND_VALUE, BIND_CODE, BIND_LOCATION, BIND_NAME, BIND_PROPS, BIND_WORDS };

typedef struct Tree Tree;
typedef struct Expansion Expansion;
typedef struct Definitions Definitions;

struct Sire {
  Machine *m;
  char *library;
  SireEvents events;
  SireCounts counts;

  Ref state;
  Ref rex_pins[9];    // constructors of Rex values, by RexKind; ours
  Ref seen_pins[9];   // the same as library code made them: equal, but other objects
  Ref failed, worked; // what a macro answers through
  Ref states; // tab: chain hash as a bar -> state, of the modules loaded so far, where there is no cache

  // The block in progress.
  Arena arena;
  Err *err;
  const RexBlock *block;
  Tree *root;       // the whole block
  Tree *at;         // the form being worked on, for errors that have no better place
  Expansion *chain; // macro calls that led to it
  uint32_t depth;   // nesting of the pass in progress
  bool peeking;     // for a message: nothing may be evaluated

  Definitions *definitions;
  RexReader *repl;
};

// A name: the bytes of a nat, least significant first, without zeros at the end.
typedef struct Name {
  const char *bytes;
  size_t len;
} Name;
bool name_is(Name a, Name b);
Name name_of(const char *text);
Ref name_nat(Sire *s, Name n);
Name name_of_nat(Sire *s, Ref nat);
const char *name_text(Sire *s, Name n); // for messages: printable, cut when long

// The empty state.
void state_reset(Sire *s);

// A field, evaluated.
Ref state_field(Sire *s, int field);

// Binding of a name in scope; *binding = 0 when there is none. False: reading the state crashed.
bool state_find(Sire *s, Name name, Ref *binding);
bool state_find_in_module(Sire *s, Name module, Name name, Ref *binding);
bool state_context(Sire *s, Ref *nat); // name of the current module

// The field of a binding; 0 when it is no binding.
Ref binding_field(Sire *s, Ref binding, int field);

// Makes a binding and puts it in scope. key 0: the next one. Forces everything.
typedef struct NewBinding {
  Ref key, value, code, props;
  Name name;
} NewBinding;
Ref state_define(Sire *s, const NewBinding *b);

// The current scope becomes a module, an empty scope that of `module`.
bool state_enter(Sire *s, Name module);

// Adds a module's bindings to the scope: all, or the names listed.
bool state_import(Sire *s, Name module, bool all, const Name *names, size_t count);

// Keeps only these names in scope.
bool state_keep(Sire *s, const Name *names, size_t count);
