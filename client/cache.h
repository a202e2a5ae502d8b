// States of the compiler after modules, so that what was compiled once is not compiled again: within a
// process, and from one to the next through files. A start takes as long as reading one of them.
//
// A state is known by the hash of its chain of sources. A file (cache_file.h) holds the states along a
// chain, which share almost everything: when a file in the middle of the chain changes, the states before
// it are still found. Of modules in whose chain an assertion did not hold nothing is written, so that a
// later process says so again.
#pragma once
#include "client/cache_file.h"
#include "sire/compiler/sire.h"

typedef struct Cache Cache;

// Files lie in `folder`; NULL: CACHE_FOLDER of cache_file.h. Without a usable folder states are known in
// this process only. Its Refs live until cache_close, so make it before the compiler.
Cache *cache_open(Machine *m, const char *folder);
void cache_close(Cache *c); // writes what is new; accepts NULL

// As in SireEvents; `counts` are those of the compiler at that moment.
Ref cache_recall(Cache *c, const uint8_t hash[32], const SireCounts *counts);
void cache_keep(Cache *c, const uint8_t hash[32], Ref state, const SireCounts *counts);

// As cache_recall, for a module that is to be run in this process at least once.
Ref cache_recall_run(Cache *c, const uint8_t hash[32], const SireCounts *counts);

// Assertions in the chain of modules that was asked for last, in what was recalled of it and what was run
// since.
typedef struct CacheCounts {
  uint64_t held, failed;
} CacheCounts;
CacheCounts cache_counts(const Cache *c, const SireCounts *counts);
