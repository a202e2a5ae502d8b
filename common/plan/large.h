// Large objects: allocated one by one, never moved, marked by collections of everything and swept afterwards,
// at once or a few at a time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct LargeObject LargeObject;

typedef struct LargeSpace {
  LargeObject *all;
  LargeObject *unswept; // the last marking has decided about these
  size_t words;         // of all, headers included
  size_t marked;        // words marked since large_mark_begin
} LargeSpace;

// An object of `words` words, header included, none of them set.
uint64_t *large_new(LargeSpace *s, size_t words);

void large_mark_begin(LargeSpace *s); // finishes a sweep

// Sets OBJ_MARK. False: it was set.
bool large_mark(LargeSpace *s, uint64_t *o);
void large_unmark(LargeSpace *s); // all of them: the marking is given up

void large_sweep_begin(LargeSpace *s);
bool large_sweep(LargeSpace *s, size_t most); // looks at so many; true: done
void large_free(LargeSpace *s);
