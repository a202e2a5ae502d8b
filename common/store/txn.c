// Transactions and growth: who may have one open when, and room for what a writer is about to write.
#include "common/store/impl.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

#define GROW_STEP_MIN (1ull << 20)
#define GROW_STEP_MAX (64ull << 20)

void store_check(uint8_t out[CHECK_LEN], const void *a, size_t a_len, const void *b, size_t b_len) {
  Blake3 h;
  uint8_t full[BLAKE3_LEN];
  blake3_init(&h);
  blake3_update(&h, a, a_len);
  if (b_len > 0) blake3_update(&h, b, b_len);
  blake3_final(&h, full);
  memcpy(out, full, CHECK_LEN);
}

bool store_mdb_err(const Store *s, Err *err, int rc, const char *doing) {
  switch (rc) {
  case ENOSPC:
  case EDQUOT: return err_sys(err, ERR_LIMIT, rc, "store %s cannot %s", s->dir, doing);
  case MDB_CORRUPTED:
  case MDB_PAGE_NOTFOUND:
  case MDB_INVALID:
    return err_set(err, ERR_DATA, "store %s is damaged (cannot %s: %s); restore it from a copy", s->dir,
                   doing, mdb_strerror(rc));
  case MDB_VERSION_MISMATCH:
    return err_set(err, ERR_CONFIG, "store %s was made by another version of LMDB", s->dir);
  case MDB_READERS_FULL: return err_set(err, ERR_RETRY, "store %s has too many readers at once", s->dir);
  }
  return err_set(err, rc > 0 ? ERR_IO : ERR_INTERNAL, "store %s cannot %s: %s", s->dir, doing,
                 mdb_strerror(rc));
}

static uint64_t map_size(Store *s) {
  MDB_envinfo info;
  mdb_env_info(s->env, &info);
  return info.me_mapsize;
}

uint64_t store_used(Store *s) {
  MDB_envinfo info;
  MDB_stat stat;
  mdb_env_info(s->env, &info);
  mdb_env_stat(s->env, &stat);
  return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

// --- growth, with `writer` held ----------------------------------------------------------------

// At least `least` bytes of address space; 0 takes over what the file says.
static bool grow_map(Store *s, uint64_t least, Err *err) {
  pthread_rwlock_wrlock(&s->map);
  uint64_t size = map_size(s), old = size;
  while (least != 0 && size < least) size += size;
  int rc = least == 0 || size != old ? mdb_env_set_mapsize(s->env, least == 0 ? 0 : size) : 0;
  pthread_rwlock_unlock(&s->map);
  return rc == 0 || store_mdb_err(s, err, rc, "get address space for its file");
}

// File systems without preallocation get a longer file at least, for what check_size needs.
static bool extend_file(Store *s, uint64_t size, Err *err) {
  const Sys *sys = s->sys;
  int rc = sys->fallocate(sys->ctx, s->data_fd, (off_t)s->file_size, (off_t)(size - s->file_size));
  if (rc != 0 && errno == EOPNOTSUPP) rc = sys->ftruncate(sys->ctx, s->data_fd, (off_t)size);
  if (rc == 0) {
    s->file_size = size;
    return true;
  }
  bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return err_sys(err, full ? ERR_LIMIT : ERR_IO, errno,
                 "no room for %llu more bytes in store %s: free some disk space",
                 (unsigned long long)(size - s->file_size), s->dir);
}

static uint64_t round_up(uint64_t x, uint64_t step) { return (x + step - 1) / step * step; }

static bool make_room(Store *s, uint64_t bytes, Err *err) {
  uint64_t want = store_used(s) + bytes;
  if (want > map_size(s) && !grow_map(s, want, err)) return false;
  if (want <= s->file_size) return true;
  uint64_t step = s->file_size / 4;
  if (step < GROW_STEP_MIN) step = GROW_STEP_MIN;
  if (step > GROW_STEP_MAX) step = GROW_STEP_MAX;
  uint64_t ahead = round_up(s->file_size + step > want ? s->file_size + step : want, GROW_STEP_MIN);
  return extend_file(s, ahead, err) || (want < ahead && extend_file(s, want, err)); // a nearly full disk
}

// --- read --------------------------------------------------------------------------------------

bool store_read_begin(Store *s, MDB_txn **txn, Err *err) {
  pthread_rwlock_rdlock(&s->map);
  int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, txn);
  if (rc == 0) return true;
  pthread_rwlock_unlock(&s->map);
  return store_mdb_err(s, err, rc, "begin reading");
}

void store_read_end(Store *s, MDB_txn *txn) {
  mdb_txn_abort(txn);
  pthread_rwlock_unlock(&s->map);
}

// --- write -------------------------------------------------------------------------------------

static bool begin_with_room(Store *s, uint64_t bytes, MDB_txn **txn, Err *err) {
  if (s->failed)
    return err_set(err, ERR_IO, "store %s is closed for writing since a write failed: restart", s->dir);
  if (!make_room(s, bytes, err)) return false;
  int rc = mdb_txn_begin(s->env, NULL, 0, txn);
  if (rc == MDB_MAP_RESIZED && grow_map(s, 0, err)) rc = mdb_txn_begin(s->env, NULL, 0, txn);
  return rc == 0 || store_mdb_err(s, err, rc, "begin writing");
}

bool store_write_begin(Store *s, uint64_t bytes, MDB_txn **txn, Err *err) {
  pthread_mutex_lock(&s->writer);
  if (begin_with_room(s, bytes, txn, err)) return true;
  pthread_mutex_unlock(&s->writer);
  return false;
}

// LMDB gives up a commit that finds the map full before it writes. After any other failure nobody knows
// what reached the disk, and a second sync could succeed without the first one's pages.
bool store_write_commit(Store *s, MDB_txn *txn, Err *err) {
  int rc = mdb_txn_commit(txn);
  if (rc != 0 && rc != MDB_MAP_FULL) s->failed = true;
  if (rc == 0 && store_used(s) > s->file_size) { // room was estimated too low; the invariant of check_size
    if (!extend_file(s, store_used(s), err)) s->failed = true;
  }
  if (rc == MDB_MAP_FULL) return err_set(err, ERR_LIMIT, "store %s needs more address space", s->dir);
  if (rc != 0) return store_mdb_err(s, err, rc, "commit");
  return !s->failed;
}

void store_write_end(Store *s) { pthread_mutex_unlock(&s->writer); }

// --- lookups -----------------------------------------------------------------------------------

int store_key_of(const Store *s, MDB_txn *txn, const PageId *id, uint64_t *key) {
  MDB_val k = {PAGE_ID_LEN, (void *)id->b}, v;
  int rc = mdb_get(txn, s->by_id, &k, &v);
  if (rc != 0) return rc;
  if (v.mv_size != sizeof *key) return MDB_CORRUPTED;
  memcpy(key, v.mv_data, sizeof *key);
  return 0;
}

int store_page_at(const Store *s, MDB_txn *txn, uint64_t key, MDB_val *page) {
  MDB_val k = {sizeof key, &key};
  int rc = mdb_get(txn, s->body, &k, page);
  return rc == 0 && page->mv_size < PAGE_ID_LEN ? MDB_CORRUPTED : rc;
}
