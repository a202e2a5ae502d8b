// palld under power cuts: whatever moment of its life the power goes at, and whatever of its writes since the
// last sync has arrived, the store opens and holds all that palld had answered for.
#include "common/base/mem.h"
#include "daemon/cog/impl.h"
#include "proto/rpc.h"
#include "tests/durability/replay.h"
#include "tests/durability/rig.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define POINTS 60

// How far a second cog, named "other", has come.
typedef enum Other { OTHER_NONE, OTHER_SPAWNED, OTHER_STOPPED, OTHER_STARTED, OTHER_REMOVED } Other;

typedef struct Promises {
  size_t messages;
  bool journal;
  Other other;
} Promises;

// One process: what it did to the disk, what had been acknowledged before it and by its end.
typedef struct Life {
  Trace *trace;
  char *base; // copy of the home as it was at its start
  Promises before, after;
} Life;

// --- the session -----------------------------------------------------------------------------------
static void step_other(Rig *r, Pall *p, Promises *done) {
  static const RpcMethod methods[] = {
      [OTHER_STOPPED] = METHOD_STOP, [OTHER_STARTED] = METHOD_START, [OTHER_REMOVED] = METHOD_RM};
  RpcCogArgs args = {.cog = {.name = rpc_text("other")}};
  RpcNothing nothing;
  Err err = ERR_INIT;
  done->other++;
  bool ok = done->other == OTHER_SPAWNED
                ? rig_spawn(r, p, "other", &err)
                : pall_call(p, methods[done->other], &args, &nothing, PALL_TIMEOUT_DEFAULT, &err);
  ck_assert_msg(ok, "%s", err.msg);
}

static void send_next(Rig *r, Pall *p, Promises *done) {
  RpcSend answer;
  Err err = ERR_INIT;
  ck_assert_msg(rig_send(r, p, done->messages, &answer, &err), "%s", err.msg);
  ck_assert_uint_eq(answer.event, ++done->messages);
}

// So many messages, with the second cog on its way to `other` in the middle of them.
static Life live(Rig *r, const char *name, Promises before, size_t sends, Other other, int end) {
  Life life = {.base = mem_printf("%s/%s.base", r->top, name), .before = before};
  char *path = mem_printf("%s/%s.trace", r->top, name), *a = mem_printf("PALL_TRACE=%s", path),
       *b = mem_printf("PALL_TRACE_DIR=%s", r->home),
       *c = mem_printf("LD_PRELOAD=%s", getenv("PALL_PRELOAD"));
  Err err = ERR_INIT;
  Promises done = before;
  rig_shell("cp -a '%s' '%s'", r->home, life.base);
  rig_start(r, (char *[]){a, b, c, NULL});
  Pall *p = rig_connect(r, 20000);
  ck_assert_ptr_nonnull(p);
  if (!done.journal) ck_assert_msg(rig_spawn(r, p, "journal", &err), "%s", err.msg);
  done.journal = true;
  for (size_t i = 0; i < sends; i++) {
    send_next(r, p, &done);
    if (i >= sends / 2 && done.other < other) step_other(r, p, &done);
  }
  // A reply is in the trace a moment after it was sent; a kill must not come in between.
  RpcPs listed;
  if (end == SIGKILL) {
    ck_assert(pall_call(p, METHOD_PS, &(RpcPsArgs){.count = 1}, &listed, PALL_TIMEOUT_DEFAULT, &err));
    usleep(100000);
  }
  int status = rig_end(r, end);
  ck_assert_int_eq(status, end == SIGTERM ? 0 : 128 + end);
  pall_close(p);
  life.after = done;
  ck_assert_msg(trace_load(&life.trace, path, life.base, &err), "%s", err.msg);
  mem_free(path);
  mem_free(a);
  mem_free(b);
  mem_free(c);
  return life;
}

// --- what was promised -----------------------------------------------------------------------------
static void hear(Promises *all, const uint8_t *frame, size_t len) {
  RpcMessage m;
  Err err = ERR_INIT;
  Arena arena = {0};
  RpcSend sent;
  RpcSpawn spawned;
  RpcNothing nothing;
  bool other = false, journal = false;
  ck_assert_msg(rpc_parse(&m, frame, len, &err), "%s", err.msg);
  if (m.type == RPC_RESPONSE && !m.failed) {
    if (rpc_decode(rpc_method(METHOD_SEND)->result, &m.params, true, &arena, &sent, &err)) {
      ck_assert_uint_eq(sent.event, all->messages + 1);
      all->messages++;
    } else if (rpc_decode(rpc_method(METHOD_SPAWN)->result, &m.params, true, &arena, &spawned, &err)) {
      *(rpc_text_is(spawned.name, "other") ? &other : &journal) = true;
    } else if (rpc_decode(rpc_method(METHOD_STOP)->result, &m.params, true, &arena, &nothing, &err)) {
      other = true;
    }
    all->journal |= journal;
    all->other += other;
  }
  arena_free(&arena);
  rpc_message_free(&m);
}

static Promises promises(const Life *life, size_t at) {
  Promises all = life->before;
  FrameReader reader = {.limits = FRAME_LIMITS};
  Buf said = {0};
  trace_said(life->trace, at, &said);
  for (size_t fed = 0; fed < said.len;) {
    size_t room, len;
    uint8_t *to = frame_room(&reader, &room), *frame;
    if (room > said.len - fed) room = said.len - fed;
    memcpy(to, said.data + fed, room);
    frame_received(&reader, room);
    fed += room;
    Err err = ERR_INIT;
    while (frame_next(&reader, &frame, &len, &err) == FRAME_READY) {
      hear(&all, frame, len);
      mem_free(frame);
    }
    ck_assert_msg(!reader.bad, "%s", err.msg);
  }
  frame_free(&reader);
  buf_free(&said);
  return all;
}

// --- what is there ---------------------------------------------------------------------------------
static Engine *open_store(const char *dir) {
  EngineConfig config = {.sys = sys_real(), .dir = dir, .runtime = "test", .cog_memory = 64 << 20};
  Engine *e = NULL;
  Err err = ERR_INIT;
  ck_assert_msg(engine_open(&e, &config, &err), "%s: %s", err.where, err.msg);
  return e;
}

static Cog *find_cog(Engine *e, const char *name) {
  for (size_t i = 0; i < e->cog_count; i++)
    if (strcmp(e->cogs[i]->name, name) == 0) return e->cogs[i];
  return NULL;
}

// How many messages the journal kept. They must be the first of all, in order, under the ids they came with.
static size_t check_journal(const Rig *r, Engine *e, Promises promised) {
  Cog *c = find_cog(e, "journal");
  ck_assert_msg(c || !promised.journal, "the journal is lost");
  if (!c) return 0;
  RefMark mark = refs_mark(c->m);
  size_t n = 0;
  ck_assert_uint_gt(plan_arg_count(c->m, COG_VALUE), 0);
  uint64_t *kept = rig_row(c->m, plan_arg(c->m, COG_VALUE, 0), &n);
  refs_release(c->m, mark);
  ck_assert_msg(n >= promised.messages, "%zu messages are there, %zu were acknowledged", n,
                promised.messages);
  ck_assert_uint_eq(c->events, n);
  for (size_t k = 0; k < n; k++) {
    RpcId id;
    MessageId known = {.sender = getuid()};
    uint64_t event = 0;
    ck_assert_uint_eq(kept[k], k);
    rig_message_id(r, k, &id);
    memcpy(known.id, id.bytes, RPC_ID_LEN);
    ck_assert_msg(cog_knows_message(c, &known, &event) && event == k + 1,
                  "the id of message %zu is forgotten", k);
  }
  mem_free(kept);
  return n;
}

// It is where it was promised to be, or one of the steps farther that were asked for.
static void check_other(Engine *e, Promises promised, Promises most) {
  const Cog *c = find_cog(e, "other");
  ck_assert_uint_le(e->cog_count, 2);
  for (Other o = promised.other; o <= most.other; o++) {
    bool there = o != OTHER_NONE && o != OTHER_REMOVED;
    if (there == (c != NULL) && (!c || c->paused == (o == OTHER_STOPPED))) return;
  }
  ck_abort_msg("the other cog is %s, step %d was acknowledged",
               !c          ? "gone"
               : c->paused ? "stopped"
                           : "going",
               (int)promised.other);
}

static void cut_and_check(const Rig *r, const Life *life, size_t at, uint64_t seed, bool go_on) {
  char *out = mem_printf("%s/cut", r->top), *store = mem_printf("%s/store", out);
  Promises promised = promises(life, at);
  Err err = ERR_INIT;
  rig_shell("rm -rf '%s' && mkdir '%s'", out, out);
  ck_assert_msg(trace_cut(life->trace, at, seed, out, &err), "%s", err.msg);
  if (getenv("PALL_TEST_NOISE")) {
    printf("life from %zu, cut at %zu of %zu, seed %llu, %zu messages promised\n", life->before.messages, at,
           trace_length(life->trace), (unsigned long long)seed, promised.messages);
    fflush(stdout);
  }
  Engine *e = open_store(store);
  size_t n = check_journal(r, e, promised);
  ck_assert_uint_le(n, life->after.messages);
  check_other(e, promised, life->after);
  if (go_on) { // it runs, takes snapshots, and what they say is the same
    ck_assert_msg(engine_start(e, &err), "%s", err.msg);
    engine_stop(e);
    engine_close(e);
    e = open_store(store);
    ck_assert_uint_eq(check_journal(r, e, promised), n);
    check_other(e, promised, life->after);
  }
  engine_close(e);
  mem_free(store);
  mem_free(out);
}

// --- tests -----------------------------------------------------------------------------------------
static size_t said_by(const Life *life, size_t at) {
  Buf said = {0};
  trace_said(life->trace, at, &said);
  size_t n = said.len;
  buf_free(&said);
  return n;
}

// A power cut right behind a reply that loses all that no sync covers: whoever heard the reply may rely on
// it. Of all replies, or of about `most`.
static size_t check_replies(const Rig *r, const Life *life, size_t most, uint64_t *rng) {
  size_t replies = 0, checked = 0, length = trace_length(life->trace);
  size_t *at = mem_alloc(mem_mul(length, sizeof *at));
  for (size_t i = 1, said = 0; i <= length; i++) {
    size_t now = said_by(life, i);
    if (now != said) at[replies++] = i;
    said = now;
  }
  for (size_t i = 0; i < replies; i++) {
    if (test_random(rng) % replies >= most) continue;
    cut_and_check(r, life, at[i], 1, false);
    checked++;
  }
  mem_free(at);
  return checked;
}

static void cut_lives(size_t weight, bool snaps, size_t sends, size_t points, size_t most) {
  uint64_t rng = test_seed(2024);
  Rig rig;
  rig_open(&rig, rng);
  rig.weight = weight;
  rig.snaps = snaps;
  Life lives[3];
  lives[0] = live(&rig, "first", (Promises){0}, sends, OTHER_STOPPED, SIGTERM);
  lives[1] = live(&rig, "second", lives[0].after, sends, OTHER_STARTED, SIGKILL);
  lives[2] = live(&rig, "third", lives[1].after, sends, OTHER_REMOVED, SIGTERM);
  size_t replies = 0, operations = 0;
  for (size_t i = 0; i < 3; i++) {
    size_t length = trace_length(lives[i].trace);
    operations += length;
    Promises all = promises(&lives[i], length);
    // The recorder notes a reply after it has been written: a kill may come in between, once a life.
    size_t unnoted =
        (size_t)(lives[i].after.messages - all.messages) + (size_t)(lives[i].after.other - all.other);
    ck_assert_uint_le(unnoted, i == 1 ? 1 : 0);
    replies += check_replies(&rig, &lives[i], most, &rng);
    cut_and_check(&rig, &lives[i], length, 0, true);
    cut_and_check(&rig, &lives[i], length, 1, true);
  }
  for (size_t i = 0; i < points; i++) {
    const Life *life = &lives[test_random(&rng) % 3];
    size_t at = test_random(&rng) % (trace_length(life->trace) + 1);
    cut_and_check(&rig, life, at, test_random(&rng) % 5 == 0 ? 1 : 2 + i, i % 4 == 0);
  }
  printf("%zu operations, cut behind %zu replies and at %zu random points\n", operations, replies, points);
  for (size_t i = 0; i < 3; i++) {
    trace_free(lives[i].trace);
    mem_free(lives[i].base);
  }
  rig_close(&rig);
}

// --- failed syncs ----------------------------------------------------------------------------------
// A sync that failed leaves in doubt what it should have covered, though the process still reads it back.
// So here the power goes at the end of each run, and all that no good sync covers with it.
static bool fail_and_cut(Rig *r, const char *call, unsigned long n) {
  Life life = {0};
  char *path = mem_printf("%s/fault.trace", r->top);
  char *env[] = {mem_printf("PALL_TRACE=%s", path),
                 mem_printf("PALL_TRACE_DIR=%s", r->home),
                 mem_printf("PALL_FAULT=%s:%lu:%d", call, n, EIO),
                 mem_printf("PALL_FAULT_DIR=%s", r->home),
                 mem_printf("LD_PRELOAD=%s:%s", getenv("PALL_FAULT_LIB"), getenv("PALL_PRELOAD")),
                 NULL};
  Err err = ERR_INIT;
  rig_shell("rm -rf '%s' '%s'", r->home, path);
  rig_shell("mkdir '%s'", r->home);
  rig_start(r, env);
  Pall *p = rig_connect(r, 20000);
  bool ok = p && rig_spawn(r, p, "journal", &err);
  size_t *sent = &life.after.messages;
  for (; ok && *sent < 6; *sent += ok) {
    RpcSend answer;
    r->weight = *sent % 3 == 1 ? 9000 : 0;
    ok = rig_send(r, p, *sent, &answer, &err);
  }
  pall_close(p);
  int status = rig_end(r, SIGTERM);
  ck_assert_msg(status < 128 || status == 128 + SIGTERM, "%s %lu: signal %d", call, n, status - 128);
  ++*sent; // the one that got no answer may be there
  ck_assert_msg(trace_load(&life.trace, path, NULL, &err), "%s", err.msg);
  cut_and_check(r, &life, trace_length(life.trace), 1, true);
  cut_and_check(r, &life, trace_length(life.trace), n + 2, false);
  trace_free(life.trace);
  for (size_t i = 0; env[i]; i++) mem_free(env[i]);
  mem_free(path);
  return status != 0;
}

START_TEST(failed_syncs) {
  Rig rig;
  rig_open(&rig, 11);
  const char *const calls[] = {"sync", "write"};
  for (size_t i = 0; i < 2; i++) {
    unsigned long n = 1, struck = 0;
    // Beyond the last call the runs go well. Of the writes every second one, unless there is time for all.
    size_t step = i == 1 && test_scale(1) == 1 ? 2 : 1;
    for (int quiet = 0; quiet < 3; n += step) {
      bool ended = fail_and_cut(&rig, calls[i], n);
      struck += ended;
      quiet = ended ? 0 : quiet + 1;
    }
    printf("%lu runs with a failed %s, %lu ended palld\n", (n - 1) / step, calls[i], struck);
    ck_assert_uint_gt(struck, 5);
  }
  rig_close(&rig);
}
END_TEST

START_TEST(small_messages) { cut_lives(0, false, 12, test_scale(POINTS), SIZE_MAX); }
END_TEST

// Heavy enough for pages of their own.
START_TEST(heavy_messages) { cut_lives(90000, false, 8, test_scale(POINTS / 3), SIZE_MAX); }
END_TEST

// As much as goes into the log itself, and so many of it that snapshots are taken in between.
START_TEST(snapshots) { cut_lives(1900, true, 600, test_scale(POINTS / 3), test_scale(6)); }
END_TEST

SUITE_MAIN_WITH("durability/daemon-cut", ((SuiteFrame){.seconds = 3600}), {failed_syncs}, {small_messages},
                {heavy_messages}, {snapshots})
