#include "common/base/mem.h"
#include "tests/suite.h"
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs `run` in a child with stderr closed and returns its exit status.
static int status_of(void (*run)(void)) {
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    close(STDERR_FILENO);
    run();
    _exit(0);
  }
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(WIFEXITED(status));
  return WEXITSTATUS(status);
}

START_TEST(sizes_of_zero) {
  void *a = mem_alloc(0), *b = mem_zalloc(0), *c = mem_realloc(NULL, 0), *d = mem_dup(NULL, 0);
  ck_assert(a && b && c && d);
  mem_free(a);
  mem_free(b);
  mem_free(c);
  mem_free(d);
  mem_free(NULL);
}
END_TEST

START_TEST(copies) {
  char *s = mem_strdup("text"), *p = mem_printf("%s-%d", s, 5), *d = mem_dup("abc", 2);
  ck_assert_str_eq(s, "text");
  ck_assert_str_eq(p, "text-5");
  ck_assert(!memcmp(d, "ab", 2));
  d = mem_realloc(d, 1000);
  ck_assert(!memcmp(d, "ab", 2));
  uint8_t *z = mem_zalloc(1000);
  for (int i = 0; i < 1000; i++) ck_assert_int_eq(z[i], 0);
  mem_free(s);
  mem_free(p);
  mem_free(d);
  mem_free(z);
}
END_TEST

START_TEST(growth_is_geometric_and_enough) {
  size_t cap = 0, steps = 0;
  while (cap < 1000000) {
    size_t next = mem_grow(cap, cap + 1);
    ck_assert_uint_gt(next, cap);
    cap = next;
    steps++;
  }
  ck_assert_uint_lt(steps, 40);
  ck_assert_uint_ge(mem_grow(10, 5000), 5000);
  int *arr = NULL;
  size_t have = 0;
  for (size_t i = 0; i < 1000; i++) {
    mem_reserve(arr, have, i + 1);
    arr[i] = (int)i;
  }
  ck_assert_int_eq(arr[999], 999);
  mem_free(arr);
}
END_TEST

static void mul_overflow(void) { mem_mul(SIZE_MAX / 2, 3); }
static void add_overflow(void) { mem_add(SIZE_MAX, 1); }
static void grow_overflow(void) { mem_grow(SIZE_MAX - 1, SIZE_MAX); }
static void exhausted(void) { mem_exhausted(1); }
static void fits(void) {
  mem_mul(SIZE_MAX / 2, 2);
  mem_add(SIZE_MAX, 0);
}

START_TEST(overflow_ends_the_process) {
  ck_assert_int_eq(status_of(mul_overflow), 71);
  ck_assert_int_eq(status_of(add_overflow), 71);
  ck_assert_int_eq(status_of(grow_overflow), 71);
  ck_assert_int_eq(status_of(exhausted), 71);
  ck_assert_int_eq(status_of(fits), 0);
}
END_TEST

static size_t fail_at;

static void six_allocations(void) {
  mem_fail_nth(fail_at);
  char *a = mem_alloc(1), *b = mem_zalloc(1), *c = mem_realloc(NULL, 1);
  char *d = mem_dup("x", 1), *e = mem_strdup("x"), *f = mem_printf("x");
  mem_free(a);
  mem_free(b);
  mem_free(c);
  mem_free(d);
  mem_free(e);
  mem_free(f);
}

START_TEST(every_allocation_can_be_failed) {
  for (fail_at = 1; fail_at <= 6; fail_at++) ck_assert_int_eq(status_of(six_allocations), 71);
  fail_at = 7;
  ck_assert_int_eq(status_of(six_allocations), 0);
  fail_at = 0;
  ck_assert_int_eq(status_of(six_allocations), 0);
}
END_TEST

static void say_why(void) {
  mem_fail_nth(1);
  mem_free(mem_alloc(1234));
}

START_TEST(the_end_is_explained) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], STDERR_FILENO);
    say_why();
    _exit(0);
  }
  close(ends[1]);
  char text[256] = {0};
  ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
  ck_assert_ptr_nonnull(strstr(text, "out of memory (1234 bytes wanted)"));
  waitpid(pid, NULL, 0);
  close(ends[0]);
}
END_TEST

SUITE_MAIN("mem", sizes_of_zero, copies, growth_is_geometric_and_enough, overflow_ends_the_process,
           every_allocation_can_be_failed, the_end_is_explained)
