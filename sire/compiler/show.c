#include "sire/compiler/show.h"
#include "common/base/mem.h"
#include <string.h>

#define MAX_DEPTH 12
#define MAX_TEXT 64 // bytes of a nat that may be text
#define MAX_BYTES 32

typedef struct Show {
  Machine *m;
  Buf *out;
  size_t end; // length of out at which to stop
  int depth;
} Show;

static void show(Show *s, Ref v);

static bool full(const Show *s) { return s->out->len >= s->end; }

static bool is_text(const uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '{' || bytes[i] == '}') return false;
  return n > 0;
}

static void put_decimal(Show *s, Ref nat) {
  if (plan_nat_size(s->m, nat) > 256) { // the decimal form takes quadratic time
    buf_printf(s->out, "<nat of %zu bytes>", plan_nat_size(s->m, nat));
    return;
  }
  char *digits = plan_nat_decimal_str(s->m, nat);
  buf_str(s->out, digits);
  mem_free(digits);
}

static void show_nat(Show *s, Ref v) {
  uint8_t bytes[MAX_TEXT];
  size_t n = plan_nat_size(s->m, v);
  if (n > 1 && n <= sizeof bytes) {
    plan_nat_copy(s->m, v, bytes, n);
    if (is_text(bytes, n)) {
      buf_printf(s->out, "{%.*s}", (int)n, (const char *)bytes);
      return;
    }
  }
  put_decimal(s, v);
}

static void show_bar(Show *s, Ref v) {
  size_t len = plan_bar_len(s->m, v), shown = len < MAX_BYTES ? len : MAX_BYTES;
  const uint8_t *bytes = plan_bar_bytes(s->m, v);
  bool text = len == 0 || is_text(bytes, shown);
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
  uint8_t bytes[MAX_TEXT];
  Ref name = plan_law_name(s->m, law);
  size_t n = plan_nat_size(s->m, name);
  buf_u8(s->out, (uint8_t)open);
  if (n <= sizeof bytes) plan_nat_copy(s->m, name, bytes, n);
  if (n <= sizeof bytes && is_text(bytes, n)) {
    buf_put(s->out, bytes, n);
  } else {
    buf_str(s->out, "law ");
    put_decimal(s, name);
  }
  buf_u8(s->out, (uint8_t)close);
}

static void show_pin(Show *s, Ref v) {
  Ref item = plan_pin_item(s->m, v);
  if (plan_kind(s->m, item) == KIND_LAW) {
    show_name(s, item, '<', '>');
    return;
  }
  buf_u8(s->out, '<');
  show(s, item);
  buf_u8(s->out, '>');
}

static void show_list(Show *s, Ref v, const char *open, char close) {
  Kind kind = plan_kind(s->m, v);
  size_t n = plan_len(s->m, v);
  buf_str(s->out, open);
  for (size_t i = 0; i < n; i++) {
    if (i > 0) buf_u8(s->out, ' ');
    if (full(s)) {
      buf_str(s->out, "...");
      break;
    }
    show(s, kind == KIND_ROW ? plan_row_get(s->m, v, i) : plan_key(s->m, v, i));
    if (kind != KIND_TAB) continue;
    buf_u8(s->out, '=');
    show(s, plan_val(s->m, v, i));
  }
  buf_u8(s->out, (uint8_t)close);
}

static void show_app(Show *s, Ref v) {
  buf_u8(s->out, '(');
  show(s, plan_head(s->m, v));
  for (size_t i = 0, n = plan_arg_count(s->m, v); i < n; i++) {
    buf_u8(s->out, ' ');
    if (full(s)) {
      buf_str(s->out, "...");
      break;
    }
    show(s, plan_arg(s->m, v, i));
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
  if (plan_is_lazy(s->m, v)) {
    buf_u8(s->out, '_');
  } else if (full(s) || s->depth >= MAX_DEPTH) {
    buf_str(s->out, "...");
  } else {
    s->depth++;
    show_kind(s, v);
    s->depth--;
  }
  refs_release(s->m, mark);
}

void show_value(Machine *m, Buf *out, Ref v, size_t max) {
  Show s = {m, out, out->len + max, 0};
  show(&s, v);
}
