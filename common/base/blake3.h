// BLAKE3-256 in hash mode. Source: the BLAKE3 paper; checked against the public test vectors.
// Portable code, and SSE4.1 / AVX2 / AVX-512 versions of the chunk and parent loops chosen at run time.
// A hasher is a plain value: copy it to fork the state; no allocation, no failure.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define BLAKE3_LEN 32
#define BLAKE3_CHUNK 1024
#define BLAKE3_BLOCK 64
#define BLAKE3_MAX_DEPTH 54 // 2^54 chunks of 1 KiB is all of a 64-bit length

typedef struct Blake3 {
  uint32_t cv_stack[BLAKE3_MAX_DEPTH + 1][8]; // one chaining value a completed subtree
  uint8_t cv_count;
  uint64_t chunk; // index of the chunk being filled
  uint32_t cv[8]; // chaining value inside that chunk
  uint8_t block[BLAKE3_BLOCK];
  uint8_t block_len, blocks; // bytes in `block`; whole blocks done in this chunk
} Blake3;

void blake3_init(Blake3 *h);
void blake3_update(Blake3 *h, const void *data, size_t len);
void blake3_final(const Blake3 *h, uint8_t out[BLAKE3_LEN]);
void blake3(uint8_t out[BLAKE3_LEN], const void *data, size_t len);

// Name of the implementation in use ("avx512", "avx2", "sse41", "portable"), and a test seam that
// forces one; false when this CPU or build has no such implementation.
const char *blake3_impl(void);
#include <stdbool.h>
bool blake3_force_impl(const char *name);
