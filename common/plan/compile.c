// From a law's body to code. Bounded: bodies of more than NODES_MAX nodes or DEPTH_MAX levels, counted
// as the trees that they unfold to, stay with the interpreter; so the recursion here is bounded too.
#include "common/base/mem.h"
#include "common/plan/body.h"
#include "common/plan/code.h"
#include "common/plan/pinjet.h"
#include "common/plan/row.h"
#include <assert.h>
#include <string.h>

#define NODES_MAX 2000
#define DEPTH_MAX 200
#define SLOTS_MAX 1000

typedef struct Block {
  Value expr;
  uint32_t patch;            // position of the instruction that refers to it
  uint16_t captured, *slots; // law slots in the order captured
} Block;

typedef struct Compiler {
  Machine *m;
  uint64_t *code;
  size_t count, cap;
  Block *blocks;
  size_t block_count, block_cap;
  Value law;
  uint32_t arity, lets, last_slot;
  int32_t where[SLOTS_MAX]; // law slot -> slot of the block being compiled
  struct Binding {
    Value expr;
    uint32_t uses;
    bool in_place;       // computed where it is used, which is one place
  } bindings[SLOTS_MAX]; // by law slot; only those of bindings count
  Value *quotes;         // constants that are no expressions of the law, see quote
  size_t quote_count, quote_cap;
} Compiler;

static size_t emit_word(Compiler *c, uint64_t w) {
  mem_reserve(c->code, c->cap, c->count + 1);
  c->code[c->count] = w;
  return c->count++;
}

static size_t emit(Compiler *c, CodeOp op, uint64_t a, uint64_t b) {
  return emit_word(c, code_word(op, a, b));
}

static void emit_const(Compiler *c, Value v) {
  emit(c, OP_CONST, 0, 0);
  emit_word(c, v);
}

static void patch_here(Compiler *c, size_t at) {
  c->code[at] = code_word(code_op(c->code[at]), c->count, code_b(c->code[at]));
}

// --- a look at an expression: its spine ------------------------------------------------------------
#define ARGS_MAX 64

typedef struct Spine {
  BodyForm form; // of the head: slot or constant
  Value head;
  size_t n;
  Value args[ARGS_MAX];
} Spine;

static const struct Binding *in_place(const Compiler *c, BodyForm form, Value slot) {
  return form == BODY_SLOT && c->bindings[slot].in_place ? &c->bindings[slot] : NULL;
}

// An expression for a constant that the law's body does not contain as one: VAL_LAZY, which no body holds,
// and the index of the constant.
static Value quote(Compiler *c, Value v) {
  mem_reserve(c->quotes, c->quote_cap, c->quote_count + 1);
  c->quotes[c->quote_count] = v;
  return VAL_LAZY | c->quote_count++;
}

static BodyForm form_of(const Compiler *c, Value e, Value *f, Value *arg) {
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

// Only for what measure has accepted.
static void look(Compiler *c, Value e, Spine *s) {
  Value arg, f;
  const struct Binding *b;
  s->n = 0;
  for (;;) {
    s->form = form_of(c, e, &f, &arg);
    if (s->form == BODY_CALL) {
      assert(s->n < ARGS_MAX);
      s->args[s->n++] = arg;
      e = f;
    } else if ((b = in_place(c, s->form, f))) {
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

// Counts nodes down; false when the tree is too big, too deep or too wide.
static bool small_enough(const Compiler *c, Value e, int *nodes, int depth) {
  if (depth > DEPTH_MAX) return false;
  Value f, arg;
  size_t n = 0;
  while (body_form(e, c->last_slot, &f, &arg) == BODY_CALL) {
    if (--*nodes < 0 || ++n > ARGS_MAX || !small_enough(c, arg, nodes, depth + 1)) return false;
    e = f;
  }
  return --*nodes >= 0;
}

static void collect_slots(const Compiler *c, Value e, uint8_t *used) {
  Value f, arg;
  BodyForm form;
  const struct Binding *b;
  while ((form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL) {
    collect_slots(c, arg, used);
    e = f;
  }
  if ((b = in_place(c, form, f)))
    collect_slots(c, b->expr, used);
  else if (form == BODY_SLOT)
    used[f] = 1;
}

// Head known at compile time: its arity, else 0.
static uint64_t known_arity(const Compiler *c, const Spine *s) {
  if (s->form == BODY_CONST) return val_is_lazy(s->head) ? 0 : value_arity_u64(s->head);
  return s->head == 0 ? c->arity : 0;
}

// --- what the machine computes in line ----------------------------------------------------------------
static const struct Inline {
  const char *name;
  CodeOp op;
} inlines[] = {
    {"_Add", OP_ADD}, {"_Sub", OP_SUB}, {"_Mul", OP_MUL}, {"_Dec", OP_DEC},     {"_Lth", OP_LTH},
    {"_Lte", OP_LTE}, {"_Gth", OP_GTH}, {"_Gte", OP_GTE}, {"_Eql", OP_EQL},     {"_Neq", OP_NEQ},
    {"_Eqz", OP_EQZ}, {"_Not", OP_NOT}, {"_Bit", OP_BIT}, {"_IsNat", OP_ISNAT}, {"_Len", OP_LEN},
    {"_Idx", OP_IDX}, {"_Get", OP_GET},
};

static const struct Inline *inline_of(const JetDef *def) {
  for (size_t i = 0; i < sizeof inlines / sizeof *inlines; i++)
    if (strcmp(inlines[i].name, def->name) == 0) return &inlines[i];
  return NULL;
}

static const JetDef *jet_of(Compiler *c, const Spine *s) {
  if (s->form != BODY_CONST || val_is_small(s->head) || val_kind(s->head) != KIND_PIN) return NULL;
  const JetDef *def = pin_jet(c->m, s->head);
  return def && def->arity == s->n ? def : NULL;
}

// The instruction for a call of such a jet, or of the opcode that adds one.
static bool inline_op(Compiler *c, const Spine *s, CodeOp *op) {
  const JetDef *def = s->n ? jet_of(c, s) : NULL;
  const struct Inline *in = def ? inline_of(def) : NULL;
  bool inc = s->form == BODY_CONST && s->head == 3 && s->n == 1;
  *op = inc ? OP_INC : in ? in->op : OP_RET;
  return inc || in;
}

// --- attempts ---------------------------------------------------------------------------------------
// A lazy position with a few instructions in line on constants and slots: if what they need is evaluated
// and small when the law runs, they are done at once, which costs less than to suspend them and keeps
// chains of suspensions from growing. It cannot be told from outside, for they cannot fail.
#define ATTEMPT_NODES 8

typedef struct Attempt {
  size_t fails[ATTEMPT_NODES], count; // words that tell where to go when it is not to be
  size_t to_end;
} Attempt;

static bool is_cheap(Compiler *c, Value e, int *nodes) {
  Spine s;
  CodeOp op;
  if (--*nodes < 0) return false;
  look(c, e, &s);
  if (s.n == 0) return true;
  if (!inline_op(c, &s, &op)) return false;
  for (size_t i = 0; i < s.n; i++)
    if (!is_cheap(c, s.args[i], nodes)) return false;
  return true;
}

// With `pushed` operands on the stack that a failure has to drop.
static void emit_attempt(Compiler *c, Attempt *a, Value e, size_t pushed) {
  Spine s;
  CodeOp op;
  look(c, e, &s);
  if (s.n == 0 && s.form == BODY_CONST) {
    emit_const(c, s.head);
    return;
  }
  if (s.n == 0) {
    emit(c, OP_READY, (uint64_t)c->where[s.head], pushed);
  } else {
    for (size_t i = 0; i < s.n; i++) emit_attempt(c, a, s.args[i], pushed + i);
    inline_op(c, &s, &op);
    emit(c, OP_TRY, op, pushed + s.n);
  }
  a->fails[a->count++] = emit_word(c, 0);
}

static bool begin_attempt(Compiler *c, Attempt *a, Value e) {
  Spine s;
  int nodes = ATTEMPT_NODES;
  look(c, e, &s);
  if (s.n == 0 || !is_cheap(c, e, &nodes)) return false;
  a->count = 0;
  emit_attempt(c, a, e, 0);
  a->to_end = emit(c, OP_JUMP, 0, 0);
  for (size_t i = 0; i < a->count; i++) c->code[a->fails[i]] = c->count;
  return true;
}

static void end_attempt(Compiler *c, const Attempt *a) { patch_here(c, a->to_end); }

// --- lazy positions ---------------------------------------------------------------------------------
// Registers a block for e; the instruction at `patch` gets its position later.
static Block *add_block(Compiler *c, Value e, size_t patch) {
  uint8_t used[SLOTS_MAX] = {0};
  collect_slots(c, e, used);
  mem_reserve(c->blocks, c->block_cap, c->block_count + 1);
  Block *b = &c->blocks[c->block_count++];
  *b =
      (Block){.expr = e, .patch = (uint32_t)patch, .slots = mem_alloc((c->last_slot + 1) * sizeof *b->slots)};
  for (uint32_t i = 0; i <= c->last_slot; i++)
    if (used[i]) b->slots[b->captured++] = (uint16_t)i;
  return b;
}

static void emit_captures(Compiler *c, const Block *b) {
  for (size_t i = 0; i < b->captured; i++) emit_word(c, (uint64_t)c->where[b->slots[i]]);
}

static void emit_suspend(Compiler *c, Value e) {
  Attempt attempt;
  bool tried = begin_attempt(c, &attempt, e);
  size_t at = emit(c, OP_SUSPEND, 0, 0);
  const Block *b = add_block(c, e, at);
  c->code[at] = code_word(OP_SUSPEND, b->captured, 0);
  emit_captures(c, b);
  if (tried) end_attempt(c, &attempt);
}

static void emit_lazy(Compiler *c, Value e);

static void emit_head(Compiler *c, const Spine *s) {
  if (s->form == BODY_SLOT)
    emit(c, OP_SLOT, (uint64_t)c->where[s->head], 0);
  else
    emit_const(c, s->head);
}

static void emit_data(Compiler *c, const Spine *s) {
  for (size_t i = 0; i < s->n; i++) emit_lazy(c, s->args[i]);
  emit_head(c, s);
  emit(c, OP_APP, s->n, 0);
}

static void emit_lazy(Compiler *c, Value e) {
  Spine s;
  look(c, e, &s);
  if (s.n == 0)
    emit_head(c, &s);
  else if (s.n < known_arity(c, &s))
    emit_data(c, &s);
  else
    emit_suspend(c, e);
}

// --- strict positions -------------------------------------------------------------------------------
static void emit_strict(Compiler *c, Value e, bool tail);

static void emit_branch(Compiler *c, CodeOp test, const Value *args, bool tail) {
  emit_strict(c, args[0], false);
  size_t to_else = emit(c, test, 0, 0);
  emit_strict(c, args[1], tail);
  size_t to_end = tail ? 0 : emit(c, OP_JUMP, 0, 0);
  patch_here(c, to_else);
  emit_strict(c, args[2], tail);
  if (!tail) patch_here(c, to_end);
}

// The truth of the second argument, or `decided` when the first, being so, decides.
static void emit_shortcut(Compiler *c, const Spine *s, bool decided, bool tail) {
  emit_strict(c, s->args[0], false);
  size_t to_second = 0, to_decided = emit(c, OP_UNLESS, 0, 0);
  if (decided) {
    emit_const(c, 1);
    to_second = to_decided;
    to_decided = emit(c, OP_JUMP, 0, 0);
    patch_here(c, to_second);
  }
  emit_strict(c, s->args[1], false);
  emit(c, OP_BIT, 0, 0);
  emit_word(c, s->head);
  if (!decided) {
    size_t to_end = emit(c, OP_JUMP, 0, 0);
    patch_here(c, to_decided);
    emit_const(c, 0);
    to_decided = to_end;
  }
  patch_here(c, to_decided);
  if (tail) emit(c, OP_RET, 0, 0);
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
  look(c, e, &s);
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

// A jump table: the value on top decides which of the choices, or `otherwise`, goes on.
static void emit_choices(Compiler *c, const Choices *choices, Value otherwise, bool tail) {
  size_t table = c->count, ends[ARGS_MAX + 1];
  for (size_t i = 0; i <= choices->n; i++) emit_word(c, 0);
  for (size_t i = 0; i <= choices->n; i++) {
    c->code[table + i] = c->count;
    if (i > 0 && choices->constant) {
      emit_const(c, choices->of[i - 1]);
      if (tail) emit(c, OP_RET, 0, 0);
    } else {
      emit_strict(c, i ? choices->of[i - 1] : otherwise, tail);
    }
    ends[i] = tail ? 0 : emit(c, OP_JUMP, 0, 0);
  }
  for (size_t i = 0; i <= choices->n && !tail; i++) patch_here(c, ends[i]);
}

static bool emit_switch(Compiler *c, const Spine *s, bool tail) {
  Choices choices;
  if (!choices_of(c, s->args[2], &choices)) return false;
  emit_strict(c, s->args[0], false);
  emit(c, OP_INDEX, choices.n, 0);
  emit_choices(c, &choices, s->args[1], tail);
  return true;
}

// Keys that are nats differ from anything else at first sight, so that the key need not be forced.
static bool are_nats(Value keys) {
  for (size_t i = 0; i < row_len(keys); i++)
    if (val_kind(row_at(keys, i)) != KIND_NAT) return false;
  return row_len(keys) > 0;
}

// By the keys of a tab that the law writes down.
static bool emit_find(Compiler *c, const Spine *s, bool tail) {
  Spine tab;
  Choices choices;
  Value keys;
  look(c, s->args[2], &tab);
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
  emit_strict(c, s->args[0], false);
  emit(c, OP_FIND, 0, 0);
  emit_word(c, keys);
  emit_choices(c, &choices, s->args[1], tail);
  return true;
}

// What decides between its arguments, as control flow. False: not one of those.
static bool emit_control(Compiler *c, const JetDef *def, const Spine *s, bool tail) {
  if (strcmp(def->name, "_If") == 0) {
    emit_branch(c, OP_UNLESS, s->args, tail);
  } else if (strcmp(def->name, "_Ifz") == 0) {
    emit_branch(c, OP_UNZERO, s->args, tail);
  } else if (strcmp(def->name, "_Seq") == 0) {
    emit_strict(c, s->args[0], false);
    emit(c, OP_DROP, 0, 0);
    emit_strict(c, s->args[1], tail);
  } else if (strcmp(def->name, "_And") == 0) {
    emit_shortcut(c, s, false, tail);
  } else if (strcmp(def->name, "_Or") == 0) {
    emit_shortcut(c, s, true, tail);
  } else if (strcmp(def->name, "_Switch") == 0) {
    return emit_switch(c, s, tail);
  } else if (strcmp(def->name, "tabSwitch") == 0) {
    return emit_find(c, s, tail);
  } else {
    return false;
  }
  return true;
}

// The jet's arguments, the needed ones evaluated when the jet evaluates them first anyway.
static void emit_jet_args(Compiler *c, const JetDef *def, const Spine *s) {
  const char *order = def->strict ? def->strict : "";
  if (s->n == 2 && strcmp(order, "10") == 0) {
    emit_strict(c, s->args[1], false);
    emit_strict(c, s->args[0], false);
    emit(c, OP_SWAP, 0, 0);
    return;
  }
  for (size_t i = 0; i < s->n; i++) {
    if (*order == (char)('0' + i)) {
      emit_strict(c, s->args[i], false);
      order++;
    } else {
      emit_lazy(c, s->args[i]);
    }
  }
}

// Whether the call is a crash. It keeps its law's frame, for the trace.
static bool is_crash(const Spine *s) {
  return s->form == BODY_CONST && val_is_small(s->head) && s->head > OPCODE_LAST;
}

static void emit_call(Compiler *c, const JetDef *def, const Spine *s, bool tail) {
  size_t frame = tail ? 0 : emit(c, OP_FRAME, 0, 0);
  if (def) {
    emit_jet_args(c, def, s);
  } else {
    for (size_t i = 0; i < s->n; i++) emit_lazy(c, s->args[i]);
  }
  emit_head(c, s);
  emit(c, tail ? OP_TAIL : OP_CALL, s->n, 0);
  if (!tail) patch_here(c, frame);
}

static void emit_strict(Compiler *c, Value e, bool tail) {
  Spine s;
  CodeOp op;
  look(c, e, &s);
  const JetDef *def = s.n ? jet_of(c, &s) : NULL;
  if (def && emit_control(c, def, &s, tail)) return;
  if (inline_op(c, &s, &op)) {
    if (def)
      emit_jet_args(c, def, &s);
    else
      emit_strict(c, s.args[0], false);
    emit(c, op, 0, 0);
    emit_word(c, s.head);
    if (!tail && (op == OP_IDX || op == OP_GET)) emit(c, OP_EVAL, 0, 0);
  } else if (s.n == 0 || s.n < known_arity(c, &s)) {
    emit_lazy(c, e);
    if (!tail && s.n == 0 && s.form == BODY_SLOT) emit(c, OP_EVAL, 0, 0);
  } else {
    bool in_place = tail && !is_crash(&s);
    emit_call(c, def, &s, in_place);
    if (in_place) return;
  }
  if (tail) emit(c, OP_RET, 0, 0);
}

// --- bindings and blocks ----------------------------------------------------------------------------
static bool names_later(const Compiler *c, Value e, uint32_t own) {
  uint8_t used[SLOTS_MAX] = {0};
  collect_slots(c, e, used);
  for (uint32_t i = own; i <= c->last_slot; i++)
    if (used[i]) return true;
  return false;
}

static bool is_kept(const Compiler *c, uint32_t slot) {
  return c->bindings[slot].uses > 0 && !c->bindings[slot].in_place;
}

// Bindings that are used exist before any is computed, but for those computed in place. One that names only
// what stands before it is made in one step; if any names itself or a later one, all are reserved first and
// filled afterwards.
static void emit_bindings(Compiler *c, Value body) {
  Value v, rest, a, b;
  bool cyclic = false;
  size_t first = c->block_count;
  for (uint32_t own = c->arity + 1; body_binding(body, &v, &rest); body = rest, own++) {
    if (!is_kept(c, own)) continue;
    if (body_form(v, c->last_slot, &a, &b) == BODY_CONST) {
      emit_const(c, a);
    } else {
      Attempt attempt;
      cyclic |= names_later(c, v, own);
      bool tried = !cyclic && begin_attempt(c, &attempt, v);
      size_t at = emit(c, OP_RESERVE, 0, 0);
      const Block *block = add_block(c, v, at);
      c->code[at] = code_word(cyclic ? OP_RESERVE : OP_SUSPEND, block->captured, own);
      if (!cyclic) emit_captures(c, block);
      if (tried) end_attempt(c, &attempt);
    }
    emit(c, OP_STORE, (uint64_t)c->where[own], 0);
  }
  for (size_t i = first; i < c->block_count; i++) {
    const Block *block = &c->blocks[i];
    uint64_t w = c->code[block->patch];
    if (code_op(w) != OP_RESERVE) continue;
    emit(c, OP_FILL, (uint64_t)c->where[code_b(w)], block->captured);
    emit_captures(c, block);
  }
}

static void compile_block(Compiler *c, size_t i) {
  for (uint32_t s = 0; s <= c->last_slot; s++) c->where[s] = -1;
  for (uint16_t k = 0; k < c->blocks[i].captured; k++) c->where[c->blocks[i].slots[k]] = k;
  uint64_t w = c->code[c->blocks[i].patch];
  c->code[c->blocks[i].patch] = code_word(code_op(w), code_a(w), c->count);
  emit_strict(c, c->blocks[i].expr, true);
}

static void compile_law(Compiler *c, Value body) {
  for (uint32_t i = 1; i <= c->arity; i++) c->where[i] = (int32_t)i - 1;
  c->where[0] = (int32_t)c->arity;
  uint32_t kept = 0;
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++)
    if (is_kept(c, i)) c->where[i] = (int32_t)(c->arity + 2 + kept++);
  emit_word(c, 0);
  emit_word(c, c->arity);
  emit_word(c, kept);
  emit_word(c, 4);
  emit_bindings(c, body);
  Value v, rest;
  while (body_binding(body, &v, &rest)) body = rest;
  emit_strict(c, body, true);
  for (size_t i = 0; i < c->block_count; i++) compile_block(c, i);
}

// --- what is in a law --------------------------------------------------------------------------------
static void count_uses(Compiler *c, Value e) {
  Value f, arg;
  BodyForm form;
  while ((form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL) {
    count_uses(c, arg);
    e = f;
  }
  if (form == BODY_SLOT) c->bindings[f].uses++;
}

// Visits the expressions of bindings that are used, directly or by others that are.
static void count_all_uses(Compiler *c, Value body) {
  uint8_t seen[SLOTS_MAX] = {0};
  count_uses(c, body);
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = c->arity + 1; i <= c->last_slot; i++) {
      if (seen[i] || c->bindings[i].uses == 0) continue;
      seen[i] = more = true;
      count_uses(c, c->bindings[i].expr);
    }
  }
}

// Decides which bindings that e, at this depth the head of n arguments, alone uses are computed in place:
// what is used once is computed at most once there too. A cycle has something used twice, so this ends.
// False: e would become too deep or too wide.
static bool place(Compiler *c, Value e, int depth, size_t n) {
  Value f, arg;
  BodyForm form;
  if (depth > DEPTH_MAX) return false;
  for (; (form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL; e = f)
    if (++n > ARGS_MAX || !place(c, arg, depth + 1, 0)) return false;
  if (form != BODY_SLOT || f <= c->arity || c->bindings[f].uses != 1) return true;
  c->bindings[f].in_place = place(c, c->bindings[f].expr, depth + 1, n);
  return true;
}

static bool measure(Compiler *c, Value body) {
  Value v, rest = body;
  c->lets = 0;
  while (body_binding(rest, &v, &rest))
    if (++c->lets > SLOTS_MAX) return false;
  if (c->arity + c->lets + 1 > SLOTS_MAX) return false;
  c->last_slot = c->arity + c->lets;
  int nodes = NODES_MAX;
  for (uint32_t own = c->arity + 1; body_binding(body, &v, &rest); body = rest, own++) {
    if (!small_enough(c, v, &nodes, 0)) return false;
    c->bindings[own] = (struct Binding){.expr = v};
  }
  if (!small_enough(c, body, &nodes, 0)) return false;
  count_all_uses(c, body);
  place(c, body, 0, 0);
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++)
    if (c->bindings[i].uses && !c->bindings[i].in_place) place(c, c->bindings[i].expr, 0, 0);
  return true;
}

static void release(Compiler *c) {
  for (size_t i = 0; i < c->block_count; i++) mem_free(c->blocks[i].slots);
  mem_free(c->blocks);
  mem_free(c->quotes);
  mem_free(c->code);
}

static const uint64_t *publish(Machine *m, Compiler *c, const Value *slot) {
  uint64_t *law = val_obj(*slot);
  uint64_t header = obj_header(KIND_CODE, 0, c->count - 1);
  if (obj_has(law, OBJ_SEALED)) {
    c->code[0] = header | OBJ_SEALED;
    uint64_t *code = c->code, expected = __atomic_load_n(&law[LAW_CODE], __ATOMIC_ACQUIRE);
    c->code = NULL;
    if (expected < CODE_FAILED &&
        __atomic_compare_exchange_n(&law[LAW_CODE], &expected, (uint64_t)(uintptr_t)code, false,
                                    __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
      return code;
    mem_free(code);
    return expected > CODE_FAILED ? (const uint64_t *)(uintptr_t)expected : NULL;
  }
  uint64_t *code = heap_adopt_code(m, c->code, c->count, header);
  heap_write(m, law, LAW_CODE, obj_val(code));
  return code;
}

static const uint64_t *compile(Machine *m, const Value *slot) {
  const uint64_t *law = val_obj(*slot);
  if (law[LAW_ARITY] > ARGS_MAX) return NULL;
  Compiler c = {.m = m, .law = *slot, .arity = (uint32_t)law[LAW_ARITY]};
  const uint64_t *code = NULL;
  if (measure(&c, law[LAW_BODY])) {
    compile_law(&c, law[LAW_BODY]);
    if (m->stop == RUN_DONE) code = publish(m, &c, slot);
  }
  release(&c);
  return code;
}

const uint64_t *law_code(Machine *m, const Value *slot) {
  uint64_t *law = val_obj(*slot);
  uint64_t word = __atomic_load_n(&law[LAW_CODE], __ATOMIC_ACQUIRE);
  if (word > CODE_FAILED) return val_is_ptr(word) ? val_obj(word) : (const uint64_t *)(uintptr_t)word;
  if (word == CODE_FAILED) return NULL;
  // A sealed law is counted by several machines: none may write over the code of another.
  if (word + 1 < LAW_HOT) {
    __atomic_compare_exchange_n(&law[LAW_CODE], &word, word + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return NULL;
  }
  const uint64_t *code = compile(m, slot);
  if (!code && m->stop == RUN_DONE)
    __atomic_compare_exchange_n(&val_obj(*slot)[LAW_CODE], &word, CODE_FAILED, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
  return code;
}
