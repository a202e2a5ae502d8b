// The compression loops behind blake3.c: one input at a time, and several inputs of equal length side
// by side, one to each lane of a vector register. Private to the BLAKE3 files.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Helpers of the loops: unrolled rounds are only fast as one piece.
#define KERNEL __attribute__((always_inline)) static inline

enum { BLAKE3_CHUNK_START = 1, BLAKE3_CHUNK_END = 2, BLAKE3_PARENT = 4, BLAKE3_ROOT = 8 };

static const uint32_t BLAKE3_IV[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Row r says which message word takes each place in round r; each row is the one before it sent
// through the permutation of the paper's table 2.
static const uint8_t BLAKE3_SCHEDULE[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

// Replaces `cv` by the first eight output words of one compression.
typedef void Blake3Compress(uint32_t cv[8], const uint8_t block[64], uint64_t counter, uint32_t block_len,
                            uint32_t flags);

Blake3Compress blake3_compress_portable, blake3_compress_sse41;

// What is hashed side by side: input i is `blocks` whole blocks at in + i * stride, its counter is
// counter + i * counter_step; `first` and `last` are added to the flags of its first and last block.
typedef struct Blake3Batch {
  const uint8_t *in;
  size_t stride;
  unsigned blocks;
  uint64_t counter, counter_step;
  uint32_t flags, first, last;
} Blake3Batch;

// Chaining values of inputs 0..n-1, n between 1 and the number of lanes. `out` may be where the input
// lies (parents are reduced in place): everything is read before anything is written.
typedef void Blake3Lanes(const Blake3Batch *b, unsigned n, uint32_t (*out)[8]);

Blake3Lanes blake3_lanes4_sse41, blake3_lanes8_avx2, blake3_lanes16_avx512;
