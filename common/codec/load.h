// Bringing values from pages into a machine, and the pages of values to a store.
#pragma once
#include "common/codec/residency.h"
#include "common/codec/value.h"

// --- loading -----------------------------------------------------------------------------------
// Where pages come from. `get` replaces the contents of `out` by the bytes of the page, which it has
// checked against the id (store_get does).
typedef struct PageSource {
  bool (*get)(void *ctx, const PageId *id, Buf *out, Err *err);
  void *ctx;
} PageSource;

typedef struct LoadLimits {
  uint64_t memory; // bytes of regions, and of pages that wait for those they refer to; 0: 1 GiB
  uint64_t fuel;   // for comparing keys; 0: 2^32
  bool trusted;    // pages of our own store: keys are known to be ascending
} LoadLimits;

// Loads all that the root leads to and is not resident yet, iteratively, and makes a handle on the value.
// The source is the store of `res`: what is loaded becomes resident. The machine may be suspended (its
// fuel is left alone), and a limit met here is ERR_LIMIT, not an outcome of the machine. ERR_DATA for
// malformed pages, with `where` naming the page; what `get` reports.
bool codec_load(Machine *m, Residency *res, const PageSource *source, const ValueRoot *root,
                const LoadLimits *limits, Ref *out, Err *err);

// --- saving ------------------------------------------------------------------------------------
// A saver turns the regions below sealed roots into pages, each after those that it refers to, and
// keeps those regions alive until it is freed. Nothing is marked as stored before saver_stored says that
// the pages are durable.
typedef struct Saver Saver;

// With `all` also what is stored already is put (for a message that must stand on its own).
Saver *saver_new(const PageSink *sink, bool all);

// Puts what is new below the sealed value, and says what it is as data.
bool saver_add(Saver *s, Value sealed, ValueRoot *root, Err *err);

// The pages put so far: id, and the pin that is the page's last object (its hash leads to the page), or 0.
size_t saver_count(const Saver *s);
void saver_page(const Saver *s, size_t i, PageId *id, Value *pin);

void saver_stored(Saver *s, Residency *res);
void saver_free(Saver *s);
