// Jets of sire_10_str: text is a nat, its bytes from the lowest up.
#include "common/plan/jets.h"

static JetResult run_is_digit(Machine *m, Value *f, Value *io) {
  return jet_done(io, f[0] >= '0' && f[0] <= '9');
}

// All elements are nats or count as 0, which has no bytes.
static JetResult implode(Machine *m, const Value *row, Value *io) {
  uint64_t total = 0, n = row_len(*row);
  for (size_t i = 0; i < n; i++) total += nat_bytes(as_nat(val_deref(row_at(*row, i))));
  uint64_t limbs = total / 8 + 1;
  if (!jet_room(m, limbs) || !jet_charge(m, n / 16)) return JET_STOP;
  uint64_t *o = nat_alloc(m, limbs);
  o[limbs] = 0;
  uint8_t *to = (uint8_t *)(o + 1);
  for (size_t i = 0; i < n; i++) {
    Value v = as_nat(val_deref(row_at(*row, i)));
    size_t bytes = nat_bytes(v);
    nat_copy_bytes(v, to, bytes);
    to += bytes;
  }
  return jet_done(io, nat_trim(o));
}

static JetResult run_implode(Machine *m, Value *f, Value *io) {
  if (f[1] == 0 && !jet_as_row(m, &f[0])) return JET_STOP;
  while (f[1] < row_len(f[0])) {
    Value v = val_deref(row_at(f[0], f[1]++));
    if (val_is_lazy(v)) return jet_eval(io, v);
  }
  return implode(m, &f[0], io);
}

static const JetDef str[] = {
    JET("isDigit", 1, 0, "0", run_is_digit, "A55EjKavUf9P9wSg7np7yqng75XWmcSURmmbAAaLTnBN"),
    JET("implode", 1, 1, "0", run_implode, "5WGW3TBZshBZvnnYcePG9mHFuSvEYwYck9PMkPnq72wY"),
};

const JetGroup jets_str = JET_GROUP("str", str);
