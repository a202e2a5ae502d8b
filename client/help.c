#include "client/verb.h"
#include <string.h>

static void option_text(Buf *out, const OptionSpec *o) {
  if (o->letter) buf_printf(out, "-%c, ", o->letter);
  buf_printf(out, "%s%s%s", o->name, o->arg_name ? " " : "", o->arg_name ? o->arg_name : "");
}

static void options(Buf *out, const OptionSpec *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    Buf name = {0};
    option_text(&name, &list[i]);
    buf_printf(out, "  %-18s %s\n", buf_cstr(&name), list[i].help);
    buf_free(&name);
  }
}

static void positionals(Buf *out, const Verb *v) {
  for (size_t i = 0; i < POSITIONALS_MAX && v->positionals[i].name; i++) {
    bool may = i >= v->least;
    buf_printf(out, " %s%s%s", may ? "[" : "", v->positionals[i].name, may ? "]" : "");
  }
  if (v->most == ARGS_MANY) buf_str(out, "..");
}

void help_usage(Buf *out, const Verb *v) {
  buf_printf(out, "pall %s", v->name);
  positionals(out, v);
  for (size_t i = 0; i < v->option_count; i++) {
    buf_str(out, " [");
    if (v->options[i].letter)
      buf_printf(out, "-%c", v->options[i].letter);
    else
      buf_printf(out, "%s", v->options[i].name);
    buf_printf(out, "%s%s]", v->options[i].arg_name ? " " : "",
               v->options[i].arg_name ? v->options[i].arg_name : "");
  }
}

void help_verb(Buf *out, const Verb *v) {
  buf_str(out, "usage: ");
  help_usage(out, v);
  buf_printf(out, "\n\n%c%s.\n\n%s", v->help[0] - 'a' + 'A', v->help + 1, v->more);
  if (v->option_count) buf_str(out, "\nOptions:\n"), options(out, v->options, v->option_count);
  buf_str(out, "\nOptions of all verbs:\n");
  options(out, GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT);
}

void help_overview(Buf *out) {
  buf_str(out, "usage: pall [--socket PATH] [--json] VERB ..\n\nTalks to palld, which runs cogs and keeps "
               "their state.\n\n");
  for (size_t i = 0; i < VERB_COUNT; i++) buf_printf(out, "  %-11s %s\n", VERBS[i].name, VERBS[i].help);
  buf_str(out, "\nOptions of all verbs:\n");
  options(out, GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT);
  buf_str(out,
          "\n'pall help VERB' says more and gives examples.\n"
          "Exit status: 0 done, 1 the answer is no, 2 wrong usage, 65 bad data, 66 no such file or cog,\n"
          "69 palld not reachable, 70 our bug, 73 cannot create, 74 I/O error, 75 try again,\n"
          "77 not permitted, 78 bad configuration.\n");
}
