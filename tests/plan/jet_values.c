#include "tests/plan/jet_values.h"
#include "common/plan/seed.h"
#include <string.h>

static uint64_t next(JetValues *g) {
  uint64_t z = g->random += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

static uint64_t below(JetValues *g, uint64_t n) { return next(g) % n; }
static bool one_in(JetValues *g, uint64_t n) { return below(g, n) == 0; }

void jet_values_seed(JetValues *g, uint64_t seed) {
  g->random = seed;
  g->crashes = 0;
  buf_clear(&g->text);
  buf_clear(&g->germ);
}

void jet_values_free(JetValues *g) {
  buf_free(&g->text);
  buf_free(&g->germ);
}

static Ref wrapped(JetValues *g, char kind, int depth);

// --- nats ------------------------------------------------------------------------------------------------

static Ref nat(JetValues *g, uint64_t n) {
  buf_printf(&g->text, "%llu", (unsigned long long)n);
  return plan_nat(g->m, n);
}

static Ref small_nat(JetValues *g) {
  static const uint64_t often[] = {7, 8, 9, 16, 31, 32, 33, 48, 57, 63, 64, 65, 97, 255, 256, 257, 1000};
  return nat(g, one_in(g, 3) ? often[below(g, sizeof often / sizeof *often)] : below(g, 7));
}

static Ref big_nat(JetValues *g) {
  uint8_t bytes[40];
  size_t n = below(g, sizeof bytes);
  for (size_t i = 0; i < n; i++) bytes[i] = one_in(g, 3) ? 0 : one_in(g, 3) ? 255 : (uint8_t)next(g);
  buf_str(&g->text, "0x");
  for (size_t i = n; i-- > 0;) buf_printf(&g->text, "%02x", bytes[i]);
  return plan_nat_bytes(g->m, bytes, n);
}

static Ref boundary_nat(JetValues *g) {
  static const uint64_t at[] = {1ULL << 31, 1ULL << 32, 1ULL << 62, 1ULL << 63, 0, 255, 65536};
  uint64_t n = at[below(g, sizeof at / sizeof *at)] + below(g, 5) - 2;
  return nat(g, n);
}

static Ref any_nat(JetValues *g) {
  switch (below(g, 3)) {
  case 0: return small_nat(g);
  case 1: return boundary_nat(g);
  default: return big_nat(g);
  }
}

static Ref law(JetValues *g, uint64_t name, uint64_t arity, Ref body) {
  plan_force(g->m, body);
  return plan_law(g->m, plan_nat(g->m, name), plan_nat(g->m, arity), body);
}

// --- sequences -------------------------------------------------------------------------------------------

#define MOST 40

static size_t some_length(JetValues *g) { return one_in(g, 12) ? below(g, MOST) : below(g, 5); }

static size_t elements(JetValues *g, Ref *out, size_t n, char kind, int depth) {
  for (size_t i = 0; i < n; i++) {
    if (i) buf_str(&g->text, " ");
    out[i] = wrapped(g, kind, depth - 1);
  }
  return n;
}

static Ref row(JetValues *g, size_t n, char kind, int depth) {
  Ref at[MOST];
  buf_str(&g->text, "[");
  elements(g, at, n, kind, depth);
  buf_str(&g->text, "]");
  return plan_row(g->m, at, n);
}

static Ref bar(JetValues *g) {
  uint8_t bytes[MOST];
  size_t n = some_length(g);
  buf_str(&g->text, "x#");
  for (size_t i = 0; i < n; i++) {
    bytes[i] = (uint8_t)(one_in(g, 2) ? below(g, 3) : next(g));
    buf_printf(&g->text, "%02x", bytes[i]);
  }
  return plan_bar(g->m, bytes, n);
}

static Ref key(JetValues *g, int depth) {
  bool calm = g->calm;
  Ref k;
  switch (depth > 0 ? below(g, 10) : 0) {
  default: k = nat(g, below(g, 8)); break;
  case 1: k = any_nat(g); break;
  case 2: k = bar(g); break;
  case 3:
  case 4:
    g->calm = true;
    k = row(g, 1 + below(g, 2), 'k', depth - 1);
    break;
  case 5: k = ref_dup(g->m, g->functions[below(g, g->function_count)]), buf_str(&g->text, "<f>"); break;
  }
  g->calm = calm;
  return k;
}

// The keys of a set have no place for what is lazy.
static Ref set(JetValues *g, int depth) {
  Ref at[MOST];
  size_t n = some_length(g);
  buf_str(&g->text, "%[");
  for (size_t i = 0; i < n; i++) {
    if (i) buf_str(&g->text, " ");
    at[i] = key(g, depth);
  }
  buf_str(&g->text, "]");
  return plan_set(g->m, at, n);
}

static Ref tab(JetValues *g, int depth) {
  buf_str(&g->text, "(");
  Ref keys = set(g, depth), vals;
  size_t n = plan_len(g->m, keys);
  buf_str(&g->text, " ");
  if (one_in(g, 10)) {
    vals = wrapped(g, 'r', depth - 1); // seldom fits
  } else {
    Ref at[MOST];
    buf_str(&g->text, "[");
    elements(g, at, n, '*', depth);
    buf_str(&g->text, "]");
    vals = plan_row(g->m, at, n);
    if (!g->calm && one_in(g, 6)) {
      Ref first = law(g, 0, 2, plan_nat(g->m, 1));
      vals = plan_apply(g->m, first, (Ref[]){vals, plan_nat(g->m, 0)}, 2);
      buf_str(&g->text, "~");
    }
  }
  buf_str(&g->text, ")");
  return plan_apply(g->m, keys, &vals, 1);
}

static Ref list(JetValues *g, char kind, int depth) {
  size_t n = one_in(g, 12) ? below(g, MOST) : below(g, 6);
  Ref rest = one_in(g, 8) ? wrapped(g, '*', depth - 1) : nat(g, 0);
  while (n-- > 0) {
    buf_str(&g->text, "<-");
    Ref cell[] = {wrapped(g, kind, depth - 1), rest};
    rest = plan_row(g->m, cell, 2);
    if (!g->calm && one_in(g, 5)) {
      Ref identity = law(g, 0, 1, plan_nat(g->m, 1));
      rest = plan_apply(g->m, identity, &rest, 1);
      buf_str(&g->text, "~");
    }
  }
  return rest;
}

static Ref pair(JetValues *g, int depth) {
  if (one_in(g, 12)) return wrapped(g, '*', depth - 1);
  buf_str(&g->text, "[");
  Ref at[] = {wrapped(g, 'k', depth - 1), (buf_str(&g->text, " "), wrapped(g, '*', depth - 1))};
  buf_str(&g->text, "]");
  return plan_row(g->m, at, 2);
}

// --- functions and apps ----------------------------------------------------------------------------------

static Ref app2(JetValues *g, Ref f, Ref x) { return plan_apply(g->m, f, &x, 1); }

// (0 f x), the call of f with x in the body of a law.
static Ref call(JetValues *g, Ref f, Ref x) {
  Ref parts[] = {f, x};
  return plan_apply(g->m, plan_nat(g->m, 0), parts, 2);
}

static Ref constant(JetValues *g, Ref v) { return app2(g, plan_nat(g->m, 2), v); }

static Ref function(JetValues *g, unsigned arity, int depth) {
  Machine *m = g->m;
  switch (below(g, 9)) {
  case 0: buf_str(&g->text, "first"); return law(g, 1, arity, plan_nat(m, 1));
  case 1: buf_str(&g->text, "last"); return law(g, 2, arity, plan_nat(m, arity));
  case 2: buf_str(&g->text, "none"); return law(g, 3, arity, constant(g, plan_nat(m, 0)));
  case 3:
    buf_str(&g->text, "some-last");
    return law(g, 4, arity, call(g, constant(g, plan_nat(m, 0)), plan_nat(m, arity)));
  case 4: buf_str(&g->text, "self"); return law(g, 5, arity, plan_nat(m, 0));
  case 5:
    buf_str(&g->text, "last-of-crash");
    return law(g, 6, arity, call(g, plan_nat(m, 77), plan_nat(m, arity)));
  case 6: buf_str(&g->text, "inc-last"); return law(g, 7, arity, call(g, plan_nat(m, 3), plan_nat(m, arity)));
  case 7: buf_str(&g->text, "<f>"); return ref_dup(m, g->functions[below(g, g->function_count)]);
  default: return wrapped(g, '*', depth - 1);
  }
}

// What rows are sorted by: mostly a comparison of the library.
static Ref order(JetValues *g, int depth) {
  static const char *const names[] = {"_Cmp", "_Lth", "_Lte", "_Gth", "_Gte"};
  const char *wanted = names[below(g, sizeof names / sizeof *names)];
  if (one_in(g, 3)) return function(g, 2, depth);
  for (size_t i = 0; i < g->function_count; i++) {
    const char *name = plan_pin_jet(g->m, g->functions[i]);
    if (!name || strcmp(name, wanted) != 0) continue;
    buf_str(&g->text, wanted);
    return ref_dup(g->m, g->functions[i]);
  }
  return function(g, 2, depth);
}

// (seed & if seed is 0 then 0 else (0 [seed seed-1])), sometimes without end in sight.
static Ref unfolding(JetValues *g) {
  Machine *m = g->m;
  Ref two = law(g, 0, 3, plan_nat(m, 0)); // constructor of pairs
  // s k: (0 (pair k s)) of the predecessor k and the seed s
  Ref pair_of = call(g, call(g, two, plan_nat(m, 2)), plan_nat(m, 1));
  Ref some = call(g, constant(g, plan_nat(m, 0)), pair_of);
  Ref step = law(g, 8, 2, some);
  // (2 0 (step seed) seed)
  Ref head = call(g, constant(g, plan_nat(m, 2)), constant(g, plan_nat(m, 0)));
  Ref body = call(g, call(g, head, call(g, step, plan_nat(m, 1))), plan_nat(m, 1));
  buf_str(&g->text, "countdown");
  return law(g, 9, 1, body);
}

static Ref app(JetValues *g, int depth) {
  Machine *m = g->m;
  Ref at[MOST];
  Ref head;
  size_t most;
  buf_str(&g->text, "(");
  switch (below(g, 6)) {
  case 0: head = plan_nat(m, 0), most = 2, buf_str(&g->text, "0 "); break;
  case 1: head = plan_nat(m, 1), most = 4, buf_str(&g->text, "1 "); break;
  case 2: head = law(g, 11, 40, plan_nat(m, 1)), most = 39, buf_str(&g->text, "{40} "); break;
  case 3: head = law(g, 0, 5, plan_nat(m, 0)), most = 3, buf_str(&g->text, "c4 "); break;
  case 4: head = plan_pin(m, law(g, 12, 3, plan_nat(m, 2))), most = 2, buf_str(&g->text, "<{3}> "); break;
  default: head = plan_nat(m, 2), most = 2, buf_str(&g->text, "2 "); break;
  }
  size_t n = elements(g, at, 1 + below(g, most), '*', depth);
  buf_str(&g->text, ")");
  return plan_apply(m, head, at, n);
}

static Ref odd_thing(JetValues *g, int depth) {
  Machine *m = g->m;
  switch (below(g, 6)) {
  case 0: buf_str(&g->text, "<5>"); return plan_pin(m, plan_nat(m, 5));
  case 1: buf_str(&g->text, "{9 2 1}"); return law(g, 9, 2, plan_nat(m, 1));
  case 2: buf_str(&g->text, "cow"); return law(g, 0, 2 + below(g, 3), plan_nat(m, 0));
  case 3:
    buf_str(&g->text, "{1 2 [2 1]}");
    return law(g, 1, 2, plan_row(m, (Ref[]){plan_nat(m, 2), plan_nat(m, 1)}, 2));
  case 4: buf_str(&g->text, "{1 1 5}"); return law(g, 1, 1, plan_nat(m, 5));
  default: return app(g, depth);
  }
}

// --- seeds -----------------------------------------------------------------------------------------------

static Ref calm_value(JetValues *g, char kind, int depth) {
  bool calm = g->calm;
  g->calm = true;
  Ref v = wrapped(g, kind, depth - 1);
  g->calm = calm;
  return plan_force(g->m, v) == RUN_DONE ? v : plan_nat(g->m, 0);
}

static Ref pin(JetValues *g, int depth) {
  buf_str(&g->text, "<");
  Ref v = plan_pin(g->m, calm_value(g, one_in(g, 2) ? 'T' : '*', depth));
  buf_str(&g->text, ">");
  return v;
}

// Bytes changed, left out or added.
static void spoil(JetValues *g, Buf *bytes) {
  if (bytes->len == 0) return;
  switch (below(g, 4)) {
  case 0: bytes->data[below(g, bytes->len)] = (uint8_t)next(g); break;
  case 1: bytes->data[below(g, bytes->len)] ^= (uint8_t)(1 << below(g, 8)); break;
  case 2: bytes->len -= 8; break;
  default: buf_le64(bytes, next(g)); break;
  }
}

static Ref seed_of(JetValues *g, Buf *bytes) {
  if (!g->calm && one_in(g, 3)) spoil(g, bytes);
  buf_str(&g->text, "seed:");
  for (size_t i = 0; i < bytes->len; i++) buf_printf(&g->text, "%02x", bytes->data[i]);
  return plan_bar(g->m, bytes->data, bytes->len);
}

static Ref seed_bar(JetValues *g, int depth) {
  if (g->germ.len > 0) return seed_of(g, &g->germ);
  Buf bytes = {0};
  Err err = ERR_INIT;
  Ref v = calm_value(g, '*', depth);
  Ref bar = seed_save(g->m, v, &bytes, &err) ? seed_of(g, &bytes) : plan_bar(g->m, NULL, 0);
  buf_free(&bytes);
  return bar;
}

// A germ of a row of functions and other things, and its pins, as _SaveGerm gives them.
static Ref germ_pins(JetValues *g, int depth) {
  Machine *m = g->m;
  Ref at[8];
  size_t n = below(g, 7);
  for (size_t i = 0; i < n; i++)
    at[i] = one_in(g, 2) ? ref_dup(m, g->functions[below(g, g->function_count)]) : calm_value(g, '*', depth);
  Ref item = plan_row(m, at, n);
  plan_force(m, item);
  Value *pins = m->sp;
  machine_refresh(m);
  buf_clear(&g->germ);
  if (!seed_encode(m, ref_get(m, item), true, &g->germ)) buf_clear(&g->germ);
  size_t count = (size_t)(m->sp - pins);
  Ref found[64];
  for (size_t i = 0; i < count && i < 64; i++) found[i] = ref_new(m, pins[i]);
  m->sp = pins;
  return plan_row(m, found, count < 64 ? count : 64);
}

// --- calls -----------------------------------------------------------------------------------------------

static Ref callable(JetValues *g, int depth) {
  static const uint64_t opcodes[] = {0, 1, 2, 3, 4, 0, 1, 2, 77};
  if (one_in(g, 2)) return nat(g, opcodes[below(g, sizeof opcodes / sizeof *opcodes)]);
  return one_in(g, 3) ? app(g, depth) : function(g, 1 + (unsigned)below(g, 3), depth);
}

static Ref call_row(JetValues *g, int depth) {
  Ref at[8];
  size_t n = below(g, 7);
  buf_str(&g->text, "[");
  if (n > 0) at[0] = callable(g, depth);
  if (n > 1) buf_str(&g->text, " "), elements(g, at + 1, n - 1, one_in(g, 3) ? 'f' : '*', depth);
  buf_str(&g->text, "]");
  return plan_row(g->m, at, n);
}

static Ref tagged(JetValues *g, const char *tag, Ref part) {
  return plan_row(g->m, (Ref[]){plan_nat_bytes(g->m, tag, strlen(tag)), part}, 2);
}

static Ref expression(JetValues *g, int depth) {
  Ref at[6];
  if (one_in(g, 30)) return wrapped(g, '*', depth - 1);
  if (depth <= 0 || one_in(g, 3)) {
    buf_str(&g->text, "'");
    return tagged(g, "VALUE", one_in(g, 2) ? callable(g, depth - 1) : wrapped(g, '*', depth - 1));
  }
  buf_str(&g->text, "(");
  size_t n = one_in(g, 8) ? below(g, 2) : 2 + below(g, 4);
  for (size_t i = 0; i < n; i++)
    at[i] = i == 0 && one_in(g, 2) ? tagged(g, "VALUE", callable(g, depth)) : expression(g, depth - 1);
  buf_str(&g->text, ")");
  return tagged(g, "APPLY", plan_row(g->m, at, n));
}

// --- choosing --------------------------------------------------------------------------------------------

static Ref anything(JetValues *g, int depth) {
  static const char some[] = "nnnnNNwkrrasttblpfPB";
  if (one_in(g, 10)) return odd_thing(g, depth);
  return wrapped(g, some[below(g, sizeof some - 1)], depth - 1);
}

static Ref tree(JetValues *g, char leaf, char self, int depth) {
  if (depth <= 0 || one_in(g, 3)) return wrapped(g, leaf, 0);
  if (one_in(g, 8)) return odd_thing(g, depth);
  return row(g, below(g, 4), self, depth);
}

static Ref plain(JetValues *g, char kind, int depth) {
  if (depth < 0) return nat(g, below(g, 4));
  switch (kind) {
  case 'n':
  case 'P': return one_in(g, 4) ? any_nat(g) : small_nat(g);
  case 'N': return any_nat(g);
  case 'w': return one_in(g, 3) ? small_nat(g) : one_in(g, 2) ? boundary_nat(g) : big_nat(g);
  case 'i': return one_in(g, 8) ? any_nat(g) : nat(g, below(g, 8));
  case 'k': return key(g, depth);
  case 'r': return one_in(g, 6) ? app(g, depth) : row(g, some_length(g), '*', depth);
  case 'R': return row(g, some_length(g), 'r', depth);
  case 'a': return app(g, depth);
  case 'l': return list(g, '*', depth);
  case 'p': return row(g, some_length(g), '2', depth);
  case '2': return pair(g, depth);
  case 's': return set(g, depth);
  case 'S': return row(g, below(g, 4), 's', depth);
  case 't': return tab(g, depth);
  case 'b': return bar(g);
  case 'B': return tree(g, 'b', 'B', depth);
  case 'T': return row(g, some_length(g), 'b', depth);
  case 'Q': return row(g, some_length(g), 'P', depth);
  case 'F': return tree(g, 'P', 'F', depth);
  case 'C': return row(g, some_length(g), 'n', depth);
  case 'K': return row(g, some_length(g), 'k', depth);
  case 'L': return list(g, 'k', depth);
  case 'c': return list(g, 'n', depth);
  case 'y': return call_row(g, depth);
  case 'Y': return expression(g, depth);
  case 'j': return pin(g, depth);
  case 'E': return seed_bar(g, depth);
  case 'V': return germ_pins(g, depth);
  case 'f': return function(g, 1, depth);
  case 'g': return function(g, 2, depth);
  case 'h': return function(g, 3, depth);
  case 'o': return order(g, depth);
  case 'u': return one_in(g, 4) ? function(g, 1, depth) : unfolding(g);
  default: return anything(g, depth);
  }
}

static Ref wrapped(JetValues *g, char kind, int depth) {
  if (!g->calm && one_in(g, 16)) {
    Ref n = plan_nat(g->m, g->crashes++);
    buf_printf(&g->text, "!%llu", (unsigned long long)g->crashes - 1);
    return plan_apply(g->m, plan_nat(g->m, 100), &n, 1);
  }
  if (kind != '*' && one_in(g, 14)) kind = '*';
  Ref v = plain(g, kind, depth);
  if (g->calm || !one_in(g, 5)) return v;
  buf_str(&g->text, "~");
  return app2(g, law(g, 0, 1, plan_nat(g->m, 1)), v);
}

Ref jet_value(JetValues *g, char kind) { return wrapped(g, kind, 3); }
