#include "common/plan/nat.h"
#include "common/base/mem.h"
#include "common/plan/limbs.h"
#include <gmp.h>
#include <string.h>

static_assert(sizeof(mp_limb_t) == 8 && GMP_NAIL_BITS == 0, "limbs are 64-bit words");

#define LIMB_BITS 64

static inline mp_limb_t *limbs_of(uint64_t *o) { return (mp_limb_t *)(o + 1); }

uint64_t *nat_alloc(Machine *m, size_t n) { return heap_alloc(m, obj_header(KIND_NAT, OBJ_NF, n), n); }

Value nat_trim(uint64_t *o) {
  size_t n = obj_count(o);
  while (n > 0 && o[n] == 0) n--;
  if (n == 0) return 0;
  if (n == 1 && o[1] <= NAT_SMALL_MAX) return o[1];
  o[0] = (o[0] & 0xffff) | (uint64_t)n << 16;
  return obj_val(o);
}

const uint64_t *nat_limbs(Value a, uint64_t *tmp, size_t *n) {
  if (val_is_small(a)) {
    *tmp = a;
    *n = a != 0;
    return tmp;
  }
  uint64_t *o = val_obj(a);
  *n = obj_count(o);
  return o + 1;
}

// What an operation reads: one operand, its limbs valid until the next allocation.
typedef struct Limbs {
  const mp_limb_t *at;
  size_t n;
  uint64_t tmp;
} Limbs;

static inline void load(Limbs *l, Value v) { l->at = (const mp_limb_t *)nat_limbs(v, &l->tmp, &l->n); }

static size_t limb_count(Value v) { return val_is_small(v) ? v != 0 : obj_count(val_obj(v)); }

// Whether a result of n limbs may be made, at a cost of `work` words touched.
static bool room(Machine *m, uint64_t n, uint64_t work) {
  if (n >= HEAP_LARGE && !heap_fits(m, n)) return false;
  return work < 16 || jet_charge(m, work / 16);
}

Value nat_of_u64(Machine *m, uint64_t n) {
  if (n <= NAT_SMALL_MAX) return n;
  uint64_t *o = nat_alloc(m, 1);
  o[1] = n;
  return obj_val(o);
}

static JetResult done(uint64_t *o, Value *out) {
  *out = nat_trim(o);
  return JET_DONE;
}

// --- sums ------------------------------------------------------------------------------------------

JetResult nat_add(Machine *m, const Value *a, const Value *b, Value *out) {
  if (val_is_small(*a) && val_is_small(*b)) {
    *out = nat_of_u64(m, *a + *b);
    return JET_DONE;
  }
  if (limb_count(*a) < limb_count(*b)) {
    const Value *t = a;
    a = b;
    b = t;
  }
  size_t n = limb_count(*a) + 1;
  if (!room(m, n, n)) return JET_STOP;
  uint64_t *o = nat_alloc(m, n);
  Limbs x, y;
  load(&x, *a);
  load(&y, *b);
  o[n] = y.n ? mpn_add(limbs_of(o), x.at, x.n, y.at, y.n) : (mpn_copyi(limbs_of(o), x.at, x.n), 0);
  return done(o, out);
}

JetResult nat_inc(Machine *m, const Value *a, Value *out) {
  const Value one = 1;
  return nat_add(m, a, &one, out);
}

JetResult nat_sub(Machine *m, const Value *a, const Value *b, Value *out) {
  if (val_is_small(*a) && val_is_small(*b)) {
    *out = *a > *b ? *a - *b : 0;
    return JET_DONE;
  }
  size_t n = limb_count(*a);
  if (!room(m, n, n)) return JET_STOP;
  if (nat_cmp(*a, *b) <= 0) {
    *out = 0;
    return JET_DONE;
  }
  if (*b == 0) {
    *out = *a;
    return JET_DONE;
  }
  uint64_t *o = nat_alloc(m, n);
  Limbs x, y;
  load(&x, *a);
  load(&y, *b);
  mpn_sub(limbs_of(o), x.at, x.n, y.at, y.n);
  return done(o, out);
}

JetResult nat_dec(Machine *m, const Value *a, Value *out) {
  const Value one = 1;
  return nat_sub(m, a, &one, out);
}

// --- products --------------------------------------------------------------------------------------

// Words touched by a product of an and bn limbs: schoolbook while that is the cheaper way.
static uint64_t mul_work(uint64_t an, uint64_t bn) {
  uint64_t plain, fast = (an + bn) * 64;
  if (__builtin_mul_overflow(an, bn, &plain)) return fast;
  return plain < fast ? plain : fast;
}

JetResult nat_mul(Machine *m, const Value *a, const Value *b, Value *out) {
  if (*a == 0 || *b == 0) {
    *out = 0;
    return JET_DONE;
  }
  if (val_is_small(*a) && val_is_small(*b)) {
    unsigned __int128 p = (unsigned __int128)*a * *b;
    if (p <= NAT_SMALL_MAX) {
      *out = (Value)p;
      return JET_DONE;
    }
    uint64_t *o = nat_alloc(m, 2);
    o[1] = (uint64_t)p;
    o[2] = (uint64_t)(p >> 64);
    return done(o, out);
  }
  if (limb_count(*a) < limb_count(*b)) {
    const Value *t = a;
    a = b;
    b = t;
  }
  size_t n = limb_count(*a) + limb_count(*b);
  if (!room(m, n, mul_work(limb_count(*a), limb_count(*b)))) return JET_STOP;
  uint64_t *o = nat_alloc(m, n);
  Limbs x, y;
  load(&x, *a);
  load(&y, *b);
  if (y.n == 1)
    o[n] = limbs_mul_1(o + 1, (const uint64_t *)x.at, x.n, y.at[0]);
  else if (x.at == y.at)
    mpn_sqr(limbs_of(o), x.at, x.n);
  else
    mpn_mul(limbs_of(o), x.at, x.n, y.at, y.n);
  return done(o, out);
}

// a to the e, a > 1 and no power of two, e > 1, by squaring from the top bit of e down.
static JetResult pow_by_squaring(Machine *m, const Value *a, uint64_t e, Value *out) {
  Value *acc = m->sp;
  stack_push(m, *a);
  JetResult r = JET_DONE;
  for (int bit = 62 - __builtin_clzll(e); bit >= 0 && r == JET_DONE; bit--) {
    r = nat_mul(m, acc, acc, acc);
    if (r == JET_DONE && (e >> bit & 1)) r = nat_mul(m, acc, a, acc);
  }
  *out = *acc;
  m->sp = acc;
  return r;
}

JetResult nat_pow(Machine *m, const Value *a, const Value *b, Value *out) {
  if (*b == 0 || *a == 1) {
    *out = 1;
    return JET_DONE;
  }
  if (*a == 0 || *b == 1) {
    *out = *a;
    return JET_DONE;
  }
  uint64_t e, low = nat_bits(*a) - 1, bits; // a >= 2^low
  if (!nat_u64(*b, &e) || __builtin_mul_overflow(e, low, &bits)) bits = UINT64_MAX;
  if (bits / LIMB_BITS >= HEAP_LARGE && !heap_fits(m, bits / LIMB_BITS)) return JET_STOP;
  if (nat_popcount(*a) == 1) {
    const Value one = 1, shift = bits;
    return nat_shl(m, &one, &shift, out);
  }
  return pow_by_squaring(m, a, e, out);
}

// --- quotients -------------------------------------------------------------------------------------

// What is computed on the way and not wanted: few limbs lie on the C stack.
typedef struct Scratch {
  mp_limb_t *at;
  mp_limb_t few[64];
} Scratch;

static mp_limb_t *scratch(Scratch *s, size_t n) {
  return s->at = n <= sizeof s->few / sizeof *s->few ? s->few : mem_alloc(mem_mul(n, sizeof *s->at));
}

static void scratch_free(Scratch *s) {
  if (s->at != s->few) mem_free(s->at);
}

// The room and the work of a division that has a quotient; false: JET_STOP.
static bool room_to_divide(Machine *m, size_t an, size_t bn) {
  size_t qn = an - bn + 1;
  return room(m, (uint64_t)qn + bn, mul_work(qn, bn) + an);
}

// Whether q * low is more than the number with the qn limbs at `high`, followed by the n low ones of x.
static bool product_exceeds(const mp_limb_t *q, size_t qn, const mp_limb_t *low, size_t n,
                            const mp_limb_t *high, const mp_limb_t *x) {
  Scratch s;
  mp_limb_t *p = scratch(&s, qn + n);
  if (qn < n)
    mpn_mul(p, low, n, q, qn);
  else
    mpn_mul(p, q, qn, low, n);
  int c = mpn_cmp(p + n, high, qn);
  if (c == 0) c = mpn_cmp(p, x, n);
  scratch_free(&s);
  return c > 0;
}

// The quotient of x and y, of qn = x.n - y.n + 1 limbs with qn + 2 < y.n, from their high limbs alone.
//
// Let B = 2^64, x = X B^s + u and y = Y B^s + v, where Y is the qn + 2 high limbs of y, and u, v < B^s. Let Q
// and R be quotient and rest of X / Y. X has 2 qn + 1 limbs, and Y >= B^(qn + 1), so Q < B^qn < Y. From
//
//   x - Q y = R B^s + u - Q v
//
// follows that the quotient of x and y is at most Q: x - (Q + 1) y <= (R - Y) B^s + u < 0. It is Q unless
// Q v > R B^s + u, which cannot be when R >= Q, for Q v < Q B^s: that decides all but about one of B.
// Otherwise it is Q - 1: x - (Q - 1) y >= Y B^s - Q v > 0.
static void short_quotient(mp_limb_t *q, size_t qn, const Limbs *x, const Limbs *y) {
  Scratch s;
  size_t high = qn + 2, low = y->n - high;
  mp_limb_t *r = scratch(&s, high);
  mpn_tdiv_qr(q, r, 0, x->at + low, x->n - low, y->at + low, high);
  bool decided = !mpn_zero_p(r + qn, high - qn) || mpn_cmp(r, q, qn) >= 0;
  if (!decided && product_exceeds(q, qn, y->at, low, r, x->at)) mpn_sub_1(q, q, qn, 1);
  scratch_free(&s);
}

JetResult nat_div(Machine *m, const Value *a, const Value *b, Value *out) {
  assert(*b != 0);
  if (val_is_small(*a) && val_is_small(*b)) {
    *out = *a / *b;
    return JET_DONE;
  }
  if (nat_cmp(*a, *b) < 0) {
    *out = 0;
    return JET_DONE;
  }
  size_t an = limb_count(*a), bn = limb_count(*b), qn = an - bn + 1;
  if (!room_to_divide(m, an, bn)) return JET_STOP;
  uint64_t *o = nat_alloc(m, qn);
  Limbs x, y;
  load(&x, *a);
  load(&y, *b);
  if (qn + 2 < bn) {
    short_quotient(limbs_of(o), qn, &x, &y);
  } else {
    Scratch s;
    mpn_tdiv_qr(limbs_of(o), scratch(&s, bn), 0, x.at, x.n, y.at, y.n);
    scratch_free(&s);
  }
  return done(o, out);
}

JetResult nat_mod(Machine *m, const Value *a, const Value *b, Value *out) {
  assert(*b != 0);
  if (val_is_small(*a) && val_is_small(*b)) {
    *out = *a % *b;
    return JET_DONE;
  }
  if (nat_cmp(*a, *b) < 0) {
    *out = *a;
    return JET_DONE;
  }
  size_t an = limb_count(*a), bn = limb_count(*b), qn = an - bn + 1;
  if (!room_to_divide(m, an, bn)) return JET_STOP;
  if (bn == 1) {
    Limbs x, y;
    load(&x, *a);
    load(&y, *b);
    *out = nat_of_u64(m, mpn_mod_1(x.at, x.n, y.at[0]));
    return JET_DONE;
  }
  uint64_t *o = nat_alloc(m, bn);
  Limbs x, y;
  load(&x, *a);
  load(&y, *b);
  Scratch s;
  mpn_tdiv_qr(scratch(&s, qn), limbs_of(o), 0, x.at, x.n, y.at, y.n);
  scratch_free(&s);
  return done(o, out);
}

// --- bits ------------------------------------------------------------------------------------------

JetResult nat_shl(Machine *m, const Value *a, const Value *bits, Value *out) {
  uint64_t by, an = limb_count(*a);
  if (an == 0) {
    *out = 0;
    return JET_DONE;
  }
  if (!nat_u64(*bits, &by)) by = UINT64_MAX;
  if (val_is_small(*a) && by < LIMB_BITS - 1 && *a >> (LIMB_BITS - 1 - by) == 0) {
    *out = *a << by;
    return JET_DONE;
  }
  uint64_t skip = by / LIMB_BITS, n = an + skip + 1;
  if (!room(m, n, n)) return JET_STOP;
  uint64_t *o = nat_alloc(m, n);
  Limbs x;
  load(&x, *a);
  memset(o + 1, 0, skip * 8);
  mp_limb_t *to = limbs_of(o) + skip;
  unsigned part = by % LIMB_BITS;
  if (part)
    to[x.n] = mpn_lshift(to, x.at, x.n, part);
  else
    mpn_copyi(to, x.at, x.n), to[x.n] = 0;
  return done(o, out);
}

JetResult nat_shr(Machine *m, const Value *a, const Value *bits, Value *out) {
  uint64_t by, an = limb_count(*a);
  if (!nat_u64(*bits, &by) || by / LIMB_BITS >= an) {
    *out = 0;
    return JET_DONE;
  }
  if (val_is_small(*a)) {
    *out = *a >> by;
    return JET_DONE;
  }
  uint64_t skip = by / LIMB_BITS, n = an - skip;
  if (!room(m, n, n)) return JET_STOP;
  uint64_t *o = nat_alloc(m, n);
  Limbs x;
  load(&x, *a);
  unsigned part = by % LIMB_BITS;
  if (part)
    mpn_rshift(limbs_of(o), x.at + skip, n, part);
  else
    mpn_copyi(limbs_of(o), x.at + skip, n);
  return done(o, out);
}

JetResult nat_trunc(Machine *m, const Value *a, const Value *bits, Value *out) {
  uint64_t by;
  if (!nat_u64(*bits, &by) || by >= nat_bits(*a)) {
    *out = *a;
    return JET_DONE;
  }
  if (by < LIMB_BITS) {
    uint64_t low;
    nat_copy_bytes(*a, (uint8_t *)&low, 8);
    *out = nat_of_u64(m, low & ((1ULL << by) - 1));
    return JET_DONE;
  }
  size_t n = (by + LIMB_BITS - 1) / LIMB_BITS;
  if (!room(m, n, n)) return JET_STOP;
  uint64_t *o = nat_alloc(m, n);
  Limbs x;
  load(&x, *a);
  mpn_copyi(limbs_of(o), x.at, n);
  if (by % LIMB_BITS) o[n] &= (1ULL << by % LIMB_BITS) - 1;
  return done(o, out);
}

JetResult nat_and(Machine *m, const Value *a, const Value *b, Value *out) {
  if (val_is_small(*a) || val_is_small(*b)) {
    Limbs x, y;
    load(&x, *a);
    load(&y, *b);
    *out = x.n && y.n ? x.at[0] & y.at[0] : 0;
    return JET_DONE;
  }
  size_t an = limb_count(*a), bn = limb_count(*b), n = an < bn ? an : bn;
  if (!room(m, n, n)) return JET_STOP;
  uint64_t *o = nat_alloc(m, n);
  mpn_and_n(limbs_of(o), limbs_of(val_obj(*a)), limbs_of(val_obj(*b)), n);
  return done(o, out);
}

// Or and exclusive or: the longer operand's upper limbs stay.
static JetResult combine(Machine *m, const Value *a, const Value *b, bool exclusive, Value *out) {
  if (limb_count(*a) < limb_count(*b)) {
    const Value *t = a;
    a = b;
    b = t;
  }
  size_t n = limb_count(*a);
  if (!room(m, n, n)) return JET_STOP;
  uint64_t *o = nat_alloc(m, n);
  Limbs x, y;
  load(&x, *a);
  load(&y, *b);
  mp_limb_t *to = limbs_of(o);
  if (y.n && exclusive)
    mpn_xor_n(to, x.at, y.at, y.n);
  else if (y.n)
    mpn_ior_n(to, x.at, y.at, y.n);
  if (x.n > y.n) mpn_copyi(to + y.n, x.at + y.n, x.n - y.n);
  return done(o, out);
}

JetResult nat_or(Machine *m, const Value *a, const Value *b, Value *out) {
  if (val_is_small(*a) && val_is_small(*b)) {
    *out = *a | *b;
    return JET_DONE;
  }
  return combine(m, a, b, false, out);
}

JetResult nat_xor(Machine *m, const Value *a, const Value *b, Value *out) {
  if (val_is_small(*a) && val_is_small(*b)) {
    *out = *a ^ *b;
    return JET_DONE;
  }
  return combine(m, a, b, true, out);
}

// --- looking at nats -------------------------------------------------------------------------------

int nat_cmp(Value a, Value b) {
  if (val_is_small(a) && val_is_small(b)) return (a > b) - (a < b);
  size_t an = limb_count(a), bn = limb_count(b);
  if (an != bn) return an < bn ? -1 : 1;
  Limbs x, y;
  load(&x, a);
  load(&y, b);
  int c = mpn_cmp(x.at, y.at, an);
  return (c > 0) - (c < 0);
}

uint64_t nat_bits(Value a) {
  if (a == 0) return 0;
  if (val_is_small(a)) return LIMB_BITS - (uint64_t)__builtin_clzll(a);
  const uint64_t *o = val_obj(a);
  uint64_t n = obj_count(o);
  return n * LIMB_BITS - (uint64_t)__builtin_clzll(o[n]);
}

bool nat_bit(Value a, uint64_t i) {
  Limbs x;
  load(&x, a);
  return i / LIMB_BITS < x.n && (x.at[i / LIMB_BITS] >> i % LIMB_BITS & 1);
}

uint64_t nat_popcount(Value a) {
  Limbs x;
  load(&x, a);
  return x.n ? mpn_popcount(x.at, x.n) : 0;
}

size_t nat_bytes(Value a) { return (nat_bits(a) + 7) / 8; }

void nat_copy_bytes(Value a, uint8_t *out, size_t n) {
  Limbs x;
  load(&x, a);
  size_t have = x.n * 8;
  if (n == 0) return;
  memcpy(out, x.at, have < n ? have : n);
  if (have < n) memset(out + have, 0, n - have);
}

Value nat_from_bytes(Machine *m, const uint8_t *le, size_t n) {
  while (n > 0 && le[n - 1] == 0) n--;
  if (n == 0) return 0;
  if (n <= 8) {
    uint64_t small = 0;
    memcpy(&small, le, n);
    return nat_of_u64(m, small);
  }
  size_t limbs = (n + 7) / 8;
  uint64_t *o = nat_alloc(m, limbs);
  o[limbs] = 0;
  memcpy(o + 1, le, n);
  return nat_trim(o);
}

bool nat_u64(Value a, uint64_t *out) {
  if (val_is_small(a)) {
    *out = a;
    return true;
  }
  *out = val_obj(a)[1];
  return obj_count(val_obj(a)) == 1;
}
