#include "common/base/log.h"
#include "tests/suite.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Lines go into a temporary file; all() reads what has been written.
static char text[1 << 20];

static Log file_log(LogLevel level) {
  FILE *file = tmpfile();
  ck_assert_ptr_nonnull(file);
  return (Log){.fd = dup(fileno(file)), .level = level};
}

static const char *all(const Log *log) {
  ssize_t n = pread(log->fd, text, sizeof text - 1, 0);
  ck_assert_int_ge(n, 0);
  text[n] = 0;
  return text;
}

START_TEST(lines_name_level_and_subsystem) {
  Log log = file_log(LOG_DEBUG);
  log_line(&log, LOG_ERROR, "store", "page %d is bad", 3);
  log_line(&log, LOG_WARN, "store", "w");
  log_line(&log, LOG_INFO, "ctl", "i");
  log_line(&log, LOG_DEBUG, "ctl", "d");
  ck_assert_str_eq(all(&log), "error store: page 3 is bad\nwarn store: w\ninfo ctl: i\ndebug ctl: d\n");
}
END_TEST

START_TEST(lower_levels_are_dropped) {
  Log log = file_log(LOG_WARN);
  log_line(&log, LOG_INFO, "a", "x");
  log_line(&log, LOG_DEBUG, "a", "x");
  log_line(&log, LOG_WARN, "a", "y");
  ck_assert_str_eq(all(&log), "warn a: y\n");
}
END_TEST

START_TEST(journal_prefix) {
  Log log = file_log(LOG_DEBUG);
  log.journal = true;
  log_line(&log, LOG_ERROR, "a", "x");
  log_line(&log, LOG_DEBUG, "a", "x");
  ck_assert_str_eq(all(&log), "<3>a: x\n<7>a: x\n");
}
END_TEST

START_TEST(foreign_bytes_are_escaped) {
  Log log = file_log(LOG_DEBUG);
  log_line(&log, LOG_INFO, "cog\n", "%s", "a\nerror store: forged\r\x1b[2J\x7f\\n \xc3\xa9");
  ck_assert_str_eq(all(&log), "info cog\\n: a\\nerror store: forged\\x0d\\x1b[2J\\x7f\\\\n \\xc3\\xa9\n");
}
END_TEST

START_TEST(long_lines_are_cut_and_end) {
  char big[20000];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = 0;
  Log log = file_log(LOG_DEBUG);
  log_line(&log, LOG_INFO, "a", "%s", big);
  size_t len = strlen(all(&log));
  ck_assert_uint_le(len, 4096);
  ck_assert_uint_gt(len, 4000);
  ck_assert_str_eq(text + len - 4, "...\n");
  // Escapes are four times as long, and never cut in the middle.
  memset(big, 1, sizeof big - 1);
  Log other = file_log(LOG_DEBUG);
  log_line(&other, LOG_INFO, "a", "%s", big);
  len = strlen(all(&other));
  ck_assert_uint_le(len, 4096);
  ck_assert_str_eq(text + len - 8, "\\x01...\n");
}
END_TEST

START_TEST(errno_is_kept_and_failure_is_silent) {
  Log log = {.fd = -1, .level = LOG_DEBUG};
  errno = ENOSPC;
  log_line(&log, LOG_ERROR, "a", "x");
  ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(the_journal_is_recognised) {
  struct stat st;
  char env[64];
  ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
  snprintf(env, sizeof env, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
  setenv("JOURNAL_STREAM", env, 1);
  ck_assert(log_stderr(LOG_INFO).journal);
  strcat(env, "x");
  setenv("JOURNAL_STREAM", env, 1);
  ck_assert(!log_stderr(LOG_INFO).journal);
  setenv("JOURNAL_STREAM", "1:18446744073709551615", 1);
  ck_assert(!log_stderr(LOG_INFO).journal);
  setenv("JOURNAL_STREAM", "", 1);
  ck_assert(!log_stderr(LOG_INFO).journal);
  unsetenv("JOURNAL_STREAM");
  Log log = log_stderr(LOG_WARN);
  ck_assert(!log.journal);
  ck_assert_int_eq(log.fd, STDERR_FILENO);
  ck_assert_int_eq(log.level, LOG_WARN);
}
END_TEST

enum { THREADS = 4, LINES = 500 };

static void *writer(void *arg) {
  for (int i = 0; i < LINES; i++) log_line(arg, LOG_INFO, "thread", "%s", "one whole line, never mixed");
  return NULL;
}

START_TEST(threads_do_not_mix_lines) {
  Log log = file_log(LOG_DEBUG);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, writer, &log), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  const char *line = "info thread: one whole line, never mixed\n", *at = all(&log);
  for (int i = 0; i < THREADS * LINES; i++, at += strlen(line))
    ck_assert_int_eq(strncmp(at, line, strlen(line)), 0);
  ck_assert_int_eq(*at, 0);
}
END_TEST

SUITE_MAIN("log", lines_name_level_and_subsystem, lower_levels_are_dropped, journal_prefix,
           foreign_bytes_are_escaped, long_lines_are_cut_and_end, errno_is_kept_and_failure_is_silent,
           the_journal_is_recognised, threads_do_not_mix_lines)
