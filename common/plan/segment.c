#include "common/plan/segment.h"
#include "common/base/mem.h"
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define TRIES 4                              // open segments looked at for one piece
#define NEARLY_FULL (SEGMENT_GRANULES / 16)  // free granules below which a segment is not looked at
#define WORTH_OPENING (SEGMENT_GRANULES / 4) // free granules from which it is again

struct Segment {
  atomic_size_t users; // pieces of space, and the owner
  _Atomic(Space *) returned;
  Segment *next;
  size_t bytes;
  uint32_t free, cursor; // granules; where the search for room begins
  uint64_t used[SEGMENT_MAP];
  _Atomic uint64_t starts[SEGMENT_MAP];
};

#define HEADER_GRANULES ((uint32_t)((sizeof(Segment) + GRANULE - 1) / GRANULE))

// --- mapping -----------------------------------------------------------------------------------------
static Segment *map_segment(Segments *all, size_t bytes) {
  size_t wide = mem_add(bytes, SEGMENT_BYTES);
  char *p = mmap(NULL, wide, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) mem_exhausted(bytes);
  size_t before = -(uintptr_t)p & (SEGMENT_BYTES - 1), after = SEGMENT_BYTES - before;
  if (before) munmap(p, before);
  if (after) munmap(p + before + bytes, after);
  Segment *s = (Segment *)(void *)(p + before);
  s->bytes = bytes;
  s->free = SEGMENT_GRANULES - HEADER_GRANULES;
  s->cursor = HEADER_GRANULES;
  for (uint32_t g = 0; g < HEADER_GRANULES; g++) s->used[g / 64] |= 1ULL << g % 64;
  atomic_init(&s->users, 1);
  all->bytes += bytes;
  return s;
}

static void leave(Segment *s) {
  if (atomic_fetch_sub_explicit(&s->users, 1, memory_order_acq_rel) != 1) return;
  UNPOISON(s, s->bytes);
  munmap(s, s->bytes);
}

static Segment *segment_of(const void *p) {
  return (Segment *)((uintptr_t)p & ~(uintptr_t)(SEGMENT_BYTES - 1));
}

static char *granule_at(Segment *s, uint32_t g) { return (char *)s + (size_t)g * GRANULE; }

// --- bits --------------------------------------------------------------------------------------------
// The first granule from `from` on whose use is as asked, or SEGMENT_GRANULES.
static uint32_t find_granule(const Segment *s, uint32_t from, bool used) {
  for (uint32_t w = from / 64; w < SEGMENT_MAP; w++) {
    uint64_t bits = used ? s->used[w] : ~s->used[w];
    if (w == from / 64) bits &= ~0ULL << from % 64;
    if (bits) return w * 64 + (uint32_t)__builtin_ctzll(bits);
  }
  return SEGMENT_GRANULES;
}

static void mark_used(Segment *s, uint32_t from, uint32_t n, bool used) {
  for (uint32_t g = from; g < from + n;) {
    uint32_t bit = g % 64, here = 64 - bit;
    if (here > from + n - g) here = from + n - g;
    uint64_t mask = (here == 64 ? ~0ULL : (1ULL << here) - 1) << bit;
    if (used)
      s->used[g / 64] |= mask;
    else
      s->used[g / 64] &= ~mask;
    g += here;
  }
}

static void mark_start(Segment *s, uint32_t g, bool is_start) {
  _Atomic uint64_t *word = &s->starts[g / 64];
  uint64_t bits = atomic_load_explicit(word, memory_order_relaxed), bit = 1ULL << g % 64;
  atomic_store_explicit(word, is_start ? bits | bit : bits & ~bit, memory_order_relaxed);
}

Space *space_of(const void *p) {
  Segment *s = segment_of(p);
  uint32_t g = (uint32_t)(((uintptr_t)p & (SEGMENT_BYTES - 1)) / GRANULE), w = g / 64;
  uint64_t bits = atomic_load_explicit(&s->starts[w], memory_order_relaxed);
  bits &= ~0ULL >> (63 - g % 64);
  while (!bits) {
    assert(w > 0);
    bits = atomic_load_explicit(&s->starts[--w], memory_order_relaxed);
  }
  return (Space *)(void *)granule_at(s, w * 64 + 63 - (uint32_t)__builtin_clzll(bits));
}

// --- allocation ----------------------------------------------------------------------------------------
static Space *take(Segment *s, uint32_t g, uint32_t n) {
  mark_used(s, g, n, true);
  mark_start(s, g, true);
  s->free -= n;
  s->cursor = g + n;
  atomic_fetch_add_explicit(&s->users, 1, memory_order_relaxed);
  Space *space = (Space *)(void *)granule_at(s, g);
  UNPOISON(space, (size_t)n * GRANULE);
  *space = (Space){.granules = n};
  return space;
}

static Space *find_room(Segment *s, uint32_t n) {
  if (s->free < n) return NULL;
  for (uint32_t g = s->cursor; (g = find_granule(s, g, false)) < SEGMENT_GRANULES;) {
    uint32_t end = find_granule(s, g, true);
    if (end - g >= n) return take(s, g, n);
    g = end;
  }
  return NULL;
}

static Space *new_run(Segments *all, size_t bytes) {
  size_t whole = mem_add(bytes, HEADER_GRANULES * GRANULE + SEGMENT_BYTES - 1) & ~(size_t)(SEGMENT_BYTES - 1);
  Segment *s = map_segment(all, whole);
  s->next = all->full;
  all->full = s;
  Space *space = take(s, HEADER_GRANULES, SEGMENT_GRANULES - HEADER_GRANULES);
  space->granules = 0;
  return space;
}

Space *space_new(Segments *all, size_t bytes) {
  if (bytes > (SEGMENT_GRANULES - HEADER_GRANULES) * GRANULE) return new_run(all, bytes);
  uint32_t n = (uint32_t)((bytes + GRANULE - 1) / GRANULE);
  Segment **link = &all->open;
  for (int i = 0; i < TRIES && *link; i++) {
    Segment *s = *link;
    Space *space = find_room(s, n);
    if (space) return space;
    if (s->free < NEARLY_FULL) {
      *link = s->next;
      s->next = all->full;
      all->full = s;
    } else {
      link = &s->next;
    }
  }
  Segment *s = map_segment(all, SEGMENT_BYTES);
  POISON(granule_at(s, HEADER_GRANULES), SEGMENT_BYTES - HEADER_GRANULES * GRANULE);
  s->next = all->open;
  all->open = s;
  return find_room(s, n);
}

// --- giving back ---------------------------------------------------------------------------------------
void space_free(Space *space) {
  Segment *s = segment_of(space);
  Space *head = atomic_load_explicit(&s->returned, memory_order_relaxed);
  do space->next = head;
  while (!atomic_compare_exchange_weak_explicit(&s->returned, &head, space, memory_order_release,
                                                memory_order_relaxed));
  leave(s);
}

// Whether nothing is in use any more.
static bool drain(Segment *s) {
  Space *space = atomic_exchange_explicit(&s->returned, NULL, memory_order_acquire);
  while (space) {
    Space *next = space->next;
    uint32_t n = space->granules, g = (uint32_t)(((char *)space - (char *)s) / GRANULE);
    if (n == 0) return true;
    mark_start(s, g, false);
    mark_used(s, g, n, false);
    s->free += n;
    s->cursor = HEADER_GRANULES;
    POISON(space, (size_t)n * GRANULE);
    space = next;
  }
  return s->free == SEGMENT_GRANULES - HEADER_GRANULES;
}

void segments_sweep(Segments *all) {
  Segment *lists[] = {all->open, all->full};
  all->open = all->full = NULL;
  for (int i = 0; i < 2; i++) {
    for (Segment *s = lists[i], *next; s; s = next) {
      next = s->next;
      if (drain(s)) {
        all->bytes -= s->bytes;
        leave(s);
        continue;
      }
      Segment **list = s->free >= WORTH_OPENING ? &all->open : &all->full;
      s->next = *list;
      *list = s;
    }
  }
}

size_t segments_in_use(const Segments *all) {
  const Segment *lists[] = {all->open, all->full};
  size_t free = 0;
  for (int i = 0; i < 2; i++)
    for (const Segment *s = lists[i]; s; s = s->next) free += s->free;
  return all->bytes - free * GRANULE;
}

void segments_leave(Segments *all) {
  Segment *lists[] = {all->open, all->full};
  for (int i = 0; i < 2; i++) {
    for (Segment *s = lists[i], *next; s; s = next) {
      next = s->next;
      leave(s);
    }
  }
  *all = (Segments){0};
}
