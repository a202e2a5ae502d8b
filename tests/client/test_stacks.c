// How profiles are shown.
#include "client/stacks.h"
#include "tests/suite.h"
#include <string.h>

// main calls work and itself within that; work calls a function whose name needs care.
static Stacks sample(void) {
  Stacks s = {0};
  uint32_t root = stacks_function(&s, "(none)", ""), main = stacks_function(&s, "main", "a.sire:1"),
           work = stacks_function(&s, "work", "a.sire:5"), odd = stacks_function(&s, "<a; \"b\">", "");
  stacks_node(&s, &(StackNode){0, root, 1, 1000000, 10, 0});
  stacks_node(&s, &(StackNode){0, main, 2, 2000000, 20, 1000000});
  stacks_node(&s, &(StackNode){1, work, 3, 3000000, 30, 2000000});
  stacks_node(&s, &(StackNode){2, main, 4, 4000000, 40, 0});
  stacks_node(&s, &(StackNode){2, odd, 0, 0, 0, 0});
  return s;
}

static void check_text(Buf *out, const char *expected) {
  ck_assert_str_eq(buf_cstr(out), expected);
  buf_free(out);
}

START_TEST(functions_are_told_apart_by_place) {
  Stacks s = {0};
  ck_assert_uint_eq(stacks_function(&s, "f", "a:1"), 0);
  ck_assert_uint_eq(stacks_function(&s, "f", "a:2"), 1);
  ck_assert_uint_eq(stacks_function(&s, "f", "a:1"), 0);
  stacks_free(&s);
}
END_TEST

START_TEST(table) {
  Stacks s = sample();
  Buf out = {0};
  stacks_table(&s, 0, &out);
  check_text(&out, "OWN%  OWN ms  TOTAL%  CALLS   MB  FUNCTION  WHERE\n"
                   "60.0     6.0    90.0     60  1.0  main      a.sire:1\n"
                   "30.0     3.0    70.0     30  2.0  work      a.sire:5\n"
                   "10.0     1.0    10.0     10  0.0  (none)    \n"
                   "; 10.0 ms, 100 calls, 3.0 MB allocated, 10 samples\n");
  stacks_table(&s, 1, &out);
  check_text(&out, "OWN%  OWN ms  TOTAL%  CALLS   MB  FUNCTION  WHERE\n"
                   "60.0     6.0    90.0     60  1.0  main      a.sire:1\n"
                   "; 10.0 ms, 100 calls, 3.0 MB allocated, 10 samples\n");
  stacks_free(&s);
}
END_TEST

START_TEST(nothing_at_all) {
  Stacks s = {0};
  Buf out = {0};
  stacks_node(&s, &(StackNode){0, stacks_function(&s, "(none)", ""), 0, 0, 0, 0});
  stacks_table(&s, 0, &out);
  check_text(&out, "OWN%  OWN ms  TOTAL%  CALLS  MB  FUNCTION  WHERE\n"
                   "; 0.0 ms, 0 calls, 0.0 MB allocated, 0 samples\n");
  stacks_folded(&s, &out);
  check_text(&out, "");
  stacks_svg(&s, "nothing", &out);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "nothing: 0.0 ms"));
  buf_free(&out);
  stacks_free(&s);
}
END_TEST

START_TEST(json) {
  Stacks s = sample();
  Buf out = {0};
  stacks_json(&s, 1, &out);
  check_text(&out, "{\"samples\":10,\"ns\":10000000,\"calls\":100,\"bytes\":3000000,\"functions\":["
                   "{\"name\":\"main\",\"place\":\"a.sire:1\",\"samples\":6,\"own_ns\":6000000,"
                   "\"total_ns\":9000000,\"calls\":60,\"bytes\":1000000}]}\n");
  stacks_free(&s);
}
END_TEST

START_TEST(folded) {
  Stacks s = sample();
  Buf out = {0};
  s.nodes[4].ns = 5000;
  stacks_folded(&s, &out);
  check_text(&out, "(none) 1000\nmain 2000\nmain;work 3000\nmain;work;main 4000\nmain;work;<a__\"b\"> 5\n");
  stacks_free(&s);
}
END_TEST

static size_t count(const char *text, const char *part) {
  size_t n = 0;
  for (; (text = strstr(text, part)) != NULL; text++) n++;
  return n;
}

START_TEST(flame_graph) {
  Stacks s = sample();
  Buf out = {0};
  stacks_svg(&s, "a & b", &out);
  const char *text = buf_cstr(&out);
  ck_assert_uint_eq(count(text, "<g "), 4); // the one that took no time is left out
  ck_assert_uint_eq(count(text, "</g>"), 4);
  ck_assert_ptr_nonnull(strstr(text, ">a &amp; b: 10.0 ms<"));
  ck_assert_ptr_nonnull(strstr(text, "data-x=\"0.000\" data-w=\"1080.000\" data-name=\"main\""));
  ck_assert_ptr_nonnull(strstr(text, "data-x=\"0.000\" data-w=\"840.000\" data-name=\"work\""));
  ck_assert_ptr_nonnull(strstr(text, "data-x=\"0.000\" data-w=\"480.000\" data-name=\"main\""));
  ck_assert_ptr_nonnull(strstr(text, "<title>work, a.sire:5\n7.0 ms, 70.0%; own: 3.0 ms, 30 calls, 2.0 MB<"));
  ck_assert_ptr_null(strstr(text, "http://www.w3.org/1999"));
  buf_free(&out);
  s.nodes[4].ns = 10000000;
  stacks_svg(&s, "t", &out);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "data-name=\"&lt;a; &quot;b&quot;&gt;\""));
  buf_free(&out);
  stacks_free(&s);
}
END_TEST

SUITE_MAIN("client/stacks", functions_are_told_apart_by_place, table, nothing_at_all, json, folded,
           flame_graph)
