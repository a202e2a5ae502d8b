// Random values in normal form, of every kind, with sharing. The same seed makes the same value.
#pragma once
#include "common/plan/plan.h"

typedef struct Random {
  uint64_t state;
} Random;

uint64_t random_next(Random *r);
size_t random_below(Random *r, size_t n);

// About `size` objects.
Ref random_value(Machine *m, Random *r, size_t size);
