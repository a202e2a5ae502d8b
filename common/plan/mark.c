#include "common/plan/mark.h"
#include "common/plan/gc.h"
#include "common/plan/region.h"

#define PIECE 4096u // words of the stack or of an object looked at between two looks at the budget

void mark_object(Machine *m, uint64_t *o) {
  if (obj_has(o, OBJ_SEALED)) {
    region_seen(m, o);
  } else if (obj_has(o, OBJ_LARGE) ? large_mark(&m->large, o) : old_mark(&m->old, o, gc_words(o))) {
    if (gc_scan(o) == 0) return;
    mem_reserve(m->grey.at, m->grey.cap, m->grey.count + 1);
    m->grey.at[m->grey.count++] = (uint64_t)(uintptr_t)o;
  }
}

static void mark_slot(Machine *m, Value *slot) {
  for (;;) {
    Value v = *slot;
    if (val_is_small(v)) return;
    uint64_t *o = val_obj(v);
    Kind kind = obj_kind(o);
    if (kind == KIND_IND || (kind == KIND_THUNK && gc_select_element(o, false))) {
      *slot = o[1];
      continue;
    }
    mark_object(m, o);
    return;
  }
}

static void mark_any(void *m, Value *slot) { mark_slot(m, slot); }

void mark_begin(Machine *m) {
  old_mark_begin(&m->old);
  large_mark_begin(&m->large);
  m->grey.count = m->wide.count = 0;
  m->stack_marked = 0;
}

void mark_abandon(Machine *m) {
  if (m->old.marking) large_unmark(&m->large);
  m->old.marking = false;
  m->grey.count = m->wide.count = 0;
}

static void finish(Machine *m) {
  old_mark_end(&m->old);
  large_sweep_begin(&m->large);
  region_sweep(m);
  m->stats.major++;
}

// A big object is looked at a piece at a time.
static void look_later(Machine *m, uint64_t *o, size_t from) {
  mem_reserve(m->wide.at, m->wide.cap, m->wide.count + 2);
  m->wide.at[m->wide.count++] = (uint64_t)(uintptr_t)o;
  m->wide.at[m->wide.count++] = from;
}

static size_t look_at(Machine *m, uint64_t *o, size_t from) {
  size_t last = gc_scan(o), to = last - from < PIECE ? last : from + PIECE - 1;
  for (size_t i = from; i <= to; i++) mark_slot(m, o + i);
  if (to < last) look_later(m, o, to + 1);
  return to - from + 2;
}

static size_t look_at_grey(Machine *m) {
  return look_at(m, (uint64_t *)(uintptr_t)m->grey.at[--m->grey.count], 1);
}

static size_t look_at_wide(Machine *m) {
  size_t from = m->wide.at[--m->wide.count];
  return look_at(m, (uint64_t *)(uintptr_t)m->wide.at[--m->wide.count], from);
}

bool mark_step(Machine *m, size_t budget) {
  size_t done = 0;
  for (;;) {
    while (m->grey.count + m->wide.count > 0 && done <= budget)
      done += m->grey.count > 0 ? look_at_grey(m) : look_at_wide(m);
    if (done > budget) return false;
    if (m->stack_marked < m->settled) {
      size_t to = m->settled - m->stack_marked < PIECE ? m->settled : m->stack_marked + PIECE;
      for (size_t i = m->stack_marked; i < to; i++) mark_slot(m, m->stack + i);
      done += PIECE;
      m->stack_marked = to;
      continue;
    }
    gc_each_root(m, m->settled, mark_any, m);
    done += m->refs.count;
    if (m->grey.count + m->wide.count == 0) {
      finish(m);
      return true;
    }
  }
}
