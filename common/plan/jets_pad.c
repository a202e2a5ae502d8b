// Jets of sire_15_pad. A pad is a string of bits, lowest first, with a 1 above its last; what is no nat,
// and 0, is the empty pad.
#include "common/plan/formal.h"
#include "common/plan/jets_walk.h"

static uint64_t pad_width(Value v) { return is_true(v) ? nat_bits(v) - 1 : 0; }

// A pad in the making.
typedef struct PadWriter {
  uint64_t *object, at;
} PadWriter;

static bool pad_open(Machine *m, PadWriter *w, uint64_t width) {
  uint64_t limbs = width / 64 + 2; // one more than needed, so that writing is simple
  if (!jet_room(m, limbs)) return false;
  *w = (PadWriter){.object = nat_alloc(m, limbs)};
  memset(w->object + 1, 0, limbs * 8);
  return true;
}

static void pad_write_word(PadWriter *w, uint64_t word, unsigned bits) {
  uint64_t *to = w->object + 1 + w->at / 64;
  unsigned shift = w->at % 64;
  to[0] |= word << shift;
  if (shift) to[1] |= word >> (64 - shift);
  w->at += bits;
}

static void pad_write(PadWriter *w, Value v) {
  uint64_t tmp, width = pad_width(v);
  size_t n;
  const uint64_t *limbs = nat_limbs(as_nat(v), &tmp, &n);
  for (; width >= 64; width -= 64) pad_write_word(w, *limbs++, 64);
  if (width) pad_write_word(w, *limbs & ((1ULL << width) - 1), (unsigned)width);
}

static JetResult pad_close(PadWriter *w, Value *io) {
  pad_write_word(w, 1, 1);
  return jet_done(io, nat_trim(w->object));
}

static JetResult run_weld(Machine *m, Value *f, Value *io) {
  PadWriter w;
  if (!pad_open(m, &w, pad_width(f[0]) + pad_width(f[1]))) return JET_STOP;
  pad_write(&w, f[0]);
  pad_write(&w, f[1]);
  return pad_close(&w, io);
}

// Frame: row, then how many of its elements are evaluated.
static JetResult run_cat(Machine *m, Value *f, Value *io) {
  PadWriter w;
  uint64_t width = 0;
  if (f[1] == 0 && !jet_as_row(m, &f[0])) return JET_STOP;
  size_t n = row_len(f[0]);
  while (f[1] < n) {
    Value v = val_deref(row_at(f[0], f[1]++));
    if (val_is_lazy(v)) return jet_eval(io, v);
  }
  for (size_t i = 0; i < n; i++) width += pad_width(val_deref(row_at(f[0], i)));
  if (!jet_charge(m, n / 16) || !pad_open(m, &w, width)) return JET_STOP;
  for (size_t i = 0; i < n; i++) pad_write(&w, val_deref(row_at(f[0], i)));
  return pad_close(&w, io);
}

static JetResult run_flat(Machine *m, Value *f, Value *io) {
  enum { WIDTH = 2, SELF };
  Value *bottom = f + SELF + 1, v;
  Walk step;
  PadWriter w;
  if (is_nat(f[0])) return jet_done(io, f[0]);
  JetResult r = walk_measure(m, f, bottom, pad_width, io);
  if (r != JET_DONE) return r;
  if (!pad_open(m, &w, f[WIDTH]) || !walk_start(m, f[0])) return JET_STOP;
  while ((step = walk_next(m, bottom, &v)) == WALK_LEAF) pad_write(&w, v);
  return step == WALK_STOP ? JET_STOP : pad_close(&w, io);
}

static const JetDef pad[] = {
    JET("padWeld", 2, 0, "10", run_weld, "3HYdLDt6xEBvr4sgd1NKBGt8fudaJsF7NeBAfifYdJ1x"),
    JET("padCat", 1, 1, "0", run_cat, "7oSvLzBPe2YutqfME1KZRT4Bey5NgTVjKhbRxeTVgMBw"),
    JET("padFlat", 1, 2, "0", run_flat, "9cU96nmmqDUvNvped7BHg5G6WE9xCwukSyvqyQgD1TDu"),
};

const JetGroup jets_pad = JET_GROUP("pad", pad);
