// The machine's memory: struct Machine, its stack, allocation, the write barrier, the collector.
// For code inside common/plan only (and the codec and sealing, which build objects).
//
// Two generations. Objects are born in the nursery by bumping `alloc`; a minor collection copies the
// living into the older generation (old.h, Cheney's algorithm). When that has doubled since, everything is
// collected: while it is small by copying it too (gc.h), else by marking it in steps, one after each minor
// collection (mark.h), so that pauses stay short. It is copied all the same when the memory limit is near.
// Objects of HEAP_LARGE words or more are born in the large space (large.h): counted as old, never moved.
//
// Roots: the stack, the handles, `acc`, the crash registers, and the remembered set (old objects that
// were written since the last collection). Every write of a pointer into an object that may be old
// goes through heap_write. An object fresh from heap_alloc is initialised by plain stores until the
// next allocation, except when it is large (HEAP_LARGE): then it is remembered from birth, and plain
// stores are right until the next allocation too.
//
// heap_alloc may collect, so everything not reachable from a root is stale after it. To build several
// objects at once, heap_need(words) first: the allocations that follow, up to that sum, do not collect.
#pragma once
#include "common/plan/jet.h"
#include "common/plan/large.h"
#include "common/plan/old.h"
#include <stdatomic.h>

#define HEAP_LARGE 1024 // words

typedef struct RegionCounts RegionCounts;

typedef struct ValueVec {
  Value *at;
  size_t count, cap;
} ValueVec;

struct Machine {
  // Stack: one contiguous reservation, grows up, never moves. [stack, sp) are roots.
  Value *stack, *sp, *stack_end;
  Value *stack_limit; // soft limit: eval checks against it
  size_t frame;       // offset of the newest frame word, see frame.h
  size_t settled;     // nothing below this offset leads to the nursery

  // Nursery.
  uint64_t *alloc, *alloc_end;
  uint64_t *nursery, *nursery_end;
  size_t nursery_words; // its ordinary size; heap_need may make one bigger for a while
  size_t reserved;      // hostile build: words promised by heap_need
  bool calm;            // hostile build: see machine_set_calm

  // Older generation and large space.
  OldSpace old;
  LargeSpace large;
  size_t major_at;     // words in use from which everything is collected
  size_t large_since;  // words of large objects made since the last collection
  ValueVec remembered; // addresses of dirty objects, and of written words of large ones (| SLOT_TAG)

  // Marking, see mark.h.
  ValueVec grey;       // addresses of objects to be looked at, and of words (| SLOT_TAG)
  ValueVec wide;       // of big objects, each followed by the index of the word where looking goes on
  size_t stack_marked; // what lies below this offset was looked at
  size_t mark_pace;    // words to mark for each word added

  // Handles.
  ValueVec refs;

  // See profile.h. The laws that a profile has met are roots.
  struct Profile *profile;
  ValueVec profiled;

  struct Sparks *sparks; // see spark.h; NULL until there are any

  // Evaluation in progress; see eval.c.
  Value acc;
  uint32_t resume; // how to go on (enum in eval.c)
  Value crash_op, crash_arg;
  Value dying; // the interpreted law that calls a crash opcode, until that is entered
  struct {
    CrashEntry inner[TRACE_INNER], outer[TRACE_OUTER]; // outer: a ring
    uint64_t count;                                    // entries noted, those left out included
    uint8_t last;                                      // kind of the frame noted last
  } trace;
  Outcome stop;             // the limit that a JET_STOP or a failed charge met
  uint64_t fuel, fuel_left; // per evaluation; what is left, in ticks not yet handed out
  uint64_t slice_end;       // value of fuel_left at which the slice is over
  int64_t ticks;            // calls until the evaluator checks limits, slice and interruption
  size_t memory_limit;      // bytes
  atomic_int interrupted;   // set from outside
  size_t trials;            // routines on the stack that catch crashes (JetDef.catches)
  bool running;
  bool caught; // the routine being resumed catches the crash in the crash registers

  MachineConfig config;
  const JetDef *const *native; // of config.jets, by index
  uint32_t region_epoch;
  RegionCounts *regions; // see region.c; NULL until there are any
  MachineStats stats;
};

// --- objects -----------------------------------------------------------------------------------
// A fresh object with the given header and `words` payload words, which the caller fills at once.
// Never NULL: when the limit is exceeded it allocates all the same and notes m->stop = RUN_MEMORY,
// which the evaluator sees at its next check; so bulk code asks heap_fits first.
uint64_t *heap_alloc_slow(Machine *m, uint64_t header, size_t words);

static inline uint64_t *heap_alloc(Machine *m, uint64_t header, size_t words) {
#ifndef HOSTILE
  if (__builtin_expect((size_t)(m->alloc_end - m->alloc) > words, 1) && words < HEAP_LARGE - 1) {
    uint64_t *o = m->alloc;
    m->alloc += words + 1;
    o[0] = header;
    return o;
  }
#endif
  return heap_alloc_slow(m, header, words);
}

// Makes room: allocations of `words` words in all (headers included) from now on do not collect.
void heap_need(Machine *m, size_t words);

// Whether `words` more words stay under the limit; if not, sets m->stop = RUN_MEMORY. May collect.
bool heap_fits(Machine *m, uint64_t words);

// A large object with these words, its first replaced by the header.
uint64_t *heap_adopt_code(Machine *m, const uint64_t *words, size_t n, uint64_t header);

// Stores v into word i of o, keeping the remembered set right.
#define SLOT_TAG 1u
void heap_remember(Machine *m, uint64_t *o, size_t i);
static inline bool heap_is_young(const Machine *m, const uint64_t *o) {
  return o >= m->nursery && o < m->nursery_end;
}
static inline void heap_write(Machine *m, uint64_t *o, size_t i, Value v) {
  assert(!obj_has(o, OBJ_PLAIN) || val_is_small(v));
  o[i] = v;
  if (val_is_ptr(v) && !heap_is_young(m, o) && !obj_has(o, OBJ_DIRTY)) heap_remember(m, o, i);
}

// Notes that the memory limit is met, and makes the evaluator look soon.
void heap_exhausted(Machine *m);

void heap_set_stack_limit(Machine *m);
void heap_init(Machine *m);
void heap_release(Machine *m);
void heap_collect(Machine *m, bool all);
size_t heap_in_use(const Machine *m); // words of both generations

// --- stack -------------------------------------------------------------------------------------
// The reservation ends in a guard; eval checks stack_limit where frames are pushed, and routines that
// push an unbounded number of words call stack_room first.
static inline void stack_push(Machine *m, Value v) { *m->sp++ = v; }
static inline Value stack_pop(Machine *m) { return *--m->sp; }
bool stack_room(Machine *m, size_t words); // false: sets m->stop = RUN_MEMORY

// --- charging ----------------------------------------------------------------------------------
// Charges `units` of bulk work (about one unit per 16 words touched). False: a limit is met (m->stop
// is set) and the routine returns JET_STOP.
static inline bool jet_charge(Machine *m, uint64_t units) {
  if (__builtin_expect(units >= m->fuel_left || m->interrupted, 0)) {
    m->stop = m->interrupted ? RUN_STOPPED : RUN_FUEL;
    return false;
  }
  m->fuel_left -= units;
  return true;
}

// Charges words that a call touches where nothing can stop it, if they are more than its tick stands for: the
// next call meets the limit.
void heap_charge_many(Machine *m, uint64_t words);
static inline void heap_charge_done(Machine *m, uint64_t words) {
  if (__builtin_expect(words >= 256, 0)) heap_charge_many(m, words);
}

// Before charged work on an idle machine (outside machine_run): a full measure of fuel, no stale limit.
void machine_refresh(Machine *m);

// --- constructors, for code that follows the rules above ------------------------------------------
// Arguments are protected during the call by the callee (pushed on the stack if it must collect).
Value new_nat_limbs(Machine *m, const uint64_t *limbs, size_t n); // normalises; limbs outside the heap
Value new_pin(Machine *m, Value item);                            // item in normal form
Value new_app(Machine *m, Value f, const Value *args,
              size_t n); // args rooted by the caller (on the stack);
                         // f evaluated; undersaturated; makes rows and tabs
Value new_cow(Machine *m, Value n);
Value new_pair_row(Machine *m, Value a, Value b);               // [a b]
Value new_law(Machine *m, Value name, Value arity, Value body); // recognises data jets
uint64_t *new_row(Machine *m, size_t n);       // n elements, all 0; fill at once (see heap_alloc)
uint64_t *new_row_unset(Machine *m, size_t n); // n elements, yet to be set
uint64_t *new_bar(Machine *m, size_t bytes);   // zero filled

// A(v) of an evaluated value, at most NAT_SMALL_MAX. The way to a head far below is charged as done.
uint64_t value_arity_any(Machine *m, Value v);
static inline uint64_t value_arity_u64(Machine *m, Value v) {
  if (val_is_ptr(v)) {
    const uint64_t *o = val_obj(v);
    if (obj_kind(o) == KIND_APP && app_left(o) < APP_ARITY_MAX) return app_left(o);
    if (obj_kind(o) == KIND_PIN && val_is_ptr(o[PIN_ITEM])) o = val_obj(o[PIN_ITEM]);
    if (obj_kind(o) == KIND_LAW && val_is_small(o[LAW_ARITY])) return o[LAW_ARITY];
  }
  return value_arity_any(m, v);
}

// The pin in pins that holds no pin; charged as done.
Value innermost_pin(Machine *m, Value pin);

// Spines. For a value that is no KIND_APP: itself, 0 arguments.
Value app_head(Value v);
uint64_t app_total_args(Value v);
void app_copy_args(Value v, Value *out); // all of them, in order of application
