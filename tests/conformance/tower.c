// Loads a chain of modules from a folder and prints, after each, what other implementations agree on:
//   module  scope size  next key  assertions so far  hash of the tab name -> value
//   jets matched so far  pins named like a jet that are another so far  seconds of processor time so far
//   peak memory in MiB
// and checks every pinned law that is named like a known jet against the jet's hash.
//
//   sire-tower LIBRARY JETS.tsv MODULE..
//
// A MODULE with a slash in it is the path of a file.
// Exit status 1 when an assertion fails, a jet's hash differs, or something does not load.
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/base/table.h"
#include "common/plan/jet.h"
#include "sire/compiler/sire.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { JET_UNSEEN, JET_MATCHED, JET_DIFFERS };

typedef struct Jet {
  char *name;
  uint8_t hash[32];
  int seen;
} Jet;

typedef struct Tower {
  Machine *m;
  Sire *sire;
  BytesTable index; // name -> jets
  Jet *jets;
  size_t count, cap;
  bool bad;
} Tower;

static void add_jet(Tower *t, const char *line, size_t len) {
  const char *tab = memchr(line, '\t', len);
  if (len == 0 || line[0] == '#' || tab == NULL) return;
  size_t n = (size_t)(tab - line);
  mem_reserve(t->jets, t->cap, t->count + 1);
  Jet *j = &t->jets[t->count];
  *j = (Jet){.name = mem_printf("%.*s", (int)n, line)};
  if (!base58_parse_hash(j->hash, tab + 1, len - n - 1)) {
    fprintf(stderr, "bad hash of %s\n", j->name);
    t->bad = true;
  }
  btab_put(&t->index, line, n, t->count++);
}

static bool read_jets(Tower *t, const char *path) {
  uint8_t *data;
  size_t len;
  Err err = ERR_INIT;
  if (!sys_read_file(sys_real(), path, 1 << 20, &data, &len, &err)) {
    fprintf(stderr, "%s: %s\n", path, err.msg);
    return false;
  }
  for (const char *p = (const char *)data, *end = p + len; p < end;) {
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    size_t n = nl == NULL ? (size_t)(end - p) : (size_t)(nl - p);
    add_jet(t, p, n);
    p += n + 1;
  }
  mem_free(data);
  return true;
}

static size_t count_seen(const Tower *t, int seen) {
  size_t n = 0;
  for (size_t i = 0; i < t->count; i++) n += t->jets[i].seen == seen;
  return n;
}

// The jet that a value is named like.
static Jet *jet_of(Tower *t, Ref value) {
  char name[64];
  if (plan_kind(t->m, value) != KIND_PIN) return NULL;
  Ref law = plan_pin_item(t->m, value);
  if (plan_kind(t->m, law) != KIND_LAW) return NULL;
  Ref nat = plan_law_name(t->m, law);
  size_t n = plan_nat_size(t->m, nat);
  if (n > sizeof name) return NULL;
  plan_nat_copy(t->m, nat, name, n);
  uint64_t *at = btab_get(&t->index, name, n);
  return at == NULL ? NULL : &t->jets[*at];
}

static void on_definition(void *ctx, const SireDefinition *d) {
  Tower *t = ctx;
  RefMark mark = refs_mark(t->m);
  Jet *j = jet_of(t, d->value);
  uint8_t hash[32];
  if (j != NULL && plan_pin_hash(t->m, d->value, hash)) {
    bool same = memcmp(hash, j->hash, sizeof hash) == 0;
    if (same) j->seen = JET_MATCHED;
    if (!same && j->seen == JET_UNSEEN) j->seen = JET_DIFFERS;
    if (!same && j->seen == JET_DIFFERS) {
      char text[BASE58_HASH_MAX];
      base58_hash(text, hash);
      fprintf(stderr, "%s:%u: %s is not the jet of that name: its hash is %s\n", d->place.file, d->place.line,
              j->name, text);
    }
  }
  refs_release(t->m, mark);
}

static void on_assertion(void *ctx, const SireAssertion *a) {
  Tower *t = ctx;
  if (a->held) return;
  fprintf(stderr, "%s:%u:%u: assertion does not hold: %s\n", a->place.file, a->place.line, a->place.col,
          a->report);
  t->bad = true;
}

// name -> value for name -> binding.
static Ref values_of(Tower *t, Ref scope) {
  Ref values = plan_tab_empty(t->m);
  for (size_t i = 0, n = plan_len(t->m, scope); i < n; i++) {
    RefMark mark = refs_mark(t->m);
    Ref row = plan_pin_item(t->m, plan_val(t->m, scope, i));
    ref_copy(t->m, values, plan_tab_put(t->m, values, plan_key(t->m, scope, i), plan_row_get(t->m, row, 1)));
    refs_release(t->m, mark);
  }
  return values;
}

static void on_module(void *ctx, const char *module, const char *path) {
  Tower *t = ctx;
  RefMark mark = refs_mark(t->m);
  Err err = ERR_INIT;
  uint64_t key = 0;
  uint8_t hash[32];
  char text[BASE58_HASH_MAX] = "-";
  Ref scope = sire_scope(t->sire, &err);
  plan_nat_u64(t->m, plan_row_get(t->m, sire_state(t->sire), 0), &key);
  if (plan_hash(t->m, values_of(t, scope), hash)) base58_hash(text, hash);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("%s\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%s\t%zu\t%zu\t%.2f\t%ld\n", module, plan_len(t->m, scope), key,
         sire_counts(t->sire).passed, text, count_seen(t, JET_MATCHED), count_seen(t, JET_DIFFERS),
         (double)clock() / CLOCKS_PER_SEC, used.ru_maxrss / 1024);
  fflush(stdout);
  refs_release(t->m, mark);
}

static void report_jets(Tower *t) {
  size_t differ = count_seen(t, JET_DIFFERS);
  printf("jets\t%zu\t%zu\t%zu\n", count_seen(t, JET_MATCHED), differ, t->count);
  if (differ > 0) t->bad = true;
  for (size_t i = 0; i < t->count; i++) mem_free(t->jets[i].name);
  mem_free(t->jets);
  btab_free(&t->index);
}

int main(int argc, char **argv) {
  Tower t = {0};
  if (argc < 4) {
    fprintf(stderr, "usage: sire-tower LIBRARY JETS.tsv MODULE..\n");
    return 2;
  }
  if (!read_jets(&t, argv[2])) return 1;
  JetTable *jets = jet_table_default();
  t.m = machine_new(&(MachineConfig){.jets = jets});
  SireOptions options = {
      .library = argv[1],
      .events = {.ctx = &t, .definition = on_definition, .assertion = on_assertion, .module = on_module}};
  t.sire = sire_new(t.m, &options);
  for (int i = 3; i < argc; i++) {
    Err err = ERR_INIT;
    bool is_path = strchr(argv[i], '/') != NULL;
    if (is_path ? sire_load_file(t.sire, argv[i], &err) : sire_load_module(t.sire, argv[i], &err)) continue;
    fprintf(stderr, "%s: %s\n", err.where, err.msg);
    t.bad = true;
  }
  report_jets(&t);
  sire_free(t.sire);
  machine_free(t.m);
  jet_table_free(jets);
  return t.bad;
}
