#include "tests/plan/gen.h"
#include "common/base/mem.h"

#define NODES_MOST 400
#define ARRAY(a) (sizeof(a) / sizeof *(a))

// --- randomness ------------------------------------------------------------------------------------
// splitmix64: every seed is a good one.
static uint64_t next(Gen *g) {
  uint64_t z = g->state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

Gen gen_new(World *w, uint64_t seed) { return (Gen){.w = w, .state = seed, .fuel = NODES_MOST}; }

uint64_t gen_below(Gen *g, uint64_t n) { return next(g) % n; }
bool gen_one_in(Gen *g, unsigned n) { return gen_below(g, n) == 0; }

static bool spend(Gen *g) { return g->fuel > 0 && g->fuel-- > 0; }

static Term *keep(Gen *g, Term *v) {
  g->values[g->value_count < ARRAY(g->values) ? g->value_count++ : gen_below(g, ARRAY(g->values))] = v;
  return v;
}

// --- nats --------------------------------------------------------------------------------------------
static Term *big_nat(Gen *g) {
  mpz_t z;
  mpz_init_set_ui(z, 1);
  mpz_mul_2exp(z, z, gen_below(g, gen_one_in(g, 8) ? 3000 : 200));
  if (gen_one_in(g, 2)) mpz_add_ui(z, z, next(g) >> gen_below(g, 64));
  if (gen_one_in(g, 3) && mpz_sgn(z)) mpz_sub_ui(z, z, 1);
  Term *t = term_nat_mpz(g->w, z);
  mpz_clear(z);
  return t;
}

static Term *gen_nat(Gen *g) {
  static const uint64_t edges[] = {255,        256,
                                   257,        65535,
                                   1ULL << 31, (1ULL << 62) - 1,
                                   1ULL << 62, (1ULL << 63) - 1,
                                   1ULL << 63, (1ULL << 63) + 1,
                                   UINT64_MAX};
  switch (gen_below(g, 16)) {
  case 0: return term_nat(g->w, edges[gen_below(g, ARRAY(edges))]);
  case 1: return big_nat(g);
  case 2: return term_nat(g->w, next(g) >> gen_below(g, 64));
  case 3: return term_nat(g->w, gen_below(g, 300));
  default: return term_nat(g->w, gen_below(g, 7));
  }
}

// --- data jets, and what is nearly one -------------------------------------------------------------
static size_t gen_values(Gen *g, unsigned depth, Term **out, size_t most) {
  size_t n = gen_below(g, gen_one_in(g, 12) ? most + 1 : 5);
  for (size_t i = 0; i < n; i++) out[i] = gen_value(g, depth);
  return n;
}

#define ROW_MOST 40

static Term *gen_row(Gen *g, unsigned depth) {
  Term *elems[ROW_MOST];
  size_t n = gen_values(g, depth, elems, ROW_MOST);
  return term_row(g->w, elems, n);
}

static Term *gen_bar(Gen *g) {
  uint8_t bytes[40];
  size_t n = gen_below(g, gen_one_in(g, 4) ? sizeof bytes + 1 : 9);
  for (size_t i = 0; i < n; i++) bytes[i] = gen_one_in(g, 3) ? 0 : (uint8_t)next(g);
  return term_bar(g->w, bytes, n);
}

// Ascending, without those that are equal: insertion sort.
static size_t sort_keys(Term **keys, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    size_t at = kept;
    int order = 1;
    while (at > 0 && term_cmp(keys[at - 1], keys[i], 1000, &order) && order > 0) at--;
    if (at > 0 && order == 0) continue;
    Term *key = keys[i];
    for (size_t k = kept; k > at; k--) keys[k] = keys[k - 1];
    keys[at] = key;
    kept++;
  }
  return kept;
}

// Now and then with keys out of order.
static Term *gen_keys(Gen *g, unsigned depth, size_t *n) {
  Term *keys[ROW_MOST];
  *n = gen_values(g, depth, keys, 12);
  if (!gen_one_in(g, 6)) *n = sort_keys(keys, *n);
  return term_row(g->w, keys, *n);
}

static Term *gen_tab(Gen *g, unsigned depth) {
  size_t n;
  Term *keys = gen_keys(g, depth, &n), *vals[ROW_MOST + 1];
  if (gen_one_in(g, 8)) n += gen_one_in(g, 2) || n == 0 ? 1 : (size_t)-1;
  for (size_t i = 0; i < n; i++) vals[i] = gen_value(g, depth);
  Term *row = gen_one_in(g, 10) ? gen_value(g, depth) : term_row(g->w, vals, n);
  if (!gen_one_in(g, 12)) return term_tab(g->w, keys, row);
  return term_app(g->w, term_pin(g->w, term_set(g->w, keys)), row);
}

static Term *near_jet(Gen *g, unsigned depth) {
  World *w = g->w;
  Term *name = term_nat(w, gen_below(g, 3)), *arity = term_nat(w, 1 + gen_below(g, 3));
  switch (gen_below(g, 4)) {
  case 0: return term_law(w, name, arity, gen_nat(g));
  case 1: return term_law(w, name, arity, gen_row(g, depth));
  case 2: return term_pin(w, term_cow(w, gen_below(g, 4)));
  default: { // a constructor with too few arguments, or behind a pin
    uint64_t n = 1 + gen_below(g, gen_one_in(g, 6) ? 40 : 4), some = gen_below(g, n);
    Term *t = term_cow(w, n);
    if (gen_one_in(g, 2)) {
      t = term_pin(w, t);
      some = n;
    }
    for (uint64_t i = 0; i < some; i++) t = term_app(w, t, gen_value(g, depth));
    return t;
  }
  }
}

static Term *gen_jet(Gen *g, unsigned depth) {
  size_t n;
  switch (gen_below(g, 8)) {
  case 0:
  case 1: return gen_row(g, depth);
  case 2: return gen_bar(g);
  case 3: return term_cow(g->w, gen_below(g, gen_one_in(g, 8) ? UINT64_MAX - 1 : 5));
  case 4: return term_set(g->w, gen_keys(g, depth, &n));
  case 5:
  case 6: return gen_tab(g, depth);
  default: return near_jet(g, depth);
  }
}

// --- values --------------------------------------------------------------------------------------------
// v applied to some of the arguments that it still wants.
static Term *undersaturate(Gen *g, Term *v, unsigned depth) {
  uint64_t room = term_arity(v) - 1;
  if (room == 0) return v;
  uint64_t most = gen_one_in(g, 20) ? 60 : 3, n = 1 + gen_below(g, room < most ? room : most);
  while (n-- > 0 && g->fuel > 0) v = term_app(g->w, v, gen_value(g, depth));
  return v;
}

Term *gen_value(Gen *g, unsigned depth) {
  if (depth == 0 || !spend(g)) return gen_nat(g);
  depth--;
  switch (gen_below(g, 12)) {
  case 0: return keep(g, gen_jet(g, depth));
  case 1: return keep(g, gen_law(g, depth));
  case 2: return keep(g, term_pin(g->w, gen_one_in(g, 3) ? gen_value(g, depth) : gen_law(g, depth)));
  case 3: return keep(g, undersaturate(g, gen_value(g, depth), depth));
  case 4: return keep(g, undersaturate(g, gen_law(g, depth), depth));
  case 5:
  case 6:
    if (g->value_count > 0) return g->values[gen_below(g, g->value_count)];
    return gen_jet(g, depth);
  default: return gen_nat(g);
  }
}

// --- bodies --------------------------------------------------------------------------------------------
typedef struct Body {
  uint64_t arity, last; // last: number of the last variable
} Body;

static Term *pair(Gen *g, uint64_t op, Term *a, Term *b) {
  return term_app(g->w, term_app(g->w, term_nat(g->w, op), a), b);
}

static Term *quote(Gen *g, Term *v) { return term_app(g->w, term_nat(g->w, 2), v); }

static Term *apply_all(Gen *g, Term *f, Term *const *args, size_t n) {
  for (size_t i = 0; i < n; i++) f = pair(g, 0, f, args[i]);
  return f;
}

static Term *gen_expr(Gen *g, Body b, unsigned depth);

static Term *some_law(Gen *g, unsigned depth) {
  if (g->library_count > 0 && !gen_one_in(g, 4)) return g->library[gen_below(g, g->library_count)];
  for (int tries = 0; tries < 8 && g->value_count > 0; tries++) {
    Term *v = g->values[gen_below(g, g->value_count)];
    if (v->kind == TERM_LAW || v->kind == TERM_PIN) return v;
  }
  return gen_law(g, depth);
}

static Term *gen_slot(Gen *g, Body b) {
  return term_nat(g->w, gen_one_in(g, 10) ? gen_below(g, b.last + 3) : gen_below(g, b.last + 1));
}

// A call of something with as many arguments as it wants, now and then one more or less.
static Term *expr_call(Gen *g, Body b, unsigned depth) {
  Term *f, *args[10];
  uint64_t want;
  if (g->library_count > 0 && gen_one_in(g, 2)) {
    f = quote(g, some_law(g, depth));
    want = term_arity(f->sub[1]);
  } else if (gen_one_in(g, 3)) {
    uint64_t op = gen_one_in(g, 16) ? 5 + gen_below(g, 3) : gen_below(g, 5);
    f = quote(g, term_nat(g->w, op));
    want = term_arity(f->sub[1]);
  } else if (gen_one_in(g, 6)) {
    f = term_nat(g->w, 0); // itself
    want = b.arity;
  } else if (gen_one_in(g, 4)) {
    f = gen_slot(g, b);
    want = 1 + gen_below(g, 3);
  } else {
    Term *v = gen_one_in(g, 3) ? gen_value(g, depth) : some_law(g, depth);
    f = quote(g, v);
    want = term_arity(v);
  }
  if (gen_one_in(g, 6)) want += gen_one_in(g, 2) ? 1 : (uint64_t)-1;
  if (want > 8) want = 1 + gen_below(g, 4);
  for (uint64_t i = 0; i < want; i++) args[i] = gen_expr(g, b, depth);
  return apply_all(g, f, args, want);
}

// (inc e), (natcase z p x), (match p l a n x) with sensible parts: what real code is made of.
static Term *expr_idiom(Gen *g, Body b, unsigned depth) {
  Term *args[5];
  for (int i = 0; i < 5; i++) args[i] = gen_expr(g, b, i < 4 ? depth : 0);
  switch (gen_below(g, 4)) {
  case 0: return apply_all(g, quote(g, term_nat(g->w, 3)), args, 1);
  case 1:
    args[1] = quote(g, some_law(g, depth));
    args[2] = gen_slot(g, b);
    return apply_all(g, quote(g, term_nat(g->w, 2)), args, 3);
  case 2:
    for (int i = 0; i < 4; i++)
      if (gen_one_in(g, 2)) args[i] = quote(g, some_law(g, depth));
    args[4] = gen_slot(g, b);
    return apply_all(g, quote(g, term_nat(g->w, 1)), args, 5);
  default: {
    uint64_t n = 1 + gen_below(g, 4);
    return apply_all(g, quote(g, term_cow(g->w, n)), args, n);
  }
  }
}

static Term *gen_expr(Gen *g, Body b, unsigned depth) {
  if (depth == 0 || !spend(g)) return gen_one_in(g, 4) ? quote(g, gen_nat(g)) : gen_slot(g, b);
  depth--;
  switch (gen_below(g, 10)) {
  case 0: return quote(g, gen_value(g, depth));
  case 1: return gen_value(g, depth); // means what it happens to mean
  case 2: return gen_slot(g, b);
  case 3: return pair(g, 0, gen_expr(g, b, depth), gen_expr(g, b, depth));
  case 4:
  case 5:
  case 6: return expr_idiom(g, b, depth);
  default: return expr_call(g, b, depth);
  }
}

// --- laws ----------------------------------------------------------------------------------------------
// Counts its last argument down, passing the others along changed.
static Term *gen_loop(Gen *g, unsigned depth) {
  Body b = {.arity = 1 + gen_below(g, 3)};
  b.last = b.arity;
  Term *args[3] = {gen_expr(g, b, depth), NULL, term_nat(g->w, b.arity)}, *again = term_nat(g->w, 0);
  for (uint64_t i = 1; i < b.arity; i++) again = pair(g, 0, again, gen_expr(g, b, depth));
  args[1] = again;
  Term *body = apply_all(g, quote(g, term_nat(g->w, 2)), args, 3);
  if (gen_one_in(g, 2)) body = apply_all(g, quote(g, term_nat(g->w, 3)), &body, 1); // not a tail call
  return term_law(g->w, gen_nat(g), term_nat(g->w, b.arity), body);
}

Term *gen_law(Gen *g, unsigned depth) {
  if (depth > 0 && gen_one_in(g, 5)) return keep(g, gen_loop(g, depth - 1));
  Body b = {.arity = gen_one_in(g, 12) ? 1 + gen_below(g, 20) : 1 + gen_below(g, 3)};
  uint64_t lets = gen_one_in(g, 3) ? 1 + gen_below(g, 3) : 0;
  b.last = b.arity + lets;
  Term *body = gen_expr(g, b, depth);
  for (uint64_t i = 0; i < lets; i++) body = pair(g, 1, gen_expr(g, b, depth), body);
  Term *arity = term_nat(g->w, b.arity);
  if (gen_one_in(g, 40)) arity = big_nat(g);
  if (term_is_nat(arity, 0)) arity = term_nat(g->w, 1);
  return keep(g, term_law(g->w, gen_nat(g), arity, body));
}

// --- calls ---------------------------------------------------------------------------------------------
static Term *gen_argument(Gen *g, unsigned depth) {
  if (depth > 0 && gen_one_in(g, 3)) return gen_call(g, depth);
  if (g->call_count > 0 && gen_one_in(g, 6)) return g->calls[gen_below(g, g->call_count)];
  if (gen_one_in(g, 4)) return term_nat(g->w, gen_below(g, 40)); // for loops to count
  return gen_value(g, depth);
}

Term *gen_call(Gen *g, unsigned depth) {
  if (depth == 0 || !spend(g)) return gen_value(g, 1);
  depth--;
  Term *f, *args[12];
  switch (gen_below(g, 8)) {
  case 0: f = term_nat(g->w, gen_one_in(g, 12) ? 5 + gen_below(g, 9) : gen_below(g, 5)); break;
  case 1: f = gen_value(g, depth); break;
  case 2: f = gen_call(g, depth); break;
  case 3: f = gen_loop(g, depth); break;
  default: f = gen_one_in(g, 2) ? gen_law(g, depth + 1) : some_law(g, depth);
  }
  uint64_t want = term_is_value(f) ? term_arity(f) : 1 + gen_below(g, 2);
  if (gen_one_in(g, 8)) want += gen_one_in(g, 2) ? 1 : (uint64_t)-1;
  if (want > ARRAY(args)) want = gen_below(g, ARRAY(args));
  for (uint64_t i = 0; i < want; i++) args[i] = gen_argument(g, depth);
  Term *t = term_calls(g->w, f, args, want);
  if (!term_is_value(t))
    g->calls[g->call_count < ARRAY(g->calls) ? g->call_count++ : gen_below(g, ARRAY(g->calls))] = t;
  return t;
}

// --- neighbours ------------------------------------------------------------------------------------------
Term *gen_near(Gen *g, Term *v) {
  if (gen_one_in(g, 12)) return gen_value(g, 2);
  switch (v->kind) {
  case TERM_NAT: return gen_one_in(g, 6) ? gen_nat(g) : term_nat_mpz(g->w, v->nat);
  case TERM_PIN: return term_pin(g->w, gen_near(g, v->sub[0]));
  case TERM_LAW: {
    Term *name = gen_one_in(g, 8) ? gen_nat(g) : v->sub[0], *arity = v->sub[1];
    if (gen_one_in(g, 8)) arity = term_nat(g->w, 1 + gen_below(g, 4));
    return term_law(g->w, name, arity, gen_near(g, v->sub[2]));
  }
  default: {
    if (gen_one_in(g, 12)) return v->sub[0];
    Term *f = gen_near(g, v->sub[0]), *x = gen_near(g, v->sub[1]);
    return term_arity(f) > 1 ? term_app(g->w, f, x) : v;
  }
  }
}
