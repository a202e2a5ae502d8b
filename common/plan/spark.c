#include "common/plan/spark.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/frame.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include <string.h>

#define PENALTY_MAX 1023

typedef enum SparkState { SPARK_OPEN, SPARK_DONE, SPARK_FAILED } SparkState;

struct Spark {
  atomic_uint users;
  _Atomic SparkState state;
  atomic_bool unwanted;
  uint64_t *words; // the objects, whose pointers to each other lead into this
  size_t count, objects;
  Value root;
  Region **regions; // that they point into; a count of each
  size_t region_count, region_cap;
  Value value; // SPARK_DONE: sealed, with a count
};

// --- copying out -----------------------------------------------------------------------------------
typedef struct Copying {
  Spark *s;
  WordTable seen; // object -> its place, in words
  WordTable regions;
  bool fits;
} Copying;

static void add_region(Copying *c, Region *r) {
  if (!wtab_put(&c->regions, (uint64_t)(uintptr_t)r, 0)) return;
  Spark *s = c->s;
  mem_reserve(s->regions, s->region_cap, s->region_count + 1);
  s->regions[s->region_count++] = r;
  region_retain(r);
}

// A suspension names a position in its law's code, which only a sealed law keeps.
static bool can_copy(const uint64_t *o) {
  switch (obj_kind(o)) {
  case KIND_LAW:
  case KIND_STUB:
  case KIND_HOLE:
  case KIND_DEAD:
  case KIND_CODE:
  case KIND_FORWARD: return false;
  case KIND_THUNK: return obj_has(val_obj(o[1]), OBJ_SEALED);
  default: return true;
  }
}

// Appends the object, unless it is there already; its place.
static uint64_t *place(Copying *c, const uint64_t *o) {
  Spark *s = c->s;
  const uint64_t *known = wtab_get(&c->seen, (uint64_t)(uintptr_t)o);
  if (known) return s->words + *known;
  size_t words = can_copy(o) ? obj_words(o) : SIZE_MAX;
  if (words >= HEAP_LARGE || words > SPARK_WORDS - s->count) {
    c->fits = false;
    return NULL;
  }
  uint64_t *to = s->words + s->count;
  wtab_put(&c->seen, (uint64_t)(uintptr_t)o, s->count);
  memcpy(to, o, words * 8);
  to[0] = obj_header(obj_kind(o), o[0] & OBJ_NF, obj_count(o));
  s->count += words;
  s->objects++;
  return to;
}

static Value copied(Copying *c, Value v) {
  v = val_deref(v);
  if (val_is_small(v)) return v;
  const uint64_t *o = val_obj(v);
  if (obj_has(o, OBJ_SEALED)) {
    add_region(c, region_of(o));
    return v;
  }
  const uint64_t *to = place(c, o);
  return !to ? 0 : val_is_lazy(v) ? obj_lazy(to) : obj_val(to);
}

static Spark *copy_out(Value suspension) {
  Spark *s = mem_zalloc(sizeof *s);
  Copying c = {.s = s, .fits = true};
  atomic_init(&s->users, 1);
  s->words = mem_alloc(SPARK_WORDS * 8);
  s->root = copied(&c, suspension);
  for (size_t at = 0; c.fits && at < s->count; at += obj_words(s->words + at)) {
    uint64_t *o = s->words + at;
    for (size_t i = 1, n = obj_scan(o); c.fits && i <= n; i++)
      if (val_is_ptr(o[i])) o[i] = copied(&c, o[i]);
  }
  wtab_free(&c.seen);
  wtab_free(&c.regions);
  if (c.fits) return s;
  spark_release(s);
  return NULL;
}

void spark_release(Spark *s) {
  if (atomic_fetch_sub_explicit(&s->users, 1, memory_order_acq_rel) != 1) return;
  for (size_t i = 0; i < s->region_count; i++) region_release(s->regions[i]);
  if (s->state == SPARK_DONE) region_release_value(s->value);
  mem_free(s->regions);
  mem_free(s->words);
  mem_free(s);
}

// --- elsewhere ---------------------------------------------------------------------------------------
bool spark_is_unwanted(const Spark *s) { return atomic_load_explicit(&s->unwanted, memory_order_relaxed); }

static bool is_inside(const Spark *s, Value v) {
  return val_is_ptr(v) && val_obj(v) >= s->words && val_obj(v) < s->words + s->count;
}

// The header of what was copied leads to the copy then.
static Value entered(const Spark *s, Value v) { return is_inside(s, v) ? (v & VAL_LAZY) | *val_obj(v) : v; }

Ref spark_enter(Spark *s, Machine *m) {
  uint64_t **made = mem_alloc(mem_mul(s->objects, sizeof *made));
  for (size_t i = 0; i < s->region_count; i++) region_hold(m, s->regions[i]);
  heap_need(m, s->count);
  for (size_t at = 0, i = 0, words; at < s->count; at += words) {
    uint64_t *o = s->words + at;
    words = obj_words(o);
    made[i] = heap_alloc(m, o[0], words - 1);
    memcpy(made[i] + 1, o + 1, (words - 1) * 8);
    o[0] = (uint64_t)(uintptr_t)made[i++];
  }
  for (size_t i = 0; i < s->objects; i++)
    for (size_t k = 1, n = obj_scan(made[i]); k <= n; k++) made[i][k] = entered(s, made[i][k]);
  mem_free(made);
  return ref_new(m, entered(s, s->root));
}

void spark_finish(Spark *s, Machine *m, Ref value) {
  if (value) {
    Value v = val_deref(ref_get(m, value));
    ref_set(m, value, v);
    if (!val_is_sealed(v)) seal(m, value);
    s->value = ref_get(m, value);
    region_retain_value(s->value);
  }
  atomic_store_explicit(&s->state, value ? SPARK_DONE : SPARK_FAILED, memory_order_release);
}

// --- the machine that offers ---------------------------------------------------------------------------
// Whether nobody has come to evaluate it.
static bool is_suspended(Value v) {
  if (!val_is_lazy(v)) return false;
  Kind kind = obj_kind(val_obj(v));
  return kind == KIND_THUNK || kind == KIND_EXPR || kind == KIND_CALL;
}

// Where there is a lot of little to do, copying it would take longer than doing it.
static bool is_worth_it(Sparks *all) {
  if (all->skip > 0) return all->skip--, false;
  all->skip = all->penalty;
  return true;
}

static void note_gain(Sparks *all, bool gained) {
  all->penalty = gained ? 0 : all->penalty * 2 + 1 < PENALTY_MAX ? all->penalty * 2 + 1 : PENALTY_MAX;
}

void sparks_offer(Machine *m, Value suspension) {
  const SparkSink *sink = m->config.sparks;
  suspension = val_deref(suspension);
  if (!is_suspended(suspension) || m->profile) return;
  if (!m->sparks) m->sparks = mem_zalloc(sizeof *m->sparks);
  Sparks *all = m->sparks;
  if (all->count == SPARKS_MAX || !is_worth_it(all) || !sink->has_room(sink->ctx)) return;
  if (m->trials > 0) return;
  Spark *s = copy_out(suspension);
  if (!s) return;
  all->at[all->count++] = (struct SparkEntry){s, suspension};
  atomic_fetch_add_explicit(&s->users, 1, memory_order_relaxed);
  sink->offer(sink->ctx, s);
}

static void let_go(Spark *s) {
  atomic_store_explicit(&s->unwanted, true, memory_order_relaxed);
  spark_release(s);
}

static void put_value(Machine *m, uint64_t *o, Value v) {
  if (val_is_ptr(v)) region_hold(m, region_of(val_obj(v)));
  o[0] = obj_header(KIND_IND, o[0] & 0xff00, 0);
  heap_write(m, o, 1, v);
}

void sparks_poll(Machine *m) {
  Sparks *all = m->sparks;
  for (size_t i = 0; all && i < all->count;) {
    struct SparkEntry *e = &all->at[i];
    SparkState state = atomic_load_explicit(&e->spark->state, memory_order_acquire);
    bool suspended = is_suspended(e->suspension);
    if (suspended && state == SPARK_OPEN) {
      i++;
      continue;
    }
    if (suspended && state == SPARK_DONE) put_value(m, val_obj(e->suspension), e->spark->value);
    note_gain(all, suspended && state == SPARK_DONE);
    let_go(e->spark);
    *e = all->at[--all->count];
  }
}

void machine_forget_sparks(Machine *m) {
  if (!m->sparks) return;
  while (m->sparks->count > 0) let_go(m->sparks->at[--m->sparks->count].spark);
  mem_free(m->sparks);
  m->sparks = NULL;
}
