#include "common/plan/gc.h"
#include "common/base/mem.h"
#include "common/plan/code.h"
#include "common/plan/enter.h"
#include "common/plan/frame.h"
#include "common/plan/mark.h"
#include "common/plan/region.h"
#include <string.h>
#include <sys/mman.h>

typedef struct Gc {
  Machine *m;
  bool major;
  uintptr_t from, bytes; // nothing is to be done about what lies elsewhere
} Gc;

// The nursery; or everything, when what lies outside is to be marked or copied too.
static Gc gc_of(Machine *m, bool everything) {
  if (everything) return (Gc){.m = m, .bytes = UINTPTR_MAX};
  return (Gc){
      .m = m, .from = (uintptr_t)m->nursery, .bytes = (uintptr_t)m->nursery_end - (uintptr_t)m->nursery};
}

static inline bool concerns(const Gc *g, Value v) {
  return val_is_ptr(v) && (v & VAL_ADDR) - g->from < g->bytes;
}

void gc_new_nursery(Machine *m, size_t words) {
  if (m->nursery) munmap(m->nursery, (size_t)(m->nursery_end - m->nursery) * 8);
  void *p = mmap(NULL, words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) mem_exhausted(words * 8);
  m->nursery = m->alloc = p;
  m->nursery_end = m->alloc_end = m->nursery + words;
}

static Value move_object(Gc *g, uint64_t *o) {
  Machine *m = g->m;
  size_t words = gc_words(o);
  uint64_t *to = old_room(&m->old, words);
  if (words > 16)
    memcpy(to, o, words * 8);
  else
    COPY(to, o, words)
  to[0] &= ~(uint64_t)OBJ_DIRTY;
  if (__builtin_expect(m->old.marking, 0)) old_mark(&m->old, to, words);
  Value moved = (obj_is_lazy_kind(o) ? VAL_LAZY : VAL_POINTER) | (uint64_t)(uintptr_t)to;
  o[0] = obj_header(KIND_FORWARD, val_is_lazy(moved) ? OBJ_SEEN : 0, moved & VAL_ADDR);
  return moved;
}

// Where an object that was copied, or sealed just now, is.
static Value forwarded(const uint64_t *o) {
  if (obj_count(o) == 0) return o[1];
  return (obj_has(o, OBJ_SEEN) ? VAL_LAZY : VAL_POINTER) | obj_count(o);
}

// A suspension that only chooses an element of a row becomes that element as soon as there is the row, which
// it would keep as a whole otherwise. The suspension is still to be copied, and so must be what it becomes: a
// row that was copied is read where it was, for the copy may lead to copies, and so may a large row that was
// reached.
bool gc_select_element(uint64_t *o, bool copying_all) {
  uint64_t select = thunk_select(o);
  if (select == 0) return false;
  Value v = o[3];
  while (val_is_ptr(v) && obj_kind(val_obj(v)) == KIND_IND) v = val_obj(v)[1];
  if (val_is_small(v)) return false;
  const uint64_t *row = val_obj(v), *now = obj_kind(row) == KIND_FORWARD ? val_obj(forwarded(row)) : row;
  if (obj_kind(now) != KIND_ROW || (copying_all && obj_has(now, OBJ_MARK))) return false;
  if (obj_has(now, OBJ_SEALED)) row = now;
  Value element = select <= obj_count(now) ? row[select] : 0;
  o[0] = obj_header(KIND_IND, o[0] & 0xff00, 0);
  o[1] = element;
  return true;
}

// Updates one slot; indirections vanish on the way.
static void trace_slot(Gc *g, Value *slot) {
  for (;;) {
    Value v = *slot;
    if (!concerns(g, v)) return;
    uint64_t *o = val_obj(v);
    Kind kind = obj_kind(o);
    // One that stays where it is must not lead to what is about to move.
    bool moves = g->major || heap_is_young(g->m, o);
    if (kind == KIND_IND || (kind == KIND_THUNK && moves && gc_select_element(o, g->major))) {
      *slot = o[1];
      continue;
    }
    if (kind == KIND_FORWARD) {
      *slot = forwarded(o);
      if (obj_has(val_obj(*slot), OBJ_SEALED)) region_seen(g->m, val_obj(*slot)); // sealing moved it
      return;
    }
    if (g->major ? obj_has(o, OBJ_SEALED) || obj_has(o, OBJ_LARGE) : !moves)
      mark_object(g->m, o);
    else
      *slot = move_object(g, o);
    return;
  }
}

static void trace_object(Gc *g, uint64_t *o) {
  for (size_t i = 1, n = gc_scan(o); i <= n; i++)
    if (concerns(g, o[i])) trace_slot(g, o + i);
}

static void trace_any(void *g, Value *slot) { trace_slot(g, slot); }

#define UNSETTLED_FRAMES 64 // below a guard that is popped; the next so many returns are free

void frame_settle(Machine *m) {
  m->settled = m->frame;
  if (m->frame > 0) m->stack[m->frame] |= FRAME_GUARD;
}

static void unsettle(Machine *m, size_t from) {
  m->settled = from;
  if (from < m->stack_marked) m->stack_marked = from;
}

void frames_drop(Machine *m) {
  m->frame = 0;
  unsettle(m, 0);
}

void frame_unsettle(Machine *m) {
  size_t f = m->frame;
  for (int i = 0; i < UNSETTLED_FRAMES && f > 0; i++) f -= frame_distance(m->stack[f]);
  if (f >= m->settled) return; // an older guard is in place
  unsettle(m, f);
  if (f > 0) m->stack[f] |= FRAME_GUARD;
}

static void trace_run(Gc *g, OldRun *run) {
  while (run->scan < run->at) {
    uint64_t *o = run->scan;
    run->scan += gc_words(o); // first, as the run may be left meanwhile
    trace_object(g, o);
  }
}

static void trace_survivors(Gc *g) {
  Machine *m = g->m;
  OldSpan span;
  for (;;) {
    while (m->old.narrow.scan < m->old.narrow.at || m->old.wide.scan < m->old.wide.at) {
      trace_run(g, &m->old.narrow);
      trace_run(g, &m->old.wide);
    }
    if (old_next_left(&m->old, &span)) {
      for (uint64_t *o = span.from; o < span.to; o += gc_words(o)) trace_object(g, o);
    } else if (g->major && m->grey.count > 0) {
      trace_object(g, (uint64_t *)(uintptr_t)m->grey.at[--m->grey.count]);
    } else {
      return;
    }
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
  Gc g = gc_of(m, false);
  old_watch(&m->old);
  gc_each_root(m, m->settled, trace_any, &g);
  if (m->old.marking) g = gc_of(m, true);
  for (size_t i = 0; i < m->remembered.count; i++) {
    uint64_t word = m->remembered.at[i], *o = (uint64_t *)(uintptr_t)(word & ~(uint64_t)SLOT_TAG);
    if (word & SLOT_TAG) {
      trace_slot(&g, o);
    } else {
      o[0] &= ~(uint64_t)OBJ_DIRTY;
      trace_object(&g, o);
    }
  }
  m->remembered.count = 0;
  trace_survivors(&g);
  frame_settle(m);
  reset_nursery(m);
  m->stats.minor++;
}

// Gives back stack pages far above the top, which one deep evaluation may have touched.
static void trim_stack(Machine *m) {
  const size_t keep = 1u << 17;
  if (m->stack_end - m->sp < (ptrdiff_t)(2 * keep)) return;
  uintptr_t from = ((uintptr_t)(m->sp + keep) + 4095) & ~(uintptr_t)4095;
  madvise((void *)from, (uintptr_t)m->stack_end - from, MADV_DONTNEED);
}

void gc_major(Machine *m) {
  Gc g = gc_of(m, true);
  g.major = true;
  mark_abandon(m);
  large_mark_begin(&m->large);
  for (size_t i = 0; i < m->remembered.count; i++)
    if (!(m->remembered.at[i] & SLOT_TAG))
      *(uint64_t *)(uintptr_t)m->remembered.at[i] &= ~(uint64_t)OBJ_DIRTY;
  m->remembered.count = 0;
  OldSpace from = old_flip(&m->old);
  gc_each_root(m, 0, trace_any, &g);
  trace_survivors(&g);
  old_take_spares(&m->old, &from);
  large_sweep_begin(&m->large);
  large_sweep(&m->large, SIZE_MAX);
  region_sweep(m);
  frame_settle(m);
  reset_nursery(m);
  trim_stack(m);
  m->stats.major++;
}

void gc_free_all(Machine *m) {
  old_free(&m->old);
  large_free(&m->large);
  mem_free(m->grey.at);
  mem_free(m->wide.at);
  munmap(m->nursery, (size_t)(m->nursery_end - m->nursery) * 8);
  region_release_all(m);
}

bool gc_hostile_all(const Machine *m) {
  uint64_t n = m->stats.minor + m->stats.major;
  if (n / 256 % 2) return false; // markings come to their ends
  return m->old.words + m->large.words + (size_t)(m->sp - m->stack) < 16 * 1024 || n % (1u << 16) == 0;
}
