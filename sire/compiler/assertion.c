#include "sire/compiler/assertion.h"
#include "common/base/mem.h"
#include "sire/compiler/backtrace.h"
#include "sire/compiler/compile.h"
#include "sire/compiler/difference.h"
#include "sire/compiler/report.h"
#include "sire/compiler/rexval.h"

#define FORM_SHOWN 300
#define VALUE_SHOWN 2000
#define MARKED_SHOWN 400 // about, of a value with a difference marked
#define LEVELS_SHOWN 6   // above the difference
#define CARETS_MAX 60
#define ARGUMENTS_SHOWN 4
#define ARGUMENT_SHOWN 120
#define EXPLAIN_WORK 1000000 // calls, to compute an argument once more

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

// The value around the part that differs, and a line with carets below that.
static void add_marked(Sire *s, Buf *text, const char *label, Ref value, const ShowFocus *focus) {
  ShowFocus f = *focus;
  Buf line = {0};
  buf_printf(&line, "  %s", label);
  show_focused(s->m, &line, value, MARKED_SHOWN, &f);
  size_t carets = f.end - f.begin;
  if (f.begin < line.len && line.len - f.begin < carets) carets = line.len - f.begin;
  if (carets > CARETS_MAX) carets = CARETS_MAX;
  buf_printf(text, "\n%s\n%*s", buf_cstr(&line), (int)f.begin, "");
  for (size_t i = 0; i < (carets > 0 ? carets : 1); i++) buf_u8(text, '^');
  buf_free(&line);
}

static void add_where(Sire *s, Buf *text, const Difference *d) {
  Buf keys = {0};
  if (d->len > 0) {
    buf_str(text, "\n  they differ at ");
    difference_path(s, text, d);
  }
  difference_keys(s, &keys, d);
  if (keys.len > 0) buf_printf(text, "\n  %s", buf_cstr(&keys));
  buf_free(&keys);
}

// A function where there should be a value was mostly called with too few arguments.
static void add_waiting(Sire *s, Buf *text, Ref first, Ref second) {
  bool waits[] = {plan_kind(s->m, first) == KIND_APP, plan_kind(s->m, second) == KIND_APP};
  uint64_t left;
  Ref function = waits[0] ? first : second;
  if (waits[0] == waits[1] || plan_kind(s->m, plan_head(s->m, function)) == KIND_NAT) return;
  if (!plan_nat_u64(s->m, plan_arity(s->m, function), &left)) return;
  buf_printf(text, "\n  the %s is a function that waits for %llu more argument%s",
             waits[0] ? "first" : "second", (unsigned long long)left, left == 1 ? "" : "s");
}

// Values that differ as a whole are shown whole, others near their first difference. Of a deep one that
// is the part some levels above the difference.
static void add_values(Sire *s, Buf *text, Ref left, Ref right) {
  static const char *const labels[2][2] = {{"first:  ", "first:  .. "}, {"second: ", "second: .. "}};
  Ref wholes[2] = {left, right};
  Difference d;
  bool found = difference_find(s, left, right, &d);
  bool part = found && (d.len > 0 || d.byte != SHOW_NO_BYTE);
  size_t skip = part && d.len > LEVELS_SHOWN ? d.len - LEVELS_SHOWN : 0;
  for (int i = 0; i < 2; i++) {
    ShowFocus focus = {.path = d.path + skip, .len = d.len - skip, .byte = d.byte};
    if (part)
      add_marked(s, text, labels[i][skip > 0], skip > 0 ? d.path[skip].whole[i] : wholes[i], &focus);
    else
      add_value(s, text, labels[i][0], wholes[i]);
  }
  if (!part) add_waiting(s, text, left, right);
  if (!found) return;
  add_where(s, text, &d);
  difference_free(&d);
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

// Whether a value that is to be shown to explain another can be had with little work.
static bool is_cheap(Sire *s, Ref value) {
  machine_start_nf(s->m, value);
  Outcome o = machine_run(s->m, EXPLAIN_WORK);
  if (o == RUN_DONE) ref_set(s->m, value, machine_result(s->m));
  if (o == RUN_YIELD || o == RUN_NEED_PAGE) machine_abandon(s->m);
  return o == RUN_DONE;
}

static void add_argument(Sire *s, Buf *text, Tree *form, Ast *x) {
  if (!ast_open(s, x) || x->kind == AST_CONST) return;
  Ref value = compile_value(s, x);
  if (value == 0 || !is_cheap(s, value)) return;
  buf_str(text, "\n  where ");
  report_tree(s, text, form, ARGUMENT_SHOWN);
  buf_str(text, " is ");
  report_value(s, text, value, ARGUMENT_SHOWN);
}

// A condition that does not hold, such as (eql a b), says nothing by its value: its arguments do.
static void add_arguments(Sire *s, Buf *text, Tree *form, Ref left, Ref right, Ast *x) {
  uint64_t truth, value;
  bool condition =
      plan_nat_u64(s->m, left, &truth) && truth == 1 && plan_nat_u64(s->m, right, &value) && value == 0;
  Tree *call = condition && form->count == 2 ? form->sons[1] : NULL;
  if (call == NULL || call->kind != TREE_NODE || !ast_open(s, x) || x->kind != AST_APP ||
      tree_kid_count(call) != x->n + 1)
    return;
  Err ignored = ERR_INIT, *err = s->err;
  s->err = &ignored;
  for (uint32_t i = 0; i < x->n && i < ARGUMENTS_SHOWN; i++)
    add_argument(s, text, tree_kid(call, i + 1), x->list[i]);
  s->err = err;
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
    add_values(s, &text, l, r);
    add_arguments(s, &text, form, l, r, right);
  }
  report(s, form, equal, &text);
  buf_free(&text);
  return true;
}
