// Error reports, word for word, and what a failure leaves behind.
#include "common/base/mem.h"
#include "tests/sire/support.h"
#include "tests/suite.h"
#include <signal.h>
#include <string.h>
#include <sys/time.h>

typedef struct Bad {
  const char *source, *where, *msg; // where: without the folder
} Bad;

// Collecting at every allocation takes quadratic time.
#ifdef HOSTILE
enum { DEEP = 50, WIDE = 100, FUEL = 1000 };
#else
enum { DEEP = 4000, WIDE = 20000, FUEL = 100000 };
#endif

static const Bad bads[] = {
    {"= x yy\n", "t.sire:2:5",
     "unresolved symbol: yy is neither a local name nor defined or imported in this module\n  = x yy\n      "
     "^"},
    {"= (f x)\n@ y 3\n| x z\n", "t.sire:4:5",
     "unresolved symbol: z is neither a local name nor defined or imported in this module\n  | x z\n      ^"},
    {"| no such\n", "t.sire:2:3",
     "unresolved symbol: no is neither a local name nor defined or imported in this module\n  | no such\n    "
     "^"},
    {"%% x\n", "t.sire:2:1", "unbound rune: %% is neither a command nor a macro in scope\n  %% x\n  ^"},
    {"= x %% 3\n", "t.sire:2:5",
     "undefined rune: %% is neither built in nor a macro in scope\n  = x %% 3\n      ^"},
    {"= x 0xff\n", "t.sire:2:5",
     "only the # macro could read this word, and it is not in scope\n  = x 0xff\n      ^"},
    {"= x f(3)\n", "t.sire:2:5",
     "two forms without a space between them mean a call of the # macro, which is not in scope\n  = x f(3)\n "
     "     ^\nin: f(3)"},
    {"= [a b] 3\n", "t.sire:2:3", "expected what to define: name, (f x y) or (**f x y)\n  = [a b] 3\n    ^"},
    {"= x\n", "t.sire:2:1", "a definition takes a name or (name arguments) and an expression\n  = x\n  ^"},
    {"= x (5 6)\n", "t.sire:2:1",
     "computing the value of x ended in crash with operator 5, argument 6\n  = x (5 6)\n  ^"},
    {"(5 6)\n", "t.sire:2:1",
     "computing the expression ended in crash with operator 5, argument 6\n  (5 6)\n  ^"},
    {":| nowhere\n", "t.sire:2:1",
     "no module nowhere was loaded before this one: it must be on the chain of modules that #### names\n  :| "
     "nowhere\n  ^"},
    {"= a 1\n\n^-^ a b\n", "t.sire:4:1", "cannot export b: it is not defined here\n  ^-^ a b\n  ^"},
    {"\n#### t2\n", "t.sire:3:1", "#### without <- begins a chain, but t is loaded already\n  #### t2\n  ^"},
    {"\n#### t2 <- other\n", "t.sire:3:1",
     "the module before this one is t, not other\n  #### t2 <- other\n  ^"},
    {"= c3 (0 0 4 0)\n= ({%} s x err ok) (err x {no good})\n\n= y\n| 3\n% a b\n", "t.sire:7:1",
     "macro failure: no good\n  % a b\n  ^"},
    {"= ({%} s x err ok) (err x {no good})\n\n= y (3 (% a b))\n", "t.sire:4:8",
     "macro failure: no good\n  = y (3 (% a b))\n         ^"},
    {"= ({%} s x err ok) (5 6)\n\n= y (3 (% a b))\n", "t.sire:4:8",
     "computing the macro % ended in crash with operator 5, argument 6\n  = y (3 (% a b))\n         ^"
     "\n  in %, DIR/t.sire:2"},
    {"= ({%} s x err ok) 7\n\n= y (3 (% a b))\n", "t.sire:4:8",
     "the macro's answer is neither (err form message) nor (ok state form): no row of three\n  = y (3 (% a "
     "b))\n         ^"},
    {"= ({%} s x err ok) (ok s x)\n\n= y (% a b)\n", "t.sire:4:5",
     "a form that is still a macro call after 100000 expansions\n  = y (% a b)\n      ^"},
    {"= ({%} s x err ok) (ok 5 0)\n\n= y (% a b)\n", "t.sire:4:5",
     "a macro returned what is no Rex tree: 0\n  = y (% a b)\n      ^"},
    {"= ({%} s x err ok) (ok s 0)\n\n= y (% a b)\n", "t.sire:4:5",
     "a macro returned what is no Rex tree: 0\n  = y (% a b)\n      ^"},
    {"=?= 3\n", "t.sire:2:1", "an assertion takes two expressions\n  =?= 3\n  ^"},
    {"= x (@ 3)\n", "t.sire:2:5", "@ takes a name, its value and a body\n  = x (@ 3)\n      ^"},
    {"= x (&)\n", "t.sire:2:5",
     "& takes its arguments and a body, and a tag before them or not\n  = x (&)\n      ^"},
    {"= x a.b\n", "t.sire:2:5",
     "unresolved symbol: no module a with a b was loaded before this one\n  = x a.b\n      ^"},
    {"= (x 3 [a]) 4\n", "t.sire:2:8",
     "expected a name here, such as foo, {foo} or 3\n  = (x 3 [a]) 4\n         ^"},
    {"= ({%} s x err ok) (ok s (.{##} x))\n\n= y (% a b)\n", "t.sire:2:27",
     "unresolved symbol: ## is neither a local name nor defined or imported in this module\n  = ({%} s x err "
     "ok) (ok s (.{##} x))\n                            ^"},
    {"= c2 (0 0 3 0)\n= t (4 (0 {##WORD} 3 0) {zz} 0)\n= ({%} s x err ok) (ok s t)\n\n= y\n| c2 3\n% aaa\n  "
     "bbb\n  ccc\n",
     "t.sire:8:1",
     "unresolved symbol: zz is neither a local name nor defined or imported in this module\n  % aaa\n  "
     "^\nin: zz\nfrom the macro % at 8:1: (% aaa bbb ccc)"},
    {"= ({%} s x err ok) (ok s (0 0 1))\n\n= y (% a b)\n", "t.sire:4:5",
     "a macro returned what is no Rex tree: (0 0 1)\n  = y (% a b)\n      ^"},
    {"= ({%} s x err ok) (ok 0 x)\n\n= y (% a b)\n", "t.sire:4:5",
     "a macro returned a compiler state that is not a row of 4\n  = y (% a b)\n      ^"},
    {"= ({%} s x err ok) (ok (0 0 5 0 #1 2 3 4) x)\n\n= y (% a b)\n", "t.sire:2:33",
     "undefined rune: # is neither built in nor a macro in scope\n  = ({%} s x err ok) (ok (0 0 5 0 #1 2 3 "
     "4) x)\n                                  ^"},
    {"= ({%} s x err ok) (ok (0 0 5 0 1 2 3 4) x)\n\n= y (% a b)\n", "t.sire:4:5",
     "a macro returned a compiler state whose scope is no tab\n  = y (% a b)\n      ^"},
    {"= ({%} s x err ok) (err x (0 0))\n\n= y (% a b)\n", "t.sire:4:5",
     "macro failure, with a message that is not text\n  = y (% a b)\n      ^"},
    {"= x {}\n= y\n  } a\n  } b\n  c\n", "t.sire:4:3",
     "expected what to define: name, (f x y) or (**f x y)\n    } a\n    ^\nin: {a}{b}"},
    {"= y\n@@ = 3\n  x\n", "t.sire:3:4", "@@ takes a chain of forms like (= name value)\n  @@ = 3\n     ^"},
    {"= a 1\n:| t [b]\n", "t.sire:3:1",
     "undefined rune: :| is neither built in nor a macro in scope; it is a command, which stands at the "
     "beginning of a line, not in an expression\n  :| t [b]\n  ^"},
    {":| t b\n", "t.sire:2:1",
     "an import is a module, and a list of names like [a b] or none\n  :| t b\n  ^"},
    {"^-^ (3 4)\n", "t.sire:2:5", "expected a name here, such as foo, {foo} or 3\n  ^-^ (3 4)\n      ^"},
    {"= y (**3 4)\n= y (** 3 4)\n", "t.sire:3:5", "** takes one expression\n  = y (** 3 4)\n      ^"},
    {"= y (^ 4)\n", "t.sire:2:5",
     "^ takes a body, and the value of _ in it as the last part\n  = y (^ 4)\n      ^"},
    {"= y (| )\n", "t.sire:2:5", "an application of nothing: it needs a function\n  = y (| )\n      ^"},
    {"= y (? (3 4))\n", "t.sire:2:5",
     "? takes a function's name with its arguments and a body, and a tag before them or not\n  = y (? (3 "
     "4))\n      ^"},
    {"= y (? [f x] 4)\n", "t.sire:2:8",
     "expected a function's name and arguments, such as (f x y)\n  = y (? [f x] 4)\n         ^"},
    {"= y ((a b) & 4)\n= y ([a b] & 4)\n", "t.sire:3:6",
     "expected the arguments of a function, such as (x y z)\n  = y ([a b] & 4)\n       ^"},
    {"= y (. a b c)\n", "t.sire:2:5", ". takes a name, or a module and a name\n  = y (. a b c)\n      ^"},
};

// With DIR for the fixture's folder.
static char *without_folder(const Fixture *f, const char *text) {
  Buf out = {0};
  for (const char *at; (at = strstr(text, f->dir)) != NULL; text = at + strlen(f->dir)) {
    buf_put(&out, text, (size_t)(at - text));
    buf_str(&out, "DIR");
  }
  buf_str(&out, text);
  size_t len;
  buf_u8(&out, 0);
  return (char *)buf_take(&out, &len);
}

START_TEST(reports) {
  Fixture *f = fixture_new();
  for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
    if (WIDE < 1000 && strstr(bads[i].msg, "expansions") != NULL) continue;
    ck_assert_msg(!fixture_load(f, bads[i].source), "%s", bads[i].source);
    const char *where = strrchr(f->err.where, '/');
    ck_assert_str_eq(where == NULL ? f->err.where : where + 1, bads[i].where);
    char *msg = without_folder(f, f->err.msg);
    ck_assert_str_eq(msg, bads[i].msg);
    mem_free(msg);
    ck_assert_int_eq(f->err.code, ERR_DATA);
  }
  fixture_free(f);
}
END_TEST

// Names that may have been meant: local ones, those in scope, and those of a module not imported.
START_TEST(suggestions) {
  static const char *const cases[][2] = {
      {"= (f value)\n| vlaue\n", "; did you mean value?"},
      {"= (f valise value)\n| value2\n", "; did you mean value?"},
      {"= lengthOf 3\n= lengthOn 4\n= y lengthOx\n", "; did you mean lengthOf or lengthOn?"},
      {"= count 3\n= mount 3\n= y ount\n", "; did you mean count or mount?"},
      {"= add 3\n= id 3\n= y ad\n", "; did you mean add?"},
      {"= (f f) 3\n= y (g 3)\n", "in this module\n"},
      {"= (f f) 3\n= y entirelyElse\n", "in this module\n"},
      {"= ({%%%} s x err ok) 7\n= y (%%%% 3)\n", "a macro in scope; did you mean %%%?"},
      {"= y hid\n", "; the module big has it: import it with :| big"},
      {"= y (%% 3)\n", "; the module big has it: import it with :| big"},
      {"= y (=?= 3 4)\n", "; it is a command, which stands at the beginning of a line"},
  };
  Fixture *f = fixture_new();
  fixture_write(f, "lib/small.sire", "#### small\n\n= hid 1\n= ({%%} s x err ok) 7\n");
  fixture_write(f, "lib/big.sire", "#### big <- small\n\n:| small\n\n= other 1\n");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *source = mem_printf("#### t <- big\n\n%s", cases[i][0]);
    f->err = ERR_INIT;
    ck_assert(!sire_load_file(f->s, fixture_write(f, "t.sire", source), &f->err));
    ck_assert_msg(strstr(f->err.msg, cases[i][1]) != NULL, "%s\n%s", cases[i][0], f->err.msg);
    mem_free(source);
  }
  fixture_free(f);
}
END_TEST

// Assertions are counted and told; a crash is one that does not hold; what follows is run.
START_TEST(assertions) {
  Fixture *f = fixture_new();
  bool ok =
      fixture_load(f, "= c2 (0 0 3 0)\n\n=?= 1 1\n=?= 2\n    | c2 3 {text}\n=?= (5 6) 1\n\n=?= 1 (5 7)\n\n"
                      "#=?= (c2 1) (c2 1)\n");
  ck_assert_msg(ok, "%s", f->err.msg);
  SireCounts n = sire_counts(f->s);
  ck_assert_uint_eq(n.passed, 2);
  ck_assert_uint_eq(n.failed, 3);
  ck_assert_str_eq(buf_cstr(&f->log), "5:1: (=?= 2 (c2 3 {text}))\n"
                                      "  first:  2\n"
                                      "  second: [{text} 3]\n"
                                      "7:1: (=?= (5 6) 1)\n"
                                      "  the first side ended in crash with operator 5, argument 6\n"
                                      "9:1: (=?= 1 (5 7))\n"
                                      "  the second side ended in crash with operator 5, argument 7\n");
  fixture_free(f);
}
END_TEST

// A name in an assertion that does not resolve is an error, not a failed assertion.
START_TEST(assertion_that_cannot_be_read) {
  Fixture *f = fixture_new();
  ck_assert(!fixture_load(f, "=?= 1 no\n"));
  ck_assert_uint_eq(sire_counts(f->s).failed, 0);
  fixture_free(f);
}
END_TEST

// Limits of the machine end the load with ERR_LIMIT.
START_TEST(limits) {
  Fixture *f = fixture_new();
  machine_set_limits(f->m, 0, FUEL);
  ck_assert(!fixture_load(f, "= (loop x) (loop (3 x))\n= y (loop 1)\n"));
  ck_assert_msg(f->err.code == ERR_LIMIT, "%s", f->err.msg);
  ck_assert_ptr_nonnull(strstr(f->err.msg, "computing the value of y ended in "));
  ck_assert(!fixture_load(f, "= (loop x) (loop (3 x))\n\n=?= 1 (loop 1)\n"));
  ck_assert_int_eq(f->err.code, ERR_LIMIT);
  fixture_free(f);
}
END_TEST

static Machine *volatile interrupted;
static void on_alarm(int signal) {
  (void)signal;
  machine_interrupt(interrupted); // NOLINT(bugprone-signal-handler): it sets an atomic flag
}

// What would run for ever while it is compiled can be interrupted: a value, a macro, an assertion.
START_TEST(interrupts) {
  static const char *const endless[] = {
      "= (loop x) (loop x)\n= y (loop 1)\n",
      "= (loop x) (loop x)\n= ({%} s x err ok) (loop s)\n= y (% 3)\n",
      "= (loop x) (loop x)\n\n=?= 1 (loop 1)\n",
      "= (loop x) (loop x)\n\n(loop 1)\n",
  };
  Fixture *f = fixture_new();
  interrupted = f->m;
  signal(SIGVTALRM, on_alarm);
  struct itimerval often = {{0, 50000}, {0, 50000}}, never = {{0, 0}, {0, 0}};
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    setitimer(ITIMER_VIRTUAL, &often, NULL);
    bool ok = fixture_load(f, endless[i]);
    setitimer(ITIMER_VIRTUAL, &never, NULL);
    ck_assert(!ok);
    ck_assert_int_eq(f->err.code, ERR_LIMIT);
    ck_assert_msg(strstr(f->err.msg, "an interrupt") != NULL, "%s", f->err.msg);
  }
  ck_assert_msg(fixture_load(f, "= y 3\n"), "%s", f->err.msg);
  fixture_free(f);
}
END_TEST

// Nesting that no reader limits: chains of heirs, one inside the other in meaning.
START_TEST(nesting) {
  Fixture *f = fixture_new();
  Buf text = {0};
  buf_str(&text, "= (f x)\n");
  for (int i = 0; i < DEEP; i++) buf_str(&text, "@ x (x 1)\n");
  buf_str(&text, "| x\n");
  ck_assert_msg(fixture_load(f, buf_cstr(&text)), "%s", f->err.msg);
  buf_clear(&text);
  buf_str(&text, "= (f x)\n");
  for (int i = 0; i < SIRE_MAX_DEPTH + 1; i++) buf_str(&text, "@ x (x 1)\n");
  buf_str(&text, "| x\n");
  ck_assert(!fixture_load(f, buf_cstr(&text)));
  ck_assert_ptr_nonnull(strstr(f->err.msg, "nests deeper than 5000 levels; give its parts names"));
  buf_clear(&text);
  buf_str(&text, "= (f x)\n");
  for (int i = 0; i < DEEP; i++) buf_str(&text, "& (y)\n");
  buf_str(&text, "| x\n");
  ck_assert_msg(fixture_load(f, buf_cstr(&text)), "%s", f->err.msg);
  buf_free(&text);
  fixture_free(f);
}
END_TEST

// A wide application is not deep.
START_TEST(wide) {
  Fixture *f = fixture_new();
  Buf text = {0};
  buf_printf(&text, "= row (0 0 %d 0)\n= (f x)\n| row\n", WIDE + 1);
  for (int i = 0; i < WIDE; i++) buf_str(&text, i % 2 ? "  x\n" : "  7\n");
  buf_str(&text, "\n= all (f 3)\n");
  ck_assert_msg(fixture_load(f, buf_cstr(&text)), "%s", f->err.msg);
  Err err = ERR_INIT;
  ck_assert_uint_eq(plan_len(f->m, sire_lookup(f->s, "all", &err)), WIDE);
  buf_free(&text);
  fixture_free(f);
}
END_TEST

SUITE_MAIN("sire/errors", reports, suggestions, assertions, assertion_that_cannot_be_read, limits, interrupts,
           nesting, wide)
