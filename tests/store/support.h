// Shared by the suites of the store: a directory to work in, pages to put, numbers that repeat.
#pragma once
#include "common/store/store.h"

// A fresh directory; scratch_free removes it and what is in it.
char *scratch_dir(void);
void scratch_free(char *dir);

// Iterations for a loop that takes `n` by default; PALL_TEST_SCALE multiplies it.
size_t test_scale(size_t n);

// SplitMix64 over *state.
uint64_t test_random(uint64_t *state);
void test_fill(uint64_t *state, void *out, size_t n);

// A page of `kind` whose body is `len` bytes drawn from `seed`.
void make_page(Buf *out, PageKind kind, const PageId *refs, size_t ref_count, uint64_t seed, size_t len);

// Puts one such page in a batch of its own.
PageId put_page(Store *s, const PageId *refs, size_t ref_count, uint64_t seed, size_t len);
Store *open_store(const char *dir);
void set_root(Store *s, const char *name, const PageId *refs, size_t ref_count);
void del_root(Store *s, const char *name);
bool has_page(Store *s, PageId id);
