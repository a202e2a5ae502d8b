// The first difference of two values in normal form that are not equal, in reading order.
#pragma once
#include "sire/compiler/show.h"
#include "sire/compiler/state.h"

typedef struct Difference {
  ShowStep *path; // from both values to the parts that differ; malloc'ed
  size_t len;
  Ref parts[2]; // in the current scope; 0: one of the two has no such part
  size_t byte;  // both parts are texts: the first byte that differs; else SHOW_NO_BYTE
} Difference;

// False when it takes more than a bounded amount of work to find.
bool difference_find(Sire *s, Ref first, Ref second, Difference *d);
void difference_free(Difference *d);

// Appends which key only one of the two has, when the parts are tabs with other keys; else nothing.
void difference_keys(Sire *s, Buf *out, const Difference *d);

// Appends the path in words: "element 3, key {x}".
void difference_path(Sire *s, Buf *out, const Difference *d);
