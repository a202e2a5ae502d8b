#include "common/plan/region.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/code.h"
#include "common/plan/plan.h"
#include "common/plan/segment.h"
#include <string.h>

enum { ID_NONE, ID_BEING_SET, ID_SET };

// In memory: this, a bit for each word at which an object begins (unless there is only one), the objects,
// the references. So objects begin in the first segment whatever the references are.
struct Region {
  Space space; // links the regions to be freed, too
  _Atomic uint32_t count;
  _Atomic uint32_t id_state;
  uint64_t words;
  uint32_t objects, refs; // objects: 0 until finished
  _Atomic(RegionWatch *) watch;
  uint8_t id[REGION_ID_LEN];
  uint64_t starts[];
};

static_assert(sizeof(Region) % 8 == 0, "objects are 8-byte aligned");

// --- layout ----------------------------------------------------------------------------------------
static size_t start_words(size_t words) { return words > REGION_WORDS ? 0 : (words + 63) / 64; }

uint64_t *region_words(Region *r) { return r->starts + start_words(r->words); }

static const uint64_t *words_of(const Region *r) { return r->starts + start_words(r->words); }

static Region **refs_of(const Region *r) { return (Region **)(uintptr_t)(words_of(r) + r->words); }

size_t region_size(const Region *r) { return r->words; }
size_t region_objects(const Region *r) { return r->objects; }
size_t region_ref_count(const Region *r) { return r->refs; }

Region *region_ref(const Region *r, size_t i) {
  assert(i < r->refs);
  return refs_of(r)[i];
}

Region *region_of(const uint64_t *o) { return (Region *)(void *)space_of(o); }

// Objects are found by counting start bits.
uint64_t *region_object(const Region *r, size_t i) {
  assert(i < r->objects);
  const uint64_t *words = words_of(r);
  if (r->words > REGION_WORDS) return (uint64_t *)(uintptr_t)words;
  size_t w = 0;
  for (size_t n; i >= (n = (size_t)__builtin_popcountll(r->starts[w])); w++) i -= n;
  uint64_t bits = r->starts[w];
  for (; i > 0; i--) bits &= bits - 1;
  return (uint64_t *)(uintptr_t)(words + w * 64 + (size_t)__builtin_ctzll(bits));
}

size_t region_index(const Region *r, const uint64_t *o) {
  if (r->words > REGION_WORDS) return 0;
  size_t at = (size_t)(o - words_of(r)), index = 0;
  assert(at < r->words && (r->starts[at / 64] >> at % 64 & 1));
  for (size_t w = 0; w < at / 64; w++) index += (size_t)__builtin_popcountll(r->starts[w]);
  return index + (size_t)__builtin_popcountll(r->starts[at / 64] & ((1ULL << at % 64) - 1));
}

// --- counts ----------------------------------------------------------------------------------------
void region_retain(Region *r) { atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed); }

bool region_try_retain(Region *r) {
  uint32_t n = atomic_load_explicit(&r->count, memory_order_relaxed);
  while (n > 0)
    if (atomic_compare_exchange_weak_explicit(&r->count, &n, n + 1, memory_order_acquire,
                                              memory_order_relaxed))
      return true;
  return false;
}

static bool drop(Region *r) {
  uint32_t before = atomic_fetch_sub_explicit(&r->count, 1, memory_order_acq_rel);
  assert(before > 0);
  return before == 1;
}

static void free_code(Region *r) {
  if (r->words > REGION_WORDS || r->objects == 0) return;
  uint64_t *o = region_words(r);
  for (uint32_t i = 0; i < r->objects; i++, o += obj_words(o)) {
    if (obj_kind(o) != KIND_LAW) continue;
    uint64_t code = __atomic_load_n(&o[LAW_CODE], __ATOMIC_ACQUIRE);
    if (code > CODE_FAILED) mem_free((void *)(uintptr_t)code);
  }
}

// Regions whose last count went wait in a list, linked through their space, instead of on the C stack.
void region_release(Region *r) {
  if (!drop(r)) return;
  Region *dead = r;
  r->space.next = NULL;
  while ((r = dead)) {
    dead = (Region *)(void *)r->space.next;
    RegionWatch *w = atomic_load_explicit(&r->watch, memory_order_acquire);
    if (w) w->gone(w, r);
    free_code(r);
    for (uint32_t i = 0; i < r->refs; i++) {
      Region *ref = refs_of(r)[i];
      if (!drop(ref)) continue;
      ref->space.next = dead ? &dead->space : NULL;
      dead = ref;
    }
    space_free(&r->space);
  }
}

void region_retain_value(Value v) {
  if (val_is_ptr(v)) region_retain(region_of(val_obj(v)));
}

void region_release_value(Value v) {
  if (val_is_ptr(v)) region_release(region_of(val_obj(v)));
}

bool region_watch(Region *r, RegionWatch *w) {
  RegionWatch *none = NULL;
  return atomic_compare_exchange_strong_explicit(&r->watch, &none, w, memory_order_acq_rel,
                                                 memory_order_acquire);
}

bool region_id(const Region *r, uint8_t id[REGION_ID_LEN]) {
  if (atomic_load_explicit(&r->id_state, memory_order_acquire) != ID_SET) return false;
  memcpy(id, r->id, REGION_ID_LEN);
  return true;
}

void region_set_id(Region *r, const uint8_t id[REGION_ID_LEN]) {
  uint32_t state = ID_NONE;
  if (atomic_compare_exchange_strong_explicit(&r->id_state, &state, ID_BEING_SET, memory_order_acquire,
                                              memory_order_acquire)) {
    memcpy(r->id, id, REGION_ID_LEN);
    atomic_store_explicit(&r->id_state, ID_SET, memory_order_release);
    return;
  }
  assert(state == ID_BEING_SET || memcmp(r->id, id, REGION_ID_LEN) == 0);
}

// --- a machine's counts ----------------------------------------------------------------------------
// `held` leads from a region to the epoch in which a collection met it last. A count taken between two
// collections belongs to the epoch before, so that the next collection decides.
struct RegionCounts {
  WordTable held;
  Region *last; // seen most recently
  Segments segments;
};

static RegionCounts *counts(Machine *m) {
  if (!m->regions) {
    m->regions = mem_zalloc(sizeof *m->regions);
    m->region_epoch = 1;
  }
  return m->regions;
}

size_t region_space(const Machine *m) { return m->regions ? m->regions->segments.bytes : 0; }
size_t region_bytes(const Machine *m) { return m->regions ? segments_in_use(&m->regions->segments) : 0; }

void region_seen(Machine *m, const uint64_t *o) {
  RegionCounts *c = counts(m);
  Region *r = region_of(o);
  if (r == c->last) return;
  c->last = r;
  if (wtab_put(&c->held, (uint64_t)(uintptr_t)r, m->region_epoch)) region_retain(r);
}

void region_hold(Machine *m, Region *r) {
  RegionCounts *c = counts(m);
  if (wtab_get(&c->held, (uint64_t)(uintptr_t)r)) return;
  wtab_put(&c->held, (uint64_t)(uintptr_t)r, m->region_epoch - 1);
  region_retain(r);
}

void region_sweep(Machine *m) {
  RegionCounts *c = m->regions;
  if (!c) return;
  Region **gone = NULL;
  size_t n = 0, cap = 0, at = 0;
  uint64_t key, epoch;
  while (wtab_next(&c->held, &at, &key, &epoch)) {
    if (epoch == m->region_epoch) continue;
    mem_reserve(gone, cap, n + 1);
    gone[n++] = (Region *)(uintptr_t)key;
  }
  for (size_t i = 0; i < n; i++) wtab_del(&c->held, (uint64_t)(uintptr_t)gone[i], NULL);
  for (size_t i = 0; i < n; i++) region_release(gone[i]);
  mem_free(gone);
  c->last = NULL;
  m->region_epoch++;
  segments_sweep(&c->segments);
}

void region_release_all(Machine *m) {
  RegionCounts *c = m->regions;
  if (!c) return;
  size_t at = 0;
  uint64_t key;
  while (wtab_next(&c->held, &at, &key, NULL)) region_release((Region *)(uintptr_t)key);
  wtab_free(&c->held);
  segments_leave(&c->segments);
  mem_free(c);
  m->regions = NULL;
}

Ref region_adopt(Machine *m, Value root) {
  if (val_is_ptr(root)) {
    assert(!val_is_lazy(root) && obj_has(val_obj(root), OBJ_SEALED));
    region_hold(m, region_of(val_obj(root)));
  }
  return ref_new(m, root);
}

// --- making ----------------------------------------------------------------------------------------
Region *region_new(Machine *m, size_t words, Region *const *refs, size_t n) {
  assert(words > 0 && n <= UINT32_MAX);
  size_t bytes = mem_add(sizeof(Region) + start_words(words) * 8, mem_mul(mem_add(words, n), 8));
  Region *r = (Region *)(void *)space_new(&counts(m)->segments, bytes);
  atomic_init(&r->count, 1);
  atomic_init(&r->id_state, ID_NONE);
  atomic_init(&r->watch, NULL);
  r->words = words;
  r->objects = 0;
  r->refs = (uint32_t)n;
  memset(r->starts, 0, start_words(words) * 8);
  for (size_t i = 0; i < n; i++) {
    refs_of(r)[i] = refs[i];
    region_retain(refs[i]);
  }
  return r;
}

void region_finish(Region *r) {
  uint64_t *first = region_words(r), *end = first + r->words, *o = first;
  for (; o < end; o += obj_words(o)) {
    assert(!obj_is_lazy_kind(o));
    size_t at = (size_t)(o - first);
    if (r->words <= REGION_WORDS)
      r->starts[at / 64] |= 1ULL << at % 64;
    else
      assert(at == 0);
    o[0] |= OBJ_SEALED | OBJ_NF;
    r->objects++;
  }
  assert(o == end);
}
