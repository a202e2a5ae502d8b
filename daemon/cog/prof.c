// Watching where cogs spend their time: a call switches sampling on, and gets what was seen in the end.
#include "common/base/mem.h"
#include "common/plan/profile.h"
#include "daemon/cog/impl.h"
#include <inttypes.h>

typedef struct CogProf {
  CtlCall *call;
  Profile *profile;
  uint64_t from_ns, until_ns; // monotonic
  uint64_t from_event, until_event;
} CogProf;

bool prof_begin(Engine *e, Cog *c, CtlCall *call, const RpcProfArgs *args, Err *err) {
  if (c->prof)
    return err_set(err, ERR_RETRY, "somebody else watches cog %" PRIu64 "; try again later", c->id);
  uint64_t now = engine_mono_ns(e);
  c->prof = mem_alloc(sizeof *c->prof);
  *c->prof = (CogProf){.call = call,
                       .profile = profile_new(c->m, e->cfg.sys, RPC_STACKS_MAX),
                       .from_ns = now,
                       .until_ns = now + args->ms * 1000000u,
                       .from_event = c->events,
                       .until_event = UINT64_MAX};
  if (args->events && args->events < UINT64_MAX - c->events) c->prof->until_event = c->events + args->events;
  profile_start(c->prof->profile);
  return true;
}

static RpcText *take_names(Cog *c, const Profile *p, Arena *arena, size_t *count) {
  size_t n = profile_law_count(p);
  RpcText *names = arena_alloc(arena, mem_mul(n + 2, sizeof *names));
  names[0] = names[1] = rpc_text("");
  for (size_t i = 0; i < n; i++) {
    RefMark mark = refs_mark(c->m);
    char *name = arena_alloc(arena, COG_LAW_NAME + 1);
    cog_law_name(c, profile_law(p, i), name);
    names[i + 2] = rpc_text(name);
    refs_release(c->m, mark);
  }
  *count = n + 2;
  return names;
}

static RpcStack *take_stacks(const Profile *p, Arena *arena, size_t *count) {
  size_t n = profile_node_count(p);
  RpcStack *stacks = arena_alloc(arena, mem_mul(n, sizeof *stacks));
  for (size_t i = 0; i < n; i++) {
    const ProfileNode *node = profile_node(p, i);
    stacks[i] = (RpcStack){.parent = node->parent,
                           .function = i == 0                     ? 0
                                       : node->law == PROFILE_CUT ? 1
                                                                  : (uint64_t)node->law + 2,
                           .samples = node->own.samples,
                           .ns = node->own.ns,
                           .calls = node->own.calls,
                           .bytes = node->own.bytes};
  }
  *count = n;
  return stacks;
}

void prof_end(Engine *e, Cog *c) {
  CogProf *p = c->prof;
  if (!p) return;
  Arena arena = {0};
  RpcProf done = {.events = c->events - p->from_event, .ms = (engine_mono_ns(e) - p->from_ns) / 1000000u};
  done.functions.items = take_names(c, p->profile, &arena, &done.functions.n);
  done.stacks.items = take_stacks(p->profile, &arena, &done.stacks.n);
  ctl_done(p->call, &done);
  arena_free(&arena);
  profile_free(p->profile);
  mem_free(p);
  c->prof = NULL;
}

void prof_poll(Engine *e, Cog *c, uint64_t now) {
  if (c->prof && (now >= c->prof->until_ns || c->events >= c->prof->until_event)) prof_end(e, c);
}

uint64_t prof_deadline(const Cog *c) { return c->prof ? c->prof->until_ns : UINT64_MAX; }

bool prof_is_for(const Cog *c, const CtlCall *call) { return c->prof && c->prof->call == call; }
