// The frame of every suite of this room: SUITE_MAIN("name", test_a, test_b) runs them, each in its own
// process.
#pragma once
#include <check.h>
#include <stdlib.h>

#define SUITE_MAIN(title, ...)                                                                               \
  int main(void) {                                                                                           \
    const TTest *const tests[] = {__VA_ARGS__};                                                              \
    Suite *suite = suite_create(title);                                                                      \
    TCase *tcase = tcase_create(title);                                                                      \
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);               \
    suite_add_tcase(suite, tcase);                                                                           \
    SRunner *runner = srunner_create(suite);                                                                 \
    srunner_run_all(runner, CK_NORMAL);                                                                      \
    int failed = srunner_ntests_failed(runner);                                                              \
    srunner_free(runner);                                                                                    \
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                                             \
  }
