#include "common/plan/profile.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/pinjet.h"
#include "common/plan/trace.h"

struct Profile {
  Machine *m; // whose `profiled` are the laws, by number
  const Sys *sys;
  bool on;
  uint64_t until;
  uint64_t random;
  WordTable law_at;   // address -> number; a hint, since laws move
  WordTable children; // parent << 32 | law -> node
  ProfileNode *nodes;
  size_t count, cap, most;
  // At the last sample.
  uint64_t ns;
  MachineStats stats;
};

Profile *profile_new(Machine *m, const Sys *sys, size_t nodes) {
  assert(!m->profile);
  Profile *p = mem_zalloc(sizeof *p);
  *p = (Profile){.m = m,
                 .sys = sys,
                 .random = 1,
                 .count = 1,
                 .most = nodes > 0 && nodes < PROFILE_NODES ? nodes : PROFILE_NODES};
  mem_reserve(p->nodes, p->cap, 1);
  p->nodes[0] = (ProfileNode){.law = PROFILE_CUT};
  m->profile = p;
  return p;
}

void profile_free(Profile *p) {
  if (!p) return;
  Machine *m = p->m;
  mem_free(m->profiled.at);
  m->profiled = (ValueVec){0};
  m->profile = NULL;
  wtab_free(&p->law_at);
  wtab_free(&p->children);
  mem_free(p->nodes);
  mem_free(p);
}

void profile_start(Profile *p) { p->on = true; }
void profile_stop(Profile *p) { p->on = false; }
void profile_until(Profile *p, uint64_t mono_ns) { p->until = mono_ns; }
bool profile_is_over(const Profile *p) { return p->until && p->ns >= p->until; }
Profile *profile_of(const Machine *m) { return m->profile && m->profile->on ? m->profile : NULL; }

// --- laws ----------------------------------------------------------------------------------------
// Its number; PROFILE_CUT when there is no place for it. A law that was met and has moved since is looked
// for among all.
static uint32_t number_of(Profile *p, Value law) {
  ValueVec *laws = &p->m->profiled;
  uint64_t *hint = wtab_get(&p->law_at, law);
  if (hint && laws->at[*hint] == law) return (uint32_t)*hint;
  size_t i = 0;
  while (i < laws->count && laws->at[i] != law) i++;
  if (i == PROFILE_LAWS) return PROFILE_CUT;
  if (i == laws->count) {
    mem_reserve(laws->at, laws->cap, i + 1);
    laws->at[laws->count++] = law;
  }
  if (p->law_at.count > 4 * (size_t)PROFILE_LAWS) wtab_clear(&p->law_at);
  wtab_put(&p->law_at, law, i);
  return (uint32_t)i;
}

static uint32_t child_of(Profile *p, uint32_t parent, uint32_t law) {
  uint64_t key = (uint64_t)parent << 32 | law, *known = wtab_get(&p->children, key);
  if (known) return (uint32_t)*known;
  if (p->count >= p->most) return parent;
  mem_reserve(p->nodes, p->cap, p->count + 1);
  p->nodes[p->count] = (ProfileNode){.parent = parent, .law = law};
  wtab_put(&p->children, key, p->count);
  return (uint32_t)p->count++;
}

// --- stacks --------------------------------------------------------------------------------------
typedef struct Stack {
  Value laws[PROFILE_DEPTH]; // innermost first
  size_t count;
  bool cut;
} Stack;

static void add_law(Stack *s, Value law) {
  if (law == 0 || (s->count > 0 && s->laws[s->count - 1] == law)) return;
  if (s->count == PROFILE_DEPTH)
    s->cut = true;
  else
    s->laws[s->count++] = law;
}

// The function that is about to be called, if it has code of its own kind.
static Value callee_law(Machine *m) {
  Value f = m->acc;
  if (val_is_ptr(f) && !val_is_lazy(f)) f = app_head(f);
  if (val_is_ptr(f) && !val_is_lazy(f) && val_kind(f) == KIND_PIN && pin_jet(m, f)) return 0;
  return trace_law(f);
}

static void walk(Machine *m, Stack *s) {
  size_t frame = m->frame;
  add_law(s, callee_law(m));
  for (int i = 0; frame_kind(m->stack[frame]) != FRAME_BASE; i++) {
    if (i == PROFILE_FRAMES || s->cut) {
      s->cut = true;
      return;
    }
    add_law(s, trace_frame_law(m->stack + frame));
    frame -= frame_distance(m->stack[frame]);
  }
}

static void sample(Profile *p, bool is_suspended) {
  Stack s = {0};
  uint64_t ns = p->sys->mono_ns(p->sys->ctx);
  MachineStats stats = machine_stats(p->m);
  uint32_t node = 0;
  if (is_suspended) walk(p->m, &s);
  if (s.cut) node = child_of(p, node, PROFILE_CUT);
  for (size_t i = s.count; i-- > 0;) node = child_of(p, node, number_of(p, s.laws[i]));
  ProfileCost *own = &p->nodes[node].own;
  own->samples++;
  own->ns += ns - p->ns;
  own->calls += stats.calls - p->stats.calls;
  own->bytes += stats.allocated_bytes - p->stats.allocated_bytes;
  p->ns = p->sys->mono_ns(p->sys->ctx); // without what the walk took
  p->stats = stats;
  if (p->until && ns >= p->until) machine_interrupt(p->m);
}

// --- running -------------------------------------------------------------------------------------
// Irregular, so that a loop does not always stand at the same place.
static uint64_t next_slice(Profile *p) {
  p->random = p->random * 6364136223846793005ULL + 1442695040888963407ULL;
  return PROFILE_SLICE / 2 + (p->random >> 33) % PROFILE_SLICE;
}

Outcome profile_run(Profile *p, uint64_t slice) {
  p->ns = p->sys->mono_ns(p->sys->ctx);
  p->stats = machine_stats(p->m);
  uint64_t done = 0;
  for (;;) {
    uint64_t n = next_slice(p);
    if (slice && n > slice - done) n = slice - done;
    Outcome o = machine_run(p->m, n);
    sample(p, o == RUN_YIELD || o == RUN_NEED_PAGE);
    done += n;
    if (o != RUN_YIELD || done == slice) return o;
  }
}

// --- what was found --------------------------------------------------------------------------------
size_t profile_node_count(const Profile *p) { return p->count; }
const ProfileNode *profile_node(const Profile *p, size_t i) {
  assert(i < p->count);
  return &p->nodes[i];
}
size_t profile_law_count(const Profile *p) { return p->m->profiled.count; }
Ref profile_law(const Profile *p, size_t i) {
  assert(i < p->m->profiled.count);
  return ref_new(p->m, p->m->profiled.at[i]);
}
