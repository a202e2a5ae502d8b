#include "client/verb.h"
#include "tests/suite.h"
#include <string.h>

#define PARSE(a, err, ...) parse(a, err, (const char *[]){__VA_ARGS__, NULL})
static bool parse(Args *a, Err *err, const char **words) {
  int n = 0;
  while (words[n]) n++;
  *err = ERR_INIT;
  return args_parse(a, n, (char **)words, err);
}

START_TEST(options_stand_anywhere) {
  Args a;
  Err err;
  ck_assert(PARSE(&a, &err, "--json", "send", "--wait", "3", "cog", "--path=a/b", "value", "--socket", "/s"));
  ck_assert_str_eq(a.verb->name, "send");
  ck_assert_uint_eq(a.pos_count, 2);
  ck_assert_str_eq(a.pos[1], "value");
  ck_assert_str_eq(args_option(&a, "--wait"), "3");
  ck_assert_str_eq(args_option(&a, "--path"), "a/b");
  ck_assert_str_eq(args_option(&a, "--socket"), "/s");
  ck_assert_ptr_nonnull(args_option(&a, "--json"));
  ck_assert_ptr_null(args_option(&a, "--id"));
  args_free(&a);
  ck_assert(PARSE(&a, &err, "send", "cog", "--", "--wait"));
  ck_assert_str_eq(a.pos[1], "--wait");
  args_free(&a);
  ck_assert(PARSE(&a, &err, "trace", "cog", "-f"));
  ck_assert_ptr_nonnull(args_option(&a, "--follow"));
  args_free(&a);
  ck_assert(PARSE(&a, &err, "send", "cog", "-")); // a lone dash is a word
  args_free(&a);
  args_free(&a);
}
END_TEST

static void wrong(const char *word, const char **words) {
  Args a;
  Err err;
  ck_assert_msg(!parse(&a, &err, words), "accepted, although %s", word);
  ck_assert_int_eq(err.code, ERR_USAGE);
  ck_assert_msg(strstr(err.msg, word) != NULL, "no '%s' in: %s", word, err.msg);
  args_free(&a);
}
#define WRONG(word, ...) wrong(word, (const char *[]){__VA_ARGS__, NULL})

START_TEST(mistakes_are_named_with_what_was_meant) {
  WRONG("'send'", "snd");
  WRONG("no verb 'xyzzy'", "xyzzy");
  WRONG("--wait", "send", "--wiat", "3");
  WRONG("--socket", "--sockt", "x");
  WRONG("no option -z", "ps", "-z");
  WRONG("needs an argument", "send", "c", "v", "--wait");
  WRONG("twice", "send", "c", "v", "--wait", "1", "--wait", "2");
  WRONG("takes no argument", "ps", "--quiet=yes");
  WRONG("needs COG", "send");
  WRONG("needs VALUE", "send", "c");
  WRONG("no use for more", "send", "c", "v", "more");
  WRONG("usage: pall stop COG", "stop");
}
END_TEST

START_TEST(help_needs_no_arguments) {
  Args a;
  Err err;
  ck_assert(PARSE(&a, &err, "send", "--help"));
  args_free(&a);
  ck_assert(PARSE(&a, &err, "--version"));
  args_free(&a);
}
END_TEST

START_TEST(cogs_are_numbers_or_names) {
  RpcCog c;
  Err err = ERR_INIT;
  ck_assert(arg_cog("18446744073709551615", &c, &err));
  ck_assert(!c.name.p && c.id == UINT64_MAX);
  ck_assert(arg_cog("a-1", &c, &err));
  ck_assert(rpc_text_is(c.name, "a-1"));
  ck_assert(!arg_cog("18446744073709551616", &c, &err));
  ck_assert(!arg_cog("", &c, &err));
  ck_assert(!arg_cog("-1", &c, &err));
  ck_assert(!arg_cog("Name", &c, &err));
}
END_TEST

START_TEST(seconds_have_fractions) {
  static const struct {
    const char *text;
    int64_t ms; // -1: refused
  } CASES[] = {{"0", 0},
               {"5", 5000},
               {"0.5", 500},
               {".25", 250},
               {"1.", 1000},
               {"0.0019", 1},
               {"86400", 86400000},
               {"86401", -1},
               {"", -1},
               {".", -1},
               {"-1", -1},
               {"1e3", -1},
               {"5s", -1},
               {"99999999999999999999", -1}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    uint64_t ms;
    Err err = ERR_INIT;
    bool ok = arg_ms("--wait", CASES[i].text, &ms, &err);
    ck_assert_msg(ok == (CASES[i].ms >= 0), "'%s'", CASES[i].text);
    if (ok) ck_assert_uint_eq(ms, (uint64_t)CASES[i].ms);
  }
}
END_TEST

START_TEST(paths_have_texts_and_numbers) {
  Arena arena = {0};
  RpcPath p;
  Err err = ERR_INIT;
  ck_assert(arg_path("/a/12/\\7/x\\/y", &arena, &p, &err));
  ck_assert_uint_eq(p.n, 4);
  ck_assert(rpc_text_is(p.steps[0].text, "a"));
  ck_assert(!p.steps[1].text.p && p.steps[1].nat == 12);
  ck_assert(rpc_text_is(p.steps[2].text, "7"));
  ck_assert(rpc_text_is(p.steps[3].text, "x/y"));
  ck_assert(arg_path(NULL, &arena, &p, &err) && p.n == 0);
  ck_assert(arg_path("/", &arena, &p, &err) && p.n == 0);
  ck_assert(!arg_path("a//b", &arena, &p, &err));
  ck_assert(!arg_path("a/", &arena, &p, &err));
  ck_assert(!arg_path("\xff", &arena, &p, &err));
  char many[2 * RPC_PATH_MAX + 3];
  for (size_t i = 0; i < sizeof many; i++) many[i] = i % 2 ? '/' : 'a';
  many[sizeof many - 1] = 0;
  ck_assert(!arg_path(many, &arena, &p, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  many[2 * RPC_PATH_MAX - 1] = 0;
  ck_assert(arg_path(many, &arena, &p, &err) && p.n == RPC_PATH_MAX);
  arena_free(&arena);
}
END_TEST

START_TEST(distance_counts_slips) {
  ck_assert_uint_eq(edit_distance("send", "send"), 0);
  ck_assert_uint_eq(edit_distance("sned", "send"), 1);
  ck_assert_uint_eq(edit_distance("snd", "send"), 1);
  ck_assert_uint_eq(edit_distance("", "abc"), 3);
  ck_assert_uint_eq(edit_distance("kitten", "sitting"), 3);
  char far[100];
  memset(far, 'a', sizeof far), far[99] = 0;
  ck_assert_uint_eq(edit_distance(far, "a"), SIZE_MAX);
}
END_TEST

START_TEST(the_table_of_verbs_is_whole) {
  for (size_t i = 0; i < VERB_COUNT; i++) {
    const Verb *v = &VERBS[i];
    size_t named = 0;
    ck_assert_msg(v->run && v->help && *v->help && v->more, "%s", v->name);
    ck_assert_msg(v->more[strlen(v->more) - 1] == '\n', "%s", v->name);
    ck_assert_msg(strstr(v->more, "pall ") != NULL, "%s has no example", v->name);
    while (named < POSITIONALS_MAX && v->positionals[named].name) named++;
    ck_assert_msg(v->least <= v->most && (v->most == ARGS_MANY || v->most == named), "%s", v->name);
    ck_assert_uint_le(v->option_count, OPTIONS_MAX);
    ck_assert_ptr_eq(verb_find(v->name), v);
    for (size_t k = 0; k < v->option_count; k++) {
      const OptionSpec *o = &v->options[k];
      ck_assert_msg(strncmp(o->name, "--", 2) == 0 && o->help, "%s %s", v->name, o->name);
      ck_assert_msg((o->arg == ARG_NONE) == (o->arg_name == NULL), "%s %s", v->name, o->name);
      for (size_t g = 0; g < GLOBAL_OPTION_COUNT; g++) ck_assert_str_ne(o->name, GLOBAL_OPTIONS[g].name);
    }
  }
}
END_TEST

SUITE_MAIN("client/args", options_stand_anywhere, mistakes_are_named_with_what_was_meant,
           help_needs_no_arguments, cogs_are_numbers_or_names, seconds_have_fractions,
           paths_have_texts_and_numbers, distance_counts_slips, the_table_of_verbs_is_whole)
