// Random records of any schema, for round trips and as seeds of mutation.
#pragma once
#include "proto/rpc.h"

// Fills a record with values that the schema allows. What it points to is in the arena.
void sample_record(uint64_t *rng, const RpcSchema *schema, Arena *arena, void *record);

// A valid message of a random kind.
void sample_message(uint64_t *rng, Buf *out);
