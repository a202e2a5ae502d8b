// Blocks as they are typed, expressions by themselves, macros and the compiler state they see.
#include "common/base/mem.h"
#include "tests/sire/support.h"
#include "tests/suite.h"
#include <string.h>

// Feeds text, runs what is complete; a letter for each step: r ran, f failed.
static const char *feed(Fixture *f, const char *text) {
  static char steps[64];
  size_t n = 0;
  sire_repl_feed(f->s, text, strlen(text));
  for (;;) {
    Err err = ERR_INIT;
    SireStep step = sire_repl_step(f->s, &err);
    if (step == SIRE_MORE || step == SIRE_END) break;
    if (step == SIRE_FAILED) f->err = err;
    steps[n++] = step == SIRE_RAN ? 'r' : 'f';
  }
  steps[n] = 0;
  return steps;
}

static Fixture *begin(void) {
  Fixture *f = fixture_new();
  Err err = ERR_INIT;
  ck_assert(sire_repl_begin(f->s, &err));
  return f;
}

START_TEST(blocks) {
  Fixture *f = begin();
  ck_assert_str_eq(feed(f, "= x 3\n"), "");
  ck_assert(sire_repl_pending(f->s));
  ck_assert_str_eq(feed(f, "\n(3 x)\n(3 (3 x))"), "rr");
  ck_assert_str_eq(feed(f, "\n"), "r");
  ck_assert(!sire_repl_pending(f->s));
  ck_assert_str_eq(buf_cstr(&f->log), "4\n5\n");
  sire_repl_feed(f->s, "x", 1);
  sire_repl_end(f->s);
  ck_assert_str_eq(feed(f, ""), "r");
  fixture_free(f);
}
END_TEST

// What fails changes nothing, not even the part of the block before the failure.
START_TEST(failures) {
  Fixture *f = begin();
  Err err = ERR_INIT;
  ck_assert_str_eq(feed(f, "= x 3\n= y no\n\n"), "f");
  ck_assert_ptr_nonnull(strstr(f->err.msg, "unresolved symbol: no"));
  ck_assert_str_eq(f->err.where, "REPL:2:5");
  ck_assert_uint_eq(sire_lookup(f->s, "x", &err), 0);
  ck_assert_str_eq(feed(f, "= x )\n\n"), "f");
  ck_assert_str_eq(feed(f, "= x 4\n\nx\n(5 x)\n"), "rrf");
  ck_assert_str_eq(buf_cstr(&f->log), "4\n");
  fixture_free(f);
}
END_TEST

// The module loaded last is in scope, and a new module of the same names begins.
START_TEST(after_a_module) {
  Fixture *f = fixture_new();
  Err err = ERR_INIT;
  ck_assert(fixture_load(f, "= x 3\n"));
  ck_assert(sire_repl_begin(f->s, &err));
  ck_assert_str_eq(feed(f, "= x (3 x)\n\nx\nt.x\n"), "rrr");
  ck_assert_str_eq(buf_cstr(&f->log), "4\n3\n");
  fixture_free(f);
}
END_TEST

static Ref eval(Fixture *f, const char *text) {
  f->err = ERR_INIT;
  return sire_eval_text(f->s, "argument", text, strlen(text), &f->err);
}

START_TEST(expressions) {
  Fixture *f = fixture_new();
  uint64_t n = 0;
  ck_assert(plan_nat_u64(f->m, eval(f, "123"), &n) && n == 123);
  ck_assert(plan_nat_is_text(f->m, eval(f, "{some text}"), "some text"));
  ck_assert(plan_nat_u64(f->m, eval(f, "3 4"), &n) && n == 5);
  ck_assert(plan_nat_u64(f->m, eval(f, "| 3\n| 3 4"), &n) && n == 6);
  ck_assert_uint_eq(eval(f, ""), 0);
  ck_assert_str_eq(f->err.msg, "there is no expression");
  ck_assert_uint_eq(eval(f, "1\n2"), 0);
  ck_assert_str_eq(f->err.msg, "more than one expression");
  ck_assert_uint_eq(eval(f, "3 x"), 0);
  ck_assert_str_eq(f->err.where, "argument:1:3");
  ck_assert_uint_eq(eval(f, "(3"), 0);
  ck_assert_uint_eq(eval(f, "(5 6)"), 0);
  ck_assert_str_eq(f->err.msg, "computing the expression ended in crash with operator 5, argument 6\n"
                               "  (5 6)\n  ^");
  ck_assert_uint_eq(eval(f, "= x 3"), 0);
  ck_assert(fixture_load(f, "= (f x) (3 x)\n"));
  ck_assert(plan_nat_u64(f->m, eval(f, "f 7"), &n) && n == 8);
  fixture_free(f);
}
END_TEST

START_TEST(macros) {
  Fixture *f = begin();
  // ok s x: the state unchanged, the form embedded: its value.
  ck_assert_str_eq(feed(f, "= e (4 (0 {##EMBD} 2 0))\n\n= ({'} s x err ok) (ok s (e x))\n\n"), "rr");
  ck_assert_str_eq(feed(f, "(' a)\n"), "r");
  ck_assert_str_eq(buf_cstr(&f->log), "(<##NEST> 39 [(<##WORD> 97 0)] 0)\n");
  buf_clear(&f->log);
  // A leaf with a heir goes to #, as an infix form; so does a word that only looks like a number.
  ck_assert_str_eq(feed(f, "= ({#} s x err ok) (ok s (e x))\n\nb{hi}\n0xff\n"), "rrr");
  ck_assert_str_eq(buf_cstr(&f->log), "(<##INFX> 35 [(<##WORD> 98 0) (<##TEXT> {hi} 0)] 0)\n"
                                      "(<##PREF> 35 [(<##WORD> {0xff} 0)] 0)\n");
  fixture_free(f);
}
END_TEST

// A macro shadows what is built in, and the same with # before it is still there.
START_TEST(shadowed_runes) {
  Fixture *f = begin();
  ck_assert_str_eq(feed(f, "= e (4 (0 {##EMBD} 2 0))\n\n= ({|} s x err ok) (#| ok s (#| e 7))\n\n"), "rr");
  ck_assert_str_eq(feed(f, "(3 4)\n(#| 3 4)\n"), "rr");
  ck_assert_str_eq(buf_cstr(&f->log), "7\n5\n");
  fixture_free(f);
}
END_TEST

SUITE_MAIN("sire/repl", blocks, failures, after_a_module, expressions, macros, shadowed_runes)
