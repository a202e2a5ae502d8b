#include "sire/compiler/command.h"
#include "common/base/mem.h"
#include "sire/compiler/assertion.h"
#include "sire/compiler/compile.h"
#include "sire/compiler/definitions.h"
#include "sire/compiler/macro.h"
#include "sire/compiler/read.h"
#include "sire/compiler/report.h"
#include "sire/compiler/suggest.h"
#include <string.h>

// A heir with the same rune is the next command of a chain. *next NULL: none.
static bool split_chain(Sire *s, Tree *t, Tree **next) {
  *next = NULL;
  if (t->heir == NULL) return true;
  if (!tree_open(s, t->heir)) return false;
  Tree *h = t->heir;
  if (h->kind == TREE_NODE && h->len == t->len && memcmp(h->text, t->text, t->len) == 0) *next = h;
  return true;
}

// --- definitions ---------------------------------------------------------------------------------
static bool report_definition(Sire *s, Name name, Ref binding) {
  Ref context;
  if (!state_context(s, &context)) return false;
  Name module = name_of_nat(s, context);
  SirePlace place = definition_place(s, name);
  definitions_put(s->definitions, module, name, &place);
  s->counts.definitions++;
  if (s->events.definition == NULL) return true;
  SireDefinition d = {.module = name_text(s, module),
                      .name = name_text(s, name),
                      .binding = binding,
                      .value = binding_field(s, binding, BIND_VALUE),
                      .place = place};
  s->events.definition(s->events.ctx, &d);
  return true;
}

static bool define(Sire *s, Ref key, Ref props, Name name, Ast *x) {
  NewBinding b = {.key = key, .name = name, .props = props};
  b.value = compile_value(s, x);
  if (b.value == 0) return false;
  b.code = ast_code(s, x);
  if (b.code == 0) return false;
  Ref binding = state_define(s, &b);
  return binding != 0 && report_definition(s, name, binding);
}

static Ref read_key(Sire *s, Tree *t) {
  Name key;
  return read_name(s, t, &key) ? name_nat(s, key) : 0;
}

// [key] [props] binder expression. Everything is read before anything is evaluated.
static bool define_one(Sire *s, Tree *t, uint32_t kids) {
  if (kids < 2 || kids > 4)
    return sire_fail(s, t, "a definition takes a name or (name arguments) and an expression");
  Ast *props = NULL;
  Binder binder;
  Ref key = kids > 2 ? read_key(s, tree_kid(t, 0)) : plan_nat(s->m, 0);
  if (key == 0) return false;
  if (kids == 4 && (props = read_expr(s, NULL, tree_kid(t, 1))) == NULL) return false;
  if (!read_binder(s, tree_kid(t, kids - 2), &binder)) return false;
  Ast *x = read_definition(s, &binder, tree_kid(t, kids - 1));
  if (x == NULL) return false;
  Ref value = props != NULL ? compile_value(s, props) : plan_nat(s->m, 0);
  return value != 0 && define(s, key, value, binder.name, x);
}

static bool run_define(Sire *s, Tree *t) {
  for (Tree *next; t != NULL; t = next) {
    s->at = t;
    if (!split_chain(s, t, &next)) return false;
    if (!define_one(s, t, next != NULL ? t->count : tree_kid_count(t))) return false;
  }
  return true;
}

// --- assertions ----------------------------------------------------------------------------------
static bool run_assert(Sire *s, Tree *t) {
  for (Tree *next; t != NULL; t = next) {
    s->at = t;
    if (!split_chain(s, t, &next)) return false;
    if ((next != NULL ? t->count : tree_kid_count(t)) != 2)
      return sire_fail(s, t, "an assertion takes two expressions");
    Ast *left = read_expr(s, NULL, tree_kid(t, 0));
    Ast *right = left == NULL ? NULL : read_expr(s, NULL, tree_kid(t, 1));
    if (right == NULL || !assertion_check(s, t, left, right)) return false;
  }
  return true;
}

// --- modules -------------------------------------------------------------------------------------
static bool import_one(Sire *s, Tree *t) {
  Name module;
  Tree *list = t->count == 2 ? t->sons[1] : NULL;
  if (list != NULL && !tree_open(s, list)) return false;
  if (t->count < 1 || t->count > 2 || (list != NULL && (!tree_is_node(list, ",") || list->heir != NULL)))
    return sire_fail(s, t, "an import is a module, and a list of names like [a b] or none");
  if (!read_name(s, t->sons[0], &module)) return false;
  Name *names = list != NULL ? read_names(s, list->sons, list->count) : NULL;
  if (list != NULL && names == NULL) return false;
  return state_import(s, module, list == NULL, names, list != NULL ? list->count : 0);
}

static bool run_import(Sire *s, Tree *t) {
  for (Tree *next; t != NULL; t = next) {
    s->at = t;
    if (!split_chain(s, t, &next)) return false;
    if (next == NULL && t->heir != NULL) return sire_fail(s, t->heir, "an import goes on with imports only");
    if (!import_one(s, t)) return false;
  }
  return true;
}

static bool run_export(Sire *s, Tree *t) {
  Name *names = NULL;
  size_t count = 0, cap = 0;
  bool ok = true;
  for (Tree *next; ok && t != NULL; t = next) {
    s->at = t;
    ok = split_chain(s, t, &next);
    if (ok && next == NULL && t->heir != NULL)
      ok = sire_fail(s, t->heir, "an export goes on with exports only");
    Name *more = ok ? read_names(s, t->sons, t->count) : NULL;
    ok = more != NULL;
    if (!ok) break;
    mem_reserve(names, cap, count + t->count);
    if (t->count > 0) memcpy(names + count, more, t->count * sizeof *names);
    count += t->count;
  }
  ok = ok && state_keep(s, names, count);
  mem_free(names);
  return ok;
}

bool command_header(Sire *s, Tree *t, Header *h) {
  *h = (Header){0};
  if (!tree_open(s, t)) return false;
  uint32_t kids = t->kind == TREE_NODE ? tree_kid_count(t) : 0;
  if (!tree_is_node(t, "####"))
    return sire_fail(s, t, "a file begins with its module's name: #### name, or #### name <- before");
  Tree *before = kids == 2 ? tree_kid(t, 1) : NULL;
  if (before != NULL && !tree_open(s, before)) return false;
  bool arrow = before != NULL && tree_is_node(before, "<-") && before->count == 1 && before->heir == NULL;
  if (kids != 1 && !arrow) return sire_fail(s, t, "expected #### name, or #### name <- before");
  h->first = !arrow;
  if (!read_name(s, tree_kid(t, 0), &h->module)) return false;
  return !arrow || read_name(s, before->sons[0], &h->before);
}

static bool run_enter(Sire *s, Tree *t) {
  Header h;
  Ref context, scope;
  if (!command_header(s, t, &h) || !state_context(s, &context)) return false;
  if ((scope = state_field(s, STATE_SCOPE)) == 0) return false;
  Name now = name_of_nat(s, context);
  if (h.first && (now.len > 0 || plan_len(s->m, scope) > 0))
    return sire_fail(s, t, "#### without <- begins a chain, but %s is loaded already", name_text(s, now));
  if (!h.first && !name_is(h.before, now))
    return sire_fail(s, t, "the module before this one is %s, not %s", name_text(s, now),
                     name_text(s, h.before));
  return state_enter(s, h.module);
}

// --- everything ----------------------------------------------------------------------------------
static bool run_all(Sire *s, Tree *t) {
  if (!ast_deeper(s)) return false;
  Expansion *chain = s->chain;
  bool ok = true;
  for (uint32_t i = 0; ok && i < tree_kid_count(t); i++) {
    s->chain = chain;
    ok = command_run(s, tree_kid(t, i));
  }
  s->depth--;
  return ok;
}

static bool run_expression(Sire *s, Tree *t) {
  SirePlace place = report_place(s, t);
  Ast *x = read_expr(s, NULL, t);
  Ref value = x == NULL ? 0 : compile_value(s, x);
  if (value == 0 || !sire_whnf(s, value, "the expression")) return false;
  s->counts.expressions++;
  if (s->events.expression != NULL) s->events.expression(s->events.ctx, value, &place);
  return true;
}

typedef bool Command(Sire *s, Tree *t);

static const struct {
  const char *rune;
  Command *run;
} commands[] = {{"=", run_define},   {"#=", run_define},   {"*", run_all},     {"#*", run_all},
                {"=?=", run_assert}, {"#=?=", run_assert}, {":|", run_import}, {"#:|", run_import},
                {"^-^", run_export}, {"#^-^", run_export}, {"####", run_enter}};

static Command *find_command(const Tree *t) {
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (tree_text_is(t, commands[i].rune)) return commands[i].run;
  return NULL;
}

bool tree_is_command(const Tree *t) { return find_command(t) != NULL; }

bool command_run(Sire *s, Tree *t) {
  for (uint32_t again = 0;;) {
    Ref macro;
    if (!tree_open(s, t)) return false;
    s->at = t;
    if (t->kind != TREE_NODE) return run_expression(s, t);
    if (!macro_find(s, t->text, t->len, &macro)) return false;
    if (macro == 0) break;
    if (!macro_again(s, t, &again) || (t = macro_expand(s, macro, t)) == NULL) return false;
  }
  Command *run = find_command(t);
  if (run != NULL) return run(s, t);
  if (is_expr_rune(t)) return run_expression(s, t);
  Buf hint = {0};
  sire_suggest_rune(s, &hint, (Name){t->text, t->len});
  sire_fail(s, t, "unbound rune: %.*s is neither a command nor a macro in scope%s", (int)t->len, t->text,
            buf_cstr(&hint));
  buf_free(&hint);
  return false;
}
