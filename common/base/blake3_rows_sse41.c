// One compression with the 4x4 state in four registers, a row to each: for what comes singly, such as
// short inputs and the last chunk, and has no other input to share vectors with.
#include "common/base/blake3_kernels.h"
#include <string.h>

typedef uint32_t Row __attribute__((vector_size(16)));
typedef uint8_t Bytes __attribute__((vector_size(16)));

#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#define TURN(x, i, j, k, l) __builtin_shufflevector(x, x, i, j, k, l)

KERNEL Row ror16(Row x) {
  return (Row)__builtin_shufflevector((Bytes)x, (Bytes)x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12,
                                      13);
}

KERNEL Row ror8(Row x) {
  return (Row)__builtin_shufflevector((Bytes)x, (Bytes)x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15,
                                      12);
}

// The four quarter rounds of the columns; x and y hold their message words.
KERNEL void columns(Row v[4], Row x, Row y) {
  v[0] += v[1] + x;
  v[3] = ror16(v[3] ^ v[0]);
  v[2] += v[3];
  v[1] ^= v[2];
  v[1] = v[1] >> 12 | v[1] << 20;
  v[0] += v[1] + y;
  v[3] = ror8(v[3] ^ v[0]);
  v[2] += v[3];
  v[1] ^= v[2];
  v[1] = v[1] >> 7 | v[1] << 25;
}

// Shifting the rows against each other makes columns of the diagonals.
KERNEL void diagonals(Row v[4], Row x, Row y) {
  v[1] = TURN(v[1], 1, 2, 3, 0);
  v[2] = TURN(v[2], 2, 3, 0, 1);
  v[3] = TURN(v[3], 3, 0, 1, 2);
  columns(v, x, y);
  v[1] = TURN(v[1], 3, 0, 1, 2);
  v[2] = TURN(v[2], 2, 3, 0, 1);
  v[3] = TURN(v[3], 1, 2, 3, 0);
}

// The message in the order of use: m[0] and m[1] hold the words at places 0 2 4 6 and 1 3 5 7 of the
// schedule, for the columns, m[2] and m[3] those at 8 10 12 14 and 9 11 13 15, for the diagonals.
KERNEL void first_order(Row m[4], const uint8_t block[64]) {
  Row in[4];
  memcpy(in, block, sizeof in);
  m[0] = PICK(in[0], in[1], 0, 2, 4, 6);
  m[1] = PICK(in[0], in[1], 1, 3, 5, 7);
  m[2] = PICK(in[2], in[3], 0, 2, 4, 6);
  m[3] = PICK(in[2], in[3], 1, 3, 5, 7);
}

// The second row of BLAKE3_SCHEDULE, applied to whichever order the words are in.
KERNEL void next_order(Row m[4]) {
  Row a = m[0], b = m[1], c = m[2], d = m[3];
  m[0] = PICK(a, b, 1, 5, 7, 2);
  m[1] = PICK(PICK(a, c, 3, 5, 0, 0), d, 0, 1, 2, 6);
  m[2] = PICK(PICK(b, c, 0, 6, 0, 0), d, 0, 1, 4, 7);
  m[3] = PICK(PICK(c, b, 0, 6, 3, 0), d, 5, 1, 2, 3);
}

void blake3_compress_sse41(uint32_t cv[8], const uint8_t block[64], uint64_t counter, uint32_t block_len,
                           uint32_t flags) {
  Row v[4], m[4], high;
  memcpy(v, cv, 2 * sizeof *v);
  memcpy(&v[2], BLAKE3_IV, sizeof *v);
  v[3] = (Row){(uint32_t)counter, (uint32_t)(counter >> 32), block_len, flags};
  first_order(m, block);
#pragma GCC unroll 7
  for (int r = 0; r < 7; r++) {
    if (r > 0) next_order(m);
    columns(v, m[0], m[1]);
    diagonals(v, m[2], m[3]);
  }
  v[0] ^= v[2];
  high = v[1] ^ v[3];
  memcpy(cv, &v[0], sizeof high);
  memcpy(cv + 4, &high, sizeof high);
}
