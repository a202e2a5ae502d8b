// What text means as trees, and where the trees stand.
#include "common/base/mem.h"
#include "tests/rex/dump.h"
#include "tests/suite.h"
#include <string.h>

typedef struct Example {
  const char *text, *dump; // of dump_text
} Example;

static const Example examples[] = {
    // Separators and clumps.
    {"a b c\n", "1 O1:|[W1:a W1:b W1:c]\n"},
    {"a b c", "1 O1:|[W1:a W1:b W1:c]\n"},
    {"  a   b  ; c\n", "1 O1:|[W1:a W1:b]\n"},
    {"x\n", "1 W1:x\n"},
    {"x,y, z\n", "1 O1:|[S1:,[W1:x W1:y] O1:,[W1:z]]\n"},
    {"x, y, z\n", "1 O1:|[W1:x O1:,[W1:y O1:,[W1:z]]]\n"},
    {"a - b\n", "1 O1:|[W1:a O1:-[W1:b]]\n"},
    {"x -\n", "1 O1:|[W1:x O1:-[]]\n"},
    {"-\n", "1 O1:-[]\n"},
    {"-;comment\n", "1 O1:-[]\n"},
    // Tight forms.
    {"'x\n", "1 P1:'[W1:x]\n"},
    {"-a+b\n", "1 P1:-[S1:+[W1:a W1:b]]\n"},
    {"a.b.c\n", "1 S1:.[W1:a W1:b W1:c]\n"},
    {"a+b*c\n", "1 S1:*[S1:+[W1:a W1:b] W1:c]\n"},
    {"a+b*c+d\n", "1 S1:+[S1:*[S1:+[W1:a W1:b] W1:c] W1:d]\n"},
    {"a-(b c)-d\n", "1 S1:-[W1:a N1:|[W1:b W1:c] W1:d]\n"},
    {"x#{y}\n", "1 S1:#[W1:x T1:y]\n"},
    {"~[a b]\n", "1 P1:~[N1:,[W1:a W1:b]]\n"},
    {"a/+b\n", "1 S2:/+[W1:a W1:b]\n"},
    // Heirs by juxtaposition.
    {"f(x)\n", "1 W1:f^W1:x\n"},
    {"(f)(x)(y)\n", "1 W1:f^W1:x^W1:y\n"},
    {"(f x)(y)\n", "1 N1:|[W1:f W1:x]^W1:y\n"},
    {"f[x](y)z\n", "1 W1:f^N1:,[W1:x]^W1:y^W1:z\n"},
    {"(f(x))(y)\n", "1 W1:f^W1:x^W1:y\n"},
    {"f(x(y))z\n", "1 W1:f^W1:x^W1:y^W1:z\n"},
    {"\"a\"b\n", "1 T1:a^W1:b\n"},
    {"(-a)b\n", "1 P1:-[W1:a]^W1:b\n"},
    {"-a(b).c\n", "1 P1:-[S1:.[W1:a^W1:b W1:c]]\n"},
    // Brackets.
    {"[]\n", "1 N1:,[]\n"},
    {"[ a ]\n", "1 N1:,[W1:a]\n"},
    {"[a b(c) -d]\n", "1 N1:,[W1:a W1:b^W1:c P1:-[W1:d]]\n"},
    {"()\n", "1 N1:|[]\n"},
    {"( )\n", "1 N1:|[]\n"},
    {"(x)\n", "1 W1:x\n"},
    {"((f x))\n", "1 N1:|[W1:f W1:x]\n"},
    {"(| a)\n", "1 N1:|[W1:a]\n"},
    {"(+)\n", "1 N1:+[]\n"},
    {"(+ a b)\n", "1 N1:+[W1:a W1:b]\n"},
    {"(+ a + b c)\n", "1 N1:+[W1:a N1:+[W1:b W1:c]]\n"},
    {"(+ - * a)\n", "1 N1:+[N1:-[N1:*[W1:a]]]\n"},
    {"(a b + c * d)\n", "1 I1:*[I1:+[N1:|[W1:a W1:b] W1:c] W1:d]\n"},
    {"(a + b + c)\n", "1 I1:+[W1:a W1:b W1:c]\n"},
    {"(a, b, c)\n", "1 I1:,[W1:a W1:b W1:c]\n"},
    {"(a , + b c)\n", "1 I1:,[W1:a N1:+[W1:b W1:c]]\n"},
    {"(a , + b - c)\n", "1 I1:,[W1:a N1:+[W1:b N1:-[W1:c]]]\n"},
    {"(a +)\n", "1 I1:+[W1:a N1:|[]]\n"},
    {"(a + b -)\n", "1 I1:-[I1:+[W1:a W1:b] N1:|[]]\n"},
    {"(-a b)\n", "1 N1:|[P1:-[W1:a] W1:b]\n"},
    // Strings.
    {"{a {b} c}\n", "1 T7:a {b} c\n"},
    {"{}\n", "1 T0:\n"},
    {"\"\"\n", "1 T0:\n"},
    {"\"{\"\n", "1 T1:{\n"},
    {"}_x}y_\n", "1 T3:x}y\n"},
    {"}\"}\"\n", "1 T1:}\n"},
    {"}xx\n", "1 T0:\n"},
    {"{;}\n", "1 T1:;\n"},
    {"{\xc3\xa9}\n", "1 T2:\xc3\xa9\n"},
    {"} text; more\n", "1 L10:text; more\n"},
    {"}\n", "1 L0:\n"},
    {"} \n", "1 L0:\n"},
    {"}  a\n", "1 L2: a\n"},
    // Page strings.
    {"} a\n} b\n} c\n", "1 L1:a^L1:b^L1:c\n"},
    {"  } a\n  } b\n", "1 L1:a^L1:b\n"},
    {"} a\n } b\n", "1 L1:a\n2 L1:b\n"},
    {"} a\n\n} b\n", "1 L1:a\n3 L1:b\n"},
    {"} a\n; c\n} b\n", "1 L1:a\n3 L1:b\n"},
    {"# b } foo\n    } bar\n", "1 O1:#[W1:b L3:foo^L3:bar]\n"},
    {"# b } foo\n     } bar\n", "1 O1:#[W1:b L3:foo L3:bar]\n"},
    {"# b } foo\n; c\n    } bar\n", "1 O1:#[W1:b L3:foo L3:bar]\n"},
    {"# b} foo\n   } bar\n", "1 O1:#[W1:b^L3:foo^L3:bar]\n"},
    {"# -} foo\n   } bar\n", "1 O1:#[P1:-[L3:foo^L3:bar]]\n"},
    {"# } foo\n} bar\n", "1 O1:#[L3:foo]^L3:bar\n"},
    // Layout.
    {"= (f x)\n@ y 3\n| add y\n  x\n", "1 O1:=[N1:|[W1:f W1:x]]^O1:@[W1:y W1:3]^O1:|[W3:add W1:y W1:x]\n"},
    {"| a\nb\n  c\nd\n", "1 O1:|[W1:a W1:b W1:c]^W1:d\n"},
    {"| a\nb\n", "1 O1:|[W1:a]^W1:b\n"},
    {"| a\nb\nc\n", "1 O1:|[W1:a W1:b]^W1:c\n"},
    {"=?= 1\n  | f x\n", "1 O3:=?=[W1:1]^O1:|[W1:f W1:x]\n"},
    {"= a\n@@ b\n", "1 O1:=[W1:a O2:@@[W1:b]]\n"},
    {"| a | b\n  | c\n", "1 O1:|[W1:a O1:|[W1:b] O1:|[W1:c]]\n"},
    {"| a | b\n    | c\n", "1 O1:|[W1:a O1:|[W1:b]^O1:|[W1:c]]\n"},
    {"| a | b\n   c\n", "1 O1:|[W1:a O1:|[W1:b] W1:c]\n"},
    {"x | y z\n", "1 O1:|[W1:x O1:|[W1:y W1:z]]\n"},
    {"= (f x)\n| g x.y {a b}\n  [1 -z]\n",
     "1 O1:=[N1:|[W1:f W1:x]]^O1:|[W1:g S1:.[W1:x W1:y] T3:a b N1:,[W1:1 P1:-[W1:z]]]\n"},
    // Blocks.
    {"", ""},
    {"\n\n; only\n", ""},
    {"a\nb\n", "1 W1:a\n2 W1:b\n"},
    {"  | a\n  | b\n | c\n", "1 O1:|[W1:a]^O1:|[W1:b]\n3 O1:|[W1:c]\n"},
    {"| a\n\n| b\n", "1 O1:|[W1:a]\n3 O1:|[W1:b]\n"},
    {"| a\n; c\n| b\n", "1 O1:|[W1:a]^O1:|[W1:b]\n"},
    {" | a\n; c\n | b\n", "1 O1:|[W1:a]^O1:|[W1:b]\n"},
    {" | a\nx\n", "1 O1:|[W1:a]\n2 W1:x\n"},
    {" | a\n} x\n} y\n", "1 O1:|[W1:a]\n2 L1:x^L1:y\n"},
    {"} x\ny\n| z\n", "1 L1:x\n2 W1:y\n3 O1:|[W1:z]\n"},
};

START_TEST(test_examples) {
  const Example *x = &examples[_i];
  Buf out = {0};
  Err err = ERR_INIT;
  ck_assert_msg(dump_text(&out, "t", x->text, strlen(x->text), &err), "%s: %s", x->text, err.msg);
  ck_assert_str_eq(buf_cstr(&out), x->dump);
  buf_free(&out);
}
END_TEST

static Rex *read_one(Arena *a, const char *text) {
  Err err = ERR_INIT;
  Rex *x = rex_read_one("t", text, strlen(text), a, &err);
  ck_assert_msg(x != NULL, "%s", err.msg);
  return x;
}

static void ck_span(const Rex *x, uint32_t l0, uint32_t c0, uint32_t l1, uint32_t c1) {
  ck_assert_uint_eq(x->start.line, l0);
  ck_assert_uint_eq(x->start.col, c0);
  ck_assert_uint_eq(x->end.line, l1);
  ck_assert_uint_eq(x->end.col, c1);
}

START_TEST(test_positions) {
  Arena a = {0};
  const Rex *x = read_one(&a, "; doc\n =?= ab {c d}(e)\n     [-f (g + h)]\n");
  ck_span(x, 2, 1, 3, 17);
  ck_span(x->sons[0], 2, 5, 2, 7);
  ck_span(x->sons[1], 2, 8, 2, 13);        // the string, delimiters included, heir excluded
  ck_span(x->sons[1]->heir, 2, 14, 2, 15); // parentheses that vanish are outside
  const Rex *row = x->sons[2];
  ck_span(row, 3, 5, 3, 17);
  ck_span(row->sons[0], 3, 6, 3, 8);
  ck_span(row->sons[1], 3, 9, 3, 16);
  arena_free(&a);
}
END_TEST

START_TEST(test_positions_of_made_up_nodes) {
  Arena a = {0};
  const Rex *x = read_one(&a, "a (b c + d -)\n");
  ck_span(x, 1, 0, 1, 13);
  const Rex *minus = x->sons[1], *plus = minus->sons[0];
  ck_span(minus, 1, 2, 1, 13);
  ck_span(plus, 1, 3, 1, 10);
  ck_span(plus->sons[0], 1, 3, 1, 6);
  ck_span(minus->sons[1], 1, 12, 1, 12); // nothing, behind the last rune
  arena_free(&a);
}
END_TEST

START_TEST(test_long_chains) {
  // Heirs and flat lists are not nesting.
  enum { N = 20000 };
  Arena a = {0};
  Buf text = {0};
  buf_str(&text, "f");
  for (int i = 0; i < N; i++) buf_str(&text, "(x)");
  const Rex *x = read_one(&a, buf_cstr(&text));
  size_t heirs = 0;
  for (; x->heir; x = x->heir) heirs++;
  ck_assert_uint_eq(heirs, N);
  buf_clear(&text);
  for (int i = 0; i < N; i++) buf_str(&text, "| x a+b+c\n");
  heirs = 0;
  for (x = read_one(&a, buf_cstr(&text)); x->heir; x = x->heir) heirs++;
  ck_assert_uint_eq(heirs, N - 1);
  buf_free(&text);
  arena_free(&a);
}
END_TEST

START_TEST(test_read_one) {
  Arena a = {0};
  Err err = ERR_INIT;
  ck_assert(rex_text_is(read_one(&a, "\n; note\nabc\n\n"), "abc"));
  ck_assert_ptr_null(rex_read_one("arg", " ; none\n", 8, &a, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_str_eq(err.where, "arg");
  ck_assert_ptr_null(rex_read_one("arg", "a\n  b\n", 6, &a, &err));
  ck_assert_str_eq(err.where, "arg:2:1");
  arena_free(&a);
}
END_TEST

SUITE_MAIN_WITH("rex/read", (SuiteFrame){0}, {test_examples, sizeof examples / sizeof *examples},
                {test_positions}, {test_positions_of_made_up_nodes}, {test_long_chains}, {test_read_one})
