// Jets of sire_02_bit. A true value is a nat other than 0; everything else is false.
#include "common/plan/jets.h"

static JetResult run_if(Machine *m, Value *f, Value *io) { return jet_tail(io, is_true(f[0]) ? f[1] : f[2]); }
static JetResult run_ifz(Machine *m, Value *f, Value *io) { return jet_tail(io, f[0] == 0 ? f[1] : f[2]); }
static JetResult run_not(Machine *m, Value *f, Value *io) { return jet_done(io, !is_true(f[0])); }
static JetResult run_bit(Machine *m, Value *f, Value *io) { return jet_done(io, is_true(f[0])); }

// The second argument, unless the first decides.
static JetResult run_and(Machine *m, Value *f, Value *io) {
  if (f[2]) return jet_done(io, is_true(*io));
  f[2] = 1;
  return is_true(f[0]) ? jet_eval(io, f[1]) : jet_done(io, 0);
}

static JetResult run_or(Machine *m, Value *f, Value *io) {
  if (f[2]) return jet_done(io, is_true(*io));
  f[2] = 1;
  return is_true(f[0]) ? jet_done(io, 1) : jet_eval(io, f[1]);
}

static JetResult run_nand(Machine *m, Value *f, Value *io) {
  if (f[2]) return jet_done(io, !is_true(*io));
  f[2] = 1;
  return is_true(f[0]) ? jet_eval(io, f[1]) : jet_done(io, 1);
}

static JetResult run_nor(Machine *m, Value *f, Value *io) {
  if (f[2]) return jet_done(io, !is_true(*io));
  f[2] = 1;
  return is_true(f[0]) ? jet_done(io, 0) : jet_eval(io, f[1]);
}

static JetResult run_xor(Machine *m, Value *f, Value *io) {
  return jet_done(io, is_true(f[0]) != is_true(f[1]));
}

static JetResult run_xnor(Machine *m, Value *f, Value *io) {
  return jet_done(io, is_true(f[0]) == is_true(f[1]));
}

static const JetDef bit[] = {
    JET("_If", 3, 0, "0", run_if, "CGWi51frV26N7KUBbso2WzBad8W2mbix6HaejVem5YaZ"),
    JET("_Not", 1, 0, "0", run_not, "6mbxDTonsXzZJowVdsQtP5bbqfHn6DTghb11eYi6s9qB"),
    JET("_Bit", 1, 0, "0", run_bit, "D518gnvYpR68fwAkvSghyATH1oCh8LVG9jeQDUuws7HG"),
    JET("_And", 2, 1, "0", run_and, "9JhVfFRzAkwjt7VyhC5yi7wHekWx7h4CLn36Pd9xjD7c"),
    JET("_Or", 2, 1, "0", run_or, "ALbovHrbg3HkpkB1DPXDrkPCSSgNfoz5ZgF2j1z99yU1"),
    JET("_Xor", 2, 0, "01", run_xor, "E4tUTqjvQrnCpGFWNRhUoH2ZzrjxLyi7iDNVcPetqyMW"),
    JET("_Nand", 2, 1, "0", run_nand, "EcKTTCta47vbd1Fq85Dm214tZfuSbS5a3xeBX9LcPUkq"),
    JET("_Nor", 2, 1, "0", run_nor, "5Q3KgaFr5KdNVhMSA7CRD2WfNvaZM2JSG1XWnp8aK5BD"),
    JET("_Xnor", 2, 0, "01", run_xnor, "XwJTASftvk563i9uqWyCjEnjHbNdtjwXEXDN5pXFGhP"),
    JET("_Ifz", 3, 0, "0", run_ifz, "3C2F3FHjCiM8zaWbTKQnNJbCfs4vU11tpcj3wETVQJtZ"),
};

const JetGroup jets_bit = JET_GROUP("bit", bit);
