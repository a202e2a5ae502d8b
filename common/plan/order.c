// The work stack lies on the machine stack, also for values in normal form: so it counts against the
// memory limit, and the routine's is kept up to date by the collector. An entry is four words,
//
//   [a] [b] [where a's and b's next parts are] [how many parts are left, or PAIR]
//
// PAIR: the values a and b themselves are to be compared. Else both are rows, whose elements are
// compared from the highest of those left down, or apps, whose arguments are compared upwards.
#include "common/plan/order.h"
#include "common/base/table.h"
#include "common/plan/formal.h"
#include "common/plan/hash.h"
#include "common/plan/nat.h"
#include "common/plan/row.h"
#include <string.h>

enum { ENTRY_A, ENTRY_B, ENTRY_AT, ENTRY_LEFT, ENTRY_WORDS };
#define PAIR (1ULL << 62)

typedef enum Verdict { LESS = -1, EQUAL, GREATER, DEEPER, LIMIT } Verdict;

#define CHARGE_PAIRS 4

// --- the work stack ----------------------------------------------------------------------------------
static bool push_entry(Machine *m, Value a, Value b, uint64_t at, uint64_t left) {
  if (!stack_room(m, ENTRY_WORDS)) return false;
  stack_push(m, a);
  stack_push(m, b);
  stack_push(m, at);
  stack_push(m, left);
  return true;
}

static bool push_pair(Machine *m, Value a, Value b) { return push_entry(m, a, b, 0, PAIR); }

// Both spines have the same number of arguments, but not always the same chunks: the pieces that two
// chunks have in common are pushed, the innermost last.
static bool push_arguments(Machine *m, Value a, Value b) {
  size_t rest_a = app_args(val_obj(a)), rest_b = app_args(val_obj(b));
  for (;;) {
    size_t n = rest_a < rest_b ? rest_a : rest_b;
    rest_a -= n;
    rest_b -= n;
    if (!push_entry(m, a, b, (uint64_t)rest_a << 32 | rest_b, n)) return false;
    if (rest_a == 0) a = val_obj(a)[1];
    if (rest_b == 0) b = val_obj(b)[1];
    if (rest_a == 0 && val_kind(a) != KIND_APP) return true;
    if (rest_a == 0) rest_a = app_args(val_obj(a));
    if (rest_b == 0) rest_b = app_args(val_obj(b));
  }
}

// The next argument of entry e on one side, for entries of apps.
static Value *entry_argument(Value *e, int side) {
  uint64_t at = side == ENTRY_A ? e[ENTRY_AT] >> 32 : e[ENTRY_AT] & 0xffffffff;
  return &val_obj(e[side])[2 + at];
}

static Value entry_part(Value *e, int side) {
  if (e[ENTRY_LEFT] == PAIR) return e[side];
  if (val_kind(e[side]) == KIND_ROW) return row_at(e[side], e[ENTRY_LEFT] - 1);
  return *entry_argument(e, side);
}

static void entry_set_evaluated(Machine *m, Value *e, int side, Value v) {
  if (e[ENTRY_LEFT] == PAIR) {
    e[side] = v;
  } else if (val_kind(e[side]) == KIND_ROW) {
    row_set_evaluated(m, e[side], e[ENTRY_LEFT] - 1, v);
  } else {
    uint64_t *o = val_obj(e[side]);
    heap_write(m, o, (size_t)(entry_argument(e, side) - o), v);
  }
}

static void entry_advance(Value *e) {
  e[ENTRY_AT] += 1ULL << 32 | 1;
  e[ENTRY_LEFT] = e[ENTRY_LEFT] == PAIR ? 0 : e[ENTRY_LEFT] - 1;
}

// --- laws, and what stands for one -------------------------------------------------------------------
static Verdict verdict(int order) { return order < 0 ? LESS : order > 0 ? GREATER : EQUAL; }

static Verdict compare_nats(Value a, Value b) {
  if (val_is_small(a) && val_is_small(b)) return a < b ? LESS : a > b ? GREATER : EQUAL;
  return verdict(nat_cmp(a, b));
}

// n + 1 against k, without making n + 1.
static Verdict compare_successor(Value n, Value k) {
  if (compare_nats(n, k) >= EQUAL) return GREATER;
  uint64_t tmp_n, tmp_k;
  size_t len_n, len_k;
  const uint64_t *ns = nat_limbs(n, &tmp_n, &len_n), *ks = nat_limbs(k, &tmp_k, &len_k);
  uint64_t carry = 1;
  for (size_t i = 0; i < len_k; i++) {
    uint64_t sum = (i < len_n ? ns[i] : 0) + carry;
    carry = carry && sum == 0;
    if (sum != ks[i]) return LESS; // n < k, so n + 1 <= k
  }
  return EQUAL;
}

// The arity is the nat returned, plus one if so noted.
static Value law_arity(Value v, bool *plus_one) {
  *plus_one = val_kind(v) == KIND_COW;
  switch (val_kind(v)) {
  case KIND_LAW: return val_obj(v)[LAW_ARITY];
  case KIND_COW: return val_obj(v)[1];
  case KIND_SET: return 2;
  default: return 1;
  }
}

static Verdict compare_arities(Value a, Value b) {
  bool more_a, more_b;
  Value n = law_arity(a, &more_a), k = law_arity(b, &more_b);
  if (more_a == more_b) return compare_nats(n, k);
  return more_a ? compare_successor(n, k) : verdict(-compare_successor(k, n));
}

static Value law_body(Value v) {
  switch (val_kind(v)) {
  case KIND_LAW: return val_obj(v)[LAW_BODY];
  case KIND_SET: return set_keys(v);
  default: return 0;
  }
}

// As numbers, n bytes before the given ends.
static Verdict compare_bytes(const uint8_t *a_end, const uint8_t *b_end, size_t n) {
  while (n > 0) {
    size_t step = n < 8 ? 1 : 8;
    uint64_t a = *(a_end -= step), b = *(b_end -= step);
    if (step == 8) {
      memcpy(&a, a_end, 8);
      memcpy(&b, b_end, 8);
    }
    if (a != b) return a < b ? LESS : GREATER;
    n -= step;
  }
  return EQUAL;
}

static Verdict compare_bars(Value a, Value b) {
  const uint64_t *o = val_obj(a), *q = val_obj(b);
  size_t n = rope_len(o);
  if (n != rope_len(q)) return n < rope_len(q) ? LESS : GREATER;
  if (!rope_is_tree(a) && !rope_is_tree(b))
    return compare_bytes(rope_leaf_bytes(o) + n, rope_leaf_bytes(q) + n, n);
  while (n > 0) { // from the last bytes down
    size_t same = rope_shared_before(a, b, n);
    if (same > 0) {
      n -= same;
      continue;
    }
    const uint8_t *x, *y;
    size_t here_x = bar_run_before(a, n, &x), here_y = bar_run_before(b, n, &y);
    size_t here = here_x < here_y ? here_x : here_y;
    Verdict v = compare_bytes(x + here_x, y + here_y, here);
    if (v != EQUAL) return v;
    n -= here;
  }
  return EQUAL;
}

// The number that is a bar's body against another law's body, which is no such number.
static Verdict compare_bar_body(Value bar, Value body) {
  if (val_kind(body) != KIND_NAT) return LESS;
  return bar_len(bar) * 8 + 1 < nat_bits(body) ? LESS : GREATER;
}

static Verdict compare_laws(Machine *m, Value a, Value b) {
  bool bar_a = val_kind(a) == KIND_BAR, bar_b = val_kind(b) == KIND_BAR; // not both
  Verdict v = compare_nats(formal_law_name(a), formal_law_name(b));
  if (v == EQUAL) v = compare_arities(a, b);
  if (v != EQUAL) return v;
  if (bar_a) return compare_bar_body(a, law_body(b));
  if (bar_b) return verdict(-compare_bar_body(b, law_body(a)));
  return push_pair(m, law_body(a), law_body(b)) ? DEEPER : LIMIT;
}

// --- apps, and what stands for one -------------------------------------------------------------------
static uint64_t argument_count(Value v) {
  switch (val_kind(v)) {
  case KIND_APP: return app_total_args(v);
  case KIND_TAB: return 1;
  case KIND_ROW: return row_len(v);
  default: return 0;
  }
}

// The constructor of rows of n elements, n > 0, against the head of an app of n arguments that is no
// row; they always differ.
static Verdict compare_constructor(uint64_t n, Value head) {
  Kind kind = val_kind(head);
  if (kind == KIND_NAT || kind == KIND_PIN) return GREATER;
  if (formal_law_name(head) != 0) return LESS;
  bool plus_one;
  Value arity = law_arity(head, &plus_one);
  Verdict v = plus_one ? compare_nats(n, arity) : compare_successor(n, arity);
  return v != EQUAL ? v : LESS; // a law of this arity has another body than 0, the least value
}

static Value only_argument(Value v) { return val_kind(v) == KIND_TAB ? val_obj(v)[TAB_VALS] : val_obj(v)[2]; }

static Value app_function(Value v) { return val_kind(v) == KIND_TAB ? tab_keys(v) : app_head(v); }

static Verdict compare_apps(Machine *m, Value a, Value b, uint64_t n) {
  Kind kind_a = val_kind(a), kind_b = val_kind(b);
  if (kind_a == KIND_ROW && kind_b == KIND_ROW) return push_entry(m, a, b, 0, n) ? DEEPER : LIMIT;
  if (kind_a == KIND_ROW) return compare_constructor(n, app_function(b));
  if (kind_b == KIND_ROW) return verdict(-compare_constructor(n, app_function(a)));
  bool pushed = kind_a == KIND_APP && kind_b == KIND_APP ? push_arguments(m, a, b)
                                                         : push_pair(m, only_argument(a), only_argument(b));
  return pushed && push_pair(m, app_function(a), app_function(b)) ? DEEPER : LIMIT;
}

// Compares two evaluated values as far as they go without their parts. DEEPER: the parts that decide
// are pushed.
static Verdict compare_outside(Machine *m, Value a, Value b) {
  if (val_is_small(a) && val_is_small(b)) return compare_nats(a, b);
  Kind kind_a = val_kind(a), kind_b = val_kind(b);
  if (kind_a == KIND_BAR && kind_b == KIND_BAR)
    return jet_charge(m, rope_len(val_obj(a)) / 128) ? compare_bars(a, b) : LIMIT;
  if (kind_a == KIND_NAT || kind_b == KIND_NAT) {
    if (kind_a != kind_b) return kind_a == KIND_NAT ? LESS : GREATER;
    return jet_charge(m, obj_count(val_obj(val_is_small(a) ? b : a)) / 16) ? compare_nats(a, b) : LIMIT;
  }
  if (kind_a == KIND_PIN || kind_b == KIND_PIN) {
    if (kind_a != kind_b) return kind_a == KIND_PIN ? LESS : GREATER;
    return push_pair(m, val_obj(a)[PIN_ITEM], val_obj(b)[PIN_ITEM]) ? DEEPER : LIMIT;
  }
  uint64_t n = argument_count(a), k = argument_count(b);
  if (n >= 1024 && !jet_charge(m, n / 256)) return LIMIT;
  if (n != k) return n < k ? LESS : GREATER;
  return n == 0 ? compare_laws(m, a, b) : compare_apps(m, a, b, n);
}

// --- values in normal form -----------------------------------------------------------------------------
// Values taken for equal form classes: a class is a tree of addresses, each pointing to its parent. A
// pair joins when it is first met, before its parts are compared: should they differ, then that is the
// end of the whole comparison. So each value is entered about once, however often it is shared.
typedef struct Classes {
  WordTable parent;
  size_t pairs; // met so far
  bool dear;    // hashing pins was given up
} Classes;

#define UNMARKED_PAIRS 64 // compared before joining starts: most comparisons end before

static Value class_of(Classes *c, Value v) {
  for (;;) {
    uint64_t *parent = wtab_get(&c->parent, v);
    if (!parent) return v;
    uint64_t *grand = wtab_get(&c->parent, *parent);
    if (!grand) return *parent;
    *parent = *grand;
    v = *grand;
  }
}

// False: the two are in one class already.
static bool join(Classes *c, Value a, Value b) {
  if (++c->pairs < UNMARKED_PAIRS) return true;
  a = class_of(c, a);
  b = class_of(c, b);
  if (a == b) return false;
  wtab_put(&c->parent, a, b);
  return true;
}

static bool has_parts(Value v) {
  if (val_is_small(v)) return false;
  switch (val_kind(v)) {
  case KIND_NAT:
  case KIND_BAR:
  case KIND_COW: return false;
  default: return true;
  }
}

#define HASH_MOST (1u << 18) // units of work that a comparison spends at once on hashing pins

// Whether both have the same hash. Once a hash has proved dear (a sharing bomb, a long chain of pins),
// this comparison goes by what the pins hold.
static Verdict compare_hashes(Machine *m, Classes *c, Value a, Value b) {
  uint8_t x[32], y[32];
  uint64_t left = m->fuel_left, most = left < HASH_MOST ? left : HASH_MOST;
  Outcome before = m->stop;
  m->fuel_left = most;
  bool hashed = hash_pin(m, a, x) && hash_pin(m, b, y);
  m->fuel_left = left - (most - m->fuel_left);
  if (hashed) return memcmp(x, y, 32) == 0 ? EQUAL : DEEPER;
  if (m->stop != RUN_FUEL || most < HASH_MOST) return LIMIT;
  m->stop = before;
  c->dear = true;
  return jet_charge(m, 1) ? DEEPER : LIMIT;
}

static Verdict compare_nf_pair(Machine *m, Classes *c, Value a, Value b) {
  if (a == b) return EQUAL;
  if (has_parts(a) && has_parts(b)) {
    if (!c->dear && val_kind(a) == KIND_PIN && val_kind(b) == KIND_PIN) {
      Verdict v = compare_hashes(m, c, a, b);
      if (v != DEEPER) return v;
    }
    if (!join(c, a, b)) return EQUAL;
  }
  return compare_outside(m, a, b);
}

static size_t same_in_run(Value a, Value b, size_t end) {
  const Value *x, *y;
  size_t n = row_run_before(a, end, &x), k = row_run_before(b, end, &y), same = 0;
  while (same < n && same < k && x[n - 1 - same] == y[k - 1 - same]) same++;
  return same;
}

// Passes over elements in nodes that both trees have, or else over those that are the same to look at.
static bool skip_same(Machine *m, Value *e) {
  if (e[ENTRY_LEFT] == PAIR || val_kind(e[ENTRY_A]) != KIND_ROW) return false;
  size_t same = rope_is_tree(e[ENTRY_A]) && rope_is_tree(e[ENTRY_B])
                    ? rope_shared_before(e[ENTRY_A], e[ENTRY_B], e[ENTRY_LEFT])
                    : 0;
  if (same == 0) same = same_in_run(e[ENTRY_A], e[ENTRY_B], e[ENTRY_LEFT]);
  e[ENTRY_LEFT] -= same;
  if (e[ENTRY_LEFT] == 0) m->sp -= ENTRY_WORDS;
  return same > 0;
}

static Verdict compare_nf(Machine *m, Classes *c, Value *bottom) {
  for (size_t steps = 1; m->sp > bottom; steps++) {
    Value *e = m->sp - ENTRY_WORDS;
    if (skip_same(m, e)) continue;
    Value a = val_deref(entry_part(e, ENTRY_A)), b = val_deref(entry_part(e, ENTRY_B));
    assert(!val_is_lazy(a) && !val_is_lazy(b));
    entry_advance(e);
    if (e[ENTRY_LEFT] == 0) m->sp -= ENTRY_WORDS;
    if (steps % CHARGE_PAIRS == 0 && !jet_charge(m, 1)) return LIMIT;
    Verdict v = compare_nf_pair(m, c, a, b);
    if (v != EQUAL && v != DEEPER) return v;
  }
  return EQUAL;
}

static Verdict compare_whole(Machine *m, Value a, Value b) {
  Value *bottom = m->sp;
  Classes classes = {0};
  Verdict v = push_pair(m, a, b) ? compare_nf(m, &classes, bottom) : LIMIT;
  wtab_free(&classes.parent);
  m->sp = bottom;
  return v;
}

static bool is_nat_or_bar(Value v) {
  return val_is_small(v) || val_kind(v) == KIND_NAT || val_kind(v) == KIND_BAR;
}

bool order_cmp_any_nf(Machine *m, Value a, Value b, int *order) {
  a = val_deref(a);
  b = val_deref(b);
  bool simple = is_nat_or_bar(a) && is_nat_or_bar(b);
  Verdict v = a == b ? EQUAL : simple ? compare_outside(m, a, b) : compare_whole(m, a, b);
  if (v == LIMIT) return false;
  *order = (int)v;
  return true;
}

// --- values that may be lazy ---------------------------------------------------------------------------
// Frame: [a][b][phase][where the next equal pair is noted][2 unused][self], then the newest equal pairs,
// then the work stack. What has been found equal has been evaluated whole, so it is marked as being in
// normal form; pairs in normal form are left to order_cmp_nf. The noted pairs keep that from being
// quadratic where a value holds another twice.
enum { PHASE_START, PHASE_A, PHASE_B, PHASE_FORCED };
enum { CMP_PHASE = 2, CMP_NOTE, CMP_SELF = 2 + CMP_STATE, CMP_NOTES };
#define NOTED 4
#define CMP_WORK (CMP_NOTES + 2 * NOTED)

static bool noted_equal(const Value *f, Value a, Value b) {
  for (const Value *p = f + CMP_NOTES; p < f + CMP_WORK; p += 2)
    if (p[0] == a && p[1] == b) return true;
  return false;
}

static void note_equal(Value *f, Value a, Value b) {
  Value *p = f + CMP_NOTES + 2 * f[CMP_NOTE];
  p[0] = a;
  p[1] = b;
  f[CMP_NOTE] = (f[CMP_NOTE] + 1) % NOTED;
}

static void mark_nf(Value v) {
  if (val_is_nf(v)) return;
  val_is_tab(&v);
  val_obj(v)[0] |= OBJ_NF;
}

// Takes a finished entry away. A piece of a longer spine is no value of its own.
static void finish_entry(Machine *m, Value *f, Value *e) {
  Value a = e[ENTRY_A], b = e[ENTRY_B];
  m->sp = e;
  if (val_is_small(a) || val_is_small(b)) return;
  bool rows = val_kind(a) == KIND_ROW && val_kind(b) == KIND_ROW;
  bool apps = val_kind(a) == KIND_APP && val_kind(b) == KIND_APP;
  if (apps) {
    uint64_t *x = val_obj(a), *y = val_obj(b);
    apps = app_args(x) == app_args(y) && val_kind(x[1]) != KIND_APP && val_kind(y[1]) != KIND_APP;
  }
  if (!rows && !apps) return;
  mark_nf(a);
  mark_nf(b);
  note_equal(f, a, b);
}

// Brings one side of the next pair to weak head normal form, true when it is.
static bool evaluated(Machine *m, Value *e, int side, Value *io) {
  Value v = entry_part(e, side);
  if (!val_is_lazy(v)) return true;
  *io = val_deref(v);
  if (val_is_lazy(*io)) return false;
  entry_set_evaluated(m, e, side, *io);
  return true;
}

static Verdict compare_pair(Machine *m, Value *f, Value a, Value b) {
  if (noted_equal(f, a, b)) return EQUAL;
  if (!val_is_nf(a) || !val_is_nf(b)) return compare_outside(m, a, b);
  int order;
  return order_cmp_nf(m, a, b, &order) ? verdict(order) : LIMIT;
}

static JetResult compare_on(Machine *m, Value *f, Value *io) {
  for (size_t steps = 1; m->sp > f + CMP_WORK; steps++) {
    Value *e = m->sp - ENTRY_WORDS;
    if (e[ENTRY_LEFT] == 0) {
      finish_entry(m, f, e);
      continue;
    }
    f[CMP_PHASE] = PHASE_A;
    if (!evaluated(m, e, ENTRY_A, io)) return JET_EVAL;
    f[CMP_PHASE] = PHASE_B;
    if (!evaluated(m, e, ENTRY_B, io)) return JET_EVAL;
    Value a = entry_part(e, ENTRY_A), b = entry_part(e, ENTRY_B);
    // A pair has nothing to be marked: it goes before its parts come.
    if (e[ENTRY_LEFT] == PAIR) {
      m->sp = e;
    } else {
      entry_advance(e);
    }
    if (steps % CHARGE_PAIRS == 0 && !jet_charge(m, 1)) return JET_STOP;
    if (a == b && !val_is_nf(a)) { // equal, but what it holds must be evaluated all the same
      f[CMP_PHASE] = PHASE_FORCED;
      *io = a;
      return JET_FORCE;
    }
    Verdict v = a == b ? EQUAL : compare_pair(m, f, a, b);
    if (v == LIMIT) return JET_STOP;
    if (v == LESS || v == GREATER) {
      *io = (Value)(v + 1);
      return JET_DONE;
    }
  }
  *io = 1;
  return JET_DONE;
}

JetResult routine_cmp(Machine *m, Value *f, Value *io) {
  if (f[CMP_PHASE] == PHASE_START) {
    assert(m->sp >= f + CMP_NOTES);
    m->sp = f + CMP_NOTES; // a host that compares again leaves the last comparison's words behind
    if (!stack_room(m, 2 * NOTED)) return JET_STOP;
    for (int i = 0; i < 2 * NOTED; i++) stack_push(m, 0);
    if (!push_pair(m, f[0], f[1])) return JET_STOP;
  } else if (f[CMP_PHASE] != PHASE_FORCED) {
    entry_set_evaluated(m, m->sp - ENTRY_WORDS, f[CMP_PHASE] == PHASE_A ? ENTRY_A : ENTRY_B, *io);
  }
  return compare_on(m, f, io);
}
