// Page ids: BLAKE3 as chosen for this processor, against libsodium's BLAKE2b.
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include "tests/bench/bench.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5
#define VOLUME ((size_t)16 << 20) // bytes hashed a round

typedef void Hash(uint8_t out[32], const void *data, size_t len);

static void peer(uint8_t out[32], const void *data, size_t len) {
  crypto_generichash(out, 32, data, len, NULL, 0);
}

// Megabytes a second of one round.
static double speed(Hash *hash, const uint8_t *data, size_t len) {
  uint8_t out[32];
  size_t times = VOLUME / len;
  uint64_t start = bench_ns();
  for (size_t i = 0; i < times; i++) {
    hash(out, data, len);
    bench_keep(out);
  }
  return (double)(times * len) * 1000.0 / (double)(bench_ns() - start + 1);
}

static void row(const char *impl, const uint8_t *data, size_t len) {
  double ours = 0, theirs = 0;
  for (int i = 0; i < ROUNDS; i++) {
    double a = speed(blake3, data, len), b = speed(peer, data, len);
    if (a > ours) ours = a;
    if (b > theirs) theirs = b;
  }
  char name[64];
  snprintf(name, sizeof name, "blake3 %s %zu B", impl, len);
  bench_row(name, ours, theirs);
}

int main(void) {
  static const size_t sizes[] = {64, 1024, 4096, 65536, 1 << 20};
  static const char *const impls[] = {"portable", "sse41", "avx2", "avx512"};
  if (sodium_init() < 0) return EXIT_FAILURE;
  uint8_t *data = mem_alloc(1 << 20);
  memset(data, 7, 1 << 20);
  bench_head("MB/s", "libsodium BLAKE2b");
  for (size_t n = 0; n < sizeof impls / sizeof *impls; n++) {
    if (!blake3_force_impl(impls[n])) continue;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) row(impls[n], data, sizes[i]);
  }
  mem_free(data);
  return EXIT_SUCCESS;
}
