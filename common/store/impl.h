// What the files of this room share. Not for other rooms.
//
// Locks, in the order in which they are taken:
//   writer   one batch, collection step or growth at a time
//   holds    the hold table
//   map      read-held by every read transaction, write-held while the map moves, when no transaction
//            of any kind may be open
#pragma once
#include "common/base/table.h"
#include "common/store/store.h"
#include <lmdb.h>
#include <pthread.h>

typedef struct Collection Collection;

struct Store {
  const Sys *sys;
  char *dir;
  int lock_fd;
  int data_fd; // for extending the file; LMDB has descriptors of its own
  MDB_env *env;
  MDB_dbi body;    // u64, growing -> page id, page bytes; a page's key is above those of its references
  MDB_dbi by_id;   // page id -> u64
  MDB_dbi by_hash; // PLAN hash -> LinkRecord
  MDB_dbi roots;   // name -> RootRecord
  MDB_dbi meta;    // "format" -> FormatRecord, "runtime" -> text
  pthread_mutex_t writer;
  pthread_rwlock_t map;
  pthread_mutex_t holds_lock;
  BytesTable holds; // page id -> count
  uint64_t next_id; // key of the next page; never used twice while the store is open
  uint64_t file_size;
  bool failed;            // a write or sync failed: nothing more is written
  Collection *collection; // the one under way, or NULL
  uint8_t store_id[STORE_ID_LEN];
  char runtime[STORE_RUNTIME_MAX], previous_runtime[STORE_RUNTIME_MAX];
};

// What lies in the databases. To change one of these: raise STORE_VERSION; keep the old struct under the
// name of its version; teach store_open to rewrite the old records in one transaction that also replaces
// the format record; extend tests/store with a store of the old version.
#define STORE_MAGIC 0x524f54534c4c4150u // "PALLSTOR"
#define STORE_HASH_BLAKE3 1
#define CHECK_LEN 8

typedef struct FormatRecord {
  uint64_t magic;
  uint32_t version;
  uint32_t hash;
  uint32_t body_max, blob_max;
  uint8_t store_id[STORE_ID_LEN];
  uint8_t check[CHECK_LEN]; // of the fields above
} FormatRecord;

typedef struct LinkRecord {
  PageId id;
  uint8_t check[CHECK_LEN]; // of hash and id
} LinkRecord;

// A root's value is this header, the references, then the data.
typedef struct RootHeader {
  uint8_t check[CHECK_LEN]; // of the name and everything behind this field
  uint32_t refs;
  uint32_t zero;
} RootHeader;

_Static_assert(sizeof(FormatRecord) == 48, "store format record is on disk");
_Static_assert(sizeof(LinkRecord) == 40, "link record is on disk");
_Static_assert(sizeof(RootHeader) == 16, "root record is on disk");

// First CHECK_LEN bytes of BLAKE3 over the two stretches.
void store_check(uint8_t out[CHECK_LEN], const void *a, size_t a_len, const void *b, size_t b_len);

// Turns LMDB's result `rc` into an Err. Returns false.
bool store_mdb_err(const Store *s, Err *err, int rc, const char *doing);

// A read transaction; the pair must meet on the same thread, with no other call of this room in between.
bool store_read_begin(Store *s, MDB_txn **txn, Err *err);
void store_read_end(Store *s, MDB_txn *txn);

// A write transaction with room for `bytes` more in map and file. When it began, `writer` is held until
// store_write_end, which follows store_write_commit or mdb_txn_abort. A commit that fails has aborted.
bool store_write_begin(Store *s, uint64_t bytes, MDB_txn **txn, Err *err);
bool store_write_commit(Store *s, MDB_txn *txn, Err *err);
void store_write_end(Store *s);

// Bytes of the file that hold something. No transaction needed.
uint64_t store_used(Store *s);

// Lookups inside a transaction, with LMDB's results; MDB_CORRUPTED for a record of the wrong size.
// `page` is what lies in `body`: the id, then the bytes, both in place until the transaction's next write.
int store_key_of(const Store *s, MDB_txn *txn, const PageId *id, uint64_t *key);
int store_page_at(const Store *s, MDB_txn *txn, uint64_t key, MDB_val *page);

// Says that the page with this key is reachable, for the collection under way if any (collect.c). Called
// with `writer` held, for whatever a batch refers to.
void store_collect_touch(Store *s, uint64_t key);
void store_collect_drop(Store *s);
