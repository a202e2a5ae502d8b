// Shrinking: one subterm after the other is replaced by something smaller, as long as the rest still fails.
#include "common/base/mem.h"
#include "tests/plan/gen.h"

typedef struct Shrink {
  World *w;
  size_t at, seen; // the subterm to replace, by its number in walking order; subterms walked past
  int how;         // which replacement
  bool applied, more;
} Shrink;

static Term *rebuild(Shrink *s, Term *t, bool value);

// The how-th candidate in place of t, NULL when there are no more.
static Term *candidate(Shrink *s, Term *t, bool value) {
  Term *c[6];
  int n = 0;
  c[n++] = term_nat(s->w, 0);
  if (!term_is_nat(t, 0)) c[n++] = term_nat(s->w, 1);
  if (t->kind == TERM_PIN) c[n++] = t->sub[0];
  if (t->kind == TERM_LAW) c[n++] = t->sub[2];
  if (t->kind == TERM_APP || t->kind == TERM_CALL) {
    c[n++] = t->sub[0];
    c[n++] = t->sub[1];
  }
  if (t->kind == TERM_NAT && mpz_cmp_ui(t->nat, s->how == 0 ? 0 : 1) <= 0) return NULL;
  if (s->how >= n) return NULL;
  Term *made = c[s->how];
  return value && !made->normal ? t : made;
}

static Term *rebuild_app(Shrink *s, Term *t, bool value) {
  Term *f = rebuild(s, t->sub[0], value), *x = rebuild(s, t->sub[1], value);
  if (f == t->sub[0] && x == t->sub[1]) return t;
  if (term_is_value(f) && term_arity(f) > 1) return term_app(s->w, f, x);
  return value ? x : term_call(s->w, f, x);
}

static Term *rebuild_law(Shrink *s, Term *t) {
  Term *name = rebuild(s, t->sub[0], true), *arity = rebuild(s, t->sub[1], true);
  Term *body = rebuild(s, t->sub[2], true);
  if (name == t->sub[0] && arity == t->sub[1] && body == t->sub[2]) return t;
  if (arity->kind != TERM_NAT || term_is_nat(arity, 0)) arity = t->sub[1];
  return term_law(s->w, name->kind == TERM_NAT ? name : t->sub[0], arity, body);
}

static Term *rebuild(Shrink *s, Term *t, bool value) {
  t = term_follow(t);
  if (s->applied) return t;
  if (s->seen++ == s->at) {
    Term *c = candidate(s, t, value);
    s->applied = true;
    s->more = c != NULL;
    return c ? c : t;
  }
  switch (t->kind) {
  case TERM_NAT: return t;
  case TERM_PIN: {
    Term *item = rebuild(s, t->sub[0], true);
    return item == t->sub[0] ? t : term_pin(s->w, item);
  }
  case TERM_LAW: return rebuild_law(s, t);
  default: return rebuild_app(s, t, value);
  }
}

Term *gen_shrink(World *w, Term *t, bool (*fails)(void *ctx, Term *t), void *ctx) {
  unsigned tries = 0;
  for (size_t at = 0; tries < 20000;) {
    bool shrunk = false, reached = false;
    for (int how = 0; !shrunk; how++) {
      Shrink s = {.w = w, .at = at, .how = how};
      Term *smaller = rebuild(&s, t, false);
      reached = s.applied;
      if (!s.applied || !s.more) break;
      tries++;
      if (smaller != t && term_size(smaller, 100000) < term_size(t, 100000) && fails(ctx, smaller)) {
        t = smaller;
        shrunk = true;
      }
    }
    if (shrunk) continue;
    if (!reached) break;
    at++;
  }
  return t;
}
