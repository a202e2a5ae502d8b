#include "common/base/mem.h"
#include "tests/store/support.h"
#include "tests/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;

static void setup(void) { dir = scratch_dir(); }
static void teardown(void) { scratch_free(dir); }

static void open_fails(const StoreOptions *o, ErrCode code, const char *part) {
  Store *s;
  Err err = ERR_INIT;
  ck_assert(!store_open(&s, sys_real(), dir, o, &err));
  ck_assert_ptr_null(s);
  ck_assert_msg(err.code == code, "%s: %s", err_code_name(err.code), err.msg);
  ck_assert_msg(strstr(err.msg, part) != NULL, "'%s' does not say '%s'", err.msg, part);
}

static char *data_path(void) { return mem_printf("%s/pages.mdb", dir); }

START_TEST(put_and_get) {
  Store *s = open_store(dir);
  Buf page = {0}, got = {0};
  Err err = ERR_INIT;
  PageId child = put_page(s, NULL, 0, 1, 100), id;
  make_page(&page, PAGE_VALUE, &child, 1, 2, 5000);
  StoreBatch *b = store_batch_begin(s);
  ck_assert(store_batch_put(b, page.data, page.len, &id, &err));
  ck_assert(store_batch_put(b, page.data, page.len, NULL, &err)); // twice is once
  ck_assert_msg(store_batch_commit(b, &err), "%s", err.msg);
  for (int round = 0; round < 2; round++) {
    ck_assert_msg(store_get(s, &id, &got, &err), "%s", err.msg);
    ck_assert_uint_eq(got.len, page.len);
    ck_assert_mem_eq(got.data, page.data, page.len);
    store_close(s);
    s = open_store(dir);
  }
  PageId ids[3] = {id, {{9}}, child};
  bool have[3];
  ck_assert(store_has(s, ids, 3, have, &err));
  ck_assert(have[0] && !have[1] && have[2]);
  ck_assert(!store_get(s, &ids[1], &got, &err));
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  StoreInfo info;
  ck_assert(store_info(s, &info, &err));
  ck_assert_uint_eq(info.pages, 2);
  store_close(s);
  buf_free(&page);
  buf_free(&got);
}
END_TEST

START_TEST(abort_and_order) {
  Store *s = open_store(dir);
  Buf page = {0};
  Err err = ERR_INIT;
  PageId id, stranger = {{1, 2, 3}};
  make_page(&page, PAGE_VALUE, NULL, 0, 1, 10);
  StoreBatch *b = store_batch_begin(s);
  ck_assert(store_batch_put(b, page.data, page.len, &id, &err));
  store_batch_abort(b);
  ck_assert(!has_page(s, id));
  make_page(&page, PAGE_VALUE, &stranger, 1, 2, 10);
  b = store_batch_begin(s);
  ck_assert(store_batch_put(b, page.data, page.len, &id, &err));
  ck_assert(!store_batch_commit(b, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_ptr_nonnull(strstr(err.msg, "not in the store"));
  ck_assert(!has_page(s, id));
  b = store_batch_begin(s);
  ck_assert(store_batch_set_root(b, "r", 1, &stranger, 1, NULL, 0, &err));
  ck_assert(!store_batch_commit(b, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  b = store_batch_begin(s);
  ck_assert(!store_batch_put(b, "rubbish", 7, NULL, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert(store_batch_commit(b, &err)); // an empty batch
  put_page(s, NULL, 0, 5, 10);            // the store goes on
  buf_free(&page);
  store_close(s);
}
END_TEST

START_TEST(links) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  uint8_t hash[32] = {7}, other[32] = {8};
  PageId id = put_page(s, NULL, 0, 1, 10), found;
  StoreBatch *b = store_batch_begin(s);
  store_batch_link(b, hash, &id);
  ck_assert(store_batch_commit(b, &err));
  ck_assert(store_find_hash(s, hash, &found, &err));
  ck_assert(page_id_equal(&id, &found));
  ck_assert(!store_find_hash(s, other, &found, &err));
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  b = store_batch_begin(s);
  store_batch_link(b, other, &(PageId){{1}});
  ck_assert(!store_batch_commit(b, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  store_close(s);
}
END_TEST

START_TEST(roots) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  StoreRoot root = {0};
  Buf name = {0};
  bool found;
  ck_assert(store_root_next(s, &name, &root, &found, &err));
  ck_assert(!found);
  PageId id = put_page(s, NULL, 0, 1, 10);
  set_root(s, "b", &id, 1);
  set_root(s, "a", NULL, 0);
  set_root(s, "c", &id, 1);
  set_root(s, "c", NULL, 0); // replaces
  del_root(s, "none");
  ck_assert(store_root_get(s, "b", 1, &root, &err));
  ck_assert_uint_eq(root.ref_count, 1);
  ck_assert(page_id_equal(root.refs, &id));
  ck_assert_uint_eq(root.data_len, 4);
  ck_assert_mem_eq(root.data, "data", 4);
  const uint8_t order[] = {0x61, 0x62, 0x63}; // a, b, c
  for (int i = 0; i < 3; i++) {
    ck_assert(store_root_next(s, &name, &root, &found, &err));
    ck_assert(found && name.len == 1 && name.data[0] == order[i]);
    ck_assert_uint_eq(root.ref_count, i == 1);
  }
  ck_assert(store_root_next(s, &name, &root, &found, &err) && !found);
  del_root(s, "b");
  name.len = 1;
  name.data[0] = 'a';
  ck_assert(store_root_next(s, &name, NULL, &found, &err) && found && name.data[0] == 'c');
  ck_assert(!store_root_get(s, "b", 1, &root, &err));
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  char long_name[STORE_NAME_MAX + 1] = {'x'};
  StoreBatch *b = store_batch_begin(s);
  ck_assert(!store_batch_set_root(b, long_name, sizeof long_name, NULL, 0, NULL, 0, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert(!store_batch_set_root(b, "x", 1, NULL, 0, NULL, STORE_ROOT_MAX + 1, &err));
  ck_assert(store_batch_set_root(b, long_name, STORE_NAME_MAX, NULL, 0, NULL, 0, &err));
  ck_assert_msg(store_batch_commit(b, &err), "%s", err.msg);
  store_root_free(&root);
  buf_free(&name);
  store_close(s);
}
END_TEST

// The map begins with 1 MiB; a batch above STORE_SPILL writes ahead.
START_TEST(growth_and_spill) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  Buf page = {0}, got = {0};
  enum { N = 45 };
  PageId ids[N];
  StoreBatch *b = store_batch_begin(s);
  for (uint64_t i = 0; i < N; i++) {
    uint8_t body[1] = {0};
    buf_clear(&page);
    uint8_t *big = mem_zalloc(PAGE_BODY_MAX);
    big[0] = (uint8_t)i;
    ck_assert(page_build(&page, PAGE_VALUE, i ? &ids[i - 1] : NULL, i ? 1 : 0, 1, big,
                         PAGE_BODY_MAX - body[0], &err));
    mem_free(big);
    ck_assert_msg(store_batch_put(b, page.data, page.len, &ids[i], &err), "%s", err.msg);
  }
  ck_assert(has_page(s, ids[0]) && !has_page(s, ids[N - 1]));
  ck_assert(store_batch_set_root(b, "top", 3, &ids[N - 1], 1, NULL, 0, &err));
  ck_assert_msg(store_batch_commit(b, &err), "%s", err.msg);
  for (int i = 0; i < N; i++) ck_assert_msg(store_get(s, &ids[i], &got, &err), "%s", err.msg);
  StoreInfo info;
  ck_assert(store_info(s, &info, &err));
  ck_assert_uint_ge(info.map, info.used);
  ck_assert_uint_ge(info.file, info.used);
  store_close(s);
  s = open_store(dir);
  ck_assert(store_get(s, &ids[N - 1], &got, &err));
  buf_free(&page);
  buf_free(&got);
  store_close(s);
}
END_TEST

START_TEST(many_small) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  uint64_t rng = 3;
  size_t rounds = test_scale(30);
  for (size_t i = 0; i < rounds; i++) {
    StoreBatch *b = store_batch_begin(s);
    Buf page = {0};
    for (size_t k = 0; k < 300; k++) {
      PageId id;
      make_page(&page, PAGE_VALUE, NULL, 0, test_random(&rng), test_random(&rng) % 300);
      ck_assert(store_batch_put(b, page.data, page.len, &id, &err));
      store_batch_link(b, id.b, &id);
    }
    buf_free(&page);
    ck_assert_msg(store_batch_commit(b, &err), "%s", err.msg);
    StoreInfo info;
    ck_assert(store_info(s, &info, &err));
    ck_assert_uint_ge(info.file, info.used);
  }
  store_close(s);
}
END_TEST

// --- opening -----------------------------------------------------------------------------------

START_TEST(absent) {
  open_fails(&(StoreOptions){0}, ERR_NOT_FOUND, "no page store");
  char *keep = dir;
  dir = mem_printf("%s/none", keep);
  open_fails(&(StoreOptions){0}, ERR_NOT_FOUND, "no page store");
  Store *s = open_store(dir); // made with its directory
  store_close(s);
  mem_free(dir);
  dir = mem_printf("%s/no/such", keep);
  open_fails(&(StoreOptions){.create = true}, ERR_CREATE, "cannot make");
  mem_free(dir);
  dir = mem_printf("%s/link", keep);
  ck_assert_int_eq(symlink("nowhere", dir), 0);
  open_fails(&(StoreOptions){.create = true}, ERR_CREATE, "if it is a link");
  ck_assert_int_eq(unlink(dir), 0);
  fclose(fopen(dir, "w"));
  open_fails(&(StoreOptions){.create = true}, ERR_CREATE, "is not a folder");
  mem_free(dir);
  dir = keep;
}
END_TEST

START_TEST(second_opening) {
  Store *s = open_store(dir);
  char *pid = mem_printf("process %ld", (long)getpid());
  open_fails(&(StoreOptions){0}, ERR_RETRY, pid);
  mem_free(pid);
  pid_t child = fork();
  if (child == 0) {
    Store *t;
    Err err = ERR_INIT;
    char want[64];
    snprintf(want, sizeof want, "process %ld", (long)getppid());
    bool opened = store_open(&t, sys_real(), dir, &(StoreOptions){.create = true}, &err);
    _exit(opened || err.code != ERR_RETRY || !strstr(err.msg, want));
  }
  int status;
  waitpid(child, &status, 0);
  ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  store_close(s);
  s = open_store(dir);
  store_close(s);
}
END_TEST

START_TEST(runtimes) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  StoreInfo first, info;
  ck_assert(store_info(s, &first, &err));
  ck_assert_str_eq(first.runtime, "test 1");
  ck_assert_str_eq(first.previous_runtime, "");
  store_close(s);
  ck_assert(store_open(&s, sys_real(), dir, &(StoreOptions){.runtime = "test 2"}, &err));
  ck_assert(store_info(s, &info, &err));
  ck_assert_str_eq(info.previous_runtime, "test 1");
  ck_assert_mem_eq(info.store_id, first.store_id, STORE_ID_LEN);
  store_close(s);
  ck_assert(store_open(&s, sys_real(), dir, &(StoreOptions){.runtime = "test 3"}, &err));
  ck_assert(store_info(s, &info, &err));
  ck_assert_str_eq(info.previous_runtime, "test 2");
  store_close(s);
}
END_TEST

static void patch_file(const char *find, size_t find_len, size_t offset, uint8_t flip, size_t *count) {
  char *path = data_path();
  int fd = open(path, O_RDWR);
  struct stat st;
  ck_assert(fstat(fd, &st) == 0);
  uint8_t *all = mem_alloc((size_t)st.st_size);
  ck_assert(pread(fd, all, (size_t)st.st_size, 0) == st.st_size);
  *count = 0;
  for (uint8_t *p = all; (p = memmem(p, (size_t)(all + st.st_size - p), find, find_len)) != NULL; p++) {
    ++*count;
    p[offset] ^= flip;
  }
  ck_assert(pwrite(fd, all, (size_t)st.st_size, 0) == st.st_size);
  close(fd);
  mem_free(all);
  mem_free(path);
}

START_TEST(foreign_format) {
  store_close(open_store(dir));
  size_t n;
  patch_file("PALLSTOR", 8, 8, 2, &n); // version 1 becomes 3
  ck_assert_uint_ge(n, 1);
  open_fails(&(StoreOptions){0}, ERR_CONFIG, "format version 3");
  patch_file("PALLSTOR", 8, 8, 2, &n);
  patch_file("PALLSTOR", 8, 16, 1, &n);
  open_fails(&(StoreOptions){0}, ERR_DATA, "format record");
  patch_file("PALLSTOR", 8, 16, 1, &n);
  patch_file("PALLSTOR", 8, 0, 1, &n);
  open_fails(&(StoreOptions){0}, ERR_DATA, "foreign");
}
END_TEST

START_TEST(not_a_store) {
  char *path = data_path();
  FILE *f = fopen(path, "w");
  for (int i = 0; i < 10; i++) fputs("This is a text about something else.\n", f);
  fclose(f);
  open_fails(&(StoreOptions){.create = true}, ERR_DATA, "not a page store");
  f = fopen(path, "w");
  for (int i = 0; i < 1000; i++) fputs("This is a text about something else.\n", f);
  fclose(f);
  open_fails(&(StoreOptions){.create = true}, ERR_DATA, "not a page store");
  ck_assert(truncate(path, 0) == 0);
  open_fails(&(StoreOptions){.create = true}, ERR_DATA, "too few");
  mem_free(path);
}
END_TEST

START_TEST(truncated) {
  Store *s = open_store(dir);
  StoreInfo info;
  Err err = ERR_INIT;
  for (uint64_t i = 0; i < 20; i++) put_page(s, NULL, 0, i, 10000);
  ck_assert(store_info(s, &info, &err));
  store_close(s);
  char *path = data_path();
  ck_assert(truncate(path, (off_t)info.used) == 0); // as long as it must be
  store_close(open_store(dir));
  ck_assert(truncate(path, (off_t)info.used - 4096) == 0);
  open_fails(&(StoreOptions){0}, ERR_DATA, "truncated");
  mem_free(path);
}
END_TEST

START_TEST(damaged_page) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  PageId good = put_page(s, NULL, 0, 1, 9000), id;
  Buf page = {0}, got = {0};
  ck_assert(page_build(&page, PAGE_VALUE, NULL, 0, 0, "here is some text to look for", 29, &err));
  StoreBatch *b = store_batch_begin(s);
  ck_assert(store_batch_put(b, page.data, page.len, &id, &err) && store_batch_commit(b, &err));
  store_close(s);
  size_t n;
  patch_file("here is some text", 17, 3, 0x10, &n);
  ck_assert_uint_ge(n, 1);
  s = open_store(dir);
  ck_assert(!store_get(s, &id, &got, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_ptr_nonnull(strstr(err.msg, "damaged"));
  ck_assert(store_get(s, &good, &got, &err));
  buf_free(&page);
  buf_free(&got);
  store_close(s);
}
END_TEST

static void count_bad(void *ctx, const PageId *id, const Err *why) {
  ck_assert_int_eq(why->code, ERR_DATA);
  ++*(size_t *)ctx;
}

static size_t scrub_all(Store *s) {
  size_t bad = 0;
  uint64_t position = 0;
  Err err = ERR_INIT;
  do ck_assert(store_scrub(s, &position, 3, count_bad, &bad, &err));
  while (position != 0);
  return bad;
}

// A scrub names what is damaged and goes on; a collection that cannot trust a page's references stops.
START_TEST(damage_and_housekeeping) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  PageId leaf = put_page(s, NULL, 0, 1, 3000), id;
  Buf page = {0};
  ck_assert(page_build(&page, PAGE_VALUE, &leaf, 1, 0, "another text to look for", 24, &err));
  StoreBatch *b = store_batch_begin(s);
  ck_assert(store_batch_put(b, page.data, page.len, &id, &err));
  ck_assert(store_batch_set_root(b, "r", 1, &id, 1, NULL, 0, &err) && store_batch_commit(b, &err));
  put_page(s, NULL, 0, 3, 100);
  ck_assert_uint_eq(scrub_all(s), 0);
  store_close(s);
  size_t n;
  patch_file("another text", 12, (size_t)-1, 0x10, &n); // the last byte of the reference
  ck_assert_uint_ge(n, 1);
  s = open_store(dir);
  ck_assert_uint_eq(scrub_all(s), 1);
  StoreCollected sums;
  bool done;
  for (int i = 0; i < 2; i++) { // each time anew
    while (store_collect(s, 2, &sums, &done, &err)) ck_assert(!done);
    ck_assert_int_eq(err.code, ERR_DATA);
    ck_assert_ptr_nonnull(strstr(err.msg, "missing"));
  }
  ck_assert(has_page(s, leaf));
  buf_free(&page);
  store_close(s);
}
END_TEST

START_TEST(damaged_root_and_link) {
  Store *s = open_store(dir);
  Err err = ERR_INIT;
  uint8_t hash[32] = "a hash that is easy to look for";
  PageId id = put_page(s, NULL, 0, 1, 10);
  StoreBatch *b = store_batch_begin(s);
  store_batch_link(b, hash, &id);
  ck_assert(store_batch_set_root(b, "r", 1, NULL, 0, "some data of a root", 19, &err));
  ck_assert(store_batch_commit(b, &err));
  store_close(s);
  size_t n;
  patch_file("some data of a root", 19, 3, 4, &n);
  patch_file((const char *)hash, 32, 32, 4, &n);
  s = open_store(dir);
  StoreRoot root = {0};
  ck_assert(!store_root_get(s, "r", 1, &root, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_ptr_nonnull(strstr(err.msg, "root r "));
  ck_assert(!store_find_hash(s, hash, &id, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  store_root_free(&root);
  store_close(s);
}
END_TEST

// --- faults of the system ----------------------------------------------------------------------

typedef struct Faulty {
  Sys sys;
  int calls, fail_at, error;
} Faulty;

static bool fault(Faulty *f) {
  if (++f->calls != f->fail_at) return false;
  errno = f->error;
  return true;
}

static int f_open(void *ctx, const char *path, int flags, mode_t mode) {
  return fault(ctx) ? -1 : sys_real()->open(NULL, path, flags, mode);
}
static ssize_t f_pwrite(void *ctx, int fd, const void *buf, size_t n, off_t off) {
  return fault(ctx) ? -1 : sys_real()->pwrite(NULL, fd, buf, n, off);
}
static int f_fallocate(void *ctx, int fd, off_t off, off_t len) {
  return fault(ctx) ? -1 : sys_real()->fallocate(NULL, fd, off, len);
}
static int f_ftruncate(void *ctx, int fd, off_t len) {
  return fault(ctx) ? -1 : sys_real()->ftruncate(NULL, fd, len);
}
static int f_rename(void *ctx, const char *a, const char *b) {
  return fault(ctx) ? -1 : sys_real()->rename(NULL, a, b);
}
static int f_sync_dir(void *ctx, const char *d) { return fault(ctx) ? -1 : sys_real()->sync_dir(NULL, d); }

static void faulty_init(Faulty *f, int fail_at, int error) {
  *f = (Faulty){.sys = *sys_real(), .fail_at = fail_at, .error = error};
  f->sys.ctx = f;
  f->sys.open = f_open;
  f->sys.pwrite = f_pwrite;
  f->sys.fallocate = f_fallocate;
  f->sys.ftruncate = f_ftruncate;
  f->sys.rename = f_rename;
  f->sys.sync_dir = f_sync_dir;
}

// One session of opening and putting under the n-th fault; returns how many pages were acknowledged.
static size_t session(Faulty *f, PageId ids[4]) {
  Store *s;
  Err err = ERR_INIT;
  size_t done = 0;
  if (!store_open(&s, &f->sys, dir, &(StoreOptions){.create = true}, &err)) {
    ck_assert_int_ne(err.code, ERR_NONE);
    return 0;
  }
  for (uint64_t i = 0; i < 4; i++) {
    Buf page = {0};
    make_page(&page, PAGE_VALUE, NULL, 0, i, 300000);
    StoreBatch *b = store_batch_begin(s);
    bool ok = store_batch_put(b, page.data, page.len, &ids[done], &err) && store_batch_commit(b, &err);
    buf_free(&page);
    if (ok)
      done++;
    else
      ck_assert(err.code == ERR_LIMIT || err.code == ERR_IO);
  }
  store_close(s);
  return done;
}

START_TEST(every_fault) {
  const int errors[] = {EIO, ENOSPC};
  for (int e = 0; e < 2; e++) {
    for (int n = 1;; n++) {
      Faulty f;
      PageId ids[4];
      Buf got = {0};
      Err err = ERR_INIT;
      scratch_free(dir);
      dir = scratch_dir();
      faulty_init(&f, n, errors[e]);
      size_t done = session(&f, ids);
      Store *s = open_store(dir);
      for (size_t i = 0; i < done; i++) ck_assert_msg(store_get(s, &ids[i], &got, &err), "%s", err.msg);
      put_page(s, NULL, 0, 99, 10);
      store_close(s);
      buf_free(&got);
      if (f.calls < n) break;
      ck_assert_int_lt(n, 100);
    }
  }
}
END_TEST

// --- threads -----------------------------------------------------------------------------------

typedef struct Shared {
  Store *s;
  PageId ids[64];
  atomic_int count;
  atomic_bool stop;
} Shared;

static void *read_all(void *arg) {
  Shared *sh = arg;
  Buf got = {0};
  size_t reads = 0;
  while (!atomic_load(&sh->stop)) {
    int n = atomic_load(&sh->count);
    for (int i = 0; i < n; i++, reads++) {
      Err err = ERR_INIT;
      if (!store_get(sh->s, &sh->ids[i], &got, &err)) ck_abort_msg("%s", err.msg);
    }
  }
  buf_free(&got);
  return NULL;
}

START_TEST(readers_during_growth) {
  Shared sh = {.s = open_store(dir)};
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, read_all, &sh);
  for (uint64_t i = 0; i < 64; i++) {
    sh.ids[i] = put_page(sh.s, NULL, 0, i, 100000);
    atomic_store(&sh.count, (int)i + 1);
  }
  atomic_store(&sh.stop, true);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  store_close(sh.s);
}
END_TEST

SUITE_MAIN_WITH("store/store", ((SuiteFrame){.setup = setup, .teardown = teardown}), {put_and_get},
                {abort_and_order}, {links}, {roots}, {growth_and_spill}, {many_small}, {absent},
                {second_opening}, {runtimes}, {foreign_format}, {not_a_store}, {truncated}, {damaged_page},
                {damage_and_housekeeping}, {damaged_root_and_link}, {every_fault}, {readers_during_growth})
