// Shared by all suites: a directory to work in, numbers that repeat, counts that scale.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A fresh directory; scratch_free removes it and what is in it.
char *scratch_dir(void);
void scratch_free(char *dir);

// Iterations for a loop that takes `n` by default; PALL_TEST_SCALE multiplies it.
size_t test_scale(size_t n);

// SplitMix64 over *state.
uint64_t test_random(uint64_t *state);
void test_fill(uint64_t *state, void *out, size_t n);
