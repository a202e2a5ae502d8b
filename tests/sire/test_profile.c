// Profiles: that they change nothing, which stacks they see, and their limits.
#include "common/base/mem.h"
#include "common/plan/profile.h"
#include "tests/sire/support.h"
#include "tests/suite.h"
#include <string.h>

// Collecting at every allocation takes quadratic time.
#ifdef HOSTILE
enum { MANY = 4000, DEEP = 2000 };
#else
enum { MANY = 100000, DEEP = 20000 };
#endif

// loop: only last calls. deep: one frame a call. ping, pong: two laws by turns.
#define PROGRAM                                                                                              \
  "= (loop n) (2 0 loop n)\n"                                                                                \
  "= (top n) (3 (loop n))\n"                                                                                 \
  "= (deep n) (2 0 (? (more m) (3 (deep m))) n)\n"                                                           \
  "= (ping f n) (2 0 (? (pi m) (3 (f ping m))) n)\n"                                                         \
  "= (pong f n) (2 0 (? (po m) (3 (f pong m))) n)\n"                                                         \
  "= (both n) (3 (ping pong n))\n"

// A clock that goes one microsecond a look.
static uint64_t tick(void *ctx) { return *(uint64_t *)ctx += 1000; }

typedef struct Setup {
  Fixture *f;
  uint64_t now;
  Sys clock;
  Profile *p;
} Setup;

static void setup(Setup *s) {
  *s = (Setup){.f = fixture_new()};
  s->clock = (Sys){.ctx = &s->now, .mono_ns = tick};
  ck_assert(fixture_load(s->f, PROGRAM));
  s->p = profile_new(s->f->m, &s->clock, 0);
}

static void teardown(Setup *s) {
  profile_free(s->p);
  fixture_free(s->f);
}

static uint64_t eval(Setup *s, const char *function, uint64_t n) {
  Err err = ERR_INIT;
  uint64_t result = 0;
  Machine *m = s->f->m;
  RefMark mark = refs_mark(m);
  Ref f = sire_lookup(s->f->s, function, &err), arg = plan_nat(m, n);
  ck_assert_uint_ne(f, 0);
  Ref v = plan_apply(m, f, &arg, 1);
  ck_assert_int_eq(plan_force(m, v), RUN_DONE);
  ck_assert(plan_nat_u64(m, v, &result));
  refs_release(m, mark);
  return result;
}

static ProfileCost sum(const Profile *p) {
  ProfileCost sum = {0};
  for (size_t i = 0; i < profile_node_count(p); i++) {
    const ProfileCost *own = &profile_node(p, i)->own;
    sum.samples += own->samples;
    sum.ns += own->ns;
    sum.calls += own->calls;
    sum.bytes += own->bytes;
  }
  return sum;
}

// The node's stack, outermost first.
static char *stack_text(Setup *s, size_t node) {
  Buf all = {0};
  for (size_t at = node; at != 0; at = profile_node(s->p, at)->parent) {
    const ProfileNode *n = profile_node(s->p, at);
    Buf text = {0};
    SirePlace place;
    if (n->law == PROFILE_CUT)
      buf_str(&text, "..");
    else
      sire_find_law(s->f->s, profile_law(s->p, n->law), &text, &place);
    if (all.len > 0) buf_u8(&text, ' ');
    buf_put(&text, all.data, all.len);
    buf_free(&all);
    all = text;
  }
  size_t len;
  buf_u8(&all, 0);
  return (char *)buf_take(&all, &len);
}

static const ProfileNode *find_stack(Setup *s, const char *stack) {
  for (size_t i = 0; i < profile_node_count(s->p); i++) {
    char *text = stack_text(s, i);
    bool same = strcmp(text, stack) == 0;
    mem_free(text);
    if (same) return profile_node(s->p, i);
  }
  return NULL;
}

START_TEST(costs_add_up) {
  Setup s;
  setup(&s);
  ck_assert_uint_eq(eval(&s, "top", MANY), 1);
  ck_assert_uint_eq(sum(s.p).samples, 0); // it was not on
  MachineStats before = machine_stats(s.f->m);
  profile_start(s.p);
  ck_assert_ptr_eq(profile_of(s.f->m), s.p);
  ck_assert_uint_eq(eval(&s, "top", MANY), 1);
  profile_stop(s.p);
  MachineStats after = machine_stats(s.f->m);
  ProfileCost all = sum(s.p);
  ck_assert_uint_eq(all.calls, after.calls - before.calls);
  ck_assert_uint_ge(all.calls, MANY);
  ck_assert_uint_le(all.bytes, after.allocated_bytes - before.allocated_bytes);
  ck_assert_uint_ge(all.samples, MANY / (2 * PROFILE_SLICE));
  ck_assert_uint_eq(all.ns, all.samples * 1000);
  const ProfileNode *loop = find_stack(&s, "top loop");
  ck_assert_ptr_nonnull(loop);
  ck_assert_uint_ge(loop->own.calls * 4, all.calls); // half of the calls are those of an opcode
  ck_assert_uint_eq(eval(&s, "top", MANY), 1);
  ck_assert_uint_eq(sum(s.p).samples, all.samples);
  teardown(&s);
}
END_TEST

// A law that calls itself is there once; of two by turns the innermost are, and what is outside of them is
// cut.
START_TEST(deep_stacks) {
  Setup s;
  setup(&s);
  profile_start(s.p);
  ck_assert_uint_eq(eval(&s, "deep", DEEP), DEEP);
  ck_assert_uint_eq(eval(&s, "both", DEEP), DEEP + 1);
  bool cut = false;
  for (size_t i = 1; i < profile_node_count(s.p); i++) {
    const ProfileNode *n = profile_node(s.p, i);
    size_t depth = 1;
    ck_assert_uint_lt(n->parent, i);
    for (size_t at = n->parent; at != 0; at = profile_node(s.p, at)->parent) depth++;
    ck_assert_uint_le(depth, PROFILE_DEPTH + 1);
    if (n->law == PROFILE_CUT) {
      cut = true;
      ck_assert_uint_eq(n->parent, 0);
    } else if (n->parent != 0) {
      ck_assert_uint_ne(n->law, profile_node(s.p, n->parent)->law);
    }
  }
  ck_assert(cut);
  teardown(&s);
}
END_TEST

START_TEST(laws_that_move) {
  Setup s;
  setup(&s);
  profile_start(s.p);
  eval(&s, "top", MANY);
  eval(&s, "deep", DEEP);
  size_t laws = profile_law_count(s.p);
  for (int i = 0; i < 4; i++) {
    machine_collect(s.f->m, i % 2 == 0);
    eval(&s, "top", MANY);
    eval(&s, "deep", DEEP);
  }
  ck_assert_uint_eq(profile_law_count(s.p), laws);
  ck_assert_ptr_nonnull(find_stack(&s, "top loop"));
  teardown(&s);
}
END_TEST

START_TEST(time_limit) {
  Setup s;
  setup(&s);
  Err err = ERR_INIT;
  profile_start(s.p);
  profile_until(s.p, s.now + 20000);
  ck_assert(!profile_is_over(s.p));
  Ref f = sire_lookup(s.f->s, "loop", &err), arg = plan_nat(s.f->m, UINT64_MAX >> 1);
  ck_assert_uint_ne(f, 0);
  Ref v = plan_apply(s.f->m, f, &arg, 1);
  ck_assert_int_eq(plan_force(s.f->m, v), RUN_STOPPED);
  ck_assert(profile_is_over(s.p));
  ck_assert_uint_lt(sum(s.p).samples, 25);
  teardown(&s);
}
END_TEST

// In slices of the caller's: it yields as often as it must.
START_TEST(slices) {
  Setup s;
  setup(&s);
  Err err = ERR_INIT;
  Machine *m = s.f->m;
  profile_start(s.p);
  Ref f = sire_lookup(s.f->s, "top", &err), arg = plan_nat(m, MANY);
  machine_start_nf(m, plan_apply(m, f, &arg, 1));
  size_t yields = 0;
  Outcome o;
  while ((o = profile_run(s.p, 2500)) == RUN_YIELD) yields++;
  ck_assert_int_eq(o, RUN_DONE);
  ck_assert_uint_eq(machine_result(m), 1);
  ck_assert_uint_ge(yields, MANY / 2500 / 2);
  teardown(&s);
}
END_TEST

SUITE_MAIN("sire/profile", costs_add_up, deep_stacks, laws_that_move, time_limit, slices)
