// Trees made by hand.
#include "common/rex/rex.h"
#include "tests/suite.h"
#include <string.h>

START_TEST(test_bytes) {
  const char *runes = "$!#%&*+,-./:<=>?@\\^`'|~";
  size_t words = 0, count = 0;
  for (int c = 0; c < 256; c++) {
    ck_assert(!(rex_is_word_byte((uint8_t)c) && rex_is_rune_byte((uint8_t)c)));
    words += rex_is_word_byte((uint8_t)c);
    count += rex_is_rune_byte((uint8_t)c);
  }
  ck_assert_uint_eq(words, 26 + 26 + 10 + 1);
  ck_assert_uint_eq(count, 23);
  ck_assert(rex_is_rune(runes, 23));
  ck_assert(!rex_is_rune("", 0));
  ck_assert(!rex_is_rune("+a", 2));
  ck_assert(!rex_is_rune("\0", 1));
  ck_assert(rex_is_word("aZ_9", 4));
  ck_assert(!rex_is_word("", 0));
  ck_assert(!rex_is_word("a-b", 3));
}
END_TEST

START_TEST(test_constructors) {
  Arena a = {0};
  char text[] = "abc";
  Rex *leaf = rex_leaf(&a, REX_WORD, text, 3, NULL);
  Rex *sons[] = {leaf, rex_embed(&a, UINT64_MAX)};
  Rex *node = rex_node(&a, REX_SHUT, "+", 1, sons, 2, leaf);
  memset(text, 'z', 3);
  sons[0] = NULL;
  ck_assert(rex_text_is(leaf, "abc"));
  ck_assert(!rex_text_is(leaf, "ab"));
  ck_assert(!rex_text_is(leaf, "abcd"));
  ck_assert(rex_text_is(node, "+"));
  ck_assert_ptr_eq(node->sons[0], leaf);
  ck_assert_ptr_eq(node->heir, leaf);
  ck_assert(node->sons[1]->embed == UINT64_MAX);
  ck_assert(!rex_text_is(node->sons[1], ""));
  ck_assert(rex_is_leaf(leaf) && !rex_is_node(leaf));
  ck_assert(rex_is_node(node) && !rex_is_leaf(node));
  ck_assert(!rex_is_node(node->sons[1]) && !rex_is_leaf(node->sons[1]));
  ck_assert_uint_eq(leaf->start.line, 0);
  arena_free(&a);
}
END_TEST

START_TEST(test_equal) {
  Arena a = {0};
  Rex *x = rex_leaf(&a, REX_WORD, "x", 1, NULL), *y = rex_leaf(&a, REX_WORD, "y", 1, NULL);
  Rex *text = rex_leaf(&a, REX_TEXT, "x", 1, NULL), *heir = rex_leaf(&a, REX_WORD, "x", 1, y);
  Rex *xs[] = {x, y}, *ys[] = {rex_leaf(&a, REX_WORD, "x", 1, NULL), y};
  Rex *node = rex_node(&a, REX_OPEN, "|", 1, xs, 2, NULL);
  ck_assert(rex_equal(NULL, NULL));
  ck_assert(!rex_equal(x, NULL));
  ck_assert(!rex_equal(NULL, x));
  ck_assert(rex_equal(xs[0], ys[0]));
  ck_assert(!rex_equal(x, y));
  ck_assert(!rex_equal(x, text));
  ck_assert(!rex_equal(x, heir));
  ck_assert(rex_equal(node, rex_node(&a, REX_OPEN, "|", 1, ys, 2, NULL)));
  ck_assert(!rex_equal(node, rex_node(&a, REX_OPEN, "|", 1, ys, 1, NULL)));
  ck_assert(!rex_equal(node, rex_node(&a, REX_NEST, "|", 1, ys, 2, NULL)));
  ck_assert(!rex_equal(node, rex_node(&a, REX_OPEN, "+", 1, ys, 2, NULL)));
  ck_assert(!rex_equal(node, rex_node(&a, REX_OPEN, "|", 1, ys, 2, x)));
  ck_assert(rex_equal(rex_embed(&a, 1), rex_embed(&a, 1)));
  ck_assert(!rex_equal(rex_embed(&a, 1), rex_embed(&a, 2)));
  arena_free(&a);
}
END_TEST

START_TEST(test_equal_is_not_recursive) {
  Arena a = {0};
  Rex *x = NULL, *y = NULL;
  for (int i = 0; i < 200000; i++) {
    x = rex_node(&a, REX_PREF, "-", 1, &x, x ? 1 : 0, NULL);
    y = rex_node(&a, REX_PREF, "-", 1, &y, y ? 1 : 0, NULL);
  }
  ck_assert(rex_equal(x, y));
  Err err = ERR_INIT;
  ck_assert(!rex_depth_check(x, 1000000, &err));
  arena_free(&a);
}
END_TEST

START_TEST(test_depth_check) {
  Arena a = {0};
  Err err = ERR_INIT;
  Rex *x = rex_leaf(&a, REX_WORD, "x", 1, NULL);
  for (int i = 1; i < REX_MAX_DEPTH; i++) x = rex_node(&a, REX_PREF, "-", 1, &x, 1, NULL);
  ck_assert(rex_depth_check(x, REX_MAX_DEPTH, &err));
  ck_assert(!rex_depth_check(x, REX_MAX_DEPTH - 1, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert_str_eq(err.msg, "a Rex tree of more than 999 nodes");
  x = rex_node(&a, REX_PREF, "-", 1, &x, 1, NULL);
  ck_assert(!rex_depth_check(x, 5000, &err));
  ck_assert_str_eq(err.msg, "nesting deeper than 1000");
  x = rex_leaf(&a, REX_WORD, "x", 1, NULL);
  for (int i = 0; i < 5000; i++) x = rex_leaf(&a, REX_LINE, "x", 1, x);
  ck_assert(rex_depth_check(x, 6000, &err)); // heirs are not nesting
  for (int i = 0; i < 64; i++) x = rex_node(&a, REX_NEST, "|", 1, (Rex *[]){x, x}, 2, NULL);
  ck_assert(!rex_depth_check(x, 100000, &err)); // 2^64 paths
  arena_free(&a);
}
END_TEST

SUITE_MAIN("rex/tree", test_bytes, test_constructors, test_equal, test_equal_is_not_recursive,
           test_depth_check)
