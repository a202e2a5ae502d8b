#include "tests/util.h"
#include "common/base/mem.h"
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

char *scratch_dir(void) {
  const char *base = getenv("TMPDIR");
  char *dir = mem_printf("%s/palltest.XXXXXX", base ? base : P_tmpdir);
  ck_assert_ptr_nonnull(mkdtemp(dir));
  return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  return remove(path);
}

void scratch_free(char *dir) {
  nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  mem_free(dir);
}

size_t test_scale(size_t n) {
  const char *text = getenv("PALL_TEST_SCALE");
  double scale = text ? atof(text) : 1;
  double scaled = (double)n * (scale > 0 ? scale : 1);
  return scaled < 1 ? 1 : (size_t)scaled;
}

size_t test_step(size_t total, size_t sample) {
  return getenv("PALL_TEST_EVERY") ? 1 : total / test_scale(sample) + 1;
}

uint64_t test_seed(uint64_t otherwise) {
  const char *text = getenv("PALL_TEST_SEED");
  uint64_t seed = text ? strtoull(text, NULL, 10) : otherwise;
  printf("seed %llu (PALL_TEST_SEED)\n", (unsigned long long)seed);
  fflush(stdout);
  return seed;
}

uint64_t test_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void test_fill(uint64_t *state, void *out, size_t n) {
  uint8_t *p = out;
  for (size_t i = 0; i < n; i++) p[i] = (uint8_t)test_random(state);
}
