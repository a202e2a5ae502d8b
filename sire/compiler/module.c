#include "sire/compiler/module.h"
#include "common/base/blake3.h"
#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "sire/compiler/block.h"
#include "sire/compiler/command.h"
#include "sire/compiler/definitions.h"
#include "sire/compiler/report.h"
#include "sire/compiler/suggest.h"
#include <string.h>
#include <sys/stat.h>

#define MAX_NAME 200
#define SUFFIX ".sire"

typedef struct SourceFile {
  char *path;
  uint8_t *data;
  size_t len;
  char *module, *before; // from the header; before is NULL at the beginning of a chain
  uint32_t header_line;
  dev_t device; // which file it is
  ino_t inode;
  uint8_t hash[BLAKE3_LEN]; // of the chain up to here
} SourceFile;

// The last file first.
typedef struct Chain {
  SourceFile *files;
  size_t count, cap;
} Chain;

static void chain_free(Chain *c) {
  for (size_t i = 0; i < c->count; i++) {
    mem_free(c->files[i].path);
    mem_free(c->files[i].data);
    mem_free(c->files[i].module);
    mem_free(c->files[i].before);
  }
  mem_free(c->files);
}

// --- paths ---------------------------------------------------------------------------------------
static bool exists(const char *path) {
  struct stat st;
  return stat(path, &st) == 0;
}

static bool same_file(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool check_name(const char *name, Err *err) {
  size_t len = strlen(name);
  if (len > 0 && len <= MAX_NAME && name[0] != '.' && strchr(name, '/') == NULL) return true;
  return err_set(err, ERR_DATA,
                 "\"%.*s\" cannot be the name of a module: it is the name of a file without "
                 "folder and " SUFFIX,
                 40, name);
}

char *module_library_path(const Sire *s, const char *name, Err *err) {
  if (!check_name(name, err)) return NULL;
  if (s->library != NULL) return mem_printf("%s/%s" SUFFIX, s->library, name);
  err_set(err, ERR_NOT_FOUND, "no library folder is given in which to look for the module %s", name);
  return NULL;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

// The path of module `name` in the folder of `path`.
static char *path_beside(const char *path, const char *name) {
  int folder = (int)(base_name(path) - path);
  return mem_printf("%.*s%s" SUFFIX, folder, path, name);
}

// A file outside the library may not have the name of one in it: which of the two a program gets
// would depend on where it lies.
static bool check_shadow(const Sire *s, const char *path, Err *err) {
  if (s->library == NULL) return true;
  char *inside = mem_printf("%s/%s", s->library, base_name(path));
  bool ok = !exists(inside) || same_file(inside, path);
  if (!ok) {
    err_set(err, ERR_EXISTS, "this file has the name of a library module (%s); rename it", inside);
    err_at(err, "%s", path);
  }
  mem_free(inside);
  return ok;
}

// Where the module before `f` is. NULL after an error.
static char *find_before(Sire *s, const SourceFile *f, Err *err) {
  if (!check_name(f->before, err)) {
    err_at(err, "%s:%u", f->path, f->header_line);
    return NULL;
  }
  char *beside = path_beside(f->path, f->before);
  if (exists(beside)) return beside;
  char *inside = s->library == NULL ? NULL : mem_printf("%s/%s" SUFFIX, s->library, f->before);
  if (inside == NULL || !exists(inside)) {
    Buf hint = {0};
    if (inside != NULL) sire_suggest_module(s, &hint, s->library, name_of(f->before));
    err_set(err, ERR_NOT_FOUND, "no module %s: neither %s%s%s%s", f->before, beside,
            inside == NULL ? ", and no library folder is given" : " nor ", inside == NULL ? "" : inside,
            buf_cstr(&hint));
    err_at(err, "%s:%u", f->path, f->header_line);
    buf_free(&hint);
    mem_free(inside);
    inside = NULL;
  }
  mem_free(beside);
  return inside;
}

// --- headers -------------------------------------------------------------------------------------
static char *name_copy(Name n) {
  char *text = mem_alloc(n.len + 1);
  memcpy(text, n.bytes, n.len);
  text[n.len] = 0;
  return text;
}

static bool header_of(Sire *s, SourceFile *f, const RexBlock *block, Err *err) {
  Header h;
  BlockScope scope = block_begin(s, block, err);
  bool ok = command_header(s, s->root, &h);
  if (ok) {
    f->module = name_copy(h.module);
    f->before = h.first ? NULL : name_copy(h.before);
    f->header_line = block->line;
  }
  block_end(s, &scope, true);
  return ok;
}

static RexReader *open_reader(const SourceFile *f) {
  RexReader *r = rex_reader_new(f->path);
  rex_feed(r, f->data, f->len);
  rex_end(r);
  return r;
}

static bool read_header(Sire *s, SourceFile *f, Err *err) {
  RexReader *r = open_reader(f);
  RexBlock block;
  RexStep step = rex_next(r, &s->arena, &block, err);
  bool ok = step == REX_BLOCK && header_of(s, f, &block, err);
  if (step == REX_END || step == REX_MORE) {
    err_set(err, ERR_DATA,
            "the file is empty: it must begin with its module's name, as in #### name <- before");
    err_at(err, "%s", f->path);
  }
  arena_free(&s->arena);
  rex_reader_free(r);
  return ok;
}

// --- chains --------------------------------------------------------------------------------------
// Takes path.
static bool chain_add(Sire *s, Chain *c, char *path, Err *err) {
  mem_reserve(c->files, c->cap, c->count + 1);
  SourceFile *f = &c->files[c->count++];
  *f = (SourceFile){.path = path};
  struct stat st;
  if (stat(path, &st) == 0) f->device = st.st_dev, f->inode = st.st_ino;
  return check_shadow(s, path, err) &&
         sys_read_file(sys_real(), path, SIRE_MAX_FILE, &f->data, &f->len, err) && read_header(s, f, err);
}

static bool fail_cycle(const Chain *c, size_t from, Err *err) {
  Buf names = {0};
  for (size_t i = from; i < c->count && names.len < 300; i++)
    buf_printf(&names, "%s <- ", c->files[i].module);
  buf_str(&names, c->files[from].module);
  err_set(err, ERR_DATA, "the modules form a circle: %s", buf_cstr(&names));
  err_at(err, "%s:%u", c->files[c->count - 1].path, c->files[c->count - 1].header_line);
  buf_free(&names);
  return false;
}

// Whether the last file's name, and then the path before it, are new in the chain.
static bool check_new(const Chain *c, const char *before, Err *err) {
  const SourceFile *last = &c->files[c->count - 1];
  struct stat st;
  bool known = before != NULL && stat(before, &st) == 0;
  for (size_t i = 0; known && i < c->count; i++)
    if (c->files[i].device == st.st_dev && c->files[i].inode == st.st_ino) return fail_cycle(c, i, err);
  for (size_t i = 0; i + 1 < c->count; i++) {
    if (strcmp(c->files[i].module, last->module) != 0) continue;
    err_set(err, ERR_DATA, "two modules of one chain are called %s: the other is %s", last->module,
            c->files[i].path);
    return err_at(err, "%s:%u", last->path, last->header_line);
  }
  if (c->count < SIRE_MAX_CHAIN) return true;
  return err_set(err, ERR_LIMIT, "a chain of more than %d modules", SIRE_MAX_CHAIN);
}

static bool chain_read(Sire *s, Chain *c, const char *path, Err *err) {
  if (!chain_add(s, c, mem_strdup(path), err)) return false;
  while (c->files[c->count - 1].before != NULL) {
    char *before = find_before(s, &c->files[c->count - 1], err);
    if (before == NULL) return false;
    if (!check_new(c, before, err)) {
      mem_free(before);
      return false;
    }
    if (!chain_add(s, c, before, err)) return false;
  }
  return check_new(c, NULL, err);
}

static void hash_chain(Chain *c) {
  uint8_t before[BLAKE3_LEN] = {0};
  for (size_t i = c->count; i-- > 0;) {
    SourceFile *f = &c->files[i];
    Blake3 h;
    blake3_init(&h);
    blake3_update(&h, before, sizeof before);
    blake3_update(&h, f->data, f->len);
    blake3_final(&h, f->hash);
    memcpy(before, f->hash, sizeof before);
  }
}

// --- known states --------------------------------------------------------------------------------
static SireModule module_of(const SourceFile *f) {
  SireModule module = {.name = f->module};
  memcpy(module.hash, f->hash, sizeof module.hash);
  return module;
}

static Ref recall_own(Sire *s, const Chain *c, size_t *at) {
  Ref state = 0;
  for (*at = 0; *at < c->count; ++*at) {
    const SourceFile *f = &c->files[*at];
    state = plan_tab_get(s->m, s->states, plan_bar(s->m, f->hash, sizeof f->hash));
    if (state != 0) break;
  }
  return state;
}

static Ref recall_cached(Sire *s, const Chain *c, size_t *at) {
  SireModule *modules = mem_alloc(mem_mul(c->count, sizeof *modules));
  for (size_t i = 0; i < c->count; i++) modules[i] = module_of(&c->files[i]);
  Ref state = s->events.recall(s->events.cache, modules, c->count, at);
  mem_free(modules);
  return state;
}

// Begins with the latest state that is known; the number of modules behind it.
static size_t recall(Sire *s, const Chain *c) {
  size_t at = c->count;
  RefMark mark = refs_mark(s->m);
  Ref state = s->events.recall != NULL ? recall_cached(s, c, &at) : recall_own(s, c, &at);
  if (state != 0)
    ref_copy(s->m, s->state, state);
  else
    state_reset(s);
  refs_release(s->m, mark);
  return state != 0 ? at : c->count;
}

static void remember(Sire *s, const SourceFile *f) {
  if (s->events.keep != NULL) {
    SireModule module = module_of(f);
    s->events.keep(s->events.cache, &module, s->state);
    return;
  }
  RefMark mark = refs_mark(s->m);
  Ref key = plan_bar(s->m, f->hash, sizeof f->hash);
  ref_copy(s->m, s->states, plan_tab_put(s->m, s->states, key, s->state));
  refs_release(s->m, mark);
}

// --- running -------------------------------------------------------------------------------------
static void warn_name(Sire *s, const SourceFile *f) {
  const char *base = base_name(f->path);
  size_t len = strlen(f->module);
  if (s->events.warning == NULL || (strncmp(base, f->module, len) == 0 && strcmp(base + len, SUFFIX) == 0))
    return;
  char *text = mem_printf(
      "the file says that it is the module %s: others cannot name it as what comes before", f->module);
  SirePlace place = {.file = f->path, .line = f->header_line, .col = 1, .doc = ""};
  s->events.warning(s->events.ctx, &place, text);
  mem_free(text);
}

static bool run_file(Sire *s, const SourceFile *f, Err *err) {
  RexReader *r = open_reader(f);
  bool ok = true;
  for (;;) {
    RexBlock block;
    RexStep step = rex_next(r, &s->arena, &block, err);
    if (step == REX_BAD) ok = false;
    if (step != REX_BLOCK) break;
    ok = block_run(s, &block, err);
    if (!ok) break;
  }
  arena_free(&s->arena);
  rex_reader_free(r);
  return ok;
}

// What macros left suspended is computed now, while it can still be said where it came from.
static bool finish_module(Sire *s, const SourceFile *f, Err *err) {
  BlockScope scope = block_begin(s, NULL, err);
  bool ok = sire_force(s, s->state, "the compiler state at the end of the module");
  block_end(s, &scope, ok);
  return ok || err_at(err, "%s", f->path);
}

static bool run_chain(Sire *s, const Chain *c, Err *err) {
  for (size_t i = 0; i < c->count; i++)
    definitions_source(s->definitions, c->files[i].module, c->files[i].path);
  for (size_t i = recall(s, c); i-- > 0;) {
    const SourceFile *f = &c->files[i];
    warn_name(s, f);
    if (!run_file(s, f, err) || !finish_module(s, f, err)) return false;
    s->counts.modules++;
    remember(s, f);
    if (s->events.module != NULL) s->events.module(s->events.ctx, f->module, f->path);
  }
  return true;
}

bool module_load(Sire *s, const char *path, Err *err) {
  Chain chain = {0};
  RefMark mark = refs_mark(s->m);
  Ref before = ref_dup(s->m, s->state);
  bool ok = chain_read(s, &chain, path, err);
  if (ok) {
    hash_chain(&chain);
    ok = run_chain(s, &chain, err);
  }
  if (!ok) ref_copy(s->m, s->state, before);
  refs_release(s->m, mark);
  chain_free(&chain);
  return ok;
}
