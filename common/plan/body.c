#include "common/plan/body.h"
#include "common/plan/frame.h"
#include <string.h>

static const uint64_t *app_of_nat(Value e, uint64_t nat, uint32_t args) {
  if (val_is_small(e)) return NULL;
  const uint64_t *o = val_obj(e);
  return obj_kind(o) == KIND_APP && app_args(o) == args && o[1] == nat ? o : NULL;
}

BodyForm body_form(Value e, uint64_t last_slot, Value *a, Value *b) {
  *a = e;
  if (val_is_small(e)) return e <= last_slot ? BODY_SLOT : BODY_CONST;
  const uint64_t *o = app_of_nat(e, 0, 2);
  if (o) {
    *a = o[2];
    *b = o[3];
    return BODY_CALL;
  }
  o = app_of_nat(e, 2, 1);
  if (o) *a = o[2];
  return BODY_CONST;
}

bool body_binding(Value body, Value *v, Value *rest) {
  const uint64_t *o = app_of_nat(body, 1, 2);
  if (!o) return false;
  *v = o[2];
  *rest = o[3];
  return true;
}

bool body_names_ahead(Value body, uint64_t own) {
  uint64_t last_slot = own - 1;
  Value v, rest, a, b;
  for (rest = body; body_binding(rest, &v, &rest);) last_slot++;
  for (; body_binding(body, &v, &body); own++)
    if (body_form(v, last_slot, &a, &b) == BODY_SLOT && a >= own) return true;
  return false;
}

#define SEARCH_PENDING 64
#define SEARCH_NODES 2000

bool body_names_itself(Value body, uint64_t arity) {
  Value todo[SEARCH_PENDING], e, f, arg;
  size_t count = 0, nodes = 0;
  uint64_t last_slot = arity;
  for (f = body; body_binding(f, &e, &f);) last_slot++;
  for (; body_binding(body, &e, &body); count++) {
    if (count == SEARCH_PENDING) return true;
    todo[count] = e;
  }
  for (e = body;; e = todo[--count]) {
    for (; body_form(e, last_slot, &f, &arg) == BODY_CALL; e = f) {
      if (count == SEARCH_PENDING || ++nodes > SEARCH_NODES) return true;
      todo[count++] = arg;
    }
    if (e == 0) return true;
    if (count == 0) return false;
  }
}

// An argument or binding as a value: slots and constants as they are, calls suspended. Room for an
// EXPR object must have been made.
static Value suspend(Machine *m, Value env, Value e) {
  const uint64_t *slots = val_obj(env);
  Value a, b;
  switch (body_form(e, obj_count(slots) - 1, &a, &b)) {
  case BODY_SLOT: return val_deref(slots[1 + a]);
  case BODY_CONST: return a;
  case BODY_CALL: break;
  }
  uint64_t *o = heap_alloc(m, obj_header(KIND_EXPR, 0, 0), 2);
  o[1] = env;
  o[2] = e;
  return obj_lazy(o);
}

#define EXPR_WORDS 3

static Value walk_spine(Machine *m, Value env, Value e, size_t *nargs) {
  uint64_t last = obj_count(val_obj(env)) - 1;
  size_t n = 0;
  Value f = e, arg, head = e;
  while (body_form(f, last, &head, &arg) == BODY_CALL) {
    f = head;
    n++;
  }
  *nargs = n;
  heap_charge_done(m, n);
  if (n > 0) {
    if (!stack_room(m, n + 2)) return 0;
    stack_push(m, env);
    stack_push(m, e);
    heap_need(m, n * EXPR_WORDS);
    f = stack_pop(m);
    env = stack_pop(m);
    m->sp += n;
    for (Value *at = m->sp - 1; body_form(f, last, &head, &arg) == BODY_CALL; f = head)
      *at-- = suspend(m, env, arg);
  }
  if (body_form(f, last, &head, &arg) == BODY_SLOT) head = val_deref(val_obj(env)[1 + head]);
  if (head > OPCODE_LAST && val_is_small(head) && n > 0) m->dying = val_obj(env)[1];
  return head;
}

// A binding may name any other, itself included: slot references are suspended too, so that a chain of
// them that never reaches a value is found as a loop.
static Value suspend_binding(Machine *m, Value env, Value e) {
  Value a, b;
  if (body_form(e, obj_count(val_obj(env)) - 1, &a, &b) == BODY_CONST) return a;
  uint64_t *o = heap_alloc(m, obj_header(KIND_EXPR, 0, 0), 2);
  o[1] = env;
  o[2] = e;
  return obj_lazy(o);
}

Value body_enter_law(Machine *m, Value self, Value law, size_t n, size_t *nargs) {
  Value body = val_obj(law)[LAW_BODY], v, rest;
  size_t lets = 0;
  for (rest = body; body_binding(rest, &v, &rest);) lets++;
  size_t slots = 1 + n + lets;
  if (m->trials > 0 && body_names_ahead(body, n + 1)) m->stop = RUN_LOOP;
  if (m->stop != RUN_DONE) return 0;
  heap_charge_done(m, slots);
  if (!stack_room(m, 4) || (slots > HEAP_LARGE && !heap_fits(m, slots + lets * EXPR_WORDS))) return 0;

  Value *args = m->sp - n;
  stack_push(m, self);
  stack_push(m, body);
  uint64_t *env = heap_alloc(m, obj_header(KIND_ENV, 0, slots), slots);
  memset(env + 1, 0, slots * 8);
  env[1] = args[n];
  memcpy(env + 2, args, n * 8);
  stack_push(m, obj_val(env));
  if (lets) heap_need(m, lets * EXPR_WORDS);
  env = val_obj(args[n + 2]);
  body = args[n + 1];
  for (size_t i = 0; body_binding(body, &v, &rest); i++, body = rest)
    heap_write(m, env, 2 + n + i, suspend_binding(m, obj_val(env), v));
  m->sp = args;
  return walk_spine(m, obj_val(env), body, nargs);
}

Value body_enter_expr(Machine *m, Value env, Value e, size_t *nargs) { return walk_spine(m, env, e, nargs); }
