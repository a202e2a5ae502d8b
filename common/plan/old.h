// The older generation's space: blocks that objects are added to and, after marking, the holes between those
// that live. Nothing here moves; the collectors (gc.h, mark.h) decide what lives.
//
// A block is BLOCK_BYTES, aligned to its size, so that the block of an object is found from its address. It
// begins with maps of a bit for each of its words: a marked object has the bits of its first and its last
// word set. An object has at least two words, so set bits alternate between first and last, and the gaps are
// found without a look at the objects. There are two maps: while the holes that one cycle of marking found
// are filled, the next cycle draws the other.
//
// Objects are added in two runs of free words, which go through the holes of blocks, one block at a time, and
// through empty blocks when there are no others: `narrow` for what fits the smallest holes, `wide` for what
// would leave most holes unfilled.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_BYTES (256u << 10)
#define BLOCK_WORDS (BLOCK_BYTES / 8)
#define NARROW_WORDS 16u // of the biggest object that goes to a narrow hole
#define NARROW_HOLE 8u   // the smallest of these
#define WIDE_HOLE 128u   // the smallest hole that the other objects go to

typedef struct OldBlock OldBlock;

struct OldBlock {
  OldBlock *next;                    // in `blocks` or `spare`
  OldBlock *holed;                   // the next one with holes
  uint32_t cycle;                    // of the last marking that met an object here
  uint32_t live;                     // words that it marked
  uint64_t map[2][BLOCK_WORDS / 64]; // by cycle
};

typedef struct OldRun {
  uint64_t *at, *end;
  uint64_t *scan;  // the collector has looked at what was put before this
  OldBlock *block; // where it is,
  uint32_t next;   // and the word from which the next hole is searched
} OldRun;

typedef struct OldSpan {
  uint64_t *from, *to;
} OldSpan;

typedef struct OldSpace {
  OldBlock *blocks; // all in use
  OldBlock *spare;  // empty
  OldBlock *holed;  // with holes to be filled
  OldRun narrow, wide;
  OldSpan *left; // runs that were left before the collector had looked at all of them
  size_t left_count, left_cap;
  size_t block_count, spare_count;
  size_t words;   // in use: what lived when it was marked last and what was added since
  uint32_t cycle; // of marking, the last one begun
  uint32_t holes; // the one that found the holes which are being filled
  bool marking;
} OldSpace;

static inline OldRun *old_run(OldSpace *s, size_t words) {
  return words <= NARROW_WORDS ? &s->narrow : &s->wide;
}

// Replaces the run by one with room for an object that belongs there.
void old_leave_run(OldSpace *s, OldRun *run, size_t words);

// Room for an object of `words` words, fewer than a block holds.
static inline uint64_t *old_room(OldSpace *s, size_t words) {
  OldRun *run = old_run(s, words);
  s->words += words;
  if ((size_t)(run->end - run->at) < words) old_leave_run(s, run, words);
  uint64_t *o = run->at;
  run->at += words;
  return o;
}

// For Cheney's algorithm, which looks at what it adds: from old_watch on, what lies from `scan` to `at` of a
// run was added and not yet looked at, and so were the spans that old_next_left hands out (false: no more).
void old_watch(OldSpace *s);
bool old_next_left(OldSpace *s, OldSpan *span);

// --- marking ---------------------------------------------------------------------------------------
void old_mark_begin(OldSpace *s);

// For the first object that this cycle meets in the block.
void old_renew_map(OldSpace *s, OldBlock *b);

// False: it was marked before.
static inline bool old_mark(OldSpace *s, const uint64_t *o, size_t words) {
  OldBlock *b = (OldBlock *)((uintptr_t)o & ~(uintptr_t)(BLOCK_BYTES - 1));
  uint32_t first = (uint32_t)((uintptr_t)o % BLOCK_BYTES / 8), last = first + (uint32_t)words - 1;
  uint64_t *map = b->map[s->cycle & 1];
  if (b->cycle != s->cycle) old_renew_map(s, b);
  if (map[first / 64] >> first % 64 & 1) return false;
  map[first / 64] |= 1ULL << first % 64;
  map[last / 64] |= 1ULL << last % 64;
  b->live += (uint32_t)words;
  return true;
}

// Frees what was not marked: blocks without anything become spare, of the others the holes are filled.
void old_mark_end(OldSpace *s);

// Gives spare blocks back to the system, all but `keep` of them, at most `most` at once.
void old_trim(OldSpace *s, size_t keep, size_t most);

// For a copying collection: what is there goes to the space that is returned, so that what is added lies
// apart. old_take_spares makes spare blocks of that.
OldSpace old_flip(OldSpace *s);
void old_take_spares(OldSpace *s, OldSpace *from);

void old_free(OldSpace *s);
