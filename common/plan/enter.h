// Entering code, for exec.c: how calls and suspensions are laid out where their block is to run.
#pragma once
#include "common/plan/code.h"
#include "common/plan/frame.h"
#include "common/plan/pinjet.h"

// Where the code of a law that is called with its arguments begins; NULL: it has none yet. Remembered in
// the calling instruction if that cannot become wrong: a sealed law keeps its code.
static inline const uint64_t *find_entry(Value law, bool strict, const uint64_t *memory) {
  const uint64_t *code = code_of(law);
  if (!code) return NULL;
  const uint64_t *entry = code + code[strict ? CODE_STRICT_ENTRY : CODE_ENTRY];
  if (obj_has(val_obj(law), OBJ_SEALED))
    __atomic_store_n((uint64_t *)(uintptr_t)memory, (uint64_t)(uintptr_t)entry, __ATOMIC_RELEASE);
  return entry;
}

static inline const uint64_t *entry_of(Value law, bool strict, const uint64_t *memory) {
  uint64_t entry = __atomic_load_n(memory, __ATOMIC_ACQUIRE);
  return entry ? (const uint64_t *)(uintptr_t)entry : find_entry(law, strict, memory);
}

#define SPREAD_MOST 16

// Lays out a call of f with the n arguments at `args`: of a compiled law that gets exactly its arguments,
// some of them perhaps from an app that holds few. NULL: left to the evaluator.
static inline const uint64_t *lay_out(Value f, Value *args, size_t n) {
  if (val_is_lazy(f) || val_is_small(f)) return NULL;
  const uint64_t *o = val_obj(f), *app = NULL;
  size_t before = 0;
  if (obj_kind(o) == KIND_APP) {
    before = app_args(o);
    if (before > SPREAD_MOST || app_left(o) != n || val_is_small(o[1])) return NULL;
    app = o;
    f = app[1];
    o = val_obj(f);
  }
  Value law = f;
  if (obj_kind(o) == KIND_PIN) {
    if (!pin_is_no_jet(f) || val_is_small(o[PIN_ITEM])) return NULL;
    law = o[PIN_ITEM];
    o = val_obj(law);
  }
  if (obj_kind(o) != KIND_LAW || o[LAW_ARITY] != n + before) return NULL;
  const uint64_t *code = code_of(law);
  if (!code) return NULL;
  if (app) {
    for (size_t i = n; i-- > 0;) args[before + i] = args[i];
    for (size_t i = 0; i < before; i++) args[i] = app[2 + i];
  }
  args[n + before] = f;
  args[n + before + 1] = law;
  return code + code[CODE_ENTRY];
}

// The jet that f is, if it can run at once on these arguments. Its hash is known already.
static inline const JetDef *ready_jet(const Machine *m, Value f, const Value *args, size_t n) {
  if (val_is_lazy(f) || val_is_small(f) || obj_kind(val_obj(f)) != KIND_PIN || !m->native) return NULL;
  uint64_t word = __atomic_load_n(&val_obj(f)[PIN_JET], __ATOMIC_RELAXED) & ~PIN_HASHED;
  const JetDef *def = word > PIN_NO_JET ? m->native[word - 2] : NULL;
  if (!def || def->arity != n) return NULL;
  for (const char *s = def->strict; s && *s; s++)
    if (val_is_lazy(args[*s - '0'])) return NULL;
  return def;
}

// Arguments are few: a call of memmove would cost more than the loop.
#define COPY(to, from, count)                                                                                \
  for (size_t i = 0; i < (count); i++) {                                                                     \
    (to)[i] = (from)[i];                                                                                     \
    __asm__("");                                                                                             \
  }

// Lays out a suspension's block at fp; a HOLE is left in its place.
static inline const uint64_t *open_thunk(uint64_t *thunk, Value *fp) {
  size_t captured = obj_count(thunk);
  Value law = thunk[1];
  COPY(fp, thunk + 3, captured)
  fp[captured] = law;
  const uint64_t *pc = code_of(law) + thunk_position(thunk);
  thunk[0] = obj_header(KIND_HOLE, thunk[0] & 0xff00, 0);
  return pc;
}

// Opens a frame above a block's slots, for a value that is to go to `dest`; where its callee's slots are.
static inline Value *open_frame(Value *fp, uint64_t slow, const uint64_t *back, uint32_t dest) {
  uint32_t gap = slow_gap(slow), h = slow_height(slow);
  if (gap) fp[gap] = fp[gap + 1] = 0;
  for (uint32_t i = 0; i < slow_unset_count(slow); i++) fp[slow_unset(slow) + i] = 0;
  fp[h] = (uint64_t)(uintptr_t)back;
  fp[h + 1] = frame_exec_word(h + 2, dest, slow_law_slot(slow));
  return fp + h + 2;
}

static inline void update(Machine *m, Value suspension, Value v) {
  uint64_t *o = val_obj(suspension);
  o[0] = obj_header(KIND_IND, o[0] & 0xff00, 0);
  heap_write(m, o, 1, v);
}
