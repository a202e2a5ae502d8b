#include "common/plan/tab.h"

Value tab_value_at(Value tab, const RopePath *to_key) {
  RopePath p;
  rope_follow(tab_vals(tab), to_key, &p);
  return rope_leaf_elements(p.end)[p.at];
}

// The rows *keys and *vals are changed in place, both or, for another value, the second.
static bool change_trees(Machine *m, Value *keys, Value *vals, const Value *key, const Value *val) {
  RopePath to_key, to_val;
  bool found;
  if (!rope_change_room(m, keys, vals) || !set_search(m, *keys, *key, *vals, &to_key, &found)) return false;
  if (!found && !val) return true;
  rope_follow(*vals, &to_key, &to_val);
  if (!found || !val) *keys = rope_change_at(m, &to_key, found, val ? key : NULL, true);
  *vals = rope_change_at(m, &to_val, found, val, false);
  return true;
}

static bool change_short(Machine *m, Value *keys, Value *vals, const Value *key, const Value *val) {
  size_t at;
  bool found;
  if (!set_find(m, *keys, *key, &at, &found)) return false;
  if (!found && !val) return true;
  if (!val) return row_remove(m, keys, at, true, keys) && row_remove(m, vals, at, false, vals);
  if (found) return row_put(m, vals, at, val, vals);
  return row_insert(m, keys, at, key, true, keys) && row_insert(m, vals, at, val, false, vals);
}

bool tab_change(Machine *m, const Value *tab, const Value *key, const Value *val, Value *out) {
  Value *keys = m->sp, *vals = keys + 1;
  stack_push(m, set_keys(tab_keys(*tab)));
  stack_push(m, tab_vals(*tab));
  size_t n = row_len(*vals);
  bool trees = n > ROPE_FLAT_ROW + 1 && n < ROPE_LEN_MAX; // and will be
  bool ok = (trees ? change_trees : change_short)(m, keys, vals, key, val);
  if (ok) {
    Value set = *keys == set_keys(tab_keys(*tab)) ? tab_keys(*tab) : new_set(m, *keys);
    *out = *vals == tab_vals(*tab) ? *tab : new_tab(m, set, *vals);
  }
  m->sp = keys;
  return ok;
}
