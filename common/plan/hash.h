// The PLAN hash of values in normal form (spec/plan.md, "Hash of a pin").
#pragma once
#include "common/plan/heap.h"

// Hash of the stream of v. Nested pins are hashed first (explicit stack) and keep their hash. Charged
// by size: a shared unpinned subgraph is streamed once per path, as the format demands, so a sharing
// bomb ends at the fuel limit: false, m->stop set. Does not allocate on the PLAN heap.
bool hash_value(Machine *m, Value v, uint8_t out[32]);

// Hash of a pin; computed at most once.
bool hash_pin(Machine *m, Value pin, uint8_t out[32]);
