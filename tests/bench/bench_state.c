// What one step of a cog costs when its state is one big tab: reading an entry, and replacing one. A tab is
// flat, so that replacing copies its values; the peer of that row is memcpy of as many bytes. The peer of
// reading is reading in a tab of a thousand entries.
//
//   bench_state LIBRARY
#include "common/base/mem.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_sire.h"
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5

// The key moves by a large prime, so that neighbouring steps touch distant entries.
static const char program[] = "= (readSteps n size t)\n"
                              "    | ifz n 0\n"
                              "    | seq (tabIdx (mod (mul n 7919) size) t)\n"
                              "    | readSteps (dec n) size t\n\n"
                              "= (putSteps n size t)\n"
                              "    | ifz n 0\n"
                              "    @ next (tabPut t (mod (mul n 7919) size) n)\n"
                              "    | seq next\n"
                              "    | putSteps (dec n) size next\n\n";

// Steps a second, best of the rounds.
static double steps(Bench *b, const char *function, uint64_t count, uint64_t size, Ref tab) {
  double best = 0;
  for (int i = 0; i < ROUNDS; i++) {
    RefMark mark = refs_mark(b->m);
    Ref args[] = {plan_nat(b->m, count), plan_nat(b->m, size), tab};
    Ref f = bench_lookup(b, function);
    uint64_t start = bench_ns();
    if (plan_force(b->m, plan_apply(b->m, f, args, 3)) != RUN_DONE) exit(EXIT_FAILURE);
    double speed = (double)count * 1e9 / (double)(bench_ns() - start + 1);
    if (speed > best) best = speed;
    refs_release(b->m, mark);
  }
  return best;
}

// Copies a second of the values of a tab with so many entries.
static double copies(uint64_t entries) {
  size_t bytes = entries * 8;
  char *from = mem_alloc(bytes), *to = mem_alloc(bytes);
  memset(from, 1, bytes);
  double best = 0;
  for (int i = 0; i < ROUNDS + 1; i++) { // the first brings in the memory
    uint64_t start = bench_ns();
    memcpy(to, from, bytes);
    bench_keep(to);
    double speed = 1e9 / (double)(bench_ns() - start + 1);
    if (speed > best) best = speed;
  }
  mem_free(from);
  mem_free(to);
  return best;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: bench_state LIBRARY\n");
    return EXIT_FAILURE;
  }
  Bench b = bench_open(argv[1], 0);
  bench_define(&b, program);
  bench_head("steps/s", "read: 1,000 entries; put: memcpy of the values");
  double few = 0;
  for (uint64_t size = 1000; size <= 1000000; size *= 10) {
    char text[80], name[40];
    snprintf(text, sizeof text, "(tabFromPairs | gen %llu (i & [i i]))", (unsigned long long)size);
    Ref tab = bench_eval(&b, text);
    double reads = steps(&b, "readSteps", 100000, size, tab);
    if (size == 1000) few = reads;
    snprintf(name, sizeof name, "read, %llu entries", (unsigned long long)size);
    bench_row(name, reads, few);
    snprintf(name, sizeof name, "put, %llu entries", (unsigned long long)size);
    bench_row(name, steps(&b, "putSteps", size == 1000000 ? 20 : 200, size, tab), copies(size));
  }
  bench_close(&b);
  return EXIT_SUCCESS;
}
