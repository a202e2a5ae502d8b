// From a law's body to code. Bounded: bodies of more than NODES_MAX nodes or DEPTH_MAX levels, counted
// as the trees that they unfold to, stay with the interpreter; so the recursion here is bounded too.
#include "common/plan/compile.h"
#include "common/base/mem.h"
#include "common/plan/nat.h"
#include "common/plan/pinjet.h"
#include <string.h>

#define NODES_MAX 2000

// --- what is in a law ----------------------------------------------------------------------------------
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

// See Binding.lacks.
static uint32_t lacks(const Compiler *c, Value e) {
  Value f, arg, ignored;
  BodyForm form;
  uint64_t n = 0, arity;
  for (; (form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL; e = f, n++) {
    BodyForm of = body_form(arg, c->last_slot, &arg, &ignored);
    if (of == BODY_CALL || (of == BODY_SLOT && arg > c->arity)) return 0;
  }
  if (form == BODY_SLOT)
    arity = f == 0 ? c->arity : 0;
  else
    arity = !val_is_small(f) && (val_kind(f) == KIND_PIN || val_kind(f) == KIND_LAW)
                ? value_arity_u64(c->m, f)
                : 0;
  return n <= PARTIAL_MOST && n < arity && arity <= ARGS_MAX ? (uint32_t)(arity - n) : 0;
}

// What is called only with all that it lacks is not needed itself.
static void count_uses(Compiler *c, Value e) {
  Value f, arg;
  BodyForm form;
  size_t n = 0;
  for (; (form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL; e = f, n++) count_uses(c, arg);
  if (form == BODY_SLOT && !compiler_head(c, form, f, n)) c->bindings[f].uses++;
}

// Visits the expressions of bindings that are used, directly or by others that are.
static void count_all_uses(Compiler *c, Value body) {
  uint8_t seen[SLOTS_MAX + 1] = {0};
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
  if (compiler_head(c, form, f, n)) return true;
  c->bindings[f].in_place = place(c, c->bindings[f].expr, depth + 1, n);
  return true;
}

static bool measure(Compiler *c, Value body) {
  Value v, rest = body;
  c->lets = 0;
  while (body_binding(rest, &v, &rest))
    if (++c->lets > SLOTS_MAX) return false;
  if (c->arity + c->lets > SLOTS_MAX || body_names_ahead(body, c->arity + 1)) return false;
  c->last_slot = c->arity + c->lets;
  memset(c->bindings, 0, slot_count(c) * sizeof *c->bindings);
  int nodes = NODES_MAX;
  for (uint32_t own = c->arity + 1; body_binding(body, &v, &rest); body = rest, own++) {
    if (!small_enough(c, v, &nodes, 0)) return false;
    c->bindings[own].expr = v;
    c->bindings[own].lacks = lacks(c, v);
  }
  if (!small_enough(c, body, &nodes, 0)) return false;
  count_all_uses(c, body);
  place(c, body, 0, 0);
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++)
    if (c->bindings[i].uses && !c->bindings[i].in_place) place(c, c->bindings[i].expr, 0, 0);
  return true;
}

// --- bindings --------------------------------------------------------------------------------------------
static bool is_kept(const Compiler *c, uint32_t slot) {
  return c->bindings[slot].uses > 0 && !c->bindings[slot].in_place;
}

static bool names_from(const Compiler *c, Value e, uint32_t own) {
  Value f, arg;
  BodyForm form;
  const Binding *b;
  for (size_t n = 0;;) {
    if ((form = body_form(e, c->last_slot, &f, &arg)) == BODY_CALL) {
      if (names_from(c, arg, own)) return true;
      e = f;
      n++;
    } else if ((b = compiler_head(c, form, f, n))) {
      e = b->expr;
    } else {
      return form == BODY_SLOT && f >= own;
    }
  }
}

// Where a binding names itself or a later one, all are made at once: those up to there one after the other,
// the others reserved first and filled afterwards. Elsewhere each is made when it is first needed, so that
// one needed at once is computed instead of suspended.
static void emit_cycle(Compiler *c, uint32_t top) {
  bool reserving = false;
  size_t filled_from = c->block_count;
  uint32_t *owners = mem_alloc((c->last_slot + 1) * sizeof *owners);
  size_t count = 0;
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++) {
    if (!is_kept(c, i)) continue;
    Value e = c->bindings[i].expr, f, arg;
    reserving |= names_from(c, e, i);
    if (!reserving || body_form(e, c->last_slot, &f, &arg) == BODY_CONST) {
      emit_lazy_into(c, e, c->where[i], top);
    } else {
      size_t block = add_block(c, e);
      emit_set(c, 0);
      emit(c, OP_RESERVE, c->where[i], c->law_slot, 0, top, c->blocks[block].captured);
      c->blocks[block].patch = emit_word(c, 0);
      owners[count++] = i;
    }
    c->state[i] |= SLOT_THERE;
  }
  for (size_t i = 0, block = filled_from; i < count; i++, block++) {
    while (c->blocks[block].expr != c->bindings[owners[i]].expr) block++;
    const Block *b = &c->blocks[block];
    emit(c, OP_FILL, c->where[owners[i]], 0, 0, 0, b->captured);
    emit_captures(c, b->slots, b->captured);
  }
  mem_free(owners);
}

static bool is_cyclic(const Compiler *c) {
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++)
    if (is_kept(c, i) && names_from(c, c->bindings[i].expr, i)) return true;
  return false;
}

// --- a law and its blocks -----------------------------------------------------------------------------
static void compile_block(Compiler *c, size_t i) {
  memset(c->state, 0, slot_count(c));
  const Block b = c->blocks[i];
  c->taken = b.taken;
  for (uint16_t k = 0; k < b.captured; k++) {
    c->where[b.slots[k]] = k;
    c->state[b.slots[k]] = b.state[k];
  }
  c->law_slot = b.captured;
  c->code[b.patch] = thunk_block(c->count, b.select);
  emit_tail(c, b.expr, c->law_slot + 1u);
  emit_cold(c);
}

static void emit_entries(Compiler *c) {
  size_t argument;
  c->code[CODE_ENTRY] = c->count;
  for (size_t i = 0; (argument = strict_argument(c->order, i)); i++) {
    emit_eval(c, (uint32_t)argument - 1, (uint32_t)argument - 1, c->law_slot + 1);
    c->state[argument] |= SLOT_EVALUATED;
  }
  c->code[CODE_STRICT_ENTRY] = c->count;
}

static void compile_law(Compiler *c, Value body) {
  for (uint32_t i = 1; i <= c->arity; i++) c->where[i] = (uint16_t)(i - 1);
  memset(c->state, SLOT_THERE, c->arity + 1);
  memset(c->state + c->arity + 1, 0, c->lets);
  c->where[0] = (uint16_t)c->arity;
  c->state[0] |= SLOT_EVALUATED | SLOT_NAT;
  c->law_slot = c->arity + 1;
  c->in_law = true;
  uint32_t kept = 0, first = c->arity + 2;
  for (uint32_t i = c->arity + 1; i <= c->last_slot; i++)
    if (is_kept(c, i)) c->where[i] = (uint16_t)(first + kept++);
  for (size_t i = 0; i < CODE_START; i++) emit_word(c, 0);
  c->code[CODE_ARITY] = c->arity;
  c->code[CODE_ORDER] = c->order;
  emit_entries(c);
  c->unset = kept > 0;
  if (is_cyclic(c)) emit_cycle(c, first + kept);
  Value v, rest;
  while (body_binding(body, &v, &rest)) body = rest;
  emit_tail(c, body, first + kept);
  emit_cold(c);
  c->in_law = c->unset = false;
  for (size_t i = 0; i < c->block_count && !c->failed; i++) compile_block(c, i);
}

static void release(Compiler *c) {
  for (size_t i = 0; i < c->block_count; i++) {
    mem_free(c->blocks[i].slots);
    mem_free(c->blocks[i].state);
  }
  for (size_t i = 0; i < c->cold_count; i++) mem_free(c->cold[i].captures);
  mem_free(c->blocks);
  mem_free(c->cold);
  mem_free(c->fails);
  mem_free(c->quotes);
  mem_free(c->code);
  mem_free(c);
}

static const uint64_t *publish(Machine *m, Compiler *c, const Value *slot) {
  uint64_t *law = val_obj(*slot);
  uint64_t header = obj_header(KIND_CODE, 0, c->count - 1);
  if (obj_has(law, OBJ_SEALED)) {
    c->code[0] = header | OBJ_SEALED;
    uint64_t *code = c->code, expected = law_code_word(*slot);
    if ((uint64_t)(uintptr_t)code <= CODE_FAILED) return NULL; // too low for an address in LAW_CODE
    c->code = NULL;
    while (expected < CODE_FAILED)
      if (__atomic_compare_exchange_n(&law[LAW_CODE], &expected, (uint64_t)(uintptr_t)code, false,
                                      __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
        return code;
    mem_free(code);
    return code_at(expected);
  }
  uint64_t *code = heap_adopt_code(m, c->code, c->count, header);
  heap_write(m, law, LAW_CODE, obj_val(code));
  return code;
}

// Whether a pin of this law may be computed natively, so that its calls of itself must be, too.
static bool may_be_jet(Machine *m, const uint64_t *law) {
  char name[64];
  size_t n = nat_bytes(law[LAW_NAME]);
  if (!m->config.jets || n == 0 || n > sizeof name) return false;
  nat_copy_bytes(law[LAW_NAME], (uint8_t *)name, n);
  return jet_lookup(m->config.jets, name, n, law[LAW_ARITY]) >= 0;
}

static const uint64_t *compile(Machine *m, const Value *slot) {
  const uint64_t *law = val_obj(*slot);
  if (law[LAW_ARITY] > ARGS_MAX) return NULL;
  Compiler *c = mem_alloc(sizeof *c);
  memset(c, 0, offsetof(Compiler, where));
  c->m = m;
  c->taken = NOTHING_TAKEN;
  c->arity = (uint32_t)law[LAW_ARITY];
  const uint64_t *code = NULL;
  if (measure(c, law[LAW_BODY])) {
    c->order = strict_order_final(m, *slot);
    c->self_is_jet = may_be_jet(m, law);
    compile_law(c, law[LAW_BODY]);
    if (m->stop == RUN_DONE && !c->failed) code = publish(m, c, slot);
  }
  release(c);
  return code;
}

// Such a law will be called again, and by then the interpreter would have suspended what code computes at
// once: a sum that grows from call to call would grow as a chain of suspensions ever after.
static bool calls_itself(const uint64_t *law) {
  return val_is_small(law[LAW_ARITY]) && body_names_itself(law[LAW_BODY], law[LAW_ARITY]);
}

const uint64_t *law_code(Machine *m, const Value *slot) {
  uint64_t *law = val_obj(*slot);
  uint64_t word = law_code_word(*slot);
  if (word >= CODE_FAILED) return code_at(word);
  // A sealed law is counted by several machines: none may write over the code of another.
  if ((word & STRICT_CALLS) + 1 < LAW_HOT && !calls_itself(law)) {
    __atomic_compare_exchange_n(&law[LAW_CODE], &word, word + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return NULL;
  }
  const uint64_t *code = compile(m, slot);
  law = val_obj(*slot);
  word = law_code_word(*slot);
  while (!code && m->stop == RUN_DONE && word < CODE_FAILED)
    if (__atomic_compare_exchange_n(&law[LAW_CODE], &word, CODE_FAILED, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
      break;
  return code;
}
