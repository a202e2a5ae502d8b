// Jets of sire_11_set. Their laws work on whatever a law's body is; here a set is a set, and the rest is
// left to the laws. Keys are in normal form, so only the values looked for can be lazy.
#include "common/plan/jets.h"

// A law {1 2 keys}, as the forced keys come.
static JetResult make_set(Machine *m, Value keys, Value *io) {
  *io = new_law(m, 1, 2, keys);
  return m->stop == RUN_DONE ? JET_DONE : JET_STOP;
}

static JetResult run_mk_set(Machine *m, Value *f, Value *io) {
  if (f[1]) return make_set(m, *io, io);
  f[1] = 1;
  *io = f[0];
  return JET_FORCE;
}

static JetResult run_set_to_row(Machine *m, Value *f, Value *io) { return jet_law_body(m, f[0], io); }

static JetResult run_sing(Machine *m, Value *f, Value *io) {
  if (!f[1]) {
    f[1] = 1;
    *io = f[0];
    return JET_FORCE;
  }
  stack_push(m, *io);
  JetResult r = jet_row_of_stack(m, m->sp - 1, io);
  return r == JET_DONE ? jet_done(io, new_set(m, *io)) : r;
}

static JetResult run_is_empty(Machine *m, Value *f, Value *io) {
  return val_is_set(f[0]) ? jet_done(io, set_len(f[0]) == 0) : JET_DECLINE;
}

static JetResult run_set_len(Machine *m, Value *f, Value *io) {
  return val_is_set(f[0]) ? jet_done(io, set_len(f[0])) : JET_DECLINE;
}

static JetResult run_min(Machine *m, Value *f, Value *io) {
  if (!val_is_set(f[0])) return JET_DECLINE;
  return jet_done(io, set_len(f[0]) ? row_at(set_keys(f[0]), 0) : 0);
}

static JetResult run_is_set(Machine *m, Value *f, Value *io) { return jet_done(io, val_is_set(f[0])); }

// --- one key -------------------------------------------------------------------------------------------

static JetResult run_has(Machine *m, Value *f, Value *io) {
  size_t at;
  bool found;
  if (!val_is_set(f[1])) return JET_DECLINE;
  if (set_len(f[1]) == 0) return jet_done(io, 0);
  JetResult r = jet_key(&f[0], &f[2], false, io);
  if (r != JET_DONE) return r;
  return set_find(m, set_keys(f[1]), f[0], &at, &found) ? jet_done(io, found) : JET_STOP;
}

// The keys that came to *io, if they did, as a set.
static JetResult as_set(Machine *m, bool made, Value *io) {
  return made ? jet_done(io, new_set(m, *io)) : JET_STOP;
}

static JetResult run_ins(Machine *m, Value *f, Value *io) {
  size_t at;
  bool found;
  if (!val_is_set(f[1])) return JET_DECLINE;
  JetResult r = jet_key(&f[0], &f[2], true, io);
  if (r != JET_DONE) return r;
  if (!set_find(m, set_keys(f[1]), f[0], &at, &found)) return JET_STOP;
  if (found) return jet_done(io, f[1]);
  f[1] = set_keys(f[1]);
  return as_set(m, row_insert(m, &f[1], at, &f[0], true, io), io);
}

static JetResult run_del(Machine *m, Value *f, Value *io) {
  size_t at;
  bool found;
  if (!val_is_set(f[1])) return JET_DECLINE;
  if (set_len(f[1]) == 0) return jet_done(io, f[1]);
  JetResult r = jet_key(&f[0], &f[2], false, io);
  if (r != JET_DONE) return r;
  if (!set_find(m, set_keys(f[1]), f[0], &at, &found)) return JET_STOP;
  if (!found) return jet_done(io, f[1]);
  f[1] = set_keys(f[1]);
  return as_set(m, row_remove(m, &f[1], at, true, io), io);
}

// --- two sets ------------------------------------------------------------------------------------------

// The keys in *few are looked for in *many, one by one: their rows are slots of the stack, and *many is
// changed to what it is with (add) or without them.
static bool change_each(Machine *m, Value *many, const Value *few, bool add) {
  for (size_t i = 0, n = row_len(*few); i < n; i++) {
    size_t at;
    bool found;
    Value *key = m->sp;
    stack_push(m, row_at(*few, i));
    bool ok = set_find(m, *many, *key, &at, &found);
    if (ok && add && !found) ok = row_insert(m, many, at, key, true, many);
    if (ok && !add && found) ok = row_remove(m, many, at, true, many);
    stack_pop(m);
    if (!ok) return false;
  }
  return true;
}

// Pushes the keys of *few that are in *many, or that are not.
static bool select_each(Machine *m, const Value *few, const Value *many, bool in) {
  if (!stack_room(m, row_len(*few))) return false;
  RowCursor c = row_cursor(*few, 0);
  for (Value key; row_next(&c, &key);) {
    size_t at;
    bool found;
    if (!set_find(m, *many, key, &at, &found)) return false;
    if (found == in) stack_push(m, key);
  }
  return true;
}

// By searching, where one of the rows in a and b has many fewer keys.
static bool merge_by_search(Machine *m, Value *a, Value *b, unsigned keep, Value *io) {
  bool a_fewer = row_len(*a) < row_len(*b);
  Value *few = a_fewer ? a : b, *many = a_fewer ? b : a, *selected = m->sp;
  if (keep == (MERGE_LEFT | MERGE_BOTH | MERGE_RIGHT) || (keep == MERGE_LEFT && !a_fewer)) {
    if (!change_each(m, many, few, keep != MERGE_LEFT)) return false;
    *io = *many;
    return true;
  }
  return select_each(m, few, many, keep == MERGE_BOTH) && jet_row_of_stack(m, selected, io) == JET_DONE;
}

#define MANY_TIMES 16 // from which searching each is cheaper than going through all

// *a and *b are sets.
static JetResult merge(Machine *m, const Value *a, const Value *b, unsigned keep, Value *io) {
  Value *rows = m->sp;
  stack_push(m, set_keys(*a));
  stack_push(m, set_keys(*b));
  Value *merged = m->sp;
  size_t n = row_len(rows[0]), k = row_len(rows[1]);
  bool made = n / MANY_TIMES >= k || k / MANY_TIMES >= n
                  ? merge_by_search(m, rows, rows + 1, keep, io)
                  : jet_merge(m, rows, rows + 1, keep) && jet_row_of_stack(m, merged, io) == JET_DONE;
  m->sp = rows;
  return as_set(m, made, io);
}

static JetResult run_weld(Machine *m, Value *f, Value *io) {
  if (!val_is_set(f[0]) || !val_is_set(f[1])) return JET_DECLINE;
  return merge(m, &f[0], &f[1], MERGE_LEFT | MERGE_BOTH | MERGE_RIGHT, io);
}

// The second set is looked at first; the other one only if that has elements.
static JetResult second_first(Machine *m, Value *f, Value *io, unsigned keep) {
  if (f[2])
    f[0] = *io;
  else if (!jet_known(&f[0])) {
    f[2] = 1;
    return jet_eval(io, f[0]);
  }
  return val_is_set(f[0]) ? merge(m, &f[0], &f[1], keep, io) : JET_DECLINE;
}

static JetResult run_intersect(Machine *m, Value *f, Value *io) {
  if (!val_is_set(f[1])) return JET_DECLINE;
  return set_len(f[1]) ? second_first(m, f, io, MERGE_BOTH) : jet_done(io, f[1]);
}

static JetResult run_sub(Machine *m, Value *f, Value *io) {
  if (!val_is_set(f[1])) return JET_DECLINE;
  return set_len(f[1]) ? second_first(m, f, io, MERGE_LEFT) : jet_tail(io, f[0]);
}

// Sets that follow one another are joined; the result is a set if their order is right.
static JetResult join(Machine *m, Value *sets, Value *io) {
  uint64_t n = row_len(*sets), total = 0;
  RowBuilder b;
  for (size_t i = 0; i < n; i++) {
    Value set = val_deref(row_at(*sets, i));
    if (!val_is_set(set)) return JET_DECLINE;
    total += set_len(set);
  }
  if (!jet_room(m, total) || !jet_charge(m, n / 16) || !jet_open_row(m, &b, total)) return JET_STOP;
  for (size_t i = 0; i < n; i++) jet_push_args(&b, set_keys(val_deref(row_at(*sets, i))));
  jet_close_row(&b, io);
  return make_set(m, *io, io);
}

static JetResult run_cat_row_asc(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, LEFT };
  if (!val_is_row(f[0])) return JET_DECLINE;
  if (!f[STARTED]) {
    f[STARTED] = 1;
    f[LEFT] = row_len(f[0]);
  }
  while (f[LEFT] > 0) {
    Value v = val_deref(row_at(f[0], --f[LEFT]));
    if (val_is_lazy(v)) return jet_eval(io, v);
  }
  return join(m, &f[0], io);
}

// --- parts ---------------------------------------------------------------------------------------------

static JetResult part(Machine *m, const Value *set, size_t from, size_t to, Value *io) {
  if (from == 0 && to == set_len(*set)) return jet_done(io, *set);
  Value *keys = m->sp;
  stack_push(m, set_keys(*set));
  JetResult r = as_set(m, row_slice(m, keys, from, to, io), io);
  m->sp = keys;
  return r;
}

static JetResult run_drop(Machine *m, Value *f, Value *io) {
  if (!val_is_set(f[1])) return JET_DECLINE;
  size_t n = set_len(f[1]);
  return part(m, &f[1], as_index(f[0], n), n, io);
}

static JetResult run_take(Machine *m, Value *f, Value *io) {
  if (!val_is_set(f[1])) return JET_DECLINE;
  return part(m, &f[1], 0, jet_take_count(f[0], set_len(f[1])), io);
}

// [elements 0..to, elements from..]
static JetResult two_parts(Machine *m, const Value *set, size_t to, size_t from, Value *io) {
  Value *parts = m->sp;
  stack_push(m, 0);
  stack_push(m, 0);
  JetResult r = part(m, set, 0, to, parts);
  if (r == JET_DONE) r = part(m, set, from, set_len(*set), parts + 1);
  return r == JET_DONE ? jet_row_of_stack(m, parts, io) : r;
}

// The laws return two lazy sets. They are made at once where nothing has to be computed for it.
static JetResult run_split_at(Machine *m, Value *f, Value *io) {
  if (!jet_known(&f[0]) || !jet_known(&f[1]) || !val_is_set(f[1])) return JET_DECLINE;
  size_t n = set_len(f[1]);
  return two_parts(m, &f[1], jet_take_count(f[0], n), as_index(f[0], n), io);
}

static JetResult run_split_lt(Machine *m, Value *f, Value *io) {
  size_t at;
  bool found;
  if (!jet_known(&f[0]) || !val_is_nf(f[0]) || !jet_known(&f[1]) || !val_is_set(f[1])) return JET_DECLINE;
  if (!set_find(m, set_keys(f[1]), f[0], &at, &found)) return JET_STOP;
  return two_parts(m, &f[1], at, at, io);
}

static const JetDef set[] = {
    JET("_MkSet", 1, 1, "", run_mk_set, "4RUfSzoWUyiYQ5omEL7XWABd3bCpp6Q92Gx62fdDvrVu"),
    JET("_SetToRow", 1, 0, "0", run_set_to_row, "3GGGFTFjPGAJp75fDidHT2ir5gjRY96P9qhPAEi37L2R"),
    JET("setSing", 1, 1, "", run_sing, "2S8yfCmRiecvoxgLJVJg5L6MxLm5avjoGqGJmnbukt27"),
    JET("setIsEmpty", 1, 0, "0", run_is_empty, "BDgQFXd9VbEEdoBcaqMys39ucwLS4WFhQLAxypncGj3W"),
    JET("setLen", 1, 0, "0", run_set_len, "4yZ1gLVWzH46af8cUrqhJiAZdSNTpRMPw97JVZH3Z6Ya"),
    JET("setHas", 2, 1, "1", run_has, "H54z14ukWmmsPWW1hVvtmg9LgHXXqL3CDAxat7hxHqZg"),
    JET("setMin", 1, 0, "0", run_min, "99RzLRXhcLMYwmi3Z92BzxyP7ByJepiSNbMhH3tYThxr"),
    JET("setIns", 2, 1, "1", run_ins, "7XTSXHE3H5naGmKM1pHkN5K8Y5YCW2DXGKNmUZwSHSjW"),
    JET("setDel", 2, 1, "1", run_del, "DRtJToYcbs4CeWJbsim6AC1wfQAvhawXaXBTRf9j15em"),
    JET("setWeld", 2, 0, "10", run_weld, "DiwkKspYbznDoaAB4hTMTeqhB9CWSDsxnAYU8jaXrb2v"),
    JET("setCatRowAsc", 1, 2, "0", run_cat_row_asc, "3FxDUjMRkbL5YcH2VKrEcQrKqt1rxYjpE7jLVULvC4du"),
    JET("isSet", 1, 0, "0", run_is_set, "Cg5qw1nsmxJZvrxyDcQkxvibHgARN5kwy8KHLqY2p8JR"),
    JET("setDrop", 2, 0, "01", run_drop, "59s1CVBM1sVCsu8goeVRtcZgo3MfSpsNpURxcugnJz5S"),
    JET("setTake", 2, 0, "01", run_take, "6gHtpymH8Dr9mKh3ZVWK131L2xYXcn29PHUWokh3BBoC"),
    JET("setSplitAt", 2, 0, "", run_split_at, "8bHiTR25SEwWF44Jm4jxPb3dPpYjDobmjDYiJAkH3uXS"),
    JET("setIntersect", 2, 1, "1", run_intersect, "6tABCWy2zvjbCbFyEFvrHBkJ54SWVpEGCymgZauuCeAf"),
    JET("setSub", 2, 1, "1", run_sub, "H4X1JaHYoS8DUbSnsevKrqu8LuXebWiARUEoppmYL174"),
    JET("setSplitLT", 2, 0, "", run_split_lt, "C2ZGZw6xkURRqrDEVTyhYRCx31GRWKuDWJVj6KP91ACn"),
};

const JetGroup jets_set = JET_GROUP("set", set);
