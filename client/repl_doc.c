#include "client/interrupt.h"
#include "client/repl.h"
#include "common/base/mem.h"

enum { BINDING_MODULE = 3 }; // in <[key value code module name props]>

// The compiler remembers the places of what it compiles. What came from the cache was not compiled, so
// for names of it the same file is loaded once more without the cache.
struct ReplDocs {
  Library lib;
};

void repl_docs_free(ReplDocs *d) {
  if (d == NULL) return;
  library_close(&d->lib);
  mem_free(d);
}

static bool load_docs(Repl *r, Err *err) {
  if (r->docs != NULL || r->file == NULL) return true;
  ReplDocs *d = mem_zalloc(sizeof *d);
  SireEvents no_cache = {0};
  bool ok = library_open(&d->lib, r->folder, &no_cache, err);
  if (r->input.editor != NULL) interrupt_watch(d->lib.m);
  ok = ok && library_load(&d->lib, r->file, err);
  if (r->input.editor != NULL) interrupt_watch(r->lib.m);
  if (ok)
    r->docs = d;
  else
    repl_docs_free(d);
  return ok;
}

// The module in which a name in scope was defined.
static char *module_of(Repl *r, const char *name, Err *err) {
  Machine *m = r->lib.m;
  RefMark mark = refs_mark(m);
  Ref binding = sire_binding(r->lib.sire, name, err);
  char *module = NULL;
  if (binding != 0) {
    Ref text = plan_row_get(m, plan_pin_item(m, binding), BINDING_MODULE);
    size_t n = plan_nat_size(m, text);
    module = mem_zalloc(n + 1);
    plan_nat_copy(m, text, module, n);
  }
  refs_release(m, mark);
  return module;
}

bool repl_doc(Repl *r, const char *name, SirePlace *place, Err *err) {
  char *module = module_of(r, name, err);
  if (module == NULL) return false;
  bool found = sire_find_definition(r->lib.sire, module, name, place);
  bool ok = found || load_docs(r, err);
  if (ok && !found && r->docs != NULL) found = sire_find_definition(r->docs->lib.sire, module, name, place);
  if (ok && !found)
    ok = err_set(err, ERR_NOT_FOUND, "where %s is defined is not known: a macro made it, in the module %s",
                 name, module);
  mem_free(module);
  return ok;
}
