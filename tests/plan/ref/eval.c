// Evaluation, a line of spec/plan.md at a time.
#include "common/base/mem.h"
#include "tests/plan/ref/term.h"
#include <setjmp.h>

#define DEPTH_MOST 4000

struct TermEnv {
  uint64_t count;
  Term *slot[];
};

typedef struct Eval {
  World *w;
  jmp_buf out;
  TermResult result;
  uint64_t budget;
  unsigned depth;
  Term **args; // waiting for their function; the next one last
  size_t count, cap;
} Eval;

static _Noreturn void end(Eval *e, TermOutcome outcome) {
  e->result.outcome = outcome;
  longjmp(e->out, 1);
}

static _Noreturn void crash(Eval *e, Term *op, Term *arg) {
  e->result.op = op;
  e->result.arg = arg;
  end(e, TERM_CRASH);
}

static void step(Eval *e) {
  if (++e->result.steps > e->budget) end(e, TERM_BUDGET);
}

static void descend(Eval *e) {
  if (++e->depth > DEPTH_MOST) end(e, TERM_BUDGET);
}

static void push(Eval *e, Term *arg) {
  mem_reserve(e->args, e->cap, e->count + 1);
  e->args[e->count++] = arg;
}

static Term *pop(Eval *e) { return e->args[--e->count]; }

static Term *whnf(Eval *e, Term *t);
static Term *force(Eval *e, Term *t);

// --- law bodies ----------------------------------------------------------------------------------------
// t is the app (op a): a.
static Term *unary(Term *t, uint64_t op) {
  t = term_follow(t);
  return t->kind == TERM_APP && term_is_nat(t->sub[0], op) ? t->sub[1] : NULL;
}

// t is the app (op a b): a and b.
static bool binary(Term *t, uint64_t op, Term **a, Term **b) {
  t = term_follow(t);
  if (t->kind != TERM_APP || !(*a = unary(t->sub[0], op))) return false;
  *b = t->sub[1];
  return true;
}

// An expression that is no call: a slot or a constant.
static Term *atom(const TermEnv *env, Term *expr) {
  if (expr->kind == TERM_NAT && mpz_cmp_ui(expr->nat, env->count) < 0)
    return env->slot[mpz_get_ui(expr->nat)];
  Term *constant = unary(expr, 2);
  return constant ? constant : expr;
}

static Term *suspend(Eval *e, TermEnv *env, Term *expr) {
  Term *t = arena_alloc(&e->w->arena, sizeof *t);
  t->kind = TERM_SUSP;
  t->id = e->w->ids++;
  t->susp.env = env;
  t->susp.expr = expr;
  return t;
}

static Term *delay(Eval *e, TermEnv *env, Term *expr) {
  Term *f, *x;
  return binary(expr, 0, &f, &x) ? suspend(e, env, expr) : atom(env, expr);
}

// Pushes the arguments of an expression, returns its head.
static Term *enter(Eval *e, TermEnv *env, Term *expr) {
  for (Term *f, *x; binary(expr, 0, &f, &x); expr = f) push(e, delay(e, env, x));
  return atom(env, expr);
}

static Term *run_law(Eval *e, Term *self, Term *law) {
  uint64_t arity = mpz_get_ui(law->sub[1]->nat), slots = 1 + arity;
  Term *v, *rest, *body = law->sub[2];
  for (rest = body; binary(rest, 1, &v, &rest);) slots++;
  TermEnv *env = arena_alloc(&e->w->arena, sizeof *env + slots * sizeof *env->slot);
  env->count = slots;
  env->slot[0] = self;
  for (uint64_t i = 1; i <= arity; i++) env->slot[i] = pop(e);
  for (uint64_t i = arity + 1; binary(body, 1, &v, &rest); body = rest) env->slot[i++] = suspend(e, env, v);
  return enter(e, env, body);
}

// --- opcodes -------------------------------------------------------------------------------------------
static Term *as_nat(Eval *e, Term *t) {
  t = whnf(e, t);
  return t->kind == TERM_NAT ? t : term_nat(e->w, 0);
}

static Term *make_law(Eval *e) {
  Term *name = pop(e), *arity = pop(e), *body = pop(e);
  name = as_nat(e, name);
  arity = as_nat(e, arity);
  if (term_is_nat(arity, 0)) crash(e, term_nat(e->w, 0), term_nat(e->w, 0));
  return term_law(e->w, name, arity, force(e, body));
}

static Term *match(Eval *e) {
  Term *p = pop(e), *l = pop(e), *a = pop(e), *n = pop(e), *x = whnf(e, pop(e));
  switch (x->kind) {
  case TERM_PIN: push(e, x->sub[0]); return p;
  case TERM_LAW:
    for (int i = 2; i >= 0; i--) push(e, x->sub[i]);
    return l;
  case TERM_APP:
    push(e, x->sub[1]);
    push(e, x->sub[0]);
    return a;
  default: push(e, x); return n;
  }
}

static Term *nat_plus(Eval *e, Term *t, int by) {
  mpz_t z;
  mpz_init_set(z, t->nat);
  if (by > 0) {
    mpz_add_ui(z, z, 1);
  } else {
    mpz_sub_ui(z, z, 1);
  }
  Term *sum = term_nat_mpz(e->w, z);
  mpz_clear(z);
  return sum;
}

static Term *nat_case(Eval *e) {
  Term *z = pop(e), *p = pop(e), *k = as_nat(e, pop(e));
  if (term_is_nat(k, 0)) return z;
  push(e, nat_plus(e, k, -1));
  return p;
}

static Term *opcode(Eval *e, Term *op) {
  if (mpz_cmp_ui(op->nat, 4) > 0) crash(e, op, force(e, pop(e)));
  switch (mpz_get_ui(op->nat)) {
  case 0: return make_law(e);
  case 1: return match(e);
  case 2: return nat_case(e);
  case 3: return nat_plus(e, as_nat(e, pop(e)), 1);
  default: return term_pin(e->w, force(e, pop(e)));
  }
}

// --- application -----------------------------------------------------------------------------------------
// Calls f, one argument of which is missing and on top.
static Term *call(Eval *e, Term *f) {
  for (;;) {
    for (; f->kind == TERM_APP; f = term_follow(f->sub[0])) push(e, f->sub[1]);
    if (f->kind == TERM_LAW) return run_law(e, f, f);
    if (f->kind == TERM_NAT) return opcode(e, f);
    if (f->sub[0]->kind == TERM_LAW) return run_law(e, f, f->sub[0]);
    f = f->sub[0];
  }
}

// Applies f to the arguments above `base`, until there are none and f is a value.
static Term *apply(Eval *e, Term *f, size_t base) {
  for (;;) {
    step(e);
    f = whnf(e, f);
    if (e->count == base) return f;
    f = term_arity(f) > 1 ? term_app(e->w, f, pop(e)) : call(e, f);
  }
}

static Term *whnf(Eval *e, Term *t) {
  t = term_follow(t);
  if (term_is_value(t)) return t;
  if (t->kind == TERM_HOLE) end(e, TERM_LOOP);
  descend(e);
  size_t base = e->count;
  Term was = *t, *head;
  t->kind = TERM_HOLE;
  if (was.kind == TERM_CALL) {
    push(e, was.sub[1]);
    head = was.sub[0];
  } else {
    head = enter(e, was.susp.env, was.susp.expr);
  }
  head = apply(e, head, base);
  t->kind = TERM_IND;
  t->sub[0] = head;
  e->depth--;
  return head;
}

// A value whose parts are all normal says so, and what it holds is followed for good.
static Term *force(Eval *e, Term *t) {
  t = whnf(e, t);
  if (t->normal) return t;
  if (t->forcing) end(e, TERM_LOOP);
  descend(e);
  step(e);
  t->forcing = true;
  t->sub[0] = force(e, t->sub[0]);
  t->sub[1] = force(e, t->sub[1]);
  t->forcing = false;
  t->normal = true;
  e->depth--;
  return t;
}

// --- comparison ------------------------------------------------------------------------------------------
// Both to weak head normal form, a first; then by their parts from left to right, up to a difference.
static int compare(Eval *e, Term *a, Term *b) {
  step(e);
  descend(e);
  a = whnf(e, a);
  b = whnf(e, b);
  int order = 0;
  if (a->kind != b->kind) {
    order = a->kind < b->kind ? -1 : 1;
  } else if (a->kind == TERM_NAT) {
    order = mpz_cmp(a->nat, b->nat);
  } else {
    int parts = a->kind == TERM_PIN ? 1 : a->kind == TERM_LAW ? 3 : 2;
    for (int i = 0; i < parts && order == 0; i++) order = compare(e, a->sub[i], b->sub[i]);
  }
  e->depth--;
  return order;
}

// --- from outside ----------------------------------------------------------------------------------------
typedef Term *Task(Eval *e, Term *a, Term *b);

static Term *task_normal(Eval *e, Term *a, Term *b) { return force(e, a); }
static Term *task_whnf(Eval *e, Term *a, Term *b) { return whnf(e, a); }

static Term *task_cmp(Eval *e, Term *a, Term *b) {
  int order = compare(e, a, b);
  return term_nat(e->w, order < 0 ? 0 : order > 0 ? 2 : 1);
}

static TermResult run(World *w, Task *task, Term *a, Term *b, uint64_t budget) {
  Eval *e = mem_zalloc(sizeof *e);
  e->w = w;
  e->budget = budget;
  if (setjmp(e->out) == 0) {
    e->result.value = task(e, a, b);
    e->result.outcome = TERM_VALUE;
  }
  TermResult result = e->result;
  mem_free(e->args);
  mem_free(e);
  return result;
}

TermResult term_eval(World *w, Term *t, bool normal, uint64_t budget) {
  return run(w, normal ? task_normal : task_whnf, t, NULL, budget);
}

TermResult term_eval_cmp(World *w, Term *a, Term *b, uint64_t budget) {
  return run(w, task_cmp, a, b, budget);
}
