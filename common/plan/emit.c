// Code for what is not evaluated yet: variables and bindings, suspensions, attempts, data.
#include "common/base/mem.h"
#include "common/plan/compile.h"
#include "common/plan/row.h"
#include <string.h>

size_t emit_word(Compiler *c, uint64_t w) {
  mem_reserve(c->code, c->cap, c->count + 1);
  c->code[c->count] = w;
  return c->count++;
}

size_t emit(Compiler *c, CodeOp op, uint64_t a, uint64_t b, uint64_t cc, uint64_t h, uint64_t n) {
  if (a > CODE_SLOTS || h > CODE_SLOTS || c->count > CODE_DISPLACEMENT_MAX - 4) {
    c->failed = true;
    a = h = 0;
  }
  return emit_word(c, code_word(op, a, b, cc, h, n));
}

void patch_jump(Compiler *c, size_t at, size_t target) {
  c->code[at] = code_jump(c->code[at], (int64_t)target - (int64_t)at);
}

// --- slots that may hold anything --------------------------------------------------------------------------
static bool is_unset(const Compiler *c, uint32_t slot) {
  const Binding *b = &c->bindings[slot];
  return b->uses > 0 && !b->in_place && !(c->state[slot] & SLOT_THERE);
}

// The next stretch of unset slots, of bindings from *i on; none: 0.
static uint32_t unset_stretch(const Compiler *c, uint32_t *i, uint32_t *from) {
  uint32_t n = 0;
  for (; *i <= c->last_slot; ++*i) {
    if (!is_unset(c, *i)) continue;
    if (n == 0) *from = c->where[*i];
    if (c->where[*i] != *from + n) break;
    n++;
  }
  return n;
}

void emit_set(Compiler *c, uint32_t frame) {
  uint32_t from = 0, n;
  if (c->unset) {
    for (uint32_t i = c->arity + 1; (n = unset_stretch(c, &i, &from));) {
      uint32_t more = frame && from + n == frame ? 2 : 0;
      emit(c, OP_CLEAR, from, n + more, 0, 0, 0);
      if (more) frame = 0;
    }
    c->unset = false;
  }
  if (frame) emit(c, OP_CLEAR, frame, 2, 0, 0, 0);
}

uint64_t emit_slow(Compiler *c, uint32_t top) {
  uint32_t from = 0, other, n = 0, i = c->arity + 1;
  if (c->unset) {
    n = unset_stretch(c, &i, &from);
    if (n > 0 && unset_stretch(c, &i, &other) > 0) {
      emit_set(c, 0);
      n = 0;
    }
  }
  if (top > CODE_SLOTS) c->failed = true;
  return c->failed ? 0 : code_slow(top, c->law_slot, c->gap, n ? from : 0, n);
}

void emit_eval(Compiler *c, uint32_t dest, uint32_t from, uint32_t top) {
  uint64_t slow = emit_slow(c, top);
  emit(c, OP_EVAL, dest, from, 0, 0, 0);
  emit_word(c, slow);
}

// --- a look at an expression: its spine ------------------------------------------------------------
// An expression for a constant that the law's body does not contain as one: VAL_LAZY, which no body holds,
// and the index of the constant.
static Value quote(Compiler *c, Value v) {
  mem_reserve(c->quotes, c->quote_cap, c->quote_count + 1);
  c->quotes[c->quote_count] = v;
  return VAL_LAZY | c->quote_count++;
}

static BodyForm form_of(const Compiler *c, Value e, Value *f, Value *arg) {
  if (e == c->taken) {
    *f = taken_slot(c);
    return BODY_SLOT;
  }
  if (!val_is_lazy(e)) return body_form(e, c->last_slot, f, arg);
  *f = c->quotes[e & VAL_ADDR];
  return BODY_CONST;
}

// A constant with some arguments that gets its last ones here: a call of its head with all of them.
static void spread_head(Compiler *c, Spine *s) {
  if (s->form != BODY_CONST || s->n == 0 || val_is_small(s->head) || val_kind(s->head) != KIND_APP) return;
  const uint64_t *app = val_obj(s->head);
  size_t before = app_args(app);
  if (app_left(app) != s->n || s->n + before > ARGS_MAX || val_kind(app[1]) == KIND_APP) return;
  for (size_t i = before; i-- > 0;) s->args[s->n++] = quote(c, app[2 + i]);
  s->head = app[1];
}

void compiler_look(Compiler *c, Value e, Spine *s) {
  Value arg, f;
  const Binding *b;
  s->n = 0;
  for (;;) {
    s->form = form_of(c, e, &f, &arg);
    if (s->form == BODY_CALL) {
      assert(s->n < ARGS_MAX + PARTIAL_MOST);
      s->args[s->n++] = arg;
      e = f;
    } else if ((b = compiler_head(c, s->form, f, s->n))) {
      e = b->expr;
    } else {
      break;
    }
  }
  s->head = f;
  spread_head(c, s);
  for (size_t i = 0; i < s->n / 2; i++) {
    Value t = s->args[i];
    s->args[i] = s->args[s->n - 1 - i];
    s->args[s->n - 1 - i] = t;
  }
}

static void collect_slots(const Compiler *c, Value e, uint8_t *used) {
  Value f, arg;
  BodyForm form;
  const Binding *b;
  for (size_t n = 0;;) {
    if ((form = form_of(c, e, &f, &arg)) == BODY_CALL) {
      collect_slots(c, arg, used);
      e = f;
      n++;
    } else if ((b = compiler_head(c, form, f, n))) {
      e = b->expr;
    } else {
      break;
    }
  }
  if (form == BODY_SLOT) used[f] = 1;
}

static Live live_bit(Value slot) { return slot < LIVE_MAX ? 1ULL << slot : 0; }

Live live_in(const Compiler *c, Value e) {
  Live live = 0;
  Value f, arg;
  BodyForm form;
  const Binding *b;
  for (size_t n = 0;;) {
    if ((form = form_of(c, e, &f, &arg)) == BODY_CALL) {
      live |= live_in(c, arg);
      e = f;
      n++;
    } else if ((b = compiler_head(c, form, f, n))) {
      e = b->expr;
    } else {
      break;
    }
  }
  if (form != BODY_SLOT) return live;
  live |= live_bit(f);
  if (f > c->arity && !(c->state[f] & SLOT_THERE)) live |= live_in(c, c->bindings[f].expr);
  return live;
}

// --- variables ---------------------------------------------------------------------------------------
uint32_t emit_slot(Compiler *c, Value slot, uint32_t top) {
  assert(!(c->state[slot] & SLOT_GONE));
  if (!(c->state[slot] & SLOT_THERE)) {
    emit_lazy_into(c, c->bindings[slot].expr, c->where[slot], top);
    c->state[slot] |= SLOT_THERE;
  }
  return c->where[slot];
}

void emit_value(Compiler *c, Value v, uint32_t dest) {
  if (v < 1u << 20) {
    size_t at = emit(c, OP_SMALL, dest, 0, 0, 0, 0);
    patch_jump(c, at, at + v);
    return;
  }
  emit(c, OP_CONST, dest, 0, 0, 0, 0);
  emit_word(c, v);
}

// --- suspensions ---------------------------------------------------------------------------------------
// Of a variable's element: its index + 1; else 0.
static uint64_t selected(Compiler *c, Value e) {
  Spine s, row;
  Value index;
  compiler_look(c, e, &s);
  const Inline *in = s.form == BODY_CONST ? inline_call(c->m, s.head, s.n) : NULL;
  if (!in || in->form != INLINE_ELEMENT || !emit_is_number(c, s.args[!in->first], &index)) return 0;
  compiler_look(c, s.args[in->first], &row);
  return row.n == 0 && row.form == BODY_SLOT ? index + 1 : 0;
}

size_t add_block(Compiler *c, Value e) {
  uint8_t used[LAW_SLOTS] = {0};
  size_t count = 0, at = 0;
  collect_slots(c, e, used);
  for (uint32_t i = 0; i < slot_count(c); i++) count += used[i];
  mem_reserve(c->blocks, c->block_cap, c->block_count + 1);
  Block *b = &c->blocks[c->block_count];
  *b = (Block){.expr = e, .taken = c->taken, .select = selected(c, e), .captured = (uint16_t)count};
  b->slots = mem_alloc((count + 1) * sizeof *b->slots);
  b->state = mem_alloc(count + 1);
  for (uint32_t i = 0; i < slot_count(c); i++) {
    if (!used[i]) continue;
    b->slots[at] = (uint16_t)i;
    b->state[at++] = (c->state[i] & (SLOT_EVALUATED | SLOT_NAT)) | SLOT_THERE;
  }
  return c->block_count++;
}

static void emit_packed(Compiler *c, const uint16_t *slots, size_t n) {
  for (size_t i = 0; i < n; i += CODE_PACKED) {
    uint64_t w = 0;
    for (size_t k = 0; k < CODE_PACKED && i + k < n; k++) w |= (uint64_t)slots[i + k] << 16 * k;
    emit_word(c, w);
  }
}

static uint16_t *capture_slots(const Compiler *c, const uint16_t *law_slots, size_t n) {
  uint16_t *slots = mem_alloc((n + 1) * sizeof *slots);
  for (size_t i = 0; i < n; i++) slots[i] = c->where[law_slots[i]];
  return slots;
}

void emit_captures(Compiler *c, const uint16_t *law_slots, size_t n) {
  uint16_t *slots = capture_slots(c, law_slots, n);
  emit_packed(c, slots, n);
  mem_free(slots);
}

// The bindings that e needs are made before it is suspended.
static void emit_needed(Compiler *c, Value e, uint32_t top) {
  uint8_t used[LAW_SLOTS] = {0};
  collect_slots(c, e, used);
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++)
    if (used[i]) emit_slot(c, i, top);
}

static void emit_suspend(Compiler *c, Value e, uint32_t dest, uint32_t top) {
  size_t block = add_block(c, e);
  emit_set(c, 0);
  emit(c, OP_SUSPEND, dest, c->law_slot, 0, top, c->blocks[block].captured);
  c->blocks[block].patch = emit_word(c, 0);
  emit_captures(c, c->blocks[block].slots, c->blocks[block].captured);
}

// --- attempts ------------------------------------------------------------------------------------------
// A lazy position with a few operators on constants and variables: if what they need is evaluated and
// small when the law runs, they are done at once, which costs less than to suspend them and keeps chains
// of suspensions from growing. It cannot be told from outside, for they cannot fail.
#define ATTEMPT_NODES 8

static bool is_cheap(Compiler *c, Value e, int *nodes) {
  Spine s;
  if (--*nodes < 0) return false;
  compiler_look(c, e, &s);
  if (s.n == 0) return true;
  const Inline *in = s.form == BODY_CONST ? inline_call(c->m, s.head, s.n) : NULL;
  if (!in || !(inline_is_operator(in) || in->form == INLINE_MUL || in->form == INLINE_DIVIDE ||
               in->form == INLINE_ELEMENT))
    return false;
  for (size_t i = 0; i < s.n; i++)
    if (!is_cheap(c, s.args[i], nodes)) return false;
  return true;
}

static void note_fail(Compiler *c, size_t at) {
  mem_reserve(c->fails, c->fail_cap, c->fail_count + 1);
  c->fails[c->fail_count++] = at;
}

static uint32_t emit_attempt(Compiler *c, Value e, uint32_t dest, uint32_t top);

// An operand of an attempt: its slot, top when it needs one.
static uint32_t emit_ready(Compiler *c, Value e, uint32_t top) {
  Spine s;
  compiler_look(c, e, &s);
  if (s.n > 0) return emit_attempt(c, e, top, top);
  if (s.form == BODY_CONST) {
    emit_value(c, s.head, top);
    return top;
  }
  uint32_t at = emit_slot(c, s.head, top);
  if (!(c->state[s.head] & SLOT_EVALUATED)) note_fail(c, emit(c, OP_READY, at, at, 0, 0, 0));
  return at;
}

bool emit_is_number(Compiler *c, Value e, Value *v) {
  Spine s;
  compiler_look(c, e, &s);
  *v = s.head;
  return s.n == 0 && s.form == BODY_CONST && s.head <= CODE_FIELD;
}

static uint32_t emit_attempt(Compiler *c, Value e, uint32_t dest, uint32_t top) {
  Spine s;
  Value number;
  compiler_look(c, e, &s);
  const Inline *in = inline_call(c->m, s.head, s.n);
  CodeOp op = in->op;
  if (op == OP_INC || op == OP_DEC) {
    uint32_t x = emit_ready(c, s.args[0], top);
    note_fail(c, emit(c, op == OP_INC ? OP_TRY_ADD_N : OP_TRY_SUB_N, dest, x, 1, 0, 0));
  } else if ((op == OP_ADD || op == OP_SUB) && emit_is_number(c, s.args[1], &number)) {
    uint32_t x = emit_ready(c, s.args[0], top);
    note_fail(c, emit(c, op == OP_ADD ? OP_TRY_ADD_N : OP_TRY_SUB_N, dest, x, number, 0, 0));
  } else if (in->form == INLINE_ELEMENT && emit_is_number(c, s.args[!in->first], &number)) {
    uint32_t row = emit_ready(c, s.args[in->first], top);
    note_fail(c, emit(c, OP_TRY_IDX_N, dest, row, number, 0, 0));
  } else {
    uint32_t x = emit_ready(c, s.args[0], top), y = x;
    if (s.n == 2) y = emit_ready(c, s.args[1], x == top ? top + 1 : top);
    bool direct = op == OP_ADD || op == OP_SUB;
    note_fail(c, emit(c, op == OP_ADD ? OP_TRY_ADD : op == OP_SUB ? OP_TRY_SUB : OP_TRY, dest, x, y, 0, 0));
    if (!direct) emit_word(c, op);
  }
  return dest;
}

// Where an attempt at e that fails from `first` on is left for a suspension of e.
static void note_cold(Compiler *c, Value e, uint32_t dest, size_t first, uint64_t slow) {
  size_t block = add_block(c, e);
  mem_reserve(c->cold, c->cold_cap, c->cold_count + 1);
  c->cold[c->cold_count++] =
      (Cold){.first_fail = first,
             .fails = c->fail_count - first,
             .block = block,
             .captures = capture_slots(c, c->blocks[block].slots, c->blocks[block].captured),
             .dest = dest,
             .slow = slow,
             .back = c->count};
}

// What is somewhere in e, an element of a variable's row, if nothing else in e uses that row.
static Value element_in(Compiler *c, Value e) {
  Spine s, arg, row;
  int nodes = ATTEMPT_NODES;
  compiler_look(c, e, &s);
  for (size_t i = 0; i < s.n; i++) {
    compiler_look(c, s.args[i], &arg);
    if (arg.n == 0) continue;
    const Inline *in = arg.form == BODY_CONST ? inline_call(c->m, arg.head, arg.n) : NULL;
    if (!in || in->form != INLINE_ELEMENT || !is_cheap(c, s.args[i], &nodes)) {
      Value found = element_in(c, s.args[i]);
      if (found != NOTHING_TAKEN) return found;
      continue;
    }
    compiler_look(c, arg.args[in->first], &row);
    if (row.n > 0 || row.form != BODY_SLOT) continue;
    uint8_t used[LAW_SLOTS] = {0};
    c->taken = s.args[i];
    collect_slots(c, e, used);
    c->taken = NOTHING_TAKEN;
    if (!used[row.head]) return s.args[i];
  }
  return NOTHING_TAKEN;
}

static void emit_put_off(Compiler *c, Value e, bool cheap, uint32_t dest, uint32_t top) {
  if (!cheap) {
    emit_suspend(c, e, dest, top);
    return;
  }
  size_t first = c->fail_count;
  uint64_t slow = emit_slow(c, top);
  emit_attempt(c, e, dest, top);
  note_cold(c, e, dest, first, slow);
}

// Suspends e, or tries it if it is cheap. An element in it is looked up first: what is suspended then
// captures the element instead of a row, every version of which a chain of updates would keep.
static void emit_later(Compiler *c, Value e, uint32_t dest, uint32_t top) {
  int nodes = ATTEMPT_NODES;
  bool cheap = is_cheap(c, e, &nodes);
  Value element = c->taken == NOTHING_TAKEN ? element_in(c, e) : NOTHING_TAKEN;
  if (element == NOTHING_TAKEN) {
    emit_put_off(c, e, cheap, dest, top);
    return;
  }
  if (!cheap) emit_set(c, 0); // here, as it is to be done if the attempt fails, too
  size_t first = c->fail_count, whole = c->cold_count;
  uint64_t slow = emit_slow(c, top);
  emit_attempt(c, element, top, top);
  note_cold(c, e, dest, first, slow);
  c->taken = element;
  c->where[taken_slot(c)] = (uint16_t)top;
  c->state[taken_slot(c)] = SLOT_THERE;
  emit_put_off(c, e, cheap, dest, top + 1);
  c->taken = NOTHING_TAKEN;
  c->cold[whole].back = c->count;
}

void emit_cold(Compiler *c) {
  for (size_t i = 0; i < c->cold_count; i++) {
    const Cold *k = &c->cold[i];
    for (size_t f = 0; f < k->fails; f++) patch_jump(c, c->fails[k->first_fail + f], c->count);
    if (slow_gap(k->slow)) emit(c, OP_CLEAR, slow_gap(k->slow), 2, 0, 0, 0);
    if (slow_unset_count(k->slow)) emit(c, OP_CLEAR, slow_unset(k->slow), slow_unset_count(k->slow), 0, 0, 0);
    emit(c, OP_SUSPEND, k->dest, slow_law_slot(k->slow), 0, slow_height(k->slow),
         c->blocks[k->block].captured);
    c->blocks[k->block].patch = emit_word(c, 0);
    emit_packed(c, k->captures, c->blocks[k->block].captured);
    size_t jump = emit(c, OP_JUMP, 0, 0, 0, 0, 0);
    patch_jump(c, jump, k->back);
    mem_free(k->captures);
  }
  c->cold_count = c->fail_count = 0;
}

// --- lazy positions --------------------------------------------------------------------------------------
// Operators on variables that are known to be evaluated, and constants, are not worth suspending.
static bool is_settled(Compiler *c, Value e, int *nodes) {
  Spine s;
  if (--*nodes < 0) return false;
  compiler_look(c, e, &s);
  if (s.n == 0)
    return s.form == BODY_CONST ||
           (c->state[s.head] & (SLOT_THERE | SLOT_EVALUATED)) == (SLOT_THERE | SLOT_EVALUATED);
  const Inline *in = s.form == BODY_CONST ? inline_call(c->m, s.head, s.n) : NULL;
  if (!in || (in->form != INLINE_UNARY && in->form != INLINE_BINARY)) return false;
  for (size_t i = 0; i < s.n; i++)
    if (!is_settled(c, s.args[i], nodes)) return false;
  return true;
}

bool emit_is_settled(Compiler *c, Value e) {
  int nodes = ATTEMPT_NODES;
  return is_settled(c, e, &nodes);
}

static bool is_simple(Compiler *c, Value e, int *nodes) {
  Spine s;
  if (--*nodes < 0) return false;
  compiler_look(c, e, &s);
  if (s.n == 0) return s.form == BODY_CONST || (c->state[s.head] & SLOT_THERE);
  const Inline *in = s.form == BODY_CONST ? inline_call(c->m, s.head, s.n) : NULL;
  if (!in || !(inline_is_operator(in) || in->form == INLINE_DIVIDE || in->form == INLINE_ELEMENT))
    return false;
  for (size_t i = 0; i < s.n; i++)
    if (!is_simple(c, s.args[i], nodes)) return false;
  return true;
}

bool emit_is_simple(Compiler *c, Value e) {
  int nodes = ATTEMPT_NODES;
  return is_simple(c, e, &nodes);
}

// Arity of a head known when compiling, else 0.
uint64_t emit_known_arity(const Compiler *c, const Spine *s) {
  if (s->form == BODY_CONST) return val_is_lazy(s->head) ? 0 : value_arity_u64(c->m, s->head);
  return s->head == 0 ? c->arity : 0;
}

uint32_t emit_lazy(Compiler *c, Value e, uint32_t top) {
  Spine s;
  compiler_look(c, e, &s);
  if (s.n == 0 && s.form == BODY_SLOT) return emit_slot(c, s.head, top);
  emit_lazy_into(c, e, top, top);
  return top;
}

static bool makes_row(const Spine *s) {
  return s->form == BODY_CONST && !val_is_small(s->head) && val_kind(s->head) == KIND_COW &&
         val_obj(s->head)[1] == s->n;
}

void emit_data(Compiler *c, const Spine *s, uint32_t dest, uint32_t top) {
  if (makes_row(s) && s->n == 2) {
    uint32_t last = emit_lazy(c, s->args[0], top);
    uint32_t above = top + (last == top), first = emit_lazy(c, s->args[1], above);
    emit_set(c, 0);
    emit(c, OP_PAIR, dest, first, last, above + (first == above), 0);
    return;
  }
  const uint32_t behind = top + (uint32_t)s->n;
  for (uint32_t slot = top, i = 0; slot < behind; slot++, i++) emit_lazy_into(c, s->args[i], slot, slot);
  if (makes_row(s)) {
    emit_set(c, 0);
    emit(c, OP_ROW, dest, 0, top, behind, s->n);
    return;
  }
  uint32_t head = behind;
  if (s->form == BODY_SLOT)
    head = emit_slot(c, s->head, behind);
  else
    emit_value(c, s->head, behind);
  emit_set(c, 0);
  emit(c, OP_DATA, dest, head, top, behind + (head == behind), s->n);
}

void emit_lazy_into(Compiler *c, Value e, uint32_t dest, uint32_t top) {
  Spine s;
  compiler_look(c, e, &s);
  if (s.n == 0 && s.form == BODY_SLOT) {
    uint32_t from = emit_slot(c, s.head, top);
    if (from != dest) emit(c, OP_MOVE, dest, from, 0, 0, 0);
  } else if (s.n == 0) {
    emit_value(c, s.head, dest);
  } else if (s.n < emit_known_arity(c, &s)) {
    emit_data(c, &s, dest, top);
  } else if (emit_is_settled(c, e)) {
    emit_into(c, e, dest, top, ~(Live)0);
  } else {
    emit_needed(c, e, top);
    emit_later(c, e, dest, top);
  }
}
