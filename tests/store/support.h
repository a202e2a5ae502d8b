// Shared by the suites of the store: pages to put, stores to put them in.
#pragma once
#include "common/store/store.h"
#include "tests/util.h"

// A page of `kind` whose body is `len` bytes drawn from `seed`.
void make_page(Buf *out, PageKind kind, const PageId *refs, size_t ref_count, uint64_t seed, size_t len);

// Puts one such page in a batch of its own.
PageId put_page(Store *s, const PageId *refs, size_t ref_count, uint64_t seed, size_t len);
Store *open_store(const char *dir);
void set_root(Store *s, const char *name, const PageId *refs, size_t ref_count);
void del_root(Store *s, const char *name);
bool has_page(Store *s, PageId id);
