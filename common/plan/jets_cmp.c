// Jets of sire_04_cmp. Small nats are compared here; everything else by routine_cmp, whose frame is the
// end of ours.
#include "common/plan/jets.h"
#include "common/plan/order.h"
#include "common/plan/pinjet.h"

// The order of f[0] and f[1], which are followed by CMP_STATE words: JET_DONE with *io = 0, 1 or 2.
static JetResult compare(Machine *m, Value *f, Value *io) {
  if (f[2] == 0 && val_is_small(f[0]) && val_is_small(f[1]))
    return jet_done(io, f[0] < f[1] ? 0 : f[0] == f[1] ? 1 : 2);
  return routine_cmp(m, f, io);
}

// One bit for each order that answers yes.
static JetResult test(Machine *m, Value *f, Value *io, unsigned yes) {
  JetResult r = compare(m, f, io);
  if (r == JET_DONE) *io = yes >> *io & 1;
  return r;
}

static JetResult run_cmp(Machine *m, Value *f, Value *io) { return compare(m, f, io); }
static JetResult run_lth(Machine *m, Value *f, Value *io) { return test(m, f, io, JET_LESS); }
static JetResult run_lte(Machine *m, Value *f, Value *io) { return test(m, f, io, JET_LESS | JET_EQUAL); }
static JetResult run_gth(Machine *m, Value *f, Value *io) { return test(m, f, io, JET_GREATER); }
static JetResult run_gte(Machine *m, Value *f, Value *io) { return test(m, f, io, JET_GREATER | JET_EQUAL); }

static JetResult run_eql(Machine *m, Value *f, Value *io) { return test(m, f, io, JET_EQUAL); }
static JetResult run_neq(Machine *m, Value *f, Value *io) { return test(m, f, io, JET_LESS | JET_GREATER); }

// The frame: both values, whether they are copied for the comparison, and its frame.
static JetResult pick(Machine *m, Value *f, Value *io, unsigned first) {
  if (f[2] == 0) {
    f[2] = 1;
    f[3] = f[0];
    f[4] = f[1];
  }
  JetResult r = compare(m, f + 3, io);
  if (r == JET_DONE) *io = first >> *io & 1 ? f[0] : f[1];
  return r;
}

static JetResult run_min(Machine *m, Value *f, Value *io) { return pick(m, f, io, JET_LESS | JET_EQUAL); }
static JetResult run_max(Machine *m, Value *f, Value *io) { return pick(m, f, io, JET_GREATER | JET_EQUAL); }

unsigned jet_order_answers(Machine *m, Value order) {
  static const struct {
    Routine run;
    unsigned yes;
  } known[] = {
      {run_cmp, JET_EQUAL | JET_GREATER}, {run_lth, JET_LESS},
      {run_lte, JET_LESS | JET_EQUAL},    {run_gth, JET_GREATER},
      {run_gte, JET_GREATER | JET_EQUAL},
  };
  order = val_deref(order);
  if (val_is_lazy(order) || val_kind(order) != KIND_PIN) return 0;
  const JetDef *def = pin_jet(m, order);
  for (size_t i = 0; def && i < sizeof known / sizeof *known; i++)
    if (def->run == known[i].run) return known[i].yes;
  return 0;
}

static const JetDef cmp[] = {
    JET("_Cmp", 2, CMP_STATE, "01", run_cmp, "6MtBxTQmFyGU1nSGVLeAvefWjEmhA42MwcfDH5L718iR"),
    JET("_Eql", 2, CMP_STATE, "01", run_eql, "Adf29h2HgWaoiya1ZWMeMp4iMQfeUnNZzbVyZ5ocNuUz"),
    JET("_Neq", 2, CMP_STATE, "01", run_neq, "Bsn2Gzwu5akm1x7L6pj3QqxgL1x6biEgKxiS9ahMJM8E"),
    JET("_Lth", 2, CMP_STATE, "01", run_lth, "AdoCNFpqJGYuhrayP8pVoqzyfSR7UcPwDt86gyL7oe4A"),
    JET("_Lte", 2, CMP_STATE, "01", run_lte, "3ERFoKQNfT27Q9uf356rXiUA9wuBxH1EX2abyZmikeVy"),
    JET("_Gth", 2, CMP_STATE, "01", run_gth, "vzmdUQLNpoqDJxoyVpU4ESQVZg4eWfv9ye55MzHH5AB"),
    JET("_Gte", 2, CMP_STATE, "01", run_gte, "36re96oJE2udJvUgERtaYYFWVm7AJNHe8pVufjoXkQet"),
    JET("_Min", 2, 3 + CMP_STATE, "01", run_min, "9PS8RSccDegsbr8VBYX7gESoEYV97nLer882MvdyGpZG"),
    JET("_Max", 2, 3 + CMP_STATE, "01", run_max, "8YxA9BhNBELQykHmLTg2dKZvZ7mxm9W94Ra4gQ9YXbMy"),
};

const JetGroup jets_cmp = JET_GROUP("cmp", cmp);
