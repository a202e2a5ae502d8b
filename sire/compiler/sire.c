#include "sire/compiler/sire.h"
#include "common/base/mem.h"
#include "sire/compiler/backtrace.h"
#include "sire/compiler/block.h"
#include "sire/compiler/compile.h"
#include "sire/compiler/definitions.h"
#include "sire/compiler/macro.h"
#include "sire/compiler/module.h"
#include "sire/compiler/read.h"
#include "sire/compiler/report.h"
#include "sire/compiler/suggest.h"
#include <string.h>

#define REPL_NAME "REPL"

Sire *sire_new(Machine *m, const SireOptions *options) {
  Sire *s = mem_zalloc(sizeof *s);
  s->m = m;
  s->library = options->library == NULL ? NULL : mem_strdup(options->library);
  s->events = options->events;
  s->definitions = definitions_new();
  s->state = plan_nat(m, 0);
  s->failed = plan_nat(m, 0);
  s->worked = plan_nat(m, 0);
  s->states = plan_tab_empty(m);
  rexval_init(s);
  macro_init(s);
  state_reset(s);
  return s;
}

void sire_free(Sire *s) {
  if (s == NULL) return;
  rex_reader_free(s->repl);
  definitions_free(s->definitions);
  arena_free(&s->arena);
  mem_free(s->library);
  mem_free(s);
}

SireCounts sire_counts(const Sire *s) { return s->counts; }

// --- loading -------------------------------------------------------------------------------------
bool sire_load_file(Sire *s, const char *path, Err *err) { return module_load(s, path, err); }

bool sire_load_module(Sire *s, const char *name, Err *err) {
  char *path = module_library_path(s, name, err);
  bool ok = path != NULL && module_load(s, path, err);
  mem_free(path);
  return ok;
}

void sire_reset(Sire *s) { state_reset(s); }

// --- using ---------------------------------------------------------------------------------------
static Ref eval_block(Sire *s, const RexBlock *block, Err *err) {
  BlockScope scope = block_begin(s, block, err);
  Ast *x = read_expr(s, NULL, s->root);
  Ref value = x == NULL ? 0 : compile_value(s, x);
  if (value != 0 && !sire_whnf(s, value, "the expression")) value = 0;
  return block_end_with(s, &scope, false, value);
}

Ref sire_eval_text(Sire *s, const char *file, const char *text, size_t len, Err *err) {
  RexBlocks blocks;
  Ref value = 0;
  bool ok = rex_read_all(file, text, len, &s->arena, &blocks, err);
  if (ok && blocks.count != 1) {
    ok = err_set(err, ERR_DATA, blocks.count == 0 ? "there is no expression" : "more than one expression");
    err_at(err, "%s", file);
  }
  if (ok) value = eval_block(s, &blocks.items[0], err);
  arena_free(&s->arena);
  return value;
}

Ref sire_state(Sire *s) { return ref_dup(s->m, s->state); }

Ref sire_scope(Sire *s, Err *err) {
  BlockScope scope = block_begin(s, NULL, err);
  return block_end_with(s, &scope, true, state_field(s, STATE_SCOPE));
}

// Says that a name is not there, and what may have been meant.
static bool unknown_name(Sire *s, const char *name, const char *lacks, Err *err) {
  Buf near = {0};
  sire_suggest(s, &near, NULL, name_of(name));
  err_set(err, ERR_NOT_FOUND, "%s is not %s%s", name, lacks, buf_cstr(&near));
  buf_free(&near);
  return false;
}

static Ref find(Sire *s, const char *name, int field, Err *err) {
  BlockScope scope = block_begin(s, NULL, err);
  Ref found = 0;
  if (state_find(s, name_of(name), &found)) {
    if (found != 0 && field >= 0) found = binding_field(s, found, field);
    if (found == 0) unknown_name(s, name, "defined in the module that was loaded", err);
  }
  return block_end_with(s, &scope, true, found);
}

Ref sire_lookup(Sire *s, const char *name, Err *err) { return find(s, name, BIND_VALUE, err); }
Ref sire_binding(Sire *s, const char *name, Err *err) { return find(s, name, -1, err); }

bool sire_find_definition(Sire *s, const char *module, const char *name, SirePlace *place) {
  if (!definitions_get(s->definitions, name_of(module), name_of(name), place)) return false;
  definitions_comment(s->definitions, name_of(name), place);
  return true;
}

bool sire_find_place(Sire *s, const char *name, SirePlace *place, Err *err) {
  Ref binding = 0;
  BlockScope scope = block_begin(s, NULL, err);
  bool ok = state_find(s, name_of(name), &binding);
  if (ok && binding == 0) ok = unknown_name(s, name, "in scope", err);
  if (ok && !binding_place(s, binding, place))
    ok = err_set(err, ERR_NOT_FOUND, "where %s is defined is not known: a macro made it up", name);
  if (ok) definitions_comment(s->definitions, name_of(name), place);
  block_end(s, &scope, true);
  return ok;
}

void sire_trace(Sire *s, Buf *out) {
  Err ignored = ERR_INIT;
  BlockScope scope = block_begin(s, NULL, &ignored);
  Backtrace trace = backtrace_take(s);
  backtrace_add(s, out, &trace);
  block_end(s, &scope, true);
}

bool sire_find_law(Sire *s, Ref law, Buf *name, SirePlace *place) {
  Err ignored = ERR_INIT;
  BlockScope scope = block_begin(s, NULL, &ignored);
  bool found = backtrace_find(s, law, name, place);
  block_end(s, &scope, true);
  return found;
}

// --- line by line --------------------------------------------------------------------------------
bool sire_repl_begin(Sire *s, Err *err) {
  rex_reader_free(s->repl);
  s->repl = rex_reader_new(REPL_NAME);
  Ref context;
  BlockScope scope = block_begin(s, NULL, err);
  bool ok = state_context(s, &context);
  Name last = ok ? name_of_nat(s, context) : (Name){0};
  ok = ok && state_enter(s, name_of(REPL_NAME)) && (last.len == 0 || state_import(s, last, true, NULL, 0));
  block_end(s, &scope, ok);
  return ok;
}

void sire_repl_feed(Sire *s, const void *data, size_t len) { rex_feed(s->repl, data, len); }
void sire_repl_end(Sire *s) { rex_end(s->repl); }
bool sire_repl_pending(const Sire *s) { return rex_is_pending(s->repl); }

void sire_repl_drop(Sire *s) {
  rex_reader_free(s->repl);
  s->repl = rex_reader_new(REPL_NAME);
}

SireStep sire_repl_step(Sire *s, Err *err) {
  RexBlock block;
  SireStep result = SIRE_MORE;
  switch (rex_next(s->repl, &s->arena, &block, err)) {
  case REX_BLOCK: result = block_run(s, &block, err) ? SIRE_RAN : SIRE_FAILED; break;
  case REX_BAD: result = SIRE_FAILED; break;
  case REX_END: result = SIRE_END; break;
  case REX_MORE: break;
  }
  arena_free(&s->arena);
  return result;
}
