#include "common/base/blake3_kernels.h"
#include <string.h>

static inline uint32_t ror(uint32_t x, int n) { return x >> n | x << (32 - n); }

KERNEL void quarter(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y) {
  v[a] += v[b] + x;
  v[d] = ror(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = ror(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = ror(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = ror(v[b] ^ v[c], 7);
}

// Columns, then diagonals, of the 4x4 state. Written out, so that all indices are constants and the
// state stays in registers.
KERNEL void round_all(uint32_t v[16], const uint32_t m[16], const uint8_t s[16]) {
  quarter(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
  quarter(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
  quarter(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
  quarter(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
  quarter(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
  quarter(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
  quarter(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
  quarter(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
}

void blake3_compress_portable(uint32_t cv[8], const uint8_t block[64], uint64_t counter, uint32_t block_len,
                              uint32_t flags) {
  uint32_t m[16], v[16];
  memcpy(m, block, sizeof m);
  memcpy(v, cv, 8 * sizeof *v);
  memcpy(v + 8, BLAKE3_IV, 4 * sizeof *v);
  v[12] = (uint32_t)counter;
  v[13] = (uint32_t)(counter >> 32);
  v[14] = block_len;
  v[15] = flags;
#pragma GCC unroll 7
  for (int r = 0; r < 7; r++) round_all(v, m, BLAKE3_SCHEDULE[r]);
  for (int i = 0; i < 8; i++) cv[i] = v[i] ^ v[i + 8];
}
