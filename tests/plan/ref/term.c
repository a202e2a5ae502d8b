#include "tests/plan/ref/term.h"
#include "common/base/mem.h"
#include <string.h>

void world_free(World *w) {
  for (size_t i = 0; i < w->nat_count; i++) mpz_clear(w->nats[i]->nat);
  mem_free(w->nats);
  arena_free(&w->arena);
  *w = (World){0};
}

static Term *fresh(World *w, TermKind kind) {
  Term *t = arena_alloc(&w->arena, sizeof *t);
  t->kind = kind;
  t->id = w->ids++;
  return t;
}

Term *term_nat_mpz(World *w, const mpz_t n) {
  Term *t = fresh(w, TERM_NAT);
  mpz_init_set(t->nat, n);
  t->normal = true;
  mem_reserve(w->nats, w->nat_cap, w->nat_count + 1);
  w->nats[w->nat_count++] = t;
  return t;
}

Term *term_nat(World *w, uint64_t n) {
  mpz_t z;
  mpz_init_set_ui(z, n);
  Term *t = term_nat_mpz(w, z);
  mpz_clear(z);
  return t;
}

static Term *nat_of_bytes(World *w, const void *le, size_t n) {
  mpz_t z;
  mpz_init(z);
  mpz_import(z, n, -1, 1, 0, 0, le);
  Term *t = term_nat_mpz(w, z);
  mpz_clear(z);
  return t;
}

Term *term_text(World *w, const char *text) { return nat_of_bytes(w, text, strlen(text)); }

Term *term_pin(World *w, Term *item) {
  Term *t = fresh(w, TERM_PIN);
  t->sub[0] = item;
  t->normal = true;
  return t;
}

Term *term_law(World *w, Term *name, Term *arity, Term *body) {
  Term *t = fresh(w, TERM_LAW);
  t->sub[0] = name;
  t->sub[1] = arity;
  t->sub[2] = body;
  t->normal = true;
  return t;
}

Term *term_app(World *w, Term *f, Term *x) {
  Term *t = fresh(w, TERM_APP);
  uint64_t arity = term_arity(f);
  t->left = arity == TERM_ARITY_MAX ? arity : arity - 1;
  t->sub[0] = f;
  t->sub[1] = x;
  t->normal = f->normal && x->normal;
  return t;
}

Term *term_apps(World *w, Term *f, Term *const *args, size_t n) {
  for (size_t i = 0; i < n; i++) f = term_app(w, f, args[i]);
  return f;
}

Term *term_call(World *w, Term *f, Term *x) {
  Term *t = fresh(w, TERM_CALL);
  t->sub[0] = f;
  t->sub[1] = x;
  return t;
}

Term *term_calls(World *w, Term *f, Term *const *args, size_t n) {
  for (size_t i = 0; i < n; i++) {
    bool data = term_is_value(f) && term_arity(f) > 1;
    f = data ? term_app(w, f, args[i]) : term_call(w, f, args[i]);
  }
  return f;
}

// --- data jets -------------------------------------------------------------------------------------
Term *term_cow(World *w, uint64_t n) {
  return term_law(w, term_nat(w, 0), term_nat(w, n + 1), term_nat(w, 0));
}

Term *term_row(World *w, Term *const *elems, size_t n) {
  Term *t = term_cow(w, n);
  for (size_t i = n; i > 0; i--) t = term_app(w, t, elems[i - 1]);
  return t;
}

Term *term_bar(World *w, const void *bytes, size_t n) {
  uint8_t *le = mem_zalloc(n + 1);
  memcpy(le, bytes, n);
  le[n] = 1;
  Term *t = term_law(w, term_nat(w, 1), term_nat(w, 1), nat_of_bytes(w, le, n + 1));
  mem_free(le);
  return t;
}

Term *term_set(World *w, Term *keys_row) { return term_law(w, term_nat(w, 1), term_nat(w, 2), keys_row); }

Term *term_tab(World *w, Term *keys_row, Term *vals_row) {
  return term_app(w, term_set(w, keys_row), vals_row);
}

// --- looking at terms --------------------------------------------------------------------------------
Term *term_follow(Term *t) {
  while (t->kind == TERM_IND) t = t->sub[0];
  return t;
}

bool term_is_value(const Term *t) { return t->kind <= TERM_APP; }

bool term_is_nat(const Term *t, uint64_t n) { return t->kind == TERM_NAT && mpz_cmp_ui(t->nat, n) == 0; }

uint64_t term_arity(const Term *t) {
  while (t->kind == TERM_PIN) t = t->sub[0];
  switch (t->kind) {
  case TERM_APP: return t->left;
  case TERM_LAW:
    return mpz_cmp_ui(t->sub[1]->nat, TERM_ARITY_MAX) < 0 ? mpz_get_ui(t->sub[1]->nat) : TERM_ARITY_MAX;
  default:
    if (mpz_cmp_ui(t->nat, 2) > 0) return 1;
    return mpz_get_ui(t->nat) == 1 ? 5 : 3;
  }
}

uint64_t term_size(Term *t, uint64_t most) {
  t = term_follow(t);
  if (most <= 1) return most;
  uint64_t size = 1;
  size_t parts = t->kind == TERM_NAT ? 0 : t->kind == TERM_PIN ? 1 : t->kind == TERM_LAW ? 3 : 2;
  for (size_t i = 0; i < parts && size < most; i++) size += term_size(t->sub[i], most - size);
  return size < most ? size : most;
}

// --- copies ------------------------------------------------------------------------------------------
static Term *copy_shared(World *w, Term *t, Term **made) {
  t = term_follow(t);
  if (t->normal) return t;
  if (!made[t->id]) {
    Term *f = copy_shared(w, t->sub[0], made), *x = copy_shared(w, t->sub[1], made);
    made[t->id] = t->kind == TERM_APP ? term_app(w, f, x) : term_call(w, f, x);
  }
  return made[t->id];
}

Term *term_copy(World *w, Term *t) {
  Term **made = mem_zalloc(mem_mul(w->ids + 1, sizeof *made));
  Term *copy = copy_shared(w, t, made);
  mem_free(made);
  return copy;
}

// --- text --------------------------------------------------------------------------------------------
static void show_spine(Buf *out, Term *t, size_t max) {
  Term *f = term_follow(t->sub[0]);
  if (f->kind == t->kind && f->kind == TERM_APP) {
    show_spine(out, f, max);
  } else {
    term_show(out, f, max);
  }
  buf_str(out, " ");
  term_show(out, t->sub[1], max);
}

void term_show(Buf *out, Term *t, size_t max) {
  t = term_follow(t);
  if (out->len > max) {
    if (out->data[out->len - 1] != '.') buf_str(out, "...");
    return;
  }
  switch (t->kind) {
  case TERM_NAT: {
    char *digits = mem_alloc(mpz_sizeinbase(t->nat, 10) + 2);
    buf_str(out, mpz_get_str(digits, 10, t->nat));
    mem_free(digits);
    return;
  }
  case TERM_PIN:
    buf_str(out, "<");
    term_show(out, t->sub[0], max);
    buf_str(out, ">");
    return;
  case TERM_LAW:
    buf_str(out, "{");
    for (int i = 0; i < 3; i++) {
      if (i) buf_str(out, " ");
      term_show(out, t->sub[i], max);
    }
    buf_str(out, "}");
    return;
  case TERM_APP:
  case TERM_CALL:
    buf_str(out, t->kind == TERM_APP ? "(" : "[call ");
    show_spine(out, t, max);
    buf_str(out, t->kind == TERM_APP ? ")" : "]");
    return;
  default: buf_str(out, "?"); return;
  }
}
