// Checks that every public name of the library can be looked up and tried: that it has a comment, its own or
// that of the definitions it stands among, and stands in an assertion.
//
//   sire-docs LIBRARY [-v]
//
// Public is what a module defines and exports. Prints those that lack something, with their places; with -v
// also a line for each module. Exit status 1 when a name lacks something.
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/base/table.h"
#include "common/plan/jet.h"
#include "common/rex/read.h"
#include "sire/compiler/sire.h"
#include "sire/compiler/state.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE ((size_t)16 << 20)
#define SUFFIX ".sire"

typedef struct PublicName {
  char *module, *name;
  SirePlace place;
} PublicName;

typedef struct Run {
  Machine *m;
  Sire *sire;
  const char *library;
  BytesTable seen;  // modules
  BytesTable tried; // words and runes in assertions
  PublicName *names;
  size_t count, cap;
  bool bad;
} Run;

// --- names ---------------------------------------------------------------------------------------
// Adds the i-th name of the scope unless it comes from another module.
static void add_name(Run *r, const char *module, Ref scope, size_t i) {
  char name[256];
  Ref key = plan_key(r->m, scope, i);
  Ref bind = plan_pin_item(r->m, plan_val(r->m, scope, i));
  size_t n = plan_nat_size(r->m, key);
  SirePlace place;
  if (n >= sizeof name || !plan_nat_is_text(r->m, plan_row_get(r->m, bind, BIND_LOCATION), module)) return;
  plan_nat_copy(r->m, key, name, n);
  name[n] = 0;
  if (!sire_find_definition(r->sire, module, name, &place)) return; // it has been made by a program
  mem_reserve(r->names, r->cap, r->count + 1);
  r->names[r->count++] = (PublicName){mem_strdup(module), mem_strdup(name), place};
}

static void on_module(void *ctx, const char *module, const char *path) {
  Run *r = ctx;
  if (btab_get(&r->seen, module, strlen(module)) != NULL) return;
  btab_put(&r->seen, module, strlen(module), 1);
  RefMark mark = refs_mark(r->m);
  Err err = ERR_INIT;
  Ref scope = sire_scope(r->sire, &err);
  for (size_t i = 0, n = plan_len(r->m, scope); i < n; i++) {
    RefMark each = refs_mark(r->m);
    add_name(r, module, scope, i);
    refs_release(r->m, each);
  }
  refs_release(r->m, mark);
}

// --- assertions ----------------------------------------------------------------------------------
static void add_words(Run *r, const Rex *x) {
  for (; x != NULL; x = x->heir) {
    btab_put(&r->tried, x->text, x->len, 1);
    for (uint32_t i = 0; i < x->count; i++) add_words(r, x->sons[i]);
  }
}

static void read_assertions(Run *r, const char *path) {
  Arena arena = {0};
  RexBlocks blocks;
  uint8_t *text = NULL;
  size_t len;
  Err err = ERR_INIT;
  if (sys_read_file(sys_real(), path, MAX_FILE, &text, &len, &err) &&
      rex_read_all(path, text, len, &arena, &blocks, &err)) {
    for (size_t i = 0; i < blocks.count; i++) {
      const Rex *x = blocks.items[i].tree;
      if (rex_is_node(x) && (rex_text_is(x, "=?=") || rex_text_is(x, "!!"))) add_words(r, x);
    }
  } else {
    fprintf(stderr, "%s: %s\n", path, err.msg);
    r->bad = true;
  }
  arena_free(&arena);
  mem_free(text);
}

static bool is_tried(Run *r, const char *name) {
  // The macro #record is called as `# record`, too.
  return btab_get(&r->tried, name, strlen(name)) != NULL ||
         (name[0] == '#' && btab_get(&r->tried, name + 1, strlen(name) - 1) != NULL);
}

// --- report --------------------------------------------------------------------------------------
static void report(Run *r, bool verbose) {
  size_t comments = 0, tried = 0, module_names = 0;
  for (size_t i = 0; i < r->count; i++) {
    const PublicName *n = &r->names[i];
    bool has_comment = n->place.doc_len > 0, has_example = is_tried(r, n->name);
    comments += has_comment;
    tried += has_example;
    module_names++;
    if (!has_comment || !has_example)
      printf("%s:%u: %s has no %s%s%s\n", n->place.file, n->place.line, n->name, has_comment ? "" : "comment",
             !has_comment && !has_example ? " and no " : "", has_example ? "" : "example");
    bool last = i + 1 == r->count || strcmp(n->module, r->names[i + 1].module) != 0;
    if (last && verbose) printf("%-16s %4zu public names\n", n->module, module_names);
    if (last) module_names = 0;
  }
  printf("%zu public names, %zu with a comment, %zu with an example\n", r->count, comments, tried);
  if (r->count == 0 || comments < r->count || tried < r->count) r->bad = true;
}

static void load_all(Run *r) {
  DIR *dir = opendir(r->library);
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    size_t n = strlen(e->d_name), s = strlen(SUFFIX);
    if (n <= s || strcmp(e->d_name + n - s, SUFFIX) != 0) continue;
    char *path = mem_printf("%s/%s", r->library, e->d_name);
    char *module = mem_printf("%.*s", (int)(n - s), e->d_name);
    Err err = ERR_INIT;
    read_assertions(r, path);
    if (btab_get(&r->seen, module, n - s) == NULL && !sire_load_module(r->sire, module, &err)) {
      fprintf(stderr, "%s: %s\n", err.where, err.msg);
      r->bad = true;
    }
    mem_free(module);
    mem_free(path);
  }
  if (dir != NULL) closedir(dir);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: sire-docs LIBRARY [-v]\n");
    return 2;
  }
  JetTable *jets = jet_table_default();
  Run r = {.library = argv[1], .m = machine_new(&(MachineConfig){.jets = jets})};
  r.sire = sire_new(r.m, &(SireOptions){.library = argv[1], .events = {.ctx = &r, .module = on_module}});
  load_all(&r);
  report(&r, argc > 2 && strcmp(argv[2], "-v") == 0);
  for (size_t i = 0; i < r.count; i++) {
    mem_free(r.names[i].module);
    mem_free(r.names[i].name);
  }
  mem_free(r.names);
  btab_free(&r.seen);
  btab_free(&r.tried);
  sire_free(r.sire);
  machine_free(r.m);
  jet_table_free(jets);
  return r.bad;
}
