// Seams to the operating system: files, clock, randomness. The daemon and the store call the system
// only through a Sys, so that a test can fail the n-th call, stop the clock, or fix the randomness.
// `sys_real()` is the real one. All calls are safe from any thread.
#pragma once
#include "common/base/err.h"
#include <stdint.h>
#include <sys/types.h>

typedef struct Sys {
  void *ctx;
  // Files: results and errno as the system calls of these names; EINTR never seen; pwrite and pread
  // are complete or fail (a short pread means end of file).
  int (*open)(void *ctx, const char *path, int flags, mode_t mode);
  int (*close)(void *ctx, int fd);
  ssize_t (*pread)(void *ctx, int fd, void *buf, size_t n, off_t off);
  ssize_t (*pwrite)(void *ctx, int fd, const void *buf, size_t n, off_t off);
  int (*fdatasync)(void *ctx, int fd);
  int (*fallocate)(void *ctx, int fd, off_t off, off_t len);
  int (*ftruncate)(void *ctx, int fd, off_t len);
  int (*rename)(void *ctx, const char *from, const char *to);
  int (*unlink)(void *ctx, const char *path);
  int (*sync_dir)(void *ctx, const char *dir); // makes renames and new files in dir durable
  // Clock: nanoseconds since the epoch, and monotonic.
  uint64_t (*wall_ns)(void *ctx);
  uint64_t (*mono_ns)(void *ctx);
  void (*random)(void *ctx, void *out, size_t n);
} Sys;

const Sys *sys_real(void);

// Processors that this process may use; at least 1.
unsigned sys_cores(void);

// Reads a whole file of at most `max` bytes; the caller owns *data (mem_free). ERR_NOT_FOUND, ERR_IO,
// ERR_LIMIT with `where` set to the path.
bool sys_read_file(const Sys *sys, const char *path, size_t max, uint8_t **data, size_t *len, Err *err);

// Writes data to path.tmp, syncs, renames into place, syncs the directory. What is there and is no file, such
// as a device or a pipe, stays and gets the data.
bool sys_write_file(const Sys *sys, const char *path, const void *data, size_t len, Err *err);
