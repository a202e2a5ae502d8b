// Shared by all suites: a directory to work in, numbers that repeat, counts that scale.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A fresh directory; scratch_free removes it and what is in it.
char *scratch_dir(void);
void scratch_free(char *dir);

// Iterations for a loop that takes `n` by default; PALL_TEST_SCALE multiplies it.
size_t test_scale(size_t n);

// Step of a loop over `total` things of which about `sample` (scaled) are tried; PALL_TEST_EVERY: 1.
size_t test_step(size_t total, size_t sample);

// Seed of a run: PALL_TEST_SEED, or this one; printed, so that the run can be repeated.
uint64_t test_seed(uint64_t otherwise);

// SplitMix64 over *state.
uint64_t test_random(uint64_t *state);
void test_fill(uint64_t *state, void *out, size_t n);
