// What laws come out of which source: code generation, lifting, constant folding, inlining.
#include "common/base/mem.h"
#include "tests/sire/support.h"
#include "tests/suite.h"
#include <string.h>

// Functions with the names that the expected laws show; what they do does not matter here.
static const char *const prelude = "= (_Add a b)       | a b\n"
                                   "= (_Map f r)       | f r\n"
                                   "= (_If c t e)      | c t e\n"
                                   "= (_Dec n)         | 2 0 n\n"
                                   "= add _Add\n"
                                   "= map _Map\n"
                                   "= dec _Dec\n"
                                   "= c2 (0 0 3 0)\n"
                                   "= (**ifNot c e t)  | _If c t e\n"
                                   "= (k x y)          x\n"
                                   "= kk k\n"
                                   "= (**always x)     | add x x\n"
                                   "= (rec x)          | rec x\n";

typedef struct Case {
  const char *source, *name, *law;
} Case;

static const Case compiled[] = {
    {"= (t1 x) | add x (add 2 3)\n", "t1", "(0 {t1} 1 (0 (0 <_Add> 1) (0 (<_Add> 2) 3)))"},
    {"= (t3 x y)\n@ a (add x y)\n| c2 a a\n", "t3", "(0 {t3} 2 (1 (0 (0 <_Add> 1) 2) (0 (0 C2 3) 3)))"},
    {"= (t4 x) | map (y & add x y) x\n", "t4",
     "(0 {t4} 1 (0 (0 <_Map> (0 (0 0 2 (0 (0 <_Add> 1) 2)) 1)) 1))"},
    {"= (t5 n)\n^ _ 0 n\n? (loop acc i)\n| ifNot i acc\n| loop (add acc n) (dec i)\n", "t5",
     "(0 {t5} 1 (0 (0 (0 (0 {loop} 3 (0 (0 (0 <_If> 3) (0 (0 (0 0 1) (0 (0 <_Add> 2) 1)) (0 <_Dec> 3))) 2)) "
     "1) "
     "(2 0)) 1))"},
    {"= (t6 x)\n@@ = o (0 x o)\n o\n", "t6", "(0 {t6} 1 (1 (0 (0 (2 0) 1) 2) 2))"},
    {"= (t7 x)\n@@ = a (c2 b x)\n   = b (c2 a 1)\n (c2 a b)\n", "t7",
     "(0 {t7} 1 (1 (0 (0 C2 3) 1) (1 (0 (0 C2 2) (2 1)) (0 (0 C2 2) 3))))"},
    {"= (tc x) (c2 1 (x 1))\n", "tc", "(0 {tc} 1 (0 (C2 1) (0 1 (2 1))))"},
    {"= (th x) (c2 x (2 9))\n", "th", "(0 {th} 1 (0 (0 C2 1) (2 (2 9))))"},
    {"= (tu a b c) (ifNot a b c 9)\n", "tu", "(0 {tu} 3 (0 (0 (0 (0 <_If> 1) 3) 2) 9))"},
    {"= (b3 p) (**(x & add x p) 3)\n", "b3", "(0 {b3} 1 (0 (<_Add> 3) 1))"},
    {"= (tl x) tl\n", "tl", "(0 {tl} 1 0)"},
    {"= to (0 0 3 0 8 9)\n", "to", "[9 8]"},
    {"= tr (c2 2 1)\n", "tr", "[1 2]"},
    {"= (ts x) (c2 2 1)\n", "ts", "(0 {ts} 1 [1 2])"},
    // A let of a constant or a variable is none; one that is not used vanishes.
    {"= (l1 x)\n@ a 7\n@ b x\n@ c (x 1)\n(c2 a b)\n", "l1", "(0 {l1} 1 (0 (C2 7) 1))"},
    // One use: in its place.
    {"= (l2 x)\n@ a (x 9)\n(c2 a 5)\n", "l2", "(0 {l2} 1 (0 (0 C2 (0 1 9)) 5))"},
    // Duplicate arguments: the later one counts.
    {"= (d1 x x) x\n", "d1", "(0 {d1} 2 2)"},
    // A lambda that is pinned and has free variables: the lifted law is.
    {"= (p1 x)\n?? (f y)\n (c2 x y)\n", "p1", "(0 {p1} 1 (0 <f> 1))"},
    // A recursive one: what it was is the lifted one applied again.
    {"= (p2 x)\n? (f y)\n(f x)\n", "p2", "(0 {p2} 1 (0 (0 {f} 2 (0 (0 0 1) 1)) 1))"},
    // Tags.
    {"= (g1 x)\n& tag y y\n", "g1", "(0 {g1} 1 (0 {tag} 1 1))"},
    {"= (g2 x) (? tag (f y) y)\n", "g2", "(0 {g2} 1 (0 {tag} 1 1))"},
    {"= (g3 x) (y & x)\n", "g3", "(0 {g3} 1 (0 (0 0 2 1) 1))"},
    // Names that are numbers or text, qualified names aside.
    {"= {a b} 4\n= y .{a b}\n", "y", "4"},
    {"= 9 8\n= z .9\n", "z", "8"},
    {"= pg\n  } one\n  } two\n= u 5\n", "u", "5"},
    // Explicit keys and properties do not change the value.
    {"= 77 kv 12\n", "kv", "12"},
    {"= 78 (c2 1 2) kw 13\n", "kw", "13"},
};

static const Case inlined[] = {
    {"= (a p q r) (**k p q r)\n", "a", "(0 {a} 3 (0 1 3))"},
    {"= (a p q r) (**(k p) q r)\n", "a", "(0 {a} 3 (0 1 3))"},
    {"= (a p q r) (**(k p q) r)\n", "a", "(0 {a} 3 (0 1 3))"},
    {"= (a p q r) (**(k p q r))\n", "a", "(0 {a} 3 (0 (0 (0 <k> 1) 2) 3))"},
    {"= (a p q) (**kk p q)\n", "a", "(0 {a} 2 1)"},
    {"= (a p q) (k p q)\n", "a", "(0 {a} 2 (0 (0 <k> 1) 2))"},
    {"= (a p) (**k p)\n", "a", "(0 {a} 1 (0 <k> 1))"},
    // Marked in its head: without a mark at the use. Its argument is used twice, so it is a binding.
    {"= (a p) (always (p 9))\n", "a", "(0 {a} 1 (1 (0 1 9) (0 (0 <_Add> 2) 2)))"},
    {"= (a p) (always p)\n", "a", "(0 {a} 1 (0 (0 <_Add> 1) 1))"},
    // Through a let and through ^, not through a letrec, not out of a let.
    {"= (a p q)\n@ f k\n(**f p q)\n", "a", "(0 {a} 2 1)"},
    {"= (a p q)\n@ f (k p)\n(**f q)\n", "a", "(0 {a} 2 1)"},
    {"= (a p q)\n^ (**_ p q)\nk\n", "a", "(0 {a} 2 1)"},
    {"= (a p q)\n@@ = f k\n (**f p q)\n", "a", "(0 {a} 2 (0 (0 <k> 1) 2))"},
    {"= (a p q) (**(@ z p (k z)) q)\n", "a", "(0 {a} 2 (0 (0 <k> 1) 2))"},
    // Recursive functions and unknown ones: the mark does nothing.
    {"= (a p) (**rec p)\n", "a", "(0 {a} 1 (0 <rec> 1))"},
    {"= (a f p) (**f p)\n", "a", "(0 {a} 2 (0 1 2))"},
    // Positions are right after moving under binders.
    {"= (a p q)\n@ m (p q)\n@ n (q p)\n@ g (x & c2 x m)\n| c2 (**g n) (c2 m n)\n", "a",
     "(0 {a} 2 (1 (0 2 1) (1 (0 1 2) (0 (0 C2 (0 (0 C2 3) 4)) (0 (0 C2 4) 3)))))"},
    // In bodies of lambdas, and lambdas as arguments.
    {"= (a p) (y & **k p y)\n", "a", "(0 {a} 1 (0 (0 0 2 1) 1))"},
    {"= (app f x) (f x)\n= (a p) (**app (x & add x p) p)\n", "a",
     "(0 {a} 1 (0 (0 (0 0 2 (0 (0 <_Add> 2) 1)) 1) 1))"},
    {"= (app f x) (**f x)\n= (a p) (**app (x & add x p) p)\n", "a", "(0 {a} 1 (0 (0 <_Add> 1) 1))"},
    // The slot of an inlined function itself is 0 inside.
    {"= (**self0 x) (c2 x 3)\n= (a p) (self0 p)\n", "a", "(0 {a} 1 (0 (0 C2 1) 3))"},
};

static void check_cases(const Case *cases, size_t count) {
  Fixture *f = fixture_new();
  for (size_t i = 0; i < count; i++) {
    char *text = mem_printf("%s\n%s", prelude, cases[i].source);
    ck_assert_msg(fixture_load(f, text), "%s\n%s %s", cases[i].source, f->err.where, f->err.msg);
    char *law = fixture_value(f, cases[i].name);
    ck_assert_msg(strcmp(law, cases[i].law) == 0, "%s\nis       %s\nexpected %s", cases[i].source, law,
                  cases[i].law);
    mem_free(law);
    mem_free(text);
  }
  fixture_free(f);
}

START_TEST(laws_as_compiled) { check_cases(compiled, sizeof compiled / sizeof *compiled); }
END_TEST

START_TEST(laws_as_inlined) { check_cases(inlined, sizeof inlined / sizeof *inlined); }
END_TEST

// A chain of functions, each always inlined and marked twice over, ends at once: what is not in the
// result is not computed.
START_TEST(inlining_is_lazy) {
  Fixture *f = fixture_new();
  Buf text = {0};
  buf_str(&text, "= c2 (0 0 3 0)\n= f0 c2\n");
  for (int i = 1; i < 200; i++) buf_printf(&text, "= f%d (**(x & **f%d x))\n", i, i - 1);
  buf_str(&text, "= (a x) (**f199 x 7)\n");
  ck_assert_msg(fixture_load(f, buf_cstr(&text)), "%s %s", f->err.where, f->err.msg);
  char *law = fixture_value(f, "a");
  ck_assert_str_eq(law, "(0 {a} 1 (0 (0 C2 1) 7))");
  mem_free(law);
  buf_free(&text);
  fixture_free(f);
}
END_TEST

// Functions without arguments crash when used, and only then.
START_TEST(no_arguments) {
  Fixture *f = fixture_new();
  ck_assert_msg(fixture_load(f, "= x\n@ f (? g 5)\n3\n"), "%s", f->err.msg);
  ck_assert(!fixture_load(f, "= x (? g 5)\n"));
  ck_assert_ptr_nonnull(strstr(f->err.msg, "crash with operator 0, argument 0"));
  fixture_free(f);
}
END_TEST

SUITE_MAIN("sire/compile", laws_as_compiled, laws_as_inlined, inlining_is_lazy, no_arguments)
