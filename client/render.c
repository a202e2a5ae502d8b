#include "client/render.h"
#include "common/base/base58.h"
#include "common/base/mem.h"
#include <ctype.h>
#include <string.h>

#define TEXT_MAX 4096 // bytes of a nat that may be shown as text

typedef struct Render {
  Machine *m;
  Buf *out;
  const ValueStyle *style;
  size_t end; // length of `out` at which the rest is cut
  bool cut;
} Render;

static void value(Render *r, Ref v, uint32_t depth);

static bool full(Render *r) {
  if (r->out->len < r->end) return false;
  if (!r->cut) buf_str(r->out, r->style->json ? "{\"cut\":true}" : "...");
  return r->cut = true;
}

static void put(Render *r, const char *s) {
  if (!r->cut) buf_str(r->out, s);
}

// --- nats and bars -----------------------------------------------------------------------------------------
// Text is two or more printable ASCII characters whose braces balance.
static bool is_text(const uint8_t *s, size_t n) {
  int open = 0;
  for (size_t i = 0; i < n; i++) {
    if (s[i] < 32 || s[i] > 126) return false;
    open += (s[i] == 123) - (s[i] == 125);
    if (open < 0) return false;
  }
  return n >= 2 && open == 0;
}

static void put_json_string(Render *r, const uint8_t *s, size_t n) {
  buf_u8(r->out, '"');
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '"' || s[i] == '\\') buf_u8(r->out, '\\');
    buf_u8(r->out, s[i]);
  }
  buf_u8(r->out, '"');
}

// Whether a leaf of so many bytes of text is too long for what is left. It is left out then, rather than
// made and cut off: the digits of a long number are dear.
static bool too_long(Render *r, size_t bytes) {
  if (r->out->len + bytes <= r->end) return false;
  put(r, r->style->json ? "{\"cut\":true}" : "...");
  return true;
}

static void nat(Render *r, Ref v) {
  size_t n = plan_nat_size(r->m, v);
  uint8_t text[TEXT_MAX];
  if (n <= TEXT_MAX) {
    plan_nat_copy(r->m, v, text, n);
    if (is_text(text, n)) {
      if (r->style->json) {
        put(r, "{\"text\":");
        put_json_string(r, text, n);
        put(r, "}");
      } else {
        buf_u8(r->out, '{');
        buf_put(r->out, text, n);
        buf_u8(r->out, '}');
      }
      return;
    }
  }
  if (n > 8 && too_long(r, n > SIZE_MAX / 4 ? n : 2 * n)) return; // a byte is more than two digits
  char *digits = plan_nat_decimal_str(r->m, v);
  bool wrap = r->style->json && strlen(digits) > 15; // beyond what every JSON reader keeps exact
  if (wrap) put(r, "{\"nat\":\"");
  put(r, digits);
  if (wrap) put(r, "\"}");
  mem_free(digits);
}

static void base64(Buf *out, const uint8_t *s, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i += 3) {
    size_t left = n - i;
    uint32_t w = (uint32_t)s[i] << 16 | (left > 1 ? (uint32_t)s[i + 1] << 8 : 0) | (left > 2 ? s[i + 2] : 0u);
    for (size_t k = 0; k < 4; k++) buf_u8(out, k > left ? '=' : (uint8_t)digits[w >> (18 - 6 * k) & 63]);
  }
}

static void bar(Render *r, Ref v) {
  size_t n = plan_bar_len(r->m, v);
  const uint8_t *s = plan_bar_bytes(r->m, v);
  bool whole = !s || r->style->json || is_text(s, n);
  if (whole && (too_long(r, n) || !s)) return; // what does not fit in memory does not fit here either
  if (r->style->json) {
    put(r, "{\"bar\":\"");
    base64(r->out, s, n);
    put(r, "\"}");
  } else if (n == 0 || is_text(s, n)) {
    put(r, "b#{");
    buf_put(r->out, s, n);
    put(r, "}");
  } else {
    put(r, "x#");
    for (size_t i = 0; i < n && !full(r); i++) buf_printf(r->out, "%02x", s[i]);
  }
}

// --- containers --------------------------------------------------------------------------------------------
static Ref element(Render *r, Ref v, size_t i) { return plan_row_get(r->m, v, i); }
static Ref key(Render *r, Ref v, size_t i) { return plan_key(r->m, v, i); }

static void list(Render *r, Ref v, size_t n, Ref (*at)(Render *, Ref, size_t), uint32_t depth) {
  for (size_t i = 0; i < n && !full(r); i++) {
    RefMark mark = refs_mark(r->m);
    if (i > 0) put(r, r->style->json ? "," : " ");
    value(r, at(r, v, i), depth);
    refs_release(r->m, mark);
  }
}

static void row(Render *r, Ref v, uint32_t depth) {
  put(r, "[");
  list(r, v, plan_len(r->m, v), element, depth);
  put(r, "]");
}

static void set(Render *r, Ref v, uint32_t depth) {
  put(r, r->style->json ? "{\"set\":[" : "%[");
  list(r, v, plan_len(r->m, v), key, depth);
  put(r, r->style->json ? "]}" : "]");
}

static void tab(Render *r, Ref v, uint32_t depth) {
  bool json = r->style->json;
  put(r, json ? "{\"tab\":[" : "#[");
  for (size_t i = 0, n = plan_len(r->m, v); i < n && !full(r); i++) {
    RefMark mark = refs_mark(r->m);
    if (i > 0) put(r, json ? "," : " ");
    if (json) put(r, "[");
    value(r, plan_key(r->m, v, i), depth);
    put(r, json ? "," : "=");
    value(r, plan_val(r->m, v, i), depth);
    if (json) put(r, "]");
    refs_release(r->m, mark);
  }
  put(r, json ? "]}" : "]");
}

// --- code --------------------------------------------------------------------------------------------------
// A name that can be shown as it is.
static bool law_name(Render *r, Ref law, char name[65]) {
  RefMark mark = refs_mark(r->m);
  Ref v = plan_law_name(r->m, law);
  size_t n = plan_nat_size(r->m, v);
  bool ok = n > 0 && n <= 64;
  if (ok) plan_nat_copy(r->m, v, name, n);
  for (size_t i = 0; ok && i < n; i++) ok = isalnum((unsigned char)name[i]) || name[i] == '_';
  name[ok ? n : 0] = 0;
  refs_release(r->m, mark);
  return ok;
}

static void pin(Render *r, Ref v) {
  uint8_t hash[32];
  char text[BASE58_HASH_MAX] = "?", name[65];
  if (plan_pin_hash(r->m, v, hash)) base58_hash(text, hash);
  RefMark mark = refs_mark(r->m);
  Ref item = plan_pin_item(r->m, v);
  bool named = plan_form(r->m, item) == FORM_LAW && law_name(r, item, name);
  refs_release(r->m, mark);
  if (r->style->json)
    buf_printf(r->out, named ? "{\"pin\":\"%s\",\"name\":\"%s\"}" : "{\"pin\":\"%s\"}", text, name);
  else if (named)
    buf_printf(r->out, "(#pin %s %s)", text, name);
  else
    buf_printf(r->out, "(#pin %s)", text);
}

static void law(Render *r, Ref v, uint32_t depth) {
  bool json = r->style->json;
  RefMark mark = refs_mark(r->m);
  put(r, json ? "{\"law\":[" : "(0 ");
  value(r, plan_law_name(r->m, v), depth);
  put(r, json ? "," : " ");
  value(r, plan_law_arity(r->m, v), depth);
  put(r, json ? "," : " ");
  value(r, plan_law_body(r->m, v), depth);
  put(r, json ? "]}" : ")");
  refs_release(r->m, mark);
}

static Ref spine_part(Render *r, Ref v, size_t i) {
  return i ? plan_arg(r->m, v, i - 1) : plan_head(r->m, v);
}

static void app(Render *r, Ref v, uint32_t depth) {
  put(r, r->style->json ? "{\"app\":[" : "(");
  list(r, v, plan_arg_count(r->m, v) + 1, spine_part, depth);
  put(r, r->style->json ? "]}" : ")");
}

static void value(Render *r, Ref v, uint32_t depth) {
  if (full(r)) return;
  switch (plan_kind(r->m, v)) {
  case KIND_NAT: nat(r, v); return;
  case KIND_BAR: bar(r, v); return;
  case KIND_PIN: pin(r, v); return;
  default: break;
  }
  if (depth == 0) {
    put(r, r->style->json ? "{\"cut\":true}" : "...");
    return;
  }
  switch (plan_kind(r->m, v)) {
  case KIND_ROW: row(r, v, depth - 1); break;
  case KIND_SET: set(r, v, depth - 1); break;
  case KIND_TAB: tab(r, v, depth - 1); break;
  case KIND_APP: app(r, v, depth - 1); break;
  default: law(r, v, depth - 1); break;
  }
}

void render_value(Machine *m, Ref v, const ValueStyle *style, Buf *out) {
  Render r = {.m = m, .out = out, .style = style, .end = out->len + style->bytes};
  RefMark mark = refs_mark(m);
  value(&r, v, style->depth < RENDER_DEPTH_MAX ? style->depth : RENDER_DEPTH_MAX);
  refs_release(m, mark);
}
