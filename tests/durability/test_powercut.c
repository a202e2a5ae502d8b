// The store and the log under power cuts at random points of a real process's file operations, and under each
// call that can fail.
#include "common/base/mem.h"
#include "tests/durability/replay.h"
#include "tests/durability/subject.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *top;

static void setup(void) { top = scratch_dir(); }
static void teardown(void) { scratch_free(top); }

static const char *tool(const char *name) {
  const char *path = getenv(name);
  ck_assert_msg(path != NULL, "%s is not set; run this through meson test", name);
  return path;
}

static void empty_dir(const char *dir) {
  scratch_free(mem_strdup(dir));
  ck_assert(mkdir(dir, 0700) == 0);
}

// Runs the subject under a preloaded library; what it says goes into `said` when that is not NULL.
static int run_subject(const char *dir, const char *rounds, const char *library, char *const env[],
                       Buf *said) {
  int out[2];
  ck_assert(pipe(out) == 0);
  pid_t child = fork();
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    close(out[0]);
    close(out[1]);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    setenv("LD_PRELOAD", library, 1);
    for (size_t i = 0; env[i]; i++) putenv(env[i]);
    execl(tool("PALL_SUBJECT"), "subject", dir, rounds, (char *)NULL);
    _exit(127);
  }
  close(out[1]);
  uint8_t bytes[4096];
  for (ssize_t n; (n = read(out[0], bytes, sizeof bytes)) > 0;)
    if (said) buf_put(said, bytes, (size_t)n);
  close(out[0]);
  int status;
  ck_assert(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The last numbers that were said.
typedef struct Said {
  uint64_t store, log;
} Said;

static Said last_said(const Buf *said) {
  Said s = {0};
  for (size_t i = 0; i < said->len;) {
    const uint8_t *end = memchr(said->data + i, '\n', said->len - i);
    if (!end) break;
    uint64_t k = strtoull((const char *)said->data + i + 1, NULL, 10);
    if (said->data[i] == 'S')
      s.store = k;
    else
      s.log = k;
    i = (size_t)(end - said->data) + 1;
  }
  return s;
}

static uint64_t root_number(Store *store, PageId *top_page) {
  StoreRoot root = {0};
  Err err = ERR_INIT;
  uint64_t k = 0;
  if (store_root_get(store, "n", 1, &root, &err)) {
    ck_assert(root.data_len == sizeof k && root.ref_count == 1);
    memcpy(&k, root.data, sizeof k);
    *top_page = root.refs[0];
  } else {
    ck_assert_msg(err.code == ERR_NOT_FOUND, "%s", err.msg);
  }
  store_root_free(&root);
  return k;
}

// Every promise: it opens, what was said is there, and all of it is what was written.
static void check_dir(const char *dir, Said said) {
  Subject s;
  Err err = ERR_INIT;
  Buf got = {0}, want = {0};
  PageId id = {{0}}, at;
  ck_assert_msg(subject_open(&s, dir, &err), "%s", err.msg);
  uint64_t k = root_number(s.store, &at);
  ck_assert_msg(k >= said.store, "the store has %llu, said was %llu", (unsigned long long)k,
                (unsigned long long)said.store);
  for (uint64_t i = 1; i <= k; i++) {
    subject_page(&want, i, i > 1 ? &id : NULL);
    page_id(&id, want.data, want.len);
    ck_assert_msg(store_get(s.store, &id, &got, &err), "page %llu: %s", (unsigned long long)i, err.msg);
  }
  if (k > 0) ck_assert(page_id_equal(&id, &at));
  ck_assert_msg(wal_next(s.log) > said.log, "the log has %llu, said was %llu",
                (unsigned long long)wal_next(s.log) - 1, (unsigned long long)said.log);
  subject_close(&s);
  buf_free(&got);
  buf_free(&want);
}

// --- power cuts --------------------------------------------------------------------------------

static Trace *traced_run(const char *dir, const char *rounds, const char *base) {
  char *path = mem_printf("%s/trace", top), *a = mem_printf("PALL_TRACE=%s", path),
       *b = mem_printf("PALL_TRACE_DIR=%s", dir);
  char *env[] = {a, b, NULL};
  Trace *t;
  Err err = ERR_INIT;
  unlink(path);
  ck_assert_int_eq(run_subject(dir, rounds, tool("PALL_PRELOAD"), env, NULL), 0);
  ck_assert_msg(trace_load(&t, path, base, &err), "%s", err.msg);
  mem_free(path);
  mem_free(a);
  mem_free(b);
  return t;
}

static void cut_and_check(Trace *t, size_t at, uint64_t seed, const char *out) {
  Err err = ERR_INIT;
  Buf text = {0};
  empty_dir(out);
  ck_assert_msg(trace_cut(t, at, seed, out, &err), "%s", err.msg);
  trace_said(t, at, &text);
  Said said = last_said(&text);
  buf_free(&text);
  check_dir(out, said);
}

START_TEST(power_cuts) {
  char *dir = mem_printf("%s/run", top), *out = mem_printf("%s/cut", top);
  empty_dir(dir);
  Trace *t = traced_run(dir, "60", NULL);
  size_t length = trace_length(t);
  uint64_t rng = 99;
  ck_assert_uint_gt(length, 500);
  check_dir(dir, (Said){60, 60});
  cut_and_check(t, length, 0, out);
  cut_and_check(t, length, 1, out);
  for (size_t i = 0; i < test_scale(120); i++) {
    size_t at = test_random(&rng) % (length + 1);
    cut_and_check(t, at, test_random(&rng) % 5 == 0 ? 1 : 2 + i, out);
  }
  trace_free(t);
  mem_free(dir);
  mem_free(out);
}
END_TEST

// A replay with everything arrived is the directory that the process left.
START_TEST(replay_is_exact) {
  char *dir = mem_printf("%s/run", top), *out = mem_printf("%s/cut", top);
  empty_dir(dir);
  Trace *t = traced_run(dir, "30", NULL);
  Err err = ERR_INIT;
  empty_dir(out);
  ck_assert(trace_cut(t, trace_length(t), 0, out, &err));
  char *command = mem_printf("diff -r -x '*lock' '%s' '%s'", dir, out);
  ck_assert_int_eq(system(command), 0);
  mem_free(command);
  trace_free(t);
  mem_free(dir);
  mem_free(out);
}
END_TEST

// --- faults ------------------------------------------------------------------------------------

typedef struct Fault {
  const char *call;
  int error;
  bool stay;
} Fault;

static unsigned long calls_seen(const char *path) {
  FILE *f = fopen(path, "r");
  unsigned long n = 0;
  if (f && fscanf(f, "%lu", &n) != 1) n = 0;
  if (f) fclose(f);
  return n;
}

// Runs with the n-th call failing; what was said before it ended must be there. Returns the calls seen.
static unsigned long fault_run(const Fault *f, unsigned long n) {
  char *dir = mem_printf("%s/run", top), *count = mem_printf("%s/count", top);
  char *a = mem_printf("PALL_FAULT=%s:%lu:%d%s", f->call, n, f->error, f->stay ? ":stay" : "");
  char *b = mem_printf("PALL_FAULT_DIR=%s", dir), *c = mem_printf("PALL_FAULT_COUNT=%s", count);
  char *env[] = {a, b, c, NULL};
  Buf text = {0};
  empty_dir(dir);
  unlink(count);
  int status = run_subject(dir, "9", tool("PALL_FAULT_LIB"), env, &text);
  ck_assert_msg(status < 128, "%s:%lu ended with signal %d", f->call, n, status - 128);
  Said said = last_said(&text);
  if (status == 0) ck_assert_uint_eq(said.log, 9);
  check_dir(dir, said);
  unsigned long seen = calls_seen(count);
  buf_free(&text);
  mem_free(dir);
  mem_free(count);
  mem_free(a);
  mem_free(b);
  mem_free(c);
  return seen;
}

START_TEST(every_fault) {
  const Fault faults[] = {{"write", EIO, false},      {"write", ENOSPC, true},  {"sync", EIO, false},
                          {"open", EMFILE, false},    {"read", EIO, false},     {"rename", EIO, false},
                          {"allocate", ENOSPC, true}, {"malloc", ENOMEM, false}};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    unsigned long total = fault_run(&faults[i], 1000000), step = test_step(total, 25);
    ck_assert_msg(total > 0, "no call of kind %s", faults[i].call);
    unsigned long runs = 0;
    for (unsigned long n = 1; n <= total; n += step, runs++) fault_run(&faults[i], n);
    printf("%s: %lu calls%s, %lu of them failed\n", faults[i].call, total,
           faults[i].stay ? " and all later ones" : "", runs);
    fflush(stdout);
  }
}
END_TEST

SUITE_MAIN_WITH("durability/powercut", ((SuiteFrame){.setup = setup, .teardown = teardown}),
                {replay_is_exact}, {power_cuts}, {every_fault})
