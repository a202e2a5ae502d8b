// The printer, by example.
#include "common/rex/print.h"
#include "common/rex/read.h"
#include "tests/suite.h"
#include <stdlib.h>
#include <string.h>

typedef struct Example {
  const char *text, *wide, *tall; // NULL: as text, without the last \n in wide form
} Example;

static const Example examples[] = {
    {"a\n", NULL, NULL},
    {"{a {b}}\n", NULL, NULL},
    {"\"a b\"\n", "{a b}", "{a b}\n"},
    {"}|a}b|\n", "}_a}b_", "}_a}b_\n"},
    {"}|a} b|\n", "}|a} b|", NULL},
    {"} a} b|\n", "}#a} b|#", NULL},
    {"()\n", NULL, NULL},
    {"[]\n", NULL, NULL},
    {"(, a)\n", "[a]", "[a]\n"},
    {"(| a)\n", NULL, NULL},
    {"(f x)\n", NULL, NULL},
    {"(+)\n", NULL, NULL},
    {"(+ a - b)\n", "(+ a (- b))", "(+ a (- b))\n"},
    {"(a b + c d + e)\n", NULL, NULL},
    {"(a + b * c)\n", "((a + b) * c)", "((a + b) * c)\n"},
    {"(a +)\n", "(a + ())", "(a + ())\n"},
    {"-a\n", NULL, NULL},
    {"-a+b\n", "-(a+b)", "-(a+b)\n"},
    {"-(-a)\n", NULL, NULL},
    {"(a.b).c\n", "(a.b).c", "(a.b).c\n"},
    {"(-a).b\n", NULL, NULL},
    {"-(-a)(b)\n", NULL, NULL},
    {"f(x)\n", NULL, NULL},
    {"f[x](y)z\n", "f[x](y)(z)", "f[x](y)(z)\n"},
    {"f(-a)\n", NULL, NULL},
    {"(-a)(b.c)\n", NULL, NULL},
    {"-f(x)\n", NULL, NULL},
    {"a.f(x)\n", NULL, NULL},
    {"{a}{b}\n", NULL, NULL},
    {"f((+ a))\n", "f(+ a)", "f(+ a)\n"},
    {"| f x\n", "(f x)", NULL},
    {"f x\n", "(f x)", "| f x\n"},
    {"|\n", "()", NULL},
    {"| f | g x\n", "(f (g x))", NULL},
    {"= (f x)\n| g x\n", "(= (f x))(g x)", NULL},
    {"| a\nb\n", "(| a)(b)", NULL},
    {"=?= 1\n  | f x\n", "(=?= 1)(f x)", NULL},
    {"} a\n} b\n", "{a}{b}", NULL},
    {"}\n} b\n", "{}{b}", NULL},
    {"# b } foo\n    } bar\n", "(# b {foo}{bar})", NULL},
    {"b#} foo\n", "b#{foo}", NULL},
    {"| b#} foo\n    } bar\n", "(| b#{foo}{bar})", "|   b#} foo\n      } bar\n"},
    {"| f\n        | g x\n    | h y\n  z\n", "(f (g x) (h y) z)", "| f     | g x\n    | h y\n  z\n"},
    {"| f   | g x\n    | h y\n", "(f (g x) (h y))", "| f     | g x\n    | h y\n"},
    {"| aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbb ccccccccccc\n",
     "(aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbb ccccccccccc)",
     "| aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbb\n  ccccccccccc\n"},
    {"| f ::::: g\n", "(f (::::: g))", "| f\n  ::::: g\n"},
};

static const char *wide(Buf *b, const Rex *x, const RexPrint *how) {
  Err err = ERR_INIT;
  buf_clear(b);
  ck_assert_msg(rex_print_wide(b, x, how, &err), "%s", err.msg);
  return buf_cstr(b);
}

static const char *tall(Buf *b, const Rex *x, const RexPrint *how) {
  Err err = ERR_INIT;
  buf_clear(b);
  ck_assert_msg(rex_print_tall(b, x, how, &err), "%s", err.msg);
  return buf_cstr(b);
}

static Rex *read_one(Arena *a, const char *text) {
  Err err = ERR_INIT;
  Rex *x = rex_read_one("t", text, strlen(text), a, &err);
  ck_assert_msg(x != NULL, "%s", err.msg);
  return x;
}

START_TEST(test_examples) {
  const Example *e = &examples[_i];
  Arena a = {0};
  Buf b = {0};
  const Rex *x = read_one(&a, e->text);
  char *line = strndup(e->text, strlen(e->text) - 1);
  ck_assert_str_eq(wide(&b, x, NULL), e->wide ? e->wide : line);
  ck_assert_str_eq(tall(&b, x, NULL), e->tall ? e->tall : e->text);
  free(line);
  buf_free(&b);
  arena_free(&a);
}
END_TEST

START_TEST(test_appends) {
  Arena a = {0};
  Buf b = {0};
  buf_str(&b, "12345 ");
  ck_assert(rex_print_tall(&b, read_one(&a, "| a\n  | b\n"), NULL, NULL));
  ck_assert_str_eq(buf_cstr(&b), "12345 | a | b\n");
  buf_free(&b);
  arena_free(&a);
}
END_TEST

static bool fails(const Rex *x, const RexPrint *how, ErrCode code, const char *part) {
  Buf b = {0};
  Err w = ERR_INIT, t = ERR_INIT;
  bool failed = !rex_print_wide(&b, x, how, &w) && !rex_print_tall(&b, x, how, &t);
  buf_free(&b);
  return failed && w.code == code && t.code == code && strstr(w.msg, part) && strstr(t.msg, part);
}

START_TEST(test_what_has_no_form) {
  Arena a = {0};
  Buf b = {0};
  RexPrint loose = {.loose = true};
  char all[255];
  for (int i = 0; i < 255; i++) all[i] = (char)(i < 9 ? i + 1 : i == 254 ? '}' : i + 2);
  const Rex *line = rex_leaf(&a, REX_LINE, "a\nb\x1b", 4, NULL);
  const Rex *rune = rex_node(&a, REX_OPEN, "a+", 2, NULL, 0, NULL);
  const Rex *none = rex_node(&a, REX_OPEN, "", 0, NULL, 0, NULL);
  const Rex *every = rex_leaf(&a, REX_TEXT, all, sizeof all, NULL);
  ck_assert(fails(line, NULL, ERR_DATA, "newline"));
  ck_assert(fails(rune, NULL, ERR_DATA, "rune"));
  ck_assert(fails(none, NULL, ERR_DATA, "rune"));
  ck_assert(fails(rex_embed(&a, 5), NULL, ERR_DATA, "embedded"));
  ck_assert(fails(every, NULL, ERR_DATA, "every byte"));
  ck_assert_str_eq(wide(&b, line, &loose), "{a\\nb?}");
  ck_assert_str_eq(tall(&b, line, &loose), "} a\\nb?\n");
  ck_assert_str_eq(tall(&b, rune, &loose), "?+\n");
  ck_assert_str_eq(tall(&b, none, &loose), "?\n");
  ck_assert_str_eq(wide(&b, rex_embed(&a, 5), &loose), "(EMBD)");
  wide(&b, every, &loose);
  buf_free(&b);
  arena_free(&a);
}
END_TEST

static void embed_number(void *ctx, Buf *out, uint64_t word) {
  (*(int *)ctx)++;
  buf_printf(out, "%u", (unsigned)word);
}

START_TEST(test_embeds) {
  int calls = 0;
  RexPrint how = {.embed = embed_number, .ctx = &calls};
  Arena a = {0};
  Buf b = {0};
  Rex *sons[] = {rex_embed(&a, 7), rex_leaf(&a, REX_WORD, "a", 1, rex_embed(&a, 8))};
  ck_assert_str_eq(wide(&b, rex_node(&a, REX_SHUT, ".", 1, sons, 2, NULL), &how), "7.a(8)");
  ck_assert_int_eq(calls, 2);
  buf_free(&b);
  arena_free(&a);
}
END_TEST

START_TEST(test_limits) {
  Arena a = {0};
  RexPrint how = {.max = 100};
  Rex *x = rex_leaf(&a, REX_WORD, "a", 1, NULL);
  // A graph of 64 nodes with 2^64 paths.
  for (int i = 0; i < 64; i++) x = rex_node(&a, REX_OPEN, "+", 1, (Rex *[]){x, x}, 2, NULL);
  ck_assert(fails(x, &how, ERR_LIMIT, "longer than 100 bytes"));
  for (int i = 0; i < 2000; i++) x = rex_node(&a, REX_OPEN, "+", 1, (Rex *[]){x}, 1, NULL);
  ck_assert(fails(x, NULL, ERR_LIMIT, "nesting deeper than 1000"));
  arena_free(&a);
}
END_TEST

// As deep as the reader accepts, through all kinds of brackets and layout.
START_TEST(test_depth) {
  Arena a = {0};
  Buf b = {0}, text = {0};
  for (int i = 0; i < 333; i++) buf_str(&text, "[(a + -(b.c(+ ");
  for (int i = 0; i < 333; i++) buf_str(&text, ")))]");
  Err err = ERR_INIT;
  ck_assert(!rex_read_one("t", text.data, text.len, &a, &err)); // six levels each
  ck_assert_int_eq(err.code, ERR_LIMIT);
  for (int i = 0; i < 2; i++) {
    buf_clear(&text);
    for (int k = 1; k < REX_MAX_DEPTH; k++) buf_str(&text, i ? "| " : "[");
    buf_str(&text, "x");
    for (int k = 1; k < REX_MAX_DEPTH; k++) buf_str(&text, i ? "" : "]");
    const Rex *x = read_one(&a, buf_cstr(&text));
    ck_assert(rex_equal(x, read_one(&a, tall(&b, x, NULL))));
    wide(&b, x, NULL);
  }
  buf_free(&text);
  buf_free(&b);
  arena_free(&a);
}
END_TEST

START_TEST(test_long_chains) {
  enum { N = 50000 };
  Arena a = {0};
  Buf b = {0};
  Rex *x = NULL;
  for (int i = 0; i < N; i++) x = rex_leaf(&a, REX_LINE, "ab", 2, x);
  ck_assert_uint_eq(strlen(tall(&b, x, NULL)), N * 5);
  ck_assert_uint_eq(strlen(wide(&b, x, NULL)), N * 4);
  x = NULL;
  for (int i = 0; i < N; i++) x = rex_node(&a, REX_OPEN, "|", 1, NULL, 0, x);
  ck_assert_uint_eq(strlen(tall(&b, x, NULL)), N * 2);
  buf_free(&b);
  arena_free(&a);
}
END_TEST

SUITE_MAIN_WITH("rex/print", (SuiteFrame){0}, {test_examples, sizeof examples / sizeof *examples},
                {test_appends}, {test_what_has_no_form}, {test_embeds}, {test_limits}, {test_depth},
                {test_long_chains})
