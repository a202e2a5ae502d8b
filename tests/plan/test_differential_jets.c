// The machine with its jets, called by random laws, against the reference evaluator, which runs their
// bodies. The jets come from the Sire library: PALL_LIB names its folder, or else PALL_LIB_DEFAULT.
#include "common/plan/pinjet.h"
#include "common/plan/plan.h"
#include "sire/compiler/sire.h"
#include "tests/plan/differential.h"
#include "tests/plan/ref/bridge.h"
#include <stdio.h>
#include <stdlib.h>

#define SKIPPED 77
// Those with the jets that compiled code knows, and some that work on rows.
static const char *const modules[] = {"fan", "bit", "nat", "cmp", "row"};

#define JETS_MOST 200
#define PATHS_MOST 100000

typedef struct Library {
  World w;
  Term *jets[JETS_MOST];
  size_t count;
} Library;

static void add(Library *l, Term *t) {
  for (size_t i = 0; i < l->count; i++)
    if (l->jets[i] == t) return;
  if (l->count < JETS_MOST) l->jets[l->count++] = t;
}

// What the scope names are pins <[key value ..]>; some of the values are native jets.
static void take_jets(Library *l, Bridge *b, Ref scope) {
  Machine *m = b->m;
  for (size_t i = 0; i < plan_len(m, scope); i++) {
    RefMark mark = refs_mark(m);
    Ref binding = plan_val(m, scope, i), value = plan_row_get(m, plan_pin_item(m, binding), 1);
    if (!plan_is_lazy(m, value) && plan_kind(m, value) == KIND_PIN) {
      const JetDef *def = pin_jet_entry(m, ref_get(m, value));
      Term *t = def && def->run && !def->catches ? bridge_out(b, value, PATHS_MOST) : NULL;
      if (t) add(l, t);
    }
    refs_release(m, mark);
  }
}

static void load(Library *l, const JetTable *jets, const char *folder) {
  Machine *m = machine_new(&(MachineConfig){.jets = jets});
  machine_set_calm(m, true);
  Bridge b = {.w = &l->w, .m = m};
  for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
    Sire *s = sire_new(m, &(SireOptions){.library = folder});
    Err err = ERR_INIT;
    Ref scope = sire_load_module(s, modules[i], &err) ? sire_scope(s, &err) : 0;
    if (scope && plan_force(m, scope) == RUN_DONE) take_jets(l, &b, scope);
    if (!scope) printf("%s: %s\n", err.where, err.msg);
    sire_free(s);
  }
  bridge_free(&b);
  machine_free(m);
}

int main(void) {
  const char *folder = getenv("PALL_LIB");
  if (!folder) folder = getenv("PALL_LIB_DEFAULT");
  if (!folder) {
    printf("skipped: no library (set PALL_LIB)\n");
    return SKIPPED;
  }
  static Library l;
  JetTable *jets = jet_table_default();
  load(&l, jets, folder);
  if (l.count == 0) {
    printf("skipped: no jets in %s\n", folder);
    return SKIPPED;
  }
  printf("%zu jets\n", l.count);
  Rules rules = {.name = "plan/differential-jets", .terms = 10000, .steps = 20000};
#ifdef HOSTILE
  rules.terms = 100;
  rules.steps = 1000;
#endif
  rules.jets = jets;
  rules.library = l.jets;
  rules.library_count = l.count;
  rules.library_ids = l.w.ids;
  int status = differential_main(&rules);
  world_free(&l.w);
  jet_table_free(jets);
  return status;
}
