// Runs one workload, and prints its result, the processor time that it took, and the peak of memory.
#include "bench.h"
#include "../usage.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 2) return 64;
  double from = processor_seconds();
  unsigned long result = run(strtoul(argv[1], NULL, 10));
  double seconds = processor_seconds() - from;
  printf("result %lu\nseconds %.6f\nmemory %ld\n", result, seconds, peak_memory());
  return EXIT_SUCCESS;
}
