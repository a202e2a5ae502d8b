// Rows, sets, tabs and bars for the rest of the machine: what they hold, in whatever form (value.h, rope.h)
// they lie in memory. Reading goes through cursors and runs, making through builders and operations.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/rope.h"

// --- reading -------------------------------------------------------------------------------------
// v must be of the kind named; nothing here allocates.
static inline size_t row_len(Value row) {
  assert(val_kind(row) == KIND_ROW);
  return rope_len(val_obj(row));
}

// How many elements lie side by side from the i-th on, i < length: that many at *elements.
size_t row_run(Value row, size_t i, const Value **elements);
size_t row_run_before(Value row, size_t end, const Value **elements); // those up to `end`, end > 0

static inline Value row_at(Value row, size_t i) { // may be lazy
  assert(i < row_len(row));
  const uint64_t *o = val_obj(row);
  if (obj_kind(o) == KIND_ROW) return o[1 + i];
  o = rope_leaf(row, i, &i);
  return rope_leaf_elements(o)[i];
}

// The same where one element is asked for after the other and things are made in between: `place` is two
// words, rooted and at first 0, that keep the leaf of the last one and the index that it begins at.
enum { PLACE_LEAF, PLACE_START, PLACE_WORDS };
Value row_at_new_place(Value row, size_t i, Value *place);
static inline Value row_at_place(Value row, size_t i, Value *place) {
  if (place[PLACE_LEAF] == 0) return row_at_new_place(row, i, place);
  const uint64_t *leaf = val_obj(place[PLACE_LEAF]);
  if (i - place[PLACE_START] >= obj_count(leaf)) return row_at_new_place(row, i, place);
  return rope_leaf_elements(leaf)[i - place[PLACE_START]];
}

void row_set_evaluated(Machine *m, Value row, size_t i, Value v); // overwrites an element by its own value
                                                                  // (an evaluated form of the same thing)
Value set_keys(Value set);                                        // the row
Value tab_keys(Value tab);                                        // the set
Value tab_vals(Value tab); // the row, evaluated (the field may still be an indirection)
size_t set_len(Value set);

size_t bar_len(Value bar);
size_t bar_run(Value bar, size_t i, const uint8_t **bytes);          // as row_run
size_t bar_run_before(Value bar, size_t end, const uint8_t **bytes); // as row_run_before
uint8_t bar_at(Value bar, size_t i);
void bar_copy(Value bar, size_t from, size_t n, uint8_t *out);

// Arguments of any app, rows and tabs included: how many, and the i-th from the right (i < count; index
// 0 is the one applied last, as in a row), possibly lazy. 0 arguments for what is no app.
size_t args_len(Value v);
Value args_at(Value v, size_t i);

typedef struct RowCursor {
  const Value *next, *end; // the run that it is in
  Value row;
  size_t behind; // index of the element behind the run
} RowCursor;
RowCursor row_cursor(Value row, size_t from); // stale after an allocation: take a new one at an index
bool row_cursor_next_run(RowCursor *c);
static inline bool row_next(RowCursor *c, Value *v) {
  if (c->next == c->end && !row_cursor_next_run(c)) return false;
  *v = *c->next++;
  return true;
}

// Binary search among keys in normal form: index and whether found. Charged; false: m->stop is set.
bool set_find(Machine *m, Value keys_row, Value key, size_t *index, bool *found);
// The same as a path: to the key, or to where it would be. Of the row beside, memory is asked for the nodes
// on the same way, which the caller will go next; the row itself for none.
bool set_search(Machine *m, Value keys_row, Value key, Value beside, RopePath *p, bool *found);

// --- changing ------------------------------------------------------------------------------------
// New rows and bars from others, taken by rooted address, which stay as they are. Charged; false: m->stop is
// set. `keys`: the row is the keys of a set, and the result will be.
bool row_put(Machine *m, const Value *row, size_t i, const Value *v, Value *out); // i < length
bool row_insert(Machine *m, const Value *row, size_t i, const Value *v, bool keys, Value *out);
bool row_remove(Machine *m, const Value *row, size_t i, bool keys, Value *out);
bool row_slice(Machine *m, const Value *row, size_t from, size_t to, Value *out);
bool row_join(Machine *m, const Value *a, const Value *b, Value *out);
bool bar_slice(Machine *m, const Value *bar, size_t from, size_t to, Value *out);
bool bar_join(Machine *m, const Value *a, const Value *b, Value *out);

// The bar in *slot in one piece, which takes its place there. NULL: m->stop is set.
const uint8_t *bar_flatten(Machine *m, Value *slot);

// --- making --------------------------------------------------------------------------------------
// A builder fills a fresh row of a length known in advance, rooted at a stack slot given by the caller.
// Elements not pushed are 0.
typedef struct RowBuilder {
  Machine *m;
  Value *slot;
  size_t at, len;
  bool nf;   // all elements so far are in normal form
  Value any; // all of them, one upon the other: small if they all are
} RowBuilder;
bool row_build(RowBuilder *b, Machine *m, Value *slot, size_t len);                // false: m->stop is set
void row_push(RowBuilder *b, Value v);                                             // never collects
void row_push_slice(RowBuilder *b, const Value *from_slot, size_t from, size_t n); // elements of *from_slot
Value row_built(RowBuilder *b); // the row; *slot keeps it too

// A set from a row of ascending keys that are in normal form, and a tab from set and row.
Value new_set(Machine *m, Value keys_row);
Value new_tab(Machine *m, Value set, Value vals);

// A bar of n bytes, zero filled, to be filled at once; NULL: m->stop is set.
uint8_t *bar_build(Machine *m, size_t n, Value *out);

// Pure shape tests on evaluated values: do they stand for a row / set / tab / bar? An app of a set to
// one evaluated row of fitting length counts as a tab and is turned into one in place.
bool val_is_row(Value v);
bool val_is_set(Value v);
bool val_is_tab(Value *v);
bool val_is_bar(Value v);
