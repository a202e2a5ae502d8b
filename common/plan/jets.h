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

// The result of what returns false for JET_STOP and leaves its value in *io.
static inline JetResult jet_made(bool made) { return made ? JET_DONE : JET_STOP; }

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

// How much `take` takes of n things: it compares, so that what is no nat is more than any number.
static inline size_t jet_take_count(Value v, size_t n) { return is_nat(v) ? as_index(v, n) : n; }

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

// A row under construction in a stack slot pushed for it, which closing pops. False: JET_STOP.
bool jet_open_row(Machine *m, RowBuilder *b, size_t len);
JetResult jet_close_row(RowBuilder *b, Value *io);

// To be asked before element i of the n of a row is made, of `words` words. A long row's elements get their
// room in a few portions, for every collection on the way goes through the whole row. False: JET_STOP.
#define JET_PORTIONS 16
bool jet_portion(Machine *m, uint64_t words);
static inline bool jet_next(Machine *m, size_t i, size_t n, size_t words) {
  return n < HEAP_LARGE || i % (n / JET_PORTIONS) != 0 || jet_portion(m, n / JET_PORTIONS * words);
}

// Pushes places (row.h) in n rows, to be popped by m->sp = what is returned.
static inline Value *jet_push_places(Machine *m, int n) {
  Value *places = m->sp;
  for (int i = 0; i < n * PLACE_WORDS; i++) stack_push(m, 0);
  return places;
}

// Pushes all arguments of v, a row, another app or anything else (none); never collects.
void jet_push_args(RowBuilder *b, Value v);

// Makes the arguments of *slot a row, in place. False: JET_STOP.
bool jet_as_row(Machine *m, Value *slot);

// `_LawBody` and `_Cdr` of an evaluated value: as routines do, JET_DONE or JET_TAIL with *io.
JetResult jet_law_body(Machine *m, Value v, Value *io);
JetResult jet_cdr(Machine *m, Value v, Value *io);

// Whether v, evaluated, consists of nothing but evaluated parts, as far as a short look tells: forcing
// it will take no computation then.
bool jet_is_plain(Value v);

// Gets a key ready for search: *key in normal form when it returns JET_DONE; *phase is a state word.
// Everything else is to be returned. The laws compare a key with one element after the other, and so
// force of it what those comparisons need, in the order in which forcing it would. A key that may crash
// where no comparison looks is left to the law (JET_DECLINE), unless the law forces it anyway.
JetResult jet_key(Value *key, Value *phase, bool forced, Value *io);

// Two sorted rows walked together: keys of the left only, of both, of the right only.
enum { MERGE_LEFT = 1, MERGE_BOTH = 2, MERGE_RIGHT = 4 };

// Pushes what `keep` selects of the keys of *a and *b on the stack, ascending. False: JET_STOP.
bool jet_merge(Machine *m, const Value *a, const Value *b, unsigned keep);

// The row of what lies on the stack from `base` on, which is popped.
JetResult jet_row_of_stack(Machine *m, Value *base, Value *io);

// How many cells of a list a jet makes before it leaves the rest for later: many may never be looked at.
#if defined(HOSTILE) || defined(SMALL_TREES) // so that tests meet both
#define JET_PIECE 4u
#else
#define JET_PIECE 64u
#endif

// Takes the first element off a list: *list is evaluated and no nat, which would end it. False: JET_STOP.
bool jet_uncons(Machine *m, Value *list, Value *element);

// The list of the n elements of f[0], a row or bar. That of a long one is made piece by piece, as it is
// looked at: behind the first stands a call of the jet itself, f[1], with the rest.
typedef bool (*JetSlice)(Machine *m, const Value *v, size_t from, size_t to, Value *out);
JetResult jet_to_list(Machine *m, Value *f, size_t n, JetSlice slice, Value (*at)(Value, size_t), Value *io);

// One bit for each order of two values.
enum { JET_LESS = 1, JET_EQUAL = 2, JET_GREATER = 4 };

// Of a function of two arguments that is one of the jets that compare: for which orders it gives a true
// value. Of others 0. May set m->stop.
unsigned jet_order_answers(Machine *m, Value function);

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
