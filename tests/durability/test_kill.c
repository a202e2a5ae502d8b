// Kills palld at random moments while a journal is sent to; nothing that was acknowledged is lost, nothing
// is kept twice, and the order is the sender's.
#include "client/library.h"
#include "common/base/mem.h"
#include "tests/durability/rig.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct Chaos {
  Rig rig;
  atomic_size_t acknowledged;
  atomic_bool over;
  size_t sends, kills;
  size_t at_start, at_stop; // kills before palld listened, and while it was stopping
  uint64_t rng;
} Chaos;

static void pause_us(uint64_t us) {
  nanosleep(&(struct timespec){.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000},
            NULL);
}

static int by_value(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return x < y ? -1 : x > y;
}

// One kill: in the middle of work, a moment after SIGTERM (so while it takes snapshots), or a moment after
// the start that follows a kill (so while it replays its log).
static void kill_once(Chaos *c) {
  uint64_t how = test_random(&c->rng) % 4;
  pause_us(test_random(&c->rng) % 3000);
  if (how == 0) {
    kill(c->rig.pid, SIGTERM);
    pause_us(test_random(&c->rng) % 4000);
    c->at_stop++;
  } else if (how == 1) {
    rig_end(&c->rig, SIGKILL);
    rig_start(&c->rig, NULL);
    pause_us(test_random(&c->rng) % 12000);
    c->at_start++;
  }
  rig_end(&c->rig, SIGKILL);
  rig_start(&c->rig, NULL);
}

static void *killer(void *ctx) {
  Chaos *c = ctx;
  size_t *when = mem_alloc(mem_mul(c->kills, sizeof *when));
  for (size_t i = 0; i < c->kills; i++) when[i] = test_random(&c->rng) % c->sends;
  qsort(when, c->kills, sizeof *when, by_value);
  for (size_t i = 0; i < c->kills; i++) {
    while (atomic_load(&c->acknowledged) < when[i] && !atomic_load(&c->over)) pause_us(50);
    kill_once(c);
  }
  mem_free(when);
  return NULL;
}

// Sends message k until somebody says that it was taken.
static Pall *send_surely(Chaos *c, Pall *p, uint64_t k, size_t *retries, size_t *again) {
  for (int tries = 0;; tries++) {
    Err err = ERR_INIT;
    RpcSend answer;
    ck_assert_msg(tries < 1000, "message %llu was never taken", (unsigned long long)k);
    if (!p) p = pall_connect(c->rig.socket, "kill test", PALL_TIMEOUT_CONNECT, &err);
    if (p && rig_send(&c->rig, p, k, &answer, &err)) {
      *again += answer.again;
      ck_assert_uint_eq(answer.event, k + 1); // one sender, one message an event, none lost, none twice
      return p;
    }
    ck_assert_msg(!p || pall_is_broken(p) || err.code == ERR_RETRY || err.code == ERR_UNAVAILABLE,
                  "message %llu: %s", (unsigned long long)k, err.msg);
    if (p) ++*retries;
    if (p && pall_is_broken(p)) {
      pall_close(p);
      p = NULL;
    }
    pause_us(tries < 100 ? 500 : 50000); // a start takes its time, the more so under a sanitizer
  }
}

static void check_kept(Rig *r, Pall *p, size_t sends) {
  Err err = ERR_INIT;
  uint64_t *kept;
  size_t n;
  ck_assert_msg(rig_kept(r, p, &kept, &n, &err), "%s", err.msg);
  for (size_t i = 0; i < n && i < sends; i++)
    ck_assert_msg(kept[i] == i, "place %zu holds message %llu", i, (unsigned long long)kept[i]);
  ck_assert_uint_eq(n, sends);
  mem_free(kept);
}

static void kill_under(size_t sends, size_t kills, size_t weight, bool snaps) {
  uint64_t rng = test_seed((uint64_t)time(NULL));
  Chaos c = {.sends = test_scale(sends), .kills = test_scale(kills), .rng = rng};
  size_t retries = 0, again = 0;
  Err err = ERR_INIT;
  pthread_t thread;
  rig_open(&c.rig, rng);
  c.rig.weight = weight;
  c.rig.snaps = snaps;
  rig_start(&c.rig, NULL);
  Pall *p = rig_connect(&c.rig, 20000);
  ck_assert_ptr_nonnull(p);
  ck_assert_msg(rig_spawn(&c.rig, p, "journal", &err), "%s", err.msg);
  ck_assert(pthread_create(&thread, NULL, killer, &c) == 0);
  for (uint64_t k = 0; k < c.sends; k++) {
    p = send_surely(&c, p, k, &retries, &again);
    atomic_store(&c.acknowledged, k + 1);
  }
  atomic_store(&c.over, true);
  pthread_join(thread, NULL);
  pall_close(p);
  p = rig_connect(&c.rig, 20000);
  ck_assert_ptr_nonnull(p);
  check_kept(&c.rig, p, c.sends);
  pall_close(p);
  rig_end(&c.rig, SIGKILL);
  rig_start(&c.rig, NULL);
  p = rig_connect(&c.rig, 20000);
  ck_assert_ptr_nonnull(p);
  check_kept(&c.rig, p, c.sends);
  pall_close(p);
  ck_assert_int_eq(rig_end(&c.rig, SIGTERM), 0);
  printf("%zu sends, %zu kills (%zu while starting, %zu while stopping), %zu retries, %zu of them had been "
         "taken before\n",
         c.sends, c.kills, c.at_start, c.at_stop, retries, again);
  rig_close(&c.rig);
}

START_TEST(kills_lose_nothing) { kill_under(1000, 20, 0, false); }
END_TEST

// Values in pages of their own.
START_TEST(heavy_messages) { kill_under(200, 10, 20000, false); }
END_TEST

// Values that just fit into the log, so that it grows fast, and a snapshot about every 500 messages.
START_TEST(kills_around_snapshots) { kill_under(1200, 12, 1900, true); }
END_TEST

// --- a cog that is busy while snapshots are taken --------------------------------------------------

#define MANY 700 // of 1900 bytes each: more than a megabyte of log, so a snapshot

typedef struct Busy {
  Rig *rig;
  Pall *p;
} Busy;

static void *keep_busy(void *ctx) {
  Busy *b = ctx;
  RpcSend answer;
  RpcStep step = {.text = rpc_text("in")};
  RpcSendArgs args = {.cog = {.name = rpc_text("busy")},
                      .path = {&step, 1},
                      .value = {b->rig->journal.data, b->rig->journal.len},
                      .wait_ms = 60000};
  Err err = ERR_INIT;
  ck_assert(!pall_call(b->p, METHOD_SEND, &args, &answer, 60000, &err)); // palld dies before it has an answer
  return NULL;
}

static size_t count_cogs(Pall *p) {
  RpcPs ps;
  Err err = ERR_INIT;
  ck_assert_msg(pall_call(p, METHOD_PS, &(RpcPsArgs){.count = 10}, &ps, PALL_TIMEOUT_DEFAULT, &err), "%s",
                err.msg);
  return ps.cogs.n;
}

// Its event is under way, so no snapshot has it; yet it is there after a restart, and after the next.
START_TEST(snapshots_without_a_busy_cog) {
  Rig rig;
  Err err = ERR_INIT;
  ValueScope scope = {0};
  Buf looper = {0};
  pthread_t thread;
  RpcSpawn spawned;
  RpcSend answer;
  rig_open(&rig, 3);
  rig.snaps = true;
  rig.weight = 1900;
  ck_assert_msg(LIBRARY_VALUES.from_file(NULL, getenv("PALL_LOOPER"), &scope, &looper, &err), "%s", err.msg);
  rig_start(&rig, NULL);
  Pall *p = rig_connect(&rig, 20000);
  RpcSpawnArgs args = {.name = rpc_text("busy"), .value = {looper.data, looper.len}};
  ck_assert(p && rig_spawn(&rig, p, "journal", &err));
  ck_assert(pall_call(p, METHOD_SPAWN, &args, &spawned, PALL_TIMEOUT_DEFAULT, &err));
  Busy busy = {&rig, rig_connect(&rig, 20000)};
  ck_assert(pthread_create(&thread, NULL, keep_busy, &busy) == 0);
  pause_us(100000);
  for (uint64_t k = 0; k < MANY; k++) ck_assert_msg(rig_send(&rig, p, k, &answer, &err), "%s", err.msg);
  check_kept(&rig, p, MANY);
  rig_end(&rig, SIGKILL);
  pthread_join(thread, NULL);
  pall_close(busy.p);
  pall_close(p);
  for (int i = 0; i < 2; i++) {
    rig_start(&rig, NULL);
    p = rig_connect(&rig, 20000);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(count_cogs(p), 2);
    check_kept(&rig, p, MANY);
    pall_close(p);
    rig_end(&rig, i == 0 ? SIGTERM : SIGKILL);
  }
  buf_free(&looper);
  rig_close(&rig);
}
END_TEST

SUITE_MAIN("durability/kill", kills_lose_nothing, heavy_messages, kills_around_snapshots,
           snapshots_without_a_busy_cog)
