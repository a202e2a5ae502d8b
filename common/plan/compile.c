// From a law's body to code. Bounded: bodies of more than NODES_MAX nodes or DEPTH_MAX levels, counted
// as the trees that they unfold to, stay with the interpreter; so the recursion here is bounded too.
#include "common/base/mem.h"
#include "common/plan/body.h"
#include "common/plan/code.h"
#include "common/plan/pinjet.h"
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

// Only for what small_enough accepted.
static void look(const Compiler *c, Value e, Spine *s) {
  Value arg, f;
  s->n = 0;
  while ((s->form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL) {
    assert(s->n < ARGS_MAX); // small_enough has seen to it
    s->args[s->n++] = arg;
    e = f;
  }
  s->head = f;
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
  while ((form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL) {
    collect_slots(c, arg, used);
    e = f;
  }
  if (form == BODY_SLOT) used[f] = 1;
}

// Head known at compile time: its arity, else 0.
static uint64_t known_arity(const Compiler *c, const Spine *s) {
  if (s->form == BODY_CONST) return val_is_lazy(s->head) ? 0 : value_arity_u64(s->head);
  return s->head == 0 ? c->arity : 0;
}

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
  size_t at = emit(c, OP_SUSPEND, 0, 0);
  const Block *b = add_block(c, e, at);
  c->code[at] = code_word(OP_SUSPEND, b->captured, 0);
  emit_captures(c, b);
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

static const struct Inline {
  const char *name;
  CodeOp op;
} inlines[] = {
    {"_Add", OP_ADD}, {"_Sub", OP_SUB}, {"_Mul", OP_MUL}, {"_Dec", OP_DEC},     {"_Lth", OP_LTH},
    {"_Lte", OP_LTE}, {"_Gth", OP_GTH}, {"_Gte", OP_GTE}, {"_Eql", OP_EQL},     {"_Neq", OP_NEQ},
    {"_Eqz", OP_EQZ}, {"_Not", OP_NOT}, {"_Bit", OP_BIT}, {"_IsNat", OP_ISNAT},
};

static const struct Inline *inline_of(const JetDef *def) {
  for (size_t i = 0; i < sizeof inlines / sizeof *inlines; i++)
    if (strcmp(inlines[i].name, def->name) == 0) return &inlines[i];
  return NULL;
}

static void emit_branch(Compiler *c, CodeOp test, const Value *args, bool tail) {
  emit_strict(c, args[0], false);
  size_t to_else = emit(c, test, 0, 0);
  emit_strict(c, args[1], tail);
  size_t to_end = tail ? 0 : emit(c, OP_JUMP, 0, 0);
  patch_here(c, to_else);
  emit_strict(c, args[2], tail);
  if (!tail) patch_here(c, to_end);
}

// If, Ifz and Seq as control flow. False: not one of them.
static bool emit_control(Compiler *c, const JetDef *def, const Spine *s, bool tail) {
  if (strcmp(def->name, "_If") == 0) {
    emit_branch(c, OP_UNLESS, s->args, tail);
  } else if (strcmp(def->name, "_Ifz") == 0) {
    emit_branch(c, OP_UNZERO, s->args, tail);
  } else if (strcmp(def->name, "_Seq") == 0) {
    emit_strict(c, s->args[0], false);
    emit(c, OP_DROP, 0, 0);
    emit_strict(c, s->args[1], tail);
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
  size_t k = 0;
  for (size_t i = 0; i < s->n; i++) {
    bool first = order[k] == (char)('0' + i);
    if (first)
      emit_strict(c, s->args[i], false);
    else
      emit_lazy(c, s->args[i]);
    if (first)
      k++;
    else
      order = "";
    if (!first) k = 0;
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

static const JetDef *jet_of(Compiler *c, const Spine *s) {
  if (s->form != BODY_CONST || val_is_small(s->head) || val_kind(s->head) != KIND_PIN) return NULL;
  const JetDef *def = pin_jet(c->m, s->head);
  return def && def->arity == s->n ? def : NULL;
}

static void emit_strict(Compiler *c, Value e, bool tail) {
  Spine s;
  look(c, e, &s);
  const JetDef *def = s.n ? jet_of(c, &s) : NULL;
  const struct Inline *in = def ? inline_of(def) : NULL;
  if (def && emit_control(c, def, &s, tail)) return;
  if (in) {
    emit_jet_args(c, def, &s);
    emit(c, in->op, 0, 0);
    emit_word(c, s.head);
  } else if (s.form == BODY_CONST && s.head == 3 && s.n == 1) {
    emit_strict(c, s.args[0], false);
    emit(c, OP_INC, 0, 0);
    emit_word(c, s.head);
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
static bool names_later(const Block *b, uint32_t own) {
  return b->captured && b->slots[b->captured - 1] >= own;
}

// All bindings exist before any is computed. One that names only what stands before it is made in one
// step; if any names itself or a later one, all are reserved first and filled afterwards.
static void emit_bindings(Compiler *c, Value body) {
  Value v, rest, a, b;
  bool cyclic = false;
  size_t first = c->block_count;
  for (uint32_t own = c->arity + 1; body_binding(body, &v, &rest); body = rest, own++) {
    if (body_form(v, c->last_slot, &a, &b) == BODY_CONST) {
      emit_const(c, a);
    } else {
      size_t at = emit(c, OP_RESERVE, 0, 0);
      const Block *block = add_block(c, v, at);
      cyclic |= names_later(block, own);
      c->code[at] = code_word(cyclic ? OP_RESERVE : OP_SUSPEND, block->captured, own);
      if (!cyclic) emit_captures(c, block);
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
  emit_word(c, 0);
  emit_word(c, c->arity);
  emit_word(c, c->lets);
  emit_word(c, 4);
  for (uint32_t i = 1; i <= c->arity; i++) c->where[i] = (int32_t)i - 1;
  c->where[0] = (int32_t)c->arity;
  for (uint32_t i = 0; i < c->lets; i++) c->where[c->arity + 1 + i] = (int32_t)(c->arity + 2 + i);
  emit_bindings(c, body);
  Value v, rest;
  while (body_binding(body, &v, &rest)) body = rest;
  emit_strict(c, body, true);
  for (size_t i = 0; i < c->block_count; i++) compile_block(c, i);
}

static bool measure(Compiler *c, Value body) {
  Value v, rest = body;
  c->lets = 0;
  while (body_binding(rest, &v, &rest))
    if (++c->lets > SLOTS_MAX) return false;
  if (c->arity + c->lets + 1 > SLOTS_MAX) return false;
  c->last_slot = c->arity + c->lets;
  int nodes = NODES_MAX;
  for (; body_binding(body, &v, &rest); body = rest)
    if (!small_enough(c, v, &nodes, 0)) return false;
  return small_enough(c, body, &nodes, 0);
}

static void release(Compiler *c) {
  for (size_t i = 0; i < c->block_count; i++) mem_free(c->blocks[i].slots);
  mem_free(c->blocks);
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
