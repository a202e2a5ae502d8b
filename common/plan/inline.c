#include "common/plan/inline.h"
#include "common/plan/pinjet.h"
#include <string.h>

static const Inline inlines[] = {
    {"_Add", INLINE_BINARY, OP_ADD, 1},      {"_Sub", INLINE_BINARY, OP_SUB, 1},
    {"_Mul", INLINE_MUL, OP_MUL, 1},         {"_Div", INLINE_DIVIDE, OP_DIV, 1},
    {"_Mod", INLINE_DIVIDE, OP_MOD, 1},      {"_Lth", INLINE_COMPARE, OP_LTH, 0},
    {"_Lte", INLINE_COMPARE, OP_LTE, 0},     {"_Gth", INLINE_COMPARE, OP_GTH, 0},
    {"_Gte", INLINE_COMPARE, OP_GTE, 0},     {"_Eql", INLINE_COMPARE, OP_EQL, 0},
    {"_Neq", INLINE_COMPARE, OP_NEQ, 0},     {"_Dec", INLINE_UNARY, OP_DEC, 0},
    {"_Len", INLINE_UNARY, OP_LEN, 0},       {"_Eqz", INLINE_UNARY, OP_EQZ, 0},
    {"_Not", INLINE_UNARY, OP_NOT, 0},       {"_Bit", INLINE_UNARY, OP_BIT, 0},
    {"_IsNat", INLINE_UNARY, OP_ISNAT, 0},   {"_Idx", INLINE_ELEMENT, OP_IDX, 1},
    {"_Get", INLINE_ELEMENT, OP_GET, 0},     {"_If", INLINE_IF, OP_UNLESS, 0},
    {"_Ifz", INLINE_IFZ, OP_UNZERO, 0},      {"_Seq", INLINE_SEQ, OP_EVAL, 0},
    {"_And", INLINE_AND, OP_UNLESS, 0},      {"_Or", INLINE_OR, OP_UNLESS, 0},
    {"_Switch", INLINE_SWITCH, OP_INDEX, 0}, {"tabSwitch", INLINE_FIND, OP_FIND, 0},
};

static const Inline increment = {"{inc}", INLINE_UNARY, OP_INC, 0};

const Inline *inline_of(const JetDef *def) {
  for (size_t i = 0; i < sizeof inlines / sizeof *inlines; i++)
    if (strcmp(inlines[i].name, def->name) == 0) return &inlines[i];
  return NULL;
}

const JetDef *inline_jet(Machine *m, Value head, size_t n) {
  if (val_is_small(head) || val_is_lazy(head) || val_kind(head) != KIND_PIN) return NULL;
  const JetDef *def = pin_jet(m, head);
  return def && def->arity == n ? def : NULL;
}

const Inline *inline_call(Machine *m, Value head, size_t n) {
  if (head == 3 && n == 1) return &increment;
  const JetDef *def = n > 0 ? inline_jet(m, head, n) : NULL;
  return def ? inline_of(def) : NULL;
}
