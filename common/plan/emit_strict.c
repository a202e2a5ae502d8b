// Code for what is evaluated: operators and choices; calls are in emit_call.c.
#include "common/base/mem.h"
#include "common/plan/compile.h"
#include "common/plan/row.h"
#include <string.h>

void emit_into(Compiler *c, Value e, uint32_t dest, uint32_t top, Live live) {
  emit_at(c, e, (Place){.dest = dest, .top = top, .live = live});
}

void emit_tail(Compiler *c, Value e, uint32_t top) {
  emit_at(c, e, (Place){.tail = true, .dest = top, .top = top});
}

void emit_finish(Compiler *c, Place p) {
  if (p.tail) emit(c, OP_RETURN, p.dest, 0, 0, 0, 0);
}

static void emit_constant(Compiler *c, Value v, Place p) {
  if (p.tail && v < 1u << 20) {
    size_t at = emit(c, OP_RETURN_SMALL, 0, 0, 0, 0, 0);
    patch_jump(c, at, at + v);
  } else {
    emit_value(c, v, p.dest);
    emit_finish(c, p);
  }
}

void emit_let_go(Compiler *c, Live live, uint32_t but) {
  for (uint32_t i = 1; i <= c->last_slot && i < LIVE_MAX; i++) {
    uint8_t *state = &c->state[i];
    if (live >> i & 1 || (*state & (SLOT_THERE | SLOT_NAT | SLOT_GONE)) != SLOT_THERE || c->where[i] == but)
      continue;
    emit(c, OP_SMALL, c->where[i], 0, 0, 0, 0);
    *state |= SLOT_GONE;
  }
}

// --- operands --------------------------------------------------------------------------------------------
uint32_t emit_evaluated(Compiler *c, Value slot, uint32_t top, Live live) {
  uint8_t *state = &c->state[slot];
  assert(!(*state & SLOT_GONE));
  if (!(*state & SLOT_THERE)) {
    emit_into(c, c->bindings[slot].expr, c->where[slot], top, live);
    *state |= SLOT_THERE | SLOT_EVALUATED;
  } else if (!(*state & SLOT_EVALUATED)) {
    emit_let_go(c, live, c->where[slot]);
    emit_eval(c, c->where[slot], c->where[slot], top);
    *state |= SLOT_EVALUATED;
  }
  return c->where[slot];
}

// Evaluates e; the slot with the value, which is top if it needed one.
static uint32_t operand(Compiler *c, Value e, uint32_t top, Live live) {
  Spine s;
  compiler_look(c, e, &s);
  if (s.n == 0 && s.form == BODY_SLOT) return emit_evaluated(c, s.head, top, live);
  emit_into(c, e, top, top, live);
  return top;
}

// A variable that is there, which an operator evaluates itself if it is not evaluated yet; or a constant.
static bool is_variable(Compiler *c, Value e, Value *slot) {
  Spine s;
  compiler_look(c, e, &s);
  *slot = s.head;
  return s.n == 0 && s.form == BODY_SLOT && (c->state[s.head] & SLOT_THERE);
}

// The same for an operator's only operand, or the last to be computed.
static uint32_t last_operand(Compiler *c, Value e, uint32_t top, Live live) {
  Value slot;
  if (!is_variable(c, e, &slot)) return operand(c, e, top, live);
  assert(!(c->state[slot] & SLOT_GONE));
  if (!(c->state[slot] & SLOT_EVALUATED)) emit_let_go(c, live, c->where[slot]);
  c->state[slot] |= SLOT_EVALUATED;
  return c->where[slot];
}

static void mark_nat(Compiler *c, Value e) {
  Spine s;
  compiler_look(c, e, &s);
  if (s.n == 0 && s.form == BODY_SLOT) c->state[s.head] |= SLOT_NAT;
}

// The height above an operand.
static uint32_t above(uint32_t top, uint32_t operand) { return operand == top ? top + 1 : top; }

// Two operands, `first` before the other; the height above them.
static uint32_t operands(Compiler *c, const Spine *s, uint8_t first, uint32_t top, Live live,
                         uint32_t at[2]) {
  Value e = s->args[first], f = s->args[!first], ignored;
  Live both = live | live_in(c, e) | live_in(c, f);
  if (is_variable(c, e, &ignored) && is_variable(c, f, &ignored)) {
    at[first] = last_operand(c, e, top, both);
    at[!first] = last_operand(c, f, top, both);
    return top;
  }
  at[first] = operand(c, e, top, live | live_in(c, f));
  uint32_t next = above(top, at[first]);
  at[!first] = last_operand(c, f, next, at[first] == top ? live : live | live_in(c, e));
  return above(next, at[!first]);
}

// --- ways ------------------------------------------------------------------------------------------------
// Where a test jumps from when it is false, and what is known then, if that is less than afterwards.
typedef struct Jumps {
  size_t at[2 * DEPTH_MAX];
  size_t n;
  uint8_t *state;
  bool unset;
} Jumps;

static void note_state(const Compiler *c, Jumps *j) {
  if (j->state) return;
  j->state = mem_dup(c->state, slot_count(c));
  j->unset = c->unset;
}

static void note_jump(Jumps *j, size_t at) {
  assert(j->n < 2 * DEPTH_MAX);
  j->at[j->n++] = at;
}

static void jumps_end_here(Compiler *c, const Jumps *j) {
  for (size_t i = 0; i < j->n; i++) patch_jump(c, j->at[i], c->count);
}

// What is known where ways part, so that each begins with it, and what all of them agree on where they meet.
typedef struct Ways {
  uint8_t *before, *met;
  bool unset_before, unset_met;
  bool first;
} Ways;

// All ways but the first begin where `others` jump from, if there are any.
static Ways part_ways(Compiler *c, const Jumps *others) {
  size_t n = slot_count(c);
  bool known = others && others->state;
  return (Ways){.before = mem_dup(known ? others->state : c->state, n),
                .met = mem_dup(c->state, n),
                .unset_before = known ? others->unset : c->unset,
                .first = true};
}

static void end_way(Compiler *c, Ways *w) {
  for (uint32_t i = 0; i < slot_count(c); i++) {
    uint8_t now = c->state[i], met = w->met[i];
    w->met[i] =
        w->first
            ? now
            : (uint8_t)((now & met & (SLOT_THERE | SLOT_EVALUATED)) | ((now | met) & (SLOT_NAT | SLOT_GONE)));
  }
  w->first = false;
  w->unset_met |= c->unset;
  c->unset = w->unset_before;
  memcpy(c->state, w->before, slot_count(c));
}

static void meet(Compiler *c, Ways *w) {
  memcpy(c->state, w->met, slot_count(c));
  c->unset = w->unset_met;
  mem_free(w->before);
  mem_free(w->met);
}

// --- operators --------------------------------------------------------------------------------------------
static size_t emit_operator(Compiler *c, CodeOp op, uint32_t a, uint32_t b, uint32_t cc, Value pin,
                            uint32_t top) {
  uint64_t slow = emit_slow(c, top);
  size_t at = emit(c, op, a, b, cc, 0, 0);
  emit_word(c, pin);
  emit_word(c, slow);
  return at;
}

static bool needs_no_jet(CodeOp op) { return op >= OP_EQZ; }

static void emit_unary(Compiler *c, const Inline *in, const Spine *s, Place p) {
  if (needs_no_jet(in->op)) {
    emit(c, in->op, p.dest, operand(c, s->args[0], p.top, p.live), 0, 0, 0);
    return;
  }
  uint32_t x = last_operand(c, s->args[0], p.top, p.live);
  if (in->op == OP_INC || in->op == OP_DEC) mark_nat(c, s->args[0]);
  emit_operator(c, in->op, p.dest, x, 0, s->head, above(p.top, x));
}

// The operands of a comparison or sum: with a number for the second when it is one. *height: above them.
static CodeOp emit_pair_of_operands(Compiler *c, const Inline *in, const Spine *s, uint32_t top, Live live,
                                    uint32_t at[2], uint32_t *height) {
  Value number;
  if (emit_is_number(c, s->args[1], &number)) {
    at[0] = last_operand(c, s->args[0], top, live);
    at[1] = (uint32_t)number;
    mark_nat(c, s->args[0]);
    *height = above(top, at[0]);
    return (CodeOp)(in->op + 1);
  }
  *height = operands(c, s, in->first, top, live, at);
  if (in->form != INLINE_COMPARE) {
    mark_nat(c, s->args[0]);
    mark_nat(c, s->args[1]);
  }
  return in->op;
}

static void emit_binary(Compiler *c, const Inline *in, const Spine *s, Place p) {
  uint32_t at[2], height;
  Value number;
  Spine turned = *s;
  if (in->op == OP_ADD && emit_is_number(c, s->args[0], &number)) { // a sum is the same the other way around
    turned.args[0] = s->args[1];
    turned.args[1] = s->args[0];
  }
  CodeOp op = emit_pair_of_operands(c, in, &turned, p.top, p.live, at, &height);
  emit_operator(c, op, p.dest, at[0], at[1], s->head, height);
}

// Bindings that are needed where ways part and again where they have met are made on each of the ways.
static void make_shared(Compiler *c, Live ways, Place p) {
  if (p.tail) return;
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++) {
    if (c->state[i] & SLOT_THERE || c->bindings[i].uses == 0 || c->bindings[i].in_place) continue;
    if (i >= LIVE_MAX || (ways & p.live) >> i & 1) emit_slot(c, i, p.top);
  }
}

static bool is_simple_variable(const Compiler *c, const Spine *s) {
  return s->n == 0 && (s->form == BODY_CONST || (c->state[s->head] & SLOT_EVALUATED));
}

static void emit_product(Compiler *c, const Spine *s, Place p) {
  Value number;
  Spine left;
  compiler_look(c, s->args[0], &left);
  if (emit_is_number(c, s->args[1], &number) && number > 0) {
    uint32_t x = last_operand(c, s->args[0], p.top, p.live);
    emit_operator(c, OP_MUL_N, p.dest, x, (uint32_t)number, s->head, above(p.top, x));
    return;
  }
  uint32_t y = operand(c, s->args[1], p.top, p.live | live_in(c, s->args[0])), next = above(p.top, y);
  mark_nat(c, s->args[1]);
  if (is_simple_variable(c, &left)) {
    uint32_t x = operand(c, s->args[0], next, p.live);
    emit_operator(c, OP_MUL, p.dest, x, y, s->head, above(next, x));
    return;
  }
  // By nothing: the other factor is not looked at.
  make_shared(c, live_in(c, s->args[0]), p);
  size_t to_zero = emit(c, OP_UNLESS, y, 0, 0, 0, 0);
  Ways w = part_ways(c, NULL);
  uint32_t x = operand(c, s->args[0], next, p.live | live_in(c, s->args[1]));
  emit_operator(c, OP_MUL, p.dest, x, y, s->head, above(next, x));
  end_way(c, &w);
  size_t to_end = emit(c, OP_JUMP, 0, 0, 0, 0, 0);
  patch_jump(c, to_zero, c->count);
  emit_value(c, 0, p.dest);
  end_way(c, &w);
  patch_jump(c, to_end, c->count);
  meet(c, &w);
}

static void emit_division(Compiler *c, const Inline *in, const Spine *s, Place p) {
  uint32_t at[2], height = operands(c, s, in->first, p.top, p.live, at);
  emit_operator(c, in->op, p.dest, at[0], at[1], s->head, height);
}

// An element may be lazy; the row is evaluated first, and what may be an index is left to the jet when it is
// no evaluated nat.
static void emit_element(Compiler *c, const Inline *in, const Spine *s, Place p) {
  Value row = s->args[in->first], index = s->args[!in->first], number;
  CodeOp op = p.tail ? in->op : (CodeOp)(in->op + (OP_IDX_EVAL - OP_IDX));
  if (emit_is_number(c, index, &number)) {
    uint32_t at = last_operand(c, row, p.top, p.live);
    emit_operator(c, (CodeOp)(op + 1), p.dest, at, (uint32_t)number, s->head, above(p.top, at));
  } else {
    uint32_t at = operand(c, row, p.top, p.live | live_in(c, index)), next = above(p.top, at);
    uint32_t i = emit_lazy(c, index, next);
    bool first = in->op == OP_IDX;
    emit_operator(c, op, p.dest, first ? i : at, first ? at : i, s->head, above(next, i));
  }
  emit_finish(c, p);
}

// --- choices ----------------------------------------------------------------------------------------------
static const Inline *operator_of(Compiler *c, const Spine *s) {
  return s->form == BODY_CONST && s->n > 0 ? inline_call(c->m, s->head, s->n) : NULL;
}

// Jumps where e is false.
static void emit_test(Compiler *c, Value e, uint32_t top, Live live, Jumps *to_else) {
  Spine s;
  compiler_look(c, e, &s);
  const Inline *in = operator_of(c, &s);
  CodeOp op = in ? in->op : OP_COUNT;
  if (op == OP_EQZ || op == OP_ISNAT) {
    uint32_t x = operand(c, s.args[0], top, live);
    note_jump(to_else, emit(c, op == OP_EQZ ? OP_UNZERO : OP_UNNAT, x, 0, 0, 0, 0));
  } else if (op == OP_BIT) {
    emit_test(c, s.args[0], top, live, to_else);
  } else if (in && in->form == INLINE_AND) {
    emit_test(c, s.args[0], top, live | live_in(c, s.args[1]), to_else);
    note_state(c, to_else);
    emit_test(c, s.args[1], top, live, to_else);
  } else if (in && in->form == INLINE_COMPARE) {
    uint32_t at[2], height;
    CodeOp compare = emit_pair_of_operands(c, in, &s, top, live, at, &height);
    note_jump(to_else, emit_operator(c, (CodeOp)(compare + 2), top, at[0], at[1], s.head, height));
    note_jump(to_else, emit(c, OP_UNLESS, top, 0, 0, 0, 0));
  } else {
    uint32_t x = operand(c, e, top, live);
    note_jump(to_else, emit(c, OP_UNLESS, x, 0, 0, 0, 0));
  }
}

static void emit_if(Compiler *c, Value test, CodeOp jump, Value yes, Value no, Place p) {
  Jumps to_else = {.n = 0};
  Live ways = live_in(c, yes) | live_in(c, no), live = ways | p.live;
  if (jump == OP_UNLESS) {
    Spine s;
    compiler_look(c, test, &s);
    const Inline *in = operator_of(c, &s);
    if (in && in->op == OP_NOT) {
      emit_if(c, s.args[0], jump, no, yes, p);
      return;
    }
    emit_test(c, test, p.top, live, &to_else);
  } else {
    note_jump(&to_else, emit(c, jump, operand(c, test, p.top, live), 0, 0, 0, 0));
  }
  Ways w = part_ways(c, &to_else);
  make_shared(c, ways, p);
  emit_at(c, yes, p);
  end_way(c, &w);
  size_t to_end = p.tail ? 0 : emit(c, OP_JUMP, 0, 0, 0, 0, 0);
  jumps_end_here(c, &to_else);
  make_shared(c, ways, p);
  emit_at(c, no, p);
  end_way(c, &w);
  if (!p.tail) patch_jump(c, to_end, c->count);
  meet(c, &w);
  mem_free(to_else.state);
}

// The elements of a row that the law writes down, first to last: expressions, or constants. ARGS_MAX is
// not exceeded. False: e is no such row.
typedef struct Choices {
  Value of[ARGS_MAX];
  size_t n;
  bool constant;
} Choices;

static bool choices_of(Compiler *c, Value e, Choices *out) {
  Spine s;
  compiler_look(c, e, &s);
  out->n = s.n;
  out->constant = s.n == 0;
  if (s.form != BODY_CONST || val_is_small(s.head)) return false;
  if (s.n == 0) {
    if (val_kind(s.head) != KIND_ROW || row_len(s.head) > ARGS_MAX) return false;
    out->n = row_len(s.head);
    for (size_t i = 0; i < out->n; i++) out->of[i] = row_at(s.head, i);
    return true;
  }
  if (val_kind(s.head) != KIND_COW || val_obj(s.head)[1] != s.n) return false;
  for (size_t i = 0; i < s.n; i++) out->of[i] = s.args[s.n - 1 - i];
  return true;
}

static Live choices_live(const Compiler *c, const Choices *choices, Value otherwise) {
  Live live = live_in(c, otherwise);
  for (size_t i = 0; i < choices->n && !choices->constant; i++) live |= live_in(c, choices->of[i]);
  return live;
}

// A jump table, which is not written yet: where the choices, or `otherwise`, go on.
static void emit_choices(Compiler *c, const Choices *choices, Value otherwise, Place p) {
  size_t table = c->count, ends[ARGS_MAX + 1];
  Live ways = choices_live(c, choices, otherwise);
  Ways w = part_ways(c, NULL);
  for (size_t i = 0; i <= choices->n; i++) emit_word(c, 0);
  for (size_t i = 0; i <= choices->n; i++) {
    c->code[table + i] = c->count - table;
    make_shared(c, ways, p);
    if (i > 0 && choices->constant) {
      emit_constant(c, choices->of[i - 1], p);
    } else {
      emit_at(c, i ? choices->of[i - 1] : otherwise, p);
    }
    end_way(c, &w);
    ends[i] = p.tail ? 0 : emit(c, OP_JUMP, 0, 0, 0, 0, 0);
  }
  for (size_t i = 0; i <= choices->n && !p.tail; i++) patch_jump(c, ends[i], c->count);
  meet(c, &w);
}

static bool emit_switch(Compiler *c, const Spine *s, Place p) {
  Choices choices;
  if (!choices_of(c, s->args[2], &choices)) return false;
  Live live = p.live | choices_live(c, &choices, s->args[1]);
  emit(c, OP_INDEX, operand(c, s->args[0], p.top, live), choices.n, 0, 0, 0);
  emit_choices(c, &choices, s->args[1], p);
  return true;
}

// Keys that are nats differ from anything else at first sight, so that the key need not be forced.
static bool are_nats(Value keys) {
  for (size_t i = 0; i < row_len(keys); i++)
    if (val_kind(row_at(keys, i)) != KIND_NAT) return false;
  return row_len(keys) > 0;
}

// By the keys of a tab that the law writes down.
static bool emit_find(Compiler *c, const Spine *s, Place p) {
  Spine tab;
  Choices choices;
  Value keys;
  compiler_look(c, s->args[2], &tab);
  if (tab.form != BODY_CONST || val_is_small(tab.head)) return false;
  if (tab.n == 0 && val_kind(tab.head) == KIND_TAB) {
    Value vals = tab_vals(tab.head);
    if (row_len(vals) > ARGS_MAX) return false;
    keys = set_keys(tab_keys(tab.head));
    choices = (Choices){.n = row_len(vals), .constant = true};
    for (size_t i = 0; i < choices.n; i++) choices.of[i] = row_at(vals, i);
  } else {
    if (tab.n != 1 || val_kind(tab.head) != KIND_SET || !choices_of(c, tab.args[0], &choices)) return false;
    keys = set_keys(tab.head);
  }
  if (row_len(keys) != choices.n || !are_nats(keys)) return false;
  Live live = p.live | choices_live(c, &choices, s->args[1]);
  emit(c, OP_FIND, operand(c, s->args[0], p.top, live), choices.n, 0, 0, 0);
  emit_word(c, keys);
  emit_choices(c, &choices, s->args[1], p);
  return true;
}

static void emit_seq(Compiler *c, const Spine *s, Place p) {
  operand(c, s->args[0], p.top, p.live | live_in(c, s->args[1]));
  emit_at(c, s->args[1], p);
}

// 1 or 0: whether both, or either, are true; the second is not looked at when the first decides.
static void emit_logic(Compiler *c, const Spine *s, bool either, Place p) {
  Jumps to_else = {.n = 0};
  emit_test(c, s->args[0], p.top, p.live | live_in(c, s->args[1]), &to_else);
  Ways w = part_ways(c, &to_else);
  mem_free(to_else.state);
  size_t to_end = 0;
  for (int way = 0; way < 2; way++) {
    make_shared(c, live_in(c, s->args[1]), p);
    if (way == either)
      emit(c, OP_BIT, p.dest, operand(c, s->args[1], p.top, p.live), 0, 0, 0);
    else
      emit_value(c, either, p.dest);
    end_way(c, &w);
    if (way == 0) {
      to_end = emit(c, OP_JUMP, 0, 0, 0, 0, 0);
      jumps_end_here(c, &to_else);
    }
  }
  patch_jump(c, to_end, c->count);
  meet(c, &w);
  emit_finish(c, p);
}

// --- everything ----------------------------------------------------------------------------------------
static void emit_variable(Compiler *c, Value slot, Place p) {
  if (p.tail && !(c->state[slot] & SLOT_THERE)) {
    emit_at(c, c->bindings[slot].expr, p);
    return;
  }
  uint32_t from = c->where[slot];
  if (p.tail) {
    emit(c, OP_RETURN, from, 0, 0, 0, 0);
  } else if ((c->state[slot] & (SLOT_THERE | SLOT_EVALUATED)) == SLOT_THERE && !(p.live & live_in(c, slot)) &&
             slot < LIVE_MAX) { // not used again
    emit_let_go(c, p.live, from);
    emit_eval(c, p.dest, from, p.top);
  } else {
    emit_evaluated(c, slot, p.top, p.live);
    if (from != p.dest) emit(c, OP_MOVE, p.dest, from, 0, 0, 0);
  }
}

// Calls that are not calls of the code. False: it is one.
static bool emit_in_line(Compiler *c, const Inline *in, const Spine *s, Place p) {
  switch (in->form) {
  case INLINE_IF: emit_if(c, s->args[0], OP_UNLESS, s->args[1], s->args[2], p); return true;
  case INLINE_IFZ: emit_if(c, s->args[0], OP_UNZERO, s->args[1], s->args[2], p); return true;
  case INLINE_SEQ: emit_seq(c, s, p); return true;
  case INLINE_AND: emit_logic(c, s, false, p); return true;
  case INLINE_OR: emit_logic(c, s, true, p); return true;
  case INLINE_SWITCH: return emit_switch(c, s, p);
  case INLINE_FIND: return emit_find(c, s, p);
  case INLINE_ELEMENT: emit_element(c, in, s, p); return true;
  case INLINE_UNARY: emit_unary(c, in, s, p); break;
  case INLINE_BINARY:
  case INLINE_COMPARE: emit_binary(c, in, s, p); break;
  case INLINE_MUL: emit_product(c, s, p); break;
  case INLINE_DIVIDE: emit_division(c, in, s, p); break;
  }
  emit_finish(c, p);
  return true;
}

void emit_at(Compiler *c, Value e, Place p) {
  Spine s;
  compiler_look(c, e, &s);
  if (s.n == 0 && s.form == BODY_SLOT) {
    emit_variable(c, s.head, p);
    return;
  }
  if (s.n == 0) {
    emit_constant(c, s.head, p);
    return;
  }
  const Inline *in = operator_of(c, &s);
  if (in && emit_in_line(c, in, &s, p)) return;
  if (s.n < emit_known_arity(c, &s)) {
    emit_data(c, &s, p.dest, p.top);
    emit_finish(c, p);
  } else {
    emit_call(c, &s, p);
  }
}
