// Jets of sire_21_switch and sire_25_datatype: what kind of thing a value is.
#include "common/plan/formal.h"
#include "common/plan/jets.h"

static JetResult run_data_tag(Machine *m, Value *f, Value *io) {
  if (is_nat(f[0])) return jet_done(io, f[0]);
  return formal_kind(f[0]) == FORM_APP ? jet_tail(io, args_at(f[0], 0)) : jet_done(io, 0);
}

enum { TYPE_PIN, TYPE_LAW, TYPE_APP, TYPE_NAT, TYPE_BAR, TYPE_ROW, TYPE_TAB, TYPE_COW, TYPE_SET };

// An app of a set is a tab if its argument fits: the law evaluates it to see.
static JetResult tag_of_app(Value *v, Value *io) {
  if (val_is_tab(v)) return jet_done(io, TYPE_TAB);
  const uint64_t *o = val_obj(*v);
  Value arg = val_deref(formal_arg(*v));
  if (app_args(o) == 1 && val_kind(o[1]) == KIND_SET && val_is_lazy(arg)) return jet_eval(io, arg);
  return jet_done(io, TYPE_APP);
}

static JetResult run_type_tag(Machine *m, Value *f, Value *io) {
  switch (val_kind(f[0])) {
  case KIND_NAT: return jet_done(io, TYPE_NAT);
  case KIND_PIN: return jet_done(io, TYPE_PIN);
  case KIND_BAR: return jet_done(io, TYPE_BAR);
  case KIND_ROW: return jet_done(io, TYPE_ROW);
  case KIND_COW: return jet_done(io, TYPE_COW);
  case KIND_SET: return jet_done(io, TYPE_SET);
  case KIND_TAB:
  case KIND_APP: return tag_of_app(&f[0], io);
  default: return jet_done(io, TYPE_LAW);
  }
}

static const JetDef type[] = {
    JET("_DataTag", 1, 0, "0", run_data_tag, "EDQm1rudzF71qQPiAERwabdVg3drR91iWvZ5wswYBqpP"),
    JET("_TypeTag", 1, 0, "0", run_type_tag, "3XohyijyCTrFjend5kYB4uWbai4nrj1EPZ5i5ri4mUC6"),
};

const JetGroup jets_type = JET_GROUP("type", type);
