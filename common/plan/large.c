#include "common/plan/large.h"
#include "common/base/mem.h"
#include "common/plan/value.h"

struct LargeObject {
  LargeObject *next;
  size_t words;
  uint64_t object[];
};

uint64_t *large_new(LargeSpace *s, size_t words) {
  LargeObject *l = mem_alloc(mem_add(sizeof *l, mem_mul(words, 8)));
  *l = (LargeObject){.next = s->all, .words = words};
  s->all = l;
  s->words += words;
  return l->object;
}

void large_mark_begin(LargeSpace *s) {
  large_sweep(s, SIZE_MAX);
  s->marked = 0;
}

bool large_mark(LargeSpace *s, uint64_t *o) {
  if (obj_has(o, OBJ_MARK)) return false;
  o[0] |= OBJ_MARK;
  s->marked += ((LargeObject *)(void *)((char *)o - offsetof(LargeObject, object)))->words;
  return true;
}

void large_unmark(LargeSpace *s) {
  for (LargeObject *l = s->all; l; l = l->next) l->object[0] &= ~(uint64_t)OBJ_MARK;
}

void large_sweep_begin(LargeSpace *s) {
  s->unswept = s->all;
  s->all = NULL;
}

bool large_sweep(LargeSpace *s, size_t most) {
  for (LargeObject *l; (l = s->unswept) != NULL && most > 0; most--) {
    s->unswept = l->next;
    if (obj_has(l->object, OBJ_MARK)) {
      l->object[0] &= ~(uint64_t)OBJ_MARK;
      l->next = s->all;
      s->all = l;
    } else {
      s->words -= l->words;
      mem_free(l);
    }
  }
  return !s->unswept;
}

void large_free(LargeSpace *s) {
  LargeObject *lists[] = {s->all, s->unswept};
  for (int i = 0; i < 2; i++) {
    for (LargeObject *l = lists[i], *next; l; l = next) {
      next = l->next;
      mem_free(l);
    }
  }
  *s = (LargeSpace){0};
}
