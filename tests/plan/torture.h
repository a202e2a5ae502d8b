// What the torture suites share: a machine, laws written as terms, and how deep "deep" is.
#pragma once
#include "tests/plan/ref/bridge.h"
#include "tests/suite.h"
#include <string.h>

static World w;
static Bridge b;
static Machine *m;

#ifdef HOSTILE // every allocation collects
#define DEEP 20000
#define LITTLE_MEMORY (3u << 20)
#else
#define DEEP 1000000
#define LITTLE_MEMORY (16u << 20)
#endif

// PALL_DEEP says otherwise; what has a hard promise holds for 10,000,000 too.
static inline uint64_t deep(void) {
  const char *s = getenv("PALL_DEEP");
  return s ? strtoull(s, NULL, 10) : DEEP;
}

static void torture_setup(void) {
  w = (World){0};
  m = machine_new(&(MachineConfig){.memory = (size_t)1 << 30});
  b = (Bridge){.w = &w, .m = m};
}

static void torture_teardown(void) {
  bridge_free(&b);
  machine_free(m);
  world_free(&w);
}

static inline Term *num(uint64_t n) { return term_nat(&w, n); }

// Body expressions: constants, calls, bindings.
static inline Term *quoted(Term *v) { return term_app(&w, num(2), v); }
static inline Term *op(uint64_t n) { return quoted(num(n)); }
static inline Term *two(uint64_t how, Term *x, Term *y) { return term_app(&w, term_app(&w, num(how), x), y); }
static inline Term *call1(Term *f, Term *x) { return two(0, f, x); }
static inline Term *call2(Term *f, Term *x, Term *y) { return call1(call1(f, x), y); }
static inline Term *call3(Term *f, Term *x, Term *y, Term *z) { return call1(call2(f, x, y), z); }
static inline Term *let(Term *x, Term *rest) { return two(1, x, rest); }
static inline Term *law(uint64_t arity, Term *body) { return term_law(&w, num(99), num(arity), body); }

// {2}: f applied to x, n times over; then the result. Not evaluated on the way: (iterate f x n).
static inline Term *iterate(void) {
  Term *again = call2(num(0), num(1), call1(num(1), num(2)));
  return law(3, call3(op(2), num(2), again, num(3)));
}

static inline Ref start_call(Term *f, Term *const *args, size_t n) {
  return bridge_in(&b, term_calls(&w, f, args, n));
}

static inline Ref call_nat(Term *f, uint64_t n) { return start_call(f, (Term *[]){num(n)}, 1); }

static inline uint64_t nat_of(Ref r) {
  uint64_t n = 0;
  ck_assert(plan_nat_u64(m, r, &n));
  return n;
}

// What is asked for must succeed at the ordinary depth; deeper it may also end in its clean error, after
// which the machine must still be good for something.
static inline bool done_or_clean(Outcome o, Outcome clean) {
  ck_assert_msg(o == RUN_DONE || (deep() > 1000000 && o == clean), "ended as %s", outcome_name(o));
  if (o == RUN_DONE) return true;
  Ref r = start_call(num(3), (Term *[]){num(4)}, 1);
  ck_assert_int_eq(plan_force(m, r), RUN_DONE);
  ck_assert(nat_of(r) == 5);
  return false;
}
