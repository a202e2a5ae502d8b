// Random trees and random damage, from a seed.
#pragma once
#include "common/base/buf.h"
#include "common/rex/rex.h"

typedef struct Random {
  uint64_t state;
} Random;

uint32_t random_below(Random *r, uint32_t n);

// A tree of about `size` nodes. Every one has a written form, not always as the style it says.
Rex *random_rex(Random *r, Arena *a, uint32_t size);

// What reading back the wide or the tall form gives, as print.h tells.
Rex *printed_form(Arena *a, const Rex *x, bool tall);

// A few bytes of the text changed, removed, doubled or inserted.
void random_damage(Random *r, Buf *text);
