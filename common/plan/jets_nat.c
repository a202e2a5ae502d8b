// Jets of sire_03_nat. What is no nat counts as 0. The laws count down their second argument, so it is
// mostly the one that is evaluated first.
#include "common/plan/jets.h"

typedef JetResult (*NatOp)(Machine *m, const Value *a, const Value *b, Value *out);

static JetResult arith(Machine *m, Value *f, Value *io, NatOp op) {
  f[0] = as_nat(f[0]);
  f[1] = as_nat(f[1]);
  return op(m, &f[0], &f[1], io);
}

static JetResult run_to_nat(Machine *m, Value *f, Value *io) { return jet_done(io, as_nat(f[0])); }

static JetResult run_dec(Machine *m, Value *f, Value *io) {
  f[0] = as_nat(f[0]);
  return nat_dec(m, &f[0], io);
}

static JetResult run_add(Machine *m, Value *f, Value *io) { return arith(m, f, io, nat_add); }
static JetResult run_sub(Machine *m, Value *f, Value *io) { return arith(m, f, io, nat_sub); }
static JetResult run_dis(Machine *m, Value *f, Value *io) { return arith(m, f, io, nat_or); }
static JetResult run_con(Machine *m, Value *f, Value *io) { return arith(m, f, io, nat_and); }
static JetResult run_mix(Machine *m, Value *f, Value *io) { return arith(m, f, io, nat_xor); }

// Whether the operand *v, asked for at the first call (*asked is a state word), is there; if not, it is to be
// evaluated, and comes with the next call.
static bool operand_ready(Value *v, Value *asked, Value *io) {
  if (*asked) {
    *v = *io;
    return true;
  }
  *asked = 1;
  *v = *io = val_deref(*v);
  return !val_is_lazy(*v);
}

// Nothing is multiplied when there are no times: the other argument stays lazy then.
static JetResult run_mul(Machine *m, Value *f, Value *io) {
  if (!is_true(f[1])) return jet_done(io, 0);
  return operand_ready(&f[0], &f[2], io) ? arith(m, f, io, nat_mul) : JET_EVAL;
}

static JetResult run_pow(Machine *m, Value *f, Value *io) {
  if (!is_true(f[1])) return jet_done(io, 1);
  return operand_ready(&f[0], &f[2], io) ? arith(m, f, io, nat_pow) : JET_EVAL;
}

static JetResult run_bex(Machine *m, Value *f, Value *io) {
  const Value one = 1;
  f[0] = as_nat(f[0]);
  return nat_shl(m, &one, &f[0], io);
}

static JetResult run_lsh(Machine *m, Value *f, Value *io) {
  if (!is_true(f[0])) return jet_done(io, 0);
  return operand_ready(&f[1], &f[2], io) ? arith(m, f, io, nat_shl) : JET_EVAL;
}

static JetResult run_rsh(Machine *m, Value *f, Value *io) { return arith(m, f, io, nat_shr); }

static JetResult run_ord_weld(Machine *m, Value *f, Value *io) {
  return f[0] == 1 ? jet_tail(io, f[1]) : jet_done(io, f[0]);
}

static JetResult run_div(Machine *m, Value *f, Value *io) {
  return is_true(f[1]) ? arith(m, f, io, nat_div) : JET_DIVERGES;
}

static JetResult run_mod(Machine *m, Value *f, Value *io) {
  return is_true(f[1]) ? arith(m, f, io, nat_mod) : JET_DIVERGES;
}

// The law's quotient and remainder are lazy. Computed here only where nothing can go wrong.
static JetResult run_div_mod(Machine *m, Value *f, Value *io) {
  Value x = val_deref(f[0]), y = val_deref(f[1]);
  if (val_is_lazy(x) || val_is_lazy(y) || !val_is_small(as_nat(x)) || !is_true(y)) return JET_DECLINE;
  x = as_nat(x);
  Value *parts = m->sp;
  stack_push(m, val_is_small(y) ? x / y : 0);
  stack_push(m, val_is_small(y) ? x % y : x);
  Value app = new_app(m, 0, parts, 2);
  m->sp = parts;
  return jet_done(io, app);
}

// --- bits of a nat -----------------------------------------------------------------------------------

static bool bit_at(Value n, Value i) {
  uint64_t at;
  return nat_u64(as_nat(i), &at) && nat_bit(as_nat(n), at);
}

static JetResult run_bit_at(Machine *m, Value *f, Value *io) { return jet_done(io, bit_at(f[1], f[0])); }

static JetResult run_pop_count(Machine *m, Value *f, Value *io) {
  f[0] = as_nat(f[0]);
  if (!jet_charge(m, nat_bits(f[0]) / 1024)) return JET_STOP;
  return jet_done(io, nat_popcount(f[0]));
}

static JetResult run_met(Machine *m, Value *f, Value *io) { return jet_done(io, nat_bits(as_nat(f[0]))); }

static JetResult run_trunc(Machine *m, Value *f, Value *io) {
  f[0] = as_nat(f[0]);
  f[1] = as_nat(f[1]);
  return nat_trunc(m, &f[1], &f[0], io);
}

static JetResult run_bit_slice(Machine *m, Value *f, Value *io) {
  for (int i = 0; i < 3; i++) f[i] = as_nat(f[i]);
  JetResult r = nat_shr(m, &f[2], &f[0], &f[2]);
  return r == JET_DONE ? nat_trunc(m, &f[2], &f[1], io) : r;
}

// f[0] becomes the number with only bit f[0] set.
static JetResult to_mask(Machine *m, Value *f) {
  const Value one = 1;
  f[0] = as_nat(f[0]);
  f[1] = as_nat(f[1]);
  return nat_shl(m, &one, &f[0], &f[0]);
}

static JetResult run_set_bit(Machine *m, Value *f, Value *io) {
  JetResult r = to_mask(m, f);
  return r == JET_DONE ? nat_or(m, &f[0], &f[1], io) : r;
}

// What has no such bit is returned as it is, nat or not.
static JetResult run_clear_bit(Machine *m, Value *f, Value *io) {
  if (!bit_at(f[1], f[0])) return jet_done(io, f[1]);
  JetResult r = to_mask(m, f);
  return r == JET_DONE ? nat_xor(m, &f[0], &f[1], io) : r;
}

// Left fold over the bits, lowest first: f z n. Between two steps frame[1] is the value so far, and
// frame[3] the number of bits done.
static JetResult run_nat_fold(Machine *m, Value *f, Value *io) {
  f[2] = as_nat(f[2]);
  if (f[3] > 0) f[1] = *io;
  if (f[3] == nat_bits(f[2])) return jet_tail(io, f[1]);
  stack_push(m, f[0]);
  stack_push(m, f[1]);
  stack_push(m, nat_bit(f[2], f[3]++));
  *io = 2;
  return JET_APPLY;
}

static const JetDef nat[] = {
    JET("_ToNat", 1, 0, "0", run_to_nat, "HedgTAZEjCCShX97HZNsm4gGGWyxhRf9jepYzrtMR6RW"),
    JET("_Dec", 1, 0, "0", run_dec, "CQono44WNJmmGYhDL1zTmF38VwyZ2oUbhbeZxnyXcVhg"),
    JET("_Times", 3, 0, "", NULL, "FWYFvK5cNTUB1PAsYNvgzidAFxSMDTrqch7UsJjpJbvJ"),
    JET("_Add", 2, 0, "10", run_add, "QeTTm1EFP1r7mkXJQVnBYUW2QeKUvjNfYA5PiGzFRVj"),
    JET("_Mul", 2, 1, "1", run_mul, "E2TXQPG89ykcNK9s7XSwDhvgQsUrc8ogjvoPsEZu7zyp"),
    JET("_Sub", 2, 0, "10", run_sub, "xruy2CzBgGc8fbn6wYDw4ofa4XXNgCsVGhySX6wr7LS"),
    JET("_Pow", 2, 1, "1", run_pow, "ENxYwA7Jp7wRsyaR8sHE3SPF3MoGzkmHWPC9g3ohSgR2"),
    JET("_Bex", 1, 0, "0", run_bex, "DGnbYD2zjfxzUt8WYxXPELfu2bULGhsjVeSyqBJdn97S"),
    JET("_OrdWeld", 2, 0, "0", run_ord_weld, "8ZeTyQLBT1MSmfbD8ZBdaXJHzwv1MEpL2DSZfRTcyY8h"),
    JET("_Div", 2, 0, "10", run_div, "7vNXXnoaLsR9p2YNq3rSxjMCFYiFStXY1BMDrh8xdqcN"),
    JET("_Mod", 2, 0, "10", run_mod, "AgLLsdcyTj4rs3WhqHq3jSSPDjPcfbLzovkxLgzo7xjD"),
    JET("_DivMod", 2, 0, "", run_div_mod, "4YtDMfWgzMfLyVpB7E2LXewzNSS5LdMt12NBnVUMxuJv"),
    JET("_Lsh", 2, 1, "0", run_lsh, "AF5txxxHqUzwbcECyb35uJiZzJSGS2fjSXu5uEtAzAoA"),
    JET("_Rsh", 2, 0, "10", run_rsh, "B5FVxvLyygchJB5BTx4a8Lv52RbBqVFNtdzHYtGcW1wu"),
    JET("_Bix", 2, 0, "01", run_bit_at, "2GVVL9xRo2WRQSZuMVe58QfBTxxav6RH9aT24Wxk1zq5"),
    JET("_Bitwise", 3, 0, "", NULL, "2ZiA8Wr4ifoP9TkzRK9agq9X8oGVmSNco7RtbAneSizM"),
    JET("_NatFold", 3, 1, "2", run_nat_fold, "FGFJ88epCE88jt81RhPrqCXPqxnvRpe4zeksX8WrSZdA"),
    JET("_Dis", 2, 0, "10", run_dis, "4DuWVnqNYy8qGoTa3c4q4YgZU1B7TkFiqGZTNrDkThq7"),
    JET("_Con", 2, 0, "10", run_con, "EVyqt3GFkGS6qER6e4mQ5xVeaJMcS1HhGB2Vzszs6W9Z"),
    JET("_Mix", 2, 0, "10", run_mix, "7amwzY4GL3TAGHJ99MAdtGeExMZh4hXDvcBNy7AN9F3M"),
    JET("_PopCount", 1, 0, "0", run_pop_count, "BZzsw1Je8NZk9TVdSY71xJwkGTsY6JFF1XsJU61CmXwT"),
    JET("_Met", 1, 0, "0", run_met, "35x4hER3vbGCkvmKwbsTV5yKpXmyLph3Erpxmyf9UqAb"),
    JET("_Trunc", 2, 0, "01", run_trunc, "9S1a6oe76HtQTmccbsQCtgjfvCcpKvnLTShPkHfzpwsG"),
    JET("_BitSlice", 3, 0, "102", run_bit_slice, "5jsdHdezv2mR5uCJL7krDJkKi6GW49vmb1eTzE3NwBZD"),
    JET("_SetBit", 2, 0, "01", run_set_bit, "J6GTmyBRkaV1ZpfvqnNJSCzdxuXLQBcLqaJQhKUfGkPs"),
    JET("_TestBit", 2, 0, "01", run_bit_at, "AHPngM8RAFxnicAWHhLnjAQtYwjBFciDFZSnCZg53wGU"),
    JET("_ClearBit", 2, 0, "01", run_clear_bit, "421ARHwYHBeXFQoLgeTrZpGyj6W7JhpDoiEZhNHE66V5"),
};

const JetGroup jets_nat = JET_GROUP("nat", nat);
