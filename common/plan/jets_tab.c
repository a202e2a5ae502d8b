// Jets of sire_12_tab. A tab is an app of a set to its row of values, which may still be lazy; what the
// laws do with anything else is left to them. Values are moved about as they are.
#include "common/plan/formal.h"
#include "common/plan/jets.h"
#include "common/plan/order.h"
#include "common/plan/tab.h"

// The set that v is an app of, or 0.
static Value key_set(Value *v) {
  if (val_is_tab(v)) return tab_keys(*v);
  if (val_kind(*v) != KIND_APP || app_args(val_obj(*v)) != 1) return 0;
  Value head = val_obj(*v)[1];
  return val_kind(head) == KIND_SET ? head : 0;
}

// Evaluates the values of *v, so that it is a tab: where the law looks at them first. JET_DONE when it is.
static JetResult open_tab(Value *v, Value *phase, Value *io) {
  if (val_is_tab(v)) return JET_DONE;
  if (*phase || !key_set(v)) return JET_DECLINE;
  Value vals = val_deref(formal_arg(*v));
  if (!val_is_lazy(vals)) return JET_DECLINE;
  *phase = 1;
  return jet_eval(io, vals);
}

static Value keys_row(Value tab) { return set_keys(tab_keys(tab)); }
static size_t tab_len(Value tab) { return set_len(tab_keys(tab)); }

// Places of a tab's two rows.
enum { TAB_PLACES = 2 * PLACE_WORDS };
static Value key_at(Value tab, size_t i, Value *places) { return row_at_place(keys_row(tab), i, places); }
static Value val_at(Value tab, size_t i, Value *places) {
  return row_at_place(tab_vals(tab), i, places + PLACE_WORDS);
}

// Tab of the rows of keys and values in *keys and *vals.
static JetResult make_tab(Machine *m, const Value *keys, const Value *vals, Value *io) {
  stack_push(m, new_set(m, *keys));
  *io = new_tab(m, m->sp[-1], *vals);
  stack_pop(m);
  return JET_DONE;
}

// Tab of the same keys.
static JetResult with_vals(Machine *m, Value tab, Value vals, Value *io) {
  return jet_done(io, new_tab(m, tab_keys(tab), vals));
}

// --- making and looking ----------------------------------------------------------------------------------

static JetResult run_mk_tab(Machine *m, Value *f, Value *io) {
  if (!f[2]) {
    f[2] = 1;
    *io = f[0];
    return JET_FORCE;
  }
  *io = new_law(m, 1, 2, *io);
  if (m->stop != RUN_DONE) return JET_STOP;
  f[1] = val_deref(f[1]);
  return jet_done(io, new_app(m, *io, &f[1], 1));
}

static JetResult run_sing(Machine *m, Value *f, Value *io) {
  if (!f[2]) {
    f[2] = 1;
    *io = f[0];
    return JET_FORCE;
  }
  f[0] = *io;
  Value *rows = m->sp;
  for (int i = 0; i < 2; i++) {
    RowBuilder b;
    if (!jet_open_row(m, &b, 1)) return JET_STOP;
    row_push(&b, f[i]);
    row_built(&b);
  }
  JetResult r = make_tab(m, rows, rows + 1, io);
  m->sp = rows;
  return r;
}

static JetResult run_is_tab(Machine *m, Value *f, Value *io) {
  Value set = key_set(&f[0]);
  if (!set || val_is_tab(&f[0])) return jet_done(io, set != 0);
  Value vals = val_deref(formal_arg(f[0]));
  return val_is_lazy(vals) ? jet_eval(io, vals) : jet_done(io, 0);
}

static JetResult run_keys(Machine *m, Value *f, Value *io) {
  Value set = key_set(&f[0]);
  return set ? jet_done(io, set) : JET_DECLINE;
}

static JetResult run_keys_row(Machine *m, Value *f, Value *io) {
  Value set = key_set(&f[0]);
  return set ? jet_done(io, set_keys(set)) : JET_DECLINE;
}

static JetResult run_vals(Machine *m, Value *f, Value *io) { return jet_cdr(m, f[0], io); }

// The number of arguments of the last argument.
static JetResult run_tab_len(Machine *m, Value *f, Value *io) {
  if (!f[1]) {
    f[1] = 1;
    return jet_cdr(m, f[0], io) == JET_STOP ? JET_STOP : JET_EVAL;
  }
  size_t n = jet_args(m, *io);
  return n == SIZE_MAX ? JET_STOP : jet_done(io, n);
}

static JetResult run_is_empty(Machine *m, Value *f, Value *io) {
  JetResult r = run_tab_len(m, f, io);
  return r == JET_DONE ? jet_done(io, *io == 0) : r;
}

static JetResult run_min_key(Machine *m, Value *f, Value *io) {
  JetResult r = open_tab(&f[0], &f[1], io);
  return r == JET_DONE ? jet_done(io, tab_len(f[0]) ? row_at(keys_row(f[0]), 0) : 0) : r;
}

// --- one key ---------------------------------------------------------------------------------------------

// Searches for *key among the keys of *tab; JET_DONE with *at, unless there are no keys, and *found.
static JetResult look_up(Machine *m, Value *key, Value *tab, Value *phase, Value *io, RopePath *at,
                         bool *found) {
  Value set = key_set(tab);
  *found = false;
  if (!set) return JET_DECLINE;
  if (set_len(set) == 0) return JET_DONE;
  JetResult r = jet_key(key, phase, false, io);
  if (r != JET_DONE) return r;
  Value keys = set_keys(key_set(tab));
  return set_search(m, keys, *key, val_is_tab(tab) ? tab_vals(*tab) : keys, at, found) ? JET_DONE : JET_STOP;
}

static JetResult run_has(Machine *m, Value *f, Value *io) {
  RopePath at;
  bool found;
  JetResult r = look_up(m, &f[0], &f[1], &f[2], io, &at, &found);
  return r == JET_DONE ? jet_done(io, found) : r;
}

// The value of *key, once the values are evaluated, or `otherwise`.
static JetResult value_of(Machine *m, Value *key, Value *tab, Value *phase, Value otherwise, Value *io) {
  RopePath at;
  bool found;
  JetResult r = look_up(m, key, tab, phase, io, &at, &found);
  if (r != JET_DONE) return r;
  if (!found) return jet_tail(io, otherwise);
  if (val_is_tab(tab)) return jet_tail(io, tab_value_at(*tab, &at));
  Value vals = val_deref(formal_arg(*tab));
  if (val_is_lazy(vals)) return jet_eval(io, vals);
  size_t i = rope_path_index(&at);
  return jet_tail(io, i < args_len(vals) ? args_at(vals, i) : 0);
}

static JetResult run_idx(Machine *m, Value *f, Value *io) { return value_of(m, &f[0], &f[1], &f[2], 0, io); }

// The law's tests are the same, only that the key is looked for twice.
static JetResult run_switch(Machine *m, Value *f, Value *io) {
  return value_of(m, &f[0], &f[2], &f[3], f[1], io);
}

static JetResult run_lookup(Machine *m, Value *f, Value *io) {
  RopePath at;
  bool found;
  JetResult r = look_up(m, &f[0], &f[1], &f[2], io, &at, &found);
  if (r != JET_DONE) return r;
  if (!found) return jet_done(io, 0);
  if (!val_is_tab(&f[1])) return JET_DECLINE; // the law's result holds the value lazily
  f[0] = tab_value_at(f[1], &at);
  return jet_done(io, new_app(m, 0, &f[0], 1));
}

static JetResult run_ins(Machine *m, Value *f, Value *io) {
  if (!val_is_tab(&f[2])) return JET_DECLINE;
  JetResult r = jet_key(&f[0], &f[3], true, io);
  return r == JET_DONE ? jet_made(tab_change(m, &f[2], &f[0], &f[1], io)) : r;
}

// The law goes through all pairs; of an empty tab it does not need the key.
static JetResult run_del(Machine *m, Value *f, Value *io) {
  JetResult r = open_tab(&f[1], &f[2], io);
  if (r != JET_DONE) return r;
  if (tab_len(f[1]) == 0) return jet_done(io, f[1]);
  r = jet_key(&f[0], &f[3], false, io);
  return r == JET_DONE ? jet_made(tab_change(m, &f[1], &f[0], NULL, io)) : r;
}

// --- alter: fun key tab ------------------------------------------------------------------------------------

enum { ALTER_KEY = 3, ALTER_ASKED, ALTER_ANSWERED, ALTER_VAL };

// Calls the function with what is there: 0, or (0 value).
static JetResult alter_ask(Machine *m, Value *f, Value *io) {
  RopePath at;
  bool found;
  JetResult r = look_up(m, &f[1], &f[2], &f[ALTER_KEY], io, &at, &found);
  if (r != JET_DONE) return r;
  f[ALTER_ASKED] = 1;
  stack_push(m, f[0]);
  stack_push(m, found ? tab_value_at(f[2], &at) : 0);
  if (found) m->sp[-1] = new_app(m, 0, m->sp - 1, 1);
  *io = 1;
  return JET_APPLY;
}

static JetResult run_alter(Machine *m, Value *f, Value *io) {
  if (!f[ALTER_ASKED]) return val_is_tab(&f[2]) ? alter_ask(m, f, io) : JET_DECLINE;
  if (!f[ALTER_ANSWERED]) {
    f[ALTER_ANSWERED] = 1;
    if (is_nat(*io))
      return tab_len(f[2]) ? jet_made(tab_change(m, &f[2], &f[1], NULL, io)) : jet_done(io, f[2]);
    if (jet_cdr(m, *io, &f[ALTER_VAL]) == JET_STOP) return JET_STOP;
  }
  JetResult r = jet_key(&f[1], &f[ALTER_KEY], true, io); // an empty tab did not need it until now
  return r == JET_DONE ? jet_made(tab_change(m, &f[2], &f[1], &f[ALTER_VAL], io)) : r;
}

// --- pairs -------------------------------------------------------------------------------------------------

static Value pair_at(Machine *m, const Value *tab, size_t i, Value *places) {
  uint64_t *pair = new_row(m, 2);
  pair[1] = key_at(*tab, i, places);
  pair[2] = val_at(*tab, i, places);
  return obj_val(pair);
}

static JetResult run_to_pairs(Machine *m, Value *f, Value *io) {
  RowBuilder b;
  JetResult r = open_tab(&f[0], &f[1], io);
  if (r != JET_DONE) return r;
  size_t n = tab_len(f[0]);
  if (!jet_room(m, (uint64_t)n * 4) || !jet_open_row(m, &b, n)) return JET_STOP;
  Value *places = jet_push_places(m, 2);
  for (size_t i = 0; i < n; i++) {
    if (!jet_next(m, i, n, 3)) return JET_STOP;
    row_push(&b, pair_at(m, &f[0], i, places));
  }
  m->sp = places;
  return jet_close_row(&b, io);
}

static JetResult run_to_pair_list(Machine *m, Value *f, Value *io) {
  if (!val_is_tab(&f[0])) return JET_DECLINE;
  size_t n = tab_len(f[0]);
  if (!jet_room(m, (uint64_t)n * 6)) return JET_STOP;
  Value *places = jet_push_places(m, 2), *list = m->sp;
  stack_push(m, 0);
  for (size_t i = n; i-- > 0;) {
    Value pair = pair_at(m, &f[0], i, places); // before the list is read, as it may move that
    *list = new_pair_row(m, pair, *list);
  }
  *io = *list;
  m->sp = places;
  return JET_DONE;
}

static JetResult run_elem_idx(Machine *m, Value *f, Value *io) {
  JetResult r = open_tab(&f[1], &f[2], io);
  if (r != JET_DONE) return r;
  size_t n = tab_len(f[1]), i = jet_take_count(f[0], n);
  if (i == n) return jet_done(io, 0);
  Value *places = jet_push_places(m, 2);
  *io = pair_at(m, &f[1], i, places);
  m->sp = places;
  return JET_DONE;
}

// Keys and values lie on the stack in turns, ascending, from `base` on.
static JetResult tab_of_stack(Machine *m, Value *base, Value *io) {
  size_t n = (size_t)(m->sp - base) / 2;
  Value *rows = m->sp;
  for (size_t part = 0; part < 2; part++) {
    RowBuilder b;
    if (!jet_open_row(m, &b, n)) return JET_STOP;
    for (size_t i = 0; i < n; i++) row_push(&b, base[2 * i + part]);
    row_built(&b);
  }
  JetResult r = make_tab(m, rows, rows + 1, io);
  m->sp = base;
  return r;
}

// One pass of a stable merge sort: runs of `width` pairs of from, merged to `to`.
static bool merge_pass(Machine *m, const Value *from, Value *to, size_t n, size_t width) {
  for (size_t start = 0; start < n; start += 2 * width) {
    size_t i = start, mid = start + width < n ? start + width : n;
    size_t j = mid, end = mid + width < n ? mid + width : n;
    for (size_t k = start; k < end; k++) {
      int order = i == mid ? 1 : -1;
      if (i < mid && j < end && !order_cmp_nf(m, from[2 * i], from[2 * j], &order)) return false;
      size_t pick = order <= 0 ? i++ : j++;
      to[2 * k] = from[2 * pick];
      to[2 * k + 1] = from[2 * pick + 1];
    }
  }
  return true;
}

// Sorts the n pairs from `at` to the top of the stack; of equal keys the last pair stays.
static bool sort_pairs(Machine *m, Value *at, size_t n) {
  Value *from = at, *to = at + 2 * n, *top = m->sp;
  if (!stack_room(m, 2 * n)) return false;
  m->sp += 2 * n;
  memcpy(to, from, 16 * n);
  for (size_t width = 1; width < n; width *= 2) {
    if (!jet_charge(m, n / 8) || !merge_pass(m, from, to, n, width)) return false;
    Value *t = from;
    from = to;
    to = t;
  }
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    int order = -1;
    if (i + 1 < n && !order_cmp_nf(m, from[2 * i], from[2 * i + 2], &order)) return false;
    if (order == 0) continue;
    at[2 * kept] = from[2 * i]; // kept <= i: what is overwritten was read
    at[2 * kept++ + 1] = from[2 * i + 1];
  }
  m->sp = top - 2 * (n - kept);
  return true;
}

// Frame: pairs, then: whether we have begun, how many are taken, whether the key of the next is asked for.
static JetResult run_from_pairs(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, AT, FORCING };
  Value *base = f + 5;
  if (!f[STARTED]) {
    f[STARTED] = 1;
    if (!jet_as_row(m, &f[0]) || !stack_room(m, 2 * row_len(f[0]))) return JET_STOP;
  }
  size_t n = row_len(f[0]);
  while (f[AT] < n) {
    Value pair = val_deref(row_at(f[0], f[AT]));
    if (val_is_lazy(pair)) return jet_eval(io, pair);
    size_t len = jet_args(m, pair);
    if (len == SIZE_MAX || !jet_charge(m, 1)) return JET_STOP;
    Value key = f[FORCING] ? *io : len > 0 ? val_deref(args_at(pair, 0)) : 0;
    if (!f[FORCING] && !val_is_nf(key)) {
      f[FORCING] = 1;
      *io = key;
      return JET_FORCE;
    }
    f[FORCING] = 0;
    stack_push(m, key);
    stack_push(m, len > 1 ? args_at(pair, 1) : 0);
    f[AT]++;
  }
  return sort_pairs(m, base, n) ? tab_of_stack(m, base, io) : JET_STOP;
}

// --- parts -------------------------------------------------------------------------------------------------

static JetResult part(Machine *m, const Value *tab, size_t from, size_t to, Value *io) {
  if (from == 0 && to == tab_len(*tab)) return jet_done(io, *tab);
  Value *rows = m->sp;
  stack_push(m, keys_row(*tab));
  stack_push(m, tab_vals(*tab));
  bool made = row_slice(m, rows, from, to, rows) && row_slice(m, rows + 1, from, to, rows + 1);
  if (made) make_tab(m, rows, rows + 1, io);
  m->sp = rows;
  return jet_made(made);
}

static JetResult two_parts(Machine *m, const Value *tab, size_t to, size_t from, Value *io) {
  Value *parts = m->sp;
  stack_push(m, 0);
  stack_push(m, 0);
  JetResult r = part(m, tab, 0, to, parts);
  if (r == JET_DONE) r = part(m, tab, from, tab_len(*tab), parts + 1);
  return r == JET_DONE ? jet_row_of_stack(m, parts, io) : r;
}

// The laws return two lazy tabs. They are made at once where nothing has to be computed for it.
static JetResult run_split_at(Machine *m, Value *f, Value *io) {
  if (!jet_known(&f[0]) || !jet_known(&f[1]) || !val_is_tab(&f[1])) return JET_DECLINE;
  size_t n = tab_len(f[1]);
  return two_parts(m, &f[1], jet_take_count(f[0], n), as_index(f[0], n), io);
}

static JetResult run_split_lt(Machine *m, Value *f, Value *io) {
  size_t at;
  bool found;
  if (!jet_known(&f[0]) || !val_is_nf(f[0]) || !jet_known(&f[1]) || !val_is_tab(&f[1])) return JET_DECLINE;
  if (!set_find(m, keys_row(f[1]), f[0], &at, &found)) return JET_STOP;
  return two_parts(m, &f[1], at, at, io);
}

// --- all of a tab ------------------------------------------------------------------------------------------

// Values become suspended calls of *fun with the key, if asked for, and the value.
static JetResult map(Machine *m, const Value *fun, const Value *tab, bool with_key, Value *io) {
  RowBuilder b;
  size_t n = tab_len(*tab);
  if (!jet_room(m, (uint64_t)n * 5) || !jet_open_row(m, &b, n)) return JET_STOP;
  Value *places = jet_push_places(m, 2), *args = m->sp;
  stack_push(m, 0);
  stack_push(m, 0);
  for (size_t i = 0; i < n; i++) {
    if (!jet_next(m, i, n, 4)) return JET_STOP;
    args[0] = key_at(*tab, i, places);
    args[1] = val_at(*tab, i, places);
    row_push(&b, with_key ? jet_suspend(m, fun, args, 2) : jet_suspend(m, fun, args + 1, 1));
  }
  m->sp = places;
  jet_close_row(&b, io);
  return with_vals(m, *tab, *io, io);
}

static JetResult run_map_with_key(Machine *m, Value *f, Value *io) {
  JetResult r = open_tab(&f[1], &f[2], io);
  return r == JET_DONE ? map(m, &f[0], &f[1], true, io) : r;
}

static JetResult run_map(Machine *m, Value *f, Value *io) {
  JetResult r = open_tab(&f[1], &f[2], io);
  return r == JET_DONE ? map(m, &f[0], &f[1], false, io) : r;
}

// Frame: fun, value so far, tab, then: phase of the tab, whether a value comes back, how many are done,
// where.
static JetResult run_foldl(Machine *m, Value *f, Value *io) {
  enum { OPEN = 3, CALLED, AT, PLACES };
  if (!f[CALLED]) {
    JetResult r = open_tab(&f[2], &f[OPEN], io);
    if (r != JET_DONE) return r;
    f[CALLED] = 1;
  } else {
    f[1] = *io;
  }
  if (f[AT] == tab_len(f[2])) return jet_tail(io, f[1]);
  stack_push(m, f[0]);
  stack_push(m, f[1]);
  stack_push(m, key_at(f[2], f[AT], f + PLACES));
  stack_push(m, val_at(f[2], f[AT]++, f + PLACES));
  *io = 3;
  return JET_APPLY;
}

// --- union -------------------------------------------------------------------------------------------------

// The value of a key in both: values[0] of the left, values[1] of the right one.
static Value united(Machine *m, const Value *fun, const Value *values) {
  return fun ? jet_suspend(m, fun, values, 2) : values[0];
}

// Puts what is in *few into *many, one by one.
static JetResult unite_by_search(Machine *m, const Value *fun, const Value *few, const Value *many,
                                 bool few_left, Value *io) {
  Value *tab = m->sp, *key = tab + 1, *values = tab + 2;
  bool ok = true;
  stack_push(m, *many);
  for (int i = 0; i < 3; i++) stack_push(m, 0);
  Value *places = jet_push_places(m, 2);
  for (size_t i = 0, n = tab_len(*few); ok && i < n; i++) {
    RopePath at;
    bool found;
    *key = key_at(*few, i, places);
    values[0] = values[1] = val_at(*few, i, places);
    ok = set_search(m, keys_row(*tab), *key, tab_vals(*tab), &at, &found);
    if (ok && found) {
      values[few_left] = tab_value_at(*tab, &at);
      values[0] = united(m, fun, values);
    }
    ok = ok && tab_change(m, tab, key, values, tab);
  }
  *io = *tab;
  m->sp = tab;
  return jet_made(ok);
}

#define MANY_TIMES 16 // from which searching each is cheaper than going through all

// The tabs in *a and *b; of a key in both the values are combined by *fun, or the left one stays (NULL).
static JetResult unite(Machine *m, const Value *fun, const Value *a, const Value *b, Value *io) {
  size_t an = tab_len(*a), bn = tab_len(*b), i = 0, j = 0;
  if (an == 0) return jet_done(io, *b);
  if (bn == 0) return jet_done(io, *a);
  if (an / MANY_TIMES >= bn) return unite_by_search(m, fun, b, a, false, io);
  if (bn / MANY_TIMES >= an) return unite_by_search(m, fun, a, b, true, io);
  if (!stack_room(m, 2 * (an + bn) + 4 + 2 * TAB_PLACES) || !jet_room(m, 5 * (an + bn))) return JET_STOP;
  Value *in_a = jet_push_places(m, 4), *in_b = in_a + TAB_PLACES, *base = m->sp;
  while (i < an || j < bn) {
    int order = i == an ? 1 : -1;
    if (i < an && j < bn && !order_cmp_nf(m, key_at(*a, i, in_a), key_at(*b, j, in_b), &order))
      return JET_STOP;
    stack_push(m, order <= 0 ? key_at(*a, i, in_a) : key_at(*b, j, in_b));
    stack_push(m, order <= 0 ? val_at(*a, i, in_a) : val_at(*b, j, in_b));
    if (order == 0 && fun) {
      stack_push(m, val_at(*b, j, in_b));
      Value call = united(m, fun, m->sp - 2);
      stack_pop(m);
      m->sp[-1] = call;
    }
    i += order <= 0;
    j += order >= 0;
  }
  JetResult r = tab_of_stack(m, base, io);
  m->sp = in_a;
  return r;
}

// Evaluates *a, its values, *b, its values, in this order, as the laws do. *a comes evaluated.
static JetResult open_both(Value *a, Value *b, Value *phase, Value *io) {
  JetResult r = open_tab(a, &phase[0], io);
  if (r != JET_DONE) return r;
  if (phase[1] == 0 && !jet_known(b)) {
    phase[1] = 1;
    return jet_eval(io, *b);
  }
  if (phase[1] == 1) *b = *io;
  phase[1] = 2;
  return open_tab(b, &phase[2], io);
}

static JetResult run_union_with(Machine *m, Value *f, Value *io) {
  JetResult r = open_both(&f[1], &f[2], &f[3], io);
  return r == JET_DONE ? unite(m, &f[0], &f[1], &f[2], io) : r;
}

static JetResult run_weld(Machine *m, Value *f, Value *io) {
  JetResult r = open_both(&f[0], &f[1], &f[2], io);
  return r == JET_DONE ? unite(m, NULL, &f[0], &f[1], io) : r;
}

static const JetDef tab[] = {
    JET("_MkTab", 2, 1, "", run_mk_tab, "5hFXwrFMAS1ETGYZDANKd5Eo9xkjNnxPRKTL7H3Td4yv"),
    JET("tabSing", 2, 1, "", run_sing, "7AfouhmiExP9KSySjrw4k4VZ5JY2TE4cW53xo1EhHsfz"),
    JET("isTab", 1, 0, "0", run_is_tab, "3NVgkveHYdmX8AHVLhwB7qpKhtNmFanxv4c6z3QuJqEe"),
    JET("_TabKeys", 1, 0, "0", run_keys, "8b5KfdDnpHdUNavaYcVkyY4UWvgkmzhboa2WtHq8hvE8"),
    JET("_TabVals", 1, 0, "0", run_vals, "ChipTE8EqGJx8mKh7vKk3uLCoe87uzr57puknUVwGMGL"),
    JET("_TabKeysRow", 1, 0, "0", run_keys_row, "AbTABFk1h4qcAoW2nzQ37JtnzPfVgapUSXLBcZqid4rH"),
    JET("_TabKeysList", 1, 0, "", NULL, "HJCWTAgwp23pzpsfcFtztNa8uaNit6cSdYN19CqmejyZ"),
    JET("_TabLen", 1, 1, "0", run_tab_len, "4zBRGTdC8o8VqyVbae2RH7HhCXjkzahcyMvBKPegci3Z"),
    JET("tabIdx", 2, 1, "1", run_idx, "3TWf15DfN9xE991EbwQooXnD1wMQ1snqJBragTQ7vqai"),
    JET("_TabIsEmpty", 1, 1, "0", run_is_empty, "2pqKJoYtYzxGuojhjcD7APfxGauDgrJr6frjcEKY75Cr"),
    JET("_TabHas", 2, 1, "1", run_has, "3CmdokqP7UZsYmUibrN8ZYenxxYNeg7pbujqL87uf7Yh"),
    JET("_TabLookup", 2, 1, "1", run_lookup, "4ZU8AC43kfUmio84VTUWxZzkRFLd9PUcn3FYhacStXmn"),
    JET("tabIns", 3, 1, "2", run_ins, "6DntBfKNxnzojW5jz2HMm3qKMtMhTg5rzVyQ51zXc5uy"),
    JET("tabDel", 2, 2, "1", run_del, "FSbXqpUn9kVHCB5wom1TTdMqbK6djBpvLKN6mSvHCz2k"),
    JET("tabSwitch", 3, 1, "2", run_switch, "GAEvH1zJXuT4fpX9rhnonBPtQ1wxcDmgXgyz53vZxmSa"),
    JET("tabToPairs", 1, 1, "0", run_to_pairs, "7XNsmym7XdJvy2GqXPqLnFDgHaNbsh2adrFZBQrunB3c"),
    JET("tabFromPairs", 1, 3, "0", run_from_pairs, "9vDNgbSC1eKiVfti8GnjiuBLYptbW8Ct6NY48y14sE7"),
    JET("tabToPairList", 1, 0, "0", run_to_pair_list, "5BRqPnTopXM4gu9fTnrnxoDVWYZLiMK847eRjxn3tUj4"),
    JET("tabElemIdx", 2, 1, "01", run_elem_idx, "EKW4vsYbgp825gXmTmbuZHdJXvJJg5ZgMZLDhhTd5zQr"),
    JET("tabSplitAt", 2, 0, "", run_split_at, "HSJeEynaytuz6Har7pzrD38a9fERYycpCfn9DdWbsoww"),
    JET("tabSplitLT", 2, 0, "", run_split_lt, "9YdjLVV4RVRWNEd7WqFppRKrnT2A5yYZCzrJYKwQyFos"),
    JET("tabAlter", 3, 4, "2", run_alter, "GCz4BwUrQEWZpsprfRNJdrb342iSywauUKiGQ8usMsLB"),
    JET("tabMapWithKey", 2, 1, "1", run_map_with_key, "C5KJzWkVKbKe3BkxrE5MKEMPywwqjtS2Wg3uYAdhWxuX"),
    JET("tabMap", 2, 1, "1", run_map, "9d5ZFLjQTJiJWZ5nVu2HPERX87JE6useFs5hTLBxsEud"),
    JET("tabUnionWith", 3, 3, "1", run_union_with, "GwJdmG4nEoqdyQk59881fJEyXohj1FSRYUtJvtNUZb7t"),
    JET("tabWeld", 2, 3, "0", run_weld, "5b6a45ecNGARY4eMDgoLBPR7rS4pLgXkYjSBsBeEdeHS"),
    JET("tabMinKey", 1, 1, "0", run_min_key, "5e9RqAsaYgy7w8yt1DmgLN6e2nPUXqBT7ixPNvnG6MuW"),
    JET("tabFoldlWithKey", 3, 3 + TAB_PLACES, "2", run_foldl, "DZ1uBEGqnQoVcC1sYiPSsSvZhfR4EZfghZAanHsag96M"),
    JET("_TabFilterWithKey", 2, 0, "", NULL, "LmKep1jfDMA1wRJUtMa4vQsotSPsrxfQeJySXapCzt8"),
};

const JetGroup jets_tab = JET_GROUP("tab", tab);
