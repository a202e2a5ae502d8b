#include "common/plan/row.h"
#include "common/plan/order.h"
#include <string.h>

// --- reading ---------------------------------------------------------------------------------------

size_t row_run(Value row, size_t i, const Value **elements) {
  const uint64_t *leaf = rope_leaf(row, i, &i);
  *elements = rope_leaf_elements(leaf) + i;
  return obj_count(leaf) - i;
}

size_t row_run_before(Value row, size_t end, const Value **elements) {
  size_t i = end - 1;
  *elements = rope_leaf_elements(rope_leaf(row, i, &i));
  return i + 1;
}

Value row_at_new_place(Value row, size_t i, Value *place) {
  size_t at;
  const uint64_t *leaf = rope_leaf(row, i, &at);
  place[PLACE_LEAF] = obj_val(leaf);
  place[PLACE_START] = i - at;
  return rope_leaf_elements(leaf)[at];
}

void row_set_evaluated(Machine *m, Value row, size_t i, Value v) {
  assert(i < row_len(row));
  uint64_t *leaf = (uint64_t *)(uintptr_t)rope_leaf(row, i, &i);
  if (obj_has(leaf, KIND_VIEW)) {
    i += leaf[VIEW_FROM];
    leaf = val_obj(leaf[VIEW_BASE]);
  }
  heap_write(m, leaf, 1 + i, v);
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
  return rope_len(val_obj(bar));
}

size_t bar_run(Value bar, size_t i, const uint8_t **bytes) {
  const uint64_t *leaf = rope_leaf(bar, i, &i);
  *bytes = rope_leaf_bytes(leaf) + i;
  return obj_count(leaf) - i;
}

size_t bar_run_before(Value bar, size_t end, const uint8_t **bytes) {
  size_t i = end - 1;
  *bytes = rope_leaf_bytes(rope_leaf(bar, i, &i));
  return i + 1;
}

uint8_t bar_at(Value bar, size_t i) {
  const uint8_t *at;
  bar_run(bar, i, &at);
  return *at;
}

void bar_copy(Value bar, size_t from, size_t n, uint8_t *out) {
  while (n > 0) {
    const uint8_t *bytes;
    size_t here = bar_run(bar, from, &bytes);
    if (here > n) here = n;
    memcpy(out, bytes, here);
    out += here;
    from += here;
    n -= here;
  }
}

RowCursor row_cursor(Value row, size_t from) {
  assert(from <= row_len(row));
  return (RowCursor){.row = row, .behind = from};
}

bool row_cursor_next_run(RowCursor *c) {
  if (c->behind == row_len(c->row)) return false;
  size_t n = row_run(c->row, c->behind, &c->next);
  c->end = c->next + n;
  c->behind += n;
  return true;
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
    switch (val_kind(v)) {
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
// A small nat is less than all else, and so is its word less than that of a pointer.

#define COUNTED 32 // keys that are counted rather than halved: memory then delivers them side by side

// How many of n ascending keys are less than a small nat.
static size_t count_less(const Value *keys, size_t n, Value small) {
  size_t low = 0, less = 0;
  while (n > COUNTED) {
    size_t half = n / 2;
    low += keys[low + half - 1] < small ? half : 0;
    n -= half;
  }
  for (size_t i = low; i < low + n; i++) less += keys[i] < small;
  return low + less;
}

static bool compare(Machine *m, Value a, Value b, int *order) {
  if (val_is_small(a) || val_is_small(b)) {
    *order = (a > b) - (a < b);
    return true;
  }
  return order_cmp_nf(m, a, b, order);
}

// The first of n ascending keys that is not less than the key, and whether it is the same.
static bool find_in_run(Machine *m, const Value *keys, size_t n, Value key, size_t *at, bool *found) {
  size_t low = 0, high = n;
  *found = false;
  if (val_is_small(key)) {
    *at = low = count_less(keys, n, key);
    *found = low < n && keys[low] == key;
    return true;
  }
  while (low < high && !*found) {
    size_t mid = low + (high - low) / 2;
    int order;
    if (!compare(m, key, keys[mid], &order)) return false;
    if (order > 0)
      low = mid + 1;
    else
      high = mid;
    *found = order == 0;
  }
  *at = high;
  return true;
}

// The child of a node where the key is, or would be.
static bool find_child(Machine *m, const uint64_t *node, Value key, size_t *child) {
  size_t n = tree_children(node), at;
  bool found;
  if (tree_keyed(node)) {
    if (!find_in_run(m, tree_firsts(node), n, key, &at, &found)) return false;
    *child = found || at == 0 ? at : at - 1;
    return true;
  }
  size_t low = 0, high = n; // the first that begins with more
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int order;
    if (!compare(m, key, row_at(node[1 + mid], 0), &order)) return false;
    if (order < 0)
      high = mid;
    else
      low = mid + 1;
  }
  *child = low ? low - 1 : 0;
  return true;
}

bool set_search(Machine *m, Value keys_row, Value key, Value beside, RopePath *p, bool *found) {
  const uint64_t *o = val_obj(keys_row), *near = val_obj(beside);
  for (p->n = 0; obj_has(o, KIND_TREE); p->n++) {
    size_t child;
    if (!find_child(m, o, key, &child)) return false;
    p->step[p->n] = (struct RopeStep){o, child};
    o = rope_child(o, child);
    if (obj_has(near, KIND_TREE) && child < tree_children(near)) near = rope_child(near, child);
  }
  p->end = o;
  if (!find_in_run(m, rope_leaf_elements(o), obj_count(o), key, &p->at, found)) return false;
  return jet_charge(m, 1);
}

bool set_find(Machine *m, Value keys_row, Value key, size_t *index, bool *found) {
  RopePath p;
  if (!set_search(m, keys_row, key, keys_row, &p, found)) return false;
  *index = rope_path_index(&p);
  return true;
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
  b->any |= v;
  if (!val_is_nf(v)) b->nf = false;
}

// A young row may be written plainly, and so may one that is in the remembered set.
static bool written_plainly(const Machine *m, const uint64_t *row) {
  return heap_is_young(m, row) || obj_has(row, OBJ_DIRTY);
}

// Those of one run.
static void push_run(RowBuilder *b, const Value *elements, size_t n, bool nf) {
  uint64_t *row = val_obj(*b->slot);
  if (!written_plainly(b->m, row)) {
    for (size_t i = 0; i < n; i++) row_push(b, elements[i]);
    return;
  }
  Value *to = row + 1 + b->at;
  if (nf) {
    memcpy(to, elements, n * 8);
    for (size_t i = 0; i < n; i++) b->any |= elements[i];
  } else {
    for (size_t i = 0; i < n; i++) {
      Value v = to[i] = val_deref(elements[i]);
      b->any |= v;
      b->nf = b->nf && val_is_nf(v);
    }
  }
  b->at += n;
}

void row_push_slice(RowBuilder *b, const Value *from_slot, size_t from, size_t n) {
  assert(from + n <= row_len(*from_slot) && n <= b->len - b->at);
  bool nf = val_is_nf(*from_slot);
  while (n > 0) {
    const Value *elements;
    size_t here = row_run(*from_slot, from, &elements);
    if (here > n) here = n;
    push_run(b, elements, here, nf);
    from += here;
    n -= here;
  }
}

Value row_built(RowBuilder *b) {
  if (b->nf) val_obj(*b->slot)[0] |= val_is_small(b->any) ? OBJ_NF | OBJ_PLAIN : OBJ_NF;
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

// --- changing --------------------------------------------------------------------------------------
static bool is_short(const Value *v, size_t len) {
  return len <= (val_kind(*v) == KIND_BAR ? ROPE_FLAT_BAR : ROPE_FLAT_ROW) || len > ROPE_LEN_MAX;
}

// In one piece: the first `at` elements, *v if given, those from `rest` on.
static bool flat_change(Machine *m, const Value *row, size_t at, const Value *v, size_t rest, Value *out) {
  Value *slot = m->sp;
  RowBuilder b;
  size_t len = row_len(*row);
  stack_push(m, 0);
  bool ok = row_build(&b, m, slot, at + (v != NULL) + len - rest);
  if (ok) {
    row_push_slice(&b, row, 0, at);
    if (v) row_push(&b, *v);
    row_push_slice(&b, row, rest, len - rest);
    *out = row_built(&b);
  }
  m->sp = slot;
  return ok;
}

bool row_put(Machine *m, const Value *row, size_t i, const Value *v, Value *out) {
  if (is_short(row, row_len(*row))) return flat_change(m, row, i, v, i + 1, out);
  return rope_change(m, row, i, 1, v, false, out);
}

bool row_insert(Machine *m, const Value *row, size_t i, const Value *v, bool keys, Value *out) {
  if (is_short(row, row_len(*row) + 1)) return flat_change(m, row, i, v, i, out);
  return rope_change(m, row, i, 0, v, keys, out);
}

bool row_remove(Machine *m, const Value *row, size_t i, bool keys, Value *out) {
  if (is_short(row, row_len(*row) - 1)) return flat_change(m, row, i, NULL, i + 1, out);
  return rope_change(m, row, i, 1, NULL, keys, out);
}

// Whether a stretch is to be copied: a short one, also for that a flat one much longer is not kept alive.
static bool to_be_copied(const Value *v, size_t n) {
  if (is_short(v, n)) return true;
  const uint64_t *o = val_obj(*v);
  if (obj_has(o, KIND_TREE)) return false;
  size_t leaf = val_kind(*v) == KIND_BAR ? ROPE_BAR_LEAF : ROPE_ROW_LEAF;
  size_t whole = obj_count(obj_has(o, KIND_VIEW) ? val_obj(o[VIEW_BASE]) : o);
  return n <= ROPE_CUT * leaf || n < whole / 8;
}

bool row_slice(Machine *m, const Value *row, size_t from, size_t to, Value *out) {
  if (from == 0 && to == row_len(*row)) {
    *out = *row;
    return true;
  }
  if (!to_be_copied(row, to - from)) return rope_slice(m, row, from, to, out);
  Value *slot = m->sp;
  RowBuilder b;
  stack_push(m, 0);
  bool ok = row_build(&b, m, slot, to - from);
  if (ok) {
    row_push_slice(&b, row, from, to - from);
    *out = row_built(&b);
  }
  m->sp = slot;
  return ok;
}

bool row_join(Machine *m, const Value *a, const Value *b, Value *out) {
  size_t n = row_len(*a), k = row_len(*b);
  if (n == 0 || k == 0) {
    *out = n ? *a : *b;
    return true;
  }
  if (!is_short(a, n + k)) return rope_join(m, a, b, out);
  Value *slot = m->sp;
  RowBuilder to;
  stack_push(m, 0);
  bool ok = row_build(&to, m, slot, n + k);
  if (ok) {
    row_push_slice(&to, a, 0, n);
    row_push_slice(&to, b, 0, k);
    *out = row_built(&to);
  }
  m->sp = slot;
  return ok;
}

static bool bar_part(Machine *m, const Value *bar, size_t from, size_t to, Value *out) {
  Value part;
  uint8_t *bytes = bar_build(m, to - from, &part);
  if (bytes) bar_copy(*bar, from, to - from, bytes);
  if (bytes) *out = part;
  return bytes != NULL;
}

bool bar_slice(Machine *m, const Value *bar, size_t from, size_t to, Value *out) {
  if (from == 0 && to == bar_len(*bar)) {
    *out = *bar;
    return true;
  }
  if (to_be_copied(bar, to - from)) return bar_part(m, bar, from, to, out);
  return rope_slice(m, bar, from, to, out);
}

bool bar_join(Machine *m, const Value *a, const Value *b, Value *out) {
  size_t n = bar_len(*a), k = bar_len(*b);
  if (n == 0 || k == 0) {
    *out = n ? *a : *b;
    return true;
  }
  if (!is_short(a, n + k)) return rope_join(m, a, b, out);
  Value whole;
  uint8_t *bytes = bar_build(m, n + k, &whole);
  if (!bytes) return false;
  bar_copy(*a, 0, n, bytes);
  bar_copy(*b, 0, k, bytes + n);
  *out = whole;
  return true;
}

const uint8_t *bar_flatten(Machine *m, Value *slot) {
  if (!rope_is_tree(*slot)) return rope_leaf_bytes(val_obj(*slot));
  if (!bar_part(m, slot, 0, bar_len(*slot), slot)) return NULL;
  return bar_bytes(val_obj(*slot));
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
