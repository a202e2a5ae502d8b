// Opening and closing: the lock, the making of a new file, the checks before the first use.
#include "common/base/mem.h"
#include "common/store/impl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAP_DEFAULT (256ull << 20)
#define MAP_STEP (1ull << 20)
#define DBS 5
#define READERS 1022
#define ENV_FLAGS (MDB_NOSUBDIR | MDB_NOTLS)

static char *path_of(const Store *s, const char *name) { return mem_printf("%s/%s", s->dir, name); }

// --- the lock ----------------------------------------------------------------------------------

static bool locked_by_other(Store *s, int fd, Err *err) {
  char pid[24] = {0};
  ssize_t got = s->sys->pread(s->sys->ctx, fd, pid, sizeof pid - 1, 0);
  long other = got > 0 ? strtol(pid, NULL, 10) : 0;
  if (other > 0)
    err_set(err, ERR_RETRY, "the store is in use by process %ld: stop that one first", other);
  else
    err_set(err, ERR_RETRY, "the store is in use by another process: stop that one first");
  return err_at(err, "%s", s->dir);
}

// The pid is for people; what counts is the flock, which the kernel drops when the process is gone.
static bool write_pid(Store *s, Err *err) {
  char *pid = mem_printf("%ld\n", (long)getpid());
  size_t len = strlen(pid);
  bool ok = s->sys->ftruncate(s->sys->ctx, s->lock_fd, 0) == 0 &&
            s->sys->pwrite(s->sys->ctx, s->lock_fd, pid, len, 0) == (ssize_t)len;
  int sys_errno = errno;
  mem_free(pid);
  return ok || err_sys(err, ERR_IO, sys_errno, "cannot write to the lock file of store %s", s->dir);
}

static bool take_lock(Store *s, Err *err) {
  char *path = path_of(s, "lock");
  s->lock_fd = s->sys->open(s->sys->ctx, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int sys_errno = errno;
  mem_free(path);
  if (s->lock_fd < 0)
    return err_sys(err, ERR_CREATE, sys_errno,
                   "cannot open the lock file of store %s; let its owner do this, or choose another folder",
                   s->dir);
  if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0) return write_pid(s, err);
  if (errno == EWOULDBLOCK) return locked_by_other(s, s->lock_fd, err);
  return err_sys(err, ERR_IO, errno, "cannot lock store %s", s->dir);
}

// --- a new file --------------------------------------------------------------------------------

static bool put_text(Store *s, MDB_txn *txn, const char *key, const void *data, size_t len, Err *err) {
  MDB_val k = {strlen(key), (void *)key}, v = {len, (void *)data};
  int rc = mdb_put(txn, s->meta, &k, &v, 0);
  return rc == 0 || store_mdb_err(s, err, rc, "write the format record");
}

static bool put_format(Store *s, MDB_txn *txn, Err *err) {
  FormatRecord f = {.magic = STORE_MAGIC,
                    .version = STORE_VERSION,
                    .hash = STORE_HASH_BLAKE3,
                    .body_max = PAGE_BODY_MAX,
                    .blob_max = PAGE_BLOB_MAX};
  s->sys->random(s->sys->ctx, f.store_id, sizeof f.store_id);
  store_check(f.check, &f, offsetof(FormatRecord, check), NULL, 0);
  return put_text(s, txn, "format", &f, sizeof f, err);
}

static bool open_dbis(Store *s, MDB_txn *txn, unsigned create, Err *err) {
  const struct {
    const char *name;
    unsigned flags;
    MDB_dbi *dbi;
  } dbs[DBS] = {{"meta", 0, &s->meta},
                {"body", MDB_INTEGERKEY, &s->body},
                {"by_id", 0, &s->by_id},
                {"by_hash", 0, &s->by_hash},
                {"roots", 0, &s->roots}};
  for (size_t i = 0; i < DBS; i++) {
    int rc = mdb_dbi_open(txn, dbs[i].name, dbs[i].flags | create, dbs[i].dbi);
    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
      return err_set(err, ERR_DATA,
                     "%s/pages.mdb is not a page store: it has no table '%s'; choose another folder, or "
                     "restore it from a copy",
                     s->dir, dbs[i].name);
    if (rc != 0) return store_mdb_err(s, err, rc, "open the tables");
  }
  return true;
}

static bool make_env(Store *s, uint64_t map, Err *err) {
  int rc = mdb_env_create(&s->env);
  if (rc == 0) rc = mdb_env_set_maxdbs(s->env, DBS);
  if (rc == 0) rc = mdb_env_set_maxreaders(s->env, READERS);
  if (rc == 0) rc = mdb_env_set_mapsize(s->env, map);
  return rc == 0 || store_mdb_err(s, err, rc, "set up the database");
}

static bool fill_new(Store *s, Err *err) {
  MDB_txn *txn;
  int rc = mdb_txn_begin(s->env, NULL, 0, &txn);
  if (rc != 0) return store_mdb_err(s, err, rc, "begin");
  if (!open_dbis(s, txn, MDB_CREATE, err) || !put_format(s, txn, err)) {
    mdb_txn_abort(txn);
    return false;
  }
  rc = mdb_txn_commit(txn);
  return rc == 0 || store_mdb_err(s, err, rc, "write the new store");
}

// The store's own folder is new too, most of the time, and lasts only when its name was synced. A folder
// above it that we may not read was not made by us.
static bool sync_parent(Store *s, Err *err) {
  char *parent = path_of(s, "..");
  bool ok = s->sys->sync_dir(s->sys->ctx, parent) == 0 || errno == EACCES ||
            err_sys(err, ERR_CREATE, errno, "cannot sync the folder above the new store %s", s->dir);
  mem_free(parent);
  return ok;
}

// A new file gets its name when it is complete, so a crash leaves no half of a store.
static bool create_file(Store *s, const char *path, Err *err) {
  char *new_path = path_of(s, "new.mdb");
  s->sys->unlink(s->sys->ctx, new_path);
  bool ok = make_env(s, MAP_DEFAULT, err);
  if (ok) {
    int rc = mdb_env_open(s->env, new_path, ENV_FLAGS | MDB_NOLOCK, 0600);
    if (rc != 0) ok = store_mdb_err(s, err, rc, "create the store");
  }
  ok = ok && fill_new(s, err) && sync_parent(s, err);
  if (s->env) mdb_env_close(s->env);
  s->env = NULL;
  if (ok && (s->sys->rename(s->sys->ctx, new_path, path) != 0 || s->sys->sync_dir(s->sys->ctx, s->dir) != 0))
    ok = err_sys(err, ERR_CREATE, errno, "cannot put the new store %s in its place", s->dir);
  mem_free(new_path);
  return ok;
}

// --- checks ------------------------------------------------------------------------------------

static bool open_data(Store *s, const char *path, Err *err) {
  s->data_fd = s->sys->open(s->sys->ctx, path, O_RDWR | O_CLOEXEC, 0);
  if (s->data_fd < 0)
    return err_sys(err, ERR_IO, errno,
                   "cannot open store %s; let its owner do this, or choose another folder", s->dir);
  struct stat st;
  if (fstat(s->data_fd, &st) != 0) return err_sys(err, ERR_IO, errno, "cannot look at store %s", s->dir);
  s->file_size = (uint64_t)st.st_size;
  if (!S_ISREG(st.st_mode) || s->file_size < 2 * (uint64_t)sysconf(_SC_PAGESIZE))
    return err_set(err, ERR_DATA,
                   "%s/pages.mdb is not a page store: %llu bytes are too few; choose another folder, or "
                   "restore it from a copy",
                   s->dir, (unsigned long long)s->file_size);
  return true;
}

// LMDB maps the file and trusts its own page numbers: a file that lost its end would be a SIGBUS later.
// store_make_room keeps the file at least as long as what is used, so a shorter one was cut.
static bool check_size(Store *s, Err *err) {
  uint64_t used = store_used(s);
  if (s->file_size >= used) return true;
  return err_set(err, ERR_DATA,
                 "%s/pages.mdb is truncated: %llu bytes are there, %llu are in use; restore it from a copy",
                 s->dir, (unsigned long long)s->file_size, (unsigned long long)used);
}

static bool check_format(Store *s, MDB_txn *txn, Err *err) {
  MDB_val key = {6, "format"}, v;
  FormatRecord f;
  int rc = mdb_get(txn, s->meta, &key, &v);
  if (rc != 0 && rc != MDB_NOTFOUND) return store_mdb_err(s, err, rc, "read the format record");
  if (rc == MDB_NOTFOUND || v.mv_size < 12)
    return err_set(err, ERR_DATA,
                   "%s/pages.mdb is not a page store: it has no format record; choose another folder, or "
                   "restore it from a copy",
                   s->dir);
  memset(&f, 0, sizeof f);
  memcpy(&f, v.mv_data, v.mv_size < sizeof f ? v.mv_size : sizeof f);
  if (f.magic != STORE_MAGIC)
    return err_set(err, ERR_DATA,
                   "%s/pages.mdb is not a page store: its format record is foreign; choose another folder",
                   s->dir);
  if (f.version != STORE_VERSION)
    return err_set(err, ERR_CONFIG,
                   "store %s has format version %u; this build has version %u: use the %s build", s->dir,
                   f.version, STORE_VERSION, f.version > STORE_VERSION ? "newer" : "older");
  uint8_t check[CHECK_LEN];
  store_check(check, &f, offsetof(FormatRecord, check), NULL, 0);
  if (v.mv_size != sizeof f || memcmp(check, f.check, CHECK_LEN) != 0)
    return err_set(err, ERR_DATA, "the format record of store %s is damaged: restore it from a copy", s->dir);
  if (f.hash != STORE_HASH_BLAKE3 || f.body_max != PAGE_BODY_MAX || f.blob_max != PAGE_BLOB_MAX)
    return err_set(err, ERR_CONFIG,
                   "store %s has hash %u and page limits %u and %u; this build has %u, %u and %u", s->dir,
                   f.hash, f.body_max, f.blob_max, STORE_HASH_BLAKE3, PAGE_BODY_MAX, PAGE_BLOB_MAX);
  memcpy(s->store_id, f.store_id, STORE_ID_LEN);
  return true;
}

static bool read_runtime(Store *s, MDB_txn *txn, Err *err) {
  MDB_val key = {7, "runtime"}, v;
  int rc = mdb_get(txn, s->meta, &key, &v);
  if (rc == MDB_NOTFOUND) return true;
  if (rc != 0) return store_mdb_err(s, err, rc, "read the runtime's name");
  size_t len = v.mv_size < STORE_RUNTIME_MAX ? v.mv_size : STORE_RUNTIME_MAX - 1;
  memcpy(s->previous_runtime, v.mv_data, len);
  return true;
}

static bool read_next_id(Store *s, MDB_txn *txn, Err *err) {
  MDB_cursor *cursor;
  MDB_val key, v;
  int rc = mdb_cursor_open(txn, s->body, &cursor);
  if (rc != 0) return store_mdb_err(s, err, rc, "look for the last page");
  rc = mdb_cursor_get(cursor, &key, &v, MDB_LAST);
  if (rc == 0 && key.mv_size != sizeof s->next_id) rc = MDB_CORRUPTED;
  if (rc == 0) memcpy(&s->next_id, key.mv_data, sizeof s->next_id);
  mdb_cursor_close(cursor);
  s->next_id++;
  return rc == 0 || rc == MDB_NOTFOUND || store_mdb_err(s, err, rc, "look for the last page");
}

// dbi handles opened in a read transaction become the environment's when it commits.
static bool load(Store *s, Err *err) {
  MDB_txn *txn;
  int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
  if (rc != 0) return store_mdb_err(s, err, rc, "begin reading");
  if (!open_dbis(s, txn, 0, err) || !check_format(s, txn, err) || !read_runtime(s, txn, err) ||
      !read_next_id(s, txn, err)) {
    mdb_txn_abort(txn);
    return false;
  }
  rc = mdb_txn_commit(txn);
  return rc == 0 || store_mdb_err(s, err, rc, "read the tables");
}

static bool note_runtime(Store *s, Err *err) {
  if (strcmp(s->runtime, s->previous_runtime) == 0) return true;
  MDB_txn *txn;
  if (!store_write_begin(s, 64 * 1024, &txn, err)) return false;
  bool ok = put_text(s, txn, "runtime", s->runtime, strlen(s->runtime), err);
  if (ok)
    ok = store_write_commit(s, txn, err);
  else
    mdb_txn_abort(txn);
  store_write_end(s);
  return ok;
}

// --- open and close ----------------------------------------------------------------------------

static bool find_file(Store *s, const char *path, bool create, Err *err) {
  if (access(path, F_OK) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR)
    return err_sys(err, ERR_IO, errno, "cannot look for store %s", s->dir);
  if (!create) return err_set(err, ERR_NOT_FOUND, "there is no page store in %s", s->dir);
  return create_file(s, path, err);
}

static bool open_env(Store *s, const char *path, const StoreOptions *o, Err *err) {
  uint64_t map = o->map ? o->map : MAP_DEFAULT;
  if (map < s->file_size) map = s->file_size + s->file_size / 2;
  map = (map + MAP_STEP - 1) / MAP_STEP * MAP_STEP;
  if (!make_env(s, map, err)) return false;
  unsigned flags = ENV_FLAGS | (o->no_sync ? MDB_NOSYNC : 0);
  int rc = mdb_env_open(s->env, path, flags, 0600);
  if (rc == MDB_INVALID || rc == MDB_CORRUPTED)
    return err_set(err, ERR_DATA,
                   "%s is not a page store, or its first pages are damaged: choose another folder, or "
                   "restore it from a copy",
                   path);
  return rc == 0 || store_mdb_err(s, err, rc, "open the database");
}

static bool find_folder(Store *s, bool create, Err *err) {
  struct stat st;
  if (create && mkdir(s->dir, 0700) != 0 && errno != EEXIST)
    return err_sys(err, ERR_CREATE, errno, "cannot make the folder %s; make it, or choose another one",
                   s->dir);
  if (stat(s->dir, &st) != 0) {
    if (errno == ENOENT && !create)
      return err_set(err, ERR_NOT_FOUND, "there is no page store in %s", s->dir);
    return err_sys(err, ERR_CREATE, errno,
                   "cannot find the folder %s; if it is a link, see where it leads, or choose another one",
                   s->dir);
  }
  if (!S_ISDIR(st.st_mode))
    return err_set(err, ERR_CREATE, "%s is not a folder; choose another one for the store", s->dir);
  return true;
}

static bool open_in(Store *s, const StoreOptions *o, Err *err) {
  if (!find_folder(s, o->create, err) || !take_lock(s, err)) return false;
  char *path = path_of(s, "pages.mdb");
  bool ok = find_file(s, path, o->create, err) && open_data(s, path, err) && open_env(s, path, o, err) &&
            check_size(s, err) && load(s, err) && note_runtime(s, err);
  mem_free(path);
  return ok;
}

static void init_locks(Store *s) {
  pthread_mutex_init(&s->writer, NULL);
  pthread_mutex_init(&s->holds_lock, NULL);
  pthread_rwlockattr_t attr; // else readers that overlap for ever would keep the map from growing
  pthread_rwlockattr_init(&attr);
  pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&s->map, &attr);
  pthread_rwlockattr_destroy(&attr);
}

bool store_open(Store **out, const Sys *sys, const char *dir, const StoreOptions *options, Err *err) {
  Store *s = mem_zalloc(sizeof *s);
  *out = NULL;
  s->sys = sys;
  s->dir = mem_strdup(dir);
  s->lock_fd = s->data_fd = -1;
  const char *runtime = options->runtime ? options->runtime : "unknown";
  memcpy(s->runtime, runtime, strnlen(runtime, STORE_RUNTIME_MAX - 1));
  init_locks(s);
  if (!open_in(s, options, err)) {
    store_close(s);
    return false;
  }
  *out = s;
  return true;
}

void store_close(Store *s) {
  if (!s) return;
  store_collect_drop(s);
  if (s->env) mdb_env_close(s->env);
  if (s->data_fd >= 0) s->sys->close(s->sys->ctx, s->data_fd);
  if (s->lock_fd >= 0) s->sys->close(s->sys->ctx, s->lock_fd); // last: it lets the next process in
  btab_free(&s->holds);
  pthread_mutex_destroy(&s->writer);
  pthread_mutex_destroy(&s->holds_lock);
  pthread_rwlock_destroy(&s->map);
  mem_free(s->dir);
  mem_free(s);
}

static bool count(MDB_txn *txn, MDB_dbi dbi, uint64_t *entries) {
  MDB_stat stat;
  if (mdb_stat(txn, dbi, &stat) != 0) return false;
  *entries = stat.ms_entries;
  return true;
}

bool store_info(Store *s, StoreInfo *info, Err *err) {
  memset(info, 0, sizeof *info);
  memcpy(info->store_id, s->store_id, STORE_ID_LEN);
  memcpy(info->runtime, s->runtime, STORE_RUNTIME_MAX);
  memcpy(info->previous_runtime, s->previous_runtime, STORE_RUNTIME_MAX);
  MDB_txn *txn;
  if (!store_read_begin(s, &txn, err)) return false;
  MDB_envinfo env;
  mdb_env_info(s->env, &env);
  bool ok = count(txn, s->body, &info->pages) && count(txn, s->by_hash, &info->links) &&
            count(txn, s->roots, &info->roots);
  info->used = store_used(s);
  info->map = env.me_mapsize;
  struct stat st;
  ok = ok && fstat(s->data_fd, &st) == 0;
  info->file = ok ? (uint64_t)st.st_size : 0;
  store_read_end(s, txn);
  return ok || err_set(err, ERR_IO, "cannot read the statistics of store %s", s->dir);
}
