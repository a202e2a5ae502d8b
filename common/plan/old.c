#include "common/plan/old.h"
#include "common/base/mem.h"
#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_WORD ((uint32_t)(sizeof(OldBlock) / 8))
#define WORTH_FILLING (BLOCK_WORDS / 8) // free words from which a block's holes are

static_assert(sizeof(OldBlock) % 8 == 0, "objects are 8-byte aligned");

static uint64_t *word_at(OldBlock *b, uint32_t i) { return (uint64_t *)(void *)b + i; }

// --- blocks ----------------------------------------------------------------------------------------
// A big heap grows by what the processor maps with one entry: it is read all over the place, and looking up
// its many small pages would take as long as reading them.
#define BIG_BYTES (2u << 20)
#ifdef HOSTILE
#define BIG_FROM 2u // blocks in use
#else
#define BIG_FROM 32u
#endif

// Memory aligned to its size, which is a power of two.
static char *map_aligned(size_t bytes) {
  char *p = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) mem_exhausted(bytes);
  size_t before = -(uintptr_t)p & (bytes - 1);
  if (before) munmap(p, before);
  munmap(p + before + bytes, bytes - before);
  return p + before;
}

static void map_spares(OldSpace *s) {
  size_t bytes = s->block_count < BIG_FROM ? BLOCK_BYTES : BIG_BYTES;
  char *p = map_aligned(bytes);
  if (bytes == BIG_BYTES) madvise(p, bytes, MADV_HUGEPAGE); // small pages do as well, just slower
  for (size_t at = bytes; at > 0; s->spare_count++) {
    OldBlock *b = (OldBlock *)(void *)(p + (at -= BLOCK_BYTES));
    b->next = s->spare;
    s->spare = b;
  }
}

static OldBlock *take_block(OldSpace *s) {
  if (!s->spare) map_spares(s);
  OldBlock *b = s->spare;
  s->spare = b->next;
  s->spare_count--;
  b->next = s->blocks;
  b->cycle = s->cycle;
  b->live = 0;
  memset(b->map, 0, sizeof b->map);
  s->blocks = b;
  s->block_count++;
  return b;
}

static void make_spare(OldSpace *s, OldBlock *b) {
#ifdef HOSTILE
  memset(word_at(b, FIRST_WORD), 0xDB, BLOCK_BYTES - sizeof *b);
#endif
  b->next = s->spare;
  s->spare = b;
  s->spare_count++;
}

void old_trim(OldSpace *s, size_t keep, size_t most) {
  for (; s->spare_count > keep && most > 0; most--) {
    OldBlock *b = s->spare;
    s->spare = b->next;
    s->spare_count--;
    munmap(b, BLOCK_BYTES);
  }
}

OldSpace old_flip(OldSpace *s) {
  OldSpace from = *s;
  *s = (OldSpace){.spare = s->spare, .spare_count = s->spare_count, .cycle = s->cycle};
  return from;
}

void old_take_spares(OldSpace *s, OldSpace *from) {
  for (OldBlock *b = from->blocks, *next; b; b = next) {
    next = b->next;
    make_spare(s, b);
  }
  mem_free(from->left);
}

void old_free(OldSpace *s) {
  OldSpace from = old_flip(s);
  old_take_spares(s, &from);
  old_trim(s, 0, SIZE_MAX);
  mem_free(s->left);
  *s = (OldSpace){0};
}

// --- adding ----------------------------------------------------------------------------------------
// The first set bit from `from` on, or BLOCK_WORDS.
static uint32_t next_bit(const uint64_t *map, uint32_t from) {
  for (uint32_t w = from / 64; w < BLOCK_WORDS / 64; w++) {
    uint64_t bits = map[w];
    if (w == from / 64) bits &= ~0ULL << from % 64;
    if (bits) return w * 64 + (uint32_t)__builtin_ctzll(bits);
  }
  return BLOCK_WORDS;
}

// Goes on to the next hole of at least so many words in the run's block.
static bool next_hole(OldRun *run, uint32_t cycle, uint32_t least) {
  OldBlock *b = run->block;
  const uint64_t *map = b->map[cycle & 1];
  for (uint32_t from = run->next; from < BLOCK_WORDS;) {
    uint32_t first = next_bit(map, from), last = first < BLOCK_WORDS ? next_bit(map, first + 1) : BLOCK_WORDS;
    uint32_t free = first - from;
    if (free >= least) {
      *run = (OldRun){word_at(b, from), word_at(b, first), NULL, b, last + 1};
      return true;
    }
    from = last + 1;
  }
  return false;
}

void old_leave_run(OldSpace *s, OldRun *run, size_t words) {
  if (run->scan < run->at) {
    mem_reserve(s->left, s->left_cap, s->left_count + 1);
    s->left[s->left_count++] = (OldSpan){run->scan, run->at};
  }
  uint32_t least = run == &s->narrow ? NARROW_HOLE : WIDE_HOLE;
  if (words > least) least = (uint32_t)words;
  while (!run->block || !next_hole(run, s->holes, least)) {
    OldBlock *b = s->holed;
    if (b)
      s->holed = b->holed;
    else
      b = take_block(s);
    run->block = b;
    run->next = FIRST_WORD;
  }
  run->scan = run->at;
}

void old_watch(OldSpace *s) {
  s->left_count = 0;
  s->narrow.scan = s->narrow.at;
  s->wide.scan = s->wide.at;
}

bool old_next_left(OldSpace *s, OldSpan *span) {
  if (s->left_count == 0) return false;
  *span = s->left[--s->left_count];
  return true;
}

// --- marking ---------------------------------------------------------------------------------------
void old_mark_begin(OldSpace *s) {
  s->cycle++;
  s->marking = true;
}

void old_renew_map(OldSpace *s, OldBlock *b) {
  memset(b->map[s->cycle & 1], 0, sizeof b->map[0]);
  b->cycle = s->cycle;
  b->live = 0;
}

#ifdef HOSTILE
static void poison_holes(OldBlock *b, const uint64_t *map) {
  for (uint32_t i = FIRST_WORD; i < BLOCK_WORDS;) {
    uint32_t first = next_bit(map, i);
    memset(word_at(b, i), 0xDB, (first - i) * 8u);
    if (first == BLOCK_WORDS) return;
    i = next_bit(map, first + 1) + 1;
  }
}
#endif

void old_mark_end(OldSpace *s) {
  OldBlock *all = s->blocks;
  s->blocks = NULL;
  s->block_count = s->words = 0;
  s->holed = NULL;
  s->holes = s->cycle;
  s->narrow.next = s->wide.next = BLOCK_WORDS;
  s->marking = false;
  for (OldBlock *b = all, *next; b; b = next) {
    next = b->next;
    uint32_t live = b->cycle == s->cycle ? b->live : 0;
    bool is_open = b == s->narrow.block || b == s->wide.block;
    if (live == 0 && !is_open) {
      make_spare(s, b);
      continue;
    }
    b->next = s->blocks;
    s->blocks = b;
    s->block_count++;
    s->words += live;
    if (is_open) continue;
#ifdef HOSTILE
    poison_holes(b, b->map[s->cycle & 1]);
#endif
    if (BLOCK_WORDS - FIRST_WORD - live < WORTH_FILLING) continue;
    b->holed = s->holed;
    s->holed = b;
  }
}
