// Values in a real store: saved, collected around, found again after a restart.
#include "common/base/mem.h"
#include "common/codec/load.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include "common/store/store.h"
#include "tests/codec/random.h"
#include "tests/suite.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static Machine *new_machine(void) { return machine_new(&(MachineConfig){.memory = (size_t)1 << 30}); }

static char dir[64];

static Store *open_store(void) {
  Store *s = NULL;
  Err err = ERR_INIT;
  bool ok = store_open(&s, sys_real(), dir, &(StoreOptions){.create = true, .no_sync = true}, &err);
  ck_assert_msg(ok, "%s", err.msg);
  return s;
}

static void remove_store(void) {
  const char *files[] = {"lock", "pages.mdb", "pages.mdb-lock"};
  for (size_t i = 0; i < 3; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, files[i]);
    unlink(path);
  }
  rmdir(dir);
}

static bool put(void *ctx, const void *bytes, size_t len, PageId *id, Err *err) {
  return store_batch_put(ctx, bytes, len, id, err);
}
static bool get(void *ctx, const PageId *id, Buf *out, Err *err) { return store_get(ctx, id, out, err); }
static void hold(void *ctx, const PageId *id) { store_hold(ctx, id); }
static void drop(void *ctx, const PageId *id) { store_release(ctx, id); }

// One snapshot: the value under the root "cog". The number of pages that it took.
static size_t snapshot(Store *store, Residency *res, Machine *m, Ref v) {
  Err err = ERR_INIT;
  StoreBatch *batch = store_batch_begin(store);
  const PageSink sink = {put, batch};
  Saver *s = saver_new(&sink, false);
  ValueRoot root;
  Buf data = {0};
  seal(m, v);
  ck_assert(saver_add(s, ref_get(m, v), &root, &err));
  codec_put_root(&data, &root);
  ck_assert(store_batch_set_root(batch, "cog", 3, &root.page, root.paged, data.data, data.len, &err));
  bool ok = store_batch_commit(batch, &err);
  ck_assert_msg(ok, "%s", err.msg);
  size_t pages = saver_count(s);
  saver_stored(s, res);
  saver_free(s);
  buf_free(&data);
  return pages;
}

static Ref restore(Store *store, Residency *res, Machine *m) {
  StoreRoot stored = {0};
  ValueRoot root;
  Ref out = 0;
  Err err = ERR_INIT;
  ck_assert(store_root_get(store, "cog", 3, &stored, &err));
  Reader in = reader(stored.data, stored.data_len);
  ck_assert(codec_read_root(&in, &root));
  const PageSource source = {get, store};
  bool ok = codec_load(m, res, &source, &root, &(LoadLimits){.trusted = true}, &out, &err);
  ck_assert_msg(ok, "%s: %s", err.where, err.msg);
  store_root_free(&stored);
  return out;
}

static void collect(Store *store) {
  bool done = false;
  StoreCollected c;
  Err err = ERR_INIT;
  while (!done) ck_assert(store_collect(store, 1000, &c, &done, &err));
}

START_TEST(test_snapshots_survive) {
  snprintf(dir, sizeof dir, "%s/pall-codec-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  ck_assert_ptr_nonnull(mkdtemp(dir));
  Store *store = open_store();
  Residency *res = residency_new(&(ResidencyHooks){hold, drop, store});
  Machine *m = new_machine();
  Ref big = random_value(m, &(Random){31}, 3000), old = random_value(m, &(Random){32}, 300);
  Ref state = plan_row(m, (Ref[]){big, old}, 2);
  ck_assert_int_eq(plan_force(m, state), RUN_DONE);
  ck_assert_uint_gt(snapshot(store, res, m, state), 2);
  for (uint64_t i = 0; i < 20; i++) { // what changed is small, and so is what is written
    ref_set(m, state, ref_get(m, plan_row(m, (Ref[]){big, plan_nat(m, i)}, 2)));
    ck_assert_int_eq(plan_force(m, state), RUN_DONE);
    ck_assert_uint_eq(snapshot(store, res, m, state), 1);
    collect(store); // `old` is under no root now, but in memory
  }
  ref_set(m, state, ref_get(m, plan_row(m, (Ref[]){big, old}, 2)));
  ck_assert_int_eq(plan_force(m, state), RUN_DONE);
  ck_assert_uint_eq(snapshot(store, res, m, state), 1);
  machine_free(m);
  collect(store);
  ck_assert_uint_eq(residency_count(res), 0);
  residency_free(res);
  store_close(store);

  store = open_store();
  res = residency_new(&(ResidencyHooks){hold, drop, store});
  m = new_machine();
  Ref again = restore(store, res, m);
  Ref big2 = random_value(m, &(Random){31}, 3000), old2 = random_value(m, &(Random){32}, 300);
  Ref same = plan_row(m, (Ref[]){big2, old2}, 2);
  ck_assert_int_eq(plan_force(m, same), RUN_DONE);
  bool equal;
  ck_assert(plan_eq(m, again, same, &equal) && equal);
  ck_assert_uint_eq(snapshot(store, res, m, again), 0);
  machine_free(m);
  residency_free(res);
  store_close(store);
  remove_store();
}
END_TEST

SUITE_MAIN("codec/stored", test_snapshots_survive)
