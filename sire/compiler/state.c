#include "sire/compiler/state.h"
#include "common/base/mem.h"
#include "sire/compiler/report.h"
#include "sire/compiler/suggest.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

// --- names ---------------------------------------------------------------------------------------
bool name_is(Name a, Name b) { return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0; }

Name name_of(const char *text) { return (Name){text, strlen(text)}; }

Ref name_nat(Sire *s, Name n) { return plan_nat_bytes(s->m, n.bytes, n.len); }

Name name_of_nat(Sire *s, Ref nat) {
  size_t n = plan_nat_size(s->m, nat);
  char *bytes = arena_alloc(&s->arena, n + 1);
  plan_nat_copy(s->m, nat, bytes, n);
  return (Name){bytes, n};
}

#define NAME_SHOWN 60

const char *name_text(Sire *s, Name n) {
  bool printable = n.len > 0;
  for (size_t i = 0; i < n.len; i++) printable = printable && !iscntrl((unsigned char)n.bytes[i]);
  if (!printable && n.len <= 8) {
    uint64_t number = 0;
    memcpy(&number, n.bytes, n.len);
    char *text = arena_alloc(&s->arena, 24);
    snprintf(text, 24, "%llu", (unsigned long long)number);
    return text;
  }
  size_t shown = n.len < NAME_SHOWN ? n.len : NAME_SHOWN;
  char *text = arena_alloc(&s->arena, shown + 4);
  for (size_t i = 0; i < shown; i++) text[i] = iscntrl((unsigned char)n.bytes[i]) ? '?' : n.bytes[i];
  if (shown < n.len) memcpy(text + shown, "...", 3);
  return text;
}

// --- reading the state ---------------------------------------------------------------------------
static const char *const field_names[STATE_WORDS] = {"next key", "context", "scope", "table of modules"};

void state_reset(Sire *s) {
  RefMark mark = refs_mark(s->m);
  Ref empty = plan_tab_empty(s->m);
  Ref words[STATE_WORDS] = {plan_nat(s->m, 1), plan_nat(s->m, 0), empty, empty};
  ref_copy(s->m, s->state, plan_row(s->m, words, STATE_WORDS));
  refs_release(s->m, mark);
}

Ref state_field(Sire *s, int field) {
  if (!sire_whnf(s, s->state, "the compiler state that a macro returned")) return 0;
  if (plan_kind(s->m, s->state) != KIND_ROW || plan_len(s->m, s->state) != STATE_WORDS) {
    sire_fail(s, NULL, "a macro returned a compiler state that is not a row of %d", STATE_WORDS);
    return 0;
  }
  Ref value = plan_row_get(s->m, s->state, (size_t)field);
  if (!sire_whnf(s, value, "the compiler state that a macro returned")) return 0;
  Kind want = field == STATE_SCOPE || field == STATE_MODULES ? KIND_TAB : KIND_NAT;
  if (plan_kind(s->m, value) == want) return value;
  sire_fail(s, NULL, "a macro returned a compiler state whose %s is no %s", field_names[field],
            want == KIND_TAB ? "tab" : "nat");
  return 0;
}

static void state_set(Sire *s, const Ref words[STATE_WORDS]) {
  ref_copy(s->m, s->state, plan_row(s->m, words, STATE_WORDS));
}

static bool state_words(Sire *s, Ref words[STATE_WORDS]) {
  for (int i = 0; i < STATE_WORDS; i++)
    if ((words[i] = state_field(s, i)) == 0) return false;
  return true;
}

bool state_context(Sire *s, Ref *nat) { return (*nat = state_field(s, STATE_CONTEXT)) != 0; }

bool state_find(Sire *s, Name name, Ref *binding) {
  RefMark mark = refs_mark(s->m);
  *binding = 0;
  Ref scope = state_field(s, STATE_SCOPE);
  if (scope == 0) return false;
  Ref found = plan_tab_get(s->m, scope, name_nat(s, name));
  if (found != 0 && !sire_whnf(s, found, "a binding")) return false;
  if (found == 0)
    refs_release(s->m, mark);
  else
    *binding = refs_keep(s->m, mark, found);
  return true;
}

// The scope of a module that was left; *scope = 0 when there is no such module.
static bool find_module(Sire *s, Name module, Ref *scope) {
  *scope = 0;
  Ref modules = state_field(s, STATE_MODULES);
  if (modules == 0) return false;
  Ref pin = plan_tab_get(s->m, modules, name_nat(s, module));
  if (pin == 0) return true;
  if (!sire_whnf(s, pin, "a module")) return false;
  Ref item = plan_kind(s->m, pin) == KIND_PIN ? plan_pin_item(s->m, pin) : 0;
  if (item == 0 || plan_kind(s->m, item) != KIND_TAB)
    return sire_fail(s, NULL, "the module %s is not the pin of a scope", name_text(s, module));
  *scope = item;
  return true;
}

bool state_find_in_module(Sire *s, Name module, Name name, Ref *binding) {
  Ref scope;
  *binding = 0;
  if (!find_module(s, module, &scope)) return false;
  if (scope != 0) *binding = plan_tab_get(s->m, scope, name_nat(s, name));
  return true;
}

Ref binding_field(Sire *s, Ref binding, int field) {
  if (plan_is_lazy(s->m, binding) || plan_kind(s->m, binding) != KIND_PIN) return 0;
  Ref row = plan_pin_item(s->m, binding);
  if (plan_kind(s->m, row) != KIND_ROW || plan_len(s->m, row) != BIND_WORDS) return 0;
  return plan_row_get(s->m, row, (size_t)field);
}

// --- changing the state --------------------------------------------------------------------------
static Ref next_key(Sire *s, Ref words[STATE_WORDS]) {
  Ref key = words[STATE_NEXT_KEY];
  words[STATE_NEXT_KEY] = plan_apply(s->m, plan_nat(s->m, 3), &key, 1);
  return sire_whnf(s, words[STATE_NEXT_KEY], "the next key") ? key : 0;
}

Ref state_define(Sire *s, const NewBinding *b) {
  Ref words[STATE_WORDS];
  uint64_t n;
  if (!state_words(s, words)) return 0;
  bool given = !plan_nat_u64(s->m, b->key, &n) || n != 0;
  Ref key = given ? b->key : next_key(s, words);
  if (key == 0) return 0;
  Ref name = name_nat(s, b->name);
  Ref row = plan_row(s->m, (Ref[BIND_WORDS]){key, b->value, b->code, words[STATE_CONTEXT], name, b->props},
                     BIND_WORDS);
  Outcome o = plan_force(s->m, row);
  if (o != RUN_DONE) {
    sire_fail_run(s, NULL, o, "the value of %s", name_text(s, b->name));
    return 0;
  }
  Ref pin = plan_pin(s->m, row);
  words[STATE_SCOPE] = plan_tab_put(s->m, words[STATE_SCOPE], name, pin);
  state_set(s, words);
  return pin;
}

bool state_enter(Sire *s, Name module) {
  Ref words[STATE_WORDS];
  uint64_t n;
  if (!sire_force(s, s->state, "the compiler state") || !state_words(s, words)) return false;
  if (!plan_nat_u64(s->m, words[STATE_CONTEXT], &n) || n != 0) {
    Ref pin = plan_pin(s->m, words[STATE_SCOPE]);
    words[STATE_MODULES] = plan_tab_put(s->m, words[STATE_MODULES], words[STATE_CONTEXT], pin);
  }
  words[STATE_SCOPE] = plan_tab_empty(s->m);
  words[STATE_CONTEXT] = name_nat(s, module);
  state_set(s, words);
  return true;
}

// Puts one binding of `from` in the scope that *to names.
static void import_one(Sire *s, Ref to, Ref key, Ref binding) {
  ref_copy(s->m, to, plan_tab_put(s->m, to, key, binding));
}

// Fails over a name that a tab of names lacks.
static bool fail_near(Sire *s, Ref tab, Name missing, const char *text) {
  Buf hint = {0};
  sire_suggest_key(s, &hint, tab, missing);
  sire_fail(s, NULL, "%s%s", text, buf_cstr(&hint));
  buf_free(&hint);
  return false;
}

static bool fail_no_module(Sire *s, Ref modules, Name module) {
  char *text = mem_printf("no module %s was loaded before this one: it must be on the chain of modules that "
                          "#### names",
                          name_text(s, module));
  fail_near(s, modules, module, text);
  mem_free(text);
  return false;
}

static bool fail_no_name(Sire *s, Ref scope, Name name, const char *module) {
  char *text = mem_printf("the module %s has no %s to import", module, name_text(s, name));
  fail_near(s, scope, name, text);
  mem_free(text);
  return false;
}

static bool fail_no_export(Sire *s, Ref scope, Name name) {
  char *text = mem_printf("cannot export %s: it is not defined here", name_text(s, name));
  fail_near(s, scope, name, text);
  mem_free(text);
  return false;
}

bool state_import(Sire *s, Name module, bool all, const Name *names, size_t count) {
  Ref words[STATE_WORDS], from;
  if (!state_words(s, words) || !find_module(s, module, &from)) return false;
  if (from == 0) return fail_no_module(s, words[STATE_MODULES], module);
  Ref scope = ref_dup(s->m, words[STATE_SCOPE]);
  if (all && plan_len(s->m, scope) == 0) {
    scope = from;
  } else if (all) {
    scope = plan_tab_join(s->m, scope, from);
  } else {
    for (size_t i = 0; i < count; i++) {
      RefMark mark = refs_mark(s->m);
      Ref key = name_nat(s, names[i]);
      Ref binding = plan_tab_get(s->m, from, key);
      if (binding == 0) return fail_no_name(s, from, names[i], name_text(s, module));
      import_one(s, scope, key, binding);
      refs_release(s->m, mark);
    }
  }
  words[STATE_SCOPE] = scope;
  state_set(s, words);
  return true;
}

bool state_keep(Sire *s, const Name *names, size_t count) {
  Ref words[STATE_WORDS];
  if (!state_words(s, words)) return false;
  Ref kept = plan_tab_empty(s->m);
  for (size_t i = 0; i < count; i++) {
    RefMark mark = refs_mark(s->m);
    Ref key = name_nat(s, names[i]);
    Ref binding = plan_tab_get(s->m, words[STATE_SCOPE], key);
    if (binding == 0) return fail_no_export(s, words[STATE_SCOPE], names[i]);
    import_one(s, kept, key, binding);
    refs_release(s->m, mark);
  }
  words[STATE_SCOPE] = kept;
  state_set(s, words);
  return true;
}
