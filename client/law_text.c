// Compiled functions as text: from the numbers of a law's body back to names.
#include "client/render.h"
#include "client/repl.h"
#include "common/base/mem.h"
#include <stdio.h>
#include <string.h>

#define CONSTANT_DEPTH 4
#define CONSTANT_BYTES 200
#define NAME_MAX_BYTES 64
#define INNER_MAX 16
#define SLOTS_MAX ((uint64_t)1 << 60)
#define PARTS_MAX 4096 // of a body; beyond them, and beyond so many bindings, dots

enum { OP_CALL = 0, OP_LET = 1, OP_CONSTANT = 2 };

typedef struct LawText {
  Machine *m;
  Buf *out;
  size_t end; // length of `out` at which the rest is cut
  char name[NAME_MAX_BYTES + 1];
  uint64_t args, slots; // slots: arguments and bindings
  Ref inner[INNER_MAX]; // laws that are constants of the body, shown after it
  size_t inner_count;
} LawText;

// --- names ---------------------------------------------------------------------------------------
// Of a law, or "" when it cannot be shown as a word.
static void name_of_law(Machine *m, Ref law, char name[NAME_MAX_BYTES + 1]) {
  RefMark mark = refs_mark(m);
  Ref v = plan_law_name(m, law);
  size_t n = plan_nat_size(m, v);
  bool ok = n > 0 && n <= NAME_MAX_BYTES;
  if (ok) plan_nat_copy(m, v, name, n);
  for (size_t i = 0; ok && i < n; i++) ok = name[i] > ' ' && name[i] < 0x7f;
  name[ok ? n : 0] = 0;
  refs_release(m, mark);
}

static const char *self_name(const LawText *t) { return t->name[0] ? t->name : "self"; }

// Slot 1 is a, 27 is a1.
static void put_slot(LawText *t, uint64_t slot) {
  if (slot == 0) return buf_str(t->out, self_name(t));
  buf_u8(t->out, (uint8_t)('a' + (slot - 1) % 26));
  if (slot > 26) buf_printf(t->out, "%llu", (unsigned long long)((slot - 1) / 26));
}

// Laws by their names; other constants as values.
static void put_constant(LawText *t, Ref v) {
  Machine *m = t->m;
  char name[NAME_MAX_BYTES + 1] = "";
  bool pinned = plan_kind(m, v) == KIND_PIN;
  Ref item = pinned ? plan_pin_item(m, v) : v;
  bool law = (pinned || plan_kind(m, v) == KIND_LAW) && plan_form(m, item) == FORM_LAW;
  if (law) name_of_law(m, item, name);
  if (law && !pinned && t->inner_count < INNER_MAX) t->inner[t->inner_count++] = item;
  ValueStyle style = {.depth = CONSTANT_DEPTH, .bytes = CONSTANT_BYTES};
  if (name[0])
    buf_str(t->out, name);
  else
    render_value(m, v, &style, t->out);
}

// --- bodies --------------------------------------------------------------------------------------
// (op x y) or, for a constant, (op x): the operator, and the parts.
static bool is_form(Machine *m, Ref v, uint64_t op, size_t args) {
  uint64_t n;
  if (plan_kind(m, v) != KIND_APP || plan_arg_count(m, v) != args) return false;
  return plan_nat_u64(m, plan_head(m, v), &n) && n == op;
}

typedef struct Part {
  const char *text; // or
  Ref value;
  bool constant; // the value stands for itself
} Part;

typedef struct Parts {
  Part *items;
  size_t count, cap;
} Parts;

static void push(Parts *p, Part part) {
  mem_reserve(p->items, p->cap, p->count + 1);
  p->items[p->count++] = part;
}

static void push_text(Parts *p, const char *text) { push(p, (Part){.text = text}); }

// A call of a call is one with more arguments. Pushed last first, as they come off a stack.
static void push_call(LawText *t, Parts *p, Ref v) {
  push_text(p, ")");
  for (;;) {
    push(p, (Part){.value = plan_arg(t->m, v, 1)});
    push_text(p, " ");
    v = plan_arg(t->m, v, 0);
    if (!is_form(t->m, v, OP_CALL, 2) || p->count > PARTS_MAX) break;
  }
  push(p, (Part){.value = v});
  push_text(p, "(");
}

static void push_constant_app(LawText *t, Parts *p, Ref v) {
  size_t n = plan_arg_count(t->m, v);
  push_text(p, ")");
  for (size_t i = n < PARTS_MAX ? n : PARTS_MAX; i-- > 0;) {
    push(p, (Part){.value = plan_arg(t->m, v, i), .constant = true});
    push_text(p, " ");
  }
  push(p, (Part){.value = plan_head(t->m, v), .constant = true});
  push_text(p, "(");
}

static void put_part(LawText *t, Parts *parts, Part part) {
  Machine *m = t->m;
  uint64_t slot;
  if (part.text != NULL)
    buf_str(t->out, part.text);
  else if (part.constant && plan_kind(m, part.value) == KIND_APP)
    push_constant_app(t, parts, part.value);
  else if (part.constant)
    put_constant(t, part.value);
  else if (is_form(m, part.value, OP_CALL, 2))
    push_call(t, parts, part.value);
  else if (is_form(m, part.value, OP_CONSTANT, 1))
    push(parts, (Part){.value = plan_arg(m, part.value, 0), .constant = true});
  else if (plan_nat_u64(m, part.value, &slot) && slot <= t->slots)
    put_slot(t, slot);
  else
    push(parts, (Part){.value = part.value, .constant = true});
}

static void put_body(LawText *t, Ref body) {
  Parts parts = {0};
  push(&parts, (Part){.value = body});
  for (size_t done = 0; parts.count > 0; done++) {
    if (done > PARTS_MAX || t->out->len >= t->end) {
      buf_str(t->out, " ...");
      break;
    }
    put_part(t, &parts, parts.items[--parts.count]);
  }
  mem_free(parts.items);
}

// Bindings stand before the body, and may refer to later ones: they are counted first.
static Ref count_bindings(LawText *t, Ref body) {
  while (is_form(t->m, body, OP_LET, 2)) {
    t->slots++;
    body = plan_arg(t->m, body, 1);
  }
  return body;
}

// One law, without those inside it. What it makes Refs of is released by law_text.
static void put_law(LawText *t, Ref law) {
  Machine *m = t->m;
  Buf *out = t->out;
  name_of_law(m, law, t->name);
  if (!plan_nat_u64(m, plan_law_arity(m, law), &t->args) || t->args > SLOTS_MAX) t->args = SLOTS_MAX;
  t->slots = t->args;
  Ref body = plan_law_body(m, law), last = count_bindings(t, body);
  buf_printf(out, "= (%s", self_name(t));
  for (uint64_t i = 1; i <= t->args && out->len < t->end; i++) buf_u8(out, ' '), put_slot(t, i);
  buf_str(out, ")\n");
  uint64_t slot = t->args;
  for (; is_form(m, body, OP_LET, 2) && out->len < t->end; body = plan_arg(m, body, 1)) {
    buf_str(out, "  @ ");
    put_slot(t, ++slot);
    buf_u8(out, ' ');
    put_body(t, plan_arg(m, body, 0));
    buf_u8(out, '\n');
  }
  buf_str(out, "  ");
  put_body(t, last);
  buf_u8(out, '\n');
}

void law_text(Machine *m, Ref law, size_t max, Buf *out) {
  LawText t = {.m = m, .out = out, .end = out->len + max};
  RefMark mark = refs_mark(m);
  put_law(&t, law);
  for (size_t i = 0; i < t.inner_count && out->len < t.end; i++) put_law(&t, t.inner[i]);
  refs_release(m, mark);
}
