// What is told of assertions that do not hold: both values, and where they first differ.
#include "common/base/mem.h"
#include "tests/sire/support.h"
#include "tests/suite.h"
#include <string.h>

// Collecting at every allocation takes quadratic time.
#ifdef HOSTILE
enum { DEEP = 40, WIDE = 60, BOMB = 10 };
#else
enum { DEEP = 3000, WIDE = 5000, BOMB = 60 };
#endif

#define TOOLS "= c1 (0 0 2 0)\n= c2 (0 0 3 0)\n= c3 (0 0 4 0)\n= (same x) x\n"

typedef struct Case {
  const char *assertion, *report; // the report behind the form
} Case;

static const Case cases[] = {
    {"1 2", "  first:  1\n  second: 2\n"},
    {"(c2 1 2) 3", "  first:  [2 1]\n  second: 3\n"},
    {"(c2 7 1) (c2 8 1)",
     "  first:  [1 7]\n             ^\n  second: [1 8]\n             ^\n  they differ at element 1\n"},
    // The first in reading order, though both elements differ.
    {"(c2 7 1) (c2 8 100)", "  first:  [1 7]\n           ^\n  second: [100 8]\n           ^^^\n"
                            "  they differ at element 0\n"},
    {"(c1 (c2 (c1 5) 1)) (c1 (c2 (c1 {five}) 1))",
     "  first:  [[1 [5]]]\n               ^\n  second: [[1 [{five}]]]\n               ^^^^^^\n"
     "  they differ at element 0, element 1, element 0\n"},
    // One goes on where the other ends.
    {"(c1 1) (c2 2 1)", "  first:  [1]\n            ^\n  second: [1 2]\n             ^\n"
                        "  they differ at element 1\n"},
    {"c2 c3", "  first:  C2\n  second: C3\n"},
    // Texts: the first character; one may be a part of the other.
    {"{abcd} {abed}", "  first:  {abcd}\n             ^\n  second: {abed}\n             ^\n"},
    {"{abcd} {abc}", "  first:  {abcd}\n              ^\n  second: {abc}\n              ^\n"},
    {"(c1 {abcd}) (c1 4)",
     "  first:  [{abcd}]\n           ^^^^^^\n  second: [4]\n           ^\n  they differ at element 0\n"},
    {"{the same words for so long that nobody reads on, then one}"
     " {the same words for so long that nobody reads on, then two}",
     "  first:  {...t nobody reads on, then one}\n                                      ^\n"
     "  second: {...t nobody reads on, then two}\n                                      ^\n"},
    // Apps, pins and laws.
    {"(2 1) (2 3)",
     "  first:  (2 1)\n             ^\n  second: (2 3)\n             ^\n  they differ at argument 1\n"},
    {"(0 1) (2 1)",
     "  first:  (0 1)\n           ^\n  second: (2 1)\n           ^\n  they differ at function\n"},
    {"(4 6) (4 7)",
     "  first:  <6>\n           ^\n  second: <7>\n           ^\n  they differ at what is pinned\n"},
    {"same (x & x)", "  first:  <same>\n  second: {law 0}\n"},
};

// The report of one assertion, without its first line.
static char *report_of(Fixture *f, const char *assertion) {
  char *source = mem_printf("%s\n=?= %s\n", TOOLS, assertion);
  ck_assert_msg(fixture_load(f, source), "%s", f->err.msg);
  mem_free(source);
  const char *log = buf_cstr(&f->log), *line = strchr(log, '\n');
  ck_assert_ptr_nonnull(line);
  return mem_strdup(line + 1);
}

START_TEST(differences) {
  Fixture *f = fixture_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *report = report_of(f, cases[i].assertion);
    ck_assert_str_eq(report, cases[i].report);
    mem_free(report);
  }
  fixture_free(f);
}
END_TEST

// tab: a set of two keys applied to a row of values
#define TAB(k1, k2, v1, v2) "(0 1 2 (c2 " k2 " " k1 ") (c2 " v2 " " v1 "))"

START_TEST(tabs) {
  Fixture *f = fixture_new();
  char *report = report_of(f, TAB("3", "{key}", "1", "7") " " TAB("3", "{key}", "1", "8"));
  ck_assert_str_eq(report, "  first:  #[3=1 {key}=7]\n                      ^\n"
                           "  second: #[3=1 {key}=8]\n                      ^\n  they differ at key {key}\n");
  mem_free(report);
  report = report_of(f, TAB("3", "{key}", "1", "7") " " TAB("3", "{other}", "1", "7"));
  ck_assert_str_eq(report, "  first:  #[3=1 {key}=7]\n  second: #[3=1 {other}=7]\n"
                           "  only the first has the key {key}\n");
  mem_free(report);
  report = report_of(f, "(c1 " TAB("3", "4", "1", "7") ") (c1 " TAB("2", "3", "1", "7") ")");
  ck_assert_ptr_nonnull(strstr(report, "they differ at element 0\n  only the second has the key 2\n"));
  mem_free(report);
  fixture_free(f);
}
END_TEST

// Long and deep values are shown around the difference only.
START_TEST(abbreviated) {
  Fixture *f = fixture_new();
  Buf text = {0};
  for (int side = 0; side < 2; side++) {
    buf_printf(&text, " (0 0 %d 0", WIDE + 1);
    for (int i = 0; i < WIDE; i++) buf_printf(&text, " %d", side && i == WIDE / 2 ? 0 : 3);
    buf_u8(&text, ')');
  }
  char *report = report_of(f, buf_cstr(&text));
  char *expected = mem_printf("  first:  [... 3 3 3 3 3 3 3 ...]\n                     ^\n"
                              "  second: [... 3 3 3 0 3 3 3 ...]\n                     ^\n"
                              "  they differ at element %d\n",
                              WIDE - 1 - WIDE / 2);
  ck_assert_str_eq(report, expected);
  mem_free(expected);
  mem_free(report);
  buf_clear(&text);
  buf_printf(&text,
             "%s= (nest end n) (2 end (? (more m) (c2 (nest end m) 1)) n)\n\n"
             "=?= (nest 7 %d) (nest 8 %d)\n",
             TOOLS, DEEP, DEEP);
  ck_assert_msg(fixture_load(f, buf_cstr(&text)), "%s", f->err.msg);
  char *path = mem_printf("they differ at element 1 (%d times)\n", DEEP);
  ck_assert_msg(strstr(buf_cstr(&f->log), path) != NULL, "%s", buf_cstr(&f->log));
  ck_assert_uint_lt(f->log.len, 1000);
  mem_free(path);
  buf_free(&text);
  fixture_free(f);
}
END_TEST

// Values that share so much that no walk comes to an end are still told, without the place.
START_TEST(sharing) {
  Fixture *f = fixture_new();
  char *source =
      mem_printf("%s= (share end n) (2 (c1 end) (? (more m) ((? (twice x) (c2 x x)) (share end m))) n)\n\n"
                 "=?= (c2 1 (share 7 %d)) (c2 2 (share 7 %d))\n",
                 TOOLS, BOMB, BOMB);
  ck_assert_msg(fixture_load(f, source), "%s", f->err.msg);
  ck_assert_uint_eq(sire_counts(f->s).failed, 1);
  ck_assert_uint_lt(f->log.len, 6000);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&f->log), "\n  second: [["));
  mem_free(source);
  fixture_free(f);
}
END_TEST

// Of a condition, its arguments are told; those that are written as they are, or cannot be computed, not.
START_TEST(conditions) {
  Fixture *f = fixture_new();
  ck_assert(fixture_load(f, TOOLS "= (both x y) 0\n= (bad x) ({die} x)\n= ten 10\n\n"
                                  "=?= 1 (both ten (c1 3))\n=?= 1 (both 7 (bad 1))\n=?= 2 (both ten 1)\n"));
  ck_assert_str_eq(buf_cstr(&f->log), "10:1: (=?= 1 (both ten (c1 3)))\n  first:  1\n  second: 0\n"
                                      "  where ten is 10\n  where (c1 3) is [3]\n"
                                      "11:1: (=?= 1 (both 7 (bad 1)))\n  first:  1\n  second: 0\n"
                                      "12:1: (=?= 2 (both ten 1))\n  first:  2\n  second: 0\n");
  fixture_free(f);
}
END_TEST

#ifndef HOSTILE
// Nor one that would take for ever, though the condition does without it.
START_TEST(endless_argument) {
  Fixture *f = fixture_new();
  ck_assert(
      fixture_load(f, TOOLS "= (both x y) 0\n= (run x) (run x)\n= ten 10\n\n=?= 1 (both ten (run 1))\n"));
  ck_assert_str_eq(buf_cstr(&f->log), "10:1: (=?= 1 (both ten (run 1)))\n  first:  1\n  second: 0\n"
                                      "  where ten is 10\n");
  fixture_free(f);
}
END_TEST
#else
START_TEST(endless_argument) {}
END_TEST
#endif

SUITE_MAIN("sire/assertion", differences, tabs, abbreviated, sharing, conditions, endless_argument)
