#include "common/plan/jet.h"
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include <string.h>

typedef struct Entry {
  const JetDef *def;
  const JetGroup *group;
  uint8_t hash[32];
} Entry;

struct JetTable {
  Entry *entries;
  const JetDef **native; // by index: the entry's definition, or NULL when its law is to be run
  size_t count, cap;
  BytesTable by_name; // index; names are unique
};

static void add(JetTable *t, const JetGroup *group, const JetDef *def) {
  Entry e = {.def = def, .group = group};
  bool hash_ok = base58_parse_hash(e.hash, def->hash, strlen(def->hash));
  assert(hash_ok);
  (void)hash_ok;
  uint64_t *known = btab_get(&t->by_name, def->name, strlen(def->name));
  if (known) {
    t->entries[*known] = e;
    return;
  }
  mem_reserve(t->entries, t->cap, t->count + 1);
  btab_put(&t->by_name, def->name, strlen(def->name), t->count);
  t->entries[t->count++] = e;
}

JetTable *jet_table_new(const JetGroup *const *groups, size_t n) {
  JetTable *t = mem_zalloc(sizeof *t);
  for (size_t g = 0; g < n; g++)
    for (size_t i = 0; i < groups[g]->count; i++) add(t, groups[g], &groups[g]->jets[i]);
  t->native = mem_alloc((t->count + 1) * sizeof *t->native);
  for (size_t i = 0; i < t->count; i++) t->native[i] = t->entries[i].def->run ? t->entries[i].def : NULL;
  return t;
}

JetTable *jet_table_default(void) {
  static const JetGroup *const all[] = {
      &jets_fan, &jets_bit, &jets_nat, &jets_cmp,  &jets_row,  &jets_list, &jets_sort, &jets_str, &jets_set,
      &jets_tab, &jets_pad, &jets_bar, &jets_seed, &jets_type, &jets_word, &jets_hash, &jets_try, &jets_misc,
  };
  return jet_table_new(all, sizeof all / sizeof *all);
}

bool jet_table_disable(JetTable *t, const char *name) {
  bool known = false;
  for (size_t i = 0; i < t->count; i++) {
    const Entry *e = &t->entries[i];
    if (strcmp(e->def->name, name) != 0 && strcmp(e->group->name, name) != 0) continue;
    t->native[i] = NULL;
    known = true;
  }
  return known;
}

bool jet_table_disable_list(JetTable *t, const char *names, char **unknown) {
  char *copy = mem_strdup(names);
  *unknown = NULL;
  for (char *rest = copy, *name; !*unknown && (name = strtok_r(rest, ", ", &rest)) != NULL;) {
    bool all = strcmp(name, "all") == 0;
    for (size_t i = 0; all && i < t->count; i++) t->native[i] = NULL;
    if (!all && !jet_table_disable(t, name)) *unknown = mem_strdup(name);
  }
  mem_free(copy);
  return !*unknown;
}

void jet_table_free(JetTable *t) {
  if (!t) return;
  btab_free(&t->by_name);
  mem_free(t->native);
  mem_free(t->entries);
  mem_free(t);
}

size_t jet_table_count(const JetTable *t) { return t->count; }
const JetDef *jet_table_at(const JetTable *t, size_t i) { return t->entries[i].def; }
const char *jet_table_group(const JetTable *t, size_t i) { return t->entries[i].group->name; }

int jet_lookup(const JetTable *t, const char *name, size_t len, uint64_t arity) {
  const uint64_t *index = btab_get(&t->by_name, name, len);
  return index && t->entries[*index].def->arity == arity ? (int)*index : -1;
}

bool jet_hash_is(const JetTable *t, int index, const uint8_t hash[32]) {
  return memcmp(t->entries[index].hash, hash, 32) == 0;
}

const JetDef *const *jet_table_native(const JetTable *t) { return t->native; }
