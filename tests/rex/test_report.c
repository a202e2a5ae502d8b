// Every error of the reader, word for word: people read these.
#include "common/base/buf.h"
#include "common/rex/lex.h"
#include "tests/suite.h"
#include <string.h>

typedef struct Bad {
  const char *text, *where, *msg;
} Bad;

static const Bad bads[] = {
    // A byte that may not stand there.
    {"x)", "t:1:2", "unexpected byte ')': no bracket of this kind is open here\n  x)\n   ^"},
    {"a ]", "t:1:3", "unexpected byte ']': no bracket of this kind is open here\n  a ]\n    ^"},
    {"a\tb", "t:1:2", "unexpected byte 0x09 (tab): use spaces\n  a b\n   ^"},
    {"a\r", "t:1:2", "unexpected byte 0x0d (carriage return): lines must end in \\n alone\n  a?\n   ^"},
    {"ab\x01", "t:1:3", "unexpected byte 0x01\n  ab?\n    ^"},
    {"a \xc3\xa9", "t:1:3",
     "unexpected byte 0xc3: only strings and comments may contain non-ASCII text\n  a \xc3\xa9\n    ^"},
    {"\xff", "t:1:1", "unexpected byte 0xff: only strings and comments may contain non-ASCII text\n  ?\n  ^"},
    // Brackets.
    {"(a", "t:1:1", "unterminated '(': ')' must follow on the same line\n  (a\n  ^"},
    {"f [a (b c)", "t:1:3", "unterminated '[': ']' must follow on the same line\n  f [a (b c)\n    ^"},
    {"((a)", "t:1:1", "unterminated '(': ')' must follow on the same line\n  ((a)\n  ^"},
    {"(a]", "t:1:1", "unterminated '(': ')' is expected, column 3 has ']'\n  (a]\n  ^"},
    {"[a)", "t:1:1", "unterminated '[': ']' is expected, column 3 has ')'\n  [a)\n  ^"},
    {"(a ; b)", "t:1:1",
     "unterminated '(': the comment at column 4 takes the rest of the line\n  (a ; b)\n  ^"},
    {"(a } b)", "t:1:1",
     "unterminated '(': the text after '}' at column 4 takes the rest of the line\n  (a } b)\n  ^"},
    // Strings.
    {"x {a", "t:1:3", "unterminated string: '}' must follow on the same line\n  x {a\n    ^"},
    {"{a {b}", "t:1:1", "unterminated string: '}' must follow on the same line\n  {a {b}\n  ^"},
    {"\"a", "t:1:1", "unterminated string: '\"' must follow on the same line\n  \"a\n  ^"},
    {"}_a", "t:1:1",
     "unterminated string: '_' must follow on the same line ('} ' with a space takes the rest of the line)\n"
     "  }_a\n  ^"},
    {"}\xc3\xa9", "t:1:1",
     "unterminated string: after '}' stands the byte that must end it, 0xc3\n  }\xc3\xa9\n  ^"},
    // Runes in brackets.
    {"[a + b]", "t:1:4",
     "brackets may not contain runes between spaces: write [a+b] or [(a + b)]\n  [a + b]\n     ^"},
    {"[+]", "t:1:2", "brackets may not contain runes between spaces: write [a+b] or [(a + b)]\n  [+]\n   ^"},
    {"([a, b])", "t:1:4",
     "brackets may not contain runes between spaces: there are no commas, write [a b]\n  ([a, b])\n     ^"},
    // The first by position counts, not the first found.
    {"[a + b] )", "t:1:4", NULL},
    {"(a\tb", "t:1:1", NULL},
    {"x\t(a", "t:1:2", NULL},
    {"([a + b]", "t:1:1", NULL},
    // Lines and columns in blocks.
    {"a\n\n| b\n   [c\n   d)", "t:4:4",
     "unterminated '[': ']' must follow on the same line\n     [c\n     ^"},
    // The caret counts characters.
    {"{\xc3\xa9\xe2\x82\xac} )", "t:1:9", NULL},
};

static bool read_text(const void *text, size_t len, Err *err) {
  Arena a = {0};
  RexBlocks blocks;
  bool ok = rex_read_all("t", text, len, &a, &blocks, err);
  arena_free(&a);
  return ok;
}

START_TEST(test_bad) {
  const Bad *x = &bads[_i];
  Err err = ERR_INIT;
  ck_assert_msg(!read_text(x->text, strlen(x->text), &err), "no error: %s", x->text);
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert_str_eq(err.where, x->where);
  if (x->msg) ck_assert_str_eq(err.msg, x->msg);
}
END_TEST

START_TEST(test_caret_counts_characters) {
  Err err = ERR_INIT;
  const char *text = "{\xc3\xa9\xe2\x82\xac} )";
  ck_assert(!read_text(text, strlen(text), &err));
  ck_assert_ptr_nonnull(strstr(err.msg, "\n       ^"));
}
END_TEST

START_TEST(test_nul) {
  Err err = ERR_INIT;
  ck_assert(!read_text("a\0b\n", 4, &err));
  ck_assert_str_eq(err.where, "t:1:2");
  ck_assert_str_eq(err.msg, "unexpected byte 0x00 (NUL)\n  a?b\n   ^");
  ck_assert(!read_text("(a\0)\n", 5, &err));
  ck_assert(!read_text("}\0a\n", 4, &err));
  ck_assert_str_eq(err.where, "t:1:2");
  ck_assert(read_text("{a\0b}\n", 6, &err)); // a string may hold any byte
}
END_TEST

// Nothing that a terminal obeys reaches it through an error.
START_TEST(test_excerpt_is_harmless) {
  Err err = ERR_INIT;
  const char *text = "{\x1b[2J \xc2\x9b \xe2\x80\xae \xed\xa0\x80} )";
  ck_assert(!read_text(text, strlen(text), &err));
  const char *line = strchr(err.msg, '\n') + 1;
  for (const char *p = line; *p && *p != '\n'; p++)
    ck_assert_msg((uint8_t)*p >= 0x20 && (uint8_t)*p < 0x7f, "byte %02x in %s", (uint8_t)*p, line);
}
END_TEST

static void deep(Buf *b, const char *one, int n, const char *after) {
  buf_clear(b);
  for (int i = 0; i < n; i++) buf_str(b, one);
  buf_str(b, after);
  buf_u8(b, '\n');
}

static void ck_deep(const Buf *b, Err *err) {
  ck_assert(!read_text(b->data, b->len, err));
  ck_assert_int_eq(err->code, ERR_LIMIT);
  ck_assert_ptr_nonnull(strstr(err->msg, "nesting deeper than 1000\n"));
}

START_TEST(test_depth) {
  Buf b = {0};
  Err err = ERR_INIT;
  deep(&b, "(", 100000, "");
  ck_deep(&b, &err);
  ck_assert_str_eq(err.where, "t:1:1001");
  deep(&b, "(", 1000, "");
  ck_assert(!read_text(b.data, b.len, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  deep(&b, "| a ", 1000, ""); // layout on one line; the last a is the 1001st level
  ck_deep(&b, &err);
  ck_assert_str_eq(err.where, "t:1:1");
  deep(&b, "| ", 1000, "");
  ck_assert(read_text(b.data, b.len, &err));
  deep(&b, "a+b-", 501, "c"); // tight runes of no precedence
  ck_deep(&b, &err);
  buf_free(&b);
}
END_TEST

START_TEST(test_depth_of_heirs) {
  Buf b = {0};
  Err err = ERR_INIT;
  for (int brackets = 1; brackets <= 2; brackets++) {
    buf_clear(&b);
    for (int i = 0; i < brackets; i++) buf_str(&b, "[");
    buf_str(&b, "f(");
    for (int i = 0; i < 499; i++) buf_str(&b, "a+b-");
    buf_str(&b, "c)");
    for (int i = 0; i < brackets; i++) buf_str(&b, "]");
    if (brackets == 1)
      ck_assert(read_text(b.data, b.len, &err));
    else
      ck_deep(&b, &err);
  }
  buf_free(&b);
}
END_TEST

START_TEST(test_depth_in_brackets) {
  Buf b = {0};
  Err err = ERR_INIT;
  buf_str(&b, "(a");
  for (int i = 0; i < 600; i++) buf_str(&b, " + b - c");
  buf_str(&b, ")\n");
  ck_deep(&b, &err);
  buf_clear(&b);
  buf_str(&b, "(");
  for (int i = 0; i < 1001; i++) buf_str(&b, "+ a ");
  buf_str(&b, ")\n");
  ck_deep(&b, &err);
  buf_clear(&b);
  for (int i = 0; i < 501; i++) buf_str(&b, "| (+ ");
  for (int i = 0; i < 501; i++) buf_str(&b, ")");
  buf_str(&b, "\n");
  ck_deep(&b, &err);
  buf_free(&b);
}
END_TEST

START_TEST(test_long_lines_are_cut) {
  Err err = ERR_INIT;
  Buf b = {0};
  for (int i = 0; i < 300; i++) buf_str(&b, "\xc3\xa9");
  Buf text = {0};
  buf_printf(&text, "{%s} ) {%s}", buf_cstr(&b), buf_cstr(&b));
  ck_assert(!read_text(text.data, text.len, &err));
  ck_assert_str_eq(err.where, "t:1:604");
  const char *line = strchr(err.msg, '\n') + 1, *caret = strchr(line, '\n') + 1;
  ck_assert(strncmp(line, "  ...", 5) == 0);
  ck_assert(strncmp(caret - 4, "...", 3) == 0);
  // The caret stands below the ')'.
  size_t col = 0;
  for (const char *p = line; *p != ')'; p++) col += ((uint8_t)*p & 0xc0) != 0x80;
  ck_assert_uint_eq(strlen(caret) - 1, col);
  buf_clear(&text);
  buf_printf(&text, "ab ) {%s}", buf_cstr(&b)); // cut at the end only
  ck_assert(!read_text(text.data, text.len, &err));
  ck_assert(strncmp(strchr(err.msg, '\n'), "\n  ab ) {", 9) == 0);
  ck_assert_ptr_nonnull(strstr(err.msg, "...\n     ^"));
  buf_free(&b);
  buf_free(&text);
}
END_TEST

START_TEST(test_block_err) {
  Err err = ERR_INIT;
  Arena a = {0};
  RexBlocks blocks;
  ck_assert(rex_read_all("f.sire", "\n| a\n  b\n", 9, &a, &blocks, &err));
  const RexBlock *b = &blocks.items[0];
  ck_assert(!rex_block_err(&err, ERR_NO, b, b->tree->sons[1]->start, "no %s", "b"));
  ck_assert_int_eq(err.code, ERR_NO);
  ck_assert_str_eq(err.where, "f.sire:3:3");
  ck_assert_str_eq(err.msg, "no b\n    b\n    ^");
  rex_block_err(&err, ERR_NO, b, (RexPos){3, 99}, "x"); // beyond the line: at its end
  ck_assert_str_eq(err.msg, "x\n    b\n     ^");
  rex_block_err(&err, ERR_NO, b, (RexPos){9, 0}, "x"); // not in the block
  ck_assert_str_eq(err.msg, "x");
  rex_block_err(&err, ERR_NO, b, (RexPos){0, 0}, "x"); // a tree that was not read
  ck_assert_str_eq(err.where, "f.sire");
  arena_free(&a);
}
END_TEST

SUITE_MAIN_WITH("rex/report", (SuiteFrame){0}, {test_bad, sizeof bads / sizeof *bads},
                {test_caret_counts_characters}, {test_nul}, {test_excerpt_is_harmless}, {test_depth},
                {test_depth_of_heirs}, {test_depth_in_brackets}, {test_long_lines_are_cut}, {test_block_err})
