#include "common/base/mem.h"
#include "common/base/sys.h"
#include "tests/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[256], path[300], tmp[310];

static void setup(void) {
  const char *base = getenv("TMPDIR");
  snprintf(dir, sizeof dir, "%s/palld-sys-XXXXXX", base && strlen(base) < 200 ? base : P_tmpdir);
  ck_assert_ptr_nonnull(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/file", dir);
  snprintf(tmp, sizeof tmp, "%s.tmp", path);
}

static void teardown(void) {
  unlink(path);
  rmdir(tmp);
  unlink(tmp);
  ck_assert_int_eq(rmdir(dir), 0);
}

// --- a Sys that counts its calls and fails the n-th -------------------------------------------

typedef struct Faulty {
  int fail_at, calls, fds; // fds: opened and not closed
} Faulty;

static bool fails(void *ctx) {
  Faulty *f = ctx;
  if (++f->calls != f->fail_at) return false;
  errno = EDQUOT;
  return true;
}

#define REAL sys_real()

static int faulty_open(void *ctx, const char *p, int flags, mode_t mode) {
  if (fails(ctx)) return -1;
  int fd = REAL->open(NULL, p, flags, mode);
  if (fd >= 0) ((Faulty *)ctx)->fds++;
  return fd;
}
static int faulty_close(void *ctx, int fd) {
  ((Faulty *)ctx)->fds--;
  int result = REAL->close(NULL, fd);
  return fails(ctx) ? -1 : result;
}
static ssize_t faulty_pread(void *ctx, int fd, void *buf, size_t n, off_t off) {
  return fails(ctx) ? -1 : REAL->pread(NULL, fd, buf, n, off);
}
static ssize_t faulty_pwrite(void *ctx, int fd, const void *buf, size_t n, off_t off) {
  return fails(ctx) ? -1 : REAL->pwrite(NULL, fd, buf, n, off);
}
static int faulty_fdatasync(void *ctx, int fd) { return fails(ctx) ? -1 : REAL->fdatasync(NULL, fd); }
static int faulty_rename(void *ctx, const char *a, const char *b) {
  return fails(ctx) ? -1 : REAL->rename(NULL, a, b);
}
static int faulty_sync_dir(void *ctx, const char *d) { return fails(ctx) ? -1 : REAL->sync_dir(NULL, d); }

static Sys faulty(Faulty *f) {
  Sys sys = *REAL;
  sys.ctx = f;
  sys.open = faulty_open;
  sys.close = faulty_close;
  sys.pread = faulty_pread;
  sys.pwrite = faulty_pwrite;
  sys.fdatasync = faulty_fdatasync;
  sys.rename = faulty_rename;
  sys.sync_dir = faulty_sync_dir;
  return sys;
}

// --- whole files -------------------------------------------------------------------------------

static void check_file(const char *want) {
  uint8_t *data;
  size_t len;
  Err err;
  ck_assert_msg(sys_read_file(REAL, path, 1 << 20, &data, &len, &err), "%s", err.msg);
  ck_assert_uint_eq(len, strlen(want));
  ck_assert(!memcmp(data, want, len));
  mem_free(data);
}

START_TEST(files_round_trip) {
  setup();
  Err err = ERR_INIT;
  static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
  for (int i = 0; i < 6; i++) {
    size_t n = sizes[i], len;
    uint8_t *out = mem_alloc(n), *in;
    for (size_t j = 0; j < n; j++) out[j] = (uint8_t)(j * 31);
    ck_assert(sys_write_file(REAL, path, out, n, &err));
    ck_assert(sys_read_file(REAL, path, n, &in, &len, &err));
    ck_assert_uint_eq(len, n);
    ck_assert(!memcmp(in, out, n));
    mem_free(in);
    if (n > 0) {
      ck_assert(!sys_read_file(REAL, path, n - 1, &in, &len, &err));
      ck_assert_int_eq(err.code, ERR_LIMIT);
      ck_assert_str_eq(err.where, path);
    }
    mem_free(out);
  }
  ck_assert_int_eq(access(tmp, F_OK), -1);
  teardown();
}
END_TEST

START_TEST(reading_reports_what_is_wrong) {
  setup();
  uint8_t *data;
  size_t len;
  Err err = ERR_INIT;
  ck_assert(!sys_read_file(REAL, path, 100, &data, &len, &err));
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  ck_assert_str_eq(err.where, path);
  ck_assert_ptr_nonnull(strstr(err.msg, "No such file"));
  ck_assert(!sys_read_file(REAL, dir, 100, &data, &len, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  ck_assert(!sys_read_file(REAL, path, 100, &data, &len, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_ptr_nonnull(strstr(err.msg, "this is a pipe"));
  teardown();
}
END_TEST

START_TEST(each_step_of_reading_can_fail) {
  setup();
  ck_assert(sys_write_file(REAL, path, "old", 3, NULL));
  for (int n = 1; n <= 2; n++) {
    Faulty f = {.fail_at = n};
    Sys sys = faulty(&f);
    uint8_t *data;
    size_t len;
    Err err = ERR_INIT;
    ck_assert(!sys_read_file(&sys, path, 100, &data, &len, &err));
    ck_assert_int_eq(err.code, ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, strerror(EDQUOT)));
    ck_assert_int_eq(f.fds, 0);
  }
  teardown();
}
END_TEST

// open, write, sync, close, rename, sync of the directory: until the rename the old contents stay, no
// temporary file is left, and no descriptor.
START_TEST(each_step_of_writing_can_fail) {
  setup();
  enum { STEPS = 6, SYNC_DIR = 6 };
  for (int n = 1; n <= STEPS; n++) {
    ck_assert(sys_write_file(REAL, path, "old", 3, NULL));
    Faulty f = {.fail_at = n};
    Sys sys = faulty(&f);
    Err err = ERR_INIT;
    ck_assert_msg(!sys_write_file(&sys, path, "newer", 5, &err), "step %d", n);
    ck_assert_int_eq(err.code, n == 1 ? ERR_CREATE : ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, strerror(EDQUOT)));
    ck_assert_str_ne(err.where, "");
    ck_assert_int_eq(f.fds, 0);
    ck_assert_int_eq(access(tmp, F_OK), -1);
    check_file(n == SYNC_DIR ? "newer" : "old");
  }
  Faulty f = {.fail_at = STEPS + 1};
  Sys sys = faulty(&f);
  ck_assert(sys_write_file(&sys, path, "newer", 5, NULL));
  ck_assert_int_eq(f.calls, STEPS);
  check_file("newer");
  teardown();
}
END_TEST

START_TEST(writing_does_not_follow_a_planted_link) {
  setup();
  char victim[300];
  snprintf(victim, sizeof victim, "%s/victim", dir);
  ck_assert(sys_write_file(REAL, victim, "keep", 4, NULL));
  ck_assert_int_eq(symlink(victim, tmp), 0);
  Err err = ERR_INIT;
  ck_assert(!sys_write_file(REAL, path, "x", 1, &err));
  ck_assert_int_eq(err.code, ERR_CREATE);
  struct stat st;
  ck_assert_int_eq(stat(victim, &st), 0);
  ck_assert_int_eq(st.st_size, 4);
  unlink(victim);
  teardown();
}
END_TEST

START_TEST(a_pipe_is_written_to_and_a_folder_is_not) {
  setup();
  char got[8] = {0};
  Err err = ERR_INIT;
  struct stat st;
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ck_assert_msg(sys_write_file(REAL, path, "hello", 5, &err), "%s", err.msg);
  ck_assert_int_eq(read(fd, got, sizeof got), 5);
  ck_assert_str_eq(got, "hello");
  ck_assert(stat(path, &st) == 0 && S_ISFIFO(st.st_mode));
  close(fd);
  ck_assert(!sys_write_file(REAL, dir, "hello", 5, &err));
  ck_assert_int_eq(err.code, ERR_CREATE);
  teardown();
}
END_TEST

START_TEST(a_stale_temporary_is_replaced) {
  setup();
  ck_assert(sys_write_file(REAL, tmp, "left by a crash, and longer", 27, NULL));
  ck_assert(sys_write_file(REAL, path, "x", 1, NULL));
  check_file("x");
  teardown();
}
END_TEST

START_TEST(paths_without_a_directory) {
  setup();
  ck_assert_int_eq(chdir(dir), 0);
  ck_assert(sys_write_file(REAL, "file", "here", 4, NULL));
  check_file("here");
  Err err = ERR_INIT;
  ck_assert(!sys_write_file(REAL, "none/file", "x", 1, &err));
  ck_assert_int_eq(err.code, ERR_CREATE);
  teardown();
}
END_TEST

// --- the calls ---------------------------------------------------------------------------------

START_TEST(positioned_io) {
  setup();
  const Sys *s = REAL;
  int fd = s->open(NULL, path, O_RDWR | O_CREAT | O_EXCL, 0600);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(s->fallocate(NULL, fd, 0, 4096), 0);
  ck_assert_int_eq(s->pwrite(NULL, fd, "abcdef", 6, 4093), 6);
  ck_assert_int_eq(s->fdatasync(NULL, fd), 0);
  char buf[10];
  ck_assert_int_eq(s->pread(NULL, fd, buf, 10, 4092), 7);
  ck_assert(!memcmp(buf, "\0abcdef", 7));
  ck_assert_int_eq(s->ftruncate(NULL, fd, 10), 0);
  ck_assert_int_eq(s->pread(NULL, fd, buf, 10, 10), 0);
  ck_assert_int_eq(s->close(NULL, fd), 0);
  ck_assert_int_eq(s->close(NULL, fd), -1);
  ck_assert_int_eq(s->pread(NULL, fd, buf, 1, 0), -1);
  ck_assert_int_eq(s->pwrite(NULL, fd, buf, 1, 0), -1);
  ck_assert_int_eq(errno, EBADF);
  ck_assert_int_eq(s->sync_dir(NULL, dir), 0);
  ck_assert_int_eq(s->sync_dir(NULL, path), -1);
  ck_assert_int_eq(errno, ENOTDIR);
  ck_assert_int_eq(s->unlink(NULL, path), 0);
  ck_assert_int_eq(s->unlink(NULL, path), -1);
  teardown();
}
END_TEST

START_TEST(clocks_and_randomness) {
  const Sys *s = REAL;
  uint64_t a = s->mono_ns(NULL), b = s->mono_ns(NULL);
  ck_assert_uint_le(a, b);
  ck_assert_uint_gt(s->wall_ns(NULL), (uint64_t)1600000000 * 1000000000);
  uint8_t x[64] = {0}, y[64] = {0};
  s->random(NULL, x, 64);
  s->random(NULL, y, 64);
  ck_assert(memcmp(x, y, 64) != 0);
  uint8_t big[5000] = {0};
  s->random(NULL, big, sizeof big);
  size_t zeros = 0;
  for (size_t i = 4000; i < sizeof big; i++) zeros += big[i] == 0;
  ck_assert_uint_lt(zeros, 100);
}
END_TEST

SUITE_MAIN("sys", files_round_trip, reading_reports_what_is_wrong, each_step_of_reading_can_fail,
           each_step_of_writing_can_fail, writing_does_not_follow_a_planted_link,
           a_stale_temporary_is_replaced, a_pipe_is_written_to_and_a_folder_is_not, paths_without_a_directory,
           positioned_io, clocks_and_randomness)
