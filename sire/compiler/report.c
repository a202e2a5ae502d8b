#include "sire/compiler/report.h"
#include "common/rex/print.h"
#include "sire/compiler/backtrace.h"
#include "sire/compiler/definitions.h"
#include "sire/compiler/rexval.h"
#include "sire/compiler/show.h"
#include <stdio.h>
#include <string.h>

#define FORM_SHOWN 160 // bytes of the form at fault
#define CALL_SHOWN 100 // bytes of a macro call it came from, and of what that made
#define CALLS_SHOWN 4
#define VALUE_SHOWN 200
#define TREE_NODES 60

SirePlace report_place(Sire *s, const Tree *t) {
  SirePlace p = {.doc = ""};
  if (s->block == NULL) return p;
  const Rex *src = t != NULL ? tree_source(s, t) : NULL;
  p.file = s->block->file;
  p.line = src != NULL && src->start.line > 0 ? src->start.line : s->block->line;
  p.col = src != NULL && src->start.line > 0 ? src->start.col + 1 : 1;
  p.doc = s->block->doc;
  p.doc_len = s->block->doc_len;
  return p;
}

static Name field_name(Sire *s, Ref binding, int field) {
  Ref nat = binding_field(s, binding, field);
  return nat != 0 && plan_kind(s->m, nat) == KIND_NAT ? name_of_nat(s, nat) : (Name){0};
}

bool binding_place(Sire *s, Ref binding, SirePlace *place) {
  Name module = field_name(s, binding, BIND_LOCATION), name = field_name(s, binding, BIND_NAME);
  return name.len > 0 && definitions_get(s->definitions, module, name, place);
}

// The innermost place that is known: the form's, or that of a macro call that it came from.
static const Rex *nearest_source(Sire *s, const Tree *at) {
  const Rex *src = at != NULL ? tree_source(s, at) : NULL;
  for (const Expansion *e = s->chain; src == NULL && e != NULL; e = e->outer) src = tree_source(s, e->call);
  if (src == NULL && s->block != NULL) src = s->block->tree;
  return src;
}

static bool is_block(Sire *s, const Tree *t) {
  return s->block != NULL && s->block->tree != NULL && tree_source(s, t) == s->block->tree;
}

// Whether the line with the caret shows the form, or a block from its beginning.
static bool is_shown(Sire *s, const Rex *caret, const Tree *t) {
  const Rex *src = tree_source(s, t);
  if (src == NULL || caret == NULL || src->start.line != caret->start.line || src->start.line == 0)
    return false;
  return (src->start.line == src->end.line && src->heir == NULL) || is_block(s, t);
}

// One line, unless it says what the line before said.
static bool add_form(Sire *s, Buf *out, Buf *last, const char *label, Tree *t, size_t max) {
  Buf line = {0};
  report_tree(s, &line, t, max);
  bool other = line.len != last->len || line.len == 0 || memcmp(line.data, last->data, line.len) != 0;
  if (other) buf_printf(out, "%s%s", label, buf_cstr(&line));
  buf_free(last);
  *last = line;
  return other;
}

// A macro call that the form came from, and what it became.
static void add_call(Sire *s, Buf *out, Buf *last, const Rex *caret, const Expansion *e) {
  const Rex *src = tree_source(s, e->call);
  if (e->made != NULL) add_form(s, out, last, "\nin what a macro made: ", e->made, CALL_SHOWN);
  buf_printf(out, "\nfrom the macro %.*s", (int)e->call->len, e->call->text);
  if (src != NULL && src->start.line > 0) buf_printf(out, " at %u:%u", src->start.line, src->start.col + 1);
  if (!is_shown(s, caret, e->call)) add_form(s, out, last, ": ", e->call, CALL_SHOWN);
}

// What was written by hand shows itself, whatever macros it went through. What macros made is told,
// with the calls that led to it, innermost first.
static void add_context(Sire *s, Buf *out, Tree *at, const Rex *caret) {
  Buf last = {0};
  const Expansion *e = s->chain;
  for (; e != NULL && at == e->made && is_block(s, e->call); e = e->outer) at = e->call;
  bool written = at == NULL || tree_source(s, at) != NULL;
  if (at != NULL && !is_shown(s, caret, at)) add_form(s, out, &last, "\nin: ", at, FORM_SHOWN);
  int shown = 0;
  for (; e != NULL && (!written || e->made == NULL) && shown < CALLS_SHOWN; e = e->outer, shown++)
    if ((e->made != NULL || !is_shown(s, caret, e->call)) &&
        !((written || shown > 0) && is_block(s, e->call)))
      add_call(s, out, &last, caret, e);
  buf_free(&last);
}

static bool fail_with(Sire *s, Tree *at, ErrCode code, Buf *reason, const Backtrace *trace) {
  if (at == NULL) at = s->at;
  Err base = ERR_INIT;
  const Rex *src = nearest_source(s, at);
  if (s->block != NULL && src != NULL)
    rex_block_err(&base, code, s->block, src->start, "%s", buf_cstr(reason));
  else
    err_set(&base, code, "%s", buf_cstr(reason));
  Buf text = {0};
  buf_str(&text, base.msg);
  if (s->block != NULL) add_context(s, &text, at, src);
  if (trace != NULL) backtrace_add(s, &text, trace);
  err_set(s->err, code, "%s", buf_cstr(&text));
  if (base.where[0] != 0) err_at(s->err, "%s", base.where);
  buf_free(&text);
  buf_free(reason);
  return false;
}

bool sire_fail(Sire *s, Tree *at, const char *fmt, ...) {
  Buf reason = {0};
  va_list args;
  va_start(args, fmt);
  char text[600];
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  buf_str(&reason, text);
  return fail_with(s, at, ERR_DATA, &reason, NULL);
}

static const char *outcome_words(Outcome o) {
  switch (o) {
  case RUN_LOOP: return "a loop: it needs its own result";
  case RUN_DIVERGES: return "what would never end";
  case RUN_FUEL: return "the limit on its steps";
  case RUN_MEMORY: return "the memory limit";
  case RUN_STOPPED: return "an interrupt";
  default: return outcome_name(o);
  }
}

void report_crash(Sire *s, Buf *out, Outcome outcome, size_t max) {
  if (outcome != RUN_CRASH) {
    buf_str(out, outcome_words(outcome));
    return;
  }
  Value op, arg;
  machine_crash(s->m, &op, &arg);
  Ref o = ref_new(s->m, op), a = ref_new(s->m, arg);
  buf_str(out, "crash with operator ");
  report_value(s, out, o, 60);
  buf_str(out, ", argument ");
  report_value(s, out, a, max);
}

static ErrCode outcome_code(Outcome o) {
  return o == RUN_CRASH || o == RUN_LOOP || o == RUN_DIVERGES ? ERR_DATA : ERR_LIMIT;
}

bool sire_fail_run(Sire *s, Tree *at, Outcome outcome, const char *doing, ...) {
  Buf reason = {0};
  Backtrace trace = backtrace_take(s);
  char text[200];
  va_list args;
  va_start(args, doing);
  vsnprintf(text, sizeof text, doing, args);
  va_end(args);
  buf_printf(&reason, "computing %s ended in ", text);
  report_crash(s, &reason, outcome, VALUE_SHOWN);
  return fail_with(s, at, outcome_code(outcome), &reason, &trace);
}

bool sire_whnf(Sire *s, Ref r, const char *doing) {
  if (!plan_is_lazy(s->m, r)) return true;
  if (s->peeking) return false;
  Outcome o = plan_whnf(s->m, r);
  return o == RUN_DONE || sire_fail_run(s, NULL, o, "%s", doing);
}

bool sire_force(Sire *s, Ref r, const char *doing) {
  Outcome o = plan_force(s->m, r);
  return o == RUN_DONE || sire_fail_run(s, NULL, o, "%s", doing);
}

typedef struct Embeds {
  Sire *s;
  size_t max;
} Embeds;

static void show_embed(void *ctx, Buf *out, uint64_t word) {
  const Embeds *e = ctx;
  if (word == 0)
    buf_str(out, "...");
  else
    show_value(e->s->m, out, (Ref)word, e->max);
}

// What does not fit ends in dots.
static void cut(Buf *out, size_t from, size_t max) {
  if (out->len - from <= max) return;
  out->len = from + max;
  while (out->len > from && (out->data[out->len] & 0xc0) == 0x80) out->len--; // not inside a character
  buf_str(out, "...");
}

void report_tree(Sire *s, Buf *out, Tree *t, size_t max) {
  uint32_t budget = TREE_NODES;
  size_t from = out->len;
  Embeds embeds = {s, max / 2};
  RexPrint how = {.max = max + 16, .loose = true, .embed = show_embed, .ctx = &embeds};
  rex_print_wide(out, tree_to_rex(s, t, &budget), &how, NULL);
  cut(out, from, max);
}

void report_value(Sire *s, Buf *out, Ref v, size_t max) {
  size_t from = out->len;
  show_value(s->m, out, v, max);
  cut(out, from, max);
}

// Trees made here die here: a program may show values for as long as it runs.
void sire_show(Sire *s, Ref v, size_t max, Buf *out) {
  RefMark mark = refs_mark(s->m);
  Arena block = s->arena;
  bool peeking = s->peeking;
  s->arena = (Arena){0};
  s->peeking = true;
  Tree top = {.value = v};
  if (tree_open(s, &top) && top.kind != TREE_BAD)
    report_tree(s, out, &top, max);
  else
    report_value(s, out, v, max);
  s->peeking = peeking;
  arena_free(&s->arena);
  s->arena = block;
  refs_release(s->m, mark);
}
