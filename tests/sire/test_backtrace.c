// The trace of a failure: which laws, where they are defined, in which order, how many at most.
#include "common/base/mem.h"
#include "tests/sire/support.h"
#include "tests/suite.h"
#include <string.h>

// Collecting at every allocation takes quadratic time.
#ifdef HOSTILE
enum { DEEP = 60, FUEL = 1000 };
#else
enum { DEEP = 20000, FUEL = 5000 };
#endif

// What all programs here begin with: a way to go on only after something was evaluated, and conditions.
#define TOOLS                                                                                                \
  "= (id x) x\n"                                                                                             \
  "= (row x) (0 0 2 0 x)\n"                                                                                  \
  "= (after x y) (2 y (0 {k} 2 y) x)\n"                                                                      \
  "= (fail x) ({die} x)\n"                                                                                   \
  "= (strict f x) (2 (f 0) (& (n) (f (3 n))) x)\n"                                                           \
  "= (dec x) (2 0 (& n n) x)\n"

// The lines that begin with "  in ", without the folder.
static char *trace_of(const Fixture *f, const char *msg) {
  Buf out = {0};
  for (const char *at = msg; (at = strstr(at, "\n  in ")) != NULL; at++) {
    const char *end = strchrnul(at + 1, '\n'), *comma = strchr(at, ',');
    const char *folder = strstr(at, f->dir);
    buf_str(&out, out.len > 0 ? "; " : "");
    if (folder != NULL && folder < end && comma != NULL && comma < folder) {
      buf_put(&out, at + 6, (size_t)(comma - at - 6));
      buf_u8(&out, ' ');
      buf_put(&out, folder + strlen(f->dir) + 1, (size_t)(end - folder) - strlen(f->dir) - 1);
    } else {
      buf_put(&out, at + 6, (size_t)(end - at - 6));
    }
  }
  size_t len;
  buf_u8(&out, 0);
  return (char *)buf_take(&out, &len);
}

static void check_trace(const Fixture *f, const char *msg, const char *expected) {
  char *trace = trace_of(f, msg);
  ck_assert_msg(strcmp(trace, expected) == 0, "%s\n--- not ---\n%s\nin\n%s", trace, expected, msg);
  mem_free(trace);
}

typedef struct Case {
  const char *source, *trace;
} Case;

static const Case cases[] = {
    // The law that crashes, by itself and through others that wait for it.
    {"= (bad x) ({die} x)\n\n= y (bad 3)\n", "bad t.sire:8"},
    {"= (bad x) ({die} x)\n= (mid x) (3 (bad x))\n= (top x) (3 (mid x))\n\n= y (top 3)\n",
     "bad t.sire:8; mid t.sire:9; top t.sire:10"},
    // The first calls are interpreted, later ones compiled: the same trace.
    {"= (bad x) (2 ({die} x) (& n n) x)\n= (mid x) (3 (bad x))\n= (top x) (3 (mid x))\n"
     "= a (top 1)\n= b (top 2)\n= c (top 3)\n= d (top 4)\n\n= y (top 0)\n",
     "bad t.sire:8; mid t.sire:9; top t.sire:10"},
    // A law that had nothing left to do is gone, as its frame is.
    {"= (bad x) ({die} x)\n= (tail x) (bad x)\n= (top x) (3 (tail x))\n\n= y (top 3)\n",
     "bad t.sire:8; top t.sire:10"},
    // The argument of a crash that crashes itself.
    {"= (bad x) ({die} x)\n= (worse x) ({die} (bad x))\n\n= y (worse 3)\n", "bad t.sire:8; worse t.sire:9"},
    // A value that needs itself.
    {"= (knot x)\n@@ = r (3 r)\n r\n\n= y (knot 3)\n", "knot t.sire:8"},
    // Functions inside others: with a name, and without one.
    {"= (top x)\n@ go (? (go y) ({die} y))\n| 3 (go x)\n\n= y (top 3)\n", "go t.sire:9; top t.sire:8"},
    {"= (top x)\n@ go (y & ({die} y))\n| 3 (go x)\n\n= y (top 3)\n",
     "a function without a name; top t.sire:8"},
    // No law at all.
    {"= y ({die} 3)\n", ""},
};

START_TEST(traces) {
  Fixture *f = fixture_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *source = mem_printf("%s%s", TOOLS, cases[i].source);
    ck_assert_msg(!fixture_load(f, source), "%s", cases[i].source);
    check_trace(f, f->err.msg, cases[i].trace);
    mem_free(source);
  }
  fixture_free(f);
}
END_TEST

static size_t count_lines(const char *msg) {
  size_t lines = 0;
  for (; (msg = strstr(msg, "\n  in ")) != NULL; msg++) lines++;
  return lines;
}

static bool fails(Fixture *f, const char *body) {
  char *source = mem_printf("%s%s\n= y (run %d)\n", TOOLS, body, DEEP);
  bool ok = fixture_load(f, source);
  mem_free(source);
  return !ok;
}

// Recursion shows as one line; what is long otherwise, by its two ends. The outermost law is what y was
// compiled to; it is not shown.
START_TEST(long_traces) {
  Fixture *f = fixture_new();
  ck_assert(fails(f, "= (run n) (2 ({die} 0) (? (more m) (3 (run m))) n)\n"));
  ck_assert_uint_eq(count_lines(f->err.msg), 2);
  char *times = mem_printf("\n  in more (%d times)", DEEP - 1);
  ck_assert_msg(strstr(f->err.msg, times) != NULL, "%s", f->err.msg);
  mem_free(times);
  ck_assert(fails(f, "= (bad n) ({die} n)\n= (ping f n) (2 (bad 0) (? (pi m) (3 (f ping m))) n)\n"
                     "= (pong f n) (2 (bad 0) (? (po m) (3 (f pong m))) n)\n= (run n) (3 (ping pong n))\n"));
  ck_assert_msg(count_lines(f->err.msg) == TRACE_INNER + 1 + TRACE_OUTER - 1, "%s", f->err.msg);
  ck_assert_ptr_nonnull(strstr(f->err.msg, " more\n  in p"));
  ck_assert_ptr_nonnull(strstr(f->err.msg, "\n  in bad, "));
  ck_assert_ptr_nonnull(strstr(f->err.msg, "\n  in run, "));
  fixture_free(f);
}
END_TEST

// Both sides of an assertion, and values that are evaluated later by somebody else.
START_TEST(other_failures) {
  Fixture *f = fixture_new();
  ck_assert(fixture_load(f, TOOLS "= (bad x) ({die} x)\n= (top x) (3 (bad x))\n\n=?= 4 (top 3)\n"));
  check_trace(f, buf_cstr(&f->log), "bad t.sire:8; top t.sire:9");
  Err err = ERR_INIT;
  ck_assert_uint_eq(sire_eval_text(f->s, "text", "(top 7)", 7, &err), 0);
  check_trace(f, err.msg, "bad t.sire:8; top t.sire:9");
  Ref lazy = sire_eval_text(f->s, "text", "(row (top 7))", 13, &err);
  ck_assert_uint_ne(lazy, 0);
  ck_assert_int_eq(plan_force(f->m, lazy), RUN_CRASH);
  Buf text = {0};
  sire_trace(f->s, &text);
  check_trace(f, buf_cstr(&text), "bad t.sire:8; top t.sire:9");
  buf_free(&text);
  machine_set_limits(f->m, 0, FUEL);
  ck_assert(!fixture_load(f, TOOLS "= (run x) (run (3 x))\n= (top x) (3 (run x))\n\n= y (top 3)\n"));
  ck_assert_int_eq(f->err.code, ERR_LIMIT);
  ck_assert_msg(strstr(f->err.msg, "the limit on its steps") != NULL, "%s", f->err.msg);
  ck_assert_ptr_nonnull(strstr(f->err.msg, "in top, "));
  fixture_free(f);
}
END_TEST

// Wherever a limit is met: a law that has left for an operator is named all the same.
START_TEST(every_step) {
  Fixture *f = fixture_new();
  for (uint64_t more = 0; more < 8; more++) {
    machine_set_limits(f->m, 0, FUEL + more);
    ck_assert(!fixture_load(f, "= (loop n) (2 0 loop n)\n\n=?= 0 (loop 99999999)\n"));
    ck_assert_msg(strstr(f->err.msg, "in loop, ") != NULL, "%s", f->err.msg);
  }
  fixture_free(f);
}
END_TEST

// Laws of modules that were left, exported or not, and of modules whose state was recalled.
START_TEST(other_modules) {
  Fixture *f = fixture_new();
  f->use_cache = true;
  fixture_write(f, "lib/base.sire",
                "#### base\n\n= (hidden x) ({die} x)\n= (open x) (3 (hidden x))\n\n^-^ open\n");
  const char *path =
      fixture_write(f, "t.sire", "#### t <- base\n\n:| base\n\n= (hidden x) x\n= y (open (hidden 1))\n");
  for (int round = 0; round < 2; round++) {
    fixture_restart(f);
    f->err = ERR_INIT;
    ck_assert(!sire_load_file(f->s, path, &f->err));
    check_trace(f, f->err.msg, "hidden; open lib/base.sire:4");
  }
  path = fixture_write(f, "t.sire", "#### t <- base\n\n:| base\n\n= y (open 1)\n");
  for (int round = 0; round < 2; round++) {
    fixture_restart(f);
    f->err = ERR_INIT;
    ck_assert(!sire_load_file(f->s, path, &f->err));
    check_trace(f, f->err.msg, "hidden lib/base.sire:3; open lib/base.sire:4");
  }
  fixture_free(f);
}
END_TEST

SUITE_MAIN("sire/backtrace", traces, long_traces, other_failures, every_step, other_modules)
