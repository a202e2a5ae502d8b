#include "sire/compiler/assertion.h"
#include "common/base/mem.h"
#include "sire/compiler/backtrace.h"
#include "sire/compiler/compile.h"
#include "sire/compiler/report.h"

#define FORM_SHOWN 300
#define VALUE_SHOWN 2000

static void report(Sire *s, Tree *form, bool held, Buf *text) {
  Ref context;
  if (s->events.assertion == NULL || !state_context(s, &context)) return;
  SireAssertion a = {.module = name_text(s, name_of_nat(s, context)),
                     .place = report_place(s, form),
                     .held = held,
                     .report = held ? "" : buf_cstr(text)};
  s->events.assertion(s->events.ctx, &a);
}

static void add_value(Sire *s, Buf *text, const char *label, Ref value) {
  buf_printf(text, "\n  %s", label);
  report_value(s, text, value, VALUE_SHOWN);
}

static bool is_answer(Outcome o) {
  return o == RUN_DONE || o == RUN_CRASH || o == RUN_LOOP || o == RUN_DIVERGES;
}

// The form itself, not the rest of a chain of assertions.
static void describe(Sire *s, Buf *text, Tree *form) {
  report_tree(s, text, form->count == 2 ? tree_without_heir(s, form) : form, FORM_SHOWN);
}

// A side that crashed says so in the report; the other is not computed.
static bool check_crashed(Sire *s, Tree *form, const char *side, Outcome o) {
  if (!is_answer(o)) return sire_fail_run(s, form, o, "the %s side of the assertion", side);
  Buf text = {0};
  Backtrace trace = backtrace_take(s);
  describe(s, &text, form);
  buf_printf(&text, "\n  the %s side ended in ", side);
  report_crash(s, &text, o, VALUE_SHOWN);
  backtrace_add(s, &text, &trace);
  s->counts.failed++;
  report(s, form, false, &text);
  buf_free(&text);
  return true;
}

bool assertion_check(Sire *s, Tree *form, Ast *left, Ast *right) {
  Ref l = compile_value(s, left), r = l == 0 ? 0 : compile_value(s, right);
  if (r == 0) return false;
  Outcome o = plan_force(s->m, l);
  if (o != RUN_DONE) return check_crashed(s, form, "first", o);
  o = plan_force(s->m, r);
  if (o != RUN_DONE) return check_crashed(s, form, "second", o);
  bool equal;
  if (!plan_eq(s->m, l, r, &equal)) return sire_fail(s, form, "comparing the two values met a limit");
  Buf text = {0};
  if (equal) {
    s->counts.passed++;
  } else {
    s->counts.failed++;
    describe(s, &text, form);
    add_value(s, &text, "first:  ", l);
    add_value(s, &text, "second: ", r);
  }
  report(s, form, equal, &text);
  buf_free(&text);
  return true;
}
