#include "common/plan/gc.h"
#include "common/base/mem.h"
#include "common/plan/code.h"
#include "common/plan/frame.h"
#include "common/plan/region.h"
#include <string.h>
#include <sys/mman.h>

#define BLOCK_WORDS (32u * 1024)

// The older generation: blocks filled in order. `scan` is where Cheney's algorithm stands.
struct HeapBlock {
  HeapBlock *next;
  size_t used, scan;
  uint64_t words[BLOCK_WORDS];
};

struct LargeObject {
  LargeObject *next;
  LargeObject *grey; // link of the list of marked, not yet scanned objects
  size_t words;
  uint64_t object[];
};

typedef struct Gc {
  Machine *m;
  bool major;
  HeapBlock *first, *last; // where survivors go
  HeapBlock *scanning;
  LargeObject *grey;
} Gc;

void gc_new_nursery(Machine *m, size_t words) {
  if (m->nursery) munmap(m->nursery, (size_t)(m->nursery_end - m->nursery) * 8);
  void *p = mmap(NULL, words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) mem_exhausted(words * 8);
  m->nursery = m->alloc = p;
  m->nursery_end = m->alloc_end = m->nursery + words;
}

uint64_t *gc_new_large(Machine *m, size_t words) {
  LargeObject *l = mem_alloc(sizeof *l + words * 8);
  *l = (LargeObject){.next = m->large, .words = words};
  m->large = l;
  m->large_words += words;
  m->stats.allocated_bytes += words * 8;
  return l->object;
}

static HeapBlock *new_block(void) {
  HeapBlock *b = mem_alloc(sizeof *b);
  b->next = NULL;
  b->used = b->scan = 0;
  return b;
}

static void free_blocks(HeapBlock *b) {
  while (b) {
    HeapBlock *next = b->next;
#ifdef HOSTILE
    memset(b->words, 0xDB, sizeof b->words);
#endif
    mem_free(b);
    b = next;
  }
}

static uint64_t *survivor_room(Gc *g, size_t words) {
  if (!g->last || BLOCK_WORDS - g->last->used < words) {
    HeapBlock *b = new_block();
    if (g->last)
      g->last->next = b;
    else
      g->first = b;
    g->last = b;
  }
  uint64_t *o = g->last->words + g->last->used;
  g->last->used += words;
  g->m->old_words += words;
  return o;
}

// The commonest kinds first.
static inline size_t words_of(const uint64_t *o) {
  Kind kind = obj_kind(o);
  if (kind == KIND_ROW && obj_count(o) > 0) return 1 + obj_count(o);
  if (kind == KIND_THUNK) return 3 + obj_count(o);
  return obj_words(o);
}

static Value move_object(Gc *g, uint64_t *o) {
  size_t words = words_of(o);
  uint64_t *to = survivor_room(g, words);
  if (words > 16)
    memcpy(to, o, words * 8);
  else
    for (size_t i = 0; i < words; i++) to[i] = o[i];
  to[0] = (to[0] | OBJ_OLD) & ~(uint64_t)OBJ_DIRTY;
  Value moved = (obj_is_lazy_kind(o) ? VAL_LAZY : VAL_POINTER) | (uint64_t)(uintptr_t)to;
  o[0] = obj_header(KIND_FORWARD, val_is_lazy(moved) ? OBJ_SEEN : 0, moved & VAL_ADDR);
  return moved;
}

// Where an object that was copied, or sealed just now, is.
static Value forwarded(const uint64_t *o) {
  if (obj_count(o) == 0) return o[1];
  return (obj_has(o, OBJ_SEEN) ? VAL_LAZY : VAL_POINTER) | obj_count(o);
}

static void mark_large(Gc *g, uint64_t *o) {
  if (obj_has(o, OBJ_MARK)) return;
  o[0] |= OBJ_MARK;
  LargeObject *l = (LargeObject *)(void *)((char *)o - offsetof(LargeObject, object));
  l->grey = g->grey;
  g->grey = l;
}

// A suspension that only chooses an element of a row becomes that element as soon as there is the row, which
// it would keep as a whole otherwise. The suspension is still to be copied, and so must be what it becomes: a
// row that was copied is read where it was, for the copy may lead to copies, and so may a large row that was
// reached.
static bool select_element(uint64_t *o) {
  uint64_t select = thunk_select(o);
  if (select == 0) return false;
  Value v = o[3];
  while (val_is_ptr(v) && obj_kind(val_obj(v)) == KIND_IND) v = val_obj(v)[1];
  if (val_is_small(v)) return false;
  const uint64_t *row = val_obj(v), *now = obj_kind(row) == KIND_FORWARD ? val_obj(forwarded(row)) : row;
  if (obj_kind(now) != KIND_ROW || obj_has(now, OBJ_MARK)) return false;
  if (obj_has(now, OBJ_SEALED)) row = now;
  Value element = select <= obj_count(now) ? row[select] : 0;
  o[0] = obj_header(KIND_IND, 0, 0);
  o[1] = element;
  return true;
}

// Updates one slot; indirections vanish on the way.
static void trace_slot(Gc *g, Value *slot) {
  for (;;) {
    Value v = *slot;
    if (val_is_small(v)) return;
    uint64_t *o = val_obj(v);
    if (!g->major && !heap_is_young(g->m, o)) return;
    Kind kind = obj_kind(o);
    if (kind == KIND_IND || (kind == KIND_THUNK && select_element(o))) {
      *slot = o[1];
      continue;
    }
    if (kind == KIND_FORWARD) {
      *slot = forwarded(o);
      if (obj_has(val_obj(*slot), OBJ_SEALED)) region_seen(g->m, val_obj(*slot)); // sealing moved it
      return;
    }
    if (obj_has(o, OBJ_SEALED))
      region_seen(g->m, o);
    else if (obj_has(o, OBJ_LARGE))
      mark_large(g, o);
    else
      *slot = move_object(g, o);
    return;
  }
}

static void trace_object(Gc *g, uint64_t *o) {
  size_t n = obj_kind(o) == KIND_ROW ? obj_count(o) : obj_scan(o);
  for (size_t i = 1; i <= n; i++)
    if (val_is_ptr(o[i])) trace_slot(g, o + i);
}

static void trace_roots(Gc *g) {
  Machine *m = g->m;
  for (Value *p = m->stack + (g->major ? 0 : m->settled); p < m->sp; p++) trace_slot(g, p);
  for (size_t i = 0; i < m->refs.count; i++) trace_slot(g, &m->refs.at[i]);
  for (size_t i = 0; i < m->profiled.count; i++) trace_slot(g, &m->profiled.at[i]);
  trace_slot(g, &m->acc);
  trace_slot(g, &m->crash_op);
  trace_slot(g, &m->crash_arg);
  trace_slot(g, &m->dying);
  for (size_t i = 0; i < TRACE_INNER && i < m->trace.count; i++) trace_slot(g, &m->trace.inner[i].law);
  for (size_t i = 0; i < TRACE_OUTER && TRACE_INNER + i < m->trace.count; i++)
    trace_slot(g, &m->trace.outer[i].law);
}

#define UNSETTLED_FRAMES 64 // below a guard that is popped; the next so many returns are free

void frame_settle(Machine *m) {
  m->settled = m->frame;
  if (m->frame > 0) m->stack[m->frame] |= FRAME_GUARD;
}

void frame_unsettle(Machine *m) {
  size_t f = m->frame;
  for (int i = 0; i < UNSETTLED_FRAMES && f > 0; i++) f -= frame_distance(m->stack[f]);
  if (f >= m->settled) return; // an older guard is in place
  m->settled = f;
  if (f > 0) m->stack[f] |= FRAME_GUARD;
}

static void trace_survivors(Gc *g) {
  for (;;) {
    while (g->scanning && (g->scanning->scan < g->scanning->used || g->scanning->next)) {
      HeapBlock *b = g->scanning;
      if (b->scan == b->used) {
        g->scanning = b->next;
        continue;
      }
      uint64_t *o = b->words + b->scan;
      b->scan += words_of(o);
      trace_object(g, o);
      if (!g->scanning) g->scanning = g->first;
    }
    if (!g->scanning && g->first) {
      g->scanning = g->first;
      continue;
    }
    LargeObject *l = g->grey;
    if (!l) return;
    g->grey = l->grey;
    trace_object(g, l->object);
  }
}

static void reset_nursery(Machine *m) {
  size_t words = (size_t)(m->nursery_end - m->nursery);
  m->stats.allocated_bytes += (size_t)(m->alloc - m->nursery) * 8;
#ifdef HOSTILE
  gc_new_nursery(m, m->nursery_words);
  (void)words;
#else
  if (words != m->nursery_words) gc_new_nursery(m, m->nursery_words);
  m->alloc = m->nursery;
#endif
}

void gc_minor(Machine *m) {
  // Survivors are appended behind the newest block of the older generation.
  HeapBlock *last = m->old_last;
  Gc g = {.m = m, .first = m->old, .last = last, .scanning = last};
  if (last) last->scan = last->used;
  trace_roots(&g);
  for (size_t i = 0; i < m->remembered.count; i++) {
    uint64_t *o = (uint64_t *)(uintptr_t)m->remembered.at[i];
    o[0] &= ~(uint64_t)OBJ_DIRTY;
    trace_object(&g, o);
  }
  m->remembered.count = 0;
  trace_survivors(&g);
  m->old = g.first;
  m->old_last = g.last;
  frame_settle(m);
  reset_nursery(m);
  m->stats.minor++;
}

static void sweep_large(Machine *m) {
  LargeObject **link = &m->large;
  while (*link) {
    LargeObject *l = *link;
    if (obj_has(l->object, OBJ_MARK)) {
      l->object[0] &= ~(uint64_t)(OBJ_MARK | OBJ_DIRTY);
      link = &l->next;
    } else {
      *link = l->next;
      m->large_words -= l->words;
      mem_free(l);
    }
  }
}

// Gives back stack pages far above the top, which one deep evaluation may have touched.
static void trim_stack(Machine *m) {
  const size_t keep = 1u << 17;
  if (m->stack_end - m->sp < (ptrdiff_t)(2 * keep)) return;
  uintptr_t from = ((uintptr_t)(m->sp + keep) + 4095) & ~(uintptr_t)4095;
  madvise((void *)from, (uintptr_t)m->stack_end - from, MADV_DONTNEED);
}

void gc_major(Machine *m) {
  HeapBlock *from = m->old;
  Gc g = {.m = m, .major = true};
  m->old_words = 0;
  trace_roots(&g);
  trace_survivors(&g);
  free_blocks(from);
  m->old = g.first;
  m->old_last = g.last;
  m->remembered.count = 0;
  sweep_large(m);
  region_sweep(m);
  frame_settle(m);
  reset_nursery(m);
  trim_stack(m);
  m->stats.major++;
}

void gc_free_all(Machine *m) {
  free_blocks(m->old);
  while (m->large) {
    LargeObject *l = m->large;
    m->large = l->next;
    mem_free(l);
  }
  munmap(m->nursery, (size_t)(m->nursery_end - m->nursery) * 8);
  region_release_all(m);
}

#ifdef HOSTILE
bool gc_hostile_all(Machine *m) {
  return m->old_words + m->large_words < 16 * 1024 || m->stats.minor % 256 == 0;
}
#endif
