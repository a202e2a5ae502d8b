// The first n digits of pi, one by one, by a spigot of big numbers; see pi.sire.
#include "bench.h"

static mpz_t num, acc, den, t;

static unsigned long digit(unsigned long times) {
  mpz_mul_ui(t, num, times);
  mpz_add(t, t, acc);
  mpz_tdiv_q(t, t, den);
  return mpz_get_ui(t);
}

unsigned long run(unsigned long size) {
  unsigned long sum = 0;
  mpz_inits(num, acc, den, t, NULL);
  mpz_set_ui(num, 1);
  mpz_set_ui(den, 1);
  for (unsigned long k = 1; size > 0; k++) {
    mpz_addmul_ui(acc, num, 2);
    mpz_mul_ui(acc, acc, 2 * k + 1);
    mpz_mul_ui(den, den, 2 * k + 1);
    mpz_mul_ui(num, num, k);
    if (mpz_cmp(num, acc) > 0) continue;
    unsigned long d = digit(3);
    if (d != digit(4)) continue;
    mpz_submul_ui(acc, den, d);
    mpz_mul_ui(acc, acc, 10);
    mpz_mul_ui(num, num, 10);
    sum = (sum * 31 + d) % 1000003;
    size--;
  }
  mpz_clears(num, acc, den, t, NULL);
  return sum;
}
