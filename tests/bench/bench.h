// What every benchmark prints: rows of "name, ours, peer, ratio", ours and the peer's measured in turns
// in the same run, the best of several rounds each. Bigger numbers are better.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static inline uint64_t bench_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

// Keeps the compiler from dropping work whose result at `p` nobody reads.
static inline void bench_keep(const void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }

static inline void bench_head(const char *unit, const char *peer) {
  printf("%-28s %14s %14s %8s   (%s; peer: %s)\n", "name", "ours", "peer", "ratio", unit, peer);
}

static inline void bench_row(const char *name, double ours, double peer) {
  printf("%-28s %14.1f %14.1f %8.2f\n", name, ours, peer, ours / peer);
}
