// The body of each SIMD implementation, written in the compiler's vector types. The including file
// sets LANES (4, 8 or 16) and LANES_FUNCTION, and is compiled for the instruction set with registers
// of that width; only speed depends on that, so a test can run any width on any machine.
//
// Word k of all inputs lies in one vector, an input to a lane, and rounds need no shuffles. Only input
// and output are turned round, in blocks of 4x4 words: vector r of four holds, in its 128-bit quarter q,
// four words of input 4q + r, so that loads, stores and unpacks never cross a quarter.
#include "common/base/blake3_kernels.h"
#include <string.h>

typedef uint32_t Four __attribute__((vector_size(16)));
typedef uint32_t Vec __attribute__((vector_size(4 * LANES)));
typedef uint8_t VecBytes __attribute__((vector_size(4 * LANES)));

// Index lists: the same choice in each quarter, of words and (for whole-byte rotations) of bytes.
#define WORDS_AT(q, i, j, k, l) 4 * (q) + (i), 4 * (q) + (j), 4 * (q) + (k), 4 * (q) + (l)
#define BYTES_AT(q, i, j, k, l)                                                                              \
  WORDS_AT(4 * (q), i, j, k, l), WORDS_AT(4 * (q) + 1, i, j, k, l), WORDS_AT(4 * (q) + 2, i, j, k, l),       \
      WORDS_AT(4 * (q) + 3, i, j, k, l)

#if LANES == 4
#define EACH(AT, i, j, k, l) AT(0, i, j, k, l)
#elif LANES == 8
#define EACH(AT, i, j, k, l) AT(0, i, j, k, l), AT(1, i, j, k, l)
#else
#define EACH(AT, i, j, k, l) AT(0, i, j, k, l), AT(1, i, j, k, l), AT(2, i, j, k, l), AT(3, i, j, k, l)
#endif

#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, EACH(WORDS_AT, i, j, k, l))
#define PICK_BYTES(x, i, j, k, l)                                                                            \
  ((Vec)__builtin_shufflevector((VecBytes)(x), (VecBytes)(x), EACH(BYTES_AT, i, j, k, l)))

// Registers of 512 bits have a rotation; below that, moving bytes is one instruction instead of three.
KERNEL Vec ror16(Vec x) { return LANES == 16 ? x >> 16 | x << 16 : PICK_BYTES(x, 2, 3, 0, 1); }
KERNEL Vec ror8(Vec x) { return LANES == 16 ? x >> 8 | x << 24 : PICK_BYTES(x, 1, 2, 3, 0); }
KERNEL Vec ror12(Vec x) { return x >> 12 | x << 20; }
KERNEL Vec ror7(Vec x) { return x >> 7 | x << 25; }

KERNEL void quarter_round(Vec *a, Vec *b, Vec *c, Vec *d, Vec x, Vec y) {
  *a += *b + x;
  *d = ror16(*d ^ *a);
  *c += *d;
  *b = ror12(*b ^ *c);
  *a += *b + y;
  *d = ror8(*d ^ *a);
  *c += *d;
  *b = ror7(*b ^ *c);
}

KERNEL void one_round(Vec v[16], const Vec m[16], const uint8_t s[16]) {
  quarter_round(&v[0], &v[4], &v[8], &v[12], m[s[0]], m[s[1]]);
  quarter_round(&v[1], &v[5], &v[9], &v[13], m[s[2]], m[s[3]]);
  quarter_round(&v[2], &v[6], &v[10], &v[14], m[s[4]], m[s[5]]);
  quarter_round(&v[3], &v[7], &v[11], &v[15], m[s[6]], m[s[7]]);
  quarter_round(&v[0], &v[5], &v[10], &v[15], m[s[8]], m[s[9]]);
  quarter_round(&v[1], &v[6], &v[11], &v[12], m[s[10]], m[s[11]]);
  quarter_round(&v[2], &v[7], &v[8], &v[13], m[s[12]], m[s[13]]);
  quarter_round(&v[3], &v[4], &v[9], &v[14], m[s[14]], m[s[15]]);
}

// Turns each quarter of four vectors round, as a 4x4 matrix of words.
KERNEL void transpose(Vec v[4]) {
  Vec lo01 = PICK(v[0], v[1], 0, LANES, 1, LANES + 1), hi01 = PICK(v[0], v[1], 2, LANES + 2, 3, LANES + 3);
  Vec lo23 = PICK(v[2], v[3], 0, LANES, 1, LANES + 1), hi23 = PICK(v[2], v[3], 2, LANES + 2, 3, LANES + 3);
  v[0] = PICK(lo01, lo23, 0, 1, LANES, LANES + 1);
  v[1] = PICK(lo01, lo23, 2, 3, LANES + 2, LANES + 3);
  v[2] = PICK(hi01, hi23, 0, 1, LANES, LANES + 1);
  v[3] = PICK(hi01, hi23, 2, 3, LANES + 2, LANES + 3);
}

KERNEL Four four_at(const uint8_t *p) {
  Four x;
  memcpy(&x, p, sizeof x);
  return x;
}

// Four words from input r, 4 + r, 8 + r, 12 + r.
KERNEL Vec gather(const uint8_t *const in[LANES], unsigned r, size_t offset) {
#if LANES == 4
  return four_at(in[r] + offset);
#else
  Four a = four_at(in[r] + offset), b = four_at(in[4 + r] + offset);
#if LANES == 8
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
#else
  typedef uint32_t Eight __attribute__((vector_size(32)));
  Four c = four_at(in[8 + r] + offset), d = four_at(in[12 + r] + offset);
  Eight ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
  Eight cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
#endif
}

KERNEL void load_block(Vec m[16], const uint8_t *const in[LANES], size_t offset) {
  for (unsigned k = 0; k < 16; k += 4) {
    for (unsigned r = 0; r < 4; r++) m[k + r] = gather(in, r, offset + 4 * (size_t)k);
    transpose(m + k);
  }
}

KERNEL void compress_all(Vec cv[8], const Vec m[16], Vec counter_lo, Vec counter_hi, uint32_t flags) {
  const Vec zero = {0};
  Vec v[16];
  for (int i = 0; i < 8; i++) v[i] = cv[i];
  for (int i = 0; i < 4; i++) v[8 + i] = zero + BLAKE3_IV[i];
  v[12] = counter_lo;
  v[13] = counter_hi;
  v[14] = zero + 64;
  v[15] = zero + flags;
#pragma GCC unroll 7
  for (int r = 0; r < 7; r++) one_round(v, m, BLAKE3_SCHEDULE[r]);
  for (int i = 0; i < 8; i++) cv[i] = v[i] ^ v[8 + i];
}

KERNEL void store(Vec cv[8], unsigned n, uint32_t (*out)[8]) {
  transpose(cv);
  transpose(cv + 4);
  for (unsigned i = 0; i < n; i++) {
    const uint8_t *lo = (const uint8_t *)&cv[i % 4], *hi = (const uint8_t *)&cv[4 + i % 4];
    memcpy(out[i], lo + (size_t)(i / 4) * 16, 16);
    memcpy(out[i] + 4, hi + (size_t)(i / 4) * 16, 16);
  }
}

Blake3Lanes LANES_FUNCTION;

void LANES_FUNCTION(const Blake3Batch *b, unsigned n, uint32_t (*out)[8]) {
  const uint8_t *in[LANES];
  Vec cv[8], counter_lo, counter_hi;
  for (unsigned i = 0; i < LANES; i++) {
    // Lanes without an input repeat the last one; their results are not stored.
    uint64_t counter = b->counter + i * b->counter_step;
    in[i] = b->in + (i < n ? i : n - 1) * b->stride;
    counter_lo[i] = (uint32_t)counter;
    counter_hi[i] = (uint32_t)(counter >> 32);
  }
  for (int i = 0; i < 8; i++) cv[i] = (Vec){0} + BLAKE3_IV[i];
  for (unsigned block = 0; block < b->blocks; block++) {
    Vec m[16];
    load_block(m, in, (size_t)block * 64);
    uint32_t flags = b->flags | (block == 0 ? b->first : 0) | (block + 1 == b->blocks ? b->last : 0);
    compress_all(cv, m, counter_lo, counter_hi, flags);
  }
  store(cv, n, out);
}
