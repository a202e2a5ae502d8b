// The build cache: what is taken from it, what is compiled anew, damage, several processes at once.
#include "client/library.h"
#include "common/base/mem.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir, *folder;

static void setup(void) {
  dir = scratch_dir();
  folder = mem_printf("%s/cache/pall", dir);
  char *base = mem_printf("%s/cache", dir), *lib = mem_printf("%s/lib", dir);
  setenv("XDG_CACHE_HOME", base, 1);
  setenv("PALL_LIB", lib, 1);
  ck_assert_int_eq(mkdir(lib, 0700), 0);
  mem_free(base);
  mem_free(lib);
}

static void teardown(void) {
  mem_free(folder);
  scratch_free(dir);
}

// --- modules that count how often they run ---------------------------------------------------------
static void write_module(const char *name, const char *before, const char *text) {
  char *path = mem_printf("%s/lib/%s.sire", dir, name);
  FILE *f = fopen(path, "w");
  fprintf(f, "#### %s%s%s\n\n%s", name, before ? " <- " : "", before ? before : "", text);
  ck_assert_int_eq(fclose(f), 0);
  mem_free(path);
}

// one <- two <- three; each defines its name, and asserts once.
static void write_chain(const char *one, const char *two, const char *three) {
  write_module("one", NULL, one);
  write_module("two", "one", two);
  write_module("three", "two", three);
}
#define ONE "= one 1\n\n=?= 1 one\n"
#define TWO ":| one\n\n= two (3 one)\n\n=?= 2 two\n"
#define THREE ":| two\n\n= three (3 two)\n\n=?= 3 three\n"

typedef struct Run {
  Buf ran; // modules in order, "one two "
  CacheCounts counts;
  uint64_t value;
  bool ok;
} Run;

static void on_module(void *ctx, const char *module, const char *path) {
  buf_printf(&((Run *)ctx)->ran, "%s ", module);
}

// Loads the module as a verb in a process of its own would, and looks up the name in it.
static Run run(const char *module, LibraryUse use) {
  Run r = {0};
  Library l;
  Err err = ERR_INIT;
  SireEvents events = {.ctx = &r, .module = on_module};
  ck_assert(library_open(&l, NULL, &events, use, &err));
  r.ok = library_load(&l, module, &err);
  r.counts = library_counts(&l);
  Ref v = r.ok ? sire_lookup(l.sire, module, &err) : 0;
  if (v) ck_assert(plan_nat_u64(l.m, v, &r.value));
  library_close(&l);
  return r;
}

static void must_run(const char *module, LibraryUse use, const char *ran, uint64_t value) {
  Run r = run(module, use);
  ck_assert(r.ok);
  ck_assert_str_eq(buf_cstr(&r.ran), ran);
  ck_assert_uint_eq(r.value, value);
  buf_free(&r.ran);
}

// --- files -----------------------------------------------------------------------------------------
static size_t count_files(char **last) {
  DIR *d = opendir(folder);
  size_t n = 0;
  if (last) *last = NULL;
  for (struct dirent *e; d && (e = readdir(d));) {
    if (e->d_name[0] == '.' && (e->d_name[1] == 0 || e->d_name[1] == '.')) continue;
    n++;
    if (last) mem_free(*last), *last = mem_printf("%s/%s", folder, e->d_name);
  }
  if (d) closedir(d);
  return n;
}

static Buf read_file(const char *path) {
  Buf b = {0};
  FILE *f = fopen(path, "r");
  char chunk[65536];
  for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;) buf_put(&b, chunk, n);
  fclose(f);
  ck_assert_ptr_nonnull(b.data);
  return b;
}

static void write_file(const char *path, const void *data, size_t len) {
  FILE *f = fopen(path, "w");
  ck_assert_uint_eq(fwrite(data, 1, len, f), len);
  fclose(f);
}

// --- what is compiled ------------------------------------------------------------------------------
START_TEST(once_is_enough) {
  write_chain(ONE, TWO, THREE);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  must_run("three", LIBRARY_CACHED, "", 3);
  must_run("two", LIBRARY_CACHED, "", 2); // the file of three holds it
  ck_assert_uint_eq(count_files(NULL), 1);
}
END_TEST

START_TEST(only_what_follows_a_change) {
  write_chain(ONE, TWO, THREE);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  write_module("three", "two", ":| two\n\n= three (3 (3 two))\n");
  must_run("three", LIBRARY_CACHED, "three ", 4);
  write_module("two", "one", ":| one\n\n= two (3 (3 one))\n");
  must_run("three", LIBRARY_CACHED, "two three ", 5);
  write_chain(ONE, TWO, THREE); // as it was before
  must_run("three", LIBRARY_CACHED, "", 3);
  write_module("one", NULL, "= one 7\n");
  must_run("one", LIBRARY_CACHED, "one ", 7);
}
END_TEST

// A check runs the file it is given, and counts what it does not run again.
START_TEST(a_check_runs_its_file) {
  write_chain(ONE, TWO, THREE);
  for (int i = 0; i < 2; i++) {
    Run r = run("three", LIBRARY_RUN_FILE);
    ck_assert_str_eq(buf_cstr(&r.ran), i == 0 ? "one two three " : "three ");
    ck_assert_uint_eq(r.counts.held, 3);
    ck_assert_uint_eq(r.counts.failed, 0);
    buf_free(&r.ran);
  }
}
END_TEST

// What does not hold is said every time.
START_TEST(failed_assertions_are_not_kept) {
  write_chain(ONE, ":| one\n\n= two (3 one)\n\n=?= 9 two\n", THREE);
  for (int i = 0; i < 2; i++) {
    Run r = run("three", LIBRARY_CACHED);
    ck_assert_str_eq(buf_cstr(&r.ran), i == 0 ? "one two three " : "two three ");
    ck_assert_uint_eq(r.counts.held, 2);
    ck_assert_uint_eq(r.counts.failed, 1);
    buf_free(&r.ran);
  }
}
END_TEST

START_TEST(what_does_not_load_is_not_kept) {
  write_chain(ONE, TWO, ":| two\n\n= three nothing\n");
  for (int i = 0; i < 2; i++) {
    Run r = run("three", LIBRARY_CACHED);
    ck_assert(!r.ok);
    ck_assert_str_eq(buf_cstr(&r.ran), i == 0 ? "one two " : "");
    buf_free(&r.ran);
  }
}
END_TEST

// --- damage ----------------------------------------------------------------------------------------
// Bits flipped, bytes cut off or added, at places of chance.
static void damage(uint64_t *seed, Buf *file) {
  uint64_t x = test_random(seed), at = test_random(seed) % file->len;
  switch (x % 4) {
  case 0: file->data[at] ^= (uint8_t)(1u << (x >> 8 & 7)); break;
  case 1: file->len = at; break;
  case 2: buf_u8(file, (uint8_t)(x >> 8)); break;
  default: memset(file->data + at, 0, file->len - at < 512 ? file->len - at : 512); break;
  }
}

START_TEST(damage_is_mended) {
  uint64_t seed = 20240607;
  char *path;
  write_chain(ONE, TWO, THREE);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  ck_assert_uint_eq(count_files(&path), 1);
  Buf whole = read_file(path);
  for (size_t i = 0, n = test_scale(200); i < n; i++) {
    Buf bad = {0};
    buf_put(&bad, whole.data, whole.len);
    damage(&seed, &bad);
    bool same = bad.len == whole.len && memcmp(bad.data, whole.data, whole.len) == 0;
    write_file(path, bad.data, bad.len);
    must_run("three", LIBRARY_CACHED, same ? "" : "one two three ", 3);
    Buf mended = read_file(path);
    ck_assert_uint_eq(mended.len, whole.len);
    ck_assert_int_eq(memcmp(mended.data, whole.data, whole.len), 0);
    buf_free(&mended);
    buf_free(&bad);
  }
  buf_free(&whole);
  mem_free(path);
}
END_TEST

// Of another format version, of another build, without a byte, a folder: none of them is a file.
START_TEST(strangers) {
  char *path;
  write_chain(ONE, TWO, THREE);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  ck_assert_uint_eq(count_files(&path), 1);
  Buf whole = read_file(path);
  static const size_t PLACES[] = {0, 4, 40, 72};
  for (size_t i = 0; i < 4; i++) {
    whole.data[PLACES[i]]++;
    write_file(path, whole.data, whole.len);
    whole.data[PLACES[i]]--;
    must_run("three", LIBRARY_CACHED, "one two three ", 3);
  }
  write_file(path, "", 0);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(mkdir(path, 0700), 0);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  ck_assert_int_eq(rmdir(path), 0);
  buf_free(&whole);
  mem_free(path);
}
END_TEST

// A folder that others may write to could hold anything, so it is not used.
START_TEST(a_folder_of_everyone) {
  write_chain(ONE, TWO, THREE);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  ck_assert_int_eq(chmod(folder, 0777), 0);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  ck_assert_int_eq(chmod(folder, 0700), 0);
  must_run("three", LIBRARY_CACHED, "", 3);
}
END_TEST

START_TEST(no_folder) {
  write_chain(ONE, TWO, THREE);
  setenv("XDG_CACHE_HOME", "/dev/null", 1);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
}
END_TEST

// --- bounds and company ----------------------------------------------------------------------------
START_TEST(the_oldest_go) {
  char *text = NULL;
  for (int i = 0; i < CACHE_FILES + 8; i++) {
    text = mem_printf("= one %d\n", i);
    write_module("one", NULL, text);
    must_run("one", LIBRARY_CACHED, "one ", (uint64_t)i);
    mem_free(text);
    usleep(2000); // times of files have a grain
  }
  ck_assert_uint_eq(count_files(NULL), CACHE_FILES);
  write_module("one", NULL, "= one 0\n");
  must_run("one", LIBRARY_CACHED, "one ", 0);
  text = mem_printf("= one %d\n", CACHE_FILES + 7);
  write_module("one", NULL, text);
  must_run("one", LIBRARY_CACHED, "", CACHE_FILES + 7);
  mem_free(text);
}
END_TEST

// Writers and readers of the same files, some of which are killed: every answer is right, and in the end
// the files are whole.
START_TEST(many_at_once) {
  enum { PROCESSES = 6, ROUNDS = 25 };
  pid_t pids[PROCESSES];
  write_chain(ONE, TWO, THREE);
  for (int p = 0; p < PROCESSES; p++) {
    pids[p] = fork();
    if (pids[p] != 0) continue;
    bool ok = true;
    for (int i = 0; i < ROUNDS && ok; i++) {
      char *path = NULL;
      if ((i + p) % 3 == 0 && count_files(&path) > 0 && path) unlink(path);
      Run r = run(p % 2 ? "three" : "two", LIBRARY_CACHED);
      ok = r.ok && r.value == (p % 2 ? 3 : 2);
      buf_free(&r.ran);
      mem_free(path);
    }
    _exit(ok ? 0 : 1);
  }
  usleep(20000);
  kill(pids[0], SIGKILL);
  for (int p = 0; p < PROCESSES; p++) {
    int status;
    waitpid(pids[p], &status, 0);
    if (p > 0) ck_assert_int_eq(status, 0);
  }
  Run last = run("three", LIBRARY_CACHED);
  ck_assert_uint_eq(last.value, 3);
  buf_free(&last.ran);
  must_run("three", LIBRARY_CACHED, "", 3);
}
END_TEST

START_TEST(use_and_removal) {
  Err err = ERR_INIT;
  CacheUse removed;
  write_chain(ONE, TWO, THREE);
  must_run("three", LIBRARY_CACHED, "one two three ", 3);
  char *other = mem_printf("%s/notes.txt", folder);
  write_file(other, "mine", 4);
  CacheUse use = cache_folder_use(folder);
  ck_assert_uint_eq(use.files, 1);
  ck_assert(cache_folder_clear(folder, &removed, &err));
  ck_assert_uint_eq(removed.bytes, use.bytes);
  ck_assert_uint_eq(cache_folder_use(folder).files, 0);
  ck_assert_int_eq(access(other, F_OK), 0);
  ck_assert(cache_folder_clear("/nonexistent", &removed, &err));
  mem_free(other);
}
END_TEST

SUITE_MAIN_WITH("client/cache", ((SuiteFrame){.setup = setup, .teardown = teardown}), {once_is_enough},
                {only_what_follows_a_change}, {a_check_runs_its_file}, {failed_assertions_are_not_kept},
                {what_does_not_load_is_not_kept}, {damage_is_mended}, {strangers}, {a_folder_of_everyone},
                {no_folder}, {the_oldest_go}, {many_at_once}, {use_and_removal})
