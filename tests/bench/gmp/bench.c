// Runs one workload, and prints its result, the processor time that it took, and the peak of memory.
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double processor_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_memory(void) {
  long kilobytes = 0;
  char line[128];
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %ld", &kilobytes) != 1) {
  }
  if (status) fclose(status);
  return kilobytes;
}

int main(int argc, char **argv) {
  if (argc != 2) return 64;
  double from = processor_seconds();
  unsigned long result = run(strtoul(argv[1], NULL, 10));
  double seconds = processor_seconds() - from;
  printf("result %lu\nseconds %.6f\nmemory %ld\n", result, seconds, peak_memory());
  return EXIT_SUCCESS;
}
