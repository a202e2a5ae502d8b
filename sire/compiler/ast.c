#include "sire/compiler/ast.h"
#include "common/base/mem.h"
#include "sire/compiler/report.h"
#include <string.h>

bool ast_deeper(Sire *s) {
  if (s->arena.used > SIRE_MAX_WORK)
    return sire_fail(s, NULL, "compiling this form takes more than %zu MiB", SIRE_MAX_WORK >> 20);
  if (s->depth < SIRE_MAX_DEPTH) {
    s->depth++;
    return true;
  }
  return sire_fail(s, NULL, "the expression nests deeper than %d levels; give its parts names",
                   SIRE_MAX_DEPTH);
}

// --- making --------------------------------------------------------------------------------------
static Ast *new_ast(Sire *s, AstKind kind) {
  Ast *x = arena_alloc(&s->arena, sizeof *x);
  x->kind = kind;
  return x;
}

static Ast **copy_list(Sire *s, Ast *const *list, uint32_t n) {
  Ast **copy = arena_alloc(&s->arena, mem_mul(n + 1u, sizeof *copy));
  if (n > 0) memcpy(copy, list, n * sizeof *copy);
  return copy;
}

Ast *ast_var(Sire *s, uint32_t position) {
  Ast *x = new_ast(s, AST_VAR);
  x->n = position;
  return x;
}

static Ast *new_ref(Sire *s, AstKind kind, Ref ref) {
  Ast *x = new_ast(s, kind);
  x->ref = ref;
  return x;
}

Ast *ast_const(Sire *s, Ref value) { return new_ref(s, AST_CONST, value); }
Ast *ast_global(Sire *s, Ref binding) { return new_ref(s, AST_GLOBAL, binding); }
Ast *ast_noun(Sire *s, Ref code) { return new_ref(s, AST_NOUN, code); }

Ast *ast_mark(Sire *s, Ast *marked) {
  Ast *x = new_ast(s, AST_MARK);
  x->body = marked;
  return x;
}

static Ast *new_list(Sire *s, AstKind kind, Ast *const *list, uint32_t n, Ast *body) {
  Ast *x = new_ast(s, kind);
  x->n = n;
  x->list = copy_list(s, list, n);
  x->body = body;
  return x;
}

Ast *ast_app(Sire *s, Ast *f, Ast *const *args, uint32_t n) {
  return n == 0 ? f : new_list(s, AST_APP, args, n, f);
}

Ast *ast_let(Sire *s, Ast *value, Ast *body) { return new_list(s, AST_LET, &value, 1, body); }

Ast *ast_rec(Sire *s, Ast *const *values, uint32_t n, Ast *body) {
  return new_list(s, AST_REC, values, n, body);
}

// --- decoding ------------------------------------------------------------------------------------
static bool bad_code(Sire *s, const char *what) {
  return sire_fail(s, NULL, "a binding made by a macro has malformed code: %s", what);
}

static bool code_number(Sire *s, Ref r, uint32_t max, const char *what, uint32_t *out) {
  uint64_t n;
  if (!sire_whnf(s, r, "code in a binding")) return false;
  if (plan_kind(s->m, r) != KIND_NAT || !plan_nat_u64(s->m, r, &n) || n > max) return bad_code(s, what);
  *out = (uint32_t)n;
  return true;
}

static bool open_lam(Sire *s, Ast *x, Ref row) {
  uint32_t flags[3] = {0};
  for (int i = 0; i < 3; i++)
    if (!code_number(s, plan_row_get(s->m, row, (size_t)i + 1), 1, "a flag of a lambda", &flags[i]))
      return false;
  x->pin = flags[0];
  x->mark = flags[1];
  x->recr = flags[2];
  x->ref = plan_row_get(s->m, row, 4);
  if (!sire_whnf(s, x->ref, "the tag of a lambda")) return false;
  if (plan_kind(s->m, x->ref) != KIND_NAT) return bad_code(s, "the tag of a lambda");
  if (!code_number(s, plan_row_get(s->m, row, 5), AST_MAX_SLOTS, "the number of arguments", &x->n))
    return false;
  x->body = ast_noun(s, plan_row_get(s->m, row, 6));
  x->kind = AST_LAM;
  return true;
}

static bool open_rec(Sire *s, Ast *x, Ref row) {
  Ref values = plan_row_get(s->m, row, 1);
  if (!sire_whnf(s, values, "code in a binding")) return false;
  if (plan_kind(s->m, values) != KIND_ROW || plan_len(s->m, values) > AST_MAX_SLOTS)
    return bad_code(s, "the values of a letrec are no row");
  uint32_t n = (uint32_t)plan_len(s->m, values);
  x->list = arena_alloc(&s->arena, mem_mul(n + 1u, sizeof *x->list));
  for (uint32_t i = 0; i < n; i++) x->list[i] = ast_noun(s, plan_row_get(s->m, values, i));
  x->n = n;
  x->body = ast_noun(s, plan_row_get(s->m, row, 2));
  x->kind = AST_REC;
  return true;
}

static bool open_app(Sire *s, Ast *x, Ref row);

// What the letter of a code row, and its length, stand for.
static bool open_row(Sire *s, Ast *x, Ref row) {
  uint64_t letter = 0;
  size_t len = plan_len(s->m, row);
  Ref tag = len == 0 ? 0 : plan_row_get(s->m, row, 0);
  if (tag != 0 && !sire_whnf(s, tag, "code in a binding")) return false;
  if (tag == 0 || plan_kind(s->m, tag) != KIND_NAT || !plan_nat_u64(s->m, tag, &letter)) letter = 0;
  switch (letter << 8 | len) {
  case 'K' << 8 | 2:
    x->ref = plan_row_get(s->m, row, 1);
    x->kind = AST_CONST;
    return true;
  case 'G' << 8 | 2:
    x->ref = plan_row_get(s->m, row, 1);
    x->kind = AST_GLOBAL;
    return true;
  case 'M' << 8 | 2:
    x->body = ast_noun(s, plan_row_get(s->m, row, 1));
    x->kind = AST_MARK;
    return true;
  case 'A' << 8 | 3: return open_app(s, x, row);
  case 'L' << 8 | 3:
    x->list = copy_list(s, (Ast *[]){ast_noun(s, plan_row_get(s->m, row, 1))}, 1);
    x->n = 1;
    x->body = ast_noun(s, plan_row_get(s->m, row, 2));
    x->kind = AST_LET;
    return true;
  case 'R' << 8 | 3: return open_rec(s, x, row);
  case 'F' << 8 | 7: return open_lam(s, x, row);
  default: return bad_code(s, "a row of unknown form");
  }
}

// Whether the code is a row of three that begins with A, and so belongs to the spine above it.
static bool is_app(Sire *s, Ref code, bool *app) {
  uint64_t letter = 0;
  *app = false;
  if (!sire_whnf(s, code, "code in a binding")) return false;
  if (plan_kind(s->m, code) != KIND_ROW || plan_len(s->m, code) != 3) return true;
  Ref tag = plan_row_get(s->m, code, 0);
  if (!sire_whnf(s, tag, "code in a binding")) return false;
  *app = plan_kind(s->m, tag) == KIND_NAT && plan_nat_u64(s->m, tag, &letter) && letter == 'A';
  return true;
}

static bool open_app(Sire *s, Ast *x, Ref row) {
  Ref *args = NULL;
  size_t count = 0, cap = 0;
  Ref f = row;
  bool app = true, ok = true;
  while (ok && app) {
    mem_reserve(args, cap, count + 1);
    args[count++] = plan_row_get(s->m, f, 2);
    f = plan_row_get(s->m, f, 1);
    ok = is_app(s, f, &app);
  }
  if (ok) {
    x->kind = AST_APP;
    x->body = ast_noun(s, f);
    x->n = (uint32_t)count;
    x->list = arena_alloc(&s->arena, mem_mul(count, sizeof *x->list));
    for (size_t i = 0; i < count; i++) x->list[i] = ast_noun(s, args[count - 1 - i]);
  }
  mem_free(args);
  return ok;
}

bool ast_open(Sire *s, Ast *x) {
  if (x->kind != AST_NOUN) return true;
  Ref code = x->ref;
  if (!sire_whnf(s, code, "code in a binding")) return false;
  if (plan_kind(s->m, code) == KIND_ROW) return open_row(s, x, code);
  if (!code_number(s, code, UINT32_MAX, "neither a row nor a position", &x->n)) return false;
  x->kind = AST_VAR;
  return true;
}

// --- encoding ------------------------------------------------------------------------------------
static Ref letter_row(Sire *s, char letter, Ref a, Ref b) {
  Ref words[3] = {plan_nat(s->m, (uint64_t)letter), a, b};
  return plan_row(s->m, words, b == 0 ? 2 : 3);
}

static Ref lam_code(Sire *s, const Ast *x) {
  Ref body = ast_code(s, x->body);
  if (body == 0) return 0;
  Ref words[7] = {plan_nat(s->m, 'F'),
                  plan_nat(s->m, x->pin),
                  plan_nat(s->m, x->mark),
                  plan_nat(s->m, x->recr),
                  x->ref,
                  plan_nat(s->m, x->n),
                  body};
  return plan_row(s->m, words, 7);
}

static Ref app_code(Sire *s, const Ast *x) {
  Ref code = ast_code(s, x->body);
  for (uint32_t i = 0; code != 0 && i < x->n; i++) {
    Ref arg = ast_code(s, x->list[i]);
    code = arg == 0 ? 0 : letter_row(s, 'A', code, arg);
  }
  return code;
}

static Ref rec_code(Sire *s, const Ast *x) {
  Ref *values = mem_alloc(mem_mul(x->n + 1u, sizeof *values));
  bool ok = true;
  for (uint32_t i = 0; ok && i < x->n; i++) ok = (values[i] = ast_code(s, x->list[i])) != 0;
  Ref body = ok ? ast_code(s, x->body) : 0;
  Ref code = body == 0 ? 0 : letter_row(s, 'R', plan_row(s->m, values, x->n), body);
  mem_free(values);
  return code;
}

static Ref let_code(Sire *s, const Ast *x) {
  Ref value = ast_code(s, x->list[0]);
  Ref body = value == 0 ? 0 : ast_code(s, x->body);
  return body == 0 ? 0 : letter_row(s, 'L', value, body);
}

static Ref code_of(Sire *s, const Ast *x) {
  switch ((AstKind)x->kind) {
  case AST_NOUN: return x->ref;
  case AST_VAR: return plan_nat(s->m, x->n);
  case AST_CONST: return letter_row(s, 'K', x->ref, 0);
  case AST_GLOBAL: return letter_row(s, 'G', x->ref, 0);
  case AST_APP: return app_code(s, x);
  case AST_LET: return let_code(s, x);
  case AST_REC: return rec_code(s, x);
  case AST_LAM: return lam_code(s, x);
  case AST_MARK: break;
  }
  Ref marked = ast_code(s, x->body);
  return marked == 0 ? 0 : letter_row(s, 'M', marked, 0);
}

Ref ast_code(Sire *s, Ast *x) {
  if (!ast_deeper(s)) return 0;
  RefMark mark = refs_mark(s->m);
  Ref code = code_of(s, x);
  s->depth--;
  return code == 0 || x->kind == AST_NOUN ? code : refs_keep(s->m, mark, code);
}

// --- questions and copies ------------------------------------------------------------------------
bool ast_refers_to(Sire *s, Ast *x, uint32_t position, bool *refers) {
  if (!ast_open(s, x) || !ast_deeper(s)) return false;
  uint32_t list_at = position, body_at = position;
  bool ok = true;
  switch ((AstKind)x->kind) {
  case AST_VAR: *refers |= x->n == position; break;
  case AST_LET: body_at += 1; break;
  case AST_REC: list_at = body_at += x->n; break;
  case AST_LAM: body_at += 1 + x->n; break;
  default: break;
  }
  if (x->list != NULL)
    for (uint32_t i = 0; ok && !*refers && i < x->n; i++) ok = ast_refers_to(s, x->list[i], list_at, refers);
  if (ok && !*refers && x->body != NULL) ok = ast_refers_to(s, x->body, body_at, refers);
  s->depth--;
  return ok;
}

static Ast *shifted_parts(Sire *s, Ast *x, uint32_t list_bound, uint32_t body_bound, int64_t by) {
  Ast *copy = new_ast(s, x->kind);
  *copy = *x;
  if (x->list != NULL) copy->list = copy_list(s, x->list, x->n);
  for (uint32_t i = 0; x->list != NULL && i < x->n; i++)
    if ((copy->list[i] = ast_shift(s, x->list[i], list_bound, by)) == NULL) return NULL;
  if (x->body != NULL && (copy->body = ast_shift(s, x->body, body_bound, by)) == NULL) return NULL;
  return copy;
}

Ast *ast_shift(Sire *s, Ast *x, uint32_t bound, int64_t by) {
  if (by == 0) return x;
  if (!ast_open(s, x) || !ast_deeper(s)) return NULL;
  Ast *result = x;
  switch ((AstKind)x->kind) {
  case AST_VAR:
    if (x->n >= bound) result = ast_var(s, (uint32_t)(x->n + by));
    break;
  case AST_LET: result = shifted_parts(s, x, bound, bound + 1, by); break;
  case AST_REC: result = shifted_parts(s, x, bound + x->n, bound + x->n, by); break;
  case AST_LAM: result = shifted_parts(s, x, bound, bound + 1 + x->n, by); break;
  case AST_APP:
  case AST_MARK: result = shifted_parts(s, x, bound, bound, by); break;
  default: break; // constants and bindings are closed
  }
  s->depth--;
  return result;
}
