// The collector behind heap.h: copying collections, and what they share with marking (mark.h).
#pragma once
#include "common/plan/heap.h"
#include "common/plan/spark.h"

// Copies what lives in the nursery to the older generation; the nursery is empty afterwards.
void gc_minor(Machine *m);

// Copies everything that lives, frees the rest, refreshes the counts on regions.
void gc_major(Machine *m);

// Replaces the (empty) nursery by one of `words` words.
void gc_new_nursery(Machine *m, size_t words);

void gc_free_all(Machine *m);

// Whether a KIND_THUNK has become a KIND_IND, see gc.c. copying_all: this is gc_major.
bool gc_select_element(uint64_t *thunk, bool copying_all);

// obj_words, the commonest kinds first.
static inline size_t gc_words(const uint64_t *o) {
  Kind kind = obj_kind(o);
  if (kind == KIND_ROW && obj_count(o) > 0) return 1 + obj_count(o);
  if (kind == KIND_THUNK) return 3 + obj_count(o);
  return obj_words(o);
}

// obj_scan, likewise.
static inline size_t gc_scan(const uint64_t *o) {
  Kind kind = obj_kind(o);
  if (kind == KIND_ROW && obj_count(o) > 0) return obj_has(o, OBJ_PLAIN) ? 0 : obj_count(o);
  if (kind == KIND_THUNK) return 2 + obj_count(o);
  return obj_scan(o);
}

// Calls `slot` for each root but the remembered set; of the stack, from the given offset on.
static inline void gc_each_root(Machine *m, size_t from, void (*slot)(void *ctx, Value *slot), void *ctx) {
  for (Value *p = m->stack + from; p < m->sp; p++) slot(ctx, p);
  for (size_t i = 0; i < m->refs.count; i++) slot(ctx, &m->refs.at[i]);
  for (size_t i = 0; i < m->profiled.count; i++) slot(ctx, &m->profiled.at[i]);
  for (size_t i = 0; m->sparks && i < m->sparks->count; i++) slot(ctx, &m->sparks->at[i].suspension);
  slot(ctx, &m->acc);
  slot(ctx, &m->crash_op);
  slot(ctx, &m->crash_arg);
  slot(ctx, &m->dying);
  for (size_t i = 0; i < TRACE_INNER && i < m->trace.count; i++) slot(ctx, &m->trace.inner[i].law);
  for (size_t i = 0; i < TRACE_OUTER && TRACE_INNER + i < m->trace.count; i++)
    slot(ctx, &m->trace.outer[i].law);
}

// Whether this collection of the hostile build is a major one: always, for a while, when heap and stack are
// small, else seldom.
bool gc_hostile_all(const Machine *m);
