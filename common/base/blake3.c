#include "common/base/blake3.h"
#include "common/base/blake3_kernels.h"
#include <stdatomic.h>
#include <string.h>

// --- choice of implementation ------------------------------------------------------------------

// An implementation is the widest vector it may use; narrower ones finish what does not fill it.
typedef struct Impl {
  const char *name;
  unsigned lanes;
  Blake3Compress *compress;
} Impl;

static const Impl IMPLS[] = {
#ifdef BLAKE3_SIMD
    {"avx512", 16, blake3_compress_sse41},
    {"avx2", 8, blake3_compress_sse41},
    {"sse41", 4, blake3_compress_sse41},
#endif
    {"portable", 1, blake3_compress_portable},
};

static bool cpu_has(unsigned lanes) {
#ifdef BLAKE3_SIMD
  __builtin_cpu_init();
  switch (lanes) {
  case 16: return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
  case 8: return __builtin_cpu_supports("avx2");
  case 4: return __builtin_cpu_supports("sse4.1");
  default: break;
  }
#endif
  return lanes == 1;
}

// Chosen at the first use; every thread that races for it finds the same answer.
static _Atomic(const Impl *) chosen;

static const Impl *impl(void) {
  const Impl *found = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (found) return found;
  for (found = IMPLS; !cpu_has(found->lanes);) found++;
  atomic_store_explicit(&chosen, found, memory_order_relaxed);
  return found;
}

const char *blake3_impl(void) { return impl()->name; }

bool blake3_force_impl(const char *name) {
  for (size_t i = 0; i < sizeof IMPLS / sizeof *IMPLS; i++) {
    if (strcmp(IMPLS[i].name, name) != 0 || !cpu_has(IMPLS[i].lanes)) continue;
    atomic_store(&chosen, &IMPLS[i]);
    return true;
  }
  return false;
}

// --- many inputs -------------------------------------------------------------------------------

static void hash_one(const Blake3Batch *b, uint32_t out[8]) {
  Blake3Compress *compress = impl()->compress;
  uint32_t cv[8];
  memcpy(cv, BLAKE3_IV, sizeof cv);
  for (unsigned i = 0; i < b->blocks; i++) {
    uint32_t flags = b->flags | (i == 0 ? b->first : 0) | (i + 1 == b->blocks ? b->last : 0);
    compress(cv, b->in + (size_t)i * BLAKE3_BLOCK, b->counter, BLAKE3_BLOCK, flags);
  }
  memcpy(out, cv, sizeof cv);
}

// The next few of `n` inputs with the narrowest vector that holds them; returns how many were done.
static size_t hash_some(const Blake3Batch *b, size_t n, unsigned lanes, uint32_t (*out)[8]) {
#ifdef BLAKE3_SIMD
  if (lanes >= 16 && n > 8) {
    unsigned some = n < 16 ? (unsigned)n : 16;
    blake3_lanes16_avx512(b, some, out);
    return some;
  }
  if (lanes >= 8 && n > 4) {
    unsigned some = n < 8 ? (unsigned)n : 8;
    blake3_lanes8_avx2(b, some, out);
    return some;
  }
  if (lanes >= 4 && n > 1) {
    unsigned some = n < 4 ? (unsigned)n : 4;
    blake3_lanes4_sse41(b, some, out);
    return some;
  }
#endif
  hash_one(b, *out);
  return 1;
}

static void hash_batch(Blake3Batch b, size_t n, uint32_t (*out)[8]) {
  unsigned lanes = impl()->lanes;
  while (n > 0) {
    size_t done = hash_some(&b, n, lanes, out);
    b.in += done * b.stride;
    b.counter += done * b.counter_step;
    out += done;
    n -= done;
  }
}

static void hash_chunks(const uint8_t *in, size_t n, uint64_t chunk, uint32_t (*out)[8]) {
  hash_batch((Blake3Batch){.in = in,
                           .stride = BLAKE3_CHUNK,
                           .blocks = BLAKE3_CHUNK / BLAKE3_BLOCK,
                           .counter = chunk,
                           .counter_step = 1,
                           .first = BLAKE3_CHUNK_START,
                           .last = BLAKE3_CHUNK_END},
             n, out);
}

// cvs[i] becomes the parent of cvs[2i] and cvs[2i+1], for i < n.
static void hash_parents(uint32_t (*cvs)[8], size_t n) {
  hash_batch(
      (Blake3Batch){.in = (const uint8_t *)cvs, .stride = BLAKE3_BLOCK, .blocks = 1, .flags = BLAKE3_PARENT},
      n, cvs);
}

// --- the tree ----------------------------------------------------------------------------------

// The stack holds the roots of complete subtrees, the largest first: before chunk n, one for each bit
// of n, except that the last merges wait until it is known that more follows (else they are the root).
static void merge_pending(Blake3 *h) {
  while (h->cv_count > __builtin_popcountll(h->chunk)) hash_parents(&h->cv_stack[--h->cv_count - 1], 1);
}

// Puts the root of the next subtree, of `chunks` chunks, on the stack.
static void push_subtree(Blake3 *h, const uint32_t cv[8], uint64_t chunks) {
  merge_pending(h);
  memcpy(h->cv_stack[h->cv_count++], cv, sizeof h->cv);
  h->chunk += chunks;
}

#define RUN 64 // chunks hashed together: their chaining values fit the first-level cache

// Hashes n whole chunks, n <= RUN, at a place in the input that is a multiple of a power of two >= n
// (so each complete subtree of the run is one of the whole tree). Level by level pairs are merged; the
// odd one out is complete. The topmost two stay apart, as their parent may be the root.
static void add_run(Blake3 *h, const uint8_t *in, size_t n) {
  uint32_t cvs[RUN][8], odd[7][8];
  unsigned level = 0;
  size_t count = n;
  hash_chunks(in, n, h->chunk, cvs);
  for (; count > 2; level++, count /= 2) {
    if (count % 2) memcpy(odd[level], cvs[count - 1], sizeof *odd);
    hash_parents(cvs, count / 2);
  }
  for (size_t i = 0; i < count; i++) push_subtree(h, cvs[i], (uint64_t)1 << level);
  while (level-- > 0)
    if (n >> level & 1) push_subtree(h, odd[level], (uint64_t)1 << level);
}

// How many of the chunks that are there make a run.
static size_t run_length(uint64_t chunk, size_t available) {
  uint64_t aligned = chunk ? chunk & -chunk : RUN;
  size_t n = aligned < RUN ? (size_t)aligned : RUN;
  return n < available ? n : available;
}

// --- the chunk being filled --------------------------------------------------------------------

static size_t chunk_fill(const Blake3 *h) { return (size_t)h->blocks * BLAKE3_BLOCK + h->block_len; }

static uint32_t start_flag(const Blake3 *h) { return h->blocks == 0 ? BLAKE3_CHUNK_START : 0; }

static void start_chunk(Blake3 *h) {
  memcpy(h->cv, BLAKE3_IV, sizeof h->cv);
  h->block_len = h->blocks = 0;
}

// At most what the chunk has room for. A full block waits, since the last one is compressed otherwise.
static void chunk_update(Blake3 *h, const uint8_t *in, size_t len) {
  while (len > 0) {
    if (h->block_len == BLAKE3_BLOCK) {
      impl()->compress(h->cv, h->block, h->chunk, BLAKE3_BLOCK, start_flag(h));
      h->blocks++;
      h->block_len = 0;
    }
    size_t room = (size_t)BLAKE3_BLOCK - h->block_len, n = len < room ? len : room;
    memcpy(h->block + h->block_len, in, n);
    h->block_len = (uint8_t)(h->block_len + n);
    in += n;
    len -= n;
  }
}

static void chunk_output(const Blake3 *h, uint32_t extra, uint32_t out[8]) {
  uint8_t block[BLAKE3_BLOCK] = {0};
  memcpy(block, h->block, h->block_len);
  memcpy(out, h->cv, sizeof h->cv);
  impl()->compress(out, block, h->chunk, h->block_len, start_flag(h) | BLAKE3_CHUNK_END | extra);
}

// --- hasher ------------------------------------------------------------------------------------

void blake3_init(Blake3 *h) {
  h->cv_count = 0;
  h->chunk = 0;
  start_chunk(h);
}

void blake3_update(Blake3 *h, const void *data, size_t len) {
  const uint8_t *in = data;
  while (len > 0) {
    size_t fill = chunk_fill(h);
    if (fill == BLAKE3_CHUNK) {
      uint32_t cv[8];
      chunk_output(h, 0, cv);
      push_subtree(h, cv, 1);
      start_chunk(h);
      fill = 0;
    }
    size_t n;
    if (fill == 0 && len > BLAKE3_CHUNK) {
      size_t chunks = run_length(h->chunk, len / BLAKE3_CHUNK);
      add_run(h, in, chunks);
      n = chunks * BLAKE3_CHUNK;
    } else {
      n = len < BLAKE3_CHUNK - fill ? len : BLAKE3_CHUNK - fill;
      chunk_update(h, in, n);
    }
    in += n;
    len -= n;
  }
}

static void join(uint32_t right[8], const uint32_t left[8], uint32_t flags) {
  uint32_t both[16];
  memcpy(both, left, sizeof both / 2);
  memcpy(both + 8, right, sizeof both / 2);
  memcpy(right, BLAKE3_IV, sizeof BLAKE3_IV);
  impl()->compress(right, (const uint8_t *)both, 0, BLAKE3_BLOCK, BLAKE3_PARENT | flags);
}

// The last chunk is the rightmost leaf of every subtree that is still open. When the input ended with
// a run there is no chunk being filled, and the top of the stack takes that place; merges that were
// put off are then done by the same walk from right to left.
void blake3_final(const Blake3 *h, uint8_t out[BLAKE3_LEN]) {
  uint32_t cv[8];
  if (h->cv_count == 0) {
    chunk_output(h, BLAKE3_ROOT, cv);
    memcpy(out, cv, BLAKE3_LEN);
    return;
  }
  Blake3 copy = *h;
  if (chunk_fill(&copy) > 0) {
    merge_pending(&copy);
    chunk_output(&copy, 0, cv);
  } else {
    memcpy(cv, copy.cv_stack[--copy.cv_count], sizeof cv);
  }
  for (unsigned left = copy.cv_count; left > 0; left--)
    join(cv, copy.cv_stack[left - 1], left == 1 ? BLAKE3_ROOT : 0);
  memcpy(out, cv, BLAKE3_LEN);
}

void blake3(uint8_t out[BLAKE3_LEN], const void *data, size_t len) {
  Blake3 h;
  blake3_init(&h);
  blake3_update(&h, data, len);
  blake3_final(&h, out);
}
