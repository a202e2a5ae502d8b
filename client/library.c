#include "client/library.h"
#include "client/interrupt.h"
#include "client/render.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/codec/bundle.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUNDLE_MAX (64u << 20)
#define MEMORY ((size_t)4 << 30) // at most; see memory
#define SPARK_MEMORY ((size_t)1 << 30)
#define TRACE_SHOWN 2000 // bytes of a traced value

static bool is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *library_folder(const char *lib) {
  const char *places[] = {lib, lib ? NULL : getenv("PALL_LIB"), lib ? NULL : PALL_LIB_INSTALLED,
                          lib ? NULL : PALL_LIB_SOURCE};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (places[i] && is_folder(places[i])) return mem_strdup(places[i]);
  return NULL;
}

static Ref recall(void *ctx, const SireModule *chain, size_t count, size_t *at) {
  Library *l = ctx;
  SireCounts counts = sire_counts(l->sire);
  bool run = l->is_first && l->use == LIBRARY_RUN_FILE;
  l->is_first = false;
  return cache_recall(l->states, chain, count, run, &counts, at);
}

static void keep(void *ctx, const SireModule *module, Ref state) {
  Library *l = ctx;
  SireCounts counts = sire_counts(l->sire);
  cache_keep(l->states, module, state, &counts);
}

// A line on stderr, whatever stdout is for.
static void on_trace(void *ctx, Machine *m, Ref message, bool deep) {
  Library *l = ctx;
  Buf line = {0};
  (void)m;
  (void)deep;
  sire_show(l->sire, message, TRACE_SHOWN, &line);
  if (l->trace != NULL)
    l->trace(l->ctx, buf_cstr(&line));
  else
    fprintf(stderr, "%s\n", buf_cstr(&line));
  buf_free(&line);
}

// A program that runs away is to meet its limit before the computer does, and a collection may need as much
// again.
static size_t memory(void) {
  long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  size_t quarter = pages > 0 && size > 0 ? (size_t)pages / 4 * (size_t)size : MEMORY;
  return quarter < MEMORY ? quarter : MEMORY;
}

static bool switch_jets_off(JetTable *jets, const char *names, Err *err) {
  char *unknown = NULL;
  if (!names || jet_table_disable_list(jets, names, &unknown)) return true;
  err_set(err, ERR_USAGE,
          "PALL_JETS_OFF: there is no jet and no group of jets %s; say names with commas between, or all",
          unknown);
  mem_free(unknown);
  return false;
}

static bool open_machine(Library *l, const SireEvents *events, Err *err) {
  l->jets = jet_table_default();
  if (!switch_jets_off(l->jets, getenv("PALL_JETS_OFF"), err)) return false;
  if (l->owns_cache) l->sparks = spark_pool_new(l->jets, SPARK_MEMORY, sys_cores() - 1);
  l->m = machine_new(&(MachineConfig){.jets = l->jets,
                                      .memory = memory(),
                                      .sparks = spark_pool_sink(l->sparks),
                                      .trace = on_trace,
                                      .ctx = l});
  interrupt_watch(l->m);
  l->states = cache_user_new(l->cache, l->m);
  SireOptions options = {.library = l->folder};
  if (events) options.events = *events;
  l->ctx = options.events.ctx;
  options.events.cache = l;
  options.events.recall = recall;
  options.events.keep = keep;
  l->sire = sire_new(l->m, &options);
  return true;
}

bool library_open(Library *l, const char *lib, const SireEvents *events, LibraryUse use, Err *err) {
  *l = (Library){.folder = library_folder(lib), .use = use, .owns_cache = true};
  if (lib && !l->folder) return err_set(err, ERR_NOT_FOUND, "there is no library folder %s", lib);
  l->cache = cache_open(NULL);
  return open_machine(l, events, err);
}

bool library_open_beside(Library *l, const Library *first, const SireEvents *events, Err *err) {
  *l = (Library){
      .folder = first->folder ? mem_strdup(first->folder) : NULL, .use = first->use, .cache = first->cache};
  return open_machine(l, events, err);
}

void library_close(Library *l) {
  cache_user_free(l->states);
  sire_free(l->sire);
  interrupt_unwatch(l->m);
  machine_free(l->m);
  spark_pool_free(l->sparks);
  if (l->owns_cache) cache_close(l->cache);
  jet_table_free(l->jets);
  mem_free(l->folder);
  *l = (Library){0};
}

static void add_crash(Library *l, Buf *text) {
  Value op, arg;
  machine_crash(l->m, &op, &arg);
  RefMark mark = refs_mark(l->m);
  ValueStyle style = {.depth = 4, .bytes = 200};
  Ref parts[] = {ref_new(l->m, op), ref_new(l->m, arg)};
  for (int i = 0; i < 2; i++) {
    buf_u8(text, ' ');
    if (plan_force(l->m, parts[i]) == RUN_DONE)
      render_value(l->m, parts[i], &style, text);
    else
      buf_str(text, "?");
  }
  refs_release(l->m, mark);
}

bool library_outcome(Library *l, Outcome o, Err *err) {
  if (o == RUN_DONE) return true;
  Buf text = {0}, trace = {0};
  sire_trace(l->sire, &trace);
  if (o == RUN_CRASH) {
    buf_str(&text, "the evaluation crashed:");
    add_crash(l, &text);
  } else {
    buf_printf(&text, "the evaluation ended without a value: %s",
               o == RUN_LOOP     ? "it needs its own result (a loop)"
               : o == RUN_MEMORY ? "the memory limit is reached"
                                 : outcome_name(o));
  }
  err_set(err, o == RUN_CRASH ? ERR_DATA : ERR_LIMIT, "%s%s", buf_cstr(&text), buf_cstr(&trace));
  buf_free(&text);
  buf_free(&trace);
  return false;
}

static bool is_path(const char *name) {
  const char *dot = strrchr(name, '.');
  return strchr(name, '/') != NULL || (dot != NULL && strcmp(dot, ".sire") == 0);
}

bool library_load(Library *l, const char *file_or_module, Err *err) {
  l->is_first = true;
  if (is_path(file_or_module)) return sire_load_file(l->sire, file_or_module, err);
  return sire_load_module(l->sire, file_or_module, err);
}

CacheCounts library_counts(const Library *l) {
  SireCounts counts = sire_counts(l->sire);
  return l->is_first ? (CacheCounts){0} : cache_counts(l->states, &counts); // no state was asked for
}

// --- text to bundles ---------------------------------------------------------------------------------------
static bool bundle(Library *l, Ref v, Buf *out, Err *err) {
  return library_outcome(l, plan_force(l->m, v), err) && bundle_encode(l->m, v, BUNDLE_MAX, out, err);
}

static bool main_of(Library *l, const char *path, Buf *out, Err *err) {
  Err none = ERR_INIT;
  if (!sire_load_file(l->sire, path, err)) return false;
  Ref v = sire_lookup(l->sire, "main", &none);
  if (v) return bundle(l, v, out, err);
  err_set(err, ERR_NOT_FOUND, "%s defines no `main`; a cog is the value that a file calls main", path);
  return err_at(err, "%s", path);
}

static bool from_seed(const char *path, Buf *out, Err *err) {
  Machine *m = machine_new(&(MachineConfig){.memory = MEMORY});
  Ref v = seed_read_file(m, path, err);
  bool ok = v && bundle_encode(m, v, BUNDLE_MAX, out, err);
  machine_free(m);
  return ok;
}

static bool from_file(void *ctx, const char *path, const ValueScope *scope, Buf *out, Err *err) {
  Library l = {0};
  (void)ctx;
  if (seed_is_path(path)) return from_seed(path, out, err);
  interrupt_begin_last();
  bool ok = library_open(&l, scope->lib, NULL, LIBRARY_CACHED, err) && main_of(&l, path, out, err);
  interrupt_end_last();
  library_close(&l);
  return ok;
}

static Ref eval_in(Library *l, const char *module, const char *text, Err *err) {
  if (module && !sire_load_module(l->sire, module, err)) return 0;
  return sire_eval_text(l->sire, "expression", text, strlen(text), err);
}

// Literals, and whatever else needs no names, are read without the library.
static bool from_text(void *ctx, const char *text, const ValueScope *scope, Buf *out, Err *err) {
  Library l = {0};
  Err first = ERR_INIT;
  (void)ctx;
  interrupt_begin_last();
  bool ok = library_open(&l, scope->lib, NULL, LIBRARY_CACHED, err);
  Ref v = ok && !scope->module ? eval_in(&l, NULL, text, &first) : 0;
  if (ok && !v) {
    ok = l.folder || err_set(err, ERR_NOT_FOUND,
                             "this needs the Sire library, and there is none: name its folder with "
                             "--lib or PALL_LIB (%s)",
                             first.msg);
    v = ok ? eval_in(&l, scope->module ? scope->module : "prelude", text, err) : 0;
    ok = v != 0;
  }
  ok = ok && bundle(&l, v, out, err);
  interrupt_end_last();
  library_close(&l);
  return ok;
}

// --- bundles to text ---------------------------------------------------------------------------------------
static bool render(void *ctx, const uint8_t *bytes, size_t len, const ValueStyle *style, Buf *out, Err *err) {
  Machine *m = machine_new(&(MachineConfig){.memory = MEMORY});
  Ref v;
  (void)ctx;
  bool ok = bundle_decode(m, NULL, bytes, len, NULL, &v, err);
  if (ok) render_value(m, v, style, out);
  machine_free(m);
  return ok;
}

const Values LIBRARY_VALUES = {.from_file = from_file,
                               .from_text = from_text,
                               .render = render,
                               .check = library_check,
                               .repl = library_repl,
                               .cache = library_cache,
                               .build = library_build,
                               .show = library_show,
                               .prof = library_prof};
