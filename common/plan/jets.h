// What the native jets (jets_*.c) share. A jet's frame is its arguments, its state words, and the
// called pin itself.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"
#include "common/plan/nat.h"
#include "common/plan/row.h"
#include <string.h>

#define JET(NAME, ARITY, STATE, STRICT, RUN, HASH)                                                           \
  { .name = NAME, .arity = ARITY, .state = STATE, .strict = STRICT, .run = RUN, .hash = HASH }
#define JET_GROUP(NAME, TABLE)                                                                               \
  { .name = NAME, .jets = TABLE, .count = sizeof TABLE / sizeof *TABLE }

static inline JetResult jet_done(Value *io, Value v) {
  *io = v;
  return JET_DONE;
}

static inline JetResult jet_tail(Value *io, Value v) {
  *io = v;
  return JET_TAIL;
}

static inline JetResult jet_eval(Value *io, Value v) {
  *io = v;
  return JET_EVAL;
}

static inline bool is_nat(Value v) { return val_is_small(v) || val_kind(v) == KIND_NAT; }

// N(v): what arithmetic takes v for. v is evaluated.
static inline Value as_nat(Value v) { return is_nat(v) ? v : 0; }

// Whether `_If` takes the first branch.
static inline bool is_true(Value v) { return as_nat(v) != 0; }

// N(v) as an index or count among at most `most` things: `most` when it is more.
static inline size_t as_index(Value v, size_t most) {
  uint64_t i;
  return nat_u64(as_nat(v), &i) && i < most ? (size_t)i : most;
}

// Whether a bulk operation that makes `words` words may go on; if not, JET_STOP.
static inline bool jet_room(Machine *m, uint64_t words) {
  return words < HEAP_LARGE || (heap_fits(m, words) && jet_charge(m, words / 16));
}

// args_len, charged: an app that is no row is a chain. SIZE_MAX: JET_STOP.
static inline size_t jet_args(Machine *m, Value v) {
  if (val_is_row(v)) return row_len(v);
  size_t n = args_len(v);
  return n < 1024 || jet_charge(m, n / 256) ? n : SIZE_MAX;
}

// Makes the arguments of *slot a row, in place. False: JET_STOP.
bool jet_as_row(Machine *m, Value *slot);

// A suspended call of f with n arguments (all rooted by the caller, at the given places; any may be lazy).
static inline Value jet_suspend(Machine *m, const Value *f, const Value *args, size_t n) {
  uint64_t *o = heap_alloc(m, obj_header(KIND_CALL, 0, n), 1 + n);
  o[1] = *f;
  memcpy(o + 2, args, n * 8);
  return obj_lazy(o);
}

// Evaluates the argument at *slot unless it is known already: true when it is. For routines that come
// here again with *io = the value and store it themselves.
static inline bool jet_known(Value *slot) {
  *slot = val_deref(*slot);
  return !val_is_lazy(*slot);
}
