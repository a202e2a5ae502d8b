#include "common/plan/heap.h"
#include "common/base/mem.h"
#include "common/plan/gc.h"
#include "common/plan/mark.h"
#include "common/plan/region.h"
#include <string.h>
#include <sys/mman.h>

#define NURSERY_DEFAULT (1u << 20)
#define NURSERY_MIN (1u << 16)
#define STACK_SLACK (1u << 16) // words behind the limit that routines may use without asking
#ifdef HOSTILE                 // markings come and go
#define MAJOR_MIN_WORDS (1u << 12)
#define COPIED_MOST 0
#define MARK_STEP 64
#else
#define MAJOR_MIN_WORDS (1u << 18) // a small heap stays in the processor's cache
#define COPIED_MOST (2u << 20)     // bytes: a heap in which no more lived the last time is copied, not marked
#define MARK_STEP (1u << 14)       // words marked after each minor collection, and
#endif
#define MARK_PACE 2           // those for each word added to what is older
#define NAT_LARGE 4096        // words from which a nat is a large object
#define LARGE_STEP 1024       // large objects swept after each minor collection
#define SLOTS_MOST (1u << 16) // words of large objects remembered one by one
#define SPARE_LEAST 8         // blocks kept for what comes
#define TRIM_STEP 2           // blocks given back after each minor collection

size_t obj_words(const uint64_t *o) {
  switch (obj_kind(o)) {
  case KIND_NAT: return 1 + obj_count(o);
  case KIND_PIN: return PIN_WORDS;
  case KIND_LAW: return LAW_WORDS;
  case KIND_APP: return 2 + app_args(o);
  case KIND_ROW: return 1 + (obj_count(o) ? obj_count(o) : 1);
  case KIND_BAR: return 1 + (obj_count(o) ? (obj_count(o) + 7) / 8 : 1);
  case KIND_COW:
  case KIND_SET: return 2;
  case KIND_TAB:
  case KIND_ROW_VIEW:
  case KIND_BAR_VIEW: return 3;
  case KIND_ROW_TREE:
  case KIND_BAR_TREE: return 1 + (tree_children(o) << tree_keyed(o)) + (tree_children(o) + 1) / 2;
  case KIND_THUNK: return 3 + obj_count(o);
  case KIND_CALL: return 2 + obj_count(o);
  case KIND_EXPR:
  case KIND_HOLE:
  case KIND_DEAD:
  case KIND_IND: return 3;
  case KIND_ENV:
  case KIND_CODE: return 1 + obj_count(o);
  default: break;
  }
  assert(!"an object of no known kind");
  return 0;
}

size_t obj_scan(const uint64_t *o) {
  switch (obj_kind(o)) {
  case KIND_NAT:
  case KIND_BAR: return 0;
  case KIND_ROW: return obj_has(o, OBJ_PLAIN) ? 0 : obj_words(o) - 1;
  case KIND_PIN:
  case KIND_ROW_VIEW:
  case KIND_BAR_VIEW: return 1;
  case KIND_ROW_TREE:
  case KIND_BAR_TREE: return tree_children(o) << tree_keyed(o);
  case KIND_IND: return 1;
  case KIND_HOLE: return 1;
  default: return obj_words(o) - 1;
  }
}

const char *outcome_name(Outcome o) {
  static const char *const names[] = {"done",   "crash",   "loop",  "diverges", "fuel",
                                      "memory", "stopped", "yield", "need-page"};
  return names[o];
}

static void map_stack(Machine *m) {
  size_t words = m->memory_limit / 8 + STACK_SLACK + 4096;
  void *p = mmap(NULL, words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) mem_exhausted(words * 8);
  m->stack = m->sp = p;
  m->stack_end = m->stack + words;
}

void heap_init(Machine *m) {
  size_t bytes = m->config.nursery ? m->config.nursery : NURSERY_DEFAULT;
  m->nursery_words = (bytes < NURSERY_MIN ? NURSERY_MIN : bytes) / 8;
  m->major_at = MAJOR_MIN_WORDS;
  map_stack(m);
  gc_new_nursery(m, m->nursery_words);
  heap_set_stack_limit(m);
}

void heap_release(Machine *m) {
  gc_free_all(m);
  munmap(m->stack, (size_t)(m->stack_end - m->stack) * 8);
  mem_free(m->remembered.at);
  mem_free(m->refs.at);
}

static size_t old_space(const Machine *m) { return m->old.block_count * BLOCK_WORDS; }

// What was sealed by this machine and still lives counts too.
static size_t heap_words(const Machine *m) {
  return old_space(m) + m->large.words + (size_t)(m->nursery_end - m->nursery) + region_space(m) / 8;
}

size_t heap_in_use(const Machine *m) {
  return m->old.words + m->large.words + (size_t)(m->alloc - m->nursery);
}

void heap_set_stack_limit(Machine *m) {
  size_t limit = m->memory_limit / 8, used = heap_words(m);
  size_t room = used < limit ? limit - used : 0;
  size_t most = (size_t)(m->stack_end - m->stack) - STACK_SLACK - 4096;
  m->stack_limit = m->stack + (room < most ? room : most);
}

bool stack_room(Machine *m, size_t words) {
  if ((size_t)(m->stack_limit - m->stack) >= words && m->sp <= m->stack_limit - words) return true;
  m->stop = RUN_MEMORY;
  return false;
}

// Words in use that count against the limit, were `more` allocated.
static bool over_limit(const Machine *m, uint64_t more) {
  uint64_t used = heap_words(m) + (size_t)(m->sp - m->stack);
  uint64_t limit = m->memory_limit / 8;
  return more > limit || used > limit - more;
}

// Words from which everything is collected again: when what lives has doubled, or half the room is used up.
static void set_major_at(Machine *m, size_t live) {
  size_t limit = m->memory_limit / 8, used = heap_words(m), room = used < limit ? limit - used : 0;
  size_t more = live < MAJOR_MIN_WORDS / 2 ? MAJOR_MIN_WORDS - live : live;
  m->major_at = live + (more < room / 2 ? more : room / 2);
  m->stats.live_bytes = live * 8;
}

static void collect_all(Machine *m) {
  gc_major(m);
  old_trim(&m->old, m->old.block_count / 2 + SPARE_LEAST, SIZE_MAX);
  set_major_at(m, m->old.words + m->large.words);
  // A heap that stays nearly full would collect without end: treat it as full.
  if (over_limit(m, m->memory_limit / 8 / 16)) heap_exhausted(m);
}

// Marking is to be over before what is added has used up half the room.
static void start_marking(Machine *m) {
  size_t limit = m->memory_limit / 8, used = heap_words(m), room = used < limit ? limit - used : 0;
  mark_begin(m);
  m->mark_pace = MARK_PACE + 2 * m->old.words / (room + 1);
}

static bool is_hostile(const Machine *m) {
#ifdef HOSTILE
  return !m->calm;
#else
  return false;
#endif
}

void machine_set_calm(Machine *m, bool calm) { m->calm = calm; }

static bool all_is_due(const Machine *m) {
  return is_hostile(m) || m->old.words + m->large.words > m->major_at;
}

static void collect_on(Machine *m, size_t added) {
  bool swept = large_sweep(&m->large, LARGE_STEP);
  old_trim(&m->old, m->old.block_count + SPARE_LEAST, TRIM_STEP);
  if (m->old.marking) {
    if (mark_step(m, MARK_STEP + added * m->mark_pace)) set_major_at(m, m->old.words + m->large.marked);
  } else if (swept && all_is_due(m)) {
    if (m->stats.live_bytes <= COPIED_MOST && m->old.words + m->large.words <= 2 * MAJOR_MIN_WORDS)
      collect_all(m);
    else
      start_marking(m);
  }
}

void heap_collect(Machine *m, bool all) {
  size_t before = m->old.words;
  if (!all) gc_minor(m);
  if (all || over_limit(m, 0))
    collect_all(m);
  else
    collect_on(m, m->old.words - before + m->large_since);
  m->large_since = 0;
  heap_set_stack_limit(m);
}

void heap_exhausted(Machine *m) {
  m->stop = RUN_MEMORY;
  m->ticks = 0; // so that the evaluator looks at its next call
}

void heap_charge_many(Machine *m, uint64_t words) {
  uint64_t units = words / 16;
  if (m->ticks > 0) { // handed out for calls that were to be cheap
    m->fuel_left += (uint64_t)m->ticks;
    m->stats.calls -= (uint64_t)m->ticks;
    m->ticks = 0;
  }
  m->fuel_left -= units < m->fuel_left ? units : m->fuel_left;
}

void heap_need(Machine *m, size_t words) {
  if (!is_hostile(m) && (size_t)(m->alloc_end - m->alloc) > words) return;
  heap_collect(m, is_hostile(m) && gc_hostile_all(m));
  if ((size_t)(m->alloc_end - m->alloc) <= words) gc_new_nursery(m, words + m->nursery_words);
  m->reserved = words;
}

bool heap_fits(Machine *m, uint64_t words) {
  if (!over_limit(m, words)) return true;
  heap_collect(m, true);
  if (m->stop != RUN_MEMORY && !over_limit(m, words)) return true;
  heap_exhausted(m);
  return false;
}

static void remember(Machine *m, uint64_t word) {
  mem_reserve(m->remembered.at, m->remembered.cap, m->remembered.count + 1);
  m->remembered.at[m->remembered.count++] = word;
}

static void remember_whole(Machine *m, uint64_t *o) {
  assert(!obj_has(o, OBJ_SEALED));
  o[0] |= OBJ_DIRTY;
  remember(m, (uint64_t)(uintptr_t)o);
}

// Of a large object, only the word: to look at all of it after each of a few writes would take too long.
void heap_remember(Machine *m, uint64_t *o, size_t i) {
  if (obj_has(o, OBJ_LARGE) && m->remembered.count < SLOTS_MOST)
    remember(m, (uint64_t)(uintptr_t)(o + i) | SLOT_TAG);
  else
    remember_whole(m, o);
}

// What is made during marking is marked, and looked at because it is remembered.
static uint64_t *new_large(Machine *m, uint64_t header, size_t words) {
  uint64_t *o = large_new(&m->large, words);
  m->large_since += words;
  m->stats.allocated_bytes += words * 8;
  o[0] = header | OBJ_LARGE;
  if (m->old.marking) large_mark(&m->large, o);
  return o;
}

static uint64_t *alloc_large(Machine *m, uint64_t header, size_t words) {
  if (over_limit(m, words)) {
    heap_collect(m, true);
    if (over_limit(m, words)) heap_exhausted(m);
  } else if (m->old.marking ? m->large_since > m->nursery_words
                            : m->old.words + m->large.words + words > m->major_at) {
    heap_collect(m, false);
  }
  uint64_t *o = new_large(m, header, words + 1);
  if (obj_scan(o) > 0) {
    memset(o + 1, 0, words * 8); // it is looked at before all of it is set
    remember_whole(m, o);
  }
  return o;
}

uint64_t *heap_adopt_code(Machine *m, const uint64_t *words, size_t n, uint64_t header) {
  uint64_t *o = new_large(m, header, n);
  memcpy(o + 1, words + 1, (n - 1) * 8);
  remember_whole(m, o);
  return o;
}

// Numbers that are big, but not huge, are temporary mostly: those stay in the processor's cache.
static bool is_large(uint64_t header, size_t words) {
  return words >= ((header & 0xff) == KIND_NAT ? NAT_LARGE : HEAP_LARGE);
}

uint64_t *heap_alloc_slow(Machine *m, uint64_t header, size_t words) {
  size_t total = words + 1;
  bool reserved = m->reserved >= total;
  m->reserved = reserved ? m->reserved - total : 0;
  if (is_large(header, total)) return alloc_large(m, header, words);
  if (is_hostile(m) ? !reserved : (size_t)(m->alloc_end - m->alloc) <= words)
    heap_collect(m, is_hostile(m) && gc_hostile_all(m));
  assert((size_t)(m->alloc_end - m->alloc) > words);
  uint64_t *o = m->alloc;
  m->alloc += total;
  o[0] = header;
  return o;
}
