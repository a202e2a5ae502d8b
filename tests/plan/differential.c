#include "tests/plan/differential.h"
#include "common/base/mem.h"
#include "tests/plan/gen.h"
#include "tests/plan/ref/bridge.h"
#include "tests/suite.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HOSTILE // which moves everything at every allocation
#define FUEL_UNCOMPARED 200
#else
#define FUEL_UNCOMPARED 6000
#endif
#define FUEL_COMPARED 10000000
#define SIZE_MOST 3000 // paths in a result that is compared by hash and carried back
#define SHOWN_MOST 6000
#define SECONDS_MOST 60 // for one term
#define BATCH 5000      // terms a test case of the runner

// --- one term --------------------------------------------------------------------------------------
typedef enum Way { WAY_WHOLE, WAY_SLICES, WAY_COLLECT, WAY_AGAIN, WAYS } Way;

static const char *const way_names[] = {"in one go", "in slices of 7", "collecting between slices",
                                        "when laws are hot"};

typedef struct Trial {
  World *w;
  Bridge bridge;
  TermResult expected;
  Buf why; // empty while all is well
} Trial;

static Outcome run_way(Machine *m, Ref r, Way way) {
  if (way == WAY_AGAIN) {
    Outcome o = plan_whnf(m, r);
    if (o != RUN_DONE) return o;
  }
  machine_start_nf(m, r);
  Outcome o;
  while ((o = machine_run(m, way == WAY_SLICES ? 7 : way == WAY_COLLECT ? 50 : 0)) == RUN_YIELD)
    if (way == WAY_COLLECT) machine_collect(m, true);
  if (o == RUN_DONE) ref_set(m, r, machine_result(m));
  return o;
}

static bool same_hash(Trial *t, Ref got, Term *want) {
  uint8_t a[32], b[32];
  if (!term_hash(want, 100000, a)) return true;
  if (!plan_hash(t->bridge.m, got, b)) return false;
  return memcmp(a, b, 32) == 0;
}

static void expect_value(Trial *t, const char *what, Ref got, Term *want) {
  Machine *m = t->bridge.m;
  int order = 2;
  if (!plan_cmp(m, got, bridge_in(&t->bridge, want), &order) || order != 0)
    buf_printf(&t->why, "%s differs (order %d); ", what, order);
  if (term_size(want, SIZE_MOST) == SIZE_MOST) return;
  if (!same_hash(t, got, want)) buf_printf(&t->why, "hash of %s differs; ", what);
  Term *back = bridge_out(&t->bridge, got, 2 * SIZE_MOST);
  if (!back || !term_cmp(back, want, 10 * SIZE_MOST, &order) || order != 0) {
    buf_printf(&t->why, "%s taken apart differs: ", what);
    if (back) term_show(&t->why, back, t->why.len + 400);
  }
}

static void expect_crash(Trial *t) {
  Value op, arg;
  machine_crash(t->bridge.m, &op, &arg);
  Ref op_ref = ref_new(t->bridge.m, op), arg_ref = ref_new(t->bridge.m, arg);
  expect_value(t, "operator", op_ref, t->expected.op);
  expect_value(t, "argument", arg_ref, t->expected.arg);
}

static void expect(Trial *t, Outcome got, Ref r) {
  static const Outcome want[] = {RUN_DONE, RUN_CRASH, RUN_LOOP};
  static const char *const names[] = {"value", "crash", "loop"};
  TermOutcome wanted = t->expected.outcome;
  if (wanted == TERM_BUDGET) {
    if (got == RUN_YIELD || got == RUN_NEED_PAGE) buf_printf(&t->why, "ended as %s", outcome_name(got));
  } else if (got != want[wanted]) {
    buf_printf(&t->why, "ended as %s, not as %s", outcome_name(got), names[wanted]);
  } else if (got == RUN_DONE) {
    expect_value(t, "value", r, t->expected.value);
  } else if (got == RUN_CRASH) {
    expect_crash(t);
  }
}

static void try_way(Trial *t, Term *term, Way way) {
  Machine *m = t->bridge.m;
  RefMark mark = refs_mark(m);
  machine_set_limits(m, 64u << 20, t->expected.outcome == TERM_BUDGET ? FUEL_UNCOMPARED : FUEL_COMPARED);
  Ref r = bridge_in(&t->bridge, term);
  expect(t, run_way(m, r, way), r);
  bridge_forget(&t->bridge, true);
  refs_release(m, mark);
  if (t->why.len > 0) buf_printf(&t->why, " (run %s)", way_names[way]);
}

// Laws stay the same objects from run to run where they are values of the term: so they get hot.
static void try_hot(Trial *t, Term *term) {
  Machine *m = t->bridge.m;
  RefMark mark = refs_mark(m);
  for (int i = 0; i < 3 && t->why.len == 0; i++) {
    Ref r = bridge_in(&t->bridge, term);
    expect(t, run_way(m, r, WAY_AGAIN), r);
    bridge_forget(&t->bridge, false);
  }
  bridge_forget(&t->bridge, true);
  refs_release(m, mark);
  if (t->why.len > 0) buf_printf(&t->why, " (run %s)", way_names[WAY_AGAIN]);
}

// Why the term fails (mem_free), NULL when it does not.
static char *try_term(const Rules *rules, World *w, Term *term) {
  Trial t = {.w = w, .bridge = {.w = w}};
  t.bridge.m = machine_new(&(MachineConfig){.jets = rules->jets, .memory = 64u << 20, .nursery = 1u << 16});
  t.expected = term_eval(w, term_copy(w, term), true, rules->steps);
  Way ways = t.expected.outcome == TERM_BUDGET ? WAY_SLICES : WAY_AGAIN;
  for (Way way = 0; way < ways && t.why.len == 0; way++) try_way(&t, term, way);
  if (t.why.len == 0) try_hot(&t, term);
  machine_free(t.bridge.m);
  bridge_free(&t.bridge);
  char *why = t.why.len ? mem_strdup(buf_cstr(&t.why)) : NULL;
  buf_free(&t.why);
  return why;
}

// --- failures ----------------------------------------------------------------------------------------
typedef struct Subject {
  const Rules *rules;
  World w;
  uint64_t seed;
  Term *term;
} Subject;

// Shrinking tries terms that may end the process, so each is tried in a child.
static bool fails_in_child(void *ctx, Term *term) {
  Subject *s = ctx;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
    fclose(stderr);
    alarm(SECONDS_MOST);
    _exit(try_term(s->rules, &s->w, term) != NULL);
  }
  int status;
  waitpid(child, &status, 0);
  return status != 0;
}

static void show(const char *before, Term *t) {
  Buf text = {0};
  term_show(&text, t, SHOWN_MOST);
  fprintf(stderr, "%s%s\n", before, buf_cstr(&text));
  buf_free(&text);
}

static void report(Subject *s) {
  if (fails_in_child(s, s->term)) s->term = gen_shrink(&s->w, s->term, fails_in_child, s);
  fprintf(stderr, "PALL_SEED=%" PRIu64 "\n", s->seed);
  show("  ", s->term);
  TermResult r = term_eval(&s->w, term_copy(&s->w, s->term), true, s->rules->steps);
  if (r.outcome == TERM_VALUE) show("  should be ", r.value);
  if (r.outcome == TERM_CRASH) show("  should crash with ", r.arg);
  char *why = try_term(s->rules, &s->w, s->term);
  ck_abort_msg("seed %" PRIu64 ": %s", s->seed, why ? why : "fails no more when tried alone");
}

// What a signal says: written beforehand, as nothing may be formatted then.
static char current_line[64];
static int current_length;

static void on_signal(int sig) {
  if (write(STDERR_FILENO, current_line, (size_t)current_length) < 0) _exit(1);
  signal(sig, SIG_DFL);
  raise(sig);
}

static TermOutcome try_seed(const Rules *rules, uint64_t seed, bool careful) {
  Subject s = {.rules = rules, .w = {.ids = rules->library_ids}, .seed = seed};
  current_length = snprintf(current_line, sizeof current_line, "a signal at PALL_SEED=%" PRIu64 "\n", seed);
  alarm(SECONDS_MOST);
  Gen g = gen_new(&s.w, seed);
  g.library = rules->library;
  g.library_count = rules->library_count;
  s.term = gen_call(&g, 2 + (unsigned)gen_below(&g, 5));
  if (careful && fails_in_child(&s, s.term)) report(&s);
  char *why = try_term(rules, &s.w, s.term);
  if (why) report(&s);
  TermOutcome outcome = term_eval(&s.w, term_copy(&s.w, s.term), true, rules->steps).outcome;
  world_free(&s.w);
  return outcome;
}

// --- many terms --------------------------------------------------------------------------------------
static const Rules *the_rules;

static uint64_t number_from(const char *variable, uint64_t otherwise) {
  const char *s = getenv(variable);
  return s ? strtoull(s, NULL, 10) : otherwise;
}

static uint64_t terms(void) { return number_from("PALL_TERMS", the_rules->terms); }

static const char *only_seed(void) { return getenv("PALL_SEED"); }

START_TEST(test_terms) {
  signal(SIGSEGV, on_signal);
  signal(SIGABRT, on_signal);
  signal(SIGALRM, on_signal);
  if (only_seed()) {
    try_seed(the_rules, strtoull(only_seed(), NULL, 10), true);
    return;
  }
  uint64_t first = (uint64_t)_i * BATCH, end = first + BATCH < terms() ? first + BATCH : terms();
  size_t outcomes[4] = {0};
  const uint64_t from = number_from("PALL_FIRST", 0);
  for (uint64_t i = first; i < end; i++) outcomes[try_seed(the_rules, from + i, false)]++;
  if (end - first < BATCH) return;
  // The generator is worth its name only while all that can happen does.
  for (int i = 0; i < 4; i++) ck_assert_uint_gt(outcomes[i], BATCH / 1000);
  ck_assert_uint_gt(outcomes[TERM_VALUE], BATCH / 5);
}
END_TEST

int differential_main(const Rules *rules) {
  the_rules = rules;
  int batches = only_seed() ? 1 : (int)((terms() + BATCH - 1) / BATCH);
  const SuiteTest tests[] = {{test_terms, batches}};
  return suite_run(rules->name, (SuiteFrame){0}, tests, 1);
}
