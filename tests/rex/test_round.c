// Properties: what is printed reads back; what is read prints and reads back; damage never does worse
// than an error. Seeds are fixed, so a failure comes again; its message holds the text.
#include "common/rex/print.h"
#include "tests/rex/dump.h"
#include "tests/rex/random.h"
#include "tests/suite.h"
#include <string.h>

enum { LOOPS = 6, TREES = 300, DAMAGED = 800 };

static void ck_reads_back(const Rex *x, bool tall) {
  Arena a = {0};
  Buf text = {0}, got = {0}, want = {0};
  Err err = ERR_INIT;
  bool printed = tall ? rex_print_tall(&text, x, NULL, &err) : rex_print_wide(&text, x, NULL, &err);
  ck_assert_msg(printed, "%s", err.msg);
  const Rex *y = rex_read_one("printed", text.data, text.len, &a, &err);
  ck_assert_msg(y != NULL, "%s: %s\n%s", err.where, err.msg, buf_cstr(&text));
  const Rex *form = printed_form(&a, x, tall);
  if (!rex_equal(y, form)) {
    dump_rex(&got, y);
    dump_rex(&want, form);
    ck_abort_msg("%s\nread back: %s\nexpected:  %s", buf_cstr(&text), buf_cstr(&got), buf_cstr(&want));
  }
  buf_free(&text);
  arena_free(&a);
}

START_TEST(test_random_trees) {
  Random r = {(uint64_t)_i};
  for (int i = 0; i < TREES; i++) {
    Arena a = {0};
    const Rex *x = random_rex(&r, &a, 1 + random_below(&r, 60));
    ck_reads_back(x, false);
    ck_reads_back(x, true);
    arena_free(&a);
  }
}
END_TEST

static const char source[] =
    "#### demo <- base\n\n;; adds\n= (add x y)\n@ z | lst x [1 2 {three}] y\n; note\n| sum z 'a ~[x.y]\n\n"
    "# text } one\n       } two\n\n(f x)=(g x, 3 + -4)\n\n=?= [a b=(c d)] } page\n  | f(x){y}}_}_z\n"
    "  : a b < ?? (loop i) | if (eql i 0) x\n                   (| loop dec-i)\n  ## =k v\n\n} last\n} "
    "page\n";

// What was read is its own printed form: nothing changes in going round.
static void ck_text(const Buf *text) {
  Arena a = {0};
  Err err = ERR_INIT;
  RexBlock block;
  RexStep step;
  RexReader *r = rex_reader_new("t");
  rex_feed(r, text->data, text->len);
  rex_end(r);
  size_t steps = 0;
  while ((step = rex_next(r, &a, &block, &err)) != REX_END) {
    ck_assert_int_ne(step, REX_MORE);
    ck_assert_uint_le(++steps, text->len + 1);
    if (step == REX_BAD) ck_assert(err.code != ERR_NONE && err.where[0] && err.msg[0]);
    if (step == REX_BAD) continue;
    ck_reads_back(block.tree, false);
    ck_reads_back(block.tree, true);
    ck_assert(rex_equal(block.tree, printed_form(&a, block.tree, true)));
  }
  rex_reader_free(r);
  arena_free(&a);
}

START_TEST(test_damage) {
  Random r = {1000 + (uint64_t)_i};
  Buf text = {0};
  for (int i = 0; i < DAMAGED; i++) {
    buf_clear(&text);
    buf_put(&text, source, sizeof source - 1);
    if (i > 0) random_damage(&r, &text);
    ck_text(&text);
  }
  buf_free(&text);
}
END_TEST

// Damage what the printer makes of random trees: denser than any source.
START_TEST(test_damaged_trees) {
  Random r = {2000 + (uint64_t)_i};
  Buf text = {0};
  for (int i = 0; i < TREES; i++) {
    Arena a = {0};
    buf_clear(&text);
    ck_assert(rex_print_tall(&text, random_rex(&r, &a, 1 + random_below(&r, 60)), NULL, NULL));
    random_damage(&r, &text);
    ck_text(&text);
    arena_free(&a);
  }
  buf_free(&text);
}
END_TEST

START_TEST(test_any_bytes) {
  Random r = {3000 + (uint64_t)_i};
  static const char common[] = "()[]{}\"};|-+,. \n\n  ab";
  Buf text = {0};
  for (int i = 0; i < DAMAGED; i++) {
    buf_clear(&text);
    for (uint32_t n = random_below(&r, 60); n > 0; n--)
      buf_u8(&text, (uint8_t)common[random_below(&r, sizeof common - 1)]);
    ck_text(&text);
  }
  buf_free(&text);
}
END_TEST

START_TEST(test_equal) {
  Random r = {77};
  Arena a = {0};
  for (int i = 0; i < TREES; i++) {
    Random again = r;
    Rex *x = random_rex(&r, &a, 1 + random_below(&r, 30));
    Rex *y = random_rex(&again, &a, 1 + random_below(&again, 30));
    ck_assert(rex_equal(x, y));
    Rex *part = y;
    while (part->count > 0) part = part->sons[random_below(&r, part->count)];
    part->heir = part->heir ? NULL : rex_embed(&a, 1);
    ck_assert(!rex_equal(x, y));
  }
  arena_free(&a);
}
END_TEST

SUITE_MAIN_WITH("rex/round", (SuiteFrame){0}, {test_random_trees, LOOPS}, {test_damage, LOOPS},
                {test_damaged_trees, LOOPS}, {test_any_bytes, LOOPS}, {test_equal})
