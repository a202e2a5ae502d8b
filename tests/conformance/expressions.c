// Evaluates expressions over the names of a module and compares the hashes of the values.
//
//   sire-expressions LIBRARY EXPRESSIONS.tsv MODULE     lines: expression<TAB>value hash in hex
//
// Prints those that differ, then "HELD of TOTAL expressions agree". Exit status 1 when one differs.
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/plan/jet.h"
#include "sire/compiler/sire.h"
#include <stdio.h>
#include <string.h>

typedef struct Run {
  Machine *m;
  Sire *sire;
  size_t total, same;
} Run;

static void value_hash(Run *r, const char *text, size_t len, char *out, size_t size) {
  Err err = ERR_INIT;
  uint8_t hash[32];
  Ref v = sire_eval_text(r->sire, "expression", text, len, &err);
  if (v == 0) {
    snprintf(out, size, "%.*s", (int)size - 1, err.msg);
    return;
  }
  Outcome o = plan_force(r->m, v);
  if (o != RUN_DONE)
    snprintf(out, size, "ended in %s", outcome_name(o));
  else if (!plan_hash(r->m, v, hash))
    snprintf(out, size, "hashing met a limit");
  else
    hex_encode(out, hash, sizeof hash);
}

static void check_line(Run *r, const char *line, size_t len) {
  const char *tab = memrchr(line, '\t', len);
  char got[800];
  if (len == 0 || line[0] == '#' || tab == NULL) return;
  size_t n = (size_t)(tab - line);
  RefMark mark = refs_mark(r->m);
  value_hash(r, line, n, got, sizeof got);
  refs_release(r->m, mark);
  bool same = strlen(got) == len - n - 1 && memcmp(got, tab + 1, len - n - 1) == 0;
  r->total++;
  r->same += same;
  if (!same) printf("%.*s\n  is       %s\n  expected %.*s\n", (int)n, line, got, (int)(len - n - 1), tab + 1);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: sire-expressions LIBRARY EXPRESSIONS.tsv MODULE\n");
    return 2;
  }
  Err err = ERR_INIT;
  uint8_t *data = NULL;
  size_t len = 0;
  JetTable *jets = jet_table_default();
  Run r = {.m = machine_new(&(MachineConfig){.jets = jets})};
  r.sire = sire_new(r.m, &(SireOptions){.library = argv[1]});
  bool ok = sys_read_file(sys_real(), argv[2], 16 << 20, &data, &len, &err) &&
            sire_load_module(r.sire, argv[3], &err);
  if (!ok) fprintf(stderr, "%s: %s\n", err.where, err.msg);
  for (const char *p = (const char *)data, *end = p + len; ok && p < end;) {
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    size_t n = nl == NULL ? (size_t)(end - p) : (size_t)(nl - p);
    check_line(&r, p, n);
    p += n + 1;
  }
  printf("%zu of %zu expressions agree\n", r.same, r.total);
  mem_free(data);
  sire_free(r.sire);
  machine_free(r.m);
  jet_table_free(jets);
  return !ok || r.total == 0 || r.same != r.total;
}
