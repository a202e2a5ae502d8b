// Seeds: a value in normal form as bytes, each part of it once, whatever it lies in (pins too).
//
//   u64 holes, bigs, words, bytes, fragments             little-endian, as all numbers here
//   u64 size[bigs]                                       of the big numbers, in words
//   the big numbers, the words (u64), the bytes (u8)     each number once, from the greatest to the least
//   bits of the trees, the lowest bit of a byte first; zeros to a multiple of eight bytes in all
//
// A tree is 1 and two trees (an application), or 0 and a reference of as many bits as the greatest one
// that is possible then takes. References count the holes, then the numbers, then the fragments so far.
// A fragment is the value itself or an application that is used in two places; the 1 it would begin with
// is left out. Pins, laws and data jets are written as the expressions that make them: (4 item),
// (0 name arity body).
//
// A germ is the seed of a pin's item in which the pins are holes, numbered in order of appearance.
//
// What is read is hostile: all counts are bounded by the bytes there are before anything is allocated,
// no C recursion, memory and work are those of the machine's limits.
#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"

// --- on handles, by an idle machine ----------------------------------------------------------------

// Appends the seed of r, which is in normal form. ERR_LIMIT: fuel or memory of the machine.
bool seed_save(Machine *m, Ref r, Buf *out, Err *err);

// The value of a seed without holes. 0: ERR_DATA for bytes that are none, or that would have to be
// evaluated to be a value; ERR_LIMIT.
Ref seed_load(Machine *m, const void *bytes, size_t n, Err *err);

// --- on values, for jets ---------------------------------------------------------------------------

// Appends the seed of v (the germ's, if `holes` is given: with the pins of v as holes, which are pushed
// on the stack). Does not collect otherwise. False: m->stop is set.
bool seed_encode(Machine *m, Value v, bool holes, Buf *out);

typedef enum SeedEnd {
  SEED_READ,
  SEED_BAD,     // *why says it
  SEED_STOPPED, // m->stop is set
} SeedEnd;

// The value of a seed, pushed on the stack in place of its `holes` holes (in normal form), which lie
// there. `bytes` outside the heap.
SeedEnd seed_decode(Machine *m, const uint8_t *bytes, size_t n, size_t holes, const char **why);
