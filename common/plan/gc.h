// The collector behind heap.h: blocks, the large space, minor and major collections.
#pragma once
#include "common/plan/heap.h"

// Copies what lives in the nursery to the older generation; the nursery is empty afterwards.
void gc_minor(Machine *m);

// Copies everything that lives, frees the rest, refreshes the counts on regions.
void gc_major(Machine *m);

// Replaces the (empty) nursery by one of `words` words.
void gc_new_nursery(Machine *m, size_t words);

// A large object of `words` words, header included, linked into the large space.
uint64_t *gc_new_large(Machine *m, size_t words);

void gc_free_all(Machine *m);

#ifdef HOSTILE
// Whether this collection of the hostile build is a major one (always, while the heap is small).
bool gc_hostile_all(Machine *m);
#endif
