#include "tests/codec/random.h"
#include "common/base/mem.h"
#include <stdlib.h>
#include <string.h>

uint64_t random_next(Random *r) { // xorshift64*
  uint64_t x = r->state ? r->state : 88172645463325252ULL;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  r->state = x;
  return x * 2685821657736338717ULL;
}

size_t random_below(Random *r, size_t n) { return (size_t)(random_next(r) % n); }

typedef struct Pool {
  Machine *m;
  Random *random;
  Ref *at;
  size_t count;
} Pool;

static Ref any_nat(Pool *p) {
  uint8_t bytes[40];
  size_t n = random_below(p->random, 4) ? random_below(p->random, 9) : random_below(p->random, sizeof bytes);
  for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)random_next(p->random);
  return plan_nat_bytes(p->m, bytes, n);
}

static Ref small_nat(Pool *p) { return plan_nat(p->m, random_below(p->random, 4)); }

// Mostly something made lately, so that values grow deep; sometimes anything, so that parts are shared.
static Ref any(Pool *p) {
  if (p->count == 0 || random_below(p->random, 6) == 0) return any_nat(p);
  size_t back = random_below(p->random, 3) ? random_below(p->random, p->count < 8 ? p->count : 8)
                                           : random_below(p->random, p->count);
  return p->at[p->count - 1 - back];
}

static Ref any_bar(Pool *p) {
  uint8_t bytes[64];
  size_t n = random_below(p->random, sizeof bytes);
  for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)random_next(p->random);
  return plan_bar(p->m, bytes, n);
}

static size_t any_parts(Pool *p, Ref out[40]) {
  size_t n = random_below(p->random, 8) ? random_below(p->random, 6) : random_below(p->random, 40);
  for (size_t i = 0; i < n; i++) out[i] = any(p);
  return n;
}

static Ref any_row(Pool *p) {
  Ref parts[40];
  return plan_row(p->m, parts, any_parts(p, parts));
}

static Ref any_set(Pool *p) {
  Ref parts[40];
  return plan_set(p->m, parts, any_parts(p, parts));
}

static Ref any_tab(Pool *p) {
  Ref tab = plan_tab_empty(p->m);
  for (size_t n = random_below(p->random, 6); n > 0; n--) tab = plan_tab_put(p->m, tab, any(p), any(p));
  return tab;
}

static Ref any_law(Pool *p) {
  Ref name = random_below(p->random, 2) ? small_nat(p) : any_nat(p);
  Ref arity = plan_nat(p->m, 1 + random_below(p->random, random_below(p->random, 5) ? 3 : 1000));
  return plan_law(p->m, name, arity, random_below(p->random, 4) ? any(p) : small_nat(p));
}

// Applied to as many arguments as leave it unsaturated.
static Ref any_app(Pool *p) {
  Ref f = any(p), parts[40];
  uint64_t arity;
  size_t n = any_parts(p, parts);
  if (!plan_nat_u64(p->m, plan_arity(p->m, f), &arity) || arity < 2 || n == 0) return f;
  return plan_apply(p->m, f, parts, n < arity ? n : (size_t)arity - 1);
}

static Ref any_object(Pool *p) {
  switch (random_below(p->random, 9)) {
  case 0: return any_nat(p);
  case 1: return any_bar(p);
  case 2: return plan_pin(p->m, any(p));
  case 3: return any_law(p);
  case 4: return any_set(p);
  case 5: return any_tab(p);
  case 6:
  case 7: return any_app(p);
  default: return any_row(p);
  }
}

Ref random_value(Machine *m, Random *r, size_t size) {
  RefMark mark = refs_mark(m);
  Pool p = {.m = m, .random = r, .at = mem_alloc((size + 1) * sizeof(Ref))};
  while (p.count < size) {
    Ref v = any_object(&p);
    if (plan_force(m, v) != RUN_DONE) abort();
    p.at[p.count++] = v;
  }
  size_t last = size < 20 ? size : 20;
  Ref out = plan_row(m, p.at + size - last, last);
  if (plan_force(m, out) != RUN_DONE) abort();
  mem_free(p.at);
  return refs_keep(m, mark, out);
}
