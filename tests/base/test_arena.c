#include "common/base/arena.h"
#include "tests/suite.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool filled(const uint8_t *p, size_t n, uint8_t with) {
  for (size_t i = 0; i < n; i++)
    if (p[i] != with) return false;
  return true;
}

// Sizes on both sides of each chunk size; every block is aligned, zeroed and its own.
START_TEST(blocks_do_not_overlap) {
  enum { COUNT = 400 };
  Arena a = {0};
  uint8_t *blocks[COUNT];
  size_t sizes[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    sizes[i] = i % 50 == 49 ? i * 1000 : i * 7 % 300;
    blocks[i] = arena_alloc(&a, sizes[i]);
    ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
    ck_assert(filled(blocks[i], sizes[i], 0));
    memset(blocks[i], (int)(i % 255) + 1, sizes[i]);
  }
  for (size_t i = 0; i < COUNT; i++) ck_assert(filled(blocks[i], sizes[i], (uint8_t)(i % 255 + 1)));
  arena_free(&a);
  ck_assert_ptr_null(a.chunks);
  ck_assert_uint_eq(a.used, 0);
}
END_TEST

START_TEST(free_accepts_empty_and_arena_is_reusable) {
  Arena a = {0};
  arena_free(&a);
  ck_assert_ptr_nonnull(arena_alloc(&a, 0));
  arena_free(&a);
  char *s = arena_strndup(&a, "hello world", 5);
  ck_assert_str_eq(s, "hello");
  ck_assert_str_eq(arena_strndup(&a, NULL, 0), "");
  ck_assert_uint_ge(a.used, 7);
  arena_free(&a);
}
END_TEST

START_TEST(empty_blocks_are_distinct) {
  Arena a = {0};
  void *first = arena_alloc(&a, 0);
  ck_assert_ptr_ne(first, arena_alloc(&a, 0));
  arena_free(&a);
}
END_TEST

SUITE_MAIN("arena", blocks_do_not_overlap, free_accepts_empty_and_arena_is_reusable,
           empty_blocks_are_distinct)
