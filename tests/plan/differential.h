// Random terms through the machine in several ways, and through the reference evaluator: same kind of
// outcome, same value or crash, by order, by hash and taken apart.
//
// PALL_TERMS: how many terms. PALL_FIRST: the first one's seed, so that several processes share the work.
// PALL_SEED: only the term of this seed, shrunk if it fails.
#pragma once
#include "common/plan/jet.h"
#include "tests/plan/ref/term.h"

typedef struct Rules {
  const char *name;
  uint64_t terms; // unless PALL_TERMS says otherwise
  uint64_t steps; // of the reference evaluator; terms that need more are only run, not compared
  const JetTable *jets;
  Term *const *library; // pinned laws that terms may call, of another world
  size_t library_count;
  uint32_t library_ids; // of that world: ids of terms start after them
} Rules;

int differential_main(const Rules *rules); // exit status
