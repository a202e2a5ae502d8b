// Two walks over what is not sealed yet. The outer one visits each object once, depth first, and when it
// leaves a pin, the inner one moves all that is not moved yet under that pin, the pin last; pins inside it
// were left before, so they are sealed by then and only one buffer is open at any time. What remains at
// the end lies under no pin and is moved from the root.
//
// A moved object leaves KIND_FORWARD behind: [its place in the buffer] while that is open, then [the
// sealed value], as a collection does. When much of the heap was moved, a collection follows and makes all
// pointers lead to the regions. When little was, the objects are put back as they were, copies of what is
// sealed now: a collection of everything would take longer than all the rest.
#include "common/plan/seal.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/code.h"
#include "common/plan/plan.h"
#include "common/plan/row.h"
#include <string.h>

#define SMALL_HEAP (1u << 17) // words that are collected soon
#define MUCH 8                // a part of one in so many of the heap
#define FEW_REFS 16           // that many are searched one by one

typedef struct Walk {
  struct WalkEntry {
    uint64_t *object;
    size_t next; // the part to visit next
  } * at;
  size_t count, cap;
} Walk;

typedef struct Sealing {
  Machine *m;
  Walk outer, inner;

  // The region being filled. A pointer to one of its own objects is VAL_LAZY | offset.
  uint64_t *words;
  size_t count, cap;

  // What was moved, the last of it to the region being filled: where it comes from and what it began with.
  struct Origin {
    uint64_t *object, header, first;
  } * origin;
  size_t origins, origin_cap, earlier;
  size_t moved, little; // words; what is less can be put back
  size_t *coded;        // offsets of laws whose code word still leads to the heap
  size_t coded_count, coded_cap;

  Region **refs;
  size_t ref_count, ref_cap;
  WordTable ref_seen;
} Sealing;

static bool is_moved(const uint64_t *o) { return obj_kind(o) == KIND_FORWARD; }

// How many of the first words of an object are parts of its value.
static size_t value_parts(const uint64_t *o) { return obj_kind(o) == KIND_LAW ? LAW_BODY : obj_scan(o); }

// A view of what is not sealed becomes a row or bar of its own: the rest of that need not be in normal form,
// nor be part of the value at all.
static bool is_loose_view(const uint64_t *o) {
  if (!obj_has(o, KIND_VIEW)) return false;
  const uint64_t *base = val_obj(o[VIEW_BASE]);
  return !is_moved(base) && !obj_has(base, OBJ_SEALED);
}

// The parts of the value of an object that is to be moved.
static const Value *parts_of(const uint64_t *o, size_t *n) {
  bool loose = is_loose_view(o);
  *n = loose ? (obj_kind(o) == KIND_ROW_VIEW ? obj_count(o) : 0) : value_parts(o);
  return loose ? rope_leaf_elements(o) : o + 1;
}

// The object behind a part, or NULL when nothing is to be moved.
static uint64_t *unmoved(Value part) {
  Value v = val_deref(part);
  if (val_is_small(v)) return NULL;
  uint64_t *o = val_obj(v);
  if (is_moved(o) || obj_has(o, OBJ_SEALED)) return NULL;
  assert(!obj_is_lazy_kind(o));
  val_is_tab(&v); // an app that has become a tab since it was made
  return o;
}

static void enter(Walk *w, uint64_t *o) {
  mem_reserve(w->at, w->cap, w->count + 1);
  w->at[w->count++] = (struct WalkEntry){o, 0};
}

// --- references --------------------------------------------------------------------------------------
static void add_ref(Sealing *s, Region *r) {
  if (s->ref_count < FEW_REFS) {
    for (size_t i = 0; i < s->ref_count; i++)
      if (s->refs[i] == r) return;
  } else {
    for (size_t i = 0; i < FEW_REFS && s->ref_count == FEW_REFS; i++)
      wtab_put(&s->ref_seen, (uint64_t)(uintptr_t)s->refs[i], 0);
    if (!wtab_put(&s->ref_seen, (uint64_t)(uintptr_t)r, 0)) return;
  }
  mem_reserve(s->refs, s->ref_cap, s->ref_count + 1);
  s->refs[s->ref_count++] = r;
}

static void collect_refs(Sealing *s) {
  s->ref_count = 0;
  if (s->ref_seen.cap) wtab_free(&s->ref_seen);
  for (size_t at = 0; at < s->count; at += obj_words(s->words + at)) {
    const uint64_t *o = s->words + at;
    for (size_t i = 1, n = value_parts(o); i <= n; i++)
      if (val_is_ptr(o[i]) && !val_is_lazy(o[i])) add_ref(s, region_of(val_obj(o[i])));
  }
}

// --- closing a region ----------------------------------------------------------------------------------
static Value sealed_form(Value v) {
  v = val_deref(v);
  if (val_is_small(v)) return v;
  const uint64_t *o = val_obj(v);
  if (is_moved(o)) return o[1];
  assert(obj_has(o, OBJ_SEALED));
  return v;
}

// Compiled code moves with its law, because suspensions and frames name positions in it. Its constants
// are parts of the law's body.
static void move_code(uint64_t *law) {
  const uint64_t *code = val_obj(law[LAW_CODE]);
  size_t n = obj_words(code);
  uint64_t *copy = mem_dup(code, n * 8);
  copy[0] = obj_header(KIND_CODE, OBJ_SEALED, n - 1);
  for (size_t i = 1; i < n; i++)
    if (val_is_ptr(copy[i])) copy[i] = sealed_form(copy[i]);
  law[LAW_CODE] = (uint64_t)(uintptr_t)copy;
}

static void close_region(Sealing *s) {
  if (s->count == 0) return;
  collect_refs(s);
  Region *r = region_new(s->m, s->count, s->refs, s->ref_count);
  uint64_t *to = region_words(r);
  memcpy(to, s->words, s->count * 8);
  size_t at = 0;
  for (size_t k = s->earlier; k < s->origins; k++, at += obj_words(to + at)) {
    for (size_t i = 1, n = value_parts(to + at); i <= n; i++)
      if (val_is_lazy(to[at + i])) to[at + i] = obj_val(to + (to[at + i] & VAL_ADDR));
    s->origin[k].object[1] = obj_val(to + at);
  }
  for (size_t k = 0; k < s->coded_count; k++) move_code(to + s->coded[k]);
  region_finish(r);
  region_hold(s->m, r);
  region_release(r);
  s->moved += s->count;
  if (s->moved >= s->little) s->origins = 0;
  s->earlier = s->origins;
  s->count = s->coded_count = 0;
}

// --- moving --------------------------------------------------------------------------------------------
static Value moved_part(Value part) {
  Value v = val_deref(part);
  if (val_is_small(v) || obj_has(val_obj(v), OBJ_SEALED)) return v;
  assert(is_moved(val_obj(v)));
  uint64_t where = val_obj(v)[1];
  return val_is_ptr(where) ? where : VAL_LAZY | where;
}

static void move(Sealing *s, uint64_t *o) {
  bool loose = is_loose_view(o);
  uint64_t header = obj_header(loose ? val_kind(obj_val(o)) : obj_kind(o), 0, obj_count(o));
  size_t words = obj_words(&header), count, at = s->count;
  const Value *parts = parts_of(o, &count);
  if (at > 0 && at + words > SEAL_WORDS) {
    close_region(s);
    at = 0;
  }
  mem_reserve(s->words, s->cap, at + words);
  uint64_t *to = s->words + at;
  to[0] = header;
  for (size_t i = 0; i < count; i++) to[1 + i] = moved_part(parts[i]);
  if (loose && count == 0) {
    to[words - 1] = 0;
    memcpy(to + 1, rope_leaf_bytes(o), obj_count(o));
  } else {
    memcpy(to + 1 + count, parts + count, (words - 1 - count) * 8);
  }
  if (obj_kind(o) == KIND_LAW && val_is_ptr(o[LAW_CODE])) {
    mem_reserve(s->coded, s->coded_cap, s->coded_count + 1);
    s->coded[s->coded_count++] = at;
  }
  mem_reserve(s->origin, s->origin_cap, s->origins + 1);
  s->origin[s->origins++] = (struct Origin){o, o[0] & ~(uint64_t)OBJ_SEEN, o[1]};
  s->count = at + words;
  o[0] = obj_header(KIND_FORWARD, 0, 0);
  o[1] = at;
  if (words > SEAL_WORDS) close_region(s);
}

static void move_graph(Sealing *s, uint64_t *root) {
  Walk *w = &s->inner;
  enter(w, root);
  while (w->count > 0) {
    struct WalkEntry *top = &w->at[w->count - 1];
    size_t n;
    const Value *parts = parts_of(top->object, &n);
    if (top->next == n) {
      move(s, top->object);
      w->count--;
      continue;
    }
    uint64_t *part = unmoved(parts[top->next++]);
    if (part) enter(w, part);
  }
  close_region(s);
}

// What was met before is left already, or has nothing but sealed pins below it.
static uint64_t *unseen(Value part) {
  uint64_t *o = unmoved(part);
  if (!o || obj_has(o, OBJ_SEEN)) return NULL;
  o[0] |= OBJ_SEEN;
  return o;
}

static void move_all(Sealing *s, Value root) {
  Walk *w = &s->outer;
  uint64_t *first = unseen(root);
  assert(first || !"sealed already");
  enter(w, first);
  while (w->count > 0) {
    struct WalkEntry *top = &w->at[w->count - 1];
    size_t n;
    const Value *parts = parts_of(top->object, &n);
    if (top->next < n) {
      uint64_t *part = unseen(parts[top->next++]);
      if (part) enter(w, part);
      continue;
    }
    if (obj_kind(top->object) == KIND_PIN) move_graph(s, top->object);
    w->count--;
  }
  if (!is_moved(first)) move_graph(s, first);
}

static void put_back(const Sealing *s) {
  for (size_t k = 0; k < s->origins; k++) {
    const struct Origin *was = &s->origin[k];
    was->object[0] = was->header;
    was->object[1] = was->first;
  }
}

void seal(Machine *m, Ref r) {
  Value root = val_deref(ref_get(m, r));
  assert(val_is_nf(root));
  if (val_is_sealed(root)) return;
  large_sweep(&m->large, SIZE_MAX); // goes by marks, which what is moved loses
  size_t used = heap_in_use(m);
  Sealing s = {.m = m, .little = used < SMALL_HEAP ? 0 : used / MUCH};
  if (m->running) exec_detach(m);
  move_all(&s, root);
  ref_set(m, r, sealed_form(root));
  bool much = s.moved >= s.little;
  if (!much) put_back(&s);
  mem_free(s.outer.at);
  mem_free(s.inner.at);
  mem_free(s.words);
  mem_free(s.origin);
  mem_free(s.coded);
  mem_free(s.refs);
  wtab_free(&s.ref_seen);
  if (much) heap_collect(m, true);
  if (m->running) exec_attach(m);
}
