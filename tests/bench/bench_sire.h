// A machine with the library and a few definitions in Sire, for the benchmarks in C. They end when it fails.
#pragma once
#include "sire/compiler/sire.h"

typedef struct Bench {
  Machine *m;
  Sire *sire;
  JetTable *jets;
} Bench;

// With prelude from the folder `library`; memory: the machine's limit, 0 for the usual one.
Bench bench_open(const char *library, size_t memory);
void bench_define(Bench *b, const char *program);
Ref bench_eval(Bench *b, const char *text); // in normal form
Ref bench_lookup(Bench *b, const char *name);
void bench_close(Bench *b);
