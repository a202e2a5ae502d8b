// palld when one of its calls fails: the n-th write, sync, open, read, rename, reservation or allocation.
// It may end, never by a crash; what it answered for is there when it starts again, and what it did not
// answer for can be sent again.
#include "common/base/mem.h"
#include "tests/durability/rig.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SENDS 8
#define SAMPLE 12 // of each kind of call, when not scaled
#define SLOW_SECONDS 15

typedef struct Fault {
  const char *call;
  int error;
  bool stay;
} Fault;

static const Fault FAULTS[] = {
    {"write", EIO, false},    {"write", ENOSPC, true},    {"sync", EIO, false},
    {"open", EMFILE, false},  {"read", EIO, false},       {"rename", EIO, false},
    {"allocate", EIO, false}, {"allocate", ENOSPC, true}, {"malloc", ENOMEM, false},
};

// --- one session -----------------------------------------------------------------------------------
typedef struct Session {
  bool spawned;
  size_t acknowledged; // messages 0 .. acknowledged - 1
} Session;

// Every third message is heavy, so that pages are written too.
static bool send_one(Rig *r, Pall *p, size_t k, Err *err) {
  RpcSend answer;
  time_t start = time(NULL);
  r->weight = k % 3 == 1 ? 9000 : 0;
  bool ok = rig_send(r, p, k, &answer, err);
  ck_assert_msg(time(NULL) - start < SLOW_SECONDS, "message %zu got no answer in time", k);
  if (ok) ck_assert_uint_eq(answer.event, k + 1);
  return ok;
}

// Goes as far as it gets; what fails without breaking the connection is tried a second time.
static void talk(Rig *r, Session *s, size_t sends) {
  Pall *p = rig_connect(r, 20000);
  Err err = ERR_INIT;
  if (!p) return;
  if (!s->spawned) {
    s->spawned = rig_spawn(r, p, "journal", &err);
    if (!s->spawned && !pall_is_broken(p)) s->spawned = rig_spawn(r, p, "journal", &err);
  }
  for (size_t k = s->acknowledged; s->spawned && k < sends; k++) {
    bool ok = send_one(r, p, k, &err);
    if (!ok && !pall_is_broken(p)) ok = send_one(r, p, k, &err);
    if (!ok) break;
    s->acknowledged = k + 1;
  }
  pall_close(p);
}

// A start without faults holds what was promised, takes the rest, and has everything once in the end.
static void check_after(Rig *r, const char *what, Session s) {
  Err err = ERR_INIT;
  RpcPs ps;
  rig_start(r, NULL);
  Pall *p = rig_connect(r, 20000);
  ck_assert_msg(p != NULL, "%s: palld does not start again", what);
  ck_assert_msg(pall_call(p, METHOD_PS, &(RpcPsArgs){.count = 10}, &ps, PALL_TIMEOUT_DEFAULT, &err), "%s",
                err.msg);
  size_t n = 0, cogs = ps.cogs.n;
  uint64_t *kept;
  ck_assert_msg(cogs == 1 || (cogs == 0 && !s.spawned), "%s: %zu cogs", what, cogs);
  if (cogs == 1) {
    ck_assert_msg(rig_kept(r, p, &kept, &n, &err), "%s: %s", what, err.msg);
    mem_free(kept);
  }
  ck_assert_msg(n >= s.acknowledged, "%s: %zu messages are there, %zu were acknowledged", what, n,
                s.acknowledged);
  pall_close(p);
  s.spawned = cogs == 1;
  talk(r, &s, SENDS);
  ck_assert_msg(s.acknowledged == SENDS, "%s: only %zu messages were taken afterwards", what, s.acknowledged);
  p = rig_connect(r, 20000);
  ck_assert_msg(p && rig_kept(r, p, &kept, &n, &err), "%s: %s", what, err.msg);
  ck_assert_msg(n == SENDS, "%s: %zu messages of %d", what, n, SENDS);
  for (size_t k = 0; k < n; k++) ck_assert_msg(kept[k] == k, "%s: place %zu is wrong", what, k);
  mem_free(kept);
  pall_close(p);
  ck_assert_msg(rig_end(r, SIGTERM) == 0, "%s: no clean end", what);
}

static unsigned long calls_seen(const char *path) {
  FILE *f = fopen(path, "r");
  unsigned long n = 0;
  if (f && fscanf(f, "%lu", &n) != 1) n = 0;
  if (f) fclose(f);
  return n;
}

// Runs on a copy of `base` with the n-th call failing. Returns the calls seen, 0 when that is not known.
static unsigned long fault_run(Rig *r, const char *base, Session before, const Fault *f, unsigned long n) {
  char *what = mem_printf("%s:%lu:%d%s on %s", f->call, n, f->error, f->stay ? ":stay" : "",
                          before.spawned ? "a store in use" : "a new store");
  char *count = mem_printf("%s/count", r->top);
  char *env[] = {mem_printf("PALL_FAULT=%s:%lu:%d%s", f->call, n, f->error, f->stay ? ":stay" : ""),
                 mem_printf("PALL_FAULT_DIR=%s", r->home), mem_printf("PALL_FAULT_COUNT=%s", count),
                 mem_printf("LD_PRELOAD=%s", getenv("PALL_FAULT_LIB")), NULL};
  rig_shell("rm -rf '%s'", r->home);
  rig_shell("cp -a '%s' '%s'", base, r->home);
  unlink(count);
  rig_start(r, env);
  talk(r, &before, SENDS);
  int status = rig_end(r, SIGTERM);
  ck_assert_msg(status < 128 || status == 128 + SIGTERM, "%s: ended with signal %d", what, status - 128);
  unsigned long seen = calls_seen(count);
  check_after(r, what, before);
  for (size_t i = 0; env[i]; i++) mem_free(env[i]);
  mem_free(count);
  mem_free(what);
  return seen;
}

static void all_faults(Rig *r, const char *base, Session before, uint64_t *rng) {
  for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
    const Fault *f = &FAULTS[i];
    unsigned long total = fault_run(r, base, before, f, 100000000), runs = 0;
    if (total == 0) continue;
    unsigned long step = test_step(total, SAMPLE);
    for (unsigned long n = 1 + test_random(rng) % step; n <= total; n += step, runs++)
      fault_run(r, base, before, f, n);
    printf("%s, %s: %lu calls%s, %lu of them failed\n", before.spawned ? "store in use" : "new store",
           f->call, total, f->stay ? " and all later ones" : "", runs);
    fflush(stdout);
  }
}

START_TEST(new_store) {
  Rig r;
  uint64_t rng = test_seed((uint64_t)time(NULL));
  rig_open(&r, rng);
  char *base = mem_printf("%s/base", r.top);
  rig_shell("cp -a '%s' '%s'", r.home, base);
  all_faults(&r, base, (Session){0}, &rng);
  mem_free(base);
  rig_close(&r);
}
END_TEST

// Half of the messages came before: some are in snapshots, some to be replayed.
START_TEST(store_in_use) {
  Rig r;
  Session before = {0};
  uint64_t rng = test_seed((uint64_t)time(NULL));
  rig_open(&r, rng);
  rig_start(&r, NULL);
  talk(&r, &before, 2);
  ck_assert_int_eq(rig_end(&r, SIGTERM), 0);
  rig_start(&r, NULL);
  talk(&r, &before, 4);
  rig_end(&r, SIGKILL);
  ck_assert_uint_eq(before.acknowledged, 4);
  char *base = mem_printf("%s/base", r.top);
  rig_shell("cp -a '%s' '%s'", r.home, base);
  all_faults(&r, base, before, &rng);
  mem_free(base);
  rig_close(&r);
}
END_TEST

SUITE_MAIN_WITH("durability/daemon-fault", ((SuiteFrame){.seconds = 3600}), {new_store}, {store_in_use})
