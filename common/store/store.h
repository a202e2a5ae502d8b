// The page store: pages by their id, PLAN hashes that lead to pages, and named roots, in one LMDB file.
//
// A store is a directory:
//   lock            held with flock by the one process that has the store open; its text is that pid
//   pages.mdb       the data
//   pages.mdb-lock  LMDB's reader table
//
// Invariants
//   - A page in the store has every page that it refers to in the store: a batch that breaks this is
//     refused, and collection removes only what no root and no hold reaches.
//   - Page bytes are hashed at every read and compared with the id asked for.
//   - What store_batch_commit returned true for is on disk. Before a batch writes, the file is extended
//     to hold it, so that a full disk refuses a batch instead of tearing one.
//   - After a commit that failed in a write or sync nothing more is written: the store answers ERR_IO
//     until it is closed and opened again, which is when it is known what the disk has.
//
// Threads: every function may be called from any thread. Batches are written one after the other; reads
// go on meanwhile and see the last commit. No read keeps a transaction between calls.
// Ownership: ids, names and bytes that are passed in are copied.
#pragma once
#include "common/base/sys.h"
#include "common/codec/page.h"

#define STORE_VERSION 1
#define STORE_ID_LEN 16
#define STORE_RUNTIME_MAX 64      // bytes of the text that says which runtime writes, with its NUL
#define STORE_NAME_MAX 255        // bytes of a root's name
#define STORE_ROOT_MAX (1u << 20) // bytes of a root's references and data
#define STORE_SPILL (32u << 20)   // a batch that holds more pages writes them ahead of its commit

typedef struct Store Store;

typedef struct StoreOptions {
  const char *runtime; // who writes: version and jet set; NULL for "unknown"
  bool create;         // make directory and store when there is none
  bool no_sync;        // do not wait for the disk: throw-away stores and tests only
  size_t map;          // bytes of address space to begin with; 0 for the default
} StoreOptions;

// ERR_NOT_FOUND without `create`; ERR_RETRY when another process has it (the message names its pid);
// ERR_DATA for something else than a store or a truncated file; ERR_CONFIG for another format.
bool store_open(Store **out, const Sys *sys, const char *dir, const StoreOptions *options, Err *err);
void store_close(Store *s); // accepts NULL; every batch must have ended

typedef struct StoreInfo {
  uint8_t store_id[STORE_ID_LEN];           // drawn when the store was made
  char runtime[STORE_RUNTIME_MAX];          // of this opening
  char previous_runtime[STORE_RUNTIME_MAX]; // of the one before; empty for a new store
  uint64_t pages, links, roots;
  uint64_t used, file, map; // bytes: in use, of the file, of address space
} StoreInfo;

bool store_info(Store *s, StoreInfo *info, Err *err);

// --- reading -----------------------------------------------------------------------------------

// Fills have[i] for each id.
bool store_has(Store *s, const PageId *ids, size_t n, bool *have, Err *err);

// Replaces the contents of `out` by the page. ERR_NOT_FOUND; ERR_DATA naming a page whose bytes changed.
bool store_get(Store *s, const PageId *id, Buf *out, Err *err);

// The page that holds the item of the pin with this PLAN hash. ERR_NOT_FOUND when no link says so.
bool store_find_hash(Store *s, const uint8_t hash[BLAKE3_LEN], PageId *id, Err *err);

// A root: pages it keeps, and bytes that mean something to whoever wrote it. The pointers lead into
// `bytes`. A zeroed StoreRoot is valid; free it with store_root_free.
typedef struct StoreRoot {
  Buf bytes;
  const PageId *refs;
  size_t ref_count;
  const uint8_t *data;
  size_t data_len;
} StoreRoot;

bool store_root_get(Store *s, const void *name, size_t len, StoreRoot *root, Err *err); // ERR_NOT_FOUND
void store_root_free(StoreRoot *root);

// Moves `name` to the next root in order of bytes (an empty name: to the first) and reads it; `root` may be
// NULL. *found is false when there is none. Roots may change between calls.
bool store_root_next(Store *s, Buf *name, StoreRoot *root, bool *found, Err *err);

// --- writing -----------------------------------------------------------------------------------

// A batch gathers changes in memory; its commit makes all of them durable in one sync, or none. Pages alone
// may be written ahead (STORE_SPILL): nobody can see them before a root or link does.
typedef struct StoreBatch StoreBatch;

StoreBatch *store_batch_begin(Store *s);

// `bytes` must be a page, whose references are in the store or were put earlier in this batch (checked
// when it is written). `id` may be NULL. ERR_DATA, ERR_CONFIG; a write ahead can fail as the commit does.
bool store_batch_put(StoreBatch *b, const void *bytes, size_t len, PageId *id, Err *err);

// Says that the item of the pin with PLAN hash `hash` is the page `id`. The caller vouches for it.
void store_batch_link(StoreBatch *b, const uint8_t hash[BLAKE3_LEN], const PageId *id);

// ERR_LIMIT for a name or root above its limit.
bool store_batch_set_root(StoreBatch *b, const void *name, size_t len, const PageId *refs, size_t ref_count,
                          const void *data, size_t data_len, Err *err);
void store_batch_del_root(StoreBatch *b, const void *name, size_t len); // of none is fine

// Both end the batch and free it. ERR_DATA when a page that is referred to is missing; ERR_LIMIT when the
// disk is full (the store stays usable); ERR_IO when a write or sync failed (it does not).
bool store_batch_commit(StoreBatch *b, Err *err);
void store_batch_abort(StoreBatch *b);

// --- keeping and removing ----------------------------------------------------------------------

// Holds keep pages (and what they refer to) through collections although no root names them yet: uploads,
// answers in the log. Counted, in memory only. The page need not be in the store: who wants to build on a
// page that may be there holds it first and looks then; what is found stays.
void store_hold(Store *s, const PageId *id);
void store_release(Store *s, const PageId *id);

// Collection: removes what no root and no hold reaches, in steps of about `budget` pages each, so that
// batches and reads go on in between. What is put, linked, held or set as root while one is under way
// survives it. *done is true after the last step; the next call begins another collection. Damage met on
// the way is ERR_DATA, abandons the collection, and removes nothing more.
typedef struct StoreCollected {
  uint64_t kept, removed, bytes_removed; // of the collection so far
} StoreCollected;

bool store_collect(Store *s, size_t budget, StoreCollected *collected, bool *done, Err *err);

// Scrub: reads up to `budget` pages from *position (0: from the first) and checks id, form and references;
// moves *position, to 0 after the last page. Each damaged page is reported to `bad` with an Err that names
// it; the scrub goes on. False only when reading itself failed.
typedef void (*StoreBad)(void *ctx, const PageId *id, const Err *why);
bool store_scrub(Store *s, uint64_t *position, size_t budget, StoreBad bad, void *ctx, Err *err);
