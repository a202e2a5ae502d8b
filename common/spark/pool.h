// Threads that compute sparks (common/plan/spark.h), each on a machine made for it.
//
// Which of those that wait is next is left to chance: a program comes to some of them first and to others
// last, and what is computed twice gains nothing.
#pragma once
#include "common/plan/jet.h"
#include "common/plan/spark.h"

typedef struct SparkPool SparkPool;

// `memory`: of each machine, bytes. Threads are started with the first spark. NULL when there are none to be.
SparkPool *spark_pool_new(const JetTable *jets, size_t memory, unsigned threads);
void spark_pool_free(SparkPool *p);                   // accepts NULL. No machine may offer any more
const SparkSink *spark_pool_sink(const SparkPool *p); // for machines with these jets; NULL for NULL
