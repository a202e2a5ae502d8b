// Jets of sire_07_dat: folds, slices and searches of rows, and rows from lists. A list is a nat (its end)
// or anything else, whose first two elements as a row are its head and its tail.
#include "common/plan/jets.h"
#include "common/plan/order.h"

// --- folds -------------------------------------------------------------------------------------------

// The law adds from the last element to the first: add looks at its second argument first.
static JetResult run_sum(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, LEFT, TOTAL, PLACE };
  if (!f[STARTED]) {
    f[STARTED] = 1;
    if (!jet_as_row(m, &f[0])) return JET_STOP;
    f[LEFT] = row_len(f[0]);
  } else {
    stack_push(m, as_nat(*io));
    JetResult r = nat_add(m, &f[TOTAL], m->sp - 1, &f[TOTAL]);
    stack_pop(m);
    if (r != JET_DONE) return r;
  }
  return f[LEFT] == 0 ? jet_done(io, f[TOTAL]) : jet_eval(io, row_at_place(f[0], --f[LEFT], f + PLACE));
}

// Here the function's result is the second argument: from the first element to the last.
static JetResult run_sum_of(Machine *m, Value *f, Value *io) {
  enum { STARTED = 2, AT, TOTAL, PLACE };
  if (!f[STARTED]) {
    f[STARTED] = 1;
    if (!jet_as_row(m, &f[1])) return JET_STOP;
  } else {
    stack_push(m, as_nat(*io));
    JetResult r = nat_add(m, &f[TOTAL], m->sp - 1, &f[TOTAL]);
    stack_pop(m);
    if (r != JET_DONE) return r;
  }
  if (f[AT] == row_len(f[1])) return jet_done(io, f[TOTAL]);
  stack_push(m, f[0]);
  stack_push(m, row_at_place(f[1], f[AT]++, f + PLACE));
  *io = 1;
  return JET_APPLY;
}

// --- joining -----------------------------------------------------------------------------------------

static JetResult join(Machine *m, Value *rows, Value *io) {
  uint64_t n = row_len(*rows), total = 0;
  RowBuilder b;
  for (size_t i = 0; i < n; i++) {
    size_t len = jet_args(m, val_deref(row_at(*rows, i)));
    if (len == SIZE_MAX || __builtin_add_overflow(total, len, &total)) return JET_STOP;
  }
  if (!jet_room(m, total) || !jet_charge(m, n / 16) || !jet_open_row(m, &b, total)) return JET_STOP;
  for (size_t i = 0; i < n; i++) jet_push_args(&b, val_deref(row_at(*rows, i)));
  return jet_close_row(&b, io);
}

// The rows are evaluated from the last to the first, then joined.
static JetResult run_cat(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, LEFT };
  if (!f[STARTED]) {
    f[STARTED] = 1;
    if (!jet_as_row(m, &f[0])) return JET_STOP;
    f[LEFT] = row_len(f[0]);
  }
  while (f[LEFT] > 0) {
    Value v = val_deref(row_at(f[0], --f[LEFT]));
    if (val_is_lazy(v)) return jet_eval(io, v);
  }
  return join(m, &f[0], io);
}

static JetResult run_zip(Machine *m, Value *f, Value *io) {
  RowBuilder b;
  if (!jet_as_row(m, &f[0]) || !jet_as_row(m, &f[1])) return JET_STOP;
  size_t n = row_len(f[0]), yn = row_len(f[1]);
  if (yn < n) n = yn;
  if (!jet_room(m, (uint64_t)n * 4) || !jet_open_row(m, &b, n)) return JET_STOP;
  Value *places = jet_push_places(m, 2);
  for (size_t i = 0; i < n; i++) {
    if (!jet_next(m, i, n, 3)) return JET_STOP;
    uint64_t *pair = new_row(m, 2);
    pair[1] = row_at_place(f[0], i, places);
    pair[2] = row_at_place(f[1], i, places + PLACE_WORDS);
    row_push(&b, obj_val(pair));
  }
  m->sp = places;
  return jet_close_row(&b, io);
}

// --- slices ------------------------------------------------------------------------------------------

static JetResult run_drop(Machine *m, Value *f, Value *io) {
  if (!jet_as_row(m, &f[1])) return JET_STOP;
  size_t n = row_len(f[1]);
  return jet_made(row_slice(m, &f[1], as_index(f[0], n), n, io));
}

static JetResult run_take(Machine *m, Value *f, Value *io) {
  if (!jet_as_row(m, &f[1])) return JET_STOP;
  return jet_made(row_slice(m, &f[1], 0, jet_take_count(f[0], row_len(f[1])), io));
}

// --- rows from lists ---------------------------------------------------------------------------------

// Frame: size, list, then: whether a cell is being evaluated. The elements are gathered on the stack, as
// the list may crash or be short; those that it does not have are 0. Cells behind the last one taken
// are not looked at.
static JetResult row_from_list(Machine *m, Value *f, Value *io, bool reversed) {
  enum { ASKED = 2 };
  Value *base = f + 4;
  uint64_t n;
  RowBuilder b;
  if (!nat_u64(as_nat(f[0]), &n)) n = UINT64_MAX;
  if (f[ASKED]) f[1] = *io;
  size_t got = (size_t)(m->sp - base);
  for (; got < n; got++) {
    f[ASKED] = 1;
    if (!jet_known(&f[1])) return jet_eval(io, f[1]);
    if (is_nat(f[1])) break;
    Value element;
    if (!jet_uncons(m, &f[1], &element)) return JET_STOP;
    stack_push(m, element);
  }
  if (!jet_open_row(m, &b, n)) return JET_STOP;
  for (uint64_t i = got; reversed && i < n; i++) row_push(&b, 0);
  for (size_t i = 0; i < got; i++) row_push(&b, base[reversed ? got - 1 - i : i]);
  return jet_close_row(&b, io);
}

static JetResult run_to_row(Machine *m, Value *f, Value *io) { return row_from_list(m, f, io, false); }
static JetResult run_to_row_rev(Machine *m, Value *f, Value *io) { return row_from_list(m, f, io, true); }

// --- lists -----------------------------------------------------------------------------------------------

// Frame: list, then whether we have begun, and how many cells we have passed.
static JetResult run_list_len(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, PASSED };
  Value element;
  if (f[STARTED]) f[0] = *io;
  for (f[STARTED] = 1;; f[PASSED]++) {
    if (!jet_known(&f[0])) return jet_eval(io, f[0]);
    if (is_nat(f[0])) return jet_done(io, f[PASSED]);
    if (!jet_uncons(m, &f[0], &element)) return JET_STOP;
  }
}

static JetResult run_list_from_row(Machine *m, Value *f, Value *io) {
  if (!jet_as_row(m, &f[0])) return JET_STOP;
  return jet_to_list(m, f, row_len(f[0]), row_slice, row_at, io);
}

// --- unfolding ---------------------------------------------------------------------------------------

// Functions that give the first and the second element of a row, or of any app, without looking at it
// before they are called: as `idx 0` and `idx 1`, by opcode 1.
enum { ARGS_CASE = 4, PICKERS = 2 * (1 + ARGS_CASE) };

static Value constant_law(Machine *m, Value arity) {
  Value *body = m->sp, zero = 0;
  stack_push(m, new_app(m, 2, &zero, 1)); // (2 0)
  val_obj(*body)[0] |= OBJ_NF;
  Value law = new_law(m, 0, arity, *body);
  m->sp = body;
  return law;
}

// Pushes, twice, what the suspended call of an element consists of but for the row: 1 p l a n.
static void push_pickers(Machine *m) {
  Value *at = m->sp;
  for (int i = 0; i < PICKERS; i++) stack_push(m, 0);
  for (int i = 0; i < PICKERS; i += 1 + ARGS_CASE) {
    at[i] = 1;
    at[i + 1] = constant_law(m, 1);
    at[i + 2] = constant_law(m, 3);
    at[i + 4] = at[i + 1];
  }
  at[3] = new_law(m, 0, 2, 2); // (function argument) -> argument
  // (function argument) -> the first element of function, which is the second of the whole
  Value *parts = m->sp;
  stack_push(m, new_app(m, 1, at + 1, ARGS_CASE));
  stack_push(m, 1);
  Value body = new_app(m, 0, parts, 2);
  val_obj(parts[0])[0] |= OBJ_NF;
  val_obj(body)[0] |= OBJ_NF;
  at[8] = new_law(m, 0, 2, body);
  m->sp = parts;
}

static Value pick(Machine *m, const Value *picker, Value row, size_t i) {
  row = val_deref(row);
  if (!val_is_lazy(row)) return i < args_len(row) ? args_at(row, i) : 0;
  Value *args = m->sp;
  for (int k = 1; k <= ARGS_CASE; k++) stack_push(m, picker[k]);
  stack_push(m, row);
  Value call = jet_suspend(m, picker, args, ARGS_CASE + 1);
  m->sp = args;
  return call;
}

// Frame: step, seed, then: whether the step was called. Above it: the pickers, then the elements.
static JetResult run_unfoldr(Machine *m, Value *f, Value *io) {
  enum { CALLED = 2 };
  Value *pickers = f + 4, *base = pickers + PICKERS;
  if (f[CALLED]) {
    if (is_nat(*io)) {
      JetResult r = jet_row_of_stack(m, base, io);
      m->sp = pickers;
      return r;
    }
    if (jet_cdr(m, *io, &f[1]) == JET_STOP || !stack_room(m, 1)) return JET_STOP;
    stack_push(m, pick(m, pickers, f[1], 0));
    f[1] = pick(m, pickers + 1 + ARGS_CASE, f[1], 1);
  } else {
    f[CALLED] = 1;
    push_pickers(m);
  }
  stack_push(m, f[0]);
  stack_push(m, f[1]);
  *io = 1;
  return JET_APPLY;
}

// --- searching ---------------------------------------------------------------------------------------

// Frame: key, row, then: whether we have begun, low, end, and the comparison of key and element.
enum { BS_STARTED = 2, BS_LOW, BS_END, BS_CMP, BS_STATE = BS_CMP + 2 + CMP_STATE - 2 };

static Value bs_middle(const Value *f) { return (f[BS_LOW] + f[BS_END]) / 2; }

// Begins the next comparison; false when the search is over.
static bool bs_next(Machine *m, Value *f) {
  if (f[BS_LOW] >= f[BS_END]) return false;
  f[BS_CMP] = f[0];
  f[BS_CMP + 1] = row_at(f[1], bs_middle(f));
  for (int i = 0; i < CMP_STATE; i++) f[BS_CMP + 2 + i] = 0;
  m->sp = f + BS_CMP + 2 + CMP_STATE + 1; // what the last one left
  return true;
}

static JetResult run_bsearch(Machine *m, Value *f, Value *io) {
  if (!f[BS_STARTED]) {
    f[BS_STARTED] = 1;
    if (!jet_as_row(m, &f[1])) return JET_STOP;
    f[BS_END] = row_len(f[1]);
    if (!bs_next(m, f)) return jet_done(io, 0);
  }
  for (;;) {
    JetResult r = routine_cmp(m, f + BS_CMP, io);
    if (r != JET_DONE) return r;
    if (*io == 1) return jet_done(io, bs_middle(f) << 1 | 1);
    if (*io == 0)
      f[BS_END] = bs_middle(f);
    else
      f[BS_LOW] = bs_middle(f) + 1;
    if (!bs_next(m, f)) return jet_done(io, f[BS_LOW] << 1);
  }
}

static const JetDef list[] = {
    JET("sum", 1, 3 + PLACE_WORDS, "0", run_sum, "F6ob6mjnYAtCSdJQRFNWQGa1NVdSNbr5b77gESTPCFDT"),
    JET("sumOf", 2, 3 + PLACE_WORDS, "1", run_sum_of, "ahTFxWPHYCTdTKNW3ES6TTvBE3K2ZNrXs7Ta31atipQ"),
    JET("cat", 1, 2, "0", run_cat, "89EWhEFWgFigSEwzcGfi3mAgDer1QTWspWWBMEVg6Bns"),
    JET("zip", 2, 0, "01", run_zip, "8xVraNf4pPd2o6A7yYKV1N6oANPazsMzGCVXLccrXhQe"),
    JET("drop", 2, 0, "01", run_drop, "45ARChFpRYWa1o1n4jxYbqVvBmkWzxYQxCFPNkcnE1d8"),
    JET("take", 2, 0, "01", run_take, "2gABh4WVzRnyRtdM49QGP4GTUGNidMercKgxaFDonvfP"),
    JET("listLen", 1, 2, "", run_list_len, "2NPbgXvS9u1g79Y4Kdvy7C6jehYKFxxdWzUekZAqmXhV"),
    JET("listFromRow", 1, 0, "0", run_list_from_row, "7EqwarGDsuvvmVRDQ2y1kqLvFcqRWE5YLqbLaDz84kGY"),
    JET("unfoldr", 2, 1, "", run_unfoldr, "AqALs9y4dSE4nUxpGv6vYjqtq4eJL9ZXQSeMb9n7a2vK"),
    JET("_SizedListToRow", 2, 1, "0", run_to_row, "12AFprhZ7HSa4451hkhveQTVCmuds6kvmLYmjQZsDUNf"),
    JET("_SizedListToRowRev", 2, 1, "0", run_to_row_rev, "EXQjpxzxxiLqW3xMwKqRYyUyFfxbEpbvfhRMsUBDmxtE"),
    JET("bsearch", 2, BS_STATE, "1", run_bsearch, "GL5YmUEpJm4dEqPSF7KHXATef9dQkA5eiZaq6vcwEk7J"),
};

const JetGroup jets_list = JET_GROUP("list", list);
