#include "common/plan/mark.h"
#include "common/plan/gc.h"
#include "common/plan/region.h"

#define STACK_STEP 4096 // words of the stack looked at between two looks at the budget

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
    if (obj_has(o, OBJ_SEALED)) {
      region_seen(m, o);
    } else if (obj_has(o, OBJ_LARGE) ? large_mark(&m->large, o) : old_mark(&m->old, o, gc_words(o))) {
      if (obj_scan(o) > 0) mark_later(m, o);
    }
    return;
  }
}

static void mark_any(void *m, Value *slot) { mark_slot(m, slot); }

void mark_begin(Machine *m) {
  old_mark_begin(&m->old);
  large_mark_begin(&m->large);
  m->grey.count = 0;
  m->stack_marked = 0;
}

void mark_abandon(Machine *m) {
  if (m->old.marking) large_unmark(&m->large);
  m->old.marking = false;
  m->grey.count = 0;
}

static void finish(Machine *m) {
  old_mark_end(&m->old);
  large_sweep_begin(&m->large);
  region_sweep(m);
  m->stats.major++;
}

bool mark_step(Machine *m, size_t budget) {
  size_t done = 0;
  for (;;) {
    while (m->grey.count > 0) {
      if (done > budget) return false;
      uint64_t *o = (uint64_t *)(uintptr_t)m->grey.at[--m->grey.count];
      size_t n = obj_scan(o);
      for (size_t i = 1; i <= n; i++) mark_slot(m, o + i);
      done += n + 1;
    }
    if (done > budget) return false;
    if (m->stack_marked < m->settled) {
      size_t to = m->settled - m->stack_marked < STACK_STEP ? m->settled : m->stack_marked + STACK_STEP;
      for (size_t i = m->stack_marked; i < to; i++) mark_slot(m, m->stack + i);
      done += STACK_STEP;
      m->stack_marked = to;
      continue;
    }
    gc_each_root(m, m->settled, mark_any, m);
    done += m->refs.count;
    if (m->grey.count == 0) {
      finish(m);
      return true;
    }
  }
}
