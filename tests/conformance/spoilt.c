// Programs with faults, through the compiler in C and the one in Sire: both take them and come to the
// same state, or both refuse the same block.
//
// The programs are the modules of the library, without their headers, in each of which a few bytes or
// lines were changed at random; they run with everything from prelude in scope.
//
//   sire-spoilt LIBRARY [TIMES]
//
// TIMES: how often each module is spoilt anew (1). Exit status 1 when the compilers differ.
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/plan/jet.h"
#include "common/rex/read.h"
#include "sire/compiler/sire.h"
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE ((size_t)16 << 20)
#define MEMORY ((size_t)4 << 30)
#define FUEL 100000000u // some faults make a program run for ever
#define SUFFIX ".sire"
#define HASH 32

// (runText state text ..), with answers as rows: [0 line reason form] or [1 state log].
#define RUN_TEXT                                                                                             \
  "(state text & runText state text (line why form & (0 0 5 0) form why line 0)"                             \
  " (state log & (0 0 4 0) log state 1))"

typedef struct Run {
  Machine *m;
  Sire *sire;
  const char *library;
  Ref run_text;
  uint64_t seed;
  bool assertion_crashed; // in the program in hand: a crash to the compiler in Sire
  size_t programs, taken, refused, unclear, differ;
} Run;

// How a compiler took a program.
typedef struct Verdict {
  bool taken;
  bool stopped;  // it crashed, or met a limit
  uint32_t line; // of the block that was refused; 0 when not known
  uint8_t state[HASH];
} Verdict;

// --- programs --------------------------------------------------------------------------------------
static uint32_t draw(Run *r, size_t below) {
  r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((r->seed >> 33) % below);
}

static void spoil_byte(Run *r, Buf *text) {
  static const char bytes[] = "()[]{}\"; |#=,'x0\n&?@^.*-";
  text->data[draw(r, text->len)] = (uint8_t)bytes[draw(r, sizeof bytes - 1)];
}

// The offset of the beginning of a line.
static size_t draw_line(Run *r, const Buf *text) {
  size_t at = draw(r, text->len);
  while (at > 0 && text->data[at - 1] != '\n') at--;
  return at;
}

static size_t line_end(const Buf *text, size_t at) {
  while (at < text->len && text->data[at] != '\n') at++;
  return at < text->len ? at + 1 : at;
}

static void drop_line(Run *r, Buf *text) {
  size_t at = draw_line(r, text), end = line_end(text, at);
  memmove(text->data + at, text->data + end, text->len - end);
  text->len -= end - at;
}

// Puts a line where another was.
static void copy_line(Run *r, Buf *text) {
  size_t from = draw_line(r, text), from_end = line_end(text, from);
  size_t to = draw_line(r, text), to_end = line_end(text, to);
  Buf out = {0};
  buf_put(&out, text->data, to);
  buf_put(&out, text->data + from, from_end - from);
  buf_put(&out, text->data + to_end, text->len - to_end);
  buf_free(text);
  *text = out;
}

static void spoil(Run *r, Buf *text) {
  for (uint32_t i = draw(r, 3) + 1; i > 0 && text->len > 1; i--) {
    uint32_t how = draw(r, 4);
    if (how < 2)
      spoil_byte(r, text);
    else if (how == 2)
      drop_line(r, text);
    else
      copy_line(r, text);
  }
}

// The line on which the block begins that the given line belongs to.
static uint32_t block_of(const Buf *text, uint32_t line) {
  RexReader *reader = rex_reader_new("program");
  Arena arena = {0};
  RexBlock block;
  Err err = ERR_INIT;
  uint32_t found = 0;
  rex_feed(reader, text->data, text->len);
  rex_end(reader);
  while (rex_next(reader, &arena, &block, &err) != REX_END)
    if (block.line <= line) found = block.line;
  rex_reader_free(reader);
  arena_free(&arena);
  return found;
}

// --- the two compilers -----------------------------------------------------------------------------
static void on_assertion(void *ctx, const SireAssertion *a) {
  Run *r = ctx;
  if (!a->held && strstr(a->report, " side ended in ") != NULL) r->assertion_crashed = true;
}

static uint32_t line_of(const Err *err) {
  const char *colon = strchr(err->where, ':');
  return colon == NULL ? 0 : (uint32_t)strtoul(colon + 1, NULL, 10);
}

static bool fail(const Err *err) {
  fprintf(stderr, "%s: %s\n", err->where, err->msg);
  return false;
}

// Leaves the state before the program in *before.
static bool begin(Run *r, Ref *before) {
  Err err = ERR_INIT;
  if (!sire_load_module(r->sire, "prelude", &err) || !sire_repl_begin(r->sire, &err)) return fail(&err);
  *before = sire_state(r->sire);
  return true;
}

static Verdict run_native(Run *r, const Buf *text) {
  Verdict v = {.taken = true};
  Err err = ERR_INIT;
  SireStep step = SIRE_RAN;
  r->assertion_crashed = false;
  sire_repl_feed(r->sire, text->data, text->len);
  sire_repl_end(r->sire);
  while (step == SIRE_RAN) step = sire_repl_step(r->sire, &err);
  if (step == SIRE_FAILED) {
    v.taken = false;
    v.stopped = err.code == ERR_LIMIT;
    v.line = block_of(text, line_of(&err));
  }
  Ref state = sire_state(r->sire);
  if (plan_force(r->m, state) != RUN_DONE || !plan_hash(r->m, state, v.state)) v.stopped = true;
  return v;
}

static Verdict run_own(Run *r, Ref state, const Buf *text) {
  Verdict v = {0};
  uint64_t n = 0;
  Ref answer = plan_apply(r->m, r->run_text, (Ref[]){state, plan_bar(r->m, text->data, text->len)}, 2);
  v.stopped = plan_force(r->m, answer) != RUN_DONE;
  if (v.stopped) return v;
  v.taken = plan_nat_u64(r->m, plan_row_get(r->m, answer, 0), &n) && n == 1;
  Ref second = plan_row_get(r->m, answer, 1);
  if (v.taken)
    v.stopped = !plan_hash(r->m, second, v.state);
  else if (plan_nat_u64(r->m, second, &n))
    v.line = block_of(text, (uint32_t)n);
  return v;
}

// --- comparing -------------------------------------------------------------------------------------
static void show(const Run *r, const char *file, const Buf *text, const Verdict *native, const Verdict *own) {
  fprintf(stderr, "%s: program %zu: in C %s (line %u), in Sire %s (line %u):\n", file, r->programs,
          native->taken ? "taken" : "refused", native->line, own->taken ? "taken" : "refused", own->line);
  fwrite(text->data, 1, text->len, stderr);
}

// Where a program crashes the compiler in Sire crashes with it, and cannot say where.
static void compare(Run *r, const char *file, const Buf *text, const Verdict *native, const Verdict *own) {
  bool same = native->taken == own->taken;
  if (own->stopped || native->stopped || r->assertion_crashed) {
    r->unclear++;
    same = !native->taken || r->assertion_crashed;
  } else if (native->taken) {
    r->taken++;
    same = same && memcmp(native->state, own->state, HASH) == 0;
  } else {
    r->refused++;
    same = same && native->line == own->line;
  }
  if (same) return;
  r->differ++;
  show(r, file, text, native, own);
}

static bool try_program(Run *r, const char *file, const Buf *text) {
  RefMark mark = refs_mark(r->m);
  Ref before;
  bool ok = begin(r, &before);
  if (ok) {
    r->programs++;
    Verdict native = run_native(r, text);
    Verdict own = run_own(r, before, text);
    compare(r, file, text, &native, &own);
  }
  refs_release(r->m, mark);
  return ok;
}

// The module without its first line.
static bool spoil_module(Run *r, const char *file, int times) {
  char *path = mem_printf("%s/%s", r->library, file);
  uint8_t *data = NULL;
  size_t len;
  Err err = ERR_INIT;
  bool ok = sys_read_file(sys_real(), path, MAX_FILE, &data, &len, &err) || fail(&err);
  for (int i = 0; ok && i < times; i++) {
    Buf text = {0};
    const uint8_t *body = memchr(data, '\n', len);
    if (body != NULL) buf_put(&text, body, len - (size_t)(body - data));
    if (text.len > 1) {
      r->seed = len + (uint64_t)i; // the same programs in whatever order the files come
      spoil(r, &text);
      ok = try_program(r, file, &text);
    }
    buf_free(&text);
  }
  mem_free(data);
  mem_free(path);
  return ok;
}

static bool spoil_all(Run *r, int times) {
  DIR *dir = opendir(r->library);
  bool ok = dir != NULL;
  for (struct dirent *e; ok && (e = readdir(dir)) != NULL;) {
    size_t n = strlen(e->d_name), s = strlen(SUFFIX);
    if (n > s && strcmp(e->d_name + n - s, SUFFIX) == 0) ok = spoil_module(r, e->d_name, times);
  }
  if (dir != NULL) closedir(dir);
  return ok;
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: sire-spoilt LIBRARY [TIMES]\n");
    return 2;
  }
  Run r = {.library = argv[1]};
  JetTable *jets = jet_table_default();
  Err err = ERR_INIT;
  r.m = machine_new(&(MachineConfig){.jets = jets, .memory = MEMORY});
  SireOptions options = {.library = r.library, .events = {.ctx = &r, .assertion = on_assertion}};
  r.sire = sire_new(r.m, &options);
  bool ok = sire_load_module(r.sire, "sire_run", &err) || fail(&err);
  if (ok) {
    r.run_text = sire_eval_text(r.sire, "spoilt", RUN_TEXT, strlen(RUN_TEXT), &err);
    ok = r.run_text != 0 || fail(&err);
  }
  machine_set_limits(r.m, MEMORY, FUEL);
  ok = ok && spoil_all(&r, argc == 3 ? atoi(argv[2]) : 1);
  printf("%zu programs: %zu taken by both, %zu refused by both, %zu that crash, %zu differ\n", r.programs,
         r.taken, r.refused, r.unclear, r.differ);
  sire_free(r.sire);
  machine_free(r.m);
  jet_table_free(jets);
  return !ok || r.differ > 0 || r.programs == 0;
}
