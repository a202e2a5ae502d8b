// Sparks: what another machine may compute meanwhile (the jet par).
//
// A machine offers a suspension: copied out of its heap with all that it consists of, it becomes a Spark,
// which belongs to no machine. Whoever takes it evaluates it to normal form on a machine of his own and
// leaves the sealed value in it. The machine that offered it looks for values from time to time, and puts
// each in the place of its suspension, unless it has begun to evaluate that itself. It never waits, and what
// does not come to a value elsewhere is as if nobody had tried: so values, crashes and what is traced are
// those of one machine alone.
//
// Not offered is what cannot be copied cheaply, or at all: more than SPARK_WORDS words that are not sealed,
// laws that are not sealed, what is being computed. Nor is anything while crashes are caught (jets_try.c):
// some laws end otherwise then.
//
// Threads: a Spark is counted. Its contents are written before it is offered and read by the one who takes
// it, its value before it is done; `state` and `unwanted` are atomic.
#pragma once
#include "common/plan/machine.h"

#define SPARK_WORDS 8192
#define SPARKS_MAX 128 // of one machine

typedef struct Spark Spark;

// --- for hosts: where machines offer sparks (MachineConfig) ----------------------------------------
struct SparkSink {
  bool (*has_room)(void *ctx);            // asked first, as copying takes time
  void (*offer)(void *ctx, Spark *spark); // takes over a count
  void *ctx;
};

// The suspension in another machine, which is idle and has the same jets. Once.
Ref spark_enter(Spark *s, Machine *m);
void spark_finish(Spark *s, Machine *m, Ref value); // in normal form, which gets sealed; 0: there is none
bool spark_is_unwanted(const Spark *s);             // nobody waits for the value any more
void spark_release(Spark *s);

// --- for the machine ---------------------------------------------------------------------------------
typedef struct Sparks {
  struct SparkEntry {
    Spark *spark;
    Value suspension; // a root
  } at[SPARKS_MAX];
  size_t count;
  uint32_t penalty, skip; // of the offers to come, so many are not made: the last ones gained nothing
} Sparks;

void sparks_offer(Machine *m, Value suspension);
void sparks_poll(Machine *m); // where suspensions may change: takes the values that are there
