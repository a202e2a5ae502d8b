#include "common/base/blake3_kernels.h"
#include <string.h>

static inline uint32_t ror(uint32_t x, int n) { return x >> n | x << (32 - n); }

static inline void quarter(uint32_t v[16], int a, int b, int c, int d, uint32_t x, uint32_t y) {
  v[a] += v[b] + x;
  v[d] = ror(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = ror(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = ror(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = ror(v[b] ^ v[c], 7);
}

// Columns, then diagonals, of the 4x4 state.
static inline void round_all(uint32_t v[16], const uint32_t m[16], const uint8_t s[16]) {
  for (int i = 0; i < 4; i++) quarter(v, i, 4 + i, 8 + i, 12 + i, m[s[2 * i]], m[s[2 * i + 1]]);
  for (int i = 0; i < 4; i++)
    quarter(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
}

void blake3_compress(uint32_t cv[8], const uint8_t block[64], uint64_t counter, uint32_t block_len,
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
