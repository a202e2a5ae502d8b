// A PLAN machine: a heap, a stack, limits, and the state of one evaluation that can stop and go on.
//
// One thread uses a machine at a time. A machine does no I/O, starts no thread, takes no lock, and
// keeps no state outside itself; what it shares with other machines (regions) is listed in region.h.
// Callers hold values only through handles (plan.h); a bare Value is valid until the next call that
// may allocate.
#pragma once
#include "common/plan/value.h"

typedef struct Machine Machine;
typedef struct JetTable JetTable;
typedef struct SparkSink SparkSink;

// Handles: 32-bit names of slots that the collector updates. 0 is no handle.
typedef uint32_t Ref;

// How a run ended.
typedef enum Outcome {
  RUN_DONE,      // the value is there
  RUN_CRASH,     // machine_crash() has operator and argument
  RUN_LOOP,      // a value needed itself
  RUN_DIVERGES,  // a jet whose law would run for ever
  RUN_FUEL,      // the event's fuel is used up
  RUN_MEMORY,    // the heap's limit
  RUN_STOPPED,   // machine_interrupt was called
  RUN_YIELD,     // the slice is over; run again to go on
  RUN_NEED_PAGE, // a region that is not in memory was touched; provide it and run again
} Outcome;

const char *outcome_name(Outcome o); // "done", "crash", ...

typedef struct MachineConfig {
  const JetTable *jets;    // which jets run natively; NULL: none. Must outlive the machine
  size_t memory;           // limit on heap, stack and the regions it made, bytes; 0: default (1 GiB)
  uint64_t fuel;           // limit per evaluation, about one unit a call; 0: none
  size_t nursery;          // bytes; 0: default
  const SparkSink *sparks; // who may compute other parts meanwhile (spark.h); NULL: nobody
  // `_Trace`: called with a forced message, once per evaluation of it; may be NULL.
  void (*trace)(void *ctx, Machine *m, Ref message, bool deep);
  // A pinned law is named like an internal jet but its hash is unknown; at most once a pin.
  void (*jet_mismatch)(void *ctx, Machine *m, Ref pin);
  void *ctx;
} MachineConfig;

Machine *machine_new(const MachineConfig *config);
void machine_free(Machine *m);

// The hostile build collects at every allocation, but not for a calm machine: it does for that what other
// builds do. For what a test needs and does not try out.
void machine_set_calm(Machine *m, bool calm);

// Limits of the evaluations to come (same meaning as in the config).
void machine_set_limits(Machine *m, size_t memory, uint64_t fuel);

// Begins an evaluation. The machine must be idle (no unfinished run). `*_nf` asks for normal form.
void machine_start_whnf(Machine *m, Ref v);
void machine_start_nf(Machine *m, Ref v);

// Runs until done or about `slice` units of work (0: no slice). RUN_YIELD and RUN_NEED_PAGE leave the
// evaluation to be continued; every other outcome ends it. On RUN_DONE `machine_result` is the value;
// on all others thunks in progress are left so that meeting them again gives the same outcome.
Outcome machine_run(Machine *m, uint64_t slice);
Value machine_result(const Machine *m);
void machine_crash(const Machine *m, Value *op, Value *arg);

// Where the last evaluation stood when it ended without a value: the laws whose calls were not finished
// or whose suspended parts were being computed, innermost first. A law that had made its last call (a
// tail call) is gone, as its frame is. Values: laws, valid until the next call that may allocate or run.
#define TRACE_INNER 16
#define TRACE_OUTER 4
typedef struct CrashEntry {
  Value law;
  uint64_t times; // in a row, at least
} CrashEntry;
// Returns how many entries are set; the first TRACE_INNER, then, after *left_out others, the last
// TRACE_OUTER.
size_t machine_trace(const Machine *m, CrashEntry out[TRACE_INNER + TRACE_OUTER], uint64_t *left_out);

// Drops an unfinished evaluation.
void machine_abandon(Machine *m);

// Lets go of what was offered to others (spark.h) and is not computed yet.
void machine_forget_sparks(Machine *m);

// May be called from any thread or signal handler: the run in progress, if any, ends with RUN_STOPPED.
void machine_interrupt(Machine *m);

// Whole evaluations in place: *r (the handle's value) becomes its weak head or normal form.
Outcome plan_whnf(Machine *m, Ref r);
Outcome plan_force(Machine *m, Ref r);

typedef struct MachineStats {
  uint64_t calls, allocated_bytes, minor, major, live_bytes, stack_peak_bytes, fuel_used;
} MachineStats;
MachineStats machine_stats(const Machine *m);

// Collects now; `all` includes the older generation.
void machine_collect(Machine *m, bool all);
