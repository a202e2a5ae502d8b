// LD_PRELOAD library: writes down every operation on files under PALL_TRACE_DIR, in the order of their
// effects, to the file PALL_TRACE. See trace.h and replay.h.
//
// One lock orders the operations; it is not held while a sync waits. Shared writable mappings of files are
// not seen, except that files whose name ends in "lock" are left out altogether: nobody reads those after a
// restart.
#undef _FILE_OFFSET_BITS // else `open` here would be `open64` behind our back
#include "tests/durability/trace.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SAY_MAX 65536

// An interposed library has no other place for its state than this: it is entered from anywhere.
static struct {
  pthread_mutex_t lock;
  int out; // the trace; -1 when nothing is traced
  char dir[PATH_MAX];
  size_t dir_len;
  uint64_t syncs;
  uint32_t files;
  struct {
    dev_t dev;
    ino_t ino;
  } file[TRACE_FILES]; // by number - 1; the newest of equal ones counts
} st = {.lock = PTHREAD_MUTEX_INITIALIZER, .out = -1};

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
  const char *trace = getenv("PALL_TRACE"), *dir = getenv("PALL_TRACE_DIR");
  if (!trace || !dir || !realpath(dir, st.dir)) return;
  st.dir_len = strlen(st.dir);
  st.out = REAL(open)(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// A process that cannot write its trace would pass for one that did nothing.
static void put(const void *bytes, size_t n) {
  const char *p = bytes;
  while (n > 0) {
    ssize_t done = REAL(write)(st.out, p, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) abort();
    p += done;
    n -= (size_t)done;
  }
}

static void note(TraceOp op, const char *path, const char *path2, const void *data, size_t len) {
  int saved = errno;
  op.magic = TRACE_MAGIC;
  op.path_len = path ? (uint32_t)strlen(path) : 0;
  op.path2_len = path2 ? (uint32_t)strlen(path2) : 0;
  op.data_len = (uint32_t)len;
  put(&op, sizeof op);
  put(path, op.path_len);
  put(path2, op.path2_len);
  put(data, len);
  errno = saved;
}

// A signal handler that writes to a pipe must not meet the lock that its own thread holds.
static __thread sigset_t outside;

static void enter(void) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pthread_mutex_lock(&st.lock);
  outside = before;
}

static void leave(void) {
  sigset_t before = outside;
  pthread_mutex_unlock(&st.lock);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// --- which files are ours ----------------------------------------------------------------------

// The part of an absolute or relative path below the directory, or NULL. The last name need not exist.
static const char *below(int at, const char *path, char out[PATH_MAX]) {
  char parent[PATH_MAX], real[PATH_MAX];
  if (st.out < 0 || strlen(path) >= PATH_MAX) return NULL;
  if (path[0] != '/' && at != AT_FDCWD) return NULL; // nobody here opens relative to a descriptor
  strcpy(parent, path);
  char *slash = strrchr(parent, '/');
  const char *name = slash ? path + (slash - parent) + 1 : path;
  if (slash) slash[slash == parent ? 1 : 0] = 0;
  if (!realpath(slash ? parent : ".", real)) return NULL;
  if (strncmp(real, st.dir, st.dir_len) != 0 || (real[st.dir_len] != '/' && real[st.dir_len] != 0))
    return NULL;
  const char *sub = real[st.dir_len] == '/' ? real + st.dir_len + 1 : "";
  size_t len = strlen(name);
  if (len >= 4 && strcmp(name + len - 4, "lock") == 0) return NULL;
  if (snprintf(out, PATH_MAX, "%s%s%s", sub, *sub ? "/" : "", name) >= PATH_MAX) return NULL;
  return out;
}

static uint32_t file_of(int fd) {
  struct stat s;
  if (st.out < 0 || fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) return 0;
  for (uint32_t i = st.files; i > 0; i--)
    if (st.file[i - 1].ino == s.st_ino && st.file[i - 1].dev == s.st_dev) return i;
  return 0;
}

static uint32_t new_file(int fd) {
  struct stat s;
  if (st.files == TRACE_FILES || fstat(fd, &s) != 0) abort();
  st.file[st.files].dev = s.st_dev;
  st.file[st.files].ino = s.st_ino;
  return ++st.files;
}

static bool says(int fd) {
  struct stat s;
  return st.out >= 0 && fd != st.out && fstat(fd, &s) == 0 && (S_ISSOCK(s.st_mode) || S_ISFIFO(s.st_mode));
}

// --- open --------------------------------------------------------------------------------------

static int traced_open(int at, const char *path, int flags, mode_t mode) {
  char name[PATH_MAX];
  int (*real)(int, const char *, int, ...) = REAL(openat);
  const char *ours = below(at, path, name);
  if (!ours) return real(at, path, flags, mode);
  enter();
  struct stat s;
  bool there = stat(path, &s) == 0;
  int fd = real(at, path, flags, mode);
  if (fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode)) {
    uint32_t file = there ? file_of(fd) : 0;
    if (file == 0) file = new_file(fd);
    note((TraceOp){.kind = TRACE_OPEN, .file = file, .a = !there}, ours, NULL, NULL, 0);
    if (flags & O_TRUNC) note((TraceOp){.kind = TRACE_TRUNCATE, .file = file}, NULL, NULL, NULL, 0);
  }
  leave();
  return fd;
}

#define MODE_ARGUMENT(flags, mode)                                                                           \
  mode_t mode = 0;                                                                                           \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                   \
    va_list args;                                                                                            \
    va_start(args, flags);                                                                                   \
    mode = va_arg(args, mode_t);                                                                             \
    va_end(args);                                                                                            \
  }

int open(const char *path, int flags, ...) {
  MODE_ARGUMENT(flags, mode)
  return traced_open(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
  MODE_ARGUMENT(flags, mode)
  return traced_open(at, path, flags, mode);
}

int creat(const char *path, mode_t mode) {
  return traced_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

// --- write -------------------------------------------------------------------------------------

static uint64_t syncs_itself(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_DSYNC) != 0;
}

static off_t place(int fd, off_t off) {
  struct stat s;
  if (off >= 0) return off;
  if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &s) == 0) return s.st_size;
  return lseek(fd, 0, SEEK_CUR);
}

typedef ssize_t (*Writer)(int fd, const struct iovec *iov, int n, off_t off);

static ssize_t write_current(int fd, const struct iovec *iov, int n, off_t off) {
  return REAL(writev)(fd, iov, n);
}

static ssize_t write_at(int fd, const struct iovec *iov, int n, off_t off) {
  return REAL(pwritev)(fd, iov, n, off);
}

static void note_vector(TraceOp op, const struct iovec *iov, int n, size_t len) {
  char *all = malloc(len + 1);
  size_t have = 0;
  if (!all) abort();
  for (int i = 0; i < n && have < len; i++) {
    size_t part = iov[i].iov_len < len - have ? iov[i].iov_len : len - have;
    memcpy(all + have, iov[i].iov_base, part);
    have += part;
  }
  note(op, NULL, NULL, all, len);
  free(all);
}

// Noted after it went out: a cut in between then asks for less than the outside may have seen, never for
// more. Without the lock, as a peer may keep it waiting.
static ssize_t traced_say(int fd, const struct iovec *iov, int n, off_t off, Writer real) {
  bool said = says(fd);
  ssize_t done = real(fd, iov, n, off);
  if (done <= 0 || !said) return done;
  enter();
  note_vector((TraceOp){.kind = TRACE_SAY, .a = (uint64_t)fd}, iov, n,
              (size_t)done < SAY_MAX ? (size_t)done : SAY_MAX);
  leave();
  return done;
}

static ssize_t traced_write(int fd, const struct iovec *iov, int n, off_t off, Writer real) {
  if (st.out < 0 || fd == st.out) return real(fd, iov, n, off);
  enter();
  uint32_t file = file_of(fd);
  off_t at = file ? place(fd, off) : 0;
  ssize_t done = file ? real(fd, iov, n, off) : 0;
  if (done > 0)
    note_vector((TraceOp){.kind = TRACE_WRITE, .file = file, .a = (uint64_t)at, .b = syncs_itself(fd)}, iov,
                n, (size_t)done);
  leave();
  return file ? done : traced_say(fd, iov, n, off, real);
}

ssize_t write(int fd, const void *buf, size_t n) {
  struct iovec iov = {(void *)buf, n};
  return traced_write(fd, &iov, 1, -1, write_current);
}

ssize_t writev(int fd, const struct iovec *iov, int n) { return traced_write(fd, iov, n, -1, write_current); }

ssize_t pwrite(int fd, const void *buf, size_t n, off_t off) {
  struct iovec iov = {(void *)buf, n};
  return traced_write(fd, &iov, 1, off, write_at);
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t off) {
  return traced_write(fd, iov, n, off, write_at);
}

// --- what goes out -----------------------------------------------------------------------------

static void note_said(int fd, const void *buf, ssize_t done) {
  if (done <= 0 || !says(fd)) return;
  enter();
  note((TraceOp){.kind = TRACE_SAY, .a = (uint64_t)fd}, NULL, NULL, buf,
       (size_t)done < SAY_MAX ? (size_t)done : SAY_MAX);
  leave();
}

ssize_t send(int fd, const void *buf, size_t n, int flags) {
  ssize_t done = REAL(send)(fd, buf, n, flags);
  note_said(fd, buf, done);
  return done;
}

ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *to, socklen_t len) {
  ssize_t done = REAL(sendto)(fd, buf, n, flags, to, len);
  note_said(fd, buf, done);
  return done;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags) {
  ssize_t done = REAL(sendmsg)(fd, msg, flags);
  if (done > 0 && says(fd)) {
    enter();
    note_vector((TraceOp){.kind = TRACE_SAY, .a = (uint64_t)fd}, msg->msg_iov, (int)msg->msg_iovlen,
                (size_t)done < SAY_MAX ? (size_t)done : SAY_MAX);
    leave();
  }
  return done;
}

// --- length ------------------------------------------------------------------------------------

int ftruncate(int fd, off_t len) {
  enter();
  uint32_t file = file_of(fd);
  int rc = REAL(ftruncate)(fd, len);
  if (rc == 0 && file)
    note((TraceOp){.kind = TRACE_TRUNCATE, .file = file, .a = (uint64_t)len}, NULL, NULL, NULL, 0);
  leave();
  return rc;
}

static void note_allocate(int fd, uint64_t end) {
  uint32_t file = file_of(fd);
  if (file) note((TraceOp){.kind = TRACE_ALLOCATE, .file = file, .a = end}, NULL, NULL, NULL, 0);
}

static void unsupported(int fd, const char *call) {
  if (file_of(fd)) note((TraceOp){.kind = TRACE_UNSUPPORTED}, call, NULL, NULL, 0);
}

int fallocate(int fd, int mode, off_t off, off_t len) {
  enter();
  int rc = REAL(fallocate)(fd, mode, off, len);
  if (rc == 0 && mode == 0) note_allocate(fd, (uint64_t)(off + len));
  if (rc == 0 && mode != 0) unsupported(fd, "fallocate with a mode");
  leave();
  return rc;
}

int posix_fallocate(int fd, off_t off, off_t len) {
  enter();
  int rc = REAL(posix_fallocate)(fd, off, len);
  if (rc == 0) note_allocate(fd, (uint64_t)(off + len));
  leave();
  return rc;
}

// --- names -------------------------------------------------------------------------------------

static int traced_rename(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  char a[PATH_MAX], b[PATH_MAX];
  enter();
  const char *ours = below(from_at, from, a), *ours2 = below(to_at, to, b);
  int rc = REAL(renameat2)(from_at, from, to_at, to, flags);
  if (rc == 0 && ours && ours2)
    note((TraceOp){.kind = flags ? TRACE_UNSUPPORTED : TRACE_RENAME}, ours, ours2, NULL, 0);
  else if (rc == 0 && (ours || ours2))
    note((TraceOp){.kind = TRACE_UNSUPPORTED}, "rename across", NULL, NULL, 0);
  leave();
  return rc;
}

int rename(const char *from, const char *to) { return traced_rename(AT_FDCWD, from, AT_FDCWD, to, 0); }

int renameat(int from_at, const char *from, int to_at, const char *to) {
  return traced_rename(from_at, from, to_at, to, 0);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  return traced_rename(from_at, from, to_at, to, flags);
}

int unlinkat(int at, const char *path, int flags) {
  char name[PATH_MAX];
  enter();
  const char *ours = below(at, path, name);
  int rc = REAL(unlinkat)(at, path, flags);
  if (rc == 0 && ours) note((TraceOp){.kind = flags ? TRACE_UNSUPPORTED : TRACE_UNLINK}, ours, NULL, NULL, 0);
  leave();
  return rc;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int mkdirat(int at, const char *path, mode_t mode) {
  char name[PATH_MAX];
  enter();
  const char *ours = below(at, path, name);
  int rc = REAL(mkdirat)(at, path, mode);
  if (rc == 0 && ours) note((TraceOp){.kind = TRACE_MKDIR}, ours, NULL, NULL, 0);
  leave();
  return rc;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

// --- sync --------------------------------------------------------------------------------------

// The directory that `fd` is, below ours ("" for ours itself), or NULL.
static const char *directory_of(int fd, char out[PATH_MAX]) {
  struct stat s;
  char link[64], path[PATH_MAX];
  if (st.out < 0 || fstat(fd, &s) != 0 || !S_ISDIR(s.st_mode)) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t len = readlink(link, path, sizeof path - 1);
  if (len < 0) return NULL;
  path[len] = 0;
  if (strncmp(path, st.dir, st.dir_len) != 0 || (path[st.dir_len] != '/' && path[st.dir_len] != 0))
    return NULL;
  return strcpy(out, path[st.dir_len] ? path + st.dir_len + 1 : "");
}

static int traced_sync(int fd, int (*real)(int)) {
  char name[PATH_MAX];
  enter();
  uint32_t file = file_of(fd);
  const char *dir = file ? NULL : directory_of(fd, name);
  uint64_t number = ++st.syncs;
  if (file) note((TraceOp){.kind = TRACE_SYNC_BEGIN, .file = file, .a = number}, NULL, NULL, NULL, 0);
  if (dir) note((TraceOp){.kind = TRACE_DIR_BEGIN, .a = number}, dir, NULL, NULL, 0);
  leave();
  int rc = real(fd);
  if (rc != 0 || (!file && !dir)) return rc;
  enter();
  if (file) note((TraceOp){.kind = TRACE_SYNC_END, .file = file, .a = number}, NULL, NULL, NULL, 0);
  if (dir) note((TraceOp){.kind = TRACE_DIR_END, .a = number}, dir, NULL, NULL, 0);
  leave();
  return rc;
}

int fsync(int fd) { return traced_sync(fd, REAL(fsync)); }
int fdatasync(int fd) { return traced_sync(fd, REAL(fdatasync)); }

// --- what the replay cannot model --------------------------------------------------------------

ssize_t copy_file_range(int in, off64_t *in_off, int out, off64_t *out_off, size_t n, unsigned flags) {
  enter();
  unsupported(out, "copy_file_range");
  leave();
  return REAL(copy_file_range)(in, in_off, out, out_off, n, flags);
}

ssize_t sendfile(int out, int in, off_t *off, size_t n) {
  enter();
  unsupported(out, "sendfile");
  leave();
  return REAL(sendfile)(out, in, off, n);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off) {
  if (fd >= 0 && (flags & MAP_TYPE) == MAP_SHARED && (prot & PROT_WRITE)) {
    enter();
    unsupported(fd, "a shared writable mapping");
    leave();
  }
  return REAL(mmap)(addr, len, prot, flags, fd, off);
}

// --- the names under which large-file builds call the same -------------------------------------

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));
int creat64(const char *path, mode_t mode) __attribute__((alias("creat")));
ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t off) __attribute__((alias("pwrite")));
ssize_t pwritev64(int fd, const struct iovec *iov, int n, off64_t off) __attribute__((alias("pwritev")));
int ftruncate64(int fd, off64_t len) __attribute__((alias("ftruncate")));
int fallocate64(int fd, int mode, off64_t off, off64_t len) __attribute__((alias("fallocate")));
int posix_fallocate64(int fd, off64_t off, off64_t len) __attribute__((alias("posix_fallocate")));
ssize_t sendfile64(int out, int in, off64_t *off, size_t n) __attribute__((alias("sendfile")));
void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off) __attribute__((alias("mmap")));
