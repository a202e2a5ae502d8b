// Bump allocation for trees that die together (Rex, syntax trees, rendered text). Not thread-safe.
// A zeroed Arena is valid and empty. Under ASan each allocation is its own malloc, so that overruns show.
#pragma once
#include <stddef.h>

typedef struct ArenaChunk ArenaChunk;
typedef struct Arena {
  ArenaChunk *chunks;
  char *next, *end;
  size_t used; // bytes handed out in total
} Arena;

void *arena_alloc(Arena *a, size_t size);               // 16-byte aligned, zeroed
char *arena_strndup(Arena *a, const char *s, size_t n); // with a NUL
void arena_free(Arena *a);                              // releases all and zeroes
