#include "sire/compiler/show.h"
#include "common/base/mem.h"
#include <string.h>

#define MAX_DEPTH 12
#define MAX_TEXT 400   // bytes of a nat that may be text
#define MAX_NAME 64    // bytes of a law's name
#define MAX_BYTES 32   // of a bar
#define BESIDE 3       // parts shown on both sides of a part in focus
#define BESIDE_MAX 40  // bytes of each
#define BEFORE_BYTE 24 // of a text in which one byte is in focus
#define BEHIND_BYTE 40

typedef struct Show {
  Machine *m;
  Buf *out;
  size_t end; // length of out at which to stop
  int depth;
  ShowFocus *focus; // NULL: none, or not below the part being shown
  size_t step;      // steps of the path taken
} Show;

static void show(Show *s, Ref v);

static bool full(const Show *s) { return s->out->len >= s->end; }

// Printable ASCII without braces; `lines`: line breaks, too.
static bool is_text(const uint8_t *bytes, size_t n, bool lines) {
  for (size_t i = 0; i < n; i++) {
    if (lines && bytes[i] == '\n') continue;
    if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '{' || bytes[i] == '}') return false;
  }
  return n > 0;
}

static void put_decimal(Show *s, Ref nat) {
  if (plan_nat_size(s->m, nat) > 256) { // nobody reads so many digits
    buf_printf(s->out, "<nat of %zu bytes>", plan_nat_size(s->m, nat));
    return;
  }
  char *digits = plan_nat_decimal_str(s->m, nat);
  buf_str(s->out, digits);
  mem_free(digits);
}

static uint8_t *nat_bytes_of(Machine *m, Ref nat, size_t n) {
  uint8_t *bytes = mem_alloc(n + 1);
  plan_nat_copy(m, nat, bytes, n);
  return bytes;
}

bool show_is_text(Machine *m, Ref nat) {
  size_t n = plan_nat_size(m, nat);
  uint8_t *bytes = nat_bytes_of(m, nat, n);
  bool text = n > 1 && is_text(bytes, n, true);
  mem_free(bytes);
  return text;
}

// Line breaks as \n.
static void put_text(Show *s, const uint8_t *bytes, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    if (s->focus != NULL && i == s->focus->byte) s->focus->begin = s->out->len;
    if (bytes[i] == '\n')
      buf_str(s->out, "\\n");
    else
      buf_u8(s->out, bytes[i]);
    if (s->focus != NULL && i == s->focus->byte) s->focus->end = s->out->len;
  }
}

static void show_text(Show *s, const uint8_t *bytes, size_t n) {
  size_t byte = s->focus == NULL ? SHOW_NO_BYTE : s->focus->byte;
  size_t from = 0, to = n < MAX_TEXT ? n : MAX_TEXT;
  if (byte != SHOW_NO_BYTE) {
    if (byte > BEFORE_BYTE) from = byte - BEFORE_BYTE < n ? byte - BEFORE_BYTE : n;
    to = n - from < BEFORE_BYTE + BEHIND_BYTE ? n : from + BEFORE_BYTE + BEHIND_BYTE;
  }
  buf_u8(s->out, '{');
  if (from > 0) buf_str(s->out, "...");
  put_text(s, bytes, from, to);
  if (byte != SHOW_NO_BYTE && byte >= n) { // it ends where the other goes on
    s->focus->begin = s->out->len;
    s->focus->end = s->out->len + 1;
  }
  if (to < n) buf_str(s->out, "...");
  buf_u8(s->out, '}');
}

static void show_nat(Show *s, Ref v) {
  size_t n = plan_nat_size(s->m, v);
  bool text = n > 1 && (n <= MAX_TEXT || s->focus != NULL) && show_is_text(s->m, v);
  if (!text) {
    put_decimal(s, v);
    return;
  }
  uint8_t *bytes = nat_bytes_of(s->m, v, n);
  show_text(s, bytes, n);
  mem_free(bytes);
}

static void show_bar(Show *s, Ref v) {
  size_t len = plan_bar_len(s->m, v), shown = len < MAX_BYTES ? len : MAX_BYTES;
  uint8_t bytes[MAX_BYTES];
  plan_bar_copy(s->m, v, 0, shown, bytes);
  bool text = len == 0 || is_text(bytes, shown, false);
  buf_str(s->out, text ? "b#{" : "x#");
  for (size_t i = 0; i < shown; i++) {
    if (text)
      buf_u8(s->out, bytes[i]);
    else
      buf_printf(s->out, "%02x", bytes[i]);
  }
  if (shown < len) buf_str(s->out, "...");
  if (text) buf_u8(s->out, '}');
}

// A law by its name.
static void show_name(Show *s, Ref law, char open, char close) {
  uint8_t bytes[MAX_NAME];
  Ref name = plan_law_name(s->m, law);
  size_t n = plan_nat_size(s->m, name);
  buf_u8(s->out, (uint8_t)open);
  if (n <= sizeof bytes) plan_nat_copy(s->m, name, bytes, n);
  if (n <= sizeof bytes && is_text(bytes, n, false)) {
    buf_put(s->out, bytes, n);
  } else {
    buf_str(s->out, "law ");
    put_decimal(s, name);
  }
  buf_u8(s->out, (uint8_t)close);
}

// --- wholes and their parts ------------------------------------------------------------------------
static const ShowStep *next_step(const Show *s) {
  return s->focus != NULL && s->step < s->focus->len ? &s->focus->path[s->step] : NULL;
}

// A part that may be the way to what is in focus, or be beside that way.
static void show_part(Show *s, Ref v, size_t index, bool can_lead) {
  const ShowStep *step = next_step(s);
  if (step == NULL && s->focus == NULL) {
    show(s, v);
  } else if (step != NULL && can_lead && step->index == index) {
    s->step++;
    show(s, v);
    s->step--;
  } else {
    ShowFocus *focus = s->focus;
    size_t end = s->end;
    s->focus = NULL;
    s->end = s->out->len + BESIDE_MAX;
    show(s, v);
    s->focus = focus;
    s->end = end;
  }
}

static void show_pin(Show *s, Ref v) {
  Ref item = plan_pin_item(s->m, v);
  if (plan_kind(s->m, item) == KIND_LAW) {
    show_name(s, item, '<', '>');
    return;
  }
  buf_u8(s->out, '<');
  show_part(s, item, 0, true);
  buf_u8(s->out, '>');
}

// Which of n parts to show: those near the one in focus, or from the first on.
static void window(const Show *s, size_t n, size_t *from, size_t *to) {
  const ShowStep *step = next_step(s);
  *from = 0;
  *to = n;
  if (step == NULL) return;
  if (step->index > BESIDE) *from = step->index - BESIDE < n ? step->index - BESIDE : n;
  if (step->index + BESIDE < n) *to = step->index + BESIDE + 1;
}

static void show_list(Show *s, Ref v, const char *open, char close) {
  Kind kind = plan_kind(s->m, v);
  size_t n = plan_len(s->m, v), from, to;
  window(s, n, &from, &to);
  buf_str(s->out, open);
  if (from > 0) buf_str(s->out, "... ");
  for (size_t i = from; i < to; i++) {
    if (i > from) buf_u8(s->out, ' ');
    if (full(s) && next_step(s) == NULL) {
      to = i;
      break;
    }
    if (kind == KIND_TAB) {
      show_part(s, plan_key(s->m, v, i), i, false);
      buf_u8(s->out, '=');
    }
    show_part(s,
              kind == KIND_ROW   ? plan_row_get(s->m, v, i)
              : kind == KIND_TAB ? plan_val(s->m, v, i)
                                 : plan_key(s->m, v, i),
              i, true);
  }
  if (to < n) buf_str(s->out, to > from && s->out->data[s->out->len - 1] != ' ' ? " ..." : "...");
  const ShowStep *step = next_step(s);
  if (step != NULL && step->index >= n) { // the part that the other has
    s->focus->begin = s->out->len;
    s->focus->end = s->out->len + 1;
  }
  buf_u8(s->out, (uint8_t)close);
}

static void show_app(Show *s, Ref v) {
  buf_u8(s->out, '(');
  show_part(s, plan_head(s->m, v), 0, true);
  for (size_t i = 0, n = plan_arg_count(s->m, v); i < n; i++) {
    buf_u8(s->out, ' ');
    if (full(s) && next_step(s) == NULL) {
      buf_str(s->out, "...");
      break;
    }
    show_part(s, plan_arg(s->m, v, i), i + 1, true);
  }
  buf_u8(s->out, ')');
}

static void show_kind(Show *s, Ref v) {
  switch (plan_kind(s->m, v)) {
  case KIND_NAT: show_nat(s, v); break;
  case KIND_PIN: show_pin(s, v); break;
  case KIND_LAW: show_name(s, v, '{', '}'); break;
  case KIND_BAR: show_bar(s, v); break;
  case KIND_ROW: show_list(s, v, "[", ']'); break;
  case KIND_SET: show_list(s, v, "%[", ']'); break;
  case KIND_TAB: show_list(s, v, "#[", ']'); break;
  case KIND_COW:
    buf_str(s->out, "C");
    uint64_t arity = 0;
    plan_nat_u64(s->m, plan_law_arity(s->m, v), &arity);
    buf_printf(s->out, "%llu", (unsigned long long)arity - 1);
    break;
  default: show_app(s, v); break;
  }
}

static void show(Show *s, Ref v) {
  RefMark mark = refs_mark(s->m);
  bool at_focus = s->focus != NULL && s->step == s->focus->len;
  size_t begin = s->out->len;
  if (plan_is_lazy(s->m, v)) {
    buf_u8(s->out, '_');
  } else if ((full(s) || s->depth >= MAX_DEPTH) && s->focus == NULL) {
    buf_str(s->out, "...");
  } else {
    ShowFocus *focus = s->focus;
    if (at_focus && focus->byte == SHOW_NO_BYTE) s->focus = NULL;
    s->depth++;
    show_kind(s, v);
    s->depth--;
    s->focus = focus;
  }
  if (at_focus && s->focus->byte == SHOW_NO_BYTE) {
    s->focus->begin = begin;
    s->focus->end = s->out->len;
  }
  refs_release(s->m, mark);
}

void show_value(Machine *m, Buf *out, Ref v, size_t max) {
  Show s = {.m = m, .out = out, .end = out->len + max};
  show(&s, v);
}

void show_focused(Machine *m, Buf *out, Ref v, size_t max, ShowFocus *focus) {
  Show s = {.m = m, .out = out, .end = out->len + max, .focus = focus};
  focus->begin = focus->end = out->len;
  show(&s, v);
}
