// Rows, sets, tabs and bars for the rest of the machine: the only code that knows how containers lie
// in memory, so that flat arrays can become trees behind it. Reading goes through cursors, making
// through builders.
#pragma once
#include "common/plan/heap.h"

// --- reading -------------------------------------------------------------------------------------
// v must be of the kind named; nothing here allocates.
static inline size_t row_len(Value row) {
  assert(val_kind(row) == KIND_ROW);
  return obj_count(val_obj(row));
}
static inline Value row_at(Value row, size_t i) { // may be lazy
  assert(i < row_len(row));
  return val_obj(row)[1 + i];
}
void row_set_evaluated(Machine *m, Value row, size_t i, Value v); // overwrites an element by its own value
                                                                  // (an evaluated form of the same thing)
Value set_keys(Value set);                                        // the row
Value tab_keys(Value tab);                                        // the set
Value tab_vals(Value tab); // the row, evaluated (the field may still be an indirection)
size_t set_len(Value set);
size_t bar_len(Value bar);

// Arguments of any app, rows and tabs included: how many, and the i-th from the right (i < count; index
// 0 is the one applied last, as in a row), possibly lazy. 0 arguments for what is no app.
size_t args_len(Value v);
Value args_at(Value v, size_t i);

typedef struct RowCursor {
  const uint64_t *next, *end;
} RowCursor;
RowCursor row_cursor(Value row, size_t from); // stale after an allocation: take a new one at an index
static inline bool row_next(RowCursor *c, Value *v) {
  if (c->next == c->end) return false;
  *v = *c->next++;
  return true;
}

// Binary search among keys in normal form: index and whether found. Charged; false: m->stop is set.
bool set_find(Machine *m, Value keys_row, Value key, size_t *index, bool *found);

// --- making --------------------------------------------------------------------------------------
// A builder fills a fresh row of a length known in advance, rooted at a stack slot given by the caller.
// Elements not pushed are 0.
typedef struct RowBuilder {
  Machine *m;
  Value *slot;
  size_t at, len;
  bool nf; // all elements so far are in normal form
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
