#include "tests/plan/ref/bridge.h"
#include "common/base/mem.h"
#include <string.h>

void bridge_free(Bridge *b) {
  mem_free(b->refs);
  btab_free(&b->pins);
  *b = (Bridge){0};
}

// --- in ------------------------------------------------------------------------------------------------
// The lowest bit of an entry says that the term is a value.
static Ref *entry(Bridge *b, uint32_t id) {
  if (id >= b->cap) {
    size_t cap = mem_grow(b->cap, id + 1u);
    b->refs = mem_realloc(b->refs, mem_mul(cap, sizeof *b->refs));
    memset(b->refs + b->cap, 0, (cap - b->cap) * sizeof *b->refs);
    b->cap = cap;
  }
  return &b->refs[id];
}

void bridge_forget(Bridge *b, bool all) {
  for (size_t i = 0; i < b->cap; i++)
    if (all || !(b->refs[i] & 1)) b->refs[i] = 0;
}

static Ref nat_in(Machine *m, const Term *t) {
  size_t n = (mpz_sizeinbase(t->nat, 2) + 7) / 8, got;
  uint8_t *bytes = mem_zalloc(n);
  mpz_export(bytes, &got, -1, 1, 0, 0, t->nat);
  Ref r = plan_nat_bytes(m, bytes, n);
  mem_free(bytes);
  return r;
}

// Every other app gets its arguments one at a time, the rest all at once: they lie differently in memory.
static Ref app_in(Bridge *b, Term *t) {
  if (t->kind == TERM_CALL || t->id % 2) {
    Ref f = bridge_in(b, t->sub[0]), x = bridge_in(b, t->sub[1]);
    return plan_apply(b->m, f, &x, 1);
  }
  size_t n = 0;
  Term *head = t;
  for (; head->kind == TERM_APP; head = term_follow(head->sub[0])) n++;
  Ref f = bridge_in(b, head), *args = mem_zalloc(n * sizeof *args);
  for (size_t i = n; i > 0; i--, t = term_follow(t->sub[0])) args[i - 1] = bridge_in(b, t->sub[1]);
  Ref r = plan_apply(b->m, f, args, n);
  mem_free(args);
  return r;
}

static Ref make(Bridge *b, Term *t) {
  switch (t->kind) {
  case TERM_NAT: return nat_in(b->m, t);
  case TERM_PIN: {
    Ref item = bridge_in(b, t->sub[0]);
    plan_force(b->m, item); // marks what is in normal form already
    return plan_pin(b->m, item);
  }
  case TERM_LAW: {
    Ref name = bridge_in(b, t->sub[0]), arity = bridge_in(b, t->sub[1]), body = bridge_in(b, t->sub[2]);
    plan_force(b->m, body);
    return plan_law(b->m, name, arity, body);
  }
  default: return app_in(b, t);
  }
}

Ref bridge_in(Bridge *b, Term *t) {
  t = term_follow(t);
  Ref known = *entry(b, t->id) >> 1;
  if (known) return known;
  Ref r = make(b, t);
  *entry(b, t->id) = r << 1 | t->normal;
  return r;
}

// --- out -----------------------------------------------------------------------------------------------
static Term *nat_out(Bridge *b, Ref r) {
  size_t n = plan_nat_size(b->m, r);
  uint8_t *bytes = mem_zalloc(n + 1);
  plan_nat_copy(b->m, r, bytes, n);
  mpz_t z;
  mpz_init(z);
  mpz_import(z, n, -1, 1, 0, 0, bytes);
  Term *t = term_nat_mpz(b->w, z);
  mpz_clear(z);
  mem_free(bytes);
  return t;
}

static Term *out(Bridge *b, Ref r, size_t *left);

static Term *part_out(Bridge *b, Ref part, size_t *left) { return *left > 0 ? out(b, part, left) : NULL; }

static Term *law_out(Bridge *b, Ref r, size_t *left) {
  Term *name = part_out(b, plan_law_name(b->m, r), left);
  Term *arity = part_out(b, plan_law_arity(b->m, r), left);
  Term *body = part_out(b, plan_law_body(b->m, r), left);
  return body && *left ? term_law(b->w, name, arity, body) : NULL;
}

static Term *app_out(Bridge *b, Ref r, size_t *left) {
  size_t n = plan_arg_count(b->m, r);
  Term *t = part_out(b, plan_head(b->m, r), left);
  for (size_t i = 0; i<n && * left> 0; i++) {
    Term *x = part_out(b, plan_arg(b->m, r, i), left);
    if (!x || *left == 0) return NULL;
    t = term_app(b->w, t, x);
  }
  return t;
}

static Term *pin_out(Bridge *b, Ref r, size_t *left) {
  uint8_t hash[32];
  bool hashed = plan_pin_hash(b->m, r, hash);
  uint64_t *known = hashed ? btab_get(&b->pins, hash, sizeof hash) : NULL;
  if (known) return (Term *)(uintptr_t)*known;
  Term *item = part_out(b, plan_pin_item(b->m, r), left);
  if (!item) return NULL;
  Term *t = term_pin(b->w, item);
  if (hashed) btab_put(&b->pins, hash, sizeof hash, (uint64_t)(uintptr_t)t);
  return t;
}

static Term *out(Bridge *b, Ref r, size_t *left) {
  --*left;
  RefMark mark = refs_mark(b->m);
  Term *t = NULL;
  switch (plan_form(b->m, r)) {
  case FORM_NAT: t = nat_out(b, r); break;
  case FORM_PIN: t = pin_out(b, r, left); break;
  case FORM_LAW: t = law_out(b, r, left); break;
  case FORM_APP: t = app_out(b, r, left); break;
  }
  refs_release(b->m, mark);
  return t;
}

Term *bridge_out(Bridge *b, Ref r, size_t most) {
  size_t left = most + 1;
  Term *t = out(b, r, &left);
  return left > 0 ? t : NULL;
}
