// Jets: pinned laws that the machine computes natively, and the protocol of native routines.
//
// A routine is a resumable function on a frame of rooted Values: its arguments, then its state words,
// all zero at first. It may be called several times for one call of the jet: each time it either ends
// (JET_DONE, JET_TAIL, JET_DECLINE, a failure) or asks for an evaluation (JET_EVAL, JET_FORCE of *io)
// and is called again with *io = the evaluated value and its frame as it left it (moved values
// updated). State words hold Values or raw numbers below 2^63; the first tells where it stands.
// So no routine ever calls the evaluator, and any routine can be suspended between two calls.
//
// `frame` points into the machine stack, which never moves; objects do: after any allocation, or any
// return, re-read values from the frame. A routine may also push further Values on the stack above its
// frame (stack_push, common/plan/heap.h) and finds them there when called again.
//
// Rules (spec/plan.md, Jets): same result as the law for every input, same crash, no exception.
// Work and results are charged (jet_charge) by size before they are made.
#pragma once
#include "common/plan/machine.h"

typedef enum JetResult {
  JET_DONE,       // *io is the result, evaluated
  JET_TAIL,       // *io, possibly lazy, is to be evaluated as the result; the frame is gone
  JET_EVAL,       // evaluate *io to weak head normal form, then call again
  JET_FORCE,      // evaluate *io to normal form, then call again
  JET_FORCE_LAST, // the same, of each app the last argument first and its head last
  JET_APPLY,    // the routine pushed f, then args on the stack, *io = number of args: call, then as JET_EVAL
  JET_TAILCALL, // the same as the result; the frame is gone
  JET_DECLINE,  // run the law's body on the arguments (only before any state is changed; jets only)
  JET_CRASH,    // m->crash_op, m->crash_arg are set (jet_crash)
  JET_DIVERGES, // the law would run for ever
  JET_STOP,     // a limit was met: m->stop says which (set by jet_charge and the allocator)
} JetResult;

typedef JetResult (*Routine)(Machine *m, Value *frame, Value *io);

typedef struct JetDef {
  const char *name; // the law's name
  uint8_t arity;
  uint8_t state;      // state words after the arguments
  const char *strict; // arguments evaluated before the first call, as digits in the order in which the
                      // law evaluates them ("01"); each must be needed by the law on every path
  Routine run;        // NULL: known, but computed by its law
  const char *hash;   // base58 of the pin hash
  bool catches;       // while its last state word is not 0, a crash or a loop below it resumes the routine,
                      // with m->caught set and *io = RUN_CRASH (see the crash registers) or RUN_LOOP
} JetDef;

typedef struct JetGroup {
  const char *name; // "nat", "row", ...
  const JetDef *jets;
  size_t count;
} JetGroup;

extern const JetGroup jets_fan, jets_bit, jets_nat, jets_cmp, jets_row, jets_list, jets_sort, jets_str,
    jets_set, jets_tab, jets_pad, jets_bar, jets_seed, jets_type, jets_word, jets_hash, jets_try, jets_misc;

// A table of groups, some jets switched off. Immutable once made; shared by machines. A jet that two
// groups define is the later group's.
JetTable *jet_table_new(const JetGroup *const *groups, size_t n);
JetTable *jet_table_default(void);                     // all groups of common/plan
bool jet_table_disable(JetTable *t, const char *name); // a jet or a whole group; false: unknown
// Several, with commas or spaces between; "all" is all jets. False: *unknown is the first that is neither,
// for the caller to free (mem_free).
bool jet_table_disable_list(JetTable *t, const char *names, char **unknown);
void jet_table_free(JetTable *t);

// Iteration for `pall`, tests and docs.
size_t jet_table_count(const JetTable *t);
const JetDef *jet_table_at(const JetTable *t, size_t i);
const char *jet_table_group(const JetTable *t, size_t i); // the name of its group

// Index of the jet with this name and arity, or -1; then whether `hash` is its hash.
int jet_lookup(const JetTable *t, const char *name, size_t len, uint64_t arity);
bool jet_hash_is(const JetTable *t, int index, const uint8_t hash[32]);

// By index: what is computed natively, NULL where the law is to be run. As long as the table lives.
const JetDef *const *jet_table_native(const JetTable *t);
