// What the fuzz programs share: how often, from which seed, and damage to bytes.
//
//   PALL_FUZZ       inputs a program tries (2000)
//   PALL_FUZZ_SEED  where its randomness begins (1); the same seed tries the same inputs
#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"

typedef struct Fuzz {
  const char *name;
  size_t rounds;
  uint64_t rng;
  size_t accepted, refused[ERR_CODE_COUNT];
} Fuzz;

// Reads the environment and says what is about to happen.
Fuzz fuzz_begin(const char *name);

// Prints the tallies. False when next to nothing was accepted, or refused: then the inputs are not what they
// should be.
bool fuzz_end(const Fuzz *f);

// One more input was refused. An error that blames ourselves, or says nothing, ends the program.
void fuzz_refused(Fuzz *f, const Err *err);

size_t fuzz_below(Fuzz *f, size_t n); // 0 for n = 0

// Changes a few bytes: flips, small numbers, cuts, insertions, deletions, stretches doubled, varints grown.
void fuzz_bytes(Fuzz *f, Buf *b);

// Ends the program with a message.
_Noreturn void fuzz_fail(const Fuzz *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
