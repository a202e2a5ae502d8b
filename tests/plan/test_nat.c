// Natural numbers against gmp's integers, on small, boundary and random operands.
#include "common/base/mem.h"
#include "common/plan/limbs.h"
#include "common/plan/nat.h"
#include "common/plan/plan.h"
#include "tests/suite.h"
#include <gmp.h>
#include <stdio.h>
#include <string.h>

static Machine *m;
static mpz_t za, zb, zr, zt;
static gmp_randstate_t rnd;

static void setup(void) {
  m = machine_new(&(MachineConfig){.memory = 64u << 20});
  mpz_inits(za, zb, zr, zt, NULL);
  gmp_randinit_mt(rnd);
  gmp_randseed_ui(rnd, 20);
}

static void teardown(void) {
  mpz_clears(za, zb, zr, zt, NULL);
  gmp_randclear(rnd);
  machine_free(m);
}

static Ref from_mpz(const mpz_t z) {
  size_t n = 0;
  uint8_t *bytes = mpz_export(NULL, &n, -1, 1, 0, 0, z);
  Ref r = plan_nat_bytes(m, bytes, n);
  void (*release)(void *, size_t);
  mp_get_memory_functions(NULL, NULL, &release);
  if (bytes) release(bytes, n);
  return r;
}

static void to_mpz(mpz_t z, Value v) {
  uint64_t tmp;
  size_t n;
  const uint64_t *limbs = nat_limbs(v, &tmp, &n);
  ck_assert(n == 0 || limbs[n - 1] != 0);
  ck_assert(val_is_small(v) || n > 1 || limbs[0] > NAT_SMALL_MAX);
  mpz_import(z, n, -1, 8, 0, 0, limbs);
}

// Sizes cluster where representations change; values too.
static void random_operand(mpz_t z) {
  static const unsigned sizes[] = {0, 1, 2, 7, 8, 31, 32, 62, 63, 64, 65, 127, 128, 129, 500, 3000};
  unsigned bits = sizes[gmp_urandomm_ui(rnd, sizeof sizes / sizeof *sizes)];
  switch (gmp_urandomm_ui(rnd, 4)) {
  case 0: mpz_urandomb(z, rnd, bits); break;
  case 1: mpz_rrandomb(z, rnd, bits); break;
  case 2: mpz_set_ui(z, 1), mpz_mul_2exp(z, z, bits); break;
  default: mpz_set_ui(z, 1), mpz_mul_2exp(z, z, bits), mpz_sub_ui(z, z, 1); break;
  }
}

typedef JetResult (*Op)(Machine *, const Value *, const Value *, Value *);

static void floor_sub(mpz_t r, const mpz_t a, const mpz_t b) {
  mpz_sub(r, a, b);
  if (mpz_sgn(r) < 0) mpz_set_ui(r, 0);
}

static void check_result(const char *what, JetResult got, Value v) {
  ck_assert_msg(got == JET_DONE, "%s did not end well", what);
  to_mpz(zt, v);
  if (mpz_cmp(zt, zr) != 0) {
    gmp_fprintf(stderr, "%s %Zx %Zx = %Zx, not %Zx\n", what, za, zb, zr, zt);
    ck_abort();
  }
}

static void check_op(const char *what, Op op, void (*ref)(mpz_t, const mpz_t, const mpz_t), bool divides) {
  for (int i = 0; i < 3000; i++) {
    RefMark mark = refs_mark(m);
    random_operand(za);
    random_operand(zb);
    if (divides && mpz_sgn(zb) == 0) continue;
    Ref ra = from_mpz(za), rb = from_mpz(zb);
    // On the stack, as a routine has its operands.
    Value *f = m->sp;
    stack_push(m, ref_get(m, ra));
    stack_push(m, ref_get(m, rb));
    stack_push(m, 0);
    JetResult got = op(m, &f[0], &f[1], &f[2]);
    ref(zr, za, zb);
    check_result(what, got, f[2]);
    to_mpz(zt, f[0]);
    ck_assert(mpz_cmp(zt, za) == 0);
    ck_assert_int_eq(nat_cmp(f[0], f[1]), mpz_cmp(za, zb) < 0 ? -1 : mpz_cmp(za, zb) > 0);
    got = op(m, &f[0], &f[1], &f[0]); // the result may replace an operand
    check_result(what, got, f[0]);
    m->sp = f;
    refs_release(m, mark);
  }
}

START_TEST(operations) {
  check_op("add", nat_add, mpz_add, false);
  check_op("sub", nat_sub, floor_sub, false);
  check_op("mul", nat_mul, mpz_mul, false);
  check_op("div", nat_div, mpz_fdiv_q, true);
  check_op("mod", nat_mod, mpz_fdiv_r, true);
  check_op("and", nat_and, mpz_and, false);
  check_op("or", nat_or, mpz_ior, false);
  check_op("xor", nat_xor, mpz_xor, false);
}
END_TEST

START_TEST(squares) {
  for (int i = 0; i < 200; i++) {
    random_operand(za);
    mpz_set(zb, za);
    Value *f = m->sp;
    stack_push(m, ref_get(m, from_mpz(za)));
    mpz_mul(zr, za, za);
    Value r = 0;
    JetResult got = nat_mul(m, f, f, &r);
    check_result("square", got, r);
    m->sp = f;
  }
}
END_TEST

// A number of n limbs like those that make estimates wrong: its top limb is 1, all ones or neither; below are
// zeros, ones or neither.
static void awkward_operand(mpz_t z, unsigned n) {
  unsigned low = 64 * (n - 1);
  switch (gmp_urandomm_ui(rnd, 4)) {
  case 0: mpz_set_ui(z, 0); break;
  case 1: mpz_set_ui(z, 1), mpz_mul_2exp(z, z, low), mpz_sub_ui(z, z, 1); break;
  default: mpz_urandomb(z, rnd, low); break;
  }
  static const uint64_t tops[] = {1, UINT64_MAX, 1ULL << 63, 0};
  uint64_t top = tops[gmp_urandomm_ui(rnd, 4)];
  mpz_set_ui(zt, top ? top : 1 + gmp_urandomm_ui(rnd, UINT64_MAX));
  mpz_mul_2exp(zt, zt, low);
  mpz_add(z, z, zt);
}

static void check_division(const mpz_t quotient, const mpz_t rest) {
  RefMark mark = refs_mark(m);
  Value *f = m->sp, r = 0;
  Ref ra = from_mpz(za), rb = from_mpz(zb);
  stack_push(m, ref_get(m, ra));
  stack_push(m, ref_get(m, rb));
  mpz_set(zr, quotient);
  JetResult got = nat_div(m, &f[0], &f[1], &r);
  check_result("div", got, r);
  mpz_set(zr, rest);
  got = nat_mod(m, &f[0], &f[1], &r);
  check_result("mod", got, r);
  m->sp = f;
  refs_release(m, mark);
}

// From quotient and rest, known before: multiples, what is next to them, and what lies between.
START_TEST(divisions) {
  mpz_t q, r;
  mpz_inits(q, r, NULL);
  for (int i = 0; i < 60000; i++) {
    unsigned qn = 1 + (unsigned)gmp_urandomm_ui(rnd, i % 100 ? 4 : 40);
    unsigned bn = 1 + (unsigned)gmp_urandomm_ui(rnd, i % 100 ? 12 : 200);
    awkward_operand(q, qn);
    awkward_operand(zb, bn);
    switch (gmp_urandomm_ui(rnd, 3)) {
    case 0: mpz_set_ui(r, gmp_urandomm_ui(rnd, 2)); break;
    case 1: mpz_sub_ui(r, zb, 1); break;
    default: mpz_urandomm(r, rnd, zb); break;
    }
    if (mpz_cmp(r, zb) >= 0) mpz_set_ui(r, 0);
    mpz_mul(za, q, zb);
    mpz_add(za, za, r);
    check_division(q, r);
  }
  mpz_clears(q, r, NULL);
}
END_TEST

START_TEST(multiples_of_limbs) {
  for (size_t n = 1; n <= 40; n++) {
    for (int i = 0; i < 50; i++) {
      awkward_operand(za, (unsigned)n);
      uint64_t y = i % 2 ? UINT64_MAX : gmp_urandomm_ui(rnd, UINT64_MAX), limbs[41], want[41];
      mpz_mul_ui(zr, za, y);
      memset(want, 0, sizeof want);
      mpz_export(want, NULL, -1, 8, 0, 0, zr);
      mpz_export(limbs, NULL, -1, 8, 0, 0, za);
      uint64_t apart[41];
      apart[n] = limbs_mul_1(apart, limbs, n, y);
      limbs[n] = limbs_mul_1(limbs, limbs, n, y); // in place
      ck_assert_mem_eq(apart, want, (n + 1) * 8);
      ck_assert_mem_eq(limbs, want, (n + 1) * 8);
    }
  }
}
END_TEST

static void shl(mpz_t r, const mpz_t a, uint64_t n) { mpz_mul_2exp(r, a, n); }
static void shr(mpz_t r, const mpz_t a, uint64_t n) { mpz_fdiv_q_2exp(r, a, n); }
static void trunc_to(mpz_t r, const mpz_t a, uint64_t n) { mpz_fdiv_r_2exp(r, a, n); }

static void check_shift(const char *what, Op op, void (*ref)(mpz_t, const mpz_t, uint64_t)) {
  for (int i = 0; i < 3000; i++) {
    RefMark mark = refs_mark(m);
    Value by = gmp_urandomm_ui(rnd, i % 2 ? 70 : 3500);
    random_operand(za);
    mpz_set_ui(zb, by);
    Value *f = m->sp;
    stack_push(m, ref_get(m, from_mpz(za)));
    ref(zr, za, by);
    Value r = 0;
    JetResult got = op(m, f, &by, &r);
    check_result(what, got, r);
    m->sp = f;
    refs_release(m, mark);
  }
}

START_TEST(shifts) {
  check_shift("shl", nat_shl, shl);
  check_shift("shr", nat_shr, shr);
  check_shift("trunc", nat_trunc, trunc_to);
}
END_TEST

START_TEST(powers) {
  for (int i = 0; i < 400; i++) {
    RefMark mark = refs_mark(m);
    Value e = gmp_urandomm_ui(rnd, 40);
    random_operand(za);
    mpz_set_ui(zb, e);
    mpz_pow_ui(zr, za, e);
    Value *f = m->sp;
    stack_push(m, ref_get(m, from_mpz(za)));
    Value r = 0;
    JetResult got = nat_pow(m, f, &e, &r);
    check_result("pow", got, r);
    m->sp = f;
    refs_release(m, mark);
  }
}
END_TEST

START_TEST(looking) {
  for (int i = 0; i < 2000; i++) {
    RefMark mark = refs_mark(m);
    random_operand(za);
    Value v = ref_get(m, from_mpz(za));
    ck_assert_uint_eq(nat_bits(v), mpz_sgn(za) ? mpz_sizeinbase(za, 2) : 0);
    ck_assert_uint_eq(nat_popcount(v), mpz_popcount(za));
    ck_assert_uint_eq(nat_bytes(v), mpz_sgn(za) ? mpz_sizeinbase(za, 256) : 0);
    uint64_t at = gmp_urandomm_ui(rnd, 600);
    ck_assert_int_eq(nat_bit(v, at), mpz_tstbit(za, at));
    uint8_t bytes[40];
    nat_copy_bytes(v, bytes, sizeof bytes);
    mpz_import(zb, sizeof bytes, -1, 1, 0, 0, bytes);
    mpz_fdiv_r_2exp(zr, za, sizeof bytes * 8);
    ck_assert(mpz_cmp(zb, zr) == 0);
    uint64_t word;
    ck_assert_int_eq(nat_u64(v, &word), mpz_sizeinbase(za, 2) <= 64);
    if (mpz_sizeinbase(za, 2) <= 64) ck_assert_uint_eq(word, mpz_get_ui(za));
    refs_release(m, mark);
  }
}
END_TEST

START_TEST(decimals) {
  char digits[4001];
  for (int i = 0; i < 500; i++) {
    RefMark mark = refs_mark(m);
    size_t n = gmp_urandomm_ui(rnd, i % 2 ? 60 : sizeof digits), zeros = gmp_urandomm_ui(rnd, 30);
    for (size_t k = 0; k < n; k++)
      digits[k] = (char)('0' + (k < zeros ? 0 : i % 5 ? gmp_urandomm_ui(rnd, 10) : 9));
    digits[n] = 0;
    mpz_set_str(zr, n ? digits : "0", 10);
    Ref r = plan_nat_decimal(m, digits, n);
    check_result("decimal", JET_DONE, ref_get(m, r));
    char *back = plan_nat_decimal_str(m, r);
    ck_assert(mpz_set_str(zr, back, 10) == 0 && mpz_cmp(zr, zt) == 0);
    mem_free(back);
    refs_release(m, mark);
  }
}
END_TEST

START_TEST(boundary) {
  Value r = 0, one = 1, max = NAT_SMALL_MAX;
  ck_assert(nat_inc(m, &max, &r) == JET_DONE && !val_is_small(r));
  ck_assert(obj_count(val_obj(r)) == 1 && val_obj(r)[1] == 1ULL << 63);
  Value *f = m->sp;
  stack_push(m, r);
  ck_assert(nat_dec(m, f, &r) == JET_DONE && r == NAT_SMALL_MAX);
  ck_assert(nat_sub(m, &one, f, &r) == JET_DONE && r == 0);
  Value zero = 0;
  ck_assert(nat_dec(m, &zero, &r) == JET_DONE && r == 0);
  ck_assert(nat_shl(m, &zero, &max, &r) == JET_DONE && r == 0);
  ck_assert(nat_shr(m, &max, f, &r) == JET_DONE && r == 0);
  ck_assert(nat_pow(m, &one, f, &r) == JET_DONE && r == 1);
  ck_assert(nat_pow(m, &zero, f, &r) == JET_DONE && r == 0);
  ck_assert(nat_pow(m, f, &zero, &r) == JET_DONE && r == 1);
}
END_TEST

// What would not fit is refused before it is begun.
START_TEST(refused) {
  Value r = 0, one = 1, three = 3, far = 1ULL << 40, max = NAT_SMALL_MAX;
  ck_assert(nat_shl(m, &one, &far, &r) == JET_STOP && m->stop == RUN_MEMORY);
  m->stop = RUN_DONE;
  ck_assert(nat_shl(m, &one, &max, &r) == JET_STOP && m->stop == RUN_MEMORY);
  m->stop = RUN_DONE;
  ck_assert(nat_pow(m, &three, &far, &r) == JET_STOP && m->stop == RUN_MEMORY);
  m->stop = RUN_DONE;
  Value half = 200u << 20; // bits: 25 MB, its square fits, its fourth power does not
  Value *f = m->sp;
  stack_push(m, 0);
  stack_push(m, 0);
  ck_assert(nat_shl(m, &one, &half, f) == JET_DONE);
  ck_assert(nat_mul(m, f, f, f + 1) == JET_STOP && m->stop == RUN_MEMORY);
  m->stop = RUN_DONE;
  m->fuel_left = 1000;
  ck_assert(nat_add(m, f, f, f + 1) == JET_STOP && m->stop == RUN_FUEL);
}
END_TEST

SUITE_MAIN_WITH("plan/nat", ((SuiteFrame){.setup = setup, .teardown = teardown}), {operations}, {squares},
                {divisions}, {multiples_of_limbs}, {shifts}, {powers}, {looking}, {decimals}, {boundary},
                {refused})
