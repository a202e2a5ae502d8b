// Laws from functions: which ids are free, which need a binding, and the body's code.
#include "common/base/mem.h"
#include "sire/compiler/exp.h"
#include "sire/compiler/report.h"
#include <string.h>

// Step of a walk without recursion.
typedef struct Step {
  enum { STEP_WALK, STEP_COUNT, STEP_APPLY } what;
  const Exp *x;
  uint32_t id;
} Step;

// What is known of one id.
typedef struct Id {
  const Exp *bound; // NULL: an argument, or free
  uint32_t uses;
  uint32_t index; // in the law's environment
  bool seen;
} Id;

struct Codegen {
  Sire *s;
  Id *ids;
  size_t cap;      // of ids, all zero beyond those in use
  uint32_t *order; // ids in order of their first completed use
  size_t count, order_cap;
  Step *steps;
  size_t nsteps, steps_cap;
  Ref *values;
  size_t nvalues, values_cap;
};

Codegen *codegen_new(Sire *s) {
  Codegen *g = mem_zalloc(sizeof *g);
  g->s = s;
  return g;
}

void codegen_free(Codegen *g) {
  mem_free(g->ids);
  mem_free(g->order);
  mem_free(g->steps);
  mem_free(g->values);
  mem_free(g);
}

static Id *id_at(Codegen *g, uint32_t id) {
  size_t old = g->cap;
  mem_reserve(g->ids, g->cap, (size_t)id + 1);
  if (g->cap > old) memset(g->ids + old, 0, (g->cap - old) * sizeof *g->ids);
  return &g->ids[id];
}

void codegen_bind(Codegen *g, uint32_t id, const Exp *x) { id_at(g, id)->bound = x; }

static void push_step(Codegen *g, Step step) {
  mem_reserve(g->steps, g->steps_cap, g->nsteps + 1);
  g->steps[g->nsteps++] = step;
}

static void push_value(Codegen *g, Ref v) {
  mem_reserve(g->values, g->values_cap, g->nvalues + 1);
  g->values[g->nvalues++] = v;
}

// --- counting uses -------------------------------------------------------------------------------
static const Exp *bound_in(Codegen *g, const Function *f, uint32_t id) {
  return id >= f->first ? id_at(g, id)->bound : NULL;
}

static void count_use(Codegen *g, uint32_t id) {
  if (id_at(g, id)->uses++ > 0) return;
  mem_reserve(g->order, g->order_cap, g->count + 1);
  g->order[g->count++] = id;
}

static void forget_uses(Codegen *g) {
  for (size_t i = 0; i < g->count; i++) {
    Id *id = id_at(g, g->order[i]);
    id->uses = 0;
    id->seen = false;
  }
  g->count = 0;
}

// Function first, then arguments; what an id is bound to before the first count of that id.
static void count_uses(Codegen *g, const Function *f) {
  g->nsteps = 0;
  push_step(g, (Step){STEP_WALK, f->body, 0});
  while (g->nsteps > 0) {
    Step step = g->steps[--g->nsteps];
    const Exp *x = step.x;
    if (step.what == STEP_COUNT) {
      count_use(g, step.id);
    } else if (x->kind == EXP_APP) {
      for (uint32_t i = x->n; i-- > 0;) push_step(g, (Step){STEP_WALK, x->args[i], 0});
      push_step(g, (Step){STEP_WALK, x->f, 0});
    } else if (x->kind == EXP_VAR) {
      const Exp *bound = bound_in(g, f, x->id);
      push_step(g, (Step){STEP_COUNT, NULL, x->id});
      if (!id_at(g, x->id)->seen && bound != NULL) push_step(g, (Step){STEP_WALK, bound, 0});
      id_at(g, x->id)->seen = true;
    }
  }
}

// --- lifting -------------------------------------------------------------------------------------
static bool is_arg(const Function *f, uint32_t id) {
  for (uint32_t i = 0; i < f->nargs; i++)
    if (f->args[i] == id) return true;
  return false;
}

static uint32_t *free_ids(Codegen *g, const Function *f, uint32_t *count) {
  uint32_t *free = arena_alloc(&g->s->arena, mem_mul(g->count + 1, sizeof *free));
  *count = 0;
  for (size_t i = 0; i < g->count; i++) {
    uint32_t id = g->order[i];
    if (id != f->self && bound_in(g, f, id) == NULL && !is_arg(f, id)) free[(*count)++] = id;
  }
  return free;
}

static Exp *new_var(Sire *s, uint32_t id) {
  Exp *x = arena_alloc(&s->arena, sizeof *x);
  x->kind = EXP_VAR;
  x->id = id;
  return x;
}

// Free ids become arguments; the function as it was is the new one applied to them.
static void lift(Codegen *g, Function *f, uint32_t self, const uint32_t *free, uint32_t count) {
  Sire *s = g->s;
  uint32_t *args = arena_alloc(&s->arena, mem_mul((size_t)count + f->nargs, sizeof *args));
  memcpy(args, free, count * sizeof *args);
  if (f->nargs > 0) memcpy(args + count, f->args, f->nargs * sizeof *args);
  Exp *again = arena_alloc(&s->arena, sizeof *again);
  *again = (Exp){.kind = EXP_APP, .n = count, .f = new_var(s, self)};
  again->args = arena_alloc(&s->arena, mem_mul(count, sizeof *again->args));
  for (uint32_t i = 0; i < count; i++) again->args[i] = new_var(s, free[i]);
  codegen_bind(g, f->self, again);
  f->self = self;
  f->args = args;
  f->nargs += count;
}

// --- code ----------------------------------------------------------------------------------------
static bool head_is(Sire *s, Ref app, uint64_t opcode, size_t args) {
  uint64_t n;
  Ref head = plan_head(s->m, app);
  return plan_arg_count(s->m, app) == args && plan_kind(s->m, head) == KIND_NAT &&
         plan_nat_u64(s->m, head, &n) && n == opcode;
}

// Whether a constant in a law's body would be taken for code.
static bool is_code_shaped(Sire *s, Ref k, uint64_t last_variable) {
  uint64_t n;
  switch (plan_kind(s->m, k)) {
  case KIND_NAT: return plan_nat_u64(s->m, k, &n) && n <= last_variable;
  case KIND_APP: return head_is(s, k, 0, 2) || head_is(s, k, 1, 2) || head_is(s, k, 2, 1);
  default: return false;
  }
}

static Ref form(Sire *s, uint64_t opcode, Ref a, Ref b) {
  return plan_apply(s->m, plan_nat(s->m, opcode), (Ref[]){a, b}, b == 0 ? 1 : 2);
}

static bool gen_value(Codegen *g, Ref k, uint64_t last_variable) {
  RefMark mark = refs_mark(g->s->m);
  if (!sire_whnf(g->s, k, "a constant")) return false;
  bool quote = is_code_shaped(g->s, k, last_variable);
  refs_release(g->s->m, mark);
  push_value(g, quote ? form(g->s, 2, k, 0) : k);
  return true;
}

static void gen_app(Codegen *g, const Exp *x) {
  for (uint32_t i = x->n; i-- > 0;) {
    push_step(g, (Step){STEP_APPLY, NULL, 0});
    push_step(g, (Step){STEP_WALK, x->args[i], 0});
  }
  push_step(g, (Step){STEP_WALK, x->f, 0});
}

// The code of x; 0 after an error.
static Ref gen(Codegen *g, const Function *f, const Exp *x, uint64_t last_variable) {
  g->nsteps = g->nvalues = 0;
  push_step(g, (Step){STEP_WALK, x, 0});
  while (g->nsteps > 0) {
    Step step = g->steps[--g->nsteps];
    if (step.what == STEP_APPLY) {
      Ref arg = g->values[--g->nvalues];
      g->values[g->nvalues - 1] = form(g->s, 0, g->values[g->nvalues - 1], arg);
    } else if (step.x->kind == EXP_APP) {
      gen_app(g, step.x);
    } else if (step.x->kind == EXP_VALUE) {
      if (!gen_value(g, step.x->value, last_variable)) return 0;
    } else {
      const Id *id = id_at(g, step.x->id);
      const Exp *bound = bound_in(g, f, step.x->id);
      if (id->uses == 1 && bound != NULL)
        push_step(g, (Step){STEP_WALK, bound, 0});
      else
        push_value(g, plan_nat(g->s->m, id->index));
    }
  }
  return g->values[0];
}

static bool needs_binding(Codegen *g, const Function *f, uint32_t id) {
  return bound_in(g, f, id) != NULL && id_at(g, id)->uses > 1;
}

// Numbers the variables of the law; returns the last number.
static uint64_t number_variables(Codegen *g, const Function *f) {
  uint32_t last = f->nargs;
  id_at(g, f->self)->index = 0;
  for (uint32_t i = 0; i < f->nargs; i++) id_at(g, f->args[i])->index = i + 1;
  for (size_t i = 0; i < g->count; i++)
    if (needs_binding(g, f, g->order[i])) id_at(g, g->order[i])->index = ++last;
  return last;
}

static Ref gen_body(Codegen *g, const Function *f) {
  uint64_t last = number_variables(g, f);
  Ref body = gen(g, f, f->body, last);
  for (size_t i = g->count; body != 0 && i-- > 0;) {
    if (!needs_binding(g, f, g->order[i])) continue;
    Ref value = gen(g, f, id_at(g, g->order[i])->bound, last);
    body = value == 0 ? 0 : form(g->s, 1, value, body);
  }
  return body;
}

// A law without arguments is a crash, but one that counts only when the law is used.
static Ref make_law(Codegen *g, const Function *f, Ref body) {
  Machine *m = g->s->m;
  Ref arity = plan_nat(m, f->nargs);
  if (f->nargs == 0) {
    Ref law = plan_apply(m, plan_nat(m, 0), (Ref[]){f->tag, arity, body}, 3);
    return f->pin ? plan_apply(m, plan_nat(m, 4), &law, 1) : law;
  }
  if (!sire_force(g->s, body, "a constant in a function")) return 0;
  Ref law = plan_law(m, f->tag, arity, body);
  return f->pin ? plan_pin(m, law) : law;
}

static void forget_bindings(Codegen *g, uint32_t first, size_t end) {
  if (end > g->cap) end = g->cap;
  if (end > first) memset(g->ids + first, 0, (end - first) * sizeof *g->ids);
}

Ref codegen_law(Codegen *g, Function *f, uint32_t next, uint32_t **free, uint32_t *count) {
  count_uses(g, f);
  *free = free_ids(g, f, count);
  if (*count > 0) {
    forget_uses(g);
    lift(g, f, next, *free, *count);
    count_uses(g, f);
  }
  Ref body = gen_body(g, f);
  Ref law = body == 0 ? 0 : make_law(g, f, body);
  forget_uses(g);
  forget_bindings(g, f->first, (size_t)next + 1);
  return law;
}
