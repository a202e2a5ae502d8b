#include "client/verb.h"
#include "common/base/mem.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const Verb *verb_find(const char *name) {
  for (size_t i = 0; i < VERB_COUNT; i++)
    if (strcmp(VERBS[i].name, name) == 0) return &VERBS[i];
  return NULL;
}

// --- options ---------------------------------------------------------------------------------------
typedef struct Match {
  const OptionSpec *spec;
  const char **value;  // where its value goes
  const char *inlined; // behind '='
} Match;

static bool matches(const OptionSpec *o, const char *arg, const char **inlined) {
  size_t n = strlen(o->name);
  *inlined = NULL;
  if (o->letter && arg[0] == '-' && arg[1] == o->letter && arg[2] == 0) return true;
  if (strncmp(arg, o->name, n) != 0 || (arg[n] != 0 && arg[n] != '=')) return false;
  if (arg[n] == '=') *inlined = arg + n + 1;
  return true;
}

static bool match(Args *a, const char *arg, Match *m) {
  size_t own = a->verb ? a->verb->option_count : 0;
  assert(own <= OPTIONS_MAX && GLOBAL_OPTION_COUNT <= OPTIONS_MAX);
  for (size_t i = 0; i < own; i++)
    if (matches(&a->verb->options[i], arg, &m->inlined))
      return m->spec = &a->verb->options[i], m->value = &a->values[i], true;
  for (size_t i = 0; i < GLOBAL_OPTION_COUNT; i++)
    if (matches(&GLOBAL_OPTIONS[i], arg, &m->inlined))
      return m->spec = &GLOBAL_OPTIONS[i], m->value = &a->globals[i], true;
  return false;
}

static const char *nearest_of(const OptionSpec *list, size_t n, const char *typed) {
  const char *best = NULL;
  size_t score = SIZE_MAX;
  for (size_t i = 0; i < n; i++) {
    size_t d = edit_distance(typed, list[i].name);
    if (d < score && near_enough(typed, d)) score = d, best = list[i].name;
  }
  return best;
}

// The verb's own options come first: a near one of those is what was meant.
static const char *nearest_option(const Args *a, const char *typed) {
  const char *own =
      a->verb && a->verb->options ? nearest_of(a->verb->options, a->verb->option_count, typed) : NULL;
  return own ? own : nearest_of(GLOBAL_OPTIONS, GLOBAL_OPTION_COUNT, typed);
}

static bool unknown_option(const Args *a, const char *arg, Err *err) {
  const char *near = nearest_option(a, arg), *verb = a->verb ? a->verb->name : "";
  const char *space = a->verb ? " " : "";
  return err_set(err, ERR_USAGE, "'pall%s%s' has no option %s%s%s%s see 'pall%s%s --help'", space, verb, arg,
                 near ? "; did you mean " : ";", near ? near : "", near ? "?" : "", space, verb);
}

// Takes the option at argv[i]; returns how many words it used, 0 on error.
static int take_option(Args *a, int argc, char **argv, int i, Err *err) {
  Match m;
  if (!match(a, argv[i], &m)) return unknown_option(a, argv[i], err), 0;
  if (m.spec->arg == ARG_NONE && m.inlined)
    return err_set(err, ERR_USAGE, "%s takes no argument, and got '%s'", m.spec->name, m.inlined), 0;
  if (m.spec->arg != ARG_NONE && !m.inlined && i + 1 >= argc)
    return err_set(err, ERR_USAGE, "%s needs an argument: %s %s", m.spec->name, m.spec->name,
                   m.spec->arg_name),
           0;
  if (*m.value && m.spec->arg != ARG_NONE)
    return err_set(err, ERR_USAGE, "%s is given twice", m.spec->name), 0;
  if (m.spec->arg == ARG_NONE) return *m.value = "", 1;
  if (m.inlined) return *m.value = m.inlined, 1;
  return *m.value = argv[i + 1], 2;
}

const char *args_option(const Args *a, const char *name) {
  for (size_t i = 0; a->verb && i < a->verb->option_count; i++)
    if (strcmp(a->verb->options[i].name, name) == 0) return a->values[i];
  for (size_t i = 0; i < GLOBAL_OPTION_COUNT; i++)
    if (strcmp(GLOBAL_OPTIONS[i].name, name) == 0) return a->globals[i];
  assert(!"an option that no table has");
  return NULL;
}

// --- words -----------------------------------------------------------------------------------------
static const char *verb_name(size_t i) { return VERBS[i].name; }

static bool take_verb(Args *a, const char *word, Err *err) {
  a->verb = verb_find(word);
  if (a->verb) return true;
  const char *near = suggest(word, verb_name, VERB_COUNT);
  return err_set(err, ERR_USAGE, "pall has no verb '%s'%s%s%s 'pall help' lists them", word,
                 near ? "; did you mean '" : ";", near ? near : "", near ? "'?" : "");
}

static bool check_count(const Args *a, Err *err) {
  const Verb *v = a->verb;
  if (a->pos_count >= v->least && (v->most == ARGS_MANY || a->pos_count <= v->most)) return true;
  Buf usage = {0};
  help_usage(&usage, v);
  bool few = a->pos_count < v->least;
  err_set(err, ERR_USAGE, "'pall %s' %s%s; usage: %s", v->name, few ? "needs " : "has no use for ",
          few ? v->positionals[a->pos_count].name : a->pos[v->most], buf_cstr(&usage));
  buf_free(&usage);
  return false;
}

bool args_parse(Args *a, int argc, char **argv, Err *err) {
  *a = (Args){.pos = mem_zalloc(mem_mul((size_t)argc + 1, sizeof *a->pos))};
  bool words_only = false;
  for (int i = 0; i < argc;) {
    const char *w = argv[i];
    int used = 1;
    if (!words_only && strcmp(w, "--") == 0)
      words_only = true;
    else if (!words_only && w[0] == '-' && w[1])
      used = take_option(a, argc, argv, i, err);
    else if (!a->verb)
      used = take_verb(a, w, err) ? 1 : 0;
    else
      a->pos[a->pos_count++] = w;
    if (!used) return false;
    i += used;
  }
  if (!a->verb || args_option(a, "--help") || args_option(a, "--version")) return true;
  return check_count(a, err);
}

void args_free(Args *a) {
  mem_free(a->pos);
  *a = (Args){0};
}

// --- meanings --------------------------------------------------------------------------------------
static bool digits(const char *s) {
  if (!*s) return false;
  for (; *s; s++)
    if (*s < '0' || *s > '9') return false;
  return true;
}

static bool to_nat(const char *s, uint64_t *out) {
  if (!digits(s)) return false;
  errno = 0;
  *out = strtoull(s, NULL, 10);
  return errno == 0;
}

bool arg_nat(const char *what, const char *text, uint64_t max, uint64_t *out, Err *err) {
  if (to_nat(text, out) && *out <= max) return true;
  if (max == UINT64_MAX) return err_set(err, ERR_USAGE, "%s must be a number, not '%s'", what, text);
  return err_set(err, ERR_USAGE, "%s must be a number up to %" PRIu64 ", not '%s'", what, max, text);
}

bool arg_cog(const char *text, RpcCog *cog, Err *err) {
  *cog = (RpcCog){0};
  if (to_nat(text, &cog->id)) return true;
  cog->name = rpc_text(text);
  if (rpc_cog_name_ok(text, strlen(text))) return true;
  return err_set(
      err, ERR_USAGE,
      "'%s' is neither the number nor the name of a cog; names have up to %d of a-z, 0-9, '_', '-' and "
      "'.', and begin with a letter or '_'",
      text, RPC_NAME_MAX);
}

bool arg_ms(const char *what, const char *text, uint64_t *ms, Err *err) {
  uint64_t whole = 0, part = 0, scale = 100;
  const char *s = text;
  for (; isdigit((unsigned char)*s) && whole < 1000000; s++) whole = whole * 10 + (uint64_t)(*s - '0');
  bool any = s > text;
  if (*s == '.')
    for (s++; isdigit((unsigned char)*s); s++, scale /= 10) part += scale * (uint64_t)(*s - '0'), any = true;
  *ms = whole * 1000 + part;
  if (any && !*s && *ms <= RPC_WAIT_MAX_MS) return true;
  return err_set(err, ERR_USAGE, "%s must be a number of seconds up to %d, such as 10 or 0.5, not '%s'", what,
                 RPC_WAIT_MAX_MS / 1000, text);
}

// One element: up to the next '/' that no backslash guards. Digits without a backslash are a number.
static const char *path_step(const char *p, Arena *arena, RpcStep *step) {
  char *text = arena_alloc(arena, strlen(p) + 1);
  size_t n = 0;
  bool plain = true;
  for (; *p && *p != '/'; p++) {
    if (*p == '\\' && p[1]) p++, plain = false;
    text[n++] = *p;
  }
  *step = (RpcStep){0};
  if (!plain || !to_nat(text, &step->nat)) step->text = (RpcText){text, n};
  return p;
}

bool arg_path(const char *text, Arena *arena, RpcPath *path, Err *err) {
  *path = (RpcPath){0};
  if (!text || !*text || strcmp(text, "/") == 0) return true;
  RpcStep *steps = arena_alloc(arena, RPC_PATH_MAX * sizeof *steps);
  const char *p = *text == '/' ? text + 1 : text;
  for (;;) {
    if (path->n == RPC_PATH_MAX)
      return err_set(err, ERR_LIMIT, "the path '%.60s...' has more than %d elements, the limit", text,
                     RPC_PATH_MAX);
    RpcStep *s = &steps[path->n++];
    p = path_step(p, arena, s);
    if (s->text.p && s->text.n == 0)
      return err_set(err, ERR_USAGE, "the path '%s' has an empty element; write it as a/b/c", text);
    if (s->text.p && !rpc_utf8_ok(s->text.p, s->text.n))
      return err_set(err, ERR_USAGE, "the path '%s' is not valid UTF-8", text);
    if (!*p) break;
    p++;
  }
  path->steps = steps;
  return true;
}
