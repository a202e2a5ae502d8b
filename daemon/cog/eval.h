// Evaluations that cogs ask for (%eval), on threads of their own, as many as there are processors.
//
// What crosses threads: a sealed question on the way in, a sealed answer and lines of trace on the way out.
// Each evaluation has a machine to itself. The engine's thread adds, cancels and takes; it waits for nobody.
//
// Fair: cogs have turns, a slice each, whatever they ask for. The evaluations of one cog are done in the
// order in which they were asked for, and have turns when they take long; EVALS_AT_ONCE of them are under way
// at most. The time that one may take is that of its slices, so it does not depend on what others do.
//
// Bounded: an evaluation has the memory that its cog may have; so have the answers of a cog that wait to be
// taken, together: one that goes beyond it becomes that of a limit reached.
#pragma once
#include "common/base/sys.h"
#include "common/plan/jet.h"
#include "common/plan/plan.h"

#define EVALS_AT_ONCE 16
#define EVAL_TRACE_LINES 32 // of one evaluation; later ones are dropped

typedef struct EvalPool EvalPool;
typedef struct Eval Eval;

typedef struct EvalPoolConfig {
  const Sys *sys;
  const JetTable *jets;
  unsigned threads; // started with the first evaluation; 0: sys_cores()
  size_t memory;    // see above, bytes
  // From an evaluation's thread, with no lock held: one is done.
  void (*done)(void *ctx);
  void *ctx;
} EvalPoolConfig;

EvalPool *eval_pool_new(const EvalPoolConfig *config);
void eval_pool_stop(EvalPool *p); // ends the threads; nothing more gets done
void eval_pool_free(EvalPool *p); // every Eval must be taken or cancelled; accepts NULL

// The question is a sealed row, `[%eval secs f a1 ..]` in that shape; the pool takes a count of its region.
Eval *eval_add(EvalPool *p, uint64_t cog, Value question, uint64_t limit_ns);
bool eval_is_done(const Eval *ev);

// Of one that is done: the answer, `[r]`, `[op arg]` or `[]`; the Eval is gone. What it traced goes to
// `line`.
Ref eval_take(Eval *ev, Machine *m, void (*line)(void *ctx, const char *text), void *ctx);
void eval_cancel(Eval *ev); // the Eval is gone
