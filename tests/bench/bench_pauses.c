// How long a program with a big heap is kept waiting: the longest of many short slices of a run that replaces
// elements of a big row, in milliseconds of processor time. The peer is a collection of everything at once.
//
//   bench_pauses LIBRARY
#include "tests/bench/bench.h"
#include "tests/bench/bench_sire.h"
#include "tests/bench/usage.h"
#include <stdlib.h>

#define SLICE 100 // units of work, about one a call
#define STEPS "1000000"

static const char program[] = "= (element n) [n n n n n n n n]\n\n"
                              "= (replace n size row)\n"
                              "    | ifz n row\n"
                              "    @ next (put row (mod (mul n 7919) size) (element n))\n"
                              "    | seq next\n"
                              "    | replace (dec n) size next\n\n";

static double longest_slice(Bench *b, Ref run) {
  double longest = 0;
  Outcome o;
  machine_start_whnf(b->m, run);
  do {
    double from = processor_seconds();
    o = machine_run(b->m, SLICE);
    double took = processor_seconds() - from;
    if (took > longest) longest = took;
  } while (o == RUN_YIELD);
  if (o != RUN_DONE) {
    fprintf(stderr, "%s\n", outcome_name(o));
    exit(EXIT_FAILURE);
  }
  return longest;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: bench_pauses LIBRARY\n");
    return EXIT_FAILURE;
  }
  Bench b = bench_open(argv[1], (size_t)5 << 29);
  bench_define(&b, program);
  bench_head("ms", "everything at once");
  for (uint64_t size = 100000; size <= 10000000; size *= 10) {
    char text[80], name[60];
    RefMark mark = refs_mark(b.m);
    snprintf(text, sizeof text, "(gen %llu element)", (unsigned long long)size);
    Ref row = bench_eval(&b, text);
    double from = processor_seconds();
    machine_collect(b.m, true);
    double at_once = processor_seconds() - from;
    snprintf(name, sizeof name, "a heap of %llu MB",
             (unsigned long long)(machine_stats(b.m).live_bytes >> 20));
    Ref args[] = {bench_eval(&b, STEPS), plan_nat(b.m, size), row};
    Ref run = plan_apply(b.m, bench_lookup(&b, "replace"), args, 3);
    bench_row(name, longest_slice(&b, run) * 1e3, at_once * 1e3);
    fflush(stdout);
    refs_release(b.m, mark);
  }
  bench_close(&b);
  return EXIT_SUCCESS;
}
