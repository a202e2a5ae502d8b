#include "sire/compiler/backtrace.h"
#include "sire/compiler/definitions.h"
#include <ctype.h>

Backtrace backtrace_take(Sire *s) {
  CrashEntry entries[TRACE_INNER + TRACE_OUTER];
  Backtrace t = {0};
  t.count = machine_trace(s->m, entries, &t.left_out);
  for (size_t i = 0; i < t.count; i++) {
    t.laws[i] = ref_new(s->m, entries[i].law);
    t.times[i] = entries[i].times;
  }
  return t;
}

// --- from laws to definitions ----------------------------------------------------------------------
static bool has_value(Sire *s, Ref binding, Ref law) {
  bool equal = false;
  Ref value = binding == 0 ? 0 : binding_field(s, binding, BIND_VALUE);
  if (value == 0 || plan_is_lazy(s->m, value)) return false;
  if (plan_kind(s->m, value) == KIND_PIN) value = plan_pin_item(s->m, value);
  if (plan_kind(s->m, value) != KIND_LAW) return false;
  return ref_get(s->m, value) == ref_get(s->m, law) || (plan_eq(s->m, value, law, &equal) && equal);
}

static bool find_in_modules(Sire *s, Name name, Ref law, Ref *binding) {
  Ref modules = state_field(s, STATE_MODULES);
  for (size_t i = 0, n = modules == 0 ? 0 : plan_len(s->m, modules); i < n; i++) {
    Name module = name_of_nat(s, plan_key(s->m, modules, i));
    if (state_find_in_module(s, module, name, binding) && has_value(s, *binding, law)) return true;
  }
  return false;
}

static bool find_place(Sire *s, Name name, Ref law, SirePlace *place) {
  Ref binding = 0;
  bool bound = (state_find(s, name, &binding) && has_value(s, binding, law)) ||
               find_in_modules(s, name, law, &binding);
  return (bound && binding_place(s, binding, place)) || definitions_find(s->definitions, name, place);
}

// --- lines -----------------------------------------------------------------------------------------
// The machine's own routines (_If, _Force) say nothing about the program.
static bool is_routine(Name name) {
  return name.len > 1 && name.bytes[0] == '_' && isupper((unsigned char)name.bytes[1]);
}

static void add_entry(Sire *s, Buf *out, const Backtrace *t, size_t i) {
  RefMark mark = refs_mark(s->m);
  Name name = name_of_nat(s, plan_law_name(s->m, t->laws[i]));
  SirePlace place;
  // Without a name and outermost, it is what the compiler made of the whole expression.
  if (!is_routine(name) && (name.len > 0 || i + 1 < t->count)) {
    buf_printf(out, "\n  in %s", name.len > 0 ? name_text(s, name) : "a function without a name");
    // Two may be one call and a part of it.
    if (t->times[i] > 2) buf_printf(out, " (%llu times)", (unsigned long long)t->times[i]);
    if (name.len > 0 && find_place(s, name, t->laws[i], &place))
      buf_printf(out, ", %s:%u", place.file, place.line);
  }
  refs_release(s->m, mark);
}

// Nothing is evaluated, and what goes wrong is not told.
typedef struct Peek {
  Err ignored, *err;
  bool peeking;
} Peek;

static void peek_begin(Sire *s, Peek *p) {
  *p = (Peek){.ignored = ERR_INIT, .err = s->err, .peeking = s->peeking};
  s->err = &p->ignored;
  s->peeking = true;
}

static void peek_end(Sire *s, const Peek *p) {
  s->peeking = p->peeking;
  s->err = p->err;
}

void backtrace_add(Sire *s, Buf *out, const Backtrace *t) {
  Peek peek;
  peek_begin(s, &peek);
  for (size_t i = 0; i < t->count; i++) {
    if (i == TRACE_INNER && t->left_out > 0)
      buf_printf(out, "\n  in %llu more", (unsigned long long)t->left_out);
    add_entry(s, out, t, i);
  }
  peek_end(s, &peek);
}

bool backtrace_find(Sire *s, Ref law, Buf *text, SirePlace *place) {
  Peek peek;
  peek_begin(s, &peek);
  Name name = name_of_nat(s, plan_law_name(s->m, law));
  if (name.len > 0) buf_str(text, name_text(s, name));
  bool found = name.len > 0 && find_place(s, name, law, place);
  peek_end(s, &peek);
  return found;
}
