// Changed Rex files: the library's own sources, with lines moved, doubled and indented, brackets and runes
// put in and taken out. A block is an error that names a place, or a tree that is printed and read back as
// itself.
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/rex/print.h"
#include "common/rex/read.h"
#include "tests/fuzz/fuzz.h"
#include "tests/rex/random.h"
#include "tests/util.h"
#include <stdio.h>
#include <string.h>

#define CHUNK 3000

// A stretch of whole lines of the file.
static void cut_chunk(Fuzz *f, const uint8_t *data, size_t len, Buf *out) {
  size_t at = fuzz_below(f, len);
  while (at > 0 && data[at - 1] != '\n') at--;
  size_t n = 1 + fuzz_below(f, CHUNK);
  if (n > len - at) n = len - at;
  buf_put(out, data + at, n);
}

static void splice(Buf *b, size_t at, size_t drop, const void *with, size_t n) {
  Buf out = {0};
  buf_put(&out, b->data, at);
  buf_put(&out, with, n);
  buf_put(&out, b->data + at + drop, b->len - at - drop);
  buf_free(b);
  *b = out;
}

static size_t line_start(const Buf *b, size_t at) {
  while (at > 0 && b->data[at - 1] != '\n') at--;
  return at;
}

static size_t line_end(const Buf *b, size_t at) {
  while (at < b->len && b->data[at] != '\n') at++;
  return at < b->len ? at + 1 : at;
}

static void change(Fuzz *f, Buf *b) {
  static const char *const bits[] = {"(", ")", "[", "]", "{",    "}",  "\"", "; ", "\n",   " | ", "=", ",",
                                     "#", ".", " ", "`", "\n\n", "}}", "_",  "\t", "\xff", "-",   "'", "}_"};
  size_t at = fuzz_below(f, b->len), start = line_start(b, at), end = line_end(b, at);
  const char *bit = bits[fuzz_below(f, sizeof bits / sizeof *bits)];
  Random r = {test_random(&f->rng)};
  switch (fuzz_below(f, 7)) {
  case 0: splice(b, at, 0, bit, strlen(bit)); break;
  case 1: splice(b, start, 0, "          ", 1 + fuzz_below(f, 9)); break;
  case 2: splice(b, start, end - start, "", 0); break;
  case 3: {
    uint8_t *line = mem_dup(b->data + start, end - start);
    splice(b, line_start(b, fuzz_below(f, b->len)), 0, line, end - start);
    mem_free(line);
    break;
  }
  case 4: {
    size_t blanks = 0;
    while (start + blanks < b->len && b->data[start + blanks] == ' ') blanks++;
    splice(b, start, fuzz_below(f, blanks + 1), "", 0);
    break;
  }
  case 5: splice(b, at, 1, bit, strlen(bit)); break;
  default: random_damage(&r, b);
  }
}

static void check_tree(Fuzz *f, const Rex *tree) {
  Arena a = {0};
  Buf text = {0}, again = {0};
  Err err = ERR_INIT;
  if (!rex_print_tall(&text, tree, NULL, &err)) fuzz_fail(f, "read, but cannot be printed: %s", err.msg);
  const Rex *back = rex_read_one("printed", text.data, text.len, &a, &err);
  if (!back) fuzz_fail(f, "its print is refused: %s\n%s", err.msg, buf_cstr(&text));
  if (!rex_equal(tree, back)) fuzz_fail(f, "its print is another tree:\n%s", buf_cstr(&text));
  if (!rex_print_wide(&again, tree, NULL, &err)) fuzz_fail(f, "no wide form: %s", err.msg);
  if (!rex_read_one("printed", again.data, again.len, &a, &err))
    fuzz_fail(f, "its wide print is refused: %s\n%s", err.msg, buf_cstr(&again));
  buf_free(&text);
  buf_free(&again);
  arena_free(&a);
}

static void try_one(Fuzz *f, const Buf *text) {
  Arena a = {0};
  RexReader *r = rex_reader_new("fuzz");
  RexBlock block;
  RexStep step;
  Err err = ERR_INIT;
  for (size_t fed = 0; fed < text->len;) { // in pieces, as from a pipe
    size_t n = 1 + fuzz_below(f, text->len - fed);
    rex_feed(r, text->data + fed, n);
    fed += n;
  }
  rex_end(r);
  for (size_t steps = 0; (step = rex_next(r, &a, &block, &err)) != REX_END; steps++) {
    if (steps > text->len || step == REX_MORE) fuzz_fail(f, "the reader does not come to an end");
    if (step == REX_BAD) {
      if (!err.where[0]) fuzz_fail(f, "an error without a place: %s", err.msg);
      fuzz_refused(f, &err);
    } else {
      f->accepted++;
      check_tree(f, block.tree);
    }
    err = (Err)ERR_INIT;
  }
  rex_reader_free(r);
  arena_free(&a);
}

int main(int argc, char **argv) {
  Fuzz f = fuzz_begin("rex files");
  if (argc < 2) fuzz_fail(&f, "usage: fuzz_rex FILE..");
  for (size_t i = 0; i < f.rounds; i++) {
    uint8_t *data;
    size_t len;
    Err err = ERR_INIT;
    Buf text = {0};
    const char *file = argv[1 + fuzz_below(&f, (size_t)argc - 1)];
    if (!sys_read_file(sys_real(), file, 1 << 20, &data, &len, &err)) fuzz_fail(&f, "%s: %s", file, err.msg);
    cut_chunk(&f, data, len, &text);
    for (size_t n = 1 + fuzz_below(&f, 4); n > 0 && text.len > 0; n--) change(&f, &text);
    try_one(&f, &text);
    buf_free(&text);
    mem_free(data);
  }
  return fuzz_end(&f) ? 0 : 1;
}
