#include "common/base/sys.h"
#include "common/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Repeats a call that a signal interrupted.
#define RETRY(call)                                                                                          \
  ({                                                                                                         \
    __typeof__(call) retry_result;                                                                           \
    do retry_result = (call);                                                                                \
    while (retry_result < 0 && errno == EINTR);                                                              \
    retry_result;                                                                                            \
  })

static int real_open(void *ctx, const char *path, int flags, mode_t mode) {
  return RETRY(open(path, flags, mode));
}

// After EINTR Linux has released the descriptor already; closing again could hit another thread's.
static int real_close(void *ctx, int fd) {
  int result = close(fd);
  return result < 0 && errno == EINTR ? 0 : result;
}

static ssize_t real_pread(void *ctx, int fd, void *buf, size_t n, off_t off) {
  size_t done = 0;
  while (done < n) {
    ssize_t got = RETRY(pread(fd, (char *)buf + done, n - done, off + (off_t)done));
    if (got < 0) return -1;
    if (got == 0) break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

static ssize_t real_pwrite(void *ctx, int fd, const void *buf, size_t n, off_t off) {
  size_t done = 0;
  while (done < n) {
    ssize_t put = RETRY(pwrite(fd, (const char *)buf + done, n - done, off + (off_t)done));
    if (put < 0) return -1;
    if (put == 0) {
      errno = EIO;
      return -1;
    }
    done += (size_t)put;
  }
  return (ssize_t)done;
}

static int real_fdatasync(void *ctx, int fd) { return RETRY(fdatasync(fd)); }

static int real_fallocate(void *ctx, int fd, off_t off, off_t len) {
  return RETRY(fallocate(fd, 0, off, len));
}

static int real_ftruncate(void *ctx, int fd, off_t len) { return RETRY(ftruncate(fd, len)); }

static int real_rename(void *ctx, const char *from, const char *to) { return rename(from, to); }

static int real_unlink(void *ctx, const char *path) { return unlink(path); }

static int real_sync_dir(void *ctx, const char *dir) {
  int fd = RETRY(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd < 0) return -1;
  int result = RETRY(fsync(fd)), saved = errno;
  real_close(ctx, fd);
  errno = saved;
  return result;
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec ts;
  if (clock_gettime(clock, &ts) != 0) abort(); // both clocks exist on every Linux we build for
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t real_wall_ns(void *ctx) { return clock_ns(CLOCK_REALTIME); }

static uint64_t real_mono_ns(void *ctx) { return clock_ns(CLOCK_MONOTONIC); }

// Without randomness keys and seeds would be guessable, so there is no going on.
static void real_random(void *ctx, void *out, size_t n) {
  for (size_t done = 0; done < n;) {
    ssize_t got = RETRY(getrandom((char *)out + done, n - done, 0));
    if (got < 0) {
      perror("palld: getrandom");
      abort();
    }
    done += (size_t)got;
  }
}

unsigned sys_cores(void) {
  cpu_set_t mine;
  int n = sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : 1;
  return n > 0 ? (unsigned)n : 1;
}

const Sys *sys_real(void) {
  static const Sys real = {
      .open = real_open,
      .close = real_close,
      .pread = real_pread,
      .pwrite = real_pwrite,
      .fdatasync = real_fdatasync,
      .fallocate = real_fallocate,
      .ftruncate = real_ftruncate,
      .rename = real_rename,
      .unlink = real_unlink,
      .sync_dir = real_sync_dir,
      .wall_ns = real_wall_ns,
      .mono_ns = real_mono_ns,
      .random = real_random,
  };
  return &real;
}

// --- whole files -------------------------------------------------------------------------------

#define READ_STEP 65536

static bool path_error(Err *err, ErrCode code, const char *doing, const char *path) {
  err_sys(err, code, errno, "cannot %s", doing);
  return err_at(err, "%s", path);
}

static bool read_error(Err *err, const char *path) {
  if (errno != ESPIPE) return path_error(err, ERR_IO, "read the file", path);
  err_set(err, ERR_IO, "this is a pipe: write what comes from it to a file, and name that");
  return err_at(err, "%s", path);
}

static bool too_big(Err *err, const char *path, size_t max) {
  err_set(err, ERR_LIMIT, "file is larger than the limit of %zu bytes", max);
  return err_at(err, "%s", path);
}

// Memory grows with what was read, not with `max`: a limit is no promise that the file is that big.
static bool read_all(const Sys *sys, int fd, const char *path, size_t max, uint8_t **data, size_t *len,
                     Err *err) {
  uint8_t *buf = NULL;
  size_t have = 0, cap = 0;
  for (;;) {
    if (have > max) {
      mem_free(buf);
      return too_big(err, path, max);
    }
    size_t step = max - have < READ_STEP ? max - have + 1 : READ_STEP; // one over: shows what is too big
    mem_reserve(buf, cap, mem_add(have, step));
    ssize_t got = sys->pread(sys->ctx, fd, buf + have, step, (off_t)have);
    if (got < 0) {
      read_error(err, path);
      mem_free(buf);
      return false;
    }
    have += (size_t)got;
    if ((size_t)got < step) break;
  }
  *data = buf;
  *len = have;
  return true;
}

bool sys_read_file(const Sys *sys, const char *path, size_t max, uint8_t **data, size_t *len, Err *err) {
  // O_NONBLOCK: a FIFO put in the file's place must fail, not wait for a writer.
  int fd = sys->open(sys->ctx, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) {
    bool absent = errno == ENOENT || errno == ENOTDIR;
    return path_error(err, absent ? ERR_NOT_FOUND : ERR_IO, "open the file", path);
  }
  bool ok = read_all(sys, fd, path, max, data, len, err);
  sys->close(sys->ctx, fd);
  return ok;
}

// The directory part of a path, for the sync after the rename.
static char *dir_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return mem_strdup(".");
  if (slash == path) return mem_strdup("/");
  char *dir = mem_strdup(path);
  dir[slash - path] = 0;
  return dir;
}

static bool write_synced(const Sys *sys, const char *tmp, const void *data, size_t len, Err *err) {
  int fd = sys->open(sys->ctx, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd < 0) return path_error(err, ERR_CREATE, "create the file", tmp);
  bool ok = true;
  if (len && sys->pwrite(sys->ctx, fd, data, len, 0) < 0) ok = path_error(err, ERR_IO, "write the file", tmp);
  if (ok && sys->fdatasync(sys->ctx, fd) < 0) ok = path_error(err, ERR_IO, "sync the file", tmp);
  if (sys->close(sys->ctx, fd) < 0 && ok) ok = path_error(err, ERR_IO, "close the file", tmp);
  if (!ok) sys->unlink(sys->ctx, tmp);
  return ok;
}

// Into a device or a pipe.
static bool write_through(const char *path, const char *data, size_t len, Err *err) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return path_error(err, ERR_CREATE, "write to this", path);
  bool ok = true;
  while (ok && len > 0) {
    ssize_t n = write(fd, data, len);
    if (n < 0 && errno != EINTR) ok = path_error(err, ERR_IO, "write to this", path);
    if (n > 0) data += n, len -= (size_t)n;
  }
  if (close(fd) < 0 && ok) ok = path_error(err, ERR_IO, "write to this", path);
  return ok;
}

bool sys_write_file(const Sys *sys, const char *path, const void *data, size_t len, Err *err) {
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) return write_through(path, data, len, err);
  char *tmp = mem_printf("%s.tmp", path), *dir = dir_of(path);
  bool ok = write_synced(sys, tmp, data, len, err);
  if (ok && sys->rename(sys->ctx, tmp, path) < 0) {
    ok = path_error(err, ERR_IO, "rename into place", path);
    sys->unlink(sys->ctx, tmp);
  }
  if (ok && sys->sync_dir(sys->ctx, dir) < 0) ok = path_error(err, ERR_IO, "sync the directory", dir);
  mem_free(tmp);
  mem_free(dir);
  return ok;
}
