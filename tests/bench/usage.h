// What a process has used, for programs that measure themselves. Plain C: the peers in C include it, too.
#pragma once
#include <stdio.h>
#include <time.h>

static inline double processor_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Peak of this process in kB, from /proc: getrusage remembers what the process was before exec.
static inline long peak_memory(void) {
  long kilobytes = 0;
  char line[128];
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %ld", &kilobytes) != 1) {
  }
  if (status) fclose(status);
  return kilobytes;
}
