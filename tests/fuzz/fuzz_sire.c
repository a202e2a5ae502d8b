// Changed Sire source, block by block, with the whole library in scope: macros get forms that nobody would
// write, and hand back what they like. A block runs or is an error with a place; one that fails leaves the
// state as it was, and the compiler goes on.
//
//   fuzz_sire LIBRARY FILE..
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/plan/jet.h"
#include "sire/compiler/sire.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

#define FUEL 500000
#define MEMORY ((size_t)256 << 20)
#define BLOCK_MAX 2000

typedef struct Source {
  uint8_t *data;
  size_t len;
} Source;

// A stretch between two empty lines.
static void cut_block(Fuzz *f, const Source *s, Buf *out) {
  size_t at = fuzz_below(f, s->len), end = at;
  while (at > 1 && !(s->data[at - 1] == '\n' && s->data[at - 2] == '\n')) at--;
  while (end < s->len && end - at < BLOCK_MAX && !(s->data[end] == '\n' && s->data[end - 1] == '\n')) end++;
  buf_put(out, s->data + at, end - at);
}

static void replace(Buf *b, size_t at, size_t drop, const void *with, size_t n) {
  Buf out = {0};
  buf_put(&out, b->data, at);
  buf_put(&out, with, n);
  buf_put(&out, b->data + at + drop, b->len - at - drop);
  buf_free(b);
  *b = out;
}

static void change(Fuzz *f, Buf *b) {
  static const char *const bits[] = {"(",  ")",   "[",  "]", " | ", "=",     "#", "##", "@",
                                     "@@", "?",   "??", "&", "^",   "**",    ".", "'",  "`",
                                     ",",  "0xf", "7",  " ", "\n",  "b#{x}", "%", "_"};
  size_t at = fuzz_below(f, b->len), n = fuzz_below(f, b->len - at > 20 ? 20 : b->len - at);
  const char *bit = bits[fuzz_below(f, sizeof bits / sizeof *bits)];
  if (b->len == 0) return;
  switch (fuzz_below(f, 5)) {
  case 0: replace(b, at, 0, bit, strlen(bit)); break;
  case 1: replace(b, at, 1, bit, strlen(bit)); break;
  case 2: replace(b, at, n, "", 0); break;
  case 3: {
    uint8_t *piece = mem_dup(b->data + at, n + 1);
    replace(b, fuzz_below(f, b->len), 0, piece, n);
    mem_free(piece);
    break;
  }
  default: fuzz_bytes(f, b);
  }
}

static uint64_t next_key(Machine *m, Sire *s) {
  RefMark mark = refs_mark(m);
  uint64_t key = 0;
  Ref field = plan_row_get(m, sire_state(s), 0);
  if (plan_whnf(m, field) == RUN_DONE) plan_nat_u64(m, field, &key);
  refs_release(m, mark);
  return key;
}

static void try_one(Fuzz *f, Machine *m, Sire *s, const Buf *text) {
  sire_repl_feed(s, text->data, text->len);
  sire_repl_feed(s, "\n\n", 2);
  for (;;) {
    Err err = ERR_INIT;
    uint64_t before = next_key(m, s);
    SireStep step = sire_repl_step(s, &err);
    if (step == SIRE_MORE) break;
    if (step == SIRE_END) fuzz_fail(f, "the input is said to end");
    if (step == SIRE_RAN) {
      f->accepted++;
      continue;
    }
    if (!err.where[0]) fuzz_fail(f, "an error without a place: %s", err.msg);
    if (next_key(m, s) != before) fuzz_fail(f, "a block that failed changed the state: %s", err.msg);
    fuzz_refused(f, &err);
  }
}

static void check_alive(Fuzz *f, Machine *m, Sire *s) {
  RefMark mark = refs_mark(m);
  Err err = ERR_INIT;
  uint64_t n = 0;
  Ref v = sire_eval_text(s, "check", "(#| 3 4)", 8, &err);
  if (v == 0 || !plan_nat_u64(m, v, &n) || n != 5) fuzz_fail(f, "the compiler is broken: %s", err.msg);
  refs_release(m, mark);
}

int main(int argc, char **argv) {
  Fuzz f = fuzz_begin("Sire source");
  Err err = ERR_INIT;
  if (argc < 3) fuzz_fail(&f, "usage: fuzz_sire LIBRARY FILE..");
  JetTable *jets = jet_table_default();
  Machine *m = machine_new(&(MachineConfig){.jets = jets, .memory = MEMORY});
  Sire *s = sire_new(m, &(SireOptions){.library = argv[1]});
  if (!sire_load_module(s, "prelude", &err)) fuzz_fail(&f, "%s: %s", err.where, err.msg);
  machine_set_limits(m, MEMORY, FUEL);
  for (size_t i = 0; i < f.rounds; i++) {
    Source source;
    Buf text = {0};
    const char *file = argv[2 + fuzz_below(&f, (size_t)argc - 2)];
    if (i % 200 == 0 && !sire_load_module(s, "prelude", &err)) fuzz_fail(&f, "%s: %s", err.where, err.msg);
    if (i % 200 == 0 && !sire_repl_begin(s, &err)) fuzz_fail(&f, "%s", err.msg);
    if (!sys_read_file(sys_real(), file, 1 << 20, &source.data, &source.len, &err))
      fuzz_fail(&f, "%s", err.msg);
    cut_block(&f, &source, &text);
    for (size_t n = fuzz_below(&f, 4); n > 0; n--) change(&f, &text);
    try_one(&f, m, s, &text);
    check_alive(&f, m, s);
    buf_free(&text);
    mem_free(source.data);
  }
  sire_free(s);
  machine_free(m);
  jet_table_free(jets);
  return fuzz_end(&f) ? 0 : 1;
}
