#include "common/plan/strict.h"
#include "common/base/mem.h"
#include "common/plan/body.h"
#include "common/plan/inline.h"
#include <string.h>

#define ARGS_MAX 16    // a call of more is not looked into
#define DEPTH_MAX 60   // of expressions
#define LAWS_MAX 6     // laws looked into at once
#define NODES_MAX 3000 // expressions looked at for one question
#define LETS_MAX 64
#define ARGUMENT_MAX 14 // the greatest argument that an order can name

// How the evaluation of an expression goes on behind the arguments that it evaluates first.
typedef enum End {
  END_DONE, // to its value, with operators that cannot fail
  END_REST, // with anything
  END_ANY,  // it has no value: what follows may be thought of as one likes
} End;

typedef struct Order {
  uint8_t at[STRICT_MOST]; // numbers of arguments, from 1
  uint8_t n;
  End end;
} Order;

typedef struct Look {
  Machine *m;
  struct Look *outer; // the law whose body calls this one
  int level;
  int *budget;
  bool guessed; // something was not looked at, because it is being looked at or there is too much of it
  Value law;
  uint64_t arity, last_slot;
  Value lets[LETS_MAX];
  bool busy[LETS_MAX];
  Order self; // what is known so far of this law
} Look;

static const Order nothing = {.end = END_DONE}, unknown = {.end = END_REST};

static void add(Order *o, uint64_t argument) {
  for (size_t i = 0; i < o->n; i++)
    if (o->at[i] == argument) return;
  if (o->n == STRICT_MOST || argument > ARGUMENT_MAX)
    o->end = END_REST;
  else
    o->at[o->n++] = (uint8_t)argument;
}

// o, which is done, then t.
static void then(Order *o, const Order *t) {
  for (size_t i = 0; i < t->n && o->end == END_DONE; i++) add(o, t->at[i]);
  if (o->end == END_DONE) o->end = t->end;
}

// What a choice between the two certainly begins with.
static Order common(const Order *a, const Order *b) {
  Order out = unknown;
  while (out.n < a->n && out.n < b->n && a->at[out.n] == b->at[out.n]) {
    out.at[out.n] = a->at[out.n];
    out.n++;
  }
  if (a->end == END_ANY && out.n == a->n) return *b;
  if (b->end == END_ANY && out.n == b->n) return *a;
  if (a->end == END_DONE && b->end == END_DONE && out.n == a->n && out.n == b->n) out.end = END_DONE;
  return out;
}

static Order look(Look *l, Value e, int depth);

static Order look_slot(Look *l, uint64_t slot, int depth) {
  Order o = nothing;
  if (slot == 0) return o;
  if (slot <= l->arity) {
    add(&o, slot);
    return o;
  }
  size_t let = slot - l->arity - 1;
  if (l->busy[let]) return unknown;
  l->busy[let] = true;
  o = look(l, l->lets[let], depth + 1);
  l->busy[let] = false;
  return o;
}

// The arguments that `which` names, in that order.
static Order look_arguments(Look *l, const Value *args, StrictOrder which, int depth) {
  Order o = nothing;
  size_t argument;
  for (size_t i = 0; (argument = strict_argument(which, i)) && o.end == END_DONE; i++) {
    Order t = look(l, args[argument - 1], depth + 1);
    then(&o, &t);
  }
  return o;
}

static Order look_branches(Look *l, const Value *args, int depth) {
  Order o = look(l, args[0], depth + 1);
  if (o.end != END_DONE) return o;
  Order yes = look(l, args[1], depth + 1), no = look(l, args[2], depth + 1);
  Order both = common(&yes, &no);
  then(&o, &both);
  return o;
}

// Certainly a nat, once evaluated: a constant, or what an operator makes.
static bool is_nat_expression(Look *l, Value e) {
  Value f, arg;
  size_t n = 0;
  BodyForm form;
  for (; (form = body_form(e, l->last_slot, &f, &arg)) == BODY_CALL; e = f) n++;
  if (form == BODY_SLOT || val_is_lazy(f)) return false;
  return n == 0 ? val_kind(f) == KIND_NAT : inline_is_operator(inline_call(l->m, f, n));
}

// Whether an operator cannot fail on the values of these. Comparing may evaluate parts of them, but not when
// one is a nat.
static bool cannot_fail(Look *l, const Inline *in, const Value *args) {
  if (!inline_is_operator(in)) return false;
  return in->form != INLINE_COMPARE || is_nat_expression(l, args[0]) || is_nat_expression(l, args[1]);
}

static Order look_jet(Look *l, const JetDef *def, const Value *args, int depth) {
  const Inline *in = inline_of(def);
  Order o;
  if (in && (in->form == INLINE_IF || in->form == INLINE_IFZ)) return look_branches(l, args, depth);
  o = look_arguments(l, args, strict_order_of_jet(def), depth);
  if (o.end != END_DONE || cannot_fail(l, in, args)) return o;
  if (in && in->form == INLINE_SEQ) {
    Order second = look(l, args[1], depth + 1);
    then(&o, &second);
    return o;
  }
  o.end = END_REST;
  return o;
}

static StrictOrder pack(const Order *o) {
  StrictOrder order = 0;
  for (size_t i = 0; i < o->n; i++) order |= (StrictOrder)o->at[i] << 4 * i;
  return order;
}

static bool order_of(Look *outer, Machine *m, Value law, int *budget, StrictOrder *order);

// A call of a law, by itself or its pin, with at least its arguments.
static Order look_law(Look *l, Value law, const Value *args, size_t n, int depth) {
  StrictOrder order;
  uint64_t arity = val_obj(law)[LAW_ARITY];
  if (!order_of(l, l->m, law, l->budget, &order)) {
    l->guessed = true;
    return unknown;
  }
  Order o = look_arguments(l, args, order, depth);
  if (o.end == END_DONE || n > arity) o.end = o.end == END_ANY ? END_ANY : END_REST;
  return o;
}

// A law called by itself: by what is known of it so far.
static Order look_self(Look *l, const Value *args, size_t n, int depth) {
  Order o = look_arguments(l, args, pack(&l->self), depth);
  if (o.end == END_DONE) o.end = l->self.end == END_ANY && n == l->arity ? END_ANY : END_REST;
  return o;
}

static Order look_call(Look *l, BodyForm form, Value head, const Value *args, size_t n, int depth);

static size_t turn(Value *args, size_t n) {
  for (size_t i = 0; i < n / 2; i++) {
    Value t = args[i];
    args[i] = args[n - 1 - i];
    args[n - 1 - i] = t;
  }
  return n;
}

// A call of a binding. If that is nothing but a call of something known that lacks arguments, the two are
// one.
static Order look_call_of_let(Look *l, uint64_t slot, const Value *args, size_t n, int depth) {
  Value all[ARGS_MAX], f, arg;
  size_t before = 0;
  BodyForm form;
  for (Value e = l->lets[slot - l->arity - 1];
       (form = body_form(e, l->last_slot, &f, &arg)) == BODY_CALL && before + n < ARGS_MAX; e = f)
    all[before++] = arg;
  uint64_t arity = form == BODY_SLOT && f == 0             ? l->arity
                   : form == BODY_CONST && !val_is_lazy(f) ? value_arity_u64(l->m, f)
                                                           : 0;
  if (before < arity && form != BODY_CALL) {
    memcpy(all + turn(all, before), args, n * sizeof *args);
    return look_call(l, form, f, all, before + n, depth + 1);
  }
  Order o = look_slot(l, slot, depth);
  if (o.end == END_DONE) o.end = END_REST;
  return o;
}

static Order look_call(Look *l, BodyForm form, Value head, const Value *args, size_t n, int depth) {
  if (form == BODY_SLOT && head == 0)
    return n == l->arity ? look_self(l, args, n, depth) : n < l->arity ? nothing : unknown;
  if (form == BODY_SLOT && head > l->arity) return look_call_of_let(l, head, args, n, depth);
  if (form == BODY_SLOT) {
    Order o = look_slot(l, head, depth);
    if (o.end == END_DONE) o.end = END_REST;
    return o;
  }
  if (val_is_lazy(head)) return unknown;
  if (n < value_arity_u64(l->m, head)) return nothing;
  if (head == 3 && n == 1) return look_arguments(l, args, 1, depth);
  if (val_is_small(head)) return unknown;
  const JetDef *def = inline_jet(l->m, head, n);
  if (def) return look_jet(l, def, args, depth);
  Value law = val_kind(head) == KIND_PIN ? val_obj(head)[PIN_ITEM] : head;
  if (val_is_small(law) || val_kind(law) != KIND_LAW || n < value_arity_u64(l->m, law)) return unknown;
  return look_law(l, law, args, n, depth);
}

static Order look(Look *l, Value e, int depth) {
  Value args[ARGS_MAX], f, arg;
  size_t n = 0;
  BodyForm form;
  if (depth > DEPTH_MAX || --*l->budget < 0) {
    l->guessed = true;
    return unknown;
  }
  while ((form = body_form(e, l->last_slot, &f, &arg)) == BODY_CALL) {
    if (n == ARGS_MAX) return unknown;
    args[n++] = arg;
    e = f;
  }
  turn(args, n);
  if (n > 0) return look_call(l, form, f, args, n, depth);
  return form == BODY_SLOT ? look_slot(l, f, depth) : nothing;
}

// Begins with a call of the law by itself having no value, and takes what comes out for the next look until
// nothing changes: every look can only shorten it.
static Order look_body(Look *l) {
  Value body = val_obj(l->law)[LAW_BODY], v, rest;
  size_t lets = 0;
  for (rest = body; body_binding(rest, &v, &rest);) {
    if (lets == LETS_MAX) return unknown;
    l->lets[lets++] = v;
  }
  if (body_names_ahead(body, l->arity + 1)) return unknown;
  l->last_slot = l->arity + lets;
  l->self = (Order){.end = END_ANY};
  for (int i = 0; i <= STRICT_MOST + 1; i++) {
    Order o = look(l, rest, 0);
    bool same = o.n == l->self.n && memcmp(o.at, l->self.at, o.n) == 0 && i > 0;
    if (o.end != END_ANY) o.end = END_REST;
    if (same) return o;
    l->self = o;
  }
  return unknown;
}

// --- kept in LAW_CODE: calls in the lowest bits, then KNOWN, then the order ----------------------------
#define KNOWN 8u
static_assert(4 + 4 * STRICT_MOST == 32 && STRICT_CALLS < KNOWN, "fits below CODE_FAILED");

static bool kept(Value law, StrictOrder *order) {
  uint64_t word = law_code_word(law);
  if (word > CODE_FAILED)
    *order = (StrictOrder)code_at(word)[CODE_ORDER];
  else if (word != CODE_FAILED && (word & KNOWN))
    *order = (StrictOrder)(word >> 4);
  else
    return false;
  return true;
}

// Machines may share a law: the first to keep something is right.
static StrictOrder keep(Value law, StrictOrder order) {
  uint64_t *at = &val_obj(law)[LAW_CODE], word = law_code_word(law);
  while (word < CODE_FAILED && !(word & KNOWN))
    if (__atomic_compare_exchange_n(at, &word, (word & STRICT_CALLS) | KNOWN | (uint64_t)order << 4, false,
                                    __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
      return order;
  return kept(law, &order) ? order : 0;
}

static bool is_being_looked_at(const Look *l, Value law) {
  for (; l; l = l->outer)
    if (l->law == law) return true;
  return false;
}

static bool order_of(Look *outer, Machine *m, Value law, int *budget, StrictOrder *order) {
  if (kept(law, order)) return true;
  uint64_t arity = val_obj(law)[LAW_ARITY];
  if (!val_is_small(arity) || law_code_word(law) == CODE_FAILED) return false;
  int level = outer ? outer->level + 1 : 0;
  if (level == LAWS_MAX || is_being_looked_at(outer, law)) return false;
  Look *l = mem_alloc(sizeof *l);
  *l = (Look){.m = m, .outer = outer, .level = level, .budget = budget, .law = law, .arity = arity};
  Order o = look_body(l);
  bool sure = !l->guessed && m->stop == RUN_DONE;
  mem_free(l);
  *order = pack(&o);
  if (sure) *order = keep(law, *order);
  return sure;
}

bool strict_order(Machine *m, Value law, StrictOrder *order) {
  int budget = NODES_MAX;
  return order_of(NULL, m, law, &budget, order);
}

StrictOrder strict_order_final(Machine *m, Value law) {
  StrictOrder order = 0;
  return strict_order(m, law, &order) ? order : keep(law, order);
}
