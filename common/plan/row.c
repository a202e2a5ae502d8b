#include "common/plan/row.h"
#include "common/plan/nat.h"
#include "common/plan/order.h"
#include <string.h>

// --- reading ---------------------------------------------------------------------------------------

void row_set_evaluated(Machine *m, Value row, size_t i, Value v) {
  assert(i < row_len(row));
  heap_write(m, val_obj(row), 1 + i, v);
}

Value set_keys(Value set) {
  assert(val_kind(set) == KIND_SET);
  return val_obj(set)[1];
}

Value tab_keys(Value tab) {
  assert(val_kind(tab) == KIND_TAB);
  return val_obj(tab)[TAB_KEYS];
}

Value tab_vals(Value tab) {
  assert(val_kind(tab) == KIND_TAB);
  return val_deref(val_obj(tab)[TAB_VALS]);
}

size_t set_len(Value set) { return row_len(set_keys(set)); }

size_t bar_len(Value bar) {
  assert(val_kind(bar) == KIND_BAR);
  return obj_count(val_obj(bar));
}

RowCursor row_cursor(Value row, size_t from) {
  const uint64_t *first = val_obj(row) + 1;
  assert(from <= row_len(row));
  return (RowCursor){.next = first + from, .end = first + row_len(row)};
}

// --- apps ------------------------------------------------------------------------------------------

size_t args_len(Value v) {
  size_t n = 0;
  for (;;) switch (val_kind(v)) {
    case KIND_ROW: return row_len(v);
    case KIND_TAB: return 1;
    case KIND_APP:
      n += app_args(val_obj(v));
      v = val_obj(v)[1];
      break;
    default: return n;
    }
}

Value args_at(Value v, size_t i) {
  for (;;) {
    const uint64_t *o = val_obj(v);
    switch (obj_kind(o)) {
    case KIND_ROW: return row_at(v, i);
    case KIND_TAB: assert(i == 0); return tab_vals(v);
    default: break;
    }
    assert(obj_kind(o) == KIND_APP);
    size_t here = app_args(o);
    if (i < here) return o[1 + here - i];
    i -= here;
    v = o[1];
  }
}

// --- searching -------------------------------------------------------------------------------------

static bool compare(Machine *m, Value a, Value b, int *order) {
  if (val_is_small(a) && val_is_small(b)) {
    *order = (a > b) - (a < b);
    return true;
  }
  return order_cmp_nf(m, a, b, order);
}

bool set_find(Machine *m, Value keys_row, Value key, size_t *index, bool *found) {
  size_t low = 0, high = row_len(keys_row);
  *found = false;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int order;
    if (!compare(m, key, row_at(keys_row, mid), &order)) return false;
    if (order == 0) {
      *found = true;
      low = mid;
      break;
    }
    if (order < 0)
      high = mid;
    else
      low = mid + 1;
  }
  *index = low;
  return jet_charge(m, 1);
}

// --- making ----------------------------------------------------------------------------------------

bool row_build(RowBuilder *b, Machine *m, Value *slot, size_t len) {
  if (len >= HEAP_LARGE && (!heap_fits(m, len) || !jet_charge(m, len / 16))) return false;
  *slot = obj_val(new_row(m, len));
  *b = (RowBuilder){.m = m, .slot = slot, .len = len, .nf = true};
  return true;
}

void row_push(RowBuilder *b, Value v) {
  assert(b->at < b->len);
  v = val_deref(v);
  heap_write(b->m, val_obj(*b->slot), 1 + b->at++, v);
  if (!val_is_nf(v)) b->nf = false;
}

// A young row may be written plainly, and so may one that is in the remembered set.
static bool written_plainly(const Machine *m, const uint64_t *row) {
  return heap_is_young(m, row) || obj_has(row, OBJ_DIRTY);
}

void row_push_slice(RowBuilder *b, const Value *from_slot, size_t from, size_t n) {
  RowCursor c = row_cursor(*from_slot, from);
  assert(n <= (size_t)(c.end - c.next) && n <= b->len - b->at);
  uint64_t *row = val_obj(*b->slot);
  Value v;
  if (!written_plainly(b->m, row)) {
    for (size_t i = 0; i < n && row_next(&c, &v); i++) row_push(b, v);
    return;
  }
  Value *to = row + 1 + b->at;
  if (val_is_nf(*from_slot)) {
    memcpy(to, c.next, n * 8);
  } else {
    for (size_t i = 0; i < n; i++) {
      to[i] = v = val_deref(c.next[i]);
      b->nf = b->nf && val_is_nf(v);
    }
  }
  b->at += n;
}

Value row_built(RowBuilder *b) {
  if (b->nf) val_obj(*b->slot)[0] |= OBJ_NF;
  return *b->slot;
}

Value new_set(Machine *m, Value keys_row) {
  assert(val_kind(keys_row) == KIND_ROW);
  uint64_t *keys = val_obj(keys_row);
  if (!obj_has(keys, OBJ_NF)) keys[0] |= OBJ_NF; // sealed ones carry it
  stack_push(m, keys_row);
  uint64_t *o = heap_alloc(m, obj_header(KIND_SET, OBJ_NF, 0), 1);
  o[1] = stack_pop(m);
  return obj_val(o);
}

Value new_tab(Machine *m, Value set, Value vals) {
  assert(val_kind(set) == KIND_SET && row_len(vals) == set_len(set));
  stack_push(m, set);
  stack_push(m, vals);
  uint64_t nf = val_obj(vals)[0] & OBJ_NF;
  uint64_t *o = heap_alloc(m, obj_header(KIND_TAB, nf, 0), 2);
  o[TAB_VALS] = stack_pop(m);
  o[TAB_KEYS] = stack_pop(m);
  return obj_val(o);
}

uint8_t *bar_build(Machine *m, size_t n, Value *out) {
  size_t words = n / 8 + 1;
  if (words >= HEAP_LARGE && (!heap_fits(m, words) || !jet_charge(m, words / 16))) return NULL;
  uint64_t *o = new_bar(m, n);
  *out = obj_val(o);
  return (uint8_t *)(o + 1);
}

// --- shapes ----------------------------------------------------------------------------------------

bool val_is_row(Value v) { return val_kind(v) == KIND_ROW; }
bool val_is_set(Value v) { return val_kind(v) == KIND_SET; }
bool val_is_bar(Value v) { return val_kind(v) == KIND_BAR; }

bool val_is_tab(Value *v) {
  if (val_kind(*v) == KIND_TAB) return true;
  if (val_kind(*v) != KIND_APP) return false;
  uint64_t *o = val_obj(*v);
  if (app_args(o) != 1 || val_is_small(o[1]) || val_kind(o[1]) != KIND_SET) return false;
  Value vals = val_deref(o[2]);
  if (val_is_lazy(vals) || val_kind(vals) != KIND_ROW || row_len(vals) != set_len(o[1])) return false;
  // Same size and same fields as the tab. The values may stay behind their indirection.
  static_assert(TAB_KEYS == 1 && TAB_VALS == 2, "an app of one argument turns into a tab in place");
  assert(!obj_has(o, OBJ_SEALED));
  o[0] = obj_header(KIND_TAB, o[0] & 0xff00, 0);
  return true;
}
