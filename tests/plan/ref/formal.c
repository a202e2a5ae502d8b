// Order and hash by the definition. Data jets are recognised here from their formal values alone.
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "tests/plan/ref/term.h"
#include <string.h>

// --- order ---------------------------------------------------------------------------------------------
typedef struct Cmp {
  uint64_t budget;
  WordTable equal; // pairs of ids
  bool exceeded;
} Cmp;

static int compare(Cmp *c, Term *a, Term *b);

static int compare_parts(Cmp *c, Term *a, Term *b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    int order = compare(c, a->sub[i], b->sub[i]);
    if (order != 0) return order;
  }
  return 0;
}

// The definition says: number of arguments, then head, then arguments. (f x) against (g y) by f and g,
// then x and y, is the same: the shorter spine meets its head, which is less than any app.
static int compare(Cmp *c, Term *a, Term *b) {
  a = term_follow(a);
  b = term_follow(b);
  if (a == b || c->exceeded) return 0;
  if (c->budget-- == 0) {
    c->exceeded = true;
    return 0;
  }
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (a->kind == TERM_NAT) {
    int order = mpz_cmp(a->nat, b->nat);
    return (order > 0) - (order < 0);
  }
  uint64_t pair = (uint64_t)a->id << 32 | b->id;
  if (wtab_get(&c->equal, pair)) return 0;
  int order = compare_parts(c, a, b, a->kind == TERM_PIN ? 1 : a->kind == TERM_LAW ? 3 : 2);
  if (order == 0) wtab_put(&c->equal, pair, 0);
  return order;
}

bool term_cmp(Term *a, Term *b, uint64_t budget, int *order) {
  Cmp c = {.budget = budget};
  *order = compare(&c, a, b);
  wtab_free(&c.equal);
  return !c.exceeded;
}

// --- data jets -------------------------------------------------------------------------------------------
static bool is_law(const Term *t, uint64_t name) {
  return t->kind == TERM_LAW && term_is_nat(t->sub[0], name);
}

static bool is_constructor(const Term *t) { return is_law(t, 0) && term_is_nat(t->sub[2], 0); }

static Term *spine(Term *t, size_t *n) {
  for (*n = 0; t->kind == TERM_APP; ++*n) t = term_follow(t->sub[0]);
  return t;
}

static bool is_row(Term *t, size_t *n) {
  Term *head = spine(t, n);
  return is_constructor(head) && mpz_cmp_ui(head->sub[1]->nat, *n + 1) == 0;
}

// Element i of a row: the last argument is element 0.
static Term *row_element(Term *row, size_t i) {
  for (; i > 0; i--) row = term_follow(row->sub[0]);
  return term_follow(row->sub[1]);
}

static bool is_bar(const Term *t) {
  return is_law(t, 1) && term_is_nat(t->sub[1], 1) && t->sub[2]->kind == TERM_NAT &&
         mpz_sgn(t->sub[2]->nat) && mpz_sizeinbase(t->sub[2]->nat, 2) % 8 == 1;
}

static bool is_set(Term *t, Cmp *c, size_t *n) {
  if (!is_law(t, 1) || !term_is_nat(t->sub[1], 2) || !is_row(t->sub[2], n)) return false;
  for (size_t i = 1; i < *n; i++)
    if (compare(c, row_element(t->sub[2], i - 1), row_element(t->sub[2], i)) >= 0) return false;
  return true;
}

static bool is_tab(Term *t, Cmp *c, size_t *n) {
  size_t len;
  return t->kind == TERM_APP && is_set(term_follow(t->sub[0]), c, n) &&
         is_row(term_follow(t->sub[1]), &len) && len == *n;
}

// --- hash ------------------------------------------------------------------------------------------------
typedef struct Hash {
  Buf out;
  Cmp cmp;
} Hash;

static void stream(Hash *h, Term *t);

static void put_nat(Hash *h, const Term *t) {
  size_t words = mpz_size(t->nat);
  buf_le64(&h->out, words);
  for (size_t i = 0; i < words; i++) buf_le64(&h->out, mpz_getlimbn(t->nat, (mp_size_t)i));
}

static void put_row(Hash *h, Term *row, size_t n) {
  for (size_t i = 0; i < n; i++) stream(h, row_element(row, i));
}

static void put_head(Hash *h, uint8_t tag, size_t n) {
  buf_u8(&h->out, tag);
  buf_le64(&h->out, n);
}

static void put_bar(Hash *h, const Term *t) {
  size_t n = mpz_sizeinbase(t->sub[2]->nat, 2) / 8, got;
  put_head(h, 4, n);
  uint8_t *bytes = mem_zalloc(n + 1);
  mpz_export(bytes, &got, -1, 1, 0, 0, t->sub[2]->nat);
  buf_put(&h->out, bytes, n);
  mem_free(bytes);
}

static void put_pin(Hash *h, Term *t) {
  Hash inner = {.cmp = h->cmp};
  uint8_t hash[32];
  stream(&inner, t->sub[0]);
  blake3(hash, inner.out.data, inner.out.len);
  buf_free(&inner.out);
  h->cmp = inner.cmp;
  buf_u8(&h->out, 0);
  buf_put(&h->out, hash, 32);
}

static void put_law(Hash *h, Term *t) {
  size_t n;
  if (is_bar(t)) {
    put_bar(h, t);
  } else if (is_row(t, &n)) { // the constructor of the empty row
    put_head(h, 6, 0);
  } else if (is_constructor(t)) {
    mpz_t less;
    mpz_init(less);
    mpz_sub_ui(less, t->sub[1]->nat, 1);
    buf_u8(&h->out, 5);
    put_nat(h, &(Term){.nat = {less[0]}});
    mpz_clear(less);
  } else if (is_set(t, &h->cmp, &n)) {
    put_head(h, 7, n);
    put_row(h, t->sub[2], n);
  } else {
    buf_u8(&h->out, 1);
    put_nat(h, t->sub[0]);
    put_nat(h, t->sub[1]);
    stream(h, t->sub[2]);
  }
}

static void put_spine(Hash *h, Term *t) {
  if (t->kind == TERM_APP) {
    put_spine(h, term_follow(t->sub[0]));
    stream(h, t->sub[1]);
  } else {
    stream(h, t);
  }
}

static void put_app(Hash *h, Term *t) {
  size_t n;
  if (is_row(t, &n)) {
    put_head(h, 6, n);
    put_row(h, t, n);
  } else if (is_tab(t, &h->cmp, &n)) {
    put_head(h, 8, n);
    put_row(h, term_follow(t->sub[0])->sub[2], n);
    put_row(h, term_follow(t->sub[1]), n);
  } else {
    spine(t, &n);
    put_head(h, 2, n);
    put_spine(h, t);
  }
}

static void stream(Hash *h, Term *t) {
  t = term_follow(t);
  if (h->cmp.exceeded || h->cmp.budget-- == 0) {
    h->cmp.exceeded = true;
    return;
  }
  switch (t->kind) {
  case TERM_NAT:
    buf_u8(&h->out, 3);
    put_nat(h, t);
    return;
  case TERM_PIN: put_pin(h, t); return;
  case TERM_LAW: put_law(h, t); return;
  default: put_app(h, t); return;
  }
}

bool term_hash(Term *t, uint64_t budget, uint8_t out[32]) {
  Hash h = {.cmp = {.budget = budget}};
  stream(&h, t);
  bool ok = !h.cmp.exceeded;
  if (ok) blake3(out, h.out.data, h.out.len);
  buf_free(&h.out);
  wtab_free(&h.cmp.equal);
  return ok;
}
