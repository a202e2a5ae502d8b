// Random terms that are well formed: bodies and pins hold values, values are undersaturated, arities
// are positive. The same seed gives the same term. Guided: heads mostly get the arguments they want,
// laws call each other, recursions mostly end; and hostile: self references, odd arguments, data jets
// and what nearly is one, deep spines, huge arities, big nats.
#pragma once
#include "tests/plan/ref/term.h"

typedef struct Gen {
  World *w;
  uint64_t state;
  Term *values[64]; // made so far, used again for sharing
  size_t value_count;
  Term *calls[32];
  size_t call_count;
  Term *const *library; // pinned laws that are called in bodies, if any
  size_t library_count;
  unsigned fuel; // nodes that may still be made
} Gen;

Gen gen_new(World *w, uint64_t seed);
uint64_t gen_below(Gen *g, uint64_t n);
bool gen_one_in(Gen *g, unsigned n);
Term *gen_value(Gen *g, unsigned depth); // in normal form
Term *gen_law(Gen *g, unsigned depth);
Term *gen_call(Gen *g, unsigned depth); // something to evaluate

// A value close to v in the total order: v itself, rebuilt, or with one part changed.
Term *gen_near(Gen *g, Term *v);

// Shrinks t while `fails` says so of what is left; `fails` must not change its argument.
Term *gen_shrink(World *w, Term *t, bool (*fails)(void *ctx, Term *t), void *ctx);
