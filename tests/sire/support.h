// A compiler on a machine, a folder of modules, and what it reported.
#pragma once
#include "common/base/buf.h"
#include "common/plan/jet.h"
#include "sire/compiler/sire.h"

typedef struct Fixture {
  char *dir; // DIR/lib is the library
  JetTable *jets;
  Machine *m;
  Sire *s;
  Err err;
  Buf log;        // a line for each failed assertion, expression and warning
  bool use_cache; // from the next restart on: a cache of the module base, known by its name
  bool seen_keep;
  Ref kept; // by keep
} Fixture;

Fixture *fixture_new(void);
void fixture_free(Fixture *f);
void fixture_restart(Fixture *f); // a new compiler on the same machine

// Writes DIR/path and gives its full path, valid until the fixture is freed.
const char *fixture_write(Fixture *f, const char *path, const char *text);

// Loads the text as DIR/t.sire, with the header "#### t" put before it.
bool fixture_load(Fixture *f, const char *text);

// The formal value bound to a name: nats, {text}, (f x), <pinned law's name>, (0 {name} arity body), Cn.
// mem_free.
char *fixture_value(Fixture *f, const char *name);
void fixture_formal(Fixture *f, Buf *out, Ref v);
