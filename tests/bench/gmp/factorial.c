// The factorials of n and of the 19 numbers behind it, added: products of a big number and a small one.
#include "bench.h"

unsigned long run(unsigned long size) {
  mpz_t sum, product;
  mpz_inits(sum, product, NULL);
  for (unsigned long n = size; n < size + 20; n++) {
    mpz_set_ui(product, 1);
    for (unsigned long k = n; k > 0; k--) mpz_mul_ui(product, product, k);
    mpz_add(sum, sum, product);
  }
  unsigned long result = mpz_fdiv_ui(sum, 1000000007);
  mpz_clears(sum, product, NULL);
  return result;
}
