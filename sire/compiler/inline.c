#include "sire/compiler/inline.h"
#include "common/base/mem.h"
#include "sire/compiler/report.h"

typedef struct Slot Slot;
typedef struct Arg Arg;
typedef struct ArgList ArgList;

// What is known about an expression as a function that lacks `need` arguments.
typedef struct Potential {
  Ast *lam; // as written
  bool marked;
  uint32_t deep; // depth where lam stands
  uint32_t need;
  ArgList *args; // so far, the latest first
} Potential;

struct Slot {
  const Potential *potential; // NULL: nothing known
  Slot *outer;
  uint32_t depth; // slots down to here, this one included
};

// An argument, inlined when first asked for, in the environment it was written in. Without slots there
// it is closed, and the same at every depth; so is the code of bindings, which begins without slots.
struct Arg {
  Ast *raw, *done;
  Slot *env;
};

struct ArgList {
  Arg *arg;
  ArgList *next;
};

// A result not built yet: head, inlined in env when it is a lam, let or rec, then the arguments.
typedef struct Result {
  Ast *head; // NULL: failed
  Slot *env;
  ArgList *inner;   // let, rec: arguments waiting for the body
  ArgList *applied; // the latest first
  const Potential *potential;
} Result;

static const Result failed;

static Result inl(Sire *s, Slot *env, ArgList *pend, Ast *e);
static Ast *build(Sire *s, Result r);

static uint32_t depth_of(const Slot *env) { return env == NULL ? 0 : env->depth; }

static Slot *push_slot(Sire *s, Slot *env, const Potential *p) {
  Slot *slot = arena_alloc(&s->arena, sizeof *slot);
  *slot = (Slot){p, env, depth_of(env) + 1};
  return slot;
}

static Slot *push_slots(Sire *s, Slot *env, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) env = push_slot(s, env, NULL);
  return env;
}

static ArgList *push_arg(Sire *s, ArgList *list, Arg *arg) {
  ArgList *node = arena_alloc(&s->arena, sizeof *node);
  *node = (ArgList){arg, list};
  return node;
}

// The argument for use at a depth.
static Ast *arg_at(Sire *s, Arg *a, uint32_t depth) {
  if (a->done == NULL) a->done = build(s, inl(s, a->env, NULL, a->raw));
  Ast *x = a->done;
  if (x == NULL || a->env == NULL) return x;
  return ast_shift(s, x, 0, (int64_t)depth - depth_of(a->env));
}

// --- building results ----------------------------------------------------------------------------
static Ast *build_lam(Sire *s, const Result *r) {
  Ast *lam = arena_alloc(&s->arena, sizeof *lam);
  *lam = *r->head;
  Slot *env = push_slots(s, r->env, 1 + lam->n);
  lam->body = build(s, inl(s, env, NULL, r->head->body));
  return lam->body == NULL ? NULL : lam;
}

static Ast *build_let(Sire *s, const Result *r) {
  Result value = inl(s, r->env, NULL, r->head->list[0]);
  Ast *v = build(s, value);
  if (v == NULL) return NULL;
  Slot *env = push_slot(s, r->env, value.potential);
  Ast *body = build(s, inl(s, env, r->inner, r->head->body));
  return body == NULL ? NULL : ast_let(s, v, body);
}

static Ast *build_rec(Sire *s, const Result *r) {
  uint32_t n = r->head->n;
  Slot *env = push_slots(s, r->env, n);
  Ast **values = arena_alloc(&s->arena, mem_mul(n + 1u, sizeof *values));
  for (uint32_t i = 0; i < n; i++)
    if ((values[i] = build(s, inl(s, env, NULL, r->head->list[i]))) == NULL) return NULL;
  Ast *body = build(s, inl(s, env, r->inner, r->head->body));
  return body == NULL ? NULL : ast_rec(s, values, n, body);
}

static Ast *build_args(Sire *s, const Result *r, Ast *head) {
  uint32_t n = 0;
  for (const ArgList *a = r->applied; a != NULL; a = a->next) n++;
  Ast **args = arena_alloc(&s->arena, mem_mul(n + 1u, sizeof *args));
  uint32_t i = n;
  for (const ArgList *a = r->applied; a != NULL; a = a->next)
    if ((args[--i] = arg_at(s, a->arg, depth_of(r->env))) == NULL) return NULL;
  return ast_app(s, head, args, n);
}

static Ast *build(Sire *s, Result r) {
  Ast *head = r.head;
  if (head == NULL || !ast_deeper(s)) return NULL;
  switch ((AstKind)head->kind) {
  case AST_LAM: head = build_lam(s, &r); break;
  case AST_LET: head = build_let(s, &r); break;
  case AST_REC: head = build_rec(s, &r); break;
  default: break;
  }
  if (head != NULL && r.applied != NULL) head = build_args(s, &r, head);
  s->depth--;
  return head;
}

// --- potentials ----------------------------------------------------------------------------------
static const Potential *lam_potential(Sire *s, Slot *env, Ast *lam) {
  if (lam->recr) return NULL;
  Potential *p = arena_alloc(&s->arena, sizeof *p);
  *p = (Potential){lam, lam->mark, depth_of(env), lam->n, NULL};
  return p;
}

static const Potential *marked(Sire *s, const Potential *p) {
  if (p == NULL || p->marked) return p;
  Potential *q = arena_alloc(&s->arena, sizeof *q);
  *q = *p;
  q->marked = true;
  return q;
}

static const Potential *with_arg(Sire *s, const Potential *p, Arg *arg) {
  if (p == NULL || p->need == 0) return NULL;
  Potential *q = arena_alloc(&s->arena, sizeof *q);
  *q = *p;
  q->need--;
  q->args = push_arg(s, p->args, arg);
  return q;
}

static bool global_potential(Sire *s, Ast *global, const Potential **p) {
  Ref code = binding_field(s, global->ref, BIND_CODE);
  if (code == 0) return sire_fail(s, NULL, "the code of a binding made by a macro names what is no binding");
  Result r = inl(s, NULL, NULL, ast_noun(s, code));
  *p = r.potential;
  return r.head != NULL;
}

// The lets that stand for a call with all arguments: slot n of them is at depth + n.
static Ast *expand(Sire *s, const Potential *p, uint32_t depth) {
  uint32_t n = 0;
  for (const ArgList *a = p->args; a != NULL; a = a->next) n++;
  Ast *x = p->lam->body;
  if (p->deep > 0) x = ast_shift(s, x, 1 + p->lam->n, (int64_t)depth - p->deep);
  for (const ArgList *a = p->args; a != NULL && x != NULL; a = a->next) {
    Ast *value = arg_at(s, a->arg, depth + n--);
    x = value == NULL ? NULL : ast_let(s, value, x);
  }
  return x == NULL ? NULL : ast_let(s, ast_const(s, plan_nat(s->m, 0)), x);
}

// --- the pass ------------------------------------------------------------------------------------
static bool slot_potential(Sire *s, const Slot *env, uint32_t position, const Potential **p) {
  for (; env != NULL; env = env->outer, position--) {
    if (position > 0) continue;
    *p = env->potential;
    return true;
  }
  return sire_fail(s, NULL,
                   "the code of a binding made by a macro refers to a variable that it does "
                   "not bind");
}

// What REAPPLY starts from for a head that is no application. *done: it has no potential and takes
// the waiting arguments into its body.
static bool head_result(Sire *s, Slot *env, ArgList *pend, Ast *e, Result *r, bool *done) {
  *r = (Result){.head = e, .env = env};
  *done = false;
  switch ((AstKind)e->kind) {
  case AST_VAR: return slot_potential(s, env, e->n, &r->potential);
  case AST_GLOBAL: return global_potential(s, e, &r->potential);
  case AST_LAM: r->potential = lam_potential(s, env, e); return true;
  case AST_MARK:
    *r = inl(s, env, NULL, e->body);
    r->potential = marked(s, r->potential);
    return r->head != NULL;
  case AST_LET:
  case AST_REC:
    r->inner = pend;
    *done = true;
    return true;
  default: return true;
  }
}

static ArgList *push_args(Sire *s, Slot *env, ArgList *pend, const Ast *app) {
  for (uint32_t i = app->n; i-- > 0;) {
    Arg *arg = arena_alloc(&s->arena, sizeof *arg);
    *arg = (Arg){app->list[i], NULL, env};
    pend = push_arg(s, pend, arg);
  }
  return pend;
}

static Result inl_levels(Sire *s, Slot *env, ArgList *pend, Ast *e) {
  for (;;) {
    if (!ast_open(s, e)) return failed;
    if (e->kind == AST_APP) {
      pend = push_args(s, env, pend, e);
      e = e->body;
      continue;
    }
    Result r;
    bool done;
    if (!head_result(s, env, pend, e, &r, &done)) return failed;
    if (done) return r;
    for (;;) {
      const Potential *p = r.potential;
      if (p != NULL && p->need == 0 && p->marked) break;
      if (pend == NULL) return r;
      r.applied = push_arg(s, r.applied, pend->arg);
      r.potential = with_arg(s, p, pend->arg);
      pend = pend->next;
    }
    if ((e = expand(s, r.potential, depth_of(env))) == NULL) return failed;
  }
}

static Result inl(Sire *s, Slot *env, ArgList *pend, Ast *e) {
  if (!ast_deeper(s)) return failed;
  Result r = inl_levels(s, env, pend, e);
  s->depth--;
  return r;
}

Ast *inline_marked(Sire *s, Ast *x) { return build(s, inl(s, NULL, NULL, x)); }
