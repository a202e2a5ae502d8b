// States of the compiler after modules, so that what was compiled once is not compiled again: within a
// process, by however many machines on however many threads, and from one process to the next through
// files. A start takes as long as reading one of them.
//
// A state is known by the hash of its chain of sources. A file (cache_file.h) holds the states along a
// chain, which share almost everything: when a file in the middle of the chain changes, the states before
// it are still found. Of modules in whose chain an assertion did not hold nothing is written, so that a
// later process says so again.
//
// Threads: what crosses them is states, which are sealed and belong to the cache. One load runs a module and
// the others that want it wait for it, unless a file has it. Who runs what does not depend on the speed of
// threads: loads are asked about their chains in the order of their turns, so each runs what it would if
// they came one after the other. (A load waits for earlier ones only, so there is no circle.)
#pragma once
#include "client/cache_file.h"
#include "sire/compiler/sire.h"

typedef struct Cache Cache;

// Files lie in `folder`; NULL: CACHE_FOLDER of cache_file.h. Without a usable folder states are known in
// this process only.
Cache *cache_open(const char *folder);
void cache_close(Cache *c); // writes what is new; accepts NULL. No user may be left

// One machine's use of a cache; on one thread at a time.
typedef struct CacheUser CacheUser;
CacheUser *cache_user_new(Cache *c, Machine *m);
void cache_user_free(CacheUser *u); // accepts NULL

// Around each load, where loads run at the same time: `turn` counts them, from 0. Without these, a user's
// load lasts until its next one.
void cache_begin(CacheUser *u, uint64_t turn);
void cache_end(CacheUser *u);

// As in SireEvents; `counts` are those of the compiler at that moment. With `run_last` the last module is to
// be run in this process at least once.
Ref cache_recall(CacheUser *u, const SireModule *chain, size_t count, bool run_last, const SireCounts *counts,
                 size_t *at);
void cache_keep(CacheUser *u, const SireModule *module, Ref state, const SireCounts *counts);

// Assertions in the chain of modules that was asked for last, in what was recalled of it and what was run
// since.
typedef struct CacheCounts {
  uint64_t held, failed;
} CacheCounts;
CacheCounts cache_counts(const CacheUser *u, const SireCounts *counts);
