// The first n digits of pi, one by one, by a spigot of big numbers; see pi.sire.
#include "bench.h"

unsigned long run(unsigned long size) {
  unsigned long sum = 0;
  mpz_t low, width, den, t;
  mpz_init_set_ui(low, 3);
  mpz_init_set_ui(width, 1);
  mpz_init_set_ui(den, 1);
  mpz_init(t);
  for (unsigned long k = 1; size > 0; k++) {
    mpz_mul_ui(low, low, 2 * k + 1);
    mpz_addmul_ui(low, width, k - 1);
    mpz_mul_ui(width, width, k);
    mpz_mul_ui(den, den, 2 * k + 1);
    mpz_tdiv_q(t, low, den);
    unsigned long d = mpz_get_ui(t);
    mpz_add(t, low, width);
    mpz_tdiv_q(t, t, den);
    if (d != mpz_get_ui(t)) continue;
    mpz_submul_ui(low, den, d);
    mpz_mul_ui(low, low, 10);
    mpz_mul_ui(width, width, 10);
    sum = (sum * 31 + d) % 1000003;
    size--;
  }
  mpz_clears(low, width, den, t, NULL);
  return sum;
}
