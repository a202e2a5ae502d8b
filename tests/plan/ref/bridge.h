// Terms to machine values and back, through plan.h alone.
#pragma once
#include "common/base/table.h"
#include "common/plan/plan.h"
#include "tests/plan/ref/term.h"

// What has been carried over, so that what is shared stays shared: a handle for each term, by id.
typedef struct Bridge {
  World *w;
  Machine *m;
  Ref *refs;
  size_t cap;
  BytesTable pins; // terms of pins that were taken out, by hash
} Bridge;

void bridge_free(Bridge *b);

// The value of t; calls become suspended calls.
Ref bridge_in(Bridge *b, Term *t);

// Forgets what was carried over, all of it or only what may have been evaluated since.
void bridge_forget(Bridge *b, bool all);

// The term of an evaluated value in normal form; NULL when it has more than `most` paths, where what is
// in a pin met before does not count.
Term *bridge_out(Bridge *b, Ref r, size_t most);
