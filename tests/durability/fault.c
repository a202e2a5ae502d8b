// LD_PRELOAD library: makes one call fail.
//
//   PALL_FAULT        CALL:N:ERRNO[:stay]   the N-th call of the kind, counted from 1, fails with the number
//   ERRNO;
//                                           with "stay" all later ones too. CALL: open write sync read rename
//                                           allocate malloc
//   PALL_FAULT_DIR    only files under this directory count (malloc: always)
//   PALL_FAULT_COUNT  a file that gets the number of calls seen, at exit, so that a loop over N knows its end
#undef _FILE_OFFSET_BITS // else `open` here would be `open64` behind our back
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

// glibc's own allocator, by the names that stay when ours stand before them.
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

// An interposed library has no other place for its state than this.
static struct {
  char call[16];
  unsigned long nth;
  int error;
  bool stay, armed;
  char dir[PATH_MAX];
  size_t dir_len;
  const char *count_path;
  atomic_ulong seen;
} st;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
  const char *fault = getenv("PALL_FAULT"), *dir = getenv("PALL_FAULT_DIR");
  char stay[8] = "";
  if (!fault || sscanf(fault, "%15[a-z]:%lu:%d:%7s", st.call, &st.nth, &st.error, stay) < 3) return;
  st.stay = strcmp(stay, "stay") == 0;
  if (dir && !realpath(dir, st.dir)) return;
  st.dir_len = strlen(st.dir);
  st.count_path = getenv("PALL_FAULT_COUNT");
  st.armed = true;
}

__attribute__((destructor)) static void finish(void) {
  if (!st.armed || !st.count_path) return;
  st.armed = false;
  FILE *f = fopen(st.count_path, "w");
  if (!f) return;
  fprintf(f, "%lu\n", atomic_load(&st.seen));
  fclose(f);
}

static bool strikes(const char *call) {
  if (!st.armed || strcmp(call, st.call) != 0) return false;
  unsigned long n = atomic_fetch_add(&st.seen, 1) + 1;
  if (n != st.nth && !(st.stay && n > st.nth)) return false;
  errno = st.error;
  return true;
}

static bool below(const char *path) {
  char real[PATH_MAX], parent[PATH_MAX];
  if (st.dir_len == 0) return true;
  if (!path || strlen(path) >= PATH_MAX) return false;
  strcpy(parent, path);
  char *slash = strrchr(parent, '/');
  if (slash) slash[slash == parent ? 1 : 0] = 0;
  if (!realpath(slash ? parent : ".", real)) return false;
  return strncmp(real, st.dir, st.dir_len) == 0 && (real[st.dir_len] == 0 || real[st.dir_len] == '/');
}

static bool fd_below(int fd) {
  char link[64], path[PATH_MAX];
  if (st.dir_len == 0) return true;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t len = readlink(link, path, sizeof path - 1);
  if (len <= 0) return false;
  path[len] = 0;
  return strncmp(path, st.dir, st.dir_len) == 0 && (path[st.dir_len] == 0 || path[st.dir_len] == '/');
}

static bool fd_strikes(const char *call, int fd) { return st.armed && fd_below(fd) && strikes(call); }
static bool path_strikes(const char *call, const char *path) {
  return st.armed && below(path) && strikes(call);
}

int openat(int at, const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
  va_end(args);
  return path_strikes("open", path) ? -1 : REAL(openat)(at, path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
  va_end(args);
  return path_strikes("open", path) ? -1 : REAL(openat)(AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void *buf, size_t n) {
  return fd_strikes("write", fd) ? -1 : REAL(write)(fd, buf, n);
}
ssize_t pwrite(int fd, const void *buf, size_t n, off_t off) {
  return fd_strikes("write", fd) ? -1 : REAL(pwrite)(fd, buf, n, off);
}
ssize_t writev(int fd, const struct iovec *iov, int n) {
  return fd_strikes("write", fd) ? -1 : REAL(writev)(fd, iov, n);
}
ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t off) {
  return fd_strikes("write", fd) ? -1 : REAL(pwritev)(fd, iov, n, off);
}
ssize_t read(int fd, void *buf, size_t n) { return fd_strikes("read", fd) ? -1 : REAL(read)(fd, buf, n); }
ssize_t pread(int fd, void *buf, size_t n, off_t off) {
  return fd_strikes("read", fd) ? -1 : REAL(pread)(fd, buf, n, off);
}
int fsync(int fd) { return fd_strikes("sync", fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fd_strikes("sync", fd) ? -1 : REAL(fdatasync)(fd); }
int fallocate(int fd, int mode, off_t off, off_t len) {
  return fd_strikes("allocate", fd) ? -1 : REAL(fallocate)(fd, mode, off, len);
}
int ftruncate(int fd, off_t len) { return fd_strikes("allocate", fd) ? -1 : REAL(ftruncate)(fd, len); }
int rename(const char *from, const char *to) {
  return path_strikes("rename", from) ? -1 : REAL(rename)(from, to);
}

void *malloc(size_t n) { return strikes("malloc") ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return strikes("malloc") ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return strikes("malloc") ? NULL : __libc_realloc(p, n); }

// The names under which large-file builds call the same.
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));
ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t off) __attribute__((alias("pwrite")));
ssize_t pwritev64(int fd, const struct iovec *iov, int n, off64_t off) __attribute__((alias("pwritev")));
ssize_t pread64(int fd, void *buf, size_t n, off64_t off) __attribute__((alias("pread")));
int fallocate64(int fd, int mode, off64_t off, off64_t len) __attribute__((alias("fallocate")));
int ftruncate64(int fd, off64_t len) __attribute__((alias("ftruncate")));
