// Sorting. What the law of sortBy compares, and in which order, is what happens here, whatever the function
// that compares does; the law of listSort inserts one element after the other, and what it finds is the same
// once all elements are in normal form.
#include "common/plan/jets.h"
#include "common/plan/order.h"

// A sort in progress: `length` elements lie on the stack, then as much room again for the left one of two
// runs being merged. The elements before `count` are in runs, ascending in themselves, whose lengths are
// powers of two and decrease, but for the last `run` ones: those are one run of any length. As soon as two
// runs are equally long, or no element is left, the last two become one.
enum { LENGTH, COUNT, RUN, MERGING, LEFT, RIGHT, OUT, SORT_STATE };

static size_t run_before(const Value *s) {
  Value rest = s[COUNT] - s[RUN];
  return rest & (0 - rest);
}

// Makes two runs ready to be merged, or the next element a run. False: all is one run.
static bool next_step(Value *s, Value *at) {
  size_t left = run_before(s);
  if (left > 0 && (left == s[RUN] || s[COUNT] == s[LENGTH])) {
    s[RIGHT] = s[COUNT] - s[RUN];
    s[OUT] = s[RIGHT] - left;
    s[LEFT] = 0;
    s[MERGING] = 1;
    memcpy(at + s[LENGTH], at + s[OUT], left * 8);
  } else if (s[COUNT] < s[LENGTH]) {
    s[COUNT]++;
    s[RUN] = 1;
  } else {
    return false;
  }
  return true;
}

static void take(Value *s, Value *at, bool right) {
  at[s[OUT]++] = right ? at[s[RIGHT]++] : at[s[LENGTH] + s[LEFT]++];
}

// Merges two runs as long as their next elements are small numbers.
static void merge_small(Value *s, Value *at, unsigned yes) {
  const Value *left = at + s[LENGTH] + s[LEFT], *left_end = at + s[LENGTH] + run_before(s);
  const Value *right = at + s[RIGHT], *right_end = at + s[COUNT];
  Value *out = at + s[OUT];
  while (left < left_end && right < right_end && val_is_small(*left) && val_is_small(*right)) {
    bool swap = yes >> (1 + (*left > *right) - (*left < *right)) & 1;
    *out++ = swap ? *right : *left; // without a branch, which nobody could foresee
    right += swap;
    left += !swap;
  }
  s[LEFT] = (Value)(left - at) - s[LENGTH];
  s[RIGHT] = (Value)(right - at);
  s[OUT] = (Value)(out - at);
}

// Merges two runs. JET_APPLY: the order has to be called with io[0] and io[1].
static JetResult merge(Machine *m, Value *s, Value *at, unsigned yes, Value io[2]) {
  size_t left = run_before(s);
  for (;;) {
    int order;
    if (yes) merge_small(s, at, yes);
    if (s[LEFT] == left || s[RIGHT] == s[COUNT]) break;
    Value x = io[0] = val_deref(at[s[LENGTH] + s[LEFT]]), y = io[1] = val_deref(at[s[RIGHT]]);
    if (!yes || !val_is_nf(x) || !val_is_nf(y)) return JET_APPLY;
    if (!order_cmp_nf(m, x, y, &order)) return JET_STOP;
    take(s, at, yes >> (order + 1) & 1);
  }
  memcpy(at + s[OUT], at + s[LENGTH] + s[LEFT], (left - s[LEFT]) * 8);
  s[RUN] += left;
  s[MERGING] = 0;
  return JET_DONE;
}

// `yes`: for which orders of two values in normal form the first is to be behind the second; 0: ask.
static JetResult merge_all(Machine *m, Value *s, Value *at, unsigned yes, Value io[2]) {
  while (s[MERGING] || next_step(s, at)) {
    if (!s[MERGING]) continue;
    if (!jet_charge(m, s[RUN] / 8)) return JET_STOP;
    JetResult r = merge(m, s, at, yes, io);
    if (r != JET_DONE) return r;
  }
  return JET_DONE;
}

// The elements are on the stack.
static bool start(Machine *m, Value *s, Value *at) {
  size_t n = s[LENGTH] = (size_t)(m->sp - at);
  if (!stack_room(m, n)) return false;
  memset(m->sp, 0, n * 8);
  m->sp += n;
  return true;
}

// --- rows ------------------------------------------------------------------------------------------------

static bool push_elements(Machine *m, Value *row) {
  if (!stack_room(m, row_len(*row)) || !jet_charge(m, row_len(*row) / 16)) return false;
  RowCursor elements = row_cursor(*row, 0);
  for (Value v; row_next(&elements, &v);) stack_push(m, v);
  return true;
}

// order, row. The order is given an element and one that comes later in the row, and answers whether they
// change places. Frame: then how many elements are known, the next one, and what jet_key keeps about it.
enum { ORDER, ROW, KNOWN, ELEMENT, PHASE, PLACE, ROW_SORT = PLACE + PLACE_WORDS };

// A comparison asks for the elements from the first to the last, and for nothing else as long as they can be
// had in normal form. Evaluating them here, before they are on the stack, spares the collector looking there.
static JetResult know_elements(Machine *m, Value *f, Value *io) {
  JetResult r = JET_DONE;
  size_t n = row_len(f[ROW]);
  for (; n > 1 && f[KNOWN] < n && r == JET_DONE; f[KNOWN]++, f[PHASE] = 0) {
    if (f[PHASE] == 0) f[ELEMENT] = row_at_place(f[ROW], f[KNOWN], f + PLACE);
    r = jet_key(&f[ELEMENT], &f[PHASE], false, io);
    if (r == JET_EVAL || r == JET_FORCE) return r;
  }
  f[KNOWN] = n;
  return r == JET_DECLINE ? JET_DONE : r;
}

static JetResult run_sort_by(Machine *m, Value *f, Value *io) {
  Value *s = f + ROW_SORT, *at = s + SORT_STATE + 1, pair[2];
  unsigned yes = jet_order_answers(m, f[ORDER]);
  if (m->stop != RUN_DONE || !jet_as_row(m, &f[ROW])) return JET_STOP;
  if (s[LENGTH] == 0) {
    JetResult known = yes ? know_elements(m, f, io) : JET_DONE;
    if (known != JET_DONE) return known;
    if (!push_elements(m, &f[ROW]) || !start(m, s, at)) return JET_STOP;
  }
  if (s[MERGING]) take(s, at, is_true(*io));
  JetResult r = merge_all(m, s, at, yes, pair);
  if (r == JET_APPLY) {
    stack_push(m, f[ORDER]);
    stack_push(m, pair[0]);
    stack_push(m, pair[1]);
    *io = 2;
  }
  if (r != JET_DONE) return r;
  m->sp = at + s[LENGTH];
  return jet_row_of_stack(m, at, io);
}

// --- lists -----------------------------------------------------------------------------------------------

// The law compares the last element but one with the last, then those before them with the least so far.
static Value *element_looked_at(Value *at, size_t n, size_t i) {
  return at + (i == 0 ? n - 2 : i == 1 ? n - 1 : n - 1 - i);
}

static JetResult list_of(Machine *m, const Value *at, size_t n, Value *io) {
  Value *list = m->sp;
  if (!jet_room(m, (uint64_t)n * 3)) return JET_STOP;
  stack_push(m, 0);
  while (n-- > 0) *list = new_pair_row(m, at[n], *list);
  return jet_done(io, *list);
}

// list. Frame: then whether we have begun, where in the list we are, how many elements are known, and what
// jet_key keeps about the next one.
static JetResult run_list_sort(Machine *m, Value *f, Value *io) {
  enum { STARTED = 1, REST, LOOKED_AT, AT_PHASE, SORT };
  Value *s = f + SORT, *at = s + SORT_STATE + 1, element, pair[2];
  if (!s[LENGTH]) f[REST] = f[STARTED] ? *io : f[0];
  f[STARTED] = 1;
  for (; !s[LENGTH]; stack_push(m, element)) {
    if (!jet_known(&f[REST])) return jet_eval(io, f[REST]);
    if (is_nat(f[REST])) break;
    if (!jet_uncons(m, &f[REST], &element)) return JET_STOP;
  }
  if (!s[LENGTH] && !start(m, s, at)) return JET_STOP;
  for (size_t n = s[LENGTH]; n > 1 && f[LOOKED_AT] < n; f[LOOKED_AT]++, f[AT_PHASE] = 0) {
    JetResult r = jet_key(element_looked_at(at, n, f[LOOKED_AT]), &f[AT_PHASE], false, io);
    if (r != JET_DONE) return r;
  }
  JetResult r = merge_all(m, s, at, JET_EQUAL | JET_GREATER, pair);
  return r == JET_DONE ? list_of(m, at, s[LENGTH], io) : r;
}

static const JetDef sort[] = {
    JET("_SortBy", 2, ROW_SORT - 2 + SORT_STATE, "1", run_sort_by,
        "5WfhTwnSknPibaJvf6bBVWZstLzxScynJ7zReqALAmxW"),
    JET("listSort", 1, 4 + SORT_STATE, "", run_list_sort, "2KnqgmWBUytAsGHuvqYueitFsjj4rgSyLuZjzEB1XnqR"),
};

const JetGroup jets_sort = JET_GROUP("sort", sort);
