#include "common/base/mem.h"
#include "common/rex/printer.h"
#include <string.h>

Printer printer_new(Buf *out, const RexPrint *how, Err *err) {
  Printer p = {.out = out, .start = out->len, .err = err};
  if (how) p.how = *how;
  if (p.how.max == 0) p.how.max = REX_PRINT_MAX;
  p.limit = mem_add(p.start, p.how.max);
  return p;
}

bool printer_free(Printer *p) {
  buf_free(&p->scratch);
  return !p->failed;
}

static void too_long(Printer *p) {
  p->failed = true;
  err_set(p->err, ERR_LIMIT, "the text of a Rex tree is longer than %zu bytes", p->how.max);
}

void printer_put(Printer *p, const char *text, size_t len) {
  if (p->failed) return;
  if (p->out->len > p->limit || len > p->limit - p->out->len) {
    too_long(p);
    return;
  }
  buf_put(p->out, text, len);
}

void printer_pad(Printer *p, size_t spaces) {
  for (; spaces > 0 && !p->failed; spaces--) printer_put(p, " ", 1);
}

static void no_form(Printer *p, const char *what) {
  if (p->failed) return;
  p->failed = true;
  err_set(p->err, ERR_DATA, "%s cannot be written as Rex", what);
}

bool printer_enter(Printer *p) {
  if (p->failed) return false;
  if (p->depth == REX_MAX_DEPTH) {
    p->failed = true;
    return err_set(p->err, ERR_LIMIT, "nesting deeper than %d", REX_MAX_DEPTH);
  }
  p->depth++;
  return true;
}

void printer_leave(Printer *p) { p->depth--; }

void printer_rune(Printer *p, const Rex *x) {
  if (rex_is_rune(x->text, x->len)) {
    printer_put(p, x->text, x->len);
  } else if (!p->how.loose) {
    no_form(p, "a node whose rune is not made of rune characters");
  } else {
    for (uint32_t i = 0; i < x->len; i++)
      printer_put(p, rex_is_rune_byte((uint8_t)x->text[i]) ? x->text + i : "?", 1);
    if (x->len == 0) printer_put(p, "?", 1);
  }
}

static const char *loose_text(Printer *p, const Rex *x, size_t *len) {
  buf_clear(&p->scratch);
  for (uint32_t i = 0; i < x->len; i++) {
    uint8_t c = (uint8_t)x->text[i];
    if (c == '\n')
      buf_str(&p->scratch, "\\n");
    else
      buf_u8(&p->scratch, c < 0x20 || c == 0x7f ? '?' : c);
  }
  *len = p->scratch.len;
  return buf_cstr(&p->scratch);
}

const char *printer_text(Printer *p, const Rex *x, size_t *len) {
  if (p->how.loose && x->len <= p->how.max) return loose_text(p, x, len);
  if (!p->how.loose && memchr(x->text, '\n', x->len)) no_form(p, "a text that contains a newline");
  *len = x->len;
  return x->text;
}

// --- strings ---------------------------------------------------------------------------------------

static bool balanced(const char *s, size_t len) {
  size_t nest = 0;
  for (size_t i = 0; i < len; i++) {
    if (s[i] == '{') nest++;
    if (s[i] == '}' && nest-- == 0) return false;
  }
  return nest == 0;
}

// The delimiter for }D..D: one that is easy on the eye if possible, any byte at all if need be. Zero
// when there is none.
static char delimiter(const char *s, size_t len) {
  bool used[256] = {[0] = true, ['\n'] = true, [' '] = true};
  for (size_t i = 0; i < len; i++) used[(uint8_t)s[i]] = true;
  if (len < 8 && !used['_'] && !memchr(s, ' ', len)) return '_';
  const char *order = "|#$!%&*+,-./:<=>?@\\^`'~_";
  for (; *order; order++)
    if (!used[(uint8_t)*order]) return *order;
  for (int c = '0'; c < 0x7f; c++)
    if (!used[c]) return (char)c;
  for (int c = 255; c > 0; c--)
    if (!used[c]) return (char)c;
  return 0;
}

static void print_string(Printer *p, const Rex *x) {
  size_t len;
  const char *s = printer_text(p, x, &len);
  if (balanced(s, len)) {
    printer_put(p, "{", 1);
    printer_put(p, s, len);
    printer_put(p, "}", 1);
    return;
  }
  char d = delimiter(s, len);
  if (d == 0) no_form(p, "a text that contains every byte");
  printer_put(p, "}", 1);
  printer_put(p, &d, 1);
  printer_put(p, s, len);
  printer_put(p, &d, 1);
}

static void print_embed(Printer *p, const Rex *x) {
  if (p->how.embed) {
    buf_clear(&p->scratch);
    p->how.embed(p->how.ctx, &p->scratch, x->embed);
    printer_put(p, (const char *)p->scratch.data, p->scratch.len);
  } else if (p->how.loose) {
    printer_put(p, "(EMBD)", 6);
  } else {
    no_form(p, "an embedded value");
  }
}

// --- nodes -----------------------------------------------------------------------------------------

RexKind wide_style(const Rex *x) {
  if (x->kind == REX_OPEN) return REX_NEST;
  if (x->kind == REX_PREF && x->count != 1) return REX_NEST;
  if ((x->kind == REX_SHUT || x->kind == REX_INFX) && x->count < 2) return REX_NEST;
  return x->kind;
}

static bool is_tight(const Rex *x) { return rex_is_node(x) && wide_style(x) >= REX_PREF; }

static void wrapped(Printer *p, const Rex *x, void (*print)(Printer *, const Rex *)) {
  printer_put(p, "(", 1);
  print(p, x);
  printer_put(p, ")", 1);
}

static void spaced_sons(Printer *p, const Rex *x) {
  for (uint32_t i = 0; i < x->count && !p->failed; i++) {
    if (i > 0) printer_put(p, " ", 1);
    wide_print(p, x->sons[i]);
  }
}

static void print_nest(Printer *p, const Rex *x) {
  bool row = rex_text_is(x, ","), call = rex_text_is(x, "|") && x->count != 1;
  printer_put(p, row ? "[" : "(", 1);
  if (!row && !call) {
    printer_rune(p, x);
    if (x->count > 0) printer_put(p, " ", 1);
  }
  spaced_sons(p, x);
  printer_put(p, row ? "]" : ")", 1);
}

// Between infix runes an application needs no parentheses.
static bool is_group(const Rex *x) {
  return rex_is_node(x) && wide_style(x) == REX_NEST && x->count > 1 && !x->heir && rex_text_is(x, "|");
}

static void print_infix(Printer *p, const Rex *x) {
  printer_put(p, "(", 1);
  for (uint32_t i = 0; i < x->count && !p->failed; i++) {
    if (i > 0) {
      printer_put(p, " ", 1);
      printer_rune(p, x);
      printer_put(p, " ", 1);
    }
    if (!is_group(x->sons[i])) {
      wide_print(p, x->sons[i]);
    } else if (printer_enter(p)) {
      spaced_sons(p, x->sons[i]);
      printer_leave(p);
    }
  }
  printer_put(p, ")", 1);
}

void wide_tight(Printer *p, const Rex *x) {
  if (is_tight(x) && !x->heir)
    wrapped(p, x, wide_print);
  else
    wide_print(p, x);
}

// PREF and SHUT without what follows them.
static void print_tight(Printer *p, const Rex *x) {
  for (uint32_t i = 0; i < x->count && !p->failed; i++) {
    if (i > 0 || x->kind == REX_PREF) printer_rune(p, x);
    wide_tight(p, x->sons[i]);
  }
}

static bool is_bare(const Rex *x) { return x->kind == REX_WORD && rex_is_word(x->text, x->len); }

// Without its heir.
static void print_head(Printer *p, const Rex *x) {
  if (x->kind == REX_EMBED)
    print_embed(p, x);
  else if (is_bare(x))
    printer_put(p, x->text, x->len);
  else if (rex_is_leaf(x))
    print_string(p, x);
  else if (is_tight(x))
    print_tight(p, x);
  else if (wide_style(x) == REX_INFX)
    print_infix(p, x);
  else
    print_nest(p, x);
}

// Items of a heir chain stand side by side; only brackets and strings can do that.
void wide_item(Printer *p, const Rex *x, bool first) {
  bool runs_on = !first && (is_bare(x) || x->kind == REX_EMBED);
  if (is_tight(x) || runs_on)
    wrapped(p, x, print_head);
  else
    print_head(p, x);
}

static void print_chain(Printer *p, const Rex *x) {
  for (const Rex *item = x; item && !p->failed; item = item->heir) wide_item(p, item, item == x);
}

void wide_print(Printer *p, const Rex *x) {
  if (!printer_enter(p)) return;
  if (x->heir)
    print_chain(p, x);
  else
    print_head(p, x);
  printer_leave(p);
}

bool rex_print_wide(Buf *out, const Rex *x, const RexPrint *how, Err *err) {
  Printer p = printer_new(out, how, err);
  wide_print(&p, x);
  return printer_free(&p);
}
