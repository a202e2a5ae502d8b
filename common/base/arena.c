#include "common/base/arena.h"
#include "common/base/mem.h"
#include <stdint.h>
#include <string.h>

#define ALIGN 16
#define FIRST_CHUNK 4096
#define LARGEST_CHUNK (1 << 20)

#if defined(__SANITIZE_ADDRESS__) || defined(HOSTILE)
#define CHUNK_EACH 1
#else
#define CHUNK_EACH 0
#endif

struct ArenaChunk {
  _Alignas(ALIGN) ArenaChunk *prev;
  size_t size;
  _Alignas(ALIGN) char data[];
};

static ArenaChunk *add_chunk(Arena *a, size_t size) {
  ArenaChunk *chunk = mem_zalloc(mem_add(sizeof *chunk, size));
  chunk->size = size;
  chunk->prev = a->chunks;
  a->chunks = chunk;
  return chunk;
}

// Chunks double, so that a big tree needs few and a small one wastes little.
static size_t next_size(const Arena *a) {
  size_t size = a->chunks ? a->chunks->size * 2 : FIRST_CHUNK;
  if (size < FIRST_CHUNK) size = FIRST_CHUNK;
  return size > LARGEST_CHUNK ? LARGEST_CHUNK : size;
}

void *arena_alloc(Arena *a, size_t size) {
  size_t need = mem_add(size, ALIGN - 1) & ~(size_t)(ALIGN - 1);
  if (!need) need = ALIGN;
  a->used = mem_add(a->used, need);
  if (CHUNK_EACH) return add_chunk(a, size)->data;
  if (need > (size_t)(a->end - a->next)) {
    // A big one gets a chunk of its own, and the rest of the current chunk stays in use.
    size_t fresh = next_size(a);
    if (need > fresh / 4) return add_chunk(a, need)->data;
    ArenaChunk *chunk = add_chunk(a, fresh);
    a->next = chunk->data;
    a->end = chunk->data + fresh;
  }
  void *ptr = a->next;
  a->next += need;
  return ptr;
}

char *arena_strndup(Arena *a, const char *s, size_t n) {
  char *copy = arena_alloc(a, mem_add(n, 1));
  if (n) memcpy(copy, s, n);
  return copy;
}

void arena_free(Arena *a) {
  for (ArenaChunk *chunk = a->chunks; chunk;) {
    ArenaChunk *prev = chunk->prev;
    mem_free(chunk);
    chunk = prev;
  }
  *a = (Arena){0};
}
