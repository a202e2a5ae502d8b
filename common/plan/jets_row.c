// Jets of sire_05_row. Their laws take any app for a row: its arguments, the last one first. What is no
// app has none. Elements are moved about as they are, lazy or not.
#include "common/plan/formal.h"
#include "common/plan/jets.h"

static JetResult run_null(Machine *m, Value *f, Value *io) {
  return jet_done(io, formal_kind(f[0]) != FORM_APP);
}

static JetResult run_head(Machine *m, Value *f, Value *io) {
  Value v = f[0];
  if (jet_args(m, v) == SIZE_MAX) return JET_STOP;
  while (val_kind(v) == KIND_APP) v = val_obj(v)[1];
  if (val_kind(v) == KIND_TAB)
    v = tab_keys(v);
  else if (val_kind(v) == KIND_ROW && row_len(v) > 0)
    v = new_cow(m, row_len(v));
  return jet_done(io, v);
}

static JetResult run_arity(Machine *m, Value *f, Value *io) {
  Value v = f[0];
  if (val_kind(v) == KIND_PIN) v = val_obj(innermost_pin(m, v))[PIN_ITEM];
  if (formal_kind(v) == FORM_LAW) return jet_done(io, formal_law_arity(m, v));
  uint64_t arity = value_arity_u64(m, v);
  return arity == NAT_SMALL_MAX ? JET_DECLINE : jet_done(io, arity); // known only roughly
}

static JetResult run_len(Machine *m, Value *f, Value *io) {
  size_t n = jet_args(m, f[0]);
  return n == SIZE_MAX ? JET_STOP : jet_done(io, n);
}

// --- one element -------------------------------------------------------------------------------------

// Element *key (not yet evaluated) of *row; *known is a state word.
static JetResult get(Machine *m, Value *row, Value *key, Value *known, Value *io) {
  size_t n = jet_args(m, *row);
  if (n == 0) return jet_done(io, 0);
  if (n == SIZE_MAX) return JET_STOP;
  if (*known)
    *key = *io;
  else if (!jet_known(key)) {
    *known = 1;
    return jet_eval(io, *key);
  }
  size_t i = as_index(*key, n);
  return i < n ? jet_tail(io, args_at(*row, i)) : jet_done(io, 0);
}

static JetResult run_get(Machine *m, Value *f, Value *io) { return get(m, &f[0], &f[1], &f[2], io); }
static JetResult run_idx(Machine *m, Value *f, Value *io) { return get(m, &f[1], &f[0], &f[2], io); }

static JetResult run_last(Machine *m, Value *f, Value *io) {
  size_t n = jet_args(m, f[0]);
  if (n == SIZE_MAX) return JET_STOP;
  return n ? jet_tail(io, args_at(f[0], n - 1)) : jet_done(io, 0);
}

static JetResult run_switch(Machine *m, Value *f, Value *io) {
  size_t n = jet_args(m, f[2]);
  if (n == SIZE_MAX) return JET_STOP;
  size_t i = is_nat(f[0]) ? as_index(f[0], n) : n;
  return jet_tail(io, i < n ? args_at(f[2], i) : f[1]);
}

static JetResult put_in_app(Machine *m, const Value *app, size_t i, const Value *v, Value *io) {
  Value *slot = m->sp;
  stack_push(m, *app);
  if (!jet_as_row(m, slot) || !stack_room(m, row_len(*slot))) return JET_STOP;
  size_t n = row_len(*slot);
  for (size_t k = n; k-- > 0;) stack_push(m, k == i ? *v : row_at(*slot, k));
  Value head = *app;
  while (val_kind(head) == KIND_APP) head = val_obj(head)[1];
  if (val_kind(head) == KIND_TAB) head = tab_keys(head);
  *io = new_app(m, head, slot + 1, n);
  m->sp = slot;
  return JET_DONE;
}

static JetResult put(Machine *m, Value *row, Value *key, Value *v, Value *known, Value *io) {
  size_t n = jet_args(m, *row);
  if (n == 0) return jet_done(io, *row);
  if (n == SIZE_MAX) return JET_STOP;
  if (*known)
    *key = *io;
  else if (!jet_known(key)) {
    *known = 1;
    return jet_eval(io, *key);
  }
  size_t i = as_index(*key, n);
  if (i == n) return jet_done(io, *row);
  return val_is_row(*row) ? jet_made(row_put(m, row, i, v, io)) : put_in_app(m, row, i, v, io);
}

static JetResult run_put(Machine *m, Value *f, Value *io) { return put(m, &f[0], &f[1], &f[2], &f[3], io); }
static JetResult run_mut(Machine *m, Value *f, Value *io) { return put(m, &f[2], &f[0], &f[1], &f[3], io); }

// --- constructors ------------------------------------------------------------------------------------

static JetResult run_cow(Machine *m, Value *f, Value *io) {
  return jet_done(io, is_true(f[0]) ? new_cow(m, f[0]) : obj_val(new_row(m, 0)));
}

static JetResult run_cow_size(Machine *m, Value *f, Value *io) {
  if (formal_kind(f[0]) != FORM_LAW) return jet_done(io, 0);
  f[0] = formal_law_arity(m, f[0]);
  return nat_dec(m, &f[0], io);
}

static JetResult run_is_cow(Machine *m, Value *f, Value *io) {
  return jet_done(io, val_kind(f[0]) == KIND_COW || (val_is_row(f[0]) && row_len(f[0]) == 0));
}

static JetResult run_is_row(Machine *m, Value *f, Value *io) { return jet_done(io, val_is_row(f[0])); }

// --- whole rows --------------------------------------------------------------------------------------

static JetResult run_gen(Machine *m, Value *f, Value *io) {
  uint64_t n, words;
  RowBuilder b;
  if (!nat_u64(as_nat(f[0]), &n) || __builtin_mul_overflow(n, 4, &words)) n = words = UINT64_MAX;
  if (!jet_room(m, words) || !jet_open_row(m, &b, n)) return JET_STOP;
  for (Value i = 0; i < n; i++) {
    if (!jet_next(m, i, n, 3)) return JET_STOP;
    row_push(&b, jet_suspend(m, &f[1], &i, 1));
  }
  return jet_close_row(&b, io);
}

static JetResult run_map(Machine *m, Value *f, Value *io) {
  RowBuilder b;
  if (!jet_as_row(m, &f[1])) return JET_STOP;
  size_t n = row_len(f[1]);
  if (!jet_room(m, (uint64_t)n * 4) || !jet_open_row(m, &b, n)) return JET_STOP;
  Value *place = jet_push_places(m, 1), *slot = m->sp;
  stack_push(m, 0);
  for (size_t i = 0; i < n; i++) {
    if (!jet_next(m, i, n, 3)) return JET_STOP;
    *slot = row_at_place(f[1], i, place);
    row_push(&b, jet_suspend(m, &f[0], slot, 1));
  }
  m->sp = place;
  return jet_close_row(&b, io);
}

static JetResult run_weld(Machine *m, Value *f, Value *io) {
  if (!jet_as_row(m, &f[1]) || !jet_as_row(m, &f[0])) return JET_STOP;
  return jet_made(row_join(m, &f[0], &f[1], io));
}

static JetResult run_rev(Machine *m, Value *f, Value *io) {
  RowBuilder b;
  if (!jet_as_row(m, &f[0]) || !jet_open_row(m, &b, row_len(f[0]))) return JET_STOP;
  Value place[PLACE_WORDS] = {0}; // nothing is made on the way
  for (size_t i = row_len(f[0]); i-- > 0;) row_push(&b, row_at_place(f[0], i, place));
  return jet_close_row(&b, io);
}

static JetResult run_cons(Machine *m, Value *f, Value *io) {
  return jet_made(jet_as_row(m, &f[1]) && row_insert(m, &f[1], 0, &f[0], false, io));
}

static JetResult run_snoc(Machine *m, Value *f, Value *io) {
  return jet_made(jet_as_row(m, &f[0]) && row_insert(m, &f[0], row_len(f[0]), &f[1], false, io));
}

static const JetDef row[] = {
    JET("_Null", 1, 0, "0", run_null, "B7Yd7cPdoDFsLgkYmuWdsvM4NJfMSmasj3Jhp5agrFbF"),
    JET("_Head", 1, 0, "0", run_head, "qdNQEg1BoJgcRm1qRGdNqDK86bm7XSean7torY3Q2XR"),
    JET("_Arity", 1, 0, "0", run_arity, "2jz4zz3a621Z6uhWSpTbv2wRi91aQfsSRn76Yi6me5gy"),
    JET("_Len", 1, 0, "0", run_len, "AUDshrNCtvjQfRYsYHv9s4YJDZ3f7P5MKwPkLJrNX8aD"),
    JET("_Put", 3, 1, "0", run_put, "ACEkgfjSxxhvXkh7iyPg64Siwp2fpURFFREkX935v1pj"),
    JET("_Get", 2, 1, "0", run_get, "386VJFmFLRAcsu3gXtsNK4s5muQusWJ4SMzgjjS6YUPf"),
    JET("_Idx", 2, 1, "1", run_idx, "H4Zc8hKR4nzf2w1FC8mXQmsmMrNvJ86yRh2hLK9GL3ds"),
    JET("_Mut", 3, 1, "2", run_mut, "4a8fsQF4NQfaKfKpTzk7vxu2DaDCuDPUAtedb7k6nCua"),
    JET("_Last", 1, 0, "0", run_last, "HKg4NMDUSy9FkBNmsdNvExNHLf6VrL5xAZrJzBHvxxQy"),
    JET("_Switch", 3, 0, "02", run_switch, "3vzrXZQeTFijPUj8F4rF3QWJnzbEEMNZbjmGsustvzo8"),
    JET("_Cow", 1, 0, "0", run_cow, "3gqiFBpFd6UwEJSqH2MLPE1s3C5hTSra5uF6GYzsW1za"),
    JET("_CowSize", 1, 0, "0", run_cow_size, "G6gN1nJbBtohntPrsG3v6edTtr78MMPJLaehkQ7sLcSL"),
    JET("_IsCow", 1, 0, "0", run_is_cow, "J9D6GAKqFiyfbzyr9ejHExr4avfRHS9EycgSTqMpk77s"),
    JET("_IsRow", 1, 0, "0", run_is_row, "8t2nzyaUKEB4iXUcLVaLwFLDHJ6tddQK7Dp5W9oZQLDW"),
    JET("_Gen", 2, 0, "0", run_gen, "2Xjoe15B84gukTsF7RFCzQ9AvWq78pwRTgyAt3zRXdRC"),
    JET("_Weld", 2, 0, "10", run_weld, "2pMmhrxJDkduFASR3WXHPpZCSyQhwsSttmBSma8NALnf"),
    JET("_Map", 2, 0, "1", run_map, "FZF5tePfHzx5fS8AKiguJFVNsxmru7qtW2gx3XnDAtse"),
    JET("_Rev", 1, 0, "0", run_rev, "JD4CrHMtAntrmHNK7MZCZK5JDtvw4m26vGsNqy51qq6P"),
    JET("rowCons", 2, 0, "1", run_cons, "Dnf9n4wW7M7i4Xc5BhXQGCpTC5BhUM3m1wceckTpA1fK"),
    JET("rowSnoc", 2, 0, "0", run_snoc, "A3FxtWw4MGyq8T6HLLvnDEJwkrAej7MCHVVtUTnzXvZm"),
};

const JetGroup jets_row = JET_GROUP("row", row);
