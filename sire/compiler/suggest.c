#include "sire/compiler/suggest.h"
#include "common/rex/rex.h"
#include "sire/compiler/report.h"
#include <dirent.h>
#include <string.h>

#define NAME_MAX_LEN 40 // longer ones are not compared
#define SHOWN 3

// The nearest names so far, all at the same distance: two for a letter, one for another beginning.
typedef struct Nearest {
  Name wrong;
  unsigned distance;
  Name names[SHOWN];
  size_t count;
} Nearest;

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

// Letters added, dropped, changed, or swapped with their neighbour; whatever is above `limit` is more
// than limit.
static unsigned distance_of(Name a, Name b, unsigned limit) {
  if (a.len > NAME_MAX_LEN || b.len > NAME_MAX_LEN) return limit + 1;
  if (a.len > b.len + limit || b.len > a.len + limit) return limit + 1;
  unsigned rows[3][NAME_MAX_LEN + 1], *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b.len; j++) last[j] = (unsigned)j;
  for (size_t i = 1; i <= a.len; i++) {
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b.len; j++) {
      unsigned change = last[j - 1] + (a.bytes[i - 1] != b.bytes[j - 1]);
      row[j] = least(change, least(last[j], row[j - 1]) + 1);
      bool swapped = i > 1 && j > 1 && a.bytes[i - 1] == b.bytes[j - 2] && a.bytes[i - 2] == b.bytes[j - 1];
      if (swapped) row[j] = least(row[j], before[j - 2] + 1);
    }
    unsigned *spare = before;
    before = last;
    last = row;
    row = spare;
  }
  return last[b.len];
}

// A name so short that every other is near has none.
static unsigned allowed(size_t len) { return len < 2 ? 0 : len < 5 ? 1 : len < 9 ? 2 : 3; }

static void consider(Nearest *n, Name name) {
  if (name.len == 0 || rex_is_word(name.bytes, name.len) != rex_is_word(n->wrong.bytes, n->wrong.len)) return;
  unsigned d = 2 * distance_of(n->wrong, name, n->distance / 2) + (name.bytes[0] != n->wrong.bytes[0]);
  if (d > n->distance) return;
  if (d < n->distance) n->count = 0;
  n->distance = d;
  for (size_t i = 0; i < n->count; i++)
    if (name_is(n->names[i], name)) return;
  if (n->count < SHOWN) n->names[n->count++] = name;
}

static void consider_keys(Sire *s, Nearest *n, Ref tab) {
  for (size_t i = 0, keys = tab == 0 ? 0 : plan_len(s->m, tab); i < keys; i++) {
    RefMark mark = refs_mark(s->m);
    Ref key = plan_key(s->m, tab, i);
    if (plan_kind(s->m, key) == KIND_NAT && plan_nat_size(s->m, key) <= NAME_MAX_LEN)
      consider(n, name_of_nat(s, key));
    refs_release(s->m, mark);
  }
}

static Nearest nearest_to(Name wrong) {
  return (Nearest){.wrong = wrong, .distance = 2 * allowed(wrong.len) + 1};
}

static void add_nearest(Sire *s, Buf *out, const Nearest *n) {
  if (allowed(n->wrong.len) == 0 || n->count == 0) return;
  for (size_t i = 0; i < n->count; i++)
    buf_printf(out, "%s%s",
               i == 0             ? "; did you mean "
               : i + 1 < n->count ? ", "
                                  : " or ",
               name_text(s, n->names[i]));
  buf_u8(out, '?');
}

// The module with the most names that has this one: it is the likeliest to be imported as a whole.
static Name module_with(Sire *s, Name name) {
  Ref modules = state_field(s, STATE_MODULES);
  Name best = {"", 0};
  size_t best_size = 0;
  for (size_t i = 0, n = modules == 0 ? 0 : plan_len(s->m, modules); i < n; i++) {
    Ref binding = 0, pin = plan_val(s->m, modules, i);
    Name module = name_of_nat(s, plan_key(s->m, modules, i));
    if (!state_find_in_module(s, module, name, &binding) || binding == 0) continue;
    size_t size = plan_len(s->m, plan_pin_item(s->m, pin));
    if (size <= best_size) continue;
    best = module;
    best_size = size;
  }
  return best;
}

typedef struct Quiet {
  Err ignored, *err;
  bool peeking;
  RefMark mark;
} Quiet;

static void quiet_begin(Sire *s, Quiet *q) {
  *q = (Quiet){.err = s->err, .peeking = s->peeking, .mark = refs_mark(s->m)};
  s->err = &q->ignored;
  s->peeking = true;
}

static void quiet_end(Sire *s, const Quiet *q) {
  s->err = q->err;
  s->peeking = q->peeking;
  refs_release(s->m, q->mark);
}

void sire_suggest(Sire *s, Buf *out, const Env *env, Name wrong) {
  Quiet quiet;
  quiet_begin(s, &quiet);
  Name module = module_with(s, wrong);
  Nearest n = nearest_to(wrong);
  for (; env != NULL; env = env->outer)
    if (!env->hidden) consider(&n, env->name);
  if (module.len > 0) {
    buf_printf(out, "; the module %s has it: import it with :| %s", name_text(s, module),
               name_text(s, module));
  } else {
    consider_keys(s, &n, state_field(s, STATE_SCOPE));
    add_nearest(s, out, &n);
  }
  quiet_end(s, &quiet);
}

void sire_suggest_key(Sire *s, Buf *out, Ref tab, Name wrong) {
  Quiet quiet;
  quiet_begin(s, &quiet);
  Nearest n = nearest_to(wrong);
  consider_keys(s, &n, tab);
  add_nearest(s, out, &n);
  quiet_end(s, &quiet);
}

#define SUFFIX ".sire"

void sire_suggest_module(Sire *s, Buf *out, const char *folder, Name wrong) {
  Nearest n = nearest_to(wrong);
  DIR *dir = opendir(folder);
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    size_t len = strlen(e->d_name), end = strlen(SUFFIX);
    if (len > end && strcmp(e->d_name + len - end, SUFFIX) == 0)
      consider(&n, (Name){arena_strndup(&s->arena, e->d_name, len - end), len - end});
  }
  if (dir != NULL) closedir(dir);
  add_nearest(s, out, &n);
}

static const struct {
  const char *rune, *name;
} functions[] = {{"+", "add"}, {"-", "sub"},  {"*", "mul"},  {"/", "div"},  {"%", "mod"}, {"<", "lth"},
                 {">", "gth"}, {"<=", "lte"}, {">=", "gte"}, {"!=", "neq"}, {"!", "not"}, {"++", "weld"}};

static const struct {
  const char *rune, *hint;
} habits[] = {{"//", "a comment begins with ;"},
              {"=>", "a function is written (x & body), or ((x y) & body)"},
              {"->", "a function is written (x & body), or ((x y) & body)"},
              {"\\", "a function is written (x & body), or ((x y) & body)"},
              {":=", "a definition is written = name value"}};

void sire_suggest_rune(Sire *s, Buf *out, Name rune) {
  Quiet quiet;
  size_t before = out->len;
  quiet_begin(s, &quiet);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    Ref binding = 0;
    if (!name_is(rune, name_of(functions[i].rune))) continue;
    if (state_find(s, name_of(functions[i].name), &binding) && binding != 0)
      buf_printf(out, "; the function is %s, as in (%s ..)", functions[i].name, functions[i].name);
  }
  for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
    if (name_is(rune, name_of(habits[i].rune))) buf_printf(out, "; %s", habits[i].hint);
  quiet_end(s, &quiet);
  if (out->len == before) sire_suggest(s, out, NULL, rune);
}
