// Natural numbers of any size, on mpn_* with memory of the machine. Results are values of the heap;
// arguments must be nats (small or KIND_NAT) and are taken by rooted address, re-read after allocation
// (a small nat may lie anywhere).
// Each operation bounds its result's size by the memory limit and charges its work before it starts;
// JET_STOP means that a limit was met, JET_DONE that *out is set.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

JetResult nat_add(Machine *m, const Value *a, const Value *b, Value *out);
JetResult nat_sub(Machine *m, const Value *a, const Value *b, Value *out); // floored at 0
JetResult nat_mul(Machine *m, const Value *a, const Value *b, Value *out);
JetResult nat_div(Machine *m, const Value *a, const Value *b, Value *out); // b != 0
JetResult nat_mod(Machine *m, const Value *a, const Value *b, Value *out); // b != 0
JetResult nat_shl(Machine *m, const Value *a, const Value *bits, Value *out);
JetResult nat_shr(Machine *m, const Value *a, const Value *bits, Value *out);
JetResult nat_and(Machine *m, const Value *a, const Value *b, Value *out);
JetResult nat_or(Machine *m, const Value *a, const Value *b, Value *out);
JetResult nat_xor(Machine *m, const Value *a, const Value *b, Value *out);
JetResult nat_pow(Machine *m, const Value *a, const Value *b, Value *out);
JetResult nat_inc(Machine *m, const Value *a, Value *out);
JetResult nat_dec(Machine *m, const Value *a, Value *out);                      // 0 stays 0
JetResult nat_trunc(Machine *m, const Value *a, const Value *bits, Value *out); // a mod 2^bits

int nat_cmp(Value a, Value b);
uint64_t nat_bits(Value a); // bit length
bool nat_bit(Value a, uint64_t i);
uint64_t nat_popcount(Value a);

// The limbs of a nat, least significant first, without leading zeros. `tmp` backs a small one.
const uint64_t *nat_limbs(Value a, uint64_t *tmp, size_t *n);
size_t nat_bytes(Value a);                                     // bytes without leading zeros
void nat_copy_bytes(Value a, uint8_t *out, size_t n);          // low n bytes, zero extended
Value nat_from_bytes(Machine *m, const uint8_t *le, size_t n); // `le` outside the heap
bool nat_u64(Value a, uint64_t *out);                          // false: too big
Value nat_of_u64(Machine *m, uint64_t n);

// Building one by hand: an object of n limbs, n >= 1, to be filled at once, then made a value. The
// caller has bounded n (heap_fits).
uint64_t *nat_alloc(Machine *m, size_t n);
Value nat_trim(uint64_t *o);
