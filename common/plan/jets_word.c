// Jets of w32 and w64: arithmetic on the low 32 or 64 bits of nats. Subtraction, and what is made of it,
// looks at whole numbers when they are out of range, as the laws do.
#include "common/plan/jets.h"

#define BITS32 0xffffffffULL
#define BITS64 UINT64_MAX

static unsigned width_of(uint64_t mask) { return mask == BITS32 ? 32 : 64; }

// The word of a value.
static uint64_t word(Value v, uint64_t mask) {
  if (val_is_small(v)) return v & mask;
  return val_kind(v) == KIND_NAT ? val_obj(v)[1] & mask : 0;
}

static JetResult done(Machine *m, Value *io, uint64_t n) { return jet_done(io, nat_of_u64(m, n)); }

static uint64_t shift_left(uint64_t x, uint64_t by, uint64_t mask) {
  return by < width_of(mask) ? x << by & mask : 0;
}

static uint64_t shift_right(uint64_t x, uint64_t by, uint64_t mask) {
  return by < width_of(mask) ? x >> by : 0;
}

// --- the law of subtraction --------------------------------------------------------------------------------

// *x - *y by words if that is not negative; else 2^width more than *x, less *y, as numbers.
static JetResult subtract(Machine *m, Value *x, Value *y, uint64_t mask, Value *io) {
  uint64_t xw = word(*x, mask), yw = word(*y, mask);
  if (yw <= xw) return done(m, io, xw - yw);
  if (val_is_small(*x) && val_is_small(*y) && (*x | *y) <= mask) return done(m, io, (xw - yw) & mask);
  const Value one = 1, width = width_of(mask);
  *x = as_nat(*x);
  *y = as_nat(*y);
  Value *sum = m->sp;
  stack_push(m, 0);
  JetResult r = nat_shl(m, &one, &width, sum);
  if (r == JET_DONE) r = nat_add(m, sum, x, sum);
  if (r == JET_DONE) r = nat_sub(m, sum, y, io);
  m->sp = sum;
  return r;
}

// The word of (width - *y), by the same law.
static JetResult complement(Machine *m, Value *y, uint64_t mask, uint64_t *out) {
  Value *width = m->sp;
  stack_push(m, width_of(mask));
  JetResult r = subtract(m, width, y, mask, width);
  if (r == JET_DONE) *out = word(*width, mask);
  m->sp = width;
  return r;
}

static JetResult rotate(Machine *m, Value *f, Value *io, uint64_t mask, bool left) {
  uint64_t by = word(f[1], mask), rest, x = word(f[0], mask);
  JetResult r = complement(m, &f[1], mask, &rest);
  if (r != JET_DONE) return r;
  if (left) return done(m, io, shift_left(x, by, mask) | shift_right(x, rest, mask));
  return done(m, io, shift_right(x, by, mask) | shift_left(x, rest, mask));
}

// --- the others ------------------------------------------------------------------------------------------

// Multiplying by 0 does not look at the other factor.
static JetResult multiply(Machine *m, Value *f, Value *io, uint64_t mask) {
  if (f[2]) return done(m, io, word(*io, mask) * word(f[1], mask) & mask);
  f[2] = 1;
  return word(f[1], mask) ? jet_eval(io, f[0]) : jet_done(io, 0);
}

static JetResult divide(Machine *m, Value *f, Value *io, uint64_t mask) {
  uint64_t by = word(f[1], mask);
  return by ? done(m, io, word(f[0], mask) / by) : JET_DIVERGES;
}

// Shifting 0 does not look at the distance.
static JetResult lsh(Machine *m, Value *f, Value *io, uint64_t mask) {
  if (f[2]) return done(m, io, shift_left(word(f[0], mask), word(*io, mask), mask));
  f[2] = 1;
  return word(f[0], mask) ? jet_eval(io, f[1]) : jet_done(io, 0);
}

#define WORD_JET(NAME, RESULT)                                                                               \
  static JetResult run_##NAME##32(Machine * m, Value * f, Value * io) {                                      \
    const uint64_t mask = BITS32;                                                                            \
    return RESULT;                                                                                           \
  }                                                                                                          \
  static JetResult run_##NAME##64(Machine * m, Value * f, Value * io) {                                      \
    const uint64_t mask = BITS64;                                                                            \
    return RESULT;                                                                                           \
  }

WORD_JET(w, done(m, io, word(f[0], mask)))
WORD_JET(add, done(m, io, (word(f[0], mask) + word(f[1], mask)) & mask))
WORD_JET(mul, multiply(m, f, io, mask))
WORD_JET(div, divide(m, f, io, mask))
WORD_JET(and, done(m, io, word(f[0], mask) & word(f[1], mask)))
WORD_JET(or, done(m, io, word(f[0], mask) | word(f[1], mask)))
WORD_JET(xor, done(m, io, word(f[0], mask) ^ word(f[1], mask)))
WORD_JET(lsh, lsh(m, f, io, mask))
WORD_JET(rsh, done(m, io, shift_right(word(f[0], mask), word(f[1], mask), mask)))
WORD_JET(sub, subtract(m, &f[0], &f[1], mask, io))
WORD_JET(ror, rotate(m, f, io, mask, false))
WORD_JET(rol, rotate(m, f, io, mask, true))

// Two's complement, truncated towards 0; the least number divided by -1 is itself.
static JetResult run_signed_div(Machine *m, Value *f, Value *io) {
  const uint64_t sign = 1ULL << 63;
  uint64_t x = word(f[0], BITS64), y = word(f[1], BITS64);
  bool negative = (x ^ y) & sign;
  if (x & sign) x = -x;
  if (y & sign) y = -y;
  if (y == 0) return JET_DIVERGES;
  return done(m, io, negative ? -(x / y) : x / y);
}

static const JetDef words[] = {
    JET("w32", 1, 0, "0", run_w32, "75Y7bvtETWp2pyiH7cw2FamCWbtPozAaxjtryTHVRyEV"),
    JET("add32", 2, 0, "10", run_add32, "FRmrUPQBfwXEg5jzrnWFgwwd6kuB5E5y89y2fxpCPNtg"),
    JET("mul32", 2, 1, "1", run_mul32, "87gy84iDhH2c3apkgbeLDELjgEooxmhyKB6tQpqBqK7e"),
    JET("div32", 2, 0, "10", run_div32, "2fJDSdzysSzhbAAoQTXDfzMBvywu2m54HVg3qQQtgkYX"),
    JET("and32", 2, 0, "10", run_and32, "FCTfDr3tXgmJkn7S6fHTgpkEDduGLyxWNvoYrCVNJaKs"),
    JET("or32", 2, 0, "10", run_or32, "9exT4skhpbwupT7NMs9P3WhfZSMJGMPEJ8WtJrwhz3tZ"),
    JET("xor32", 2, 0, "10", run_xor32, "G8aQ6hEYU5zQxSwM2zzpKhQGvGdBw1p4bNsikwbGaSBF"),
    JET("lsh32", 2, 1, "0", run_lsh32, "DYk5Ni2veG7FsQBnbFbqEsNJUomvzfjU1eXx1NzwwTpG"),
    JET("rsh32", 2, 0, "10", run_rsh32, "HURMVABJ4BgTQXpvNLqGusYmbxJEoe7WwAZt5Ah3HTP7"),
    JET("sub32", 2, 0, "10", run_sub32, "pmaUKHWyyQF54t4PK9APGATFRBpxQz2fDxuW4PtH3CN"),
    JET("ror32", 2, 0, "01", run_ror32, "FqvahK5dGSuNLbkW8CckfCCk5E1hTRzgJZn49sN3n3Gk"),
    JET("rol32", 2, 0, "10", run_rol32, "DkkPSvYjdeNfnHHRC7bEjcn59fBeJVpWhUVB3F344qjX"),
    JET("w64", 1, 0, "0", run_w64, "DBMbSnHhw96KYiaiFBQwYmMZrZbn1quHXWojsB7fUcKg"),
    JET("add64", 2, 0, "10", run_add64, "Gfhro53zr1EYuSaaJ15ptB5HGT13GWRE7kUPeo67oVKQ"),
    JET("mul64", 2, 1, "1", run_mul64, "GTEJu6YrprQMTAZpqsn7JY7V1NbL7RyoVLyucmRtxxZN"),
    JET("div64", 2, 0, "10", run_div64, "6MzX5sV1czkdE59zBZZfMik3W2hwYiYGh8TVh8T8FZyz"),
    JET("and64", 2, 0, "10", run_and64, "3WfSJyX34w4pKe43aXeGgxXTzJf4XcPLUtqq3hHm2xrH"),
    JET("or64", 2, 0, "10", run_or64, "QksgZSJQKejVMUYSSrNKzg5M5miESqjf1n29i3XBz8Z"),
    JET("xor64", 2, 0, "10", run_xor64, "CM1986Y3XmvK4eUfMDajLwqJW2AQBKQ3eVutR7wMLQ47"),
    JET("lsh64", 2, 1, "0", run_lsh64, "HBzV4W5EqLCwv1Tq7T7pgAxhSVxXdr2PgD4J25p2Y9PF"),
    JET("rsh64", 2, 0, "10", run_rsh64, "8L5bR9nKiTpWCRGA6TZ7syiQv788niZohNVFPMSuSpV9"),
    JET("sub64", 2, 0, "10", run_sub64, "3poQCVWizWJXY3HSbSWtF2L2Jx8StqqDyhHLo6og77YJ"),
    JET("ror64", 2, 0, "01", run_ror64, "4NFvztAE1SoJFUK9Tq5HGNgo6cdGzyPxfqUWVajCkyrc"),
    JET("rol64", 2, 0, "10", run_rol64, "D59osscU4cp8KkQbMzhcvhjmy8KSiP7vuACF4xZJgfAs"),
    JET("iDiv64", 2, 0, "01", run_signed_div, "tJQF43B78SBkzN5hLnDvDbux6fRBEhZ3WjazYVoMBSd"),
};

const JetGroup jets_word = JET_GROUP("word", words);
