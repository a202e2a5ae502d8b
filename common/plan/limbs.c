#include "common/plan/limbs.h"
#include <assert.h>
#include <gmp.h>

#ifdef __x86_64__
#include <immintrin.h>

typedef unsigned long long Limb; // as the intrinsics have it
static_assert(sizeof(Limb) == sizeof(uint64_t), "limbs are 64-bit words");

// `mulx` leaves the carry flag alone: four products are made at a time, and added up in one chain of carries.
__attribute__((target("bmi2"))) static Limb mul_1_mulx(Limb *to, const Limb *from, size_t n, Limb y) {
  Limb high, carry = 0;
  for (; n % 4; n--) {
    Limb low = _mulx_u64(*from++, y, &high);
    carry = high + _addcarry_u64(0, low, carry, to++);
  }
  for (; n > 0; n -= 4, from += 4, to += 4) {
    Limb high0, high1, high2;
    Limb low0 = _mulx_u64(from[0], y, &high0);
    Limb low1 = _mulx_u64(from[1], y, &high1);
    Limb low2 = _mulx_u64(from[2], y, &high2);
    Limb low3 = _mulx_u64(from[3], y, &high);
    unsigned char c = _addcarry_u64(0, low0, carry, &to[0]);
    c = _addcarry_u64(c, low1, high0, &to[1]);
    c = _addcarry_u64(c, low2, high1, &to[2]);
    c = _addcarry_u64(c, low3, high2, &to[3]);
    carry = high + c;
  }
  return carry;
}
#endif

uint64_t limbs_mul_1(uint64_t *to, const uint64_t *from, size_t n, uint64_t y) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("bmi2")) return mul_1_mulx((Limb *)to, (const Limb *)from, n, y);
#endif
  return mpn_mul_1((mp_limb_t *)to, (const mp_limb_t *)from, (mp_size_t)n, y);
}
