// Jets of sire_01_fan: the kinds of values and their parts, forcing, tracing.
#include "common/plan/formal.h"
#include "common/plan/jets.h"
#include "common/plan/plan.h"

static JetResult run_force(Machine *m, Value *f, Value *io) {
  if (f[1]) return JET_DONE;
  f[1] = 1;
  *io = f[0];
  return JET_FORCE;
}

static JetResult run_seq(Machine *m, Value *f, Value *io) { return jet_tail(io, f[1]); }

static JetResult trace(Machine *m, Value *f, Value *io, bool deep) {
  if (f[2] == 0) {
    f[2] = 1;
    *io = f[0];
    return JET_FORCE;
  }
  if (m->config.trace) {
    RefMark mark = refs_mark(m);
    m->config.trace(m->config.ctx, m, ref_new(m, *io), deep);
    refs_release(m, mark);
  }
  return jet_tail(io, f[1]);
}

static JetResult run_trace(Machine *m, Value *f, Value *io) { return trace(m, f, io, false); }
static JetResult run_deep_trace(Machine *m, Value *f, Value *io) { return trace(m, f, io, true); }

static JetResult run_is_pin(Machine *m, Value *f, Value *io) {
  return jet_done(io, formal_kind(f[0]) == FORM_PIN);
}

static JetResult run_is_law(Machine *m, Value *f, Value *io) {
  return jet_done(io, formal_kind(f[0]) == FORM_LAW);
}

static JetResult run_is_app(Machine *m, Value *f, Value *io) {
  return jet_done(io, formal_kind(f[0]) == FORM_APP);
}

static JetResult run_is_nat(Machine *m, Value *f, Value *io) { return jet_done(io, is_nat(f[0])); }

static JetResult run_plan_tag(Machine *m, Value *f, Value *io) {
  switch (formal_kind(f[0])) {
  case FORM_PIN: return jet_done(io, 0);
  case FORM_LAW: return jet_done(io, 1);
  case FORM_APP: return jet_done(io, 2);
  case FORM_NAT: break;
  }
  return jet_done(io, 3);
}

static JetResult run_pin_item(Machine *m, Value *f, Value *io) {
  return jet_done(io, val_kind(f[0]) == KIND_PIN ? val_obj(f[0])[PIN_ITEM] : 0);
}

static bool is_law(Value v) { return formal_kind(v) == FORM_LAW; }

static JetResult run_law_name(Machine *m, Value *f, Value *io) {
  return jet_done(io, is_law(f[0]) ? formal_law_name(f[0]) : 0);
}

static JetResult run_law_args(Machine *m, Value *f, Value *io) {
  return jet_done(io, is_law(f[0]) ? formal_law_arity(m, f[0]) : 0);
}

static JetResult run_law_body(Machine *m, Value *f, Value *io) { return jet_law_body(m, f[0], io); }

// (0 name arity)
static Value law_without_body(Machine *m, Value law) {
  Value *parts = m->sp;
  stack_push(m, formal_law_name(law));
  stack_push(m, formal_law_arity(m, law));
  Value app = new_app(m, 0, parts, 2);
  m->sp = parts;
  return app;
}

static JetResult run_car(Machine *m, Value *f, Value *io) {
  switch (formal_kind(f[0])) {
  case FORM_NAT: return jet_done(io, 0);
  case FORM_PIN: return jet_done(io, 4);
  case FORM_LAW: return jet_done(io, law_without_body(m, f[0]));
  case FORM_APP: break;
  }
  size_t size = val_kind(f[0]) == KIND_APP ? app_args(val_obj(f[0])) : args_len(f[0]);
  if (!jet_room(m, size) || (size >= HEAP_LARGE && !stack_room(m, size))) return JET_STOP;
  return jet_done(io, formal_fun(m, f[0]));
}

static JetResult run_cdr(Machine *m, Value *f, Value *io) { return jet_cdr(m, f[0], io); }

static JetResult run_eqz(Machine *m, Value *f, Value *io) { return jet_done(io, f[0] == 0); }

static const JetDef fan[] = {
    JET("_Force", 1, 1, "", run_force, "A7ZtnajpFHHJ29VVzZoZ4BENtqNio1LZcG7Pdc9nMFvf"),
    JET("_Seq", 2, 0, "0", run_seq, "7fPzp1b5QXpDDkvpt2oBGUm3w6eCPVKjDnUQ8i8w8mj5"),
    JET("_Trace", 2, 1, "", run_trace, "DWsz4CYrc3xzUQRxtibBiSXUx8HzR3tRgGNsbAMJLe9w"),
    JET("_DeepTrace", 2, 1, "", run_deep_trace, "7oDjbbsyiM1paMXmzzaR3P3KEit8MHRVSRduAX3qan5V"),
    JET("_IsPin", 1, 0, "0", run_is_pin, "9yKhatzX3nmiaJuvt9k4vC15TFpfLrdAJgBYAHbsNNLR"),
    JET("_IsLaw", 1, 0, "0", run_is_law, "BWQ7azfQEprHXNumwKc2zKHSHxXdkydxg1zvCZKfXTGF"),
    JET("_IsApp", 1, 0, "0", run_is_app, "2b6Ki7gnsoZnLFdXdNrdrF2PdehjsKpvFiHaD4y85VbY"),
    JET("_IsNat", 1, 0, "0", run_is_nat, "UUg4gA355ySzHkLR9uyNbH667o6b4NkAv4rQ3pwJYqj"),
    JET("_PlanTag", 1, 0, "0", run_plan_tag, "Hbq7zzUZ4tQXWZv1RQLLTrvSvsCXWahVd4nzCn28kB4g"),
    JET("_PinItem", 1, 0, "0", run_pin_item, "7EaNWdf4EqHNCEBCScEuW4CrxbMzbadgkXgQcrbLwS2C"),
    JET("_LawName", 1, 0, "0", run_law_name, "Gnorn9t78uWCBXACgxF2QEbXpXvHZZgA71Ryt8DL42Wx"),
    JET("_LawArgs", 1, 0, "0", run_law_args, "Gvj7mVywtF79a5xV17UXceJLFtYAneSD1PJfrCEEMnEY"),
    JET("_LawBody", 1, 0, "0", run_law_body, "CYHDZqaDfuN2MGLga3LuSUNeAHf5wmDvL928Ca97RwWw"),
    JET("_Car", 1, 0, "0", run_car, "CT92yRzvnSAA5eqLf31G58S5kKCbv8A6JjWNtm8raZQp"),
    JET("_Cdr", 1, 0, "0", run_cdr, "HiPkTzvPxdyzkza8Tq43m9kmAmv1jEgevkFngo8T7kGV"),
    JET("_Eqz", 1, 0, "0", run_eqz, "HYgduheRaC4oQMy7qwLEGYLC9fhesds7HCgifxqfQHBR"),
};

const JetGroup jets_fan = JET_GROUP("fan", fan);
