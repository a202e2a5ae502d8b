// Code for calls: of laws, of the law itself, of jets, of what is only known when the law runs.
#include "common/plan/compile.h"
#include "common/plan/frame.h"
#include <string.h>

static uint64_t frame_word(const Compiler *c, uint32_t at, uint32_t dest) {
  return frame_exec_word(at + 2u, dest, c->law_slot);
}

static bool has_argument(StrictOrder order, size_t argument) {
  size_t a;
  for (size_t i = 0; (a = strict_argument(order, i)); i++)
    if (a == argument) return true;
  return false;
}

static bool is_ascending(StrictOrder order) {
  size_t before = 0, a;
  for (size_t i = 0; (a = strict_argument(order, i)); before = a, i++)
    if (a < before) return false;
  return true;
}

static bool all_simple(Compiler *c, const Spine *s) {
  for (size_t i = 0; i < s->n; i++)
    if (!emit_is_simple(c, s->args[i])) return false;
  return true;
}

static Live live_from(const Compiler *c, const Spine *s, size_t i, Live live) {
  for (; i < s->n; i++) live |= live_in(c, s->args[i]);
  return live;
}

// The arguments of a call into the slots from `base` on, those that the callee evaluates first evaluated in
// that order. With a frame to be right below them, or not.
static void emit_arguments(Compiler *c, const Spine *s, StrictOrder order, uint32_t base, bool frame,
                           Live live) {
  uint32_t n = (uint32_t)s->n;
  size_t a;
  if (is_ascending(order)) {
    bool simple = frame && all_simple(c, s);
    uint32_t outer = c->gap;
    c->gap = simple ? base - 2 : 0;
    if (frame && !simple) emit_set(c, base - 2);
    for (uint32_t i = 0; i < n; i++) {
      if (has_argument(order, i + 1))
        emit_into(c, s->args[i], base + i, base + i, live_from(c, s, i + 1, live));
      else
        emit_lazy_into(c, s->args[i], base + i, base + i);
    }
    c->gap = outer;
    return;
  }
  uint32_t first = frame ? base - 2 : base;
  emit_set(c, 0);
  emit(c, OP_CLEAR, first, base + n - first, 0, 0, 0);
  for (size_t i = 0; (a = strict_argument(order, i)); i++)
    emit_into(c, s->args[a - 1], base + (uint32_t)a - 1, base + n, live_from(c, s, 0, live));
  for (uint32_t i = 0; i < n; i++)
    if (!has_argument(order, i + 1)) emit_lazy_into(c, s->args[i], base + i, base + n);
}

// `but`: a slot that the call itself reads.
static void emit_before_call(Compiler *c, Place p, uint32_t but) {
  emit_let_go(c, p.live, but);
  emit_set(c, 0);
}

static void emit_law_words(Compiler *c, Value head) {
  emit_word(c, head);
  emit_word(c, val_kind(head) == KIND_PIN ? val_obj(head)[PIN_ITEM] : head);
  emit_word(c, 0);
}

static void emit_law_call(Compiler *c, const Spine *s, Value law, Place p) {
  StrictOrder order;
  bool known = strict_order(c->m, law, &order);
  if (!known) order = 0;
  if (p.tail) {
    emit_arguments(c, s, order, p.top, false, 0);
    emit(c, OP_TAIL_LAW, p.top, known, 0, 0, s->n);
  } else {
    emit_arguments(c, s, order, p.top + 2, true, p.live);
    emit_before_call(c, p, UINT32_MAX);
    emit(c, OP_CALL_LAW, p.top, known, 0, 0, s->n);
    emit_word(c, frame_word(c, p.top, p.dest));
  }
  emit_law_words(c, s->head);
}

// --- the law again, in its own block ----------------------------------------------------------------------
static bool is_unchanged(Compiler *c, Value e, size_t argument) {
  Spine s;
  compiler_look(c, e, &s);
  return s.n == 0 && s.form == BODY_SLOT && s.head == argument;
}

// The arguments that the law evaluates first, in its order, then the others. Numbers count from 1.
static void in_sequence(StrictOrder order, size_t n, uint8_t *sequence) {
  size_t count = 0, a;
  for (size_t i = 0; (a = strict_argument(order, i)); i++) sequence[count++] = (uint8_t)a;
  for (a = 1; a <= n; a++)
    if (!has_argument(order, a)) sequence[count++] = (uint8_t)a;
}

// The new arguments go to where the old ones are: each at once if what follows does not need the old one,
// else by way of a slot from top on.
static void emit_new_arguments(Compiler *c, const Spine *s, uint32_t top) {
  uint8_t sequence[ARGS_MAX] = {0};
  uint32_t moved[ARGS_MAX + 1] = {0};
  Live unchanged = 0;
  in_sequence(c->order, s->n, sequence);
  for (size_t a = 1; a <= s->n; a++)
    if (is_unchanged(c, s->args[a - 1], a)) unchanged |= live_in(c, s->args[a - 1]);
  for (size_t i = 0; i < s->n; i++) {
    uint32_t a = sequence[i], dest = a - 1;
    Value e = s->args[a - 1];
    Live live = unchanged;
    for (size_t k = i + 1; k < s->n; k++) live |= live_in(c, s->args[sequence[k] - 1]);
    if (is_unchanged(c, e, a)) {
      if (has_argument(c->order, a)) emit_evaluated(c, a, top, live);
      continue;
    }
    if (a >= LIVE_MAX || live >> a & 1) dest = moved[a] = top;
    if (has_argument(c->order, a))
      emit_into(c, e, dest, top, live);
    else
      emit_lazy_into(c, e, dest, top);
    if (dest == top)
      top++;
    else
      c->state[a] |= SLOT_GONE;
  }
  for (uint32_t a = 1; a <= s->n; a++)
    if (moved[a]) emit(c, OP_MOVE, a - 1, moved[a], 0, 0, 0);
}

static void emit_self_call(Compiler *c, const Spine *s, Place p) {
  size_t at;
  if (p.tail && c->in_law) {
    emit_new_arguments(c, s, p.top);
    at = emit(c, OP_LOOP, 0, s->n, 0, 0, 0);
  } else if (p.tail) {
    emit_arguments(c, s, c->order, p.top, false, 0);
    at = emit(c, OP_TAIL_SELF, p.top, s->n, c->where[0], 0, 0);
    emit_word(c, c->law_slot);
  } else {
    emit_arguments(c, s, c->order, p.top + 2, true, p.live);
    emit_before_call(c, p, UINT32_MAX);
    at = emit(c, OP_CALL_SELF, p.top, s->n, c->where[0], 0, 0);
    emit_word(c, frame_word(c, p.top, p.dest));
  }
  patch_jump(c, at, c->code[CODE_STRICT_ENTRY]);
}

static void emit_jet_call(Compiler *c, const JetDef *def, const Spine *s, Place p) {
  if (p.tail) {
    emit_arguments(c, s, strict_order_of_jet(def), p.top, false, 0);
    emit(c, OP_TAIL_JET, p.top, 0, 0, 0, s->n);
  } else {
    emit_arguments(c, s, strict_order_of_jet(def), p.top + 2, true, p.live);
    emit_before_call(c, p, UINT32_MAX);
    emit(c, OP_CALL_JET, p.top, 0, 0, 0, s->n);
    emit_word(c, frame_word(c, p.top, p.dest));
  }
  emit_word(c, s->head);
  emit_word(c, (uint64_t)(uintptr_t)def);
}

// A call of what is in slot f, below top. A call that crashes keeps its law's frame, for the trace.
static void emit_call_of(Compiler *c, uint32_t f, const Spine *s, bool crash, Place p) {
  if (p.tail && !crash) {
    emit_arguments(c, s, 0, p.top, false, 0);
    emit(c, OP_TAIL, p.top, f, 0, 0, s->n);
    return;
  }
  emit_arguments(c, s, 0, p.top + 2, true, p.live);
  emit_before_call(c, p, f);
  emit(c, OP_CALL, p.top, f, 0, 0, s->n);
  emit_word(c, frame_word(c, p.top, p.dest));
  emit_finish(c, p);
}

static void emit_unknown_call(Compiler *c, const Spine *s, Place p) {
  bool crash = s->form == BODY_CONST && val_is_small(s->head) && s->head > OPCODE_LAST;
  uint32_t f = p.top;
  if (s->form == BODY_SLOT)
    f = emit_evaluated(c, s->head, p.top, live_from(c, s, 0, p.live));
  else
    emit_value(c, s->head, f);
  if (f == p.top) p.top++;
  emit_call_of(c, f, s, crash, p);
}

// A call with more arguments than the callee has: its value is called with the others.
static void emit_long_call(Compiler *c, const Spine *s, size_t arity, Place p) {
  Spine first = *s, others = *s;
  first.n = arity;
  others.n = s->n - arity;
  memmove(others.args, others.args + arity, others.n * sizeof *others.args);
  Place inner = {.dest = p.top, .top = p.top, .live = live_from(c, &others, 0, p.live)};
  emit_call(c, &first, inner);
  p.top++;
  emit_call_of(c, p.top - 1, &others, false, p);
}

void emit_call(Compiler *c, const Spine *s, Place p) {
  uint64_t arity = emit_known_arity(c, s);
  bool law = s->form == BODY_CONST && !val_is_small(s->head);
  Value item = law && val_kind(s->head) == KIND_PIN ? val_obj(s->head)[PIN_ITEM] : s->head;
  law = law && !val_is_small(item) && val_kind(item) == KIND_LAW;
  const JetDef *def = law ? inline_jet(c->m, s->head, s->n) : NULL;
  bool self = s->form == BODY_SLOT && s->head == 0 && !c->self_is_jet;
  if (def)
    emit_jet_call(c, def, s, p);
  else if ((law || self) && s->n > arity)
    emit_long_call(c, s, arity, p);
  else if (law)
    emit_law_call(c, s, item, p);
  else if (self)
    emit_self_call(c, s, p);
  else
    emit_unknown_call(c, s, p);
}
