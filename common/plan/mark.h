// Collecting everything in steps, while the program goes on: marking what lives in the older generation, a
// stretch after each minor collection, then filling the holes between. No object moves, and no step takes
// longer than a minor collection does.
//
// What was marked is never looked at again unless it is written: then it is in the remembered set, and the
// minor collection that empties that hands it over here. What a minor collection adds counts as marked, but
// is still to be looked at. So whatever a marked object leads to is marked or waits, but for the roots; the
// marking is over when these lead to nothing new just after a minor collection. Of the stack, what lies below
// m->settled (frame.h) has not changed since it was looked at.
#pragma once
#include "common/base/mem.h"
#include "common/plan/heap.h"

void mark_begin(Machine *m);

// Marks about `budget` words' worth, right after a minor collection. True: what lives is known, the rest
// free.
bool mark_step(Machine *m, size_t budget);

// Gives up a marking, if there is one: a copying collection finds what lives by itself.
void mark_abandon(Machine *m);

// What was met lives: marks it, if it is not, and what it leads to later.
void mark_object(Machine *m, uint64_t *o);
