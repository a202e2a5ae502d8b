// Names, literals and variables.
#include "sire/compiler/leaf.h"
#include "common/base/mem.h"
#include "sire/compiler/report.h"
#include "sire/compiler/suggest.h"
#include <string.h>

#define MAX_DECIMAL 1000000 // digits of a number in source

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The nat of a word of digits.
static bool decimal(Sire *s, Tree *t, Ref *nat) {
  if (t->len > MAX_DECIMAL) return sire_fail(s, t, "a number of more than %d digits", MAX_DECIMAL);
  *nat = plan_nat_decimal(s->m, t->text, t->len);
  return true;
}

static LeafKind word_kind(const Tree *t) {
  if (t->len == 0) return LEAF_OTHER;
  if (!is_digit(t->text[0])) return LEAF_IDENT;
  for (uint32_t i = 1; i < t->len; i++)
    if (!is_digit(t->text[i])) return LEAF_OTHER;
  return LEAF_NUMBER;
}

LeafKind leaf_kind(const Tree *t) {
  if (t->kind != TREE_LEAF || t->heir != NULL || t->style == REX_LINE) return LEAF_OTHER;
  return t->style == REX_TEXT ? LEAF_CORD : word_kind(t);
}

Ast *leaf_literal(Sire *s, Tree *t, LeafKind kind) {
  Ref nat = 0;
  if (kind == LEAF_CORD) return ast_const(s, plan_nat_bytes(s->m, t->text, t->len));
  return decimal(s, t, &nat) ? ast_const(s, nat) : NULL;
}

Ast *leaf_page(Sire *s, Tree *t) {
  Buf text = {0};
  bool ok = true;
  for (Tree *line = t; ok && line != NULL; line = line->heir) {
    ok = tree_open(s, line);
    if (ok && (line->kind != TREE_LEAF || line->style != REX_LINE))
      ok = sire_fail(s, line, "in a page of text every line must begin with }");
    if (line != t) buf_u8(&text, '\n');
    if (ok) buf_put(&text, line->text, line->len);
  }
  Ast *x = ok ? ast_const(s, plan_nat_bytes(s->m, text.data, text.len)) : NULL;
  buf_free(&text);
  return x;
}

// --- names ---------------------------------------------------------------------------------------
bool try_name(Sire *s, Tree *t, Name *name, bool *is) {
  if (!tree_open(s, t)) return false;
  LeafKind kind = leaf_kind(t);
  *is = kind != LEAF_OTHER;
  if (kind == LEAF_NUMBER) {
    Ref nat = 0;
    if (!decimal(s, t, &nat)) return false;
    *name = name_of_nat(s, nat);
  } else if (*is) {
    uint32_t len = t->len;
    while (len > 0 && t->text[len - 1] == 0) len--;
    *name = (Name){t->text, len};
  }
  return true;
}

bool read_name(Sire *s, Tree *t, Name *name) {
  bool is;
  if (!try_name(s, t, name, &is)) return false;
  return is || sire_fail(s, t, "expected a name here, such as foo, {foo} or 3");
}

Name *read_names(Sire *s, Tree *const *list, uint32_t count) {
  Name *names = arena_alloc(&s->arena, mem_mul(count + 1u, sizeof *names));
  for (uint32_t i = 0; i < count; i++)
    if (!read_name(s, list[i], &names[i])) return NULL;
  return names;
}

// Whether the block begins with this name and goes on as a definition does in other languages.
static bool is_foreign_definition(Sire *s, const Tree *t) {
  const Rex *src = tree_source(s, t);
  if (src == NULL || s->block == NULL || src->start.line != s->block->line || src->start.col != 0)
    return false;
  const char *end = memchr(s->block->src, '\n', s->block->src_len);
  size_t len = end != NULL ? (size_t)(end - s->block->src) : s->block->src_len;
  return memmem(s->block->src, len, " = ", 3) != NULL;
}

static void add_hint(Sire *s, Buf *hint, const Env *env, const Tree *t, Name name) {
  if (is_foreign_definition(s, t))
    buf_str(hint, "; a definition begins with =, as in: = x 3, or: = (f x) (add x 1)");
  else
    sire_suggest(s, hint, env, name);
}

// --- variables -----------------------------------------------------------------------------------
Ast *leaf_variable(Sire *s, Env *env, Tree *t, Name name) {
  uint32_t position = 0;
  for (const Env *e = env; e != NULL; e = e->outer, position++)
    if (!e->hidden && name_is(e->name, name)) return ast_var(s, position);
  Ref binding;
  if (!state_find(s, name, &binding)) return NULL;
  if (binding != 0) return ast_global(s, binding);
  Buf hint = {0};
  add_hint(s, &hint, env, t, name);
  sire_fail(s, t, "unresolved symbol: %s is neither a local name nor defined or imported in this module%s",
            name_text(s, name), buf_cstr(&hint));
  buf_free(&hint);
  return NULL;
}

Ast *leaf_qualified(Sire *s, Tree *t, Name module, Name name) {
  Ref binding;
  if (!state_find_in_module(s, module, name, &binding)) return NULL;
  if (binding != 0) return ast_global(s, binding);
  sire_fail(s, t, "unresolved symbol: no module %s with a %s was loaded before this one%s",
            name_text(s, module), name_text(s, name),
            leaf_kind(tree_kid(t, 0)) == LEAF_NUMBER ? "; numbers are whole, and x.y is the y of a module x"
                                                     : "");
  return NULL;
}
