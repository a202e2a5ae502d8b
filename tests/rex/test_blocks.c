// The reader as a machine: input in pieces, pending blocks, end of input, comments, limits.
#include "common/base/mem.h"
#include "tests/rex/dump.h"
#include "tests/suite.h"
#include <string.h>

typedef struct Repl {
  RexReader *r;
  Arena a;
  RexBlock b;
  Err err;
} Repl;

static Repl repl_new(void) { return (Repl){.r = rex_reader_new("stdin")}; }

static void repl_free(Repl *x) {
  arena_free(&x->a);
  rex_reader_free(x->r);
}

static RexStep say(Repl *x, const char *text) {
  rex_feed(x->r, text, strlen(text));
  return rex_next(x->r, &x->a, &x->b, &x->err);
}

static RexStep next(Repl *x) { return rex_next(x->r, &x->a, &x->b, &x->err); }

START_TEST(test_closed_line_at_once) {
  Repl x = repl_new();
  ck_assert_int_eq(say(&x, "a b"), REX_MORE);
  ck_assert(rex_is_pending(x.r)); // half a line
  ck_assert_int_eq(say(&x, "\n"), REX_BLOCK);
  ck_assert_uint_eq(x.b.line, 1);
  ck_assert_int_eq(next(&x), REX_MORE);
  ck_assert(!rex_is_pending(x.r));
  repl_free(&x);
}
END_TEST

START_TEST(test_open_block_waits) {
  Repl x = repl_new();
  ck_assert_int_eq(say(&x, "| a\n"), REX_MORE);
  ck_assert(rex_is_pending(x.r));
  ck_assert_int_eq(say(&x, "  b\n"), REX_MORE);
  ck_assert_int_eq(say(&x, "\n"), REX_BLOCK);
  ck_assert_uint_eq(x.b.lines, 2);
  ck_assert_uint_eq(x.b.tree->count, 2);
  ck_assert_int_eq(next(&x), REX_MORE);
  ck_assert(!rex_is_pending(x.r));
  repl_free(&x);
}
END_TEST

START_TEST(test_one_line_ends_two_blocks) {
  Repl x = repl_new();
  ck_assert_int_eq(say(&x, " | a\nb\n"), REX_BLOCK);
  ck_assert_uint_eq(x.b.line, 1);
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_assert_uint_eq(x.b.line, 2);
  ck_assert_int_eq(next(&x), REX_MORE);
  repl_free(&x);
}
END_TEST

START_TEST(test_end_and_go_on) {
  Repl x = repl_new();
  ck_assert_int_eq(say(&x, "| a\n  b"), REX_MORE);
  rex_end(x.r);
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_assert_uint_eq(x.b.tree->count, 2);
  ck_assert_int_eq(next(&x), REX_END);
  ck_assert_int_eq(next(&x), REX_MORE);
  ck_assert_int_eq(say(&x, "c\n"), REX_BLOCK);
  ck_assert_uint_eq(x.b.line, 3);
  rex_end(x.r);
  ck_assert_int_eq(next(&x), REX_END);
  repl_free(&x);
}
END_TEST

START_TEST(test_bad_block_does_not_stop) {
  Repl x = repl_new();
  ck_assert_int_eq(say(&x, "(a\nb\n"), REX_BAD);
  ck_assert_ptr_null(x.b.tree);
  ck_assert_uint_eq(x.b.line, 1);
  ck_assert_str_eq(x.err.where, "stdin:1:1");
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_assert(rex_text_is(x.b.tree, "b"));
  repl_free(&x);
}
END_TEST

static void ck_bytes(const char *p, size_t n, const char *want) {
  ck_assert_uint_eq(n, strlen(want));
  ck_assert_mem_eq(p, want, n);
}

START_TEST(test_source_and_comments) {
  Repl x = repl_new();
  ck_assert_int_eq(say(&x, "; far\n\n; one\n ;; two\n| a ; x\n; in\n| b\n\n"), REX_BLOCK);
  ck_bytes(x.b.doc, x.b.doc_len, "; one\n ;; two\n");
  ck_bytes(x.b.src, x.b.src_len, "| a ; x\n; in\n| b\n");
  ck_assert_uint_eq(x.b.line, 5);
  ck_assert_uint_eq(x.b.lines, 3);
  ck_assert_int_eq(say(&x, "c\nd"), REX_BLOCK);
  ck_bytes(x.b.doc, x.b.doc_len, "");
  rex_end(x.r);
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_bytes(x.b.src, x.b.src_len, "d\n");
  ck_assert_int_eq(say(&x, "; nothing follows\n"), REX_END);
  ck_assert_int_eq(say(&x, "e\n"), REX_BLOCK);
  ck_bytes(x.b.doc, x.b.doc_len, "");
  repl_free(&x);
}
END_TEST

START_TEST(test_comment_that_ends_a_block_belongs_to_the_next) {
  Repl x = repl_new();
  ck_assert_int_eq(say(&x, "  | a\n; next\nb\n; last\nc\n"), REX_BLOCK);
  ck_bytes(x.b.doc, x.b.doc_len, "");
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_bytes(x.b.doc, x.b.doc_len, "; next\n");
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_bytes(x.b.doc, x.b.doc_len, "; last\n");
  repl_free(&x);
}
END_TEST

START_TEST(test_doc_text) {
  Repl x = repl_new();
  Buf b = {0};
  ck_assert_int_eq(say(&x, ";;;;\n;;\n;; Adds  \n  ;  two: x\n;\n; ---- ;\n;caf\xc3\xa9 :-)\n;\nadd\n"),
                   REX_BLOCK);
  buf_str(&b, "<");
  rex_doc_text(&b, &x.b);
  ck_assert_str_eq(buf_cstr(&b), "<Adds\n two: x\n\ncaf\xc3\xa9 :-)\n");
  ck_assert_int_eq(say(&x, "add\n"), REX_BLOCK);
  buf_clear(&b);
  rex_doc_text(&b, &x.b);
  ck_assert_uint_eq(b.len, 0);
  buf_free(&b);
  repl_free(&x);
}
END_TEST

// However the input is cut, the blocks are the same.
START_TEST(test_any_pieces) {
  const char *text = "; d\n= (f x)\n; c\n| g {a\n\n} p\n} q\n x\n\n  | a\n | b\n[1\n} r";
  size_t len = strlen(text), piece = (size_t)_i + 1;
  Buf whole = {0}, pieces = {0};
  for (int cut = 0; cut < 2; cut++) {
    Buf *out = cut ? &pieces : &whole;
    Repl x = repl_new();
    size_t pos = 0;
    RexStep step = REX_MORE;
    while (step != REX_END) {
      if (step == REX_MORE) {
        size_t n = cut && piece < len - pos ? piece : len - pos;
        rex_feed(x.r, text + pos, n);
        pos += n;
        if (pos == len) rex_end(x.r);
      }
      step = next(&x);
      if (step == REX_BLOCK) dump_rex(out, x.b.tree);
      if (step == REX_BAD) buf_printf(out, "%s %s", x.err.where, x.err.msg);
      if (step == REX_BLOCK || step == REX_BAD)
        buf_printf(out, "%u+%u %zu %zu\n", x.b.line, x.b.lines, x.b.src_len, x.b.doc_len);
    }
    repl_free(&x);
  }
  ck_assert_uint_gt(whole.len, 100);
  ck_assert_str_eq(buf_cstr(&whole), buf_cstr(&pieces));
  buf_free(&whole);
  buf_free(&pieces);
}
END_TEST

static void feed_many(RexReader *r, const char *text, size_t total) {
  char *big = mem_alloc(total);
  size_t n = strlen(text);
  for (size_t i = 0; i < total; i++) big[i] = text[i % n];
  rex_feed(r, big, total);
  mem_free(big);
}

START_TEST(test_block_limit) {
  Repl x = repl_new();
  feed_many(x.r, "| aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", REX_MAX_BLOCK + 64);
  ck_assert_int_eq(next(&x), REX_MORE);
  ck_assert_int_eq(say(&x, "\n\nb\n"), REX_BAD);
  ck_assert_int_eq(x.err.code, ERR_LIMIT);
  ck_assert_ptr_nonnull(strstr(x.err.msg, "16 MiB"));
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_assert(rex_text_is(x.b.tree, "b"));
  repl_free(&x);
}
END_TEST

START_TEST(test_line_limit) {
  Repl x = repl_new();
  for (int i = 0; i < 3; i++) {
    feed_many(x.r, "a", REX_MAX_BLOCK / 2);
    ck_assert_int_eq(next(&x), REX_MORE);
  }
  ck_assert_int_eq(say(&x, "a\nb\n"), REX_BAD);
  ck_assert_int_eq(x.err.code, ERR_LIMIT);
  ck_assert_str_eq(x.err.where, "stdin:1:1");
  ck_assert_int_eq(next(&x), REX_BLOCK);
  ck_assert_uint_eq(x.b.line, 2);
  repl_free(&x);
}
END_TEST

START_TEST(test_long_comment_is_dropped) {
  Repl x = repl_new();
  feed_many(x.r, "; aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", REX_MAX_BLOCK + 128);
  ck_assert_int_eq(say(&x, "b\n"), REX_BLOCK);
  ck_assert_uint_lt(x.b.doc_len, 256);
  repl_free(&x);
}
END_TEST

SUITE_MAIN_WITH("rex/blocks", (SuiteFrame){0}, {test_closed_line_at_once}, {test_open_block_waits},
                {test_one_line_ends_two_blocks}, {test_end_and_go_on}, {test_bad_block_does_not_stop},
                {test_source_and_comments}, {test_comment_that_ends_a_block_belongs_to_the_next},
                {test_doc_text}, {test_any_pieces, 12}, {test_block_limit}, {test_line_limit},
                {test_long_comment_is_dropped})
