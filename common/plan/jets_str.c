// Jets of sire_10_str: text is a nat, its bytes from the lowest up.
#include "common/plan/jets.h"

static JetResult run_is_digit(Machine *m, Value *f, Value *io) {
  return jet_done(io, f[0] >= '0' && f[0] <= '9');
}

// --- joining -----------------------------------------------------------------------------------------------

// Copies the bytes of v, which has none unless it is a nat.
static uint8_t *append(uint8_t *to, Value v) {
  size_t n = nat_bytes(as_nat(v));
  nat_copy_bytes(as_nat(v), to, n);
  return to + n;
}

// What lies on the stack from `base` on, in one text.
static JetResult join(Machine *m, const Value *base, Value *io) {
  uint64_t bytes = 0;
  for (const Value *v = base; v < m->sp; v++) bytes += nat_bytes(as_nat(*v));
  uint64_t limbs = bytes / 8 + 1;
  if (!jet_charge(m, (uint64_t)(m->sp - base) / 16) || !jet_room(m, limbs)) return JET_STOP;
  uint64_t *o = nat_alloc(m, limbs);
  uint8_t *to = (uint8_t *)(o + 1);
  o[limbs] = 0;
  for (const Value *v = base; v < m->sp; v++) to = append(to, *v);
  return jet_done(io, nat_trim(o));
}

static JetResult run_weld(Machine *m, Value *f, Value *io) {
  Value *parts = m->sp;
  stack_push(m, f[0]);
  stack_push(m, f[1]);
  return join(m, parts, io);
}

// Frame: row, then whether we have begun. Above it: the elements, evaluated.
static JetResult run_cat(Machine *m, Value *f, Value *io) {
  Value *base = f + 3;
  if (f[1]) {
    stack_push(m, *io);
  } else {
    f[1] = 1;
    if (!jet_as_row(m, &f[0]) || !stack_room(m, row_len(f[0]))) return JET_STOP;
  }
  for (size_t i = (size_t)(m->sp - base), n = row_len(f[0]); i < n; i++) {
    Value v = val_deref(row_at(f[0], i));
    if (val_is_lazy(v)) return jet_eval(io, v);
    stack_push(m, v);
  }
  return join(m, base, io);
}

// --- lists of characters -----------------------------------------------------------------------------------

// Frame: list, then what is being evaluated: a cell or its element. Above it: the elements, evaluated.
static JetResult run_from_list(Machine *m, Value *f, Value *io) {
  enum { STARTED, CELL, ELEMENT };
  if (f[1] == CELL) f[0] = *io;
  if (f[1] == ELEMENT) stack_push(m, *io);
  for (;;) {
    f[1] = CELL;
    if (!jet_known(&f[0])) return jet_eval(io, f[0]);
    if (is_nat(f[0])) return join(m, f + 3, io);
    Value element;
    if (!jet_uncons(m, &f[0], &element)) return JET_STOP;
    element = val_deref(element);
    f[1] = ELEMENT;
    if (val_is_lazy(element)) return jet_eval(io, element);
    stack_push(m, element);
  }
}

// The list of a long text is made piece by piece, as it is looked at. The pieces are a part of what is
// left, so that copying that each time takes linear time.
#define PIECES 16u

static uint8_t byte_at(Value v, size_t i) {
  uint64_t tmp;
  size_t n;
  return ((const uint8_t *)nat_limbs(v, &tmp, &n))[i];
}

static JetResult run_to_list(Machine *m, Value *f, Value *io) {
  f[0] = as_nat(f[0]);
  size_t n = nat_bytes(f[0]), piece = n / PIECES > JET_PIECE ? n / PIECES : JET_PIECE;
  Value *list = m->sp;
  stack_push(m, 0);
  if (n > piece) {
    const Value bits = 8 * piece;
    JetResult r = nat_shr(m, &f[0], &bits, list);
    if (r != JET_DONE) return r;
    *list = jet_suspend(m, &f[1], list, 1);
    n = piece;
  }
  if (!jet_room(m, 3 * n)) return JET_STOP;
  while (n-- > 0) *list = new_pair_row(m, byte_at(f[0], n), *list);
  return jet_done(io, *list);
}

static const JetDef str[] = {
    JET("isDigit", 1, 0, "0", run_is_digit, "A55EjKavUf9P9wSg7np7yqng75XWmcSURmmbAAaLTnBN"),
    JET("strWeld", 2, 0, "10", run_weld, "DZHPb5rgtc2R69YayxDcLr9pvc1GCXDuKhiTuKpuvymo"),
    JET("strCat", 1, 1, "0", run_cat, "5r3MFDeDCWCsE4UgrSCrNzkTFxpdknT6tmfrvSGnGaWV"),
    JET("strFromList", 1, 1, "", run_from_list, "JBNqrmMSXxJPtM8M4ii5snLTmv83fSGmjWjBuFHu1w2"),
    JET("strToList", 1, 0, "0", run_to_list, "GRvvHx5mavxMTsF1Qe1yZYQG21rt3qaAdEqXZgYxVP61"),
    JET("implode", 1, 1, "0", run_cat, "5WGW3TBZshBZvnnYcePG9mHFuSvEYwYck9PMkPnq72wY"),
};

const JetGroup jets_str = JET_GROUP("str", str);
