#include "client/show.h"
#include "common/base/mem.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GAP 2 // between columns

// --- texts -----------------------------------------------------------------------------------------
// Control characters, also those of the C1 range, which UTF-8 writes as c2 80 to c2 9f.
static bool is_control(const char *p, size_t left, size_t *len) {
  unsigned char c = (unsigned char)p[0], d = left > 1 ? (unsigned char)p[1] : 0;
  *len = 1;
  if (c < 0x20 || c == 0x7f) return true;
  if (c == 0xc2 && d >= 0x80 && d <= 0x9f) return *len = 2, true;
  return false;
}

void show_text(Buf *out, RpcText t) {
  if (!t.p) return;
  bool ascii = !rpc_utf8_ok(t.p, t.n); // all other bytes are then shown as numbers
  for (size_t i = 0, len; i < t.n; i += len) {
    if (!is_control(t.p + i, t.n - i, &len) && !(ascii && (unsigned char)t.p[i] > 0x7f))
      buf_put(out, t.p + i, len);
    else if (t.p[i] == '\n')
      buf_str(out, "\\n");
    else if (t.p[i] == '\t')
      buf_str(out, "\\t");
    else
      buf_printf(out, "\\x%02x", (unsigned)(unsigned char)t.p[i + len - 1]);
  }
}

void show_json_text(Buf *out, RpcText t) {
  bool ok = t.p && rpc_utf8_ok(t.p, t.n);
  buf_u8(out, '"');
  for (size_t i = 0, len; ok && i < t.n; i += len) {
    if (t.p[i] == '"' || t.p[i] == '\\')
      buf_printf(out, "\\%c", t.p[i]), len = 1;
    else if (!is_control(t.p + i, t.n - i, &len))
      buf_put(out, t.p + i, len);
    else
      buf_printf(out, "\\u%04x", (unsigned)(unsigned char)t.p[i + len - 1]);
  }
  buf_u8(out, '"');
}

void show_time(Buf *out, uint64_t ns) {
  time_t s = (time_t)(ns / 1000000000);
  struct tm tm;
  char text[32];
  if (!gmtime_r(&s, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm)) return buf_str(out, "?");
  buf_printf(out, "%s.%03uZ", text, (unsigned)(ns / 1000000 % 1000));
}

void show_cog(Buf *out, const RpcCogInfo *c) {
  if (c->name.p) {
    show_text(out, c->name);
    buf_printf(out, " (%" PRIu64 "), ", c->id);
  } else {
    buf_printf(out, "%" PRIu64 ", ", c->id);
  }
  show_text(out, c->state);
  if (c->detail.n) buf_str(out, ": "), show_text(out, c->detail);
}

// --- JSON ------------------------------------------------------------------------------------------
static void json_value(Cli *cli, Buf *out, RpcBytes v) {
  ValueStyle style = {.json = true, .depth = VALUE_STYLE_DEPTH, .bytes = VALUE_STYLE_BYTES};
  Buf text = {0};
  if (cli->values && cli->values->render(cli->values->ctx, v.p, v.n, &style, &text, NULL))
    buf_put(out, text.data, text.len);
  else
    buf_printf(out, "{\"bytes\":%zu}", v.n);
  buf_free(&text);
}

static void json_field(Cli *cli, Buf *out, const RpcField *f, const void *at);

static void json_list(Cli *cli, Buf *out, const RpcField *f, const RpcList *list) {
  buf_u8(out, '[');
  for (size_t i = 0; i < list->n; i++) {
    if (i) buf_u8(out, ',');
    if (f->type == FIELD_TEXTS)
      show_json_text(out, ((const RpcText *)list->items)[i]);
    else
      show_json(cli, out, f->of, (const char *)list->items + i * f->of->size);
  }
  buf_u8(out, ']');
}

static void json_field(Cli *cli, Buf *out, const RpcField *f, const void *at) {
  switch (f->type) {
  case FIELD_NAT: buf_printf(out, "%" PRIu64, *(const uint64_t *)at); break;
  case FIELD_BOOL: buf_str(out, *(const bool *)at ? "true" : "false"); break;
  case FIELD_TEXT:
  case FIELD_NAME: show_json_text(out, *(const RpcText *)at); break;
  case FIELD_BIN: json_value(cli, out, *(const RpcBytes *)at); break;
  case FIELD_TEXTS:
  case FIELD_LIST: json_list(cli, out, f, at); break;
  case FIELD_RECORD: show_json(cli, out, f->of, at); break;
  case FIELD_ID:
  case FIELD_COG:
  case FIELD_PATH: buf_str(out, "null"); break; // of requests only
  }
}

static bool is_absent(const RpcField *f, const void *at) {
  if (f->type == FIELD_TEXT || f->type == FIELD_NAME) return !((const RpcText *)at)->p;
  return f->type == FIELD_BIN && !((const RpcBytes *)at)->p;
}

void show_json(Cli *cli, Buf *out, const RpcSchema *s, const void *record) {
  bool first = true;
  buf_u8(out, '{');
  for (size_t i = 0; i < s->count; i++) {
    const void *at = (const char *)record + s->fields[i].offset;
    if (is_absent(&s->fields[i], at)) continue;
    buf_printf(out, "%s\"%s\":", first ? "" : ",", s->fields[i].name);
    json_field(cli, out, &s->fields[i], at);
    first = false;
  }
  buf_u8(out, '}');
}

// --- tables ----------------------------------------------------------------------------------------
// Characters, not bytes; wide ones are taken for one, which only bends a column.
static size_t width_of(const Buf *b) {
  size_t n = 0;
  for (size_t i = 0; i < b->len; i++) n += (b->data[i] & 0xc0) != 0x80;
  return n;
}

static void pad(Buf *out, size_t n) {
  for (; n; n--) buf_u8(out, ' ');
}

void show_table(Buf *out, const Buf *cells, size_t rows, size_t columns, const char *align) {
  size_t *width = mem_zalloc(mem_mul(columns, sizeof *width));
  for (size_t i = 0; i < rows * columns; i++)
    if (width_of(&cells[i]) > width[i % columns]) width[i % columns] = width_of(&cells[i]);
  for (size_t i = 0; i < rows * columns; i++) {
    size_t column = i % columns, left = width[column] - width_of(&cells[i]);
    bool right = align[column] == 'r', last = column + 1 == columns;
    if (right) pad(out, left);
    buf_put(out, cells[i].data, cells[i].len);
    if (!right && !last) pad(out, left);
    if (last)
      buf_u8(out, '\n');
    else
      pad(out, GAP);
  }
  mem_free(width);
}

void show_value_line(Cli *cli, Buf *out, RpcBytes v) {
  ValueStyle style = {.depth = 8, .bytes = 4096};
  Buf text = {0};
  if (cli->values && cli->values->render(cli->values->ctx, v.p, v.n, &style, &text, NULL))
    show_text(out, (RpcText){(const char *)text.data, text.len});
  else
    buf_printf(out, "(a value of %zu bytes)", v.n);
  buf_free(&text);
}
