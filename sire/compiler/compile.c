#include "sire/compiler/compile.h"
#include "common/base/mem.h"
#include "sire/compiler/exp.h"
#include "sire/compiler/inline.h"
#include "sire/compiler/report.h"

typedef struct Vars Vars;
struct Vars { // what each slot stands for, innermost first
  const Exp *x;
  Vars *outer;
};

typedef struct Compiler {
  Sire *s;
  Codegen *g;
  uint32_t next; // id
} Compiler;

static const Exp *ingest(Compiler *c, Vars *env, Ast *x);

static Exp *new_exp(Compiler *c, ExpKind kind) {
  Exp *x = arena_alloc(&c->s->arena, sizeof *x);
  x->kind = kind;
  return x;
}

static const Exp *new_value(Compiler *c, Ref value) {
  Exp *x = new_exp(c, EXP_VALUE);
  x->value = value;
  return x;
}

static const Exp *new_var(Compiler *c, uint32_t id) {
  Exp *x = new_exp(c, EXP_VAR);
  x->id = id;
  return x;
}

static const Exp *new_app(Compiler *c, const Exp *f, const Exp **args, uint32_t n) {
  Exp *x = new_exp(c, EXP_APP);
  x->f = f;
  x->args = args;
  x->n = n;
  return x;
}

static Vars *push_var(Compiler *c, Vars *env, const Exp *x) {
  Vars *v = arena_alloc(&c->s->arena, sizeof *v);
  *v = (Vars){x, env};
  return v;
}

static const Exp *variable(Compiler *c, const Vars *env, uint32_t position) {
  for (; env != NULL && position > 0; position--) env = env->outer;
  if (env != NULL) return env->x;
  sire_fail(c->s, NULL, "the code of a binding made by a macro refers to a variable that it does not bind");
  return NULL;
}

static const Exp *global(Compiler *c, Ref binding) {
  Ref value = binding_field(c->s, binding, BIND_VALUE);
  if (value != 0) return new_value(c, value);
  sire_fail(c->s, NULL, "an expression names a binding that is none; a macro made it");
  return NULL;
}

// --- applications --------------------------------------------------------------------------------
// How many of `n` constants f takes before something would be called.
static bool foldable(Compiler *c, Ref f, uint32_t n, uint32_t *count) {
  if (!sire_whnf(c->s, f, "a constant function")) return false;
  RefMark mark = refs_mark(c->s->m);
  uint64_t arity;
  *count = n;
  if (plan_nat_u64(c->s->m, plan_arity(c->s->m, f), &arity) && arity <= n) *count = (uint32_t)arity - 1;
  refs_release(c->s->m, mark);
  return true;
}

// f applied to leading constants, as a constant; *folded is how many.
static const Exp *fold(Compiler *c, const Exp *f, const Exp **args, uint32_t n, uint32_t *folded) {
  uint32_t constants = 0;
  *folded = 0;
  if (f->kind != EXP_VALUE) return f;
  while (constants < n && args[constants]->kind == EXP_VALUE) constants++;
  if (constants == 0) return f;
  if (!foldable(c, f->value, constants, folded)) return NULL;
  if (*folded == 0) return f;
  Ref *values = mem_alloc(mem_mul(*folded, sizeof *values));
  for (uint32_t i = 0; i < *folded; i++) values[i] = args[i]->value;
  const Exp *result = new_value(c, plan_apply(c->s->m, f->value, values, *folded));
  mem_free(values);
  return result;
}

static const Exp *ingest_app(Compiler *c, Vars *env, Ast *x) {
  const Exp *f = ingest(c, env, x->body);
  const Exp **args = arena_alloc(&c->s->arena, mem_mul(x->n, sizeof *args));
  for (uint32_t i = 0; f != NULL && i < x->n; i++)
    if ((args[i] = ingest(c, env, x->list[i])) == NULL) return NULL;
  if (f == NULL) return NULL;
  uint32_t folded;
  f = fold(c, f, args, x->n, &folded);
  if (f == NULL || folded == x->n) return f;
  return new_app(c, f, args + folded, x->n - folded);
}

// --- binders -------------------------------------------------------------------------------------
static bool ingest_let(Compiler *c, Vars **env, Ast *x) {
  const Exp *value = ingest(c, *env, x->list[0]);
  if (value == NULL) return false;
  if (value->kind == EXP_APP) {
    uint32_t id = c->next++;
    codegen_bind(c->g, id, value);
    value = new_var(c, id);
  }
  *env = push_var(c, *env, value);
  return true;
}

static bool ingest_rec(Compiler *c, Vars **env, Ast *x) {
  uint32_t first = c->next;
  c->next += x->n;
  for (uint32_t i = x->n; i-- > 0;) *env = push_var(c, *env, new_var(c, first + i));
  for (uint32_t i = 0; i < x->n; i++) {
    const Exp *value = ingest(c, *env, x->list[i]);
    if (value == NULL) return false;
    codegen_bind(c->g, first + i, value);
  }
  return true;
}

static const Exp *applied_to_free(Compiler *c, Ref law, const uint32_t *free, uint32_t count) {
  const Exp *f = new_value(c, law);
  if (count == 0) return f;
  const Exp **args = arena_alloc(&c->s->arena, mem_mul(count, sizeof *args));
  for (uint32_t i = 0; i < count; i++) args[i] = new_var(c, free[i]);
  return new_app(c, f, args, count);
}

static const Exp *ingest_lam(Compiler *c, Vars *env, Ast *x) {
  Function f = {.pin = x->pin, .tag = x->ref, .first = c->next, .self = c->next, .nargs = x->n};
  f.args = arena_alloc(&c->s->arena, mem_mul(x->n + 1u, sizeof *f.args));
  env = push_var(c, env, new_var(c, c->next++));
  for (uint32_t i = 0; i < x->n; i++) {
    f.args[i] = c->next++;
    env = push_var(c, env, new_var(c, f.args[i]));
  }
  uint32_t outer_next = c->next, count, *free;
  f.body = ingest(c, env, x->body);
  Ref law = f.body == NULL ? 0 : codegen_law(c->g, &f, c->next, &free, &count);
  c->next = outer_next;
  return law == 0 ? NULL : applied_to_free(c, law, free, count);
}

static const Exp *ingest_form(Compiler *c, Vars *env, Ast *x) {
  for (;;) {
    if (!ast_open(c->s, x)) return NULL;
    switch ((AstKind)x->kind) {
    case AST_VAR: return variable(c, env, x->n);
    case AST_CONST: return new_value(c, x->ref);
    case AST_GLOBAL: return global(c, x->ref);
    case AST_APP: return ingest_app(c, env, x);
    case AST_LAM: return ingest_lam(c, env, x);
    case AST_LET:
      if (!ingest_let(c, &env, x)) return NULL;
      break;
    case AST_REC:
      if (!ingest_rec(c, &env, x)) return NULL;
      break;
    case AST_MARK:
    case AST_NOUN: break;
    }
    x = x->body;
  }
}

static const Exp *ingest(Compiler *c, Vars *env, Ast *x) {
  if (!ast_deeper(c->s)) return NULL;
  const Exp *result = ingest_form(c, env, x);
  c->s->depth--;
  return result;
}

// --- values --------------------------------------------------------------------------------------
// The body of a function of one argument that is called with 0. A constant body needs no function.
static Ref run_closed(Compiler *c, const Exp *body) {
  if (body->kind == EXP_VALUE) return body->value;
  Machine *m = c->s->m;
  uint32_t arg = c->next + 1, count, *free;
  Ref zero = plan_nat(m, 0);
  Function f = {.tag = zero, .self = c->next, .nargs = 1, .args = &arg, .body = body};
  Ref law = codegen_law(c->g, &f, c->next + 2, &free, &count);
  return law == 0 ? 0 : plan_apply(m, law, &zero, 1);
}

Ref compile_value(Sire *s, Ast *x) {
  Ast *inlined = inline_marked(s, x);
  if (inlined == NULL) return 0;
  Compiler c = {s, codegen_new(s), 0};
  const Exp *body = ingest(&c, NULL, inlined);
  Ref value = body == NULL ? 0 : run_closed(&c, body);
  codegen_free(c.g);
  return value;
}
