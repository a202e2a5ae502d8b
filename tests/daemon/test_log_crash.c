// The log against a disk that forgets, and against every call that can fail.
#include "common/base/mem.h"
#include "daemon/log/wal.h"
#include "tests/daemon/disk.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <string.h>

static const WalOptions small = {
    .store_id = "one store", .runtime = "test", .segment_size = 8192, .reserve_max = 4096};

// What the outside was told, and what was ever appended: the bytes of each record by LSN.
typedef struct World {
  Disk *disk;
  uint64_t rng;
  Buf *records; // by LSN
  size_t record_cap;
  uint64_t appended;     // LSNs below it were appended at some time
  uint64_t acknowledged; // LSNs below it must be found
  uint64_t found;        // by the last opening
  uint64_t pruned;       // LSNs below it may be gone
} World;

static World world_new(uint64_t seed) {
  return (World){.disk = disk_new(seed), .rng = seed, .appended = 1, .acknowledged = 1};
}

static void world_free(World *w) {
  disk_free(w->disk);
  for (size_t i = 0; i < w->record_cap; i++) buf_free(&w->records[i]);
  mem_free(w->records);
}

static Buf *record(World *w, uint64_t lsn) {
  size_t old = w->record_cap;
  mem_reserve(w->records, w->record_cap, (size_t)lsn + 1);
  if (w->record_cap > old) memset(w->records + old, 0, (w->record_cap - old) * sizeof *w->records);
  return &w->records[lsn];
}

static bool check_one(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  World *w = ctx;
  ck_assert_uint_lt(lsn, w->appended);
  ck_assert_msg(w->found == 0 || lsn == w->found, "gap before %llu", (unsigned long long)lsn);
  if (w->found == 0) ck_assert_uint_le(lsn, w->pruned > 1 ? w->pruned : 1);
  Buf *b = record(w, lsn);
  ck_assert_msg(b->len == len && memcmp(b->data, data, len) == 0, "record %llu differs",
                (unsigned long long)lsn);
  w->found = lsn + 1;
  return true;
}

// Opens and checks every promise about what is found.
static Wal *check_open(World *w, Err *err) {
  Wal *wal;
  w->found = 0;
  if (!wal_open(&wal, disk_sys(w->disk), "log", &small, check_one, w, err)) return NULL;
  uint64_t next = wal_next(wal);
  ck_assert_msg(next >= w->acknowledged, "found up to %llu, acknowledged up to %llu",
                (unsigned long long)next, (unsigned long long)w->acknowledged);
  w->appended = w->acknowledged = next; // what was found now counts as committed
  return wal;
}

static bool append_group(World *w, Wal *wal, Err *err) {
  WalRecord records[4];
  uint8_t bytes[4][1200];
  size_t n = 1 + test_random(&w->rng) % 4, sum = 0;
  for (size_t i = 0; i < n; i++) {
    size_t len = 1 + test_random(&w->rng) % (test_random(&w->rng) % 4 == 0 ? 700 : 60);
    test_fill(&w->rng, bytes[i], len);
    records[i] = (WalRecord){bytes[i], len};
    sum += len;
  }
  uint64_t cost = wal_cost(n, sum), first;
  if (!wal_reserve(wal, cost, err) || !wal_append(wal, records, n, cost, &first, err)) return false;
  ck_assert_uint_eq(first, w->appended);
  for (size_t i = 0; i < n; i++) {
    Buf *b = record(w, first + i);
    buf_clear(b);
    buf_put(b, bytes[i], records[i].len);
  }
  w->appended = first + n;
  return true;
}

// One step of a session. False when something failed, which must come with an error.
static bool act(World *w, Wal *wal, Err *err) {
  uint64_t committed;
  switch (test_random(&w->rng) % 8) {
  case 0:
    if (!wal_prepare(wal, err)) return false;
    return true;
  case 1: {
    uint64_t keep = 1 + test_random(&w->rng) % w->acknowledged;
    if (keep > w->pruned) w->pruned = keep;
    return wal_prune(wal, keep, err);
  }
  case 2:
  case 3:
  case 4:
    if (!wal_commit(wal, &committed, err)) return false;
    ck_assert_uint_ge(committed, w->acknowledged);
    w->acknowledged = committed;
    return true;
  }
  return append_group(w, wal, err) || err->code == ERR_RETRY;
}

static void session(World *w, size_t steps) {
  Err err = ERR_INIT;
  Wal *wal = check_open(w, &err);
  if (!wal) {
    ck_assert_int_ne(err.code, ERR_NONE);
    return;
  }
  for (size_t i = 0; i < steps; i++) {
    err = ERR_INIT;
    if (!act(w, wal, &err)) ck_assert_int_ne(err.code, ERR_NONE);
  }
  wal_close(wal);
}

static void must_open(World *w) {
  Err err = ERR_INIT;
  Wal *wal = check_open(w, &err);
  ck_assert_msg(wal != NULL, "%s", err.msg);
  wal_close(wal);
}

// A crash at a random call: that call and all later ones fail, then the power goes.
START_TEST(power_cuts) {
  for (size_t i = 0; i < test_scale(1000); i++) {
    World w = world_new(i);
    for (int life = 0; life < 3; life++) {
      disk_fail(w.disk, 1 + test_random(&w.rng) % 200, EIO, true);
      session(&w, 5 + test_random(&w.rng) % 60);
      disk_crash(w.disk, test_random(&w.rng) % 4 == 0   ? DISK_NONE
                         : test_random(&w.rng) % 4 == 0 ? DISK_ALL
                                                        : DISK_RANDOM);
      must_open(&w);
      disk_crash(w.disk, DISK_NONE); // what was shown once stays
      must_open(&w);
    }
    world_free(&w);
  }
}
END_TEST

// The process dies or goes on after one call failed; the disk lives.
START_TEST(every_fault) {
  const int errors[] = {EIO, ENOSPC};
  for (int e = 0; e < 2; e++) {
    for (uint64_t n = 1;; n++) {
      World w = world_new(1234);
      disk_fail(w.disk, n, errors[e], false);
      session(&w, 60);
      bool over = disk_calls(w.disk) < n;
      disk_fail(w.disk, 0, 0, false);
      must_open(&w);
      session(&w, 30);
      disk_crash(w.disk, DISK_RANDOM);
      must_open(&w);
      world_free(&w);
      if (over) break;
      ck_assert_uint_lt(n, 2000);
    }
  }
}
END_TEST

SUITE_MAIN("daemon/log-crash", power_cuts, every_fault)
