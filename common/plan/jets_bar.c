// Jets of sire_16_bar. Their laws compute with the body of whatever law they are given; here a bar is a
// bar, other laws that no data jet stands for are left to the laws, and everything else is no bytes.
#include "common/plan/formal.h"
#include "common/plan/jets_walk.h"

// What the law has to judge.
static bool is_strange(Value v) { return val_kind(v) == KIND_LAW; }

static uint64_t len_of(Value v) { return val_is_bar(v) ? bar_len(v) : 0; }

static JetResult run_is_bar(Machine *m, Value *f, Value *io) { return jet_done(io, val_is_bar(f[0])); }

static JetResult run_len(Machine *m, Value *f, Value *io) {
  return is_strange(f[0]) ? JET_DECLINE : jet_done(io, len_of(f[0]));
}

static JetResult run_is_empty(Machine *m, Value *f, Value *io) {
  return is_strange(f[0]) ? JET_DECLINE : jet_done(io, val_is_bar(f[0]) && bar_len(f[0]) == 0);
}

// --- nats and bars ---------------------------------------------------------------------------------------

static JetResult run_bar(Machine *m, Value *f, Value *io) {
  if (!f[1]) {
    f[1] = 1;
    *io = f[0];
    return JET_FORCE;
  }
  if (is_nat(*io) && !jet_room(m, nat_bytes(*io) / 8 + 1)) return JET_STOP;
  *io = new_law(m, 1, 1, *io);
  return m->stop == RUN_DONE ? JET_DONE : JET_STOP;
}

// The bar of the low n bytes of *v, a nat.
static JetResult bar_of_nat(Machine *m, const Value *v, size_t n, Value *io) {
  uint8_t *to = bar_build(m, n, io);
  if (!to) return JET_STOP;
  nat_copy_bytes(*v, to, n);
  return JET_DONE;
}

static JetResult run_nat_bar(Machine *m, Value *f, Value *io) {
  f[0] = as_nat(f[0]);
  return bar_of_nat(m, &f[0], nat_bytes(f[0]), io);
}

// size, nat. A number that does not fit is added to the byte above the last.
static JetResult run_sized_bar(Machine *m, Value *f, Value *io) {
  uint64_t size;
  f[1] = as_nat(f[1]);
  if (nat_u64(as_nat(f[0]), &size) && nat_bytes(f[1]) <= size) return bar_of_nat(m, &f[1], size, io);
  if (!nat_u64(as_nat(f[0]), &size) || size > NAT_SMALL_MAX / 8) size = NAT_SMALL_MAX / 8;
  const Value one = 1, bits = size * 8;
  JetResult r = nat_shl(m, &one, &bits, &f[0]);
  if (r == JET_DONE) r = nat_add(m, &f[0], &f[1], io);
  if (r == JET_DONE) *io = new_law(m, 1, 1, *io);
  return m->stop == RUN_DONE ? r : JET_STOP;
}

// The number of bytes from..to of the bar *v.
static JetResult nat_of_bytes(Machine *m, const Value *v, size_t from, size_t to, Value *io) {
  if (from == to) return jet_done(io, 0);
  size_t limbs = (to - from + 7) / 8;
  if (!jet_room(m, limbs)) return JET_STOP;
  uint64_t *o = nat_alloc(m, limbs);
  o[limbs] = 0;
  bar_copy(*v, from, to - from, (uint8_t *)(o + 1));
  return jet_done(io, nat_trim(o));
}

static JetResult run_bar_nat(Machine *m, Value *f, Value *io) {
  return is_strange(f[0]) ? JET_DECLINE : nat_of_bytes(m, &f[0], 0, len_of(f[0]), io);
}

// --- bytes -----------------------------------------------------------------------------------------------

// Evaluates a byte; true when *byte is it.
static bool know_byte(Value *byte, Value *asked, Value *io) {
  if (*asked)
    *byte = *io;
  else if (!jet_known(byte)) {
    *asked = 1;
    *io = *byte;
    return false;
  }
  return true;
}

static uint8_t low_byte(Value v) {
  uint8_t byte;
  nat_copy_bytes(as_nat(v), &byte, 1);
  return byte;
}

// Of a bar that nobody else has seen yet.
static uint8_t *bar_bytes_of(Value bar) { return (uint8_t *)(val_obj(bar) + 1); }

static Value element(const Value *row, size_t i, Value *place) {
  return val_deref(row_at_place(*row, i, place));
}

// The low bytes of the elements, which are evaluated. False elements at the end are zeros; before them, the
// law drops what is a zero only by its low byte.
static JetResult bar_of_row(Machine *m, const Value *row, Value *io) {
  size_t n = row_len(*row), used = n;
  Value place[PLACE_WORDS] = {0};
  while (used > 0 && !is_true(element(row, used - 1, place))) used--;
  size_t zeros = n - used;
  while (used > 0 && low_byte(element(row, used - 1, place)) == 0) used--;
  uint8_t *to = jet_charge(m, n / 16) ? bar_build(m, used + zeros, io) : NULL;
  if (!to) return JET_STOP;
  RowCursor c = row_cursor(*row, 0);
  Value v;
  for (size_t i = 0; i < used && row_next(&c, &v); i++) to[i] = low_byte(val_deref(v));
  return JET_DONE;
}

// The elements are evaluated from the last to the first. Frame: row, then whether we have begun, and how
// many are left.
static JetResult run_bytes(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, LEFT, PLACE };
  if (!f[STARTED]) {
    f[STARTED] = 1;
    if (!jet_as_row(m, &f[0])) return JET_STOP;
    f[LEFT] = row_len(f[0]);
  }
  while (f[LEFT] > 0) {
    Value v = element(&f[0], --f[LEFT], f + PLACE);
    if (val_is_lazy(v)) return jet_eval(io, v);
  }
  return bar_of_row(m, &f[0], io);
}

// size, function. The bytes that it gives, from the last to the first, are kept in the bar that will be the
// result; the law drops some, as in bar_of_row.
static JetResult run_gen(Machine *m, Value *f, Value *io) {
  enum { FUNCTION = 1, STARTED, LEFT, FALSE_FROM, USED, BAR };
  if (f[STARTED]) {
    uint8_t byte = low_byte(*io);
    f[LEFT]--;
    bar_bytes_of(f[BAR])[f[LEFT]] = byte;
    if (f[FALSE_FROM] == f[LEFT] + 1 && !is_true(*io))
      f[FALSE_FROM]--;
    else if (byte && !f[USED])
      f[USED] = f[LEFT] + 1;
  } else {
    uint64_t n;
    if (!nat_u64(as_nat(f[0]), &n)) n = UINT64_MAX;
    if (!bar_build(m, n, &f[BAR])) return JET_STOP;
    f[STARTED] = 1;
    f[LEFT] = f[FALSE_FROM] = n;
  }
  size_t zeros = bar_len(f[BAR]) - f[FALSE_FROM];
  if (f[LEFT] == 0) return jet_made(bar_slice(m, &f[BAR], 0, f[USED] + zeros, io));
  stack_push(m, f[FUNCTION]);
  stack_push(m, f[LEFT] - 1);
  *io = 1;
  return JET_APPLY;
}

// size, byte
static JetResult run_rep(Machine *m, Value *f, Value *io) {
  uint64_t n;
  if (!nat_u64(as_nat(f[0]), &n)) n = UINT64_MAX;
  if (n > 0 && !know_byte(&f[1], &f[2], io)) return JET_EVAL;
  int byte = n > 0 ? low_byte(f[1]) : 0;
  if (byte == 0 && is_true(f[1])) n = 0; // as in bar_of_row
  uint8_t *to = bar_build(m, n, io);
  if (!to) return JET_STOP;
  memset(to, byte, n);
  return JET_DONE;
}

static Value byte_at(Value bar, size_t i) { return bar_at(bar, i); }

static JetResult run_to_list(Machine *m, Value *f, Value *io) {
  return is_strange(f[0]) ? JET_DECLINE : jet_to_list(m, f, len_of(f[0]), bar_slice, byte_at, io);
}

// --- parts -----------------------------------------------------------------------------------------------

static JetResult run_idx(Machine *m, Value *f, Value *io) {
  if (is_strange(f[1])) return JET_DECLINE;
  size_t n = len_of(f[1]), i = as_index(f[0], n);
  return jet_done(io, i < n ? bar_at(f[1], i) : 0);
}

static JetResult slice(Machine *m, const Value *v, size_t from, size_t to, Value *io) {
  if (val_is_bar(*v)) return jet_made(bar_slice(m, v, from, to, io));
  return jet_done(io, obj_val(new_bar(m, 0)));
}

static JetResult run_take(Machine *m, Value *f, Value *io) {
  return is_strange(f[1]) ? JET_DECLINE : slice(m, &f[1], 0, jet_take_count(f[0], len_of(f[1])), io);
}

static JetResult run_drop(Machine *m, Value *f, Value *io) {
  if (is_strange(f[1])) return JET_DECLINE;
  size_t n = len_of(f[1]);
  return slice(m, &f[1], as_index(f[0], n), n, io);
}

// offset, width, bar. In one piece: its law would copy all that is behind the offset first, and so make
// taking a text apart quadratic.
static JetResult run_slice(Machine *m, Value *f, Value *io) {
  if (is_strange(f[2])) return JET_DECLINE;
  size_t n = len_of(f[2]), from = as_index(f[0], n);
  return slice(m, &f[2], from, from + jet_take_count(f[1], n - from), io);
}

// offset, width, bar
static JetResult run_slice_to_nat(Machine *m, Value *f, Value *io) {
  if (is_strange(f[2])) return JET_DECLINE;
  size_t n = len_of(f[2]), from = as_index(f[0], n);
  return nat_of_bytes(m, &f[2], from, from + jet_take_count(f[1], n - from), io);
}

// --- searching -------------------------------------------------------------------------------------------

static size_t first_place(Value bar, int byte, size_t from) {
  size_t n = bar_len(bar);
  while (from < n) {
    const uint8_t *run;
    size_t len = bar_run(bar, from, &run);
    const uint8_t *at = memchr(run, byte, len);
    if (at) return from + (size_t)(at - run);
    from += len;
  }
  return n;
}

// The last place before *end.
static bool last_place(Value bar, int byte, size_t *end) {
  while (*end > 0) {
    const uint8_t *run;
    size_t len = bar_run_before(bar, *end, &run);
    const uint8_t *at = memrchr(run, byte, len);
    *end -= at ? len - (size_t)(at - run) : len;
    if (at) return true;
  }
  return false;
}

// byte, bar: 0, or (0 index) of its last place.
static JetResult run_index_end(Machine *m, Value *f, Value *io) {
  if (!val_is_bar(f[1])) return JET_DECLINE;
  size_t n = bar_len(f[1]);
  if (n == 0) return jet_done(io, 0);
  if (!know_byte(&f[0], &f[2], io)) return JET_EVAL;
  if (!jet_charge(m, n / 128)) return JET_STOP;
  if (f[0] >= 256 || !last_place(f[1], (int)f[0], &n)) return jet_done(io, 0);
  f[0] = n;
  return jet_done(io, new_app(m, 0, &f[0], 1));
}

// byte, offset, bar: the first place from the offset on, or the bar's length.
static JetResult run_index_off(Machine *m, Value *f, Value *io) {
  if (is_strange(f[2])) return JET_DECLINE;
  size_t n = len_of(f[2]), from = jet_take_count(f[1], n);
  if (from == n) return jet_done(io, n);
  if (!know_byte(&f[0], &f[3], io)) return JET_EVAL;
  if (!jet_charge(m, (n - from) / 128)) return JET_STOP;
  return jet_done(io, f[0] < 256 ? first_place(f[2], (int)f[0], from) : n);
}

// --- joining ---------------------------------------------------------------------------------------------

static uint8_t *append(uint8_t *to, Value v) {
  size_t n = len_of(v);
  if (n) bar_copy(v, 0, n, to);
  return to + n;
}

static JetResult run_weld(Machine *m, Value *f, Value *io) {
  if (is_strange(f[0]) || is_strange(f[1])) return JET_DECLINE;
  for (int i = 0; i < 2; i++)
    if (!val_is_bar(f[i])) f[i] = obj_val(new_bar(m, 0));
  return jet_made(bar_join(m, &f[0], &f[1], io));
}

// The elements are evaluated from the last to the first.
static JetResult run_cat(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, LEFT };
  uint64_t total = 0;
  if (!f[STARTED]) {
    f[STARTED] = 1;
    if (!jet_as_row(m, &f[0])) return JET_STOP;
    f[LEFT] = row_len(f[0]);
  }
  while (f[LEFT] > 0) {
    Value v = val_deref(row_at(f[0], --f[LEFT]));
    if (val_is_lazy(v)) return jet_eval(io, v);
  }
  size_t n = row_len(f[0]);
  for (size_t i = 0; i < n; i++) {
    Value v = val_deref(row_at(f[0], i));
    if (is_strange(v)) return JET_DECLINE;
    if (__builtin_add_overflow(total, len_of(v), &total)) total = UINT64_MAX / 2;
  }
  uint8_t *to = jet_charge(m, n / 16) ? bar_build(m, total, io) : NULL;
  if (!to) return JET_STOP;
  for (size_t i = 0; i < n; i++) to = append(to, val_deref(row_at(f[0], i)));
  return JET_DONE;
}

static JetResult run_flat(Machine *m, Value *f, Value *io) {
  enum { LENGTH = 2, SELF };
  Value *bottom = f + SELF + 1, v;
  Walk step;
  JetResult r = walk_measure(m, f, bottom, len_of, io);
  if (r != JET_DONE) return r;
  uint8_t *to = bar_build(m, f[LENGTH], io);
  if (!to || !walk_start(m, f[0])) return JET_STOP;
  while ((step = walk_next(m, bottom, &v)) == WALK_LEAF) to = append(to, v);
  return step == WALK_END ? JET_DONE : JET_STOP;
}

static const JetDef bar[] = {
    JET("isBar", 1, 0, "0", run_is_bar, "BoDTAF88eG5ykFN5WxbBgfmYLsfcaCXJNjjVUxW1LGYV"),
    JET("_Bar", 1, 1, "", run_bar, "3rEdAKuWvV2VjaZoXae5fD1H3mAqkLJjZhqSp2djP9ez"),
    JET("natBar", 1, 0, "0", run_nat_bar, "8skazbEPVRUQkid2uQgQFJLRxveQqBepJXKCcSA1kVpT"),
    JET("barNat", 1, 0, "0", run_bar_nat, "HzPryDAhioqTPGfFopyj29Pf6oo1KwYGAoLRZ7V5ZR5V"),
    JET("barLen", 1, 0, "0", run_len, "FRQyoP5YeRoHtbXXaU5yaakGdaq7sm6PiNH9RHcH2Dwy"),
    JET("barIsEmpty", 1, 0, "0", run_is_empty, "8VoyMabPUNASM5PvxrUUVca6gk4Gf6HRvUHiFkMHuMw6"),
    JET("_NatToSizedBar", 2, 0, "10", run_sized_bar, "CKuuEeyrhLLJqabF1zT2jEt9VjZPk2uKrHcPwRQL4Tt2"),
    JET("bytesBar", 1, 2 + PLACE_WORDS, "0", run_bytes, "5oqTdYDnhogd3pYtLC5LaMzgqwLemDgmry1aGR844oLu"),
    JET("barGen", 2, 5, "0", run_gen, "8G9u2H4tj4LPvWVQE6WSjQuG3Xm9RXtHhQsYZSSdfDb7"),
    JET("barRep", 2, 1, "0", run_rep, "AUVCDG17W6GpFNLRjzGnmbYfRSPUg7zqPkeQsaNwNLY4"),
    JET("barToList", 1, 0, "0", run_to_list, "APFx9JswQRSUhBUhFaRaZEAPf5vJWrrnuZRpB6zEb6Ea"),
    JET("barIdx", 2, 0, "01", run_idx, "7EAWHpAwBQFBHLJBNUpTkP9E3RvWtCFcatDjUQi5yFUC"),
    JET("barWeld", 2, 0, "10", run_weld, "8LcLqd1ZBa1CPYRK4LDVyDxzwWCSoN5NZXqFPWrGy7RS"),
    JET("barCat", 1, 2, "0", run_cat, "E8ad3F9S1GGfCxmDwcZzUUrkjqWbzEDRnuxxvdh92Q5u"),
    JET("barTake", 2, 0, "01", run_take, "BQZzhV3xiMvEJWpAzjv2nJTxKu9XfGRmCG8iYBynP7Uv"),
    JET("barDrop", 2, 0, "01", run_drop, "4zNT1Sfc7yv1ujqpZHN6HM3qbMQ3yAh9f4zpjwgB65ao"),
    JET("barSlice", 3, 0, "102", run_slice, "6hf8qz1FRJGiD2q9Xw549QQ93QAuy7w5uFnbSkP29Cpk"),
    JET("_BarSliceToNat", 3, 0, "102", run_slice_to_nat, "DbKqsHmZ1ZnXXZt8SatkyVU1hPMEk4ZcE6nn4JLmx1vr"),
    JET("barElemIndexEnd", 2, 1, "1", run_index_end, "JXHswKJpbWwi9nDXpWwZvhSLwQNDGwRKcg1Nc7p3Yw5"),
    JET("barFlat", 1, 2, "0", run_flat, "3wHv6z3N9k2ZdDK57ZMe7ak1bMt4SodmtZQPUrHqeBR6"),
    JET("barElemIndexOff", 3, 1, "12", run_index_off, "BJJ426tHsJ8qsBCZzxuykJmhDZw7VTg5Vso1Whk1nxr7"),
};

const JetGroup jets_bar = JET_GROUP("bar", bar);
