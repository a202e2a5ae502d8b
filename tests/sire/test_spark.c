// Sparks: what par offers, what becomes of the values, and that nothing else changes.
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/plan/seal.h"
#include "common/plan/spark.h"
#include "common/spark/pool.h"
#include "sire/compiler/sire.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <string.h>

#define MANY 20000 // calls: the machine looks for values several times meanwhile

static const char TEXT[] = "#### t <- nat\n\n"
                           ":| nat\n:| bit\n:| fan\n\n"
                           "= (par x y) y\n\n"
                           "= (sumTo n acc) (seq acc (ifz n acc (sumTo (dec n) (add acc n))))\n\n"
                           "= (then n x) @ y (sumTo n 0)\n"
                           "             | seq y (add x y)\n\n"
                           "= (plain n)   @ x (sumTo n 0)\n"
                           "              | par x (then n x)\n\n"
                           "= (failing n) @ x (add 1 ({oops} n))\n"
                           "              | par x (then n x)\n\n"
                           "= (unused n)  @ x (add 1 ({oops} n))\n"
                           "              | par x (then n 0)\n\n"
                           "= (tracing n) @ x (trace {seen} (sumTo n 0))\n"
                           "              | par x (then n x)\n\n"
                           "= (first a b) a\n\n"
                           "= (forget n)  @ x (sumTo n 0)\n"
                           "              | par x (then n 7)\n\n"
                           "= (build n row) (ifz n row (build (dec n) (0 n row)))\n\n"
                           "= (big n)     @ tree (build n 0)\n"
                           "              | seq tree\n"
                           "              @ x (seq tree 5)\n"
                           "              | par x (then n x)\n\n"
                           "= (shared n)  @ a (sumTo n 1)\n"
                           "              @ b (0 a (0 a n))\n"
                           "              @ x (0 b a (add a 1))\n"
                           "              | par x (first x (then n 0))\n\n"
                           "= (split n)   | ifz n 1\n"
                           "              @ a (split (dec n))\n"
                           "              @ b (split (dec n))\n"
                           "              | par a (seq b (add a (add b (sumTo 50 0))))\n";

typedef enum When { NEVER, AT_ONCE, LATER } When;

typedef struct Fixture {
  char *dir;
  JetTable *jets;
  Machine *m;
  Sire *s;
  SparkSink sink;
  When when;
  Spark *kept[SPARKS_MAX];
  size_t offered, kept_count, traced;
} Fixture;

static void on_trace(void *ctx, Machine *m, Ref message, bool deep) { ((Fixture *)ctx)->traced++; }

// --- other machines ----------------------------------------------------------------------------------
static void stop_at_trace(void *ctx, Machine *m, Ref message, bool deep) { machine_interrupt(m); }

static void compute(Fixture *f, Spark *s) {
  Machine *m = machine_new(&(MachineConfig){.jets = f->jets, .trace = stop_at_trace});
  Ref r = spark_enter(s, m);
  spark_finish(s, m, plan_force(m, r) == RUN_DONE ? r : 0);
  machine_free(m);
  spark_release(s);
}

static bool has_room(void *ctx) { return ((Fixture *)ctx)->kept_count < SPARKS_MAX; }

static void offer(void *ctx, Spark *s) {
  Fixture *f = ctx;
  f->offered++;
  if (f->when == AT_ONCE)
    compute(f, s);
  else
    f->kept[f->kept_count++] = s;
}

static void compute_kept(Fixture *f) {
  while (f->kept_count > 0) compute(f, f->kept[--f->kept_count]);
}

// --- a machine with the text ---------------------------------------------------------------------------
static void open_with(Fixture *f, const SparkSink *sink) {
  Err err = ERR_INIT;
  f->dir = scratch_dir();
  f->jets = jet_table_default();
  f->m = machine_new(&(MachineConfig){.jets = f->jets, .sparks = sink, .trace = on_trace, .ctx = f});
  f->s = sire_new(f->m, &(SireOptions){.library = getenv("PALL_LIB_DEFAULT")});
  char *path = mem_printf("%s/t.sire", f->dir);
  ck_assert(sys_write_file(sys_real(), path, TEXT, strlen(TEXT), &err));
  ck_assert_msg(sire_load_file(f->s, path, &err), "%s: %s", err.where, err.msg);
  mem_free(path);
}

static Fixture *fixture(When when) {
  Fixture *f = mem_zalloc(sizeof *f);
  f->when = when;
  f->sink = (SparkSink){has_room, offer, f};
  open_with(f, &f->sink);
  return f;
}

static void close_fixture(Fixture *f) {
  sire_free(f->s);
  machine_free(f->m);
  while (f->kept_count > 0) {
    ck_assert(spark_is_unwanted(f->kept[f->kept_count - 1]));
    spark_release(f->kept[--f->kept_count]);
  }
  jet_table_free(f->jets);
  scratch_free(f->dir);
  mem_free(f);
}

// The named function on n, its laws sealed; to be run.
static void start(Fixture *f, const char *name, uint64_t n, bool sealed) {
  Err err = ERR_INIT;
  Ref fun = sire_lookup(f->s, name, &err), arg = plan_nat(f->m, n);
  ck_assert(fun && plan_force(f->m, fun) == RUN_DONE);
  if (sealed) seal(f->m, fun);
  machine_start_nf(f->m, plan_apply(f->m, fun, &arg, 1));
}

// Whatever happens between slices.
static Outcome run(Fixture *f, uint64_t *calls) {
  uint64_t before = machine_stats(f->m).calls;
  Outcome o;
  for (int slice = 0; (o = machine_run(f->m, 3000)) == RUN_YIELD; slice++) {
    if (slice % 2 == 0) machine_collect(f->m, slice % 4 == 0);
    if (f->when == LATER) compute_kept(f);
  }
  *calls = machine_stats(f->m).calls - before;
  return o;
}

static uint64_t value(Fixture *f) {
  uint64_t n;
  ck_assert(plan_nat_u64(f->m, ref_new(f->m, machine_result(f->m)), &n));
  return n;
}

#define SUM(n) ((uint64_t)(n) * ((n) + 1) / 2)

START_TEST(values_are_taken) {
  uint64_t alone, calls;
  for (When when = NEVER; when <= LATER; when++) {
    Fixture *f = fixture(when);
    start(f, "plain", MANY, true);
    ck_assert_int_eq(run(f, &calls), RUN_DONE);
    ck_assert_uint_eq(value(f), 2 * SUM(MANY));
    ck_assert_uint_eq(f->offered, 1);
    if (when == NEVER)
      alone = calls;
    else
      ck_assert_uint_lt(calls, alone * 3 / 4); // half of it was done elsewhere
    close_fixture(f);
  }
}
END_TEST

static void crashes(When when) {
  Fixture *f = fixture(when);
  uint64_t calls;
  Value op, arg;
  start(f, "failing", MANY, true);
  ck_assert_int_eq(run(f, &calls), RUN_CRASH);
  machine_crash(f->m, &op, &arg);
  ck_assert(plan_nat_is_text(f->m, ref_new(f->m, op), "oops"));
  ck_assert_uint_eq(arg, MANY);
  start(f, "unused", MANY, true);
  ck_assert_int_eq(run(f, &calls), RUN_DONE);
  ck_assert_uint_eq(value(f), SUM(MANY));
  close_fixture(f);
}

START_TEST(crashes_are_those_of_one_machine) {
  for (When when = NEVER; when <= LATER; when++) crashes(when);
}
END_TEST

START_TEST(what_is_traced_is_traced_here) {
  for (When when = NEVER; when <= LATER; when++) {
    Fixture *f = fixture(when);
    uint64_t calls;
    start(f, "tracing", MANY, true);
    ck_assert_int_eq(run(f, &calls), RUN_DONE);
    ck_assert_uint_eq(value(f), 2 * SUM(MANY));
    ck_assert_uint_eq(f->traced, 1);
    close_fixture(f);
  }
}
END_TEST

START_TEST(what_is_not_offered) {
  Fixture *f = fixture(AT_ONCE);
  uint64_t calls;
  start(f, "plain", MANY, false); // its laws are in the heap
  ck_assert_int_eq(run(f, &calls), RUN_DONE);
  ck_assert_uint_eq(value(f), 2 * SUM(MANY));
  start(f, "big", MANY, true);
  ck_assert_int_eq(run(f, &calls), RUN_DONE);
  ck_assert_uint_eq(value(f), 5 + SUM(MANY));
  ck_assert_uint_eq(f->offered, 0);
  start(f, "big", 100, true);
  ck_assert_int_eq(run(f, &calls), RUN_DONE);
  ck_assert_uint_eq(f->offered, 1);
  close_fixture(f);
}
END_TEST

// The same parts, in another machine and back.
START_TEST(sharing) {
  uint8_t hash[2][32];
  uint64_t calls;
  for (int i = 0; i < 2; i++) {
    Fixture *f = fixture(i == 0 ? NEVER : AT_ONCE);
    start(f, "shared", MANY, true);
    ck_assert_int_eq(run(f, &calls), RUN_DONE);
    ck_assert(plan_hash(f->m, ref_new(f->m, machine_result(f->m)), hash[i]));
    ck_assert_uint_eq(f->offered, 1);
    close_fixture(f);
  }
  ck_assert_mem_eq(hash[0], hash[1], 32);
}
END_TEST

START_TEST(what_is_forgotten) {
  Fixture *f = fixture(NEVER);
  uint64_t calls;
  start(f, "forget", MANY, true);
  ck_assert_int_eq(run(f, &calls), RUN_DONE);
  ck_assert_uint_eq(value(f), 7 + SUM(MANY));
  ck_assert_uint_eq(f->kept_count, 1);
  ck_assert(!spark_is_unwanted(f->kept[0]));
  machine_forget_sparks(f->m);
  ck_assert(spark_is_unwanted(f->kept[0]));
  close_fixture(f);
}
END_TEST

START_TEST(as_many_as_there_is_room) {
  for (When when = NEVER; when <= LATER; when++) {
    Fixture *f = fixture(when);
    uint64_t calls;
    start(f, "split", 10, true);
    ck_assert_int_eq(run(f, &calls), RUN_DONE);
    ck_assert_uint_eq(value(f), 1024 + 1023 * SUM(50));
    close_fixture(f);
  }
}
END_TEST

START_TEST(threads) {
  Fixture f = {0};
  uint64_t calls;
  JetTable *jets = jet_table_default();
  SparkPool *pool = spark_pool_new(jets, 64 << 20, 3);
  open_with(&f, spark_pool_sink(pool));
  for (int i = 0; i < 20; i++) {
    RefMark mark = refs_mark(f.m);
    start(&f, "split", 10, true);
    ck_assert_int_eq(run(&f, &calls), RUN_DONE);
    ck_assert_uint_eq(value(&f), 1024 + 1023 * SUM(50));
    start(&f, i % 2 == 0 ? "plain" : "tracing", MANY, true);
    ck_assert_int_eq(run(&f, &calls), RUN_DONE);
    ck_assert_uint_eq(value(&f), 2 * SUM(MANY));
    refs_release(f.m, mark);
  }
  ck_assert_uint_eq(f.traced, 10);
  start(&f, "split", 20, true); // and one that is left in the middle
  ck_assert_int_eq(machine_run(f.m, 20000), RUN_YIELD);
  sire_free(f.s);
  machine_free(f.m);
  spark_pool_free(pool);
  jet_table_free(jets);
  jet_table_free(f.jets);
  scratch_free(f.dir);
}
END_TEST

SUITE_MAIN("sire/spark", values_are_taken, crashes_are_those_of_one_machine, what_is_traced_is_traced_here,
           what_is_not_offered, sharing, what_is_forgotten, as_many_as_there_is_room, threads)
