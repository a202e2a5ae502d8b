#include "common/base/mem.h"
#include "daemon/log/wal.h"
#include "tests/daemon/disk.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Disk *disk;
static WalOptions small = {
    .store_id = "one store", .runtime = "test", .segment_size = 16384, .reserve_max = 8192};

static void setup(void) { disk = disk_new(1); }
static void teardown(void) { disk_free(disk); }

// A record is its LSN in text and some padding, so that reading can check it by itself.
static size_t record_text(uint64_t lsn, char out[600]) {
  size_t pad = (size_t)(lsn * 37 % 400);
  int n = snprintf(out, 600, "record %llu ", (unsigned long long)lsn);
  memset(out + n, 'x', pad);
  return (size_t)n + pad;
}

typedef struct Seen {
  uint64_t next;
  bool any;
} Seen;

static bool see(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  Seen *seen = ctx;
  char want[600];
  if (seen->any && lsn != seen->next)
    return err_set(err, ERR_NO, "record %llu out of order", (unsigned long long)lsn);
  if (len != record_text(lsn, want) || memcmp(want, data, len) != 0)
    return err_set(err, ERR_NO, "record %llu differs", (unsigned long long)lsn);
  seen->any = true;
  seen->next = lsn + 1;
  return true;
}

static Wal *open_log(uint64_t *next) {
  Wal *w;
  Seen seen = {0};
  Err err = ERR_INIT;
  ck_assert_msg(wal_open(&w, disk_sys(disk), "log", &small, see, &seen, &err), "%s", err.msg);
  if (next) *next = wal_next(w);
  if (seen.any) ck_assert_uint_eq(seen.next, wal_next(w));
  return w;
}

static void open_fails(ErrCode code, const char *part) {
  Wal *w;
  Err err = ERR_INIT;
  ck_assert(!wal_open(&w, disk_sys(disk), "log", &small, NULL, NULL, &err));
  ck_assert_ptr_null(w);
  ck_assert_msg(err.code == code, "%s: %s", err_code_name(err.code), err.msg);
  ck_assert_msg(strstr(err.msg, part) != NULL, "'%s' does not say '%s'", err.msg, part);
}

static bool append(Wal *w, size_t n, Err *err) {
  char text[8][600];
  WalRecord records[8];
  size_t bytes = 0;
  uint64_t next = wal_next(w), first;
  for (size_t i = 0; i < n; i++) {
    records[i] = (WalRecord){text[i], record_text(next + i, text[i])};
    bytes += records[i].len;
  }
  uint64_t cost = wal_cost(n, bytes);
  if (!wal_reserve(w, cost, err) || !wal_append(w, records, n, cost, &first, err)) return false;
  ck_assert_uint_eq(first, next);
  return true;
}

static void append_all(Wal *w, size_t batches, size_t n) {
  Err err = ERR_INIT;
  uint64_t committed;
  for (size_t i = 0; i < batches; i++) {
    ck_assert_msg(append(w, n, &err), "%s", err.msg);
    ck_assert_msg(wal_commit(w, &committed, &err), "%s", err.msg);
    ck_assert_uint_eq(committed, wal_next(w));
  }
}

static char *segment_name(uint64_t n) { return mem_printf("log/%016llx.seg", (unsigned long long)n); }

static uint8_t *segment_bytes(uint64_t n) {
  char *name = segment_name(n);
  size_t len;
  uint8_t *bytes = disk_bytes(disk, name, &len);
  mem_free(name);
  return bytes;
}

// --- plain use ---------------------------------------------------------------------------------

START_TEST(empty) {
  uint64_t next;
  for (int i = 0; i < 3; i++) {
    Wal *w = open_log(&next);
    uint64_t committed;
    Err err = ERR_INIT;
    ck_assert_uint_eq(next, 1);
    ck_assert(wal_commit(w, &committed, &err)); // of nothing
    ck_assert_uint_eq(committed, 1);
    wal_close(w);
  }
}
END_TEST

START_TEST(reopen) {
  uint64_t next, expect = 1;
  for (int i = 0; i < 20; i++) {
    Wal *w = open_log(&next);
    ck_assert_uint_eq(next, expect);
    append_all(w, 7, 3);
    expect += 21;
    Err err = ERR_INIT;
    ck_assert(append(w, 2, &err)); // not committed, so gone
    wal_close(w);
  }
}
END_TEST

START_TEST(bounds) {
  Wal *w = open_log(NULL);
  Err err = ERR_INIT;
  WalRecord none = {"", 0}, big = {"", WAL_RECORD_MAX + 1}, one = {"record 1 ", 9};
  uint64_t cost = wal_cost(1, 9);
  ck_assert(wal_reserve(w, cost, &err));
  ck_assert(!wal_append(w, &none, 1, cost, NULL, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert(wal_reserve(w, cost, &err));
  ck_assert(!wal_append(w, &big, 1, cost, NULL, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert(wal_reserve(w, cost, &err));
  ck_assert(!wal_append(w, &one, 1, cost - 1, NULL, &err));
  ck_assert_int_eq(err.code, ERR_INTERNAL);
  wal_unreserve(w, 1);
  ck_assert(!wal_reserve(w, small.reserve_max + 1, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert(wal_reserve(w, small.reserve_max, &err)); // nothing leaked so far
  ck_assert(!wal_reserve(w, 1, &err));
  ck_assert_int_eq(err.code, ERR_RETRY);
  wal_unreserve(w, small.reserve_max);
  wal_close(w);
  WalOptions o = small;
  small.reserve_max = 8193;
  open_fails(ERR_CONFIG, "reserve");
  small = o;
  small.segment_size = 100;
  open_fails(ERR_CONFIG, "segment");
  small = o;
}
END_TEST

static bool stop_at_5(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  return lsn < 5 || err_set(err, ERR_NO, "enough");
}

START_TEST(visitor_stops) {
  Wal *w = open_log(NULL);
  append_all(w, 3, 3);
  Err err = ERR_INIT;
  ck_assert(!wal_scan(w, 1, 10, stop_at_5, NULL, &err));
  ck_assert_int_eq(err.code, ERR_NO);
  wal_close(w);
  ck_assert(!wal_open(&w, disk_sys(disk), "log", &small, stop_at_5, NULL, &err));
  ck_assert_str_eq(err.msg, "enough");
}
END_TEST

START_TEST(scan) {
  Wal *w = open_log(NULL);
  append_all(w, 60, 3);
  Err err = ERR_INIT;
  uint64_t last = wal_next(w);
  for (uint64_t from = 1; from < last; from += 17) {
    for (uint64_t to = from; to < last + 20; to += 23) {
      Seen seen = {.next = from, .any = true};
      ck_assert_msg(wal_scan(w, from, to, see, &seen, &err), "%s", err.msg);
      ck_assert_uint_eq(seen.next, to < last ? to : last);
    }
  }
  wal_close(w);
}
END_TEST

START_TEST(prune) {
  Wal *w = open_log(NULL);
  Err err = ERR_INIT;
  WalInfo info;
  append_all(w, 100, 2);
  wal_info(w, &info);
  ck_assert_uint_gt(info.segments, 3);
  ck_assert_uint_eq(info.first, 1);
  ck_assert(wal_prune(w, 1, &err));
  ck_assert_uint_eq(wal_first(w), 1);
  uint64_t keep = 77;
  ck_assert_msg(wal_prune(w, keep, &err), "%s", err.msg);
  uint64_t first = wal_first(w);
  ck_assert(first > 1 && first <= keep);
  Seen seen = {.next = first, .any = true};
  ck_assert(wal_scan(w, first, 1000, see, &seen, &err));
  ck_assert(!wal_scan(w, first - 1, 1000, see, &seen, &err));
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  wal_close(w);
  w = open_log(NULL);
  ck_assert_uint_eq(wal_first(w), first);
  ck_assert(wal_prune(w, UINT64_MAX, &err));
  wal_info(w, &info);
  ck_assert_uint_eq(info.segments, 1);
  wal_close(w);
  for (int i = 0; i < 10; i++) { // the files stay as few as what is kept
    w = open_log(NULL);
    append_all(w, 40, 3);
    ck_assert(wal_prune(w, wal_next(w) - 5, &err));
    wal_info(w, &info);
    ck_assert_uint_le(info.bytes, 4 * small.segment_size);
    wal_close(w);
  }
}
END_TEST

// --- room --------------------------------------------------------------------------------------

START_TEST(full_disk) {
  Wal *w = open_log(NULL);
  Err err = ERR_INIT;
  uint64_t committed, before;
  disk_capacity(disk, 3 * 16384);
  append_all(w, 1, 1);
  while (append(w, 4, &err)) ck_assert_msg(wal_commit(w, &committed, &err), "%s", err.msg);
  ck_assert_msg(err.code == ERR_LIMIT, "%s", err.msg);
  ck_assert_ptr_nonnull(strstr(err.msg, "free some disk space"));
  before = wal_next(w);
  ck_assert_uint_gt(before, 80);
  ck_assert(wal_prune(w, before, &err)); // makes room
  append_all(w, 5, 2);
  disk_capacity(disk, 0);
  append_all(w, 30, 2);
  wal_close(w);
  wal_close(open_log(NULL));
}
END_TEST

// What was reserved commits on a disk without any room, in whatever batches.
START_TEST(reserved_is_safe) {
  for (uint64_t seed = 0; seed < test_scale(60); seed++) {
    uint64_t rng = seed, committed;
    Err err = ERR_INIT;
    disk_free(disk);
    disk = disk_new(seed);
    Wal *w = open_log(NULL);
    append_all(w, test_random(&rng) % 20, 3);
    uint64_t costs[64];
    size_t n = 0;
    while (n < 64 && wal_reserve(w, costs[n] = wal_cost(1, 100 + test_random(&rng) % 900), &err)) n++;
    ck_assert_uint_ge(n, 5);
    disk_capacity(disk, 1);
    for (size_t i = 0; i < n; i++) {
      char text[600];
      WalRecord r = {text, record_text(wal_next(w), text)};
      if (wal_cost(1, r.len) > costs[i])
        wal_unreserve(w, costs[i]);
      else
        ck_assert_msg(wal_append(w, &r, 1, costs[i], NULL, &err), "%s", err.msg);
      if (test_random(&rng) % 3 == 0) ck_assert_msg(wal_commit(w, &committed, &err), "%s", err.msg);
    }
    ck_assert_msg(wal_commit(w, &committed, &err), "%s", err.msg);
    wal_close(w);
    wal_close(open_log(NULL));
  }
}
END_TEST

START_TEST(smaller_spare) {
  Wal *w = open_log(NULL);
  append_all(w, 5, 3);
  Err err = ERR_INIT;
  while (append(w, 1, &err)) {
  } // up to the reserve, which makes a spare
  wal_close(w);
  WalOptions o = small;
  small.segment_size = 1 << 20;
  small.reserve_max = 1 << 19;
  w = open_log(NULL);
  ck_assert_msg(wal_reserve(w, small.reserve_max, &err), "%s", err.msg);
  wal_unreserve(w, small.reserve_max);
  append_all(w, 50, 8);
  wal_close(w);
  small = o;
  wal_close(open_log(NULL));
}
END_TEST

START_TEST(prepare) {
  Wal *w = open_log(NULL);
  Err err = ERR_INIT;
  WalInfo a, b;
  ck_assert(wal_prepare(w, &err));
  wal_info(w, &a);
  append_all(w, 8, 3);
  while (wal_info(w, &b), b.bytes == a.bytes) {
    append_all(w, 1, 3);
    ck_assert(wal_prepare(w, &err));
  }
  ck_assert_uint_eq(b.segments, 1); // ahead of need
  wal_close(w);
}
END_TEST

START_TEST(failed_sync_is_final) {
  Wal *w = open_log(NULL);
  Err err = ERR_INIT;
  uint64_t committed, next;
  append_all(w, 2, 2);
  ck_assert(append(w, 1, &err));
  disk_fail(disk, 2, EIO, false); // write, then sync
  ck_assert(!wal_commit(w, &committed, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_uint_eq(committed, 5);
  disk_fail(disk, 0, 0, false);
  for (int i = 0; i < 2; i++) {
    ck_assert(!wal_commit(w, &committed, &err));
    ck_assert_int_eq(err.code, ERR_IO);
    ck_assert(!append(w, 1, &err));
  }
  ck_assert_uint_eq(disk_calls(disk), 0); // nothing was tried
  WalInfo info;
  wal_info(w, &info);
  ck_assert(info.failed);
  wal_close(w);
  w = open_log(&next); // in memory it was whole, so it is found, and made durable
  ck_assert_uint_eq(next, 6);
  wal_close(w);
  disk_crash(disk, DISK_NONE);
  w = open_log(&next);
  ck_assert_uint_eq(next, 6);
  wal_close(w);
}
END_TEST

// --- damage ------------------------------------------------------------------------------------

static void fill_log(void) {
  Wal *w = open_log(NULL);
  append_all(w, 60, 3);
  wal_close(w);
}

START_TEST(damage_in_the_middle) {
  fill_log();
  segment_bytes(1)[WAL_ALIGN + 100] ^= 4;
  open_fails(ERR_DATA, "damaged");
  segment_bytes(1)[WAL_ALIGN + 100] ^= 4;
  wal_close(open_log(NULL));
  segment_bytes(2)[WAL_ALIGN + 9] ^= 4; // a frame's header
  open_fails(ERR_DATA, "damaged");
  segment_bytes(2)[WAL_ALIGN + 9] ^= 4;
  segment_bytes(2)[20] ^= 1; // a segment's header
  open_fails(ERR_DATA, "header");
}
END_TEST

START_TEST(missing_files) {
  fill_log();
  Disk *good = disk;
  for (uint64_t n = 1; n <= 3; n++) {
    disk = disk_copy(good, n);
    char *name = segment_name(n);
    ck_assert(disk_remove(disk, name));
    open_fails(ERR_DATA, "missing");
    mem_free(name);
    disk_free(disk);
    disk = disk_copy(good, n);
    name = segment_name(n);
    ck_assert(disk_cut(disk, name, 16383));
    open_fails(ERR_DATA, "truncated");
    ck_assert(disk_cut(disk, name, 10));
    open_fails(ERR_DATA, "truncated");
    mem_free(name);
    disk_free(disk);
  }
  disk = disk_copy(good, 9);
  ck_assert(disk_remove(disk, "log/head"));
  open_fails(ERR_DATA, "head file is missing");
  disk_free(disk);
  disk = good;
}
END_TEST

START_TEST(durable_to) {
  fill_log();
  small.durable_to = 181;
  wal_close(open_log(NULL));
  small.durable_to = 182;
  open_fails(ERR_DATA, "store knows");
  disk_free(disk);
  disk = disk_new(2);
  open_fails(ERR_DATA, "missing");
  small.durable_to = 0;
}
END_TEST

START_TEST(foreign) {
  fill_log();
  small.store_id[0] ^= 1;
  open_fails(ERR_CONFIG, "another store");
  size_t len;
  ck_assert(disk_remove(disk, "log/head"));
  open_fails(ERR_CONFIG, "another store");
  small.store_id[0] ^= 1;
  disk_free(disk);
  disk = disk_new(3);
  fill_log();
  disk_bytes(disk, "log/head", &len)[8] = 2;
  open_fails(ERR_CONFIG, "version 2");
  disk_bytes(disk, "log/head", &len)[8] = 1;
  segment_bytes(1)[8] = 7;
  open_fails(ERR_CONFIG, "version 7");
  segment_bytes(1)[8] = 1;
  disk_bytes(disk, "log/head", &len)[20] = 7;
  open_fails(ERR_DATA, "head file");
}
END_TEST

typedef struct Copy {
  Buf all;
} Copy;

static bool keep(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  buf_le64(&((Copy *)ctx)->all, lsn);
  buf_put(&((Copy *)ctx)->all, data, len);
  return true;
}

// Whatever is changed in a segment: an error, or the same records, or, behind the last whole batch, fewer.
START_TEST(mutations) {
  fill_log();
  Disk *good = disk;
  Copy want = {0};
  Wal *w;
  Err err = ERR_INIT;
  ck_assert(wal_open(&w, disk_sys(disk), "log", &small, keep, &want, &err));
  wal_close(w);
  uint64_t rng = 5;
  size_t errors = 0, same = 0, fewer = 0;
  for (size_t i = 0; i < test_scale(300); i++) {
    disk = disk_copy(good, i);
    uint8_t *bytes = segment_bytes(1 + test_random(&rng) % 3);
    ck_assert_ptr_nonnull(bytes);
    for (size_t k = 1 + test_random(&rng) % 3; k > 0; k--)
      bytes[test_random(&rng) % 16384] ^= (uint8_t)(1u << test_random(&rng) % 8);
    Copy got = {0};
    if (!wal_open(&w, disk_sys(disk), "log", &small, keep, &got, &err)) {
      errors++;
    } else {
      ck_assert_uint_le(got.all.len, want.all.len);
      ck_assert_mem_eq(got.all.data, want.all.data, got.all.len);
      if (got.all.len == want.all.len)
        same++;
      else
        fewer++;
      wal_close(w);
    }
    buf_free(&got.all);
    disk_free(disk);
  }
  ck_assert(errors > 0 && same > 0);
  ck_assert_uint_lt(fewer, errors);
  buf_free(&want.all);
  disk = good;
}
END_TEST

// A record that holds the bytes of real frames, and a torn frame before it, fool nobody.
START_TEST(forged_frames) {
  Wal *w = open_log(NULL);
  Err err = ERR_INIT;
  uint64_t committed;
  append_all(w, 2, 1);
  uint8_t forged[4096];
  memcpy(forged, segment_bytes(1) + WAL_ALIGN, 1024);
  for (size_t at = 1024; at < sizeof forged; at += 512) {
    memcpy(forged + at - 68, segment_bytes(1) + WAL_ALIGN, 512);
    forged[at - 68 + 12] = (uint8_t)(2048 + at);
    forged[at - 68 + 13] = (uint8_t)((2048 + at) >> 8);
  }
  WalRecord r = {forged, sizeof forged};
  ck_assert(wal_reserve(w, wal_cost(1, r.len), &err));
  ck_assert(wal_append(w, &r, 1, wal_cost(1, r.len), NULL, &err));
  ck_assert(wal_commit(w, &committed, &err));
  wal_close(w);
  uint8_t *bytes = segment_bytes(1);
  WalInfo info;
  w = NULL;
  ck_assert(wal_open(&w, disk_sys(disk), "log", &small, NULL, NULL, &err));
  wal_info(w, &info);
  ck_assert_uint_eq(info.next, 4);
  wal_close(w);
  for (size_t at = 512; at < 16384; at += 512)
    if (memcmp(bytes + at, "PLFR", 4) == 0 && le64_at(bytes + at + 16) == 3) bytes[at + 70] ^= 1;
  ck_assert_msg(wal_open(&w, disk_sys(disk), "log", &small, NULL, NULL, &err), "%s", err.msg);
  ck_assert_uint_eq(wal_next(w), 3);
  wal_close(w);
}
END_TEST

// --- threads -----------------------------------------------------------------------------------

static void *append_many(void *arg) {
  Wal *w = arg;
  for (int i = 0; i < 500;) {
    Err err = ERR_INIT;
    uint8_t bytes[40] = {1};
    WalRecord r = {bytes, sizeof bytes};
    uint64_t cost = wal_cost(1, sizeof bytes);
    if (!wal_reserve(w, cost, &err))
      ck_assert_int_eq(err.code, ERR_RETRY);
    else if (++i)
      ck_assert(wal_append(w, &r, 1, cost, NULL, &err));
    if (i % 50 == 0) wal_committed(w);
  }
  return NULL;
}

START_TEST(from_threads) {
  char *dir = scratch_dir();
  Wal *w;
  Err err = ERR_INIT;
  uint64_t committed = 0;
  ck_assert_msg(wal_open(&w, sys_real(), dir, &small, NULL, NULL, &err), "%s", err.msg);
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, append_many, w);
  while (committed < 1501) {
    ck_assert_msg(wal_commit(w, &committed, &err), "%s", err.msg);
    ck_assert(wal_prepare(w, &err));
    if (committed > 200) ck_assert(wal_prune(w, committed - 200, &err));
  }
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  wal_close(w);
  ck_assert_msg(wal_open(&w, sys_real(), dir, &small, NULL, NULL, &err), "%s", err.msg);
  ck_assert_uint_eq(wal_next(w), 1501);
  wal_close(w);
  scratch_free(dir);
}
END_TEST

SUITE_MAIN_WITH("daemon/log", ((SuiteFrame){.setup = setup, .teardown = teardown}), {empty}, {reopen},
                {bounds}, {visitor_stops}, {scan}, {prune}, {full_disk}, {reserved_is_safe}, {smaller_spare},
                {prepare}, {failed_sync_is_final}, {damage_in_the_middle}, {missing_files}, {durable_to},
                {foreign}, {mutations}, {forged_frames}, {from_threads})
