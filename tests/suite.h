// The frame of every suite: each test runs in a process of its own, for a time that shows it hangs.
//
//   SUITE_MAIN("room/subject", test_a, test_b)
//   SUITE_MAIN_WITH("room/subject", ((SuiteFrame){.setup = .., .teardown = ..}), {test_a}, {test_b, 20})
//
// CK_DEFAULT_TIMEOUT, in seconds, allows a test more than SUITE_SECONDS; 0: as long as it likes.
#pragma once
#include <check.h>
#include <stdlib.h>

#define SUITE_SECONDS 600

typedef struct SuiteTest {
  const TTest *test;
  int times; // with _i from 0 up; 0: once
} SuiteTest;

typedef struct SuiteFrame {
  SFun setup, teardown; // around each test, in its process; may be NULL
  int seconds;          // that a test may take, if more than usual
} SuiteFrame;

static inline double suite_seconds(const SuiteFrame *frame) {
  const char *env = getenv("CK_DEFAULT_TIMEOUT");
  double allowed = env ? strtod(env, NULL) : SUITE_SECONDS;
  return allowed > 0 && allowed < frame->seconds ? frame->seconds : allowed;
}

static inline int suite_run(const char *title, SuiteFrame frame, const SuiteTest *tests, size_t n) {
  Suite *suite = suite_create(title);
  TCase *tcase = tcase_create(title);
  tcase_set_timeout(tcase, suite_seconds(&frame));
  tcase_add_checked_fixture(tcase, frame.setup, frame.teardown);
  for (size_t i = 0; i < n; i++)
    tcase_add_loop_test(tcase, tests[i].test, 0, tests[i].times ? tests[i].times : 1);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define SUITE_MAIN_WITH(title, frame, ...)                                                                   \
  _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"") int main(void) {                        \
    const SuiteTest tests[] = {__VA_ARGS__};                                                                 \
    return suite_run(title, frame, tests, sizeof tests / sizeof *tests);                                     \
  }

#define SUITE_MAIN(title, ...)                                                                               \
  int main(void) {                                                                                           \
    const TTest *const plain[] = {__VA_ARGS__};                                                              \
    SuiteTest tests[sizeof plain / sizeof *plain];                                                           \
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) tests[i] = (SuiteTest){plain[i], 0};           \
    return suite_run(title, (SuiteFrame){0}, tests, sizeof plain / sizeof *plain);                           \
  }
