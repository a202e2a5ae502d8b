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

// Code for which cannot collect, but for the slow ways of operators.
static bool is_simple(Compiler *c, Value e) {
  Spine s;
  compiler_look(c, e, &s);
  if (s.n == 0 && s.form == BODY_SLOT) return c->state[s.head] & SLOT_THERE;
  return emit_is_settled(c, e);
}

static bool all_simple(Compiler *c, const Spine *s, StrictOrder order) {
  for (size_t i = 0; i < s->n; i++)
    if (!(has_argument(order, i + 1) ? emit_is_settled(c, s->args[i]) : is_simple(c, s->args[i])))
      return false;
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
    bool simple = frame && all_simple(c, s, order);
    uint32_t outer = c->gap;
    c->gap = simple ? base - 2 : 0;
    if (frame && !simple) emit(c, OP_CLEAR, base - 2, 2, 0, 0, 0);
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
  emit(c, OP_CLEAR, first, base + n - first, 0, 0, 0);
  for (size_t i = 0; (a = strict_argument(order, i)); i++)
    emit_into(c, s->args[a - 1], base + (uint32_t)a - 1, base + n, live_from(c, s, 0, live));
  for (uint32_t i = 0; i < n; i++)
    if (!has_argument(order, i + 1)) emit_lazy_into(c, s->args[i], base + i, base + n);
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
    emit_let_go(c, p.live, UINT32_MAX);
    emit(c, OP_CALL_LAW, p.top, known, 0, 0, s->n);
    emit_word(c, frame_word(c, p.top, p.dest));
  }
  emit_law_words(c, s->head);
}

static void emit_self_call(Compiler *c, const Spine *s, Place p) {
  size_t at;
  if (p.tail) {
    emit_arguments(c, s, c->order, p.top, false, 0);
    at = emit(c, OP_TAIL_SELF, p.top, s->n, c->where[0], 0, 0);
    emit_word(c, c->law_slot);
  } else {
    emit_arguments(c, s, c->order, p.top + 2, true, p.live);
    emit_let_go(c, p.live, UINT32_MAX);
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
    emit_let_go(c, p.live, UINT32_MAX);
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
  emit_let_go(c, p.live, f);
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
