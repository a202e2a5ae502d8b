#include "sire/compiler/read.h"
#include "common/base/mem.h"
#include "sire/compiler/command.h"
#include "sire/compiler/leaf.h"
#include "sire/compiler/macro.h"
#include "sire/compiler/report.h"
#include "sire/compiler/suggest.h"

static Env *bind(Sire *s, Env *outer, Name name) {
  Env *e = arena_alloc(&s->arena, sizeof *e);
  *e = (Env){name, false, outer};
  return e;
}

static Env *bind_hidden(Sire *s, Env *outer) {
  Env *e = bind(s, outer, (Name){"", 0});
  e->hidden = true;
  return e;
}

static Env *bind_all(Sire *s, Env *env, const Name *names, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) env = bind(s, env, names[i]);
  return env;
}

static Ast *fail(Sire *s, Tree *t, const char *text) {
  sire_fail(s, t, "%s", text);
  return NULL;
}

// Reads kids [from, to) in order into list.
static bool read_kids(Sire *s, Env *env, Tree *t, uint32_t from, uint32_t to, Ast **list) {
  for (uint32_t i = from; i < to; i++)
    if ((list[i - from] = read_expr(s, env, tree_kid(t, i))) == NULL) return false;
  return true;
}

static Ast **new_list(Sire *s, uint32_t n) { return arena_alloc(&s->arena, mem_mul(n + 1u, sizeof(Ast *))); }

// --- forms ---------------------------------------------------------------------------------------
static Ast *read_app(Sire *s, Env *env, Tree *t) {
  uint32_t n = tree_kid_count(t);
  if (n == 0) return fail(s, t, "an application of nothing: it needs a function");
  Ast **list = new_list(s, n);
  if (!read_kids(s, env, t, 0, n, list)) return NULL;
  return ast_app(s, list[0], list + 1, n - 1);
}

static Ast *read_mark(Sire *s, Env *env, Tree *t) {
  if (tree_kid_count(t) != 1) return fail(s, t, "** takes one expression");
  Ast *x = read_expr(s, env, tree_kid(t, 0));
  return x == NULL ? NULL : ast_mark(s, x);
}

static Ast *read_let(Sire *s, Env *env, Tree *t) {
  Name name;
  if (tree_kid_count(t) != 3) return fail(s, t, "@ takes a name, its value and a body");
  if (!read_name(s, tree_kid(t, 0), &name)) return NULL;
  Ast *value = read_expr(s, env, tree_kid(t, 1));
  Ast *body = value == NULL ? NULL : read_expr(s, bind(s, env, name), tree_kid(t, 2));
  return body == NULL ? NULL : ast_let(s, value, body);
}

static Ast *read_ket(Sire *s, Env *env, Tree *t) {
  uint32_t n = tree_kid_count(t);
  if (n < 2) return fail(s, t, "^ takes a body, and the value of _ in it as the last part");
  Ast *value = read_expr(s, env, tree_kid(t, n - 1));
  Ast **list = new_list(s, n);
  if (value == NULL || !read_kids(s, bind(s, env, name_of("_")), t, 0, n - 1, list)) return NULL;
  return ast_let(s, value, ast_app(s, list[0], list + 1, n - 2));
}

// The chain of = forms under @@. Its runes are not macros.
static bool count_bindings(Sire *s, Tree *chain, uint32_t *count) {
  *count = 0;
  for (Tree *b = chain; b != NULL; b = b->heir, ++*count) {
    if (!tree_open(s, b)) return false;
    if (!tree_is_node(b, "=") || b->count != 2 || *count >= AST_MAX_SLOTS)
      return sire_fail(s, b, "@@ takes a chain of forms like (= name value)");
  }
  return true;
}

static Ast *read_letrec(Sire *s, Env *env, Tree *t) {
  uint32_t n;
  if (tree_kid_count(t) != 2) return fail(s, t, "@@ takes a chain of = forms and a body");
  if (!count_bindings(s, tree_kid(t, 0), &n)) return NULL;
  Name *names = arena_alloc(&s->arena, mem_mul(n + 1u, sizeof *names));
  Tree *b = tree_kid(t, 0);
  for (uint32_t i = 0; i < n; i++, b = b->heir)
    if (!read_name(s, b->sons[0], &names[i])) return NULL;
  for (uint32_t i = n; i-- > 0;) env = bind(s, env, names[i]);
  Ast **values = new_list(s, n);
  b = tree_kid(t, 0);
  for (uint32_t i = 0; i < n; i++, b = b->heir)
    if ((values[i] = read_expr(s, env, b->sons[1])) == NULL) return NULL;
  Ast *body = read_expr(s, env, tree_kid(t, 1));
  return body == NULL ? NULL : ast_rec(s, values, n, body);
}

static Ast *read_reference(Sire *s, Env *env, Tree *t) {
  uint32_t n = tree_kid_count(t);
  Name first, second;
  if (n != 1 && n != 2) return fail(s, t, ". takes a name, or a module and a name");
  if (!read_name(s, tree_kid(t, 0), &first)) return NULL;
  if (n == 1) return leaf_variable(s, env, t, first);
  return read_name(s, tree_kid(t, 1), &second) ? leaf_qualified(s, t, first, second) : NULL;
}

// --- functions -----------------------------------------------------------------------------------
static Name *kid_names(Sire *s, Tree *t, uint32_t from, uint32_t *count) {
  uint32_t n = tree_kid_count(t) - from;
  Name *names = arena_alloc(&s->arena, mem_mul(n + 1u, sizeof *names));
  for (uint32_t i = 0; i < n; i++)
    if (!read_name(s, tree_kid(t, from + i), &names[i])) return NULL;
  *count = n;
  return names;
}

static Ast *new_lam(Sire *s, Ref tag, uint32_t args, Ast *body) {
  Ast *x = arena_alloc(&s->arena, sizeof *x);
  x->kind = AST_LAM;
  x->ref = tag;
  x->n = args;
  x->body = body;
  return x;
}

// & : an anonymous function. [tag] signature body.
static Ast *read_anonymous(Sire *s, Env *env, Tree *t) {
  uint32_t n = tree_kid_count(t), count = 1;
  Name tag = {"", 0}, one, *args = &one;
  if (n != 2 && n != 3) return fail(s, t, "& takes its arguments and a body, and a tag before them or not");
  if (n == 3 && !read_name(s, tree_kid(t, 0), &tag)) return NULL;
  Tree *signature = tree_kid(t, n - 2);
  if (!tree_open(s, signature)) return NULL;
  if (tree_is_node(signature, "|")) {
    if ((args = kid_names(s, signature, 0, &count)) == NULL) return NULL;
  } else if (signature->kind != TREE_LEAF) {
    return fail(s, signature, "expected the arguments of a function, such as (x y z)");
  } else if (!read_name(s, signature, &one)) {
    return NULL;
  }
  Ast *body = read_expr(s, bind_all(s, bind_hidden(s, env), args, count), tree_kid(t, n - 1));
  return body == NULL ? NULL : new_lam(s, name_nat(s, tag), count, body);
}

// The head of (f a b) or (**f a b).
static bool read_head(Sire *s, Tree *t, Binder *b) {
  if (!tree_open(s, t)) return false;
  b->mark = tree_is_node(t, "**") && tree_kid_count(t) == 1;
  return read_name(s, b->mark ? tree_kid(t, 0) : t, &b->name);
}

static bool read_signature(Sire *s, Tree *t, Binder *b) {
  if (!tree_open(s, t)) return false;
  *b = (Binder){.function = true};
  if (t->kind == TREE_LEAF) return read_name(s, t, &b->name);
  if (!tree_is_node(t, "|") || tree_kid_count(t) == 0)
    return sire_fail(s, t, "expected a function's name and arguments, such as (f x y)");
  if (!read_head(s, tree_kid(t, 0), b)) return false;
  return (b->args = kid_names(s, t, 1, &b->count)) != NULL;
}

static Ast *named_function(Sire *s, Env *env, const Binder *b, Name tag, bool pin, Tree *body_form) {
  Env *inner = bind_all(s, bind(s, env, b->name), b->args, b->count);
  Ast *body = read_expr(s, inner, body_form);
  if (body == NULL) return NULL;
  Ast *x = new_lam(s, name_nat(s, tag), b->count, body);
  x->pin = pin;
  x->mark = b->mark;
  return ast_refers_to(s, body, b->count, &x->recr) ? x : NULL;
}

// ? and ?? : [tag] signature body.
static Ast *read_function(Sire *s, Env *env, Tree *t, bool pin) {
  uint32_t n = tree_kid_count(t);
  Name tag;
  Binder b;
  if (n != 2 && n != 3)
    return fail(s, t,
                "? takes a function's name with its arguments and a body, and a tag before them or not");
  if (n == 3 && !read_name(s, tree_kid(t, 0), &tag)) return NULL;
  if (!read_signature(s, tree_kid(t, n - 2), &b)) return NULL;
  return named_function(s, env, &b, n == 3 ? tag : b.name, pin, tree_kid(t, n - 1));
}

// --- definitions ---------------------------------------------------------------------------------
bool read_binder(Sire *s, Tree *t, Binder *b) {
  bool is;
  *b = (Binder){0};
  if (!try_name(s, t, &b->name, &is)) return false;
  if (is) return true;
  b->function = true;
  if (!tree_is_node(t, "|") || tree_kid_count(t) == 0)
    return sire_fail(s, t, "expected what to define: name, (f x y) or (**f x y)");
  Tree *head = tree_kid(t, 0);
  if (!tree_open(s, head)) return false;
  b->mark = tree_is_node(head, "**") && head->count == 1 && head->heir == NULL;
  if (!read_name(s, b->mark ? head->sons[0] : head, &b->name)) return false;
  return (b->args = kid_names(s, t, 1, &b->count)) != NULL;
}

Ast *read_definition(Sire *s, const Binder *b, Tree *body) {
  return b->function ? named_function(s, NULL, b, b->name, true, body) : read_expr(s, NULL, body);
}

// --- dispatch ------------------------------------------------------------------------------------
typedef enum ExprRune {
  EXPR_NONE,
  EXPR_APP,
  EXPR_MARK,
  EXPR_LET,
  EXPR_LETREC,
  EXPR_KET,
  EXPR_ANONYMOUS,
  EXPR_FUNCTION,
  EXPR_PINNED,
  EXPR_REFERENCE
} ExprRune;

static const struct {
  const char *rune; // with # before it, too
  ExprRune what;
} expr_runes[] = {{"|", EXPR_APP},     {"-", EXPR_APP},      {"**", EXPR_MARK},     {"@", EXPR_LET},
                  {"@@", EXPR_LETREC}, {"^", EXPR_KET},      {"&", EXPR_ANONYMOUS}, {"?", EXPR_FUNCTION},
                  {"??", EXPR_PINNED}, {".", EXPR_REFERENCE}};

static ExprRune expr_rune(const Tree *t) {
  Tree bare = *t;
  if (bare.len > 0 && bare.text[0] == '#') {
    bare.text++;
    bare.len--;
  }
  for (size_t i = 0; i < sizeof expr_runes / sizeof *expr_runes; i++)
    if (tree_text_is(&bare, expr_runes[i].rune)) return expr_runes[i].what;
  return EXPR_NONE;
}

bool is_expr_rune(const Tree *t) { return expr_rune(t) != EXPR_NONE; }

static Ast *read_node(Sire *s, Env *env, Tree *t) {
  switch (expr_rune(t)) {
  case EXPR_APP: return read_app(s, env, t);
  case EXPR_MARK: return read_mark(s, env, t);
  case EXPR_LET: return read_let(s, env, t);
  case EXPR_LETREC: return read_letrec(s, env, t);
  case EXPR_KET: return read_ket(s, env, t);
  case EXPR_ANONYMOUS: return read_anonymous(s, env, t);
  case EXPR_FUNCTION: return read_function(s, env, t, false);
  case EXPR_PINNED: return read_function(s, env, t, true);
  case EXPR_REFERENCE: return read_reference(s, env, t);
  case EXPR_NONE: break;
  }
  Buf hint = {0};
  if (tree_is_command(t))
    buf_str(&hint, "; it is a command, which stands at the beginning of a line, not in an expression");
  else
    sire_suggest_rune(s, &hint, (Name){t->text, t->len});
  sire_fail(s, t, "undefined rune: %.*s is neither built in nor a macro in scope%s", (int)t->len, t->text,
            buf_cstr(&hint));
  buf_free(&hint);
  return NULL;
}

// A leaf that only the # macro can read: its form for that macro.
static Tree *leaf_call(Sire *s, Tree *t) {
  Tree *call;
  if (t->heir != NULL)
    call = tree_node(s, REX_INFX, "#", (Tree *[]){tree_without_heir(s, t), t->heir}, 2, NULL);
  else
    call = tree_node(s, REX_PREF, "#", &t, 1, NULL);
  call->origin = t;
  return call;
}

static Ast *no_tree(Sire *s, const Tree *t) {
  Buf text = {0};
  report_value(s, &text, t->value, 200);
  sire_fail(s, s->chain != NULL ? s->chain->call : NULL, "a macro returned what is no Rex tree: %s",
            buf_cstr(&text));
  buf_free(&text);
  return NULL;
}

// Reads what is not a macro call, or gives the macro and the form to call it with.
static Ast *read_plain(Sire *s, Env *env, Tree **t, Ref *macro) {
  Tree *x = *t;
  LeafKind kind = leaf_kind(x);
  Name name;
  bool is;
  if (x->kind == TREE_EMBED) return ast_const(s, x->embed);
  if (x->kind == TREE_NODE) return read_node(s, env, x);
  if (x->kind != TREE_LEAF) return no_tree(s, x);
  if (x->style == REX_LINE) return leaf_page(s, x);
  if (kind == LEAF_IDENT) return try_name(s, x, &name, &is) ? leaf_variable(s, env, x, name) : NULL;
  if (kind != LEAF_OTHER) return leaf_literal(s, x, kind);
  if (!macro_find(s, "#", 1, macro)) return NULL;
  if (*macro != 0)
    *t = leaf_call(s, x);
  else if (x->heir != NULL)
    sire_fail(s, x,
              "two forms without a space between them mean a call of the # macro, which is not in scope");
  else
    sire_fail(s, x, "only the # macro could read this word, and it is not in scope");
  return NULL;
}

static Ast *read_form(Sire *s, Env *env, Tree *t) {
  for (uint32_t again = 0;;) {
    Ref macro = 0;
    if (!tree_open(s, t)) return NULL;
    s->at = t;
    if (t->kind == TREE_NODE && !macro_find(s, t->text, t->len, &macro)) return NULL;
    Ast *x = macro != 0 ? NULL : read_plain(s, env, &t, &macro);
    if (macro == 0) return x;
    if (!macro_again(s, t, &again) || (t = macro_expand(s, macro, t)) == NULL) return NULL;
  }
}

Ast *read_expr(Sire *s, Env *env, Tree *t) {
  Tree *at = s->at;
  Expansion *chain = s->chain;
  if (!ast_deeper(s)) return NULL;
  Ast *x = read_form(s, env, t);
  s->depth--;
  if (x != NULL) {
    s->at = at;
    s->chain = chain;
  }
  return x;
}
