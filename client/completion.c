// Help as a verb, and completion scripts made from the table of verbs. The scripts ask pall itself
// for the names of cogs.
#include "client/show.h"
#include "client/verbs.h"
#include <string.h>

static const char *verb_name(size_t i) { return VERBS[i].name; }

bool verb_help(Cli *cli, const Args *args, Err *err) {
  if (args->pos_count == 0) return help_overview(&cli->out), true;
  const Verb *v = verb_find(args->pos[0]);
  if (v) return help_verb(&cli->out, v), true;
  const char *near = suggest(args->pos[0], verb_name, VERB_COUNT);
  return err_set(err, ERR_USAGE, "pall has no verb '%s'%s%s%s 'pall help' lists them", args->pos[0],
                 near ? "; did you mean '" : ";", near ? near : "", near ? "'?" : "");
}

static void words(Buf *out, const OptionSpec *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    buf_printf(out, " %s", list[i].name);
    if (list[i].letter) buf_printf(out, " -%c", list[i].letter);
  }
}

static void verb_words(Buf *out) {
  for (size_t i = 0; i < VERB_COUNT; i++) buf_printf(out, "%s%s", i ? " " : "", VERBS[i].name);
}

// Within single quotes of any of the shells.
static void quoted(Buf *out, const char *s) {
  for (; *s; s++) {
    if (*s == '\'')
      buf_str(out, "'\\''");
    else
      buf_u8(out, (uint8_t)*s);
  }
}

// --- bash ------------------------------------------------------------------------------------------
static const char *bash_source(ArgKind kind) {
  switch (kind) {
  case ARG_FILE: return "COMPREPLY=($(compgen -f -- \"$cur\"))";
  case ARG_FOLDER: return "COMPREPLY=($(compgen -d -- \"$cur\"))";
  case ARG_COG: return "COMPREPLY=($(compgen -W \"$(pall ps -q 2>/dev/null)\" -- \"$cur\"))";
  case ARG_VERB: return "COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\"))";
  case ARG_SHELL: return "COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\"))";
  default: return ":";
  }
}

static void bash_options(Buf *out, const OptionSpec *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (list[i].arg != ARG_NONE)
      buf_printf(out, "    %s) %s; return ;;\n", list[i].name, bash_source(list[i].arg));
}

static void bash(Buf *out) {
  buf_str(out, "_pall() {\n  local cur prev verb='' w verbs='");
  verb_words(out);
  buf_str(out,
          "'\n  cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "    case \" $verbs \" in *\" $w \"*) verb=$w; break ;; esac\n  done\n  case \"$verb $prev\" in\n");
  for (size_t v = 0; v < VERB_COUNT; v++)
    for (size_t i = 0; i < VERBS[v].option_count; i++)
      if (VERBS[v].options[i].arg != ARG_NONE)
        buf_printf(out, "    '%s %s') %s; return ;;\n", VERBS[v].name, VERBS[v].options[i].name,
                   bash_source(VERBS[v].options[i].arg));
  buf_str(out, "  esac\n  case \"$prev\" in\n");
  bash_options(out, GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT);
  buf_str(out, "  esac\n  if [[ $cur == -* ]]; then\n    local options='");
  words(out, GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT);
  buf_str(out, "'\n    case \"$verb\" in\n");
  for (size_t v = 0; v < VERB_COUNT; v++) {
    if (!VERBS[v].option_count) continue;
    buf_printf(out, "      %s) options+='", VERBS[v].name);
    words(out, VERBS[v].options, VERBS[v].option_count);
    buf_str(out, "' ;;\n");
  }
  buf_str(out, "    esac\n    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n    return\n  fi\n  case "
               "\"$verb\" in\n");
  for (size_t v = 0; v < VERB_COUNT; v++)
    buf_printf(out, "    %s) %s ;;\n", VERBS[v].name, bash_source(VERBS[v].positionals[0].kind));
  buf_str(out,
          "    '') COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\")) ;;\n  esac\n}\ncomplete -F _pall pall\n");
}

// --- zsh -------------------------------------------------------------------------------------------
static const char *zsh_source(ArgKind kind) {
  switch (kind) {
  case ARG_FILE: return "_files";
  case ARG_FOLDER: return "_files -/";
  case ARG_COG: return "_pall_cogs";
  case ARG_VERB: return "_pall_verbs";
  case ARG_SHELL: return "(bash zsh fish)";
  default: return "";
  }
}

// Square brackets and colons mean something in these specifications.
static void zsh_words(Buf *out, const char *s) {
  for (; *s; s++) {
    if (strchr("[]:", *s)) buf_u8(out, '\\');
    if (*s == '\'')
      buf_str(out, "'\\''");
    else
      buf_u8(out, (uint8_t)*s);
  }
}

static void zsh_options(Buf *out, const OptionSpec *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    buf_printf(out, " '%s[", list[i].name);
    zsh_words(out, list[i].help);
    buf_u8(out, ']');
    if (list[i].arg != ARG_NONE) buf_printf(out, ":%s:%s", list[i].arg_name, zsh_source(list[i].arg));
    buf_u8(out, '\'');
  }
}

static void zsh_positionals(Buf *out, const Verb *v) {
  for (size_t i = 0; i < POSITIONALS_MAX && v->positionals[i].name; i++) {
    bool many = v->most == ARGS_MANY && (i + 1 == POSITIONALS_MAX || !v->positionals[i + 1].name);
    if (many)
      buf_printf(out, " '*:%s:%s'", v->positionals[i].name, zsh_source(v->positionals[i].kind));
    else
      buf_printf(out, " ':%s:%s'", v->positionals[i].name, zsh_source(v->positionals[i].kind));
  }
}

static void zsh(Buf *out) {
  buf_str(out, "#compdef pall\n"
               "_pall_cogs() { local -a c; c=(${(f)\"$(pall ps -q 2>/dev/null)\"}); compadd -a c }\n"
               "_pall_verbs() {\n  local -a v; v=(\n");
  for (size_t i = 0; i < VERB_COUNT; i++) {
    buf_printf(out, "    '%s:", VERBS[i].name);
    zsh_words(out, VERBS[i].help);
    buf_str(out, "'\n");
  }
  buf_str(out, "  )\n  _describe verb v\n}\n_pall() {\n  local line state\n  _arguments -C");
  zsh_options(out, GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT);
  buf_str(out, " '1: :_pall_verbs' '*::arg:->args'\n  [[ $state == args ]] || return\n  case $line[1] in\n");
  for (size_t i = 0; i < VERB_COUNT; i++) {
    buf_printf(out, "    %s) _arguments", VERBS[i].name);
    zsh_options(out, GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT);
    zsh_options(out, VERBS[i].options, VERBS[i].option_count);
    zsh_positionals(out, &VERBS[i]);
    buf_str(out, " ;;\n");
  }
  buf_str(out,
          "  esac\n}\n[[ $zsh_eval_context[-1] == loadautofunc ]] && _pall \"$@\" || compdef _pall pall\n");
}

// --- fish ------------------------------------------------------------------------------------------
static const char *fish_source(ArgKind kind) {
  switch (kind) {
  case ARG_FILE: return " -F";
  case ARG_FOLDER: return " -a '(__fish_complete_directories)'";
  case ARG_COG: return " -a '(pall ps -q 2>/dev/null)'";
  case ARG_SHELL: return " -a 'bash zsh fish'";
  default: return "";
  }
}

static void fish_options(Buf *out, const char *verb, const OptionSpec *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    buf_str(out, "complete -c pall");
    if (verb) buf_printf(out, " -n '__fish_seen_subcommand_from %s'", verb);
    buf_printf(out, " -l %s", list[i].name + 2);
    if (list[i].letter) buf_printf(out, " -s %c", list[i].letter);
    if (list[i].arg != ARG_NONE) buf_printf(out, " -r%s", fish_source(list[i].arg));
    buf_str(out, " -d '");
    quoted(out, list[i].help);
    buf_str(out, "'\n");
  }
}

static void fish(Buf *out) {
  buf_str(out, "complete -c pall -f\n");
  fish_options(out, NULL, GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT);
  for (size_t i = 0; i < VERB_COUNT; i++) {
    const Verb *v = &VERBS[i];
    buf_printf(out, "complete -c pall -n __fish_use_subcommand -a %s -d '", v->name);
    quoted(out, v->help);
    buf_str(out, "'\n");
    fish_options(out, v->name, v->options, v->option_count);
    const char *source = fish_source(v->positionals[0].kind);
    if (*source) buf_printf(out, "complete -c pall -n '__fish_seen_subcommand_from %s'%s\n", v->name, source);
  }
  buf_str(out, "complete -c pall -n '__fish_seen_subcommand_from help' -a '");
  verb_words(out);
  buf_str(out, "'\n");
}

bool verb_completion(Cli *cli, const Args *args, Err *err) {
  static const struct {
    const char *name;
    void (*print)(Buf *out);
  } SHELLS[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
  for (size_t i = 0; i < sizeof SHELLS / sizeof *SHELLS; i++)
    if (strcmp(args->pos[0], SHELLS[i].name) == 0) return SHELLS[i].print(&cli->out), true;
  return err_set(err, ERR_USAGE, "there is completion for bash, zsh and fish, not for '%s'", args->pos[0]);
}
