#include "tests/bench/bench_sire.h"
#include "common/plan/jet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const Err *err) {
  fprintf(stderr, "%s: %s\n", err->where, err->msg);
  exit(EXIT_FAILURE);
}

Bench bench_open(const char *library, size_t memory) {
  Err err = ERR_INIT;
  Bench b = {.jets = jet_table_default()};
  b.m = machine_new(&(MachineConfig){.jets = b.jets, .memory = memory});
  b.sire = sire_new(b.m, &(SireOptions){.library = library});
  if (!sire_load_module(b.sire, "prelude", &err)) fail(&err);
  return b;
}

void bench_define(Bench *b, const char *program) {
  Err err = ERR_INIT;
  if (!sire_repl_begin(b->sire, &err)) fail(&err);
  sire_repl_feed(b->sire, program, strlen(program));
  sire_repl_end(b->sire);
  for (SireStep step; (step = sire_repl_step(b->sire, &err)) != SIRE_END;)
    if (step == SIRE_FAILED) fail(&err);
}

Ref bench_eval(Bench *b, const char *text) {
  Err err = ERR_INIT;
  Ref v = sire_eval_text(b->sire, "benchmark", text, strlen(text), &err);
  if (v == 0) fail(&err);
  Outcome o = plan_force(b->m, v);
  if (o == RUN_DONE) return v;
  fprintf(stderr, "%s: %s\n", text, outcome_name(o));
  exit(EXIT_FAILURE);
}

Ref bench_lookup(Bench *b, const char *name) {
  Err err = ERR_INIT;
  Ref v = sire_lookup(b->sire, name, &err);
  if (v == 0) fail(&err);
  return v;
}

void bench_close(Bench *b) {
  sire_free(b->sire);
  machine_free(b->m);
  jet_table_free(b->jets);
}
