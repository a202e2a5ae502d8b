// Compiles the library with the compiler that is written in Sire, and compares with the one in C.
//
// The native compiler loads the module sire_run. Its function runText then compiles the text of every
// module of the library, from the empty state on; the macros are those that it has itself compiled. A
// definition is compared by the hash of its binding, which covers its key, value, code, place and properties;
// a module also by the hash of the compiler's whole state after it, and by the Rex trees of all its blocks.
//
//   sire-selfhost [--compiler FOLDER] LIBRARY [MODULE..]
//
// Prints a line for each module; exit status 1 when anything differs. With modules: those and what they
// are built on. FOLDER: the library that the compiler is taken from, when it is another.
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
#include <time.h>

#define MAX_FILE ((size_t)16 << 20)
#define SUFFIX ".sire"
#define HASH 32

// runText whose answers are rows: [0 line reason form] or [1 state log]. Only runText is in scope.
#define RUN_TEXT                                                                                             \
  "(state text & runText state text (line why form & (0 0 5 0) form why line 0)"                             \
  " (state log & (0 0 4 0) log state 1))"

typedef struct Definition {
  char *name;
  uint8_t hash[HASH];
} Definition;

typedef struct Module {
  char *name, *before; // before: NULL at the beginning of the chain
  uint8_t *text;
  size_t len;
  Definition *defs; // as the native compiler made them
  size_t count, cap;
  size_t held;         // its assertions
  uint8_t state[HASH]; // its state afterwards
  bool loaded;
  Ref mine; // the other compiler's state afterwards
  bool done;
} Module;

typedef struct Run {
  Machine *m;
  Sire *sire;
  const char *library;
  Module *modules;
  size_t count, cap;
  Ref pins[REX_SHUT + 1];       // constructors of Rex values
  Ref read_rex, run_text, none; // functions in Sire; the empty state
  unsigned spoilt;              // copies of each text to read, with faults
  bool bad;
} Run;

typedef struct Tally {
  size_t blocks, trees; // that agree
  size_t definitions, equal, held, failed;
  bool state;
  double seconds;
} Tally;

// --- modules ---------------------------------------------------------------------------------------
static Module *find_module(Run *r, const char *name) {
  for (size_t i = 0; i < r->count; i++)
    if (strcmp(r->modules[i].name, name) == 0) return &r->modules[i];
  return NULL;
}

static char *text_of(const Rex *x) { return mem_printf("%.*s", (int)x->len, x->text); }

// The module before this one, from the header.
static bool read_header(Module *m, const RexBlock *block) {
  const Rex *t = block->tree;
  if (!rex_is_node(t) || !rex_text_is(t, "####") || t->count < 1) return false;
  if (t->count == 2) m->before = text_of(t->sons[1]->sons[0]);
  return true;
}

static void add_module(Run *r, const char *file, size_t name_len) {
  Module m = {.name = mem_printf("%.*s", (int)name_len, file)};
  char *path = mem_printf("%s/%s", r->library, file);
  Arena arena = {0};
  RexBlocks blocks;
  Err err = ERR_INIT;
  bool ok = sys_read_file(sys_real(), path, MAX_FILE, &m.text, &m.len, &err) &&
            rex_read_all(path, m.text, m.len, &arena, &blocks, &err) && blocks.count > 0 &&
            read_header(&m, &blocks.items[0]);
  if (!ok) {
    fprintf(stderr, "%s: no module: %s\n", path, err.msg);
    r->bad = true;
  }
  arena_free(&arena);
  mem_free(path);
  m.mine = plan_nat(r->m, 0);
  mem_reserve(r->modules, r->cap, r->count + 1);
  r->modules[r->count++] = m;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const Module *)a)->name, ((const Module *)b)->name);
}

static void find_modules(Run *r) {
  DIR *dir = opendir(r->library);
  if (dir == NULL) {
    fprintf(stderr, "%s: no such folder\n", r->library);
    r->bad = true;
    return;
  }
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    size_t n = strlen(e->d_name), s = strlen(SUFFIX);
    if (n > s && strcmp(e->d_name + n - s, SUFFIX) == 0) add_module(r, e->d_name, n - s);
  }
  closedir(dir);
  qsort(r->modules, r->count, sizeof *r->modules, by_name);
}

static void free_modules(Run *r) {
  for (size_t i = 0; i < r->count; i++) {
    Module *m = &r->modules[i];
    for (size_t k = 0; k < m->count; k++) mem_free(m->defs[k].name);
    mem_free(m->defs);
    mem_free(m->name);
    mem_free(m->before);
    mem_free(m->text);
  }
  mem_free(r->modules);
}

// --- the native compiler ---------------------------------------------------------------------------
static void on_definition(void *ctx, const SireDefinition *d) {
  Run *r = ctx;
  Module *m = find_module(r, d->module);
  if (m == NULL) return;
  mem_reserve(m->defs, m->cap, m->count + 1);
  Definition *def = &m->defs[m->count++];
  def->name = mem_strdup(d->name);
  if (!plan_pin_hash(r->m, d->binding, def->hash)) r->bad = true;
}

static void on_assertion(void *ctx, const SireAssertion *a) {
  Run *r = ctx;
  Module *m = find_module(r, a->module);
  if (m != NULL && a->held) m->held++;
}

static void on_module(void *ctx, const char *module, const char *path) {
  Run *r = ctx;
  Module *m = find_module(r, module);
  if (m == NULL) return;
  m->loaded = true;
  if (!plan_hash(r->m, sire_state(r->sire), m->state)) r->bad = true;
}

static void load_native(Run *r, Sire *sire, const char *module) {
  Err err = ERR_INIT;
  if (sire_load_module(sire, module, &err)) return;
  fprintf(stderr, "%s: %s\n", err.where, err.msg);
  r->bad = true;
}

// A function of the compiler in Sire.
static Ref function(Run *r, Sire *sire, const char *module, const char *expression) {
  Err err = ERR_INIT;
  load_native(r, sire, module);
  Ref f = sire_eval_text(sire, "selfhost", expression, strlen(expression), &err);
  if (f != 0) return f;
  fprintf(stderr, "%s: %s\n", err.where, err.msg);
  r->bad = true;
  return plan_nat(r->m, 0);
}

// --- Rex -------------------------------------------------------------------------------------------
static const struct {
  const char *name;
  uint8_t fields;
} constructors[] = {[REX_WORD] = {"##WORD", 2}, [REX_TEXT] = {"##TEXT", 2}, [REX_LINE] = {"##LINE", 2},
                    [REX_OPEN] = {"##OPEN", 3}, [REX_NEST] = {"##NEST", 3}, [REX_INFX] = {"##INFX", 3},
                    [REX_PREF] = {"##PREF", 3}, [REX_SHUT] = {"##SHUT", 3}};

static void make_pins(Run *r) {
  for (size_t k = REX_WORD; k <= REX_SHUT; k++) {
    r->pins[k] = plan_nat(r->m, 0);
    if (constructors[k].fields == 0) continue;
    RefMark mark = refs_mark(r->m);
    Ref name = plan_nat_bytes(r->m, constructors[k].name, strlen(constructors[k].name));
    Ref law = plan_law(r->m, name, plan_nat(r->m, constructors[k].fields + 1u), plan_nat(r->m, 0));
    ref_copy(r->m, r->pins[k], plan_pin(r->m, law));
    refs_release(r->m, mark);
  }
}

// The tree as a value. Heirs are looped over, from the last one; sons nest as deep as the reader lets
// them.
static Ref value_of(Run *r, const Rex *x) {
  Machine *m = r->m;
  const Rex **chain = NULL;
  size_t n = 0, cap = 0;
  for (; x != NULL; x = x->heir) {
    mem_reserve(chain, cap, n + 1);
    chain[n++] = x;
  }
  Ref heir = plan_nat(m, 0);
  while (n > 0) {
    x = chain[--n];
    Ref text = plan_nat_bytes(m, x->text, x->len);
    if (rex_is_leaf(x)) {
      heir = plan_apply(m, r->pins[x->kind], (Ref[]){text, heir}, 2);
      continue;
    }
    Ref *sons = mem_alloc(mem_mul(x->count + 1u, sizeof *sons));
    for (uint32_t i = 0; i < x->count; i++) sons[i] = value_of(r, x->sons[i]);
    heir = plan_apply(m, r->pins[x->kind], (Ref[]){text, plan_row(m, sons, x->count), heir}, 3);
    mem_free(sons);
  }
  mem_free(chain);
  return heir;
}

static bool forced(Run *r, Ref v, const Module *m, const char *what) {
  Outcome o = plan_force(r->m, v);
  if (o == RUN_DONE) return true;
  fprintf(stderr, "%s: %s: %s\n", m->name, what, outcome_name(o));
  return false;
}

static bool nat_is(Run *r, Ref v, uint64_t n) {
  uint64_t found;
  return plan_kind(r->m, v) == KIND_NAT && plan_nat_u64(r->m, v, &found) && found == n;
}

// Whether a fault [line column reason] is where the native reader found it.
static bool same_place(Run *r, const Module *m, Ref fault, const Err *native) {
  uint64_t line = 0, col = 0;
  plan_nat_u64(r->m, plan_row_get(r->m, fault, 0), &line);
  plan_nat_u64(r->m, plan_row_get(r->m, fault, 1), &col);
  char *place = mem_printf("%s:%" PRIu64 ":%" PRIu64, m->name, line, col + 1);
  bool same = strcmp(place, native->where) == 0;
  mem_free(place);
  return same;
}

// Whether a block of rexBlocks, [line [1 tree]] or [line [0 fault]], is the native one.
static bool same_block(Run *r, const Module *m, Ref block, const RexBlock *native, const Err *err) {
  bool equal = false;
  Ref result = plan_row_get(r->m, block, 1), what = plan_row_get(r->m, result, 1);
  bool bad = native->tree == NULL;
  if (!nat_is(r, plan_row_get(r->m, block, 0), native->line)) return false;
  if (!nat_is(r, plan_row_get(r->m, result, 0), bad ? 0 : 1)) return false;
  if (bad) return same_place(r, m, what, err);
  return plan_eq(r->m, what, value_of(r, native->tree), &equal) && equal;
}

// Takes one block from the list, which is 0 at its end.
static bool next_is(Run *r, const Module *m, Ref list, const RexBlock *native, const Err *err) {
  RefMark mark = refs_mark(r->m);
  bool same = plan_kind(r->m, list) == KIND_ROW && same_block(r, m, plan_row_get(r->m, list, 0), native, err);
  if (plan_kind(r->m, list) == KIND_ROW) ref_copy(r->m, list, plan_row_get(r->m, list, 1));
  refs_release(r->m, mark);
  return same;
}

// Reads a text with both readers and counts blocks, and those that agree.
static void compare_rex(Run *r, const Module *m, const uint8_t *data, size_t len, Tally *t) {
  RefMark mark = refs_mark(r->m);
  Ref text = plan_bar(r->m, data, len);
  Ref list = plan_apply(r->m, r->read_rex, &text, 1);
  if (!forced(r, list, m, "reading")) ref_copy(r->m, list, plan_nat(r->m, 0));
  RexReader *reader = rex_reader_new(m->name);
  Arena arena = {0};
  RexBlock block;
  Err err = ERR_INIT;
  rex_feed(reader, data, len);
  rex_end(reader);
  while (rex_next(reader, &arena, &block, &err) != REX_END) {
    t->blocks++;
    if (next_is(r, m, list, &block, &err)) {
      t->trees++;
      continue;
    }
    fprintf(stderr, "%s:%u: another Rex tree for\n%.*s", m->name, block.line, (int)block.src_len, block.src);
  }
  if (plan_kind(r->m, list) == KIND_ROW) t->blocks++;
  rex_reader_free(reader);
  arena_free(&arena);
  refs_release(r->m, mark);
}

// A copy in which some bytes are other ones, most of them such that mean something to Rex.
static void spoil(uint8_t *copy, const Module *m, uint64_t *seed) {
  static const char bytes[] = "()[]{}\"; |#=,'x0\n\t}\0\xff";
  memcpy(copy, m->text, m->len);
  for (size_t i = 0; i < m->len / 100 + 1; i++) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    size_t at = (size_t)(*seed >> 33) % m->len;
    copy[at] = (uint8_t)bytes[(*seed >> 20) % (sizeof bytes - 1)];
  }
}

static void compare_spoilt(Run *r, const Module *m, unsigned times, Tally *t) {
  uint8_t *copy = mem_alloc(m->len + 1);
  uint64_t seed = m->len;
  for (unsigned i = 0; i < times; i++) {
    spoil(copy, m, &seed);
    compare_rex(r, m, copy, m->len, t);
  }
  mem_free(copy);
}

// --- definitions -----------------------------------------------------------------------------------
static bool same_definition(Run *r, const Module *m, size_t i, Ref binding) {
  uint8_t hash[HASH];
  bool equal = plan_kind(r->m, binding) == KIND_PIN && plan_pin_hash(r->m, binding, hash) && i < m->count &&
               memcmp(hash, m->defs[i].hash, HASH) == 0;
  if (!equal) fprintf(stderr, "%s: %s differs\n", m->name, i < m->count ? m->defs[i].name : "one too many");
  return equal;
}

// Goes through the log of a run: a list of rows that begin with their kind.
static void compare_log(Run *r, const Module *m, Ref log, Tally *t) {
  for (; plan_kind(r->m, log) == KIND_ROW; log = plan_row_get(r->m, log, 1)) {
    Ref entry = plan_row_get(r->m, log, 0);
    Ref kind = plan_row_get(r->m, entry, 0), what = plan_row_get(r->m, entry, 1);
    if (plan_nat_is_text(r->m, kind, "define")) {
      t->equal += same_definition(r, m, t->definitions, what);
      t->definitions++;
    } else if (plan_nat_is_text(r->m, kind, "assert")) {
      if (nat_is(r, what, 1))
        t->held++;
      else
        t->failed++;
    }
  }
}

static void report_fault(Run *r, const Module *m, Ref answer) {
  uint64_t line = 0;
  char reason[200] = "";
  Ref why = plan_row_get(r->m, answer, 2);
  plan_nat_u64(r->m, plan_row_get(r->m, answer, 1), &line);
  if (plan_kind(r->m, why) == KIND_NAT) plan_nat_copy(r->m, why, reason, sizeof reason - 1);
  fprintf(stderr, "%s:%" PRIu64 ": %s\n", m->name, line, reason);
}

static void compile(Run *r, Module *m, const Module *before, Tally *t) {
  RefMark mark = refs_mark(r->m);
  Ref state = before == NULL ? r->none : before->mine;
  Ref answer = plan_apply(r->m, r->run_text, (Ref[]){state, plan_bar(r->m, m->text, m->len)}, 2);
  if (forced(r, answer, m, "compiling")) {
    if (nat_is(r, plan_row_get(r->m, answer, 0), 1)) {
      uint8_t hash[HASH];
      ref_copy(r->m, m->mine, plan_row_get(r->m, answer, 1));
      t->state = plan_hash(r->m, m->mine, hash) && memcmp(hash, m->state, HASH) == 0;
      compare_log(r, m, plan_row_get(r->m, answer, 2), t);
    } else {
      report_fault(r, m, answer);
    }
  }
  refs_release(r->m, mark);
}

static double seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

static void check_module(Run *r, Module *m) {
  const Module *before = m->before == NULL ? NULL : find_module(r, m->before);
  Tally t = {0};
  double start = seconds();
  compare_rex(r, m, m->text, m->len, &t);
  compare_spoilt(r, m, r->spoilt, &t);
  compile(r, m, before, &t);
  m->done = true;
  size_t total = m->count > t.definitions ? m->count : t.definitions;
  bool ok = t.trees == t.blocks && t.equal == total && t.held == m->held && t.failed == 0 && t.state;
  if (!ok) r->bad = true;
  if (t.held != m->held || t.failed > 0)
    fprintf(stderr, "%s: %zu assertions hold and %zu do not; in C %zu hold\n", m->name, t.held, t.failed,
            m->held);
  printf("%-16s %6zu %6zu %8zu %6zu %6zu %8zu %8s %8.2f\n", m->name, t.blocks, t.blocks - t.trees, total,
         t.equal, total - t.equal, t.held, t.state ? "same" : "DIFFERS", seconds() - start);
  fflush(stdout);
}

// A module after those it is built on.
static void check_chain(Run *r, Module *last) {
  for (;;) {
    Module *m = last;
    for (Module *b; m->before != NULL && (b = find_module(r, m->before)) != NULL && !b->done;) m = b;
    if (!m->done && m->loaded) check_module(r, m);
    if (m == last || !m->done) return;
  }
}

static void load_all(Run *r, char **names) {
  for (size_t i = 0; *names == NULL && i < r->count; i++)
    if (!r->modules[i].loaded) load_native(r, r->sire, r->modules[i].name);
  for (; *names != NULL; names++) load_native(r, r->sire, *names);
}

static void check_all(Run *r, char **names) {
  printf("%-16s %6s %6s %8s %6s %6s %8s %8s %8s\n", "module", "blocks", "differ", "defined", "equal",
         "differ", "asserts", "state", "seconds");
  for (size_t i = 0; *names == NULL && i < r->count; i++) check_chain(r, &r->modules[i]);
  for (; *names != NULL; names++) {
    Module *m = find_module(r, *names);
    if (m != NULL) check_chain(r, m);
  }
}

static void load_compiler(Run *r, const char *folder) {
  Sire *sire = sire_new(r->m, &(SireOptions){.library = folder});
  r->read_rex = function(r, sire, "rex_read", "rexBlocks");
  r->run_text = function(r, sire, "sire_run", RUN_TEXT);
  r->none = function(r, sire, "sire_run", "startState");
  sire_free(sire);
}

int main(int argc, char **argv) {
  const char *compiler = NULL;
  if (argc > 2 && strcmp(argv[1], "--compiler") == 0) {
    compiler = argv[2];
    argc -= 2;
    argv += 2;
  }
  if (argc < 2) {
    fprintf(stderr, "usage: sire-selfhost [--compiler FOLDER] LIBRARY [MODULE..]\n");
    return 2;
  }
  Run r = {.library = argv[1], .spoilt = 3};
  JetTable *jets = jet_table_default();
  r.m = machine_new(&(MachineConfig){.jets = jets, .memory = (size_t)4 << 30});
  SireOptions options = {
      .library = r.library,
      .events = {.ctx = &r, .definition = on_definition, .assertion = on_assertion, .module = on_module}};
  r.sire = sire_new(r.m, &options);
  make_pins(&r);
  find_modules(&r);
  load_all(&r, argv + 2);
  load_compiler(&r, compiler != NULL ? compiler : r.library);
  check_all(&r, argv + 2);
  free_modules(&r);
  sire_free(r.sire);
  machine_free(r.m);
  jet_table_free(jets);
  return r.bad;
}
