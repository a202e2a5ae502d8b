// Operators of compiled code on values, for exec.c: what can be told at once. false: the jet is to be asked.
#pragma once
#include "common/plan/code.h"
#include "common/plan/row.h"

static inline bool truthy(Value v) { return val_kind(v) == KIND_NAT && v != 0; }

// Element i of a row.
static inline bool plain_element(Value row, Value i, Value *element) {
  if (val_is_small(row) || !val_is_small(i)) return false;
  const uint64_t *o = val_obj(row);
  if (obj_kind(o) == KIND_ROW) {
    *element = i < obj_count(o) ? val_deref(o[1 + i]) : 0;
    return true;
  }
  if (val_kind(row) != KIND_ROW) return false;
  *element = i < row_len(row) ? val_deref(row_at(row, i)) : 0;
  return true;
}

static inline bool plain_length(Value row, Value *len) {
  bool known = val_is_small(row) || val_kind(row) == KIND_ROW;
  if (known) *len = val_is_small(row) ? 0 : row_len(row);
  return known;
}

// Any operator on what may be lazy; false: it needs more than is there.
static inline bool try_operator(CodeOp op, Value x, Value y, Value *r) {
  if (op == OP_LEN) return !val_is_lazy(x) && plain_length(x, r);
  if (op == OP_IDX) return !val_is_lazy(y) && plain_element(y, x, r);
  if (op == OP_GET) return !val_is_lazy(x) && plain_element(x, y, r);
  if (val_is_lazy(x)) return false;
  switch (op) {
  case OP_EQZ: *r = x == 0; return true;
  case OP_NOT: *r = !truthy(x); return true;
  case OP_BIT: *r = truthy(x); return true;
  case OP_ISNAT: *r = val_kind(x) == KIND_NAT; return true;
  default: break;
  }
  if (!val_is_small(x | y)) return false;
  switch (op) {
  case OP_MUL: return !__builtin_mul_overflow(x, y, r) && *r <= NAT_SMALL_MAX;
  case OP_DIV: *r = y ? x / y : 0; return y != 0;
  case OP_MOD: *r = y ? x % y : 0; return y != 0;
  case OP_LTH: *r = x < y; return true;
  case OP_LTE: *r = x <= y; return true;
  case OP_GTH: *r = x > y; return true;
  case OP_GTE: *r = x >= y; return true;
  case OP_EQL: *r = x == y; return true;
  case OP_NEQ: *r = x != y; return true;
  default: return false;
  }
}
