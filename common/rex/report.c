// Errors that show the place: file:line:col, the reason, the line, a caret.
#include "common/rex/lex.h"
#include <stdio.h>
#include <string.h>

#define EXCERPT 100 // bytes of a long line that are shown
#define BEFORE 60   // at most so many of them before the caret

// Length of the printable UTF-8 character at p, 0 when there is none: not UTF-8, or a control that a
// terminal would obey.
static size_t printable(const uint8_t *p, size_t left) {
  if (p[0] < 0x80) return p[0] >= 0x20 && p[0] != 0x7f;
  size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
  uint32_t code = p[0] & (0xffu >> (n + 1));
  if (p[0] < 0xc2 || p[0] > 0xf4 || n > left) return 0;
  for (size_t i = 1; i < n; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | (p[i] & 0x3f);
  }
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = code >= 0xd800 && code < 0xe000;
  bool direction = code == 0x061c || (code >= 0x200e && code <= 0x200f) ||
                   (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return code < least[n] || code > 0x10ffff || surrogate || direction || code < 0xa0 ? 0 : n;
}

static bool inside_char(const char *line, size_t len, size_t i) {
  return i > 0 && i < len && ((uint8_t)line[i] & 0xc0) == 0x80;
}

// Writes the line around byte `col`, and a second line with a caret below it.
static void excerpt(char *out, size_t size, const char *line, size_t len, size_t col) {
  size_t from = 0, to = len, n = 0, caret = 0;
  if (len > EXCERPT) {
    if (col > BEFORE) from = col - BEFORE;
    if (from > len - EXCERPT) from = len - EXCERPT;
    to = from + EXCERPT;
    for (int i = 0; i < 3 && inside_char(line, len, from); i++) from++;
    for (int i = 0; i < 3 && inside_char(line, len, to); i++) to--;
  }
  const char *left = from > 0 ? "..." : "", *right = to < len ? "..." : "";
  n = (size_t)snprintf(out, size, "\n  %s", left);
  size_t shift = strlen(left);
  for (size_t i = from; i < to;) {
    size_t k = printable((const uint8_t *)line + i, to - i);
    if (i < col) caret++;
    if (k == 0) {
      out[n++] = line[i++] == '\t' ? ' ' : '?';
    } else {
      memcpy(out + n, line + i, k);
      n += k;
      i += k;
    }
  }
  if (col > to) caret += col - to;
  snprintf(out + n, size - n, "%s\n  %*s^", right, (int)(shift + caret), "");
}

// The n-th line of the block, without \n. False when there is none.
static bool find_line(const RexBlock *b, uint32_t n, const char **line, size_t *len) {
  const char *p = b->src, *end = b->src + b->src_len;
  if (n < b->line) return false;
  for (uint32_t i = b->line; p < end; i++) {
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    size_t k = (size_t)((nl ? nl : end) - p);
    if (i == n) {
      *line = p;
      *len = k;
      return true;
    }
    p += k + 1;
  }
  return false;
}

bool rex_block_err(Err *err, ErrCode code, const RexBlock *block, RexPos at, const char *fmt, ...) {
  char reason[360], shown[EXCERPT * 4];
  const char *line;
  size_t len;
  va_list args;
  va_start(args, fmt);
  vsnprintf(reason, sizeof reason, fmt, args);
  va_end(args);
  shown[0] = 0;
  if (find_line(block, at.line, &line, &len))
    excerpt(shown, sizeof shown, line, len, at.col < len ? at.col : len);
  err_set(err, code, "%s%s", reason, shown);
  if (at.line == 0) return err_at(err, "%s", block->file);
  return err_at(err, "%s:%u:%u", block->file, at.line, at.col + 1);
}

// --- faults ----------------------------------------------------------------------------------------

static RexPos position(const RexBlock *b, uint32_t offset) {
  RexPos p = {b->line, 0};
  for (uint32_t i = 0; i < offset; i++) {
    p.col++;
    if (b->src[i] == '\n') p = (RexPos){p.line + 1, 0};
  }
  return p;
}

static bool byte_err(Err *err, const RexBlock *b, RexPos at, uint8_t c) {
  const char *hint = "";
  if (c == ')' || c == ']')
    return rex_block_err(err, ERR_DATA, b, at, "unexpected byte '%c': no bracket of this kind is open here",
                         c);
  if (c == 0) hint = " (NUL)";
  if (c == '\t') hint = " (tab): use spaces";
  if (c == '\r') hint = " (carriage return): lines must end in \\n alone";
  if (c >= 0x80) hint = ": only strings and comments may contain non-ASCII text";
  if (c == 0xef && at.line == 1 && at.col == 0) hint = ": a file begins without a byte order mark";
  return rex_block_err(err, ERR_DATA, b, at, "unexpected byte 0x%02x%s", c, hint);
}

static bool nesting_err(Err *err, const RexBlock *b, RexPos at, const Fault *f) {
  char c = b->src[f->at], close = c == '(' ? ')' : ']', cause = b->src[f->cause];
  uint32_t col = position(b, f->cause).col + 1;
  if (f->cause == f->at)
    return rex_block_err(err, ERR_DATA, b, at, "unterminated '%c': '%c' must follow on the same line", c,
                         close);
  if (cause == ';')
    return rex_block_err(err, ERR_DATA, b, at,
                         "unterminated '%c': the comment at column %u takes the rest of the line", c, col);
  if (cause == '}')
    return rex_block_err(err, ERR_DATA, b, at,
                         "unterminated '%c': the text after '}' at column %u takes the rest of the line", c,
                         col);
  return rex_block_err(err, ERR_DATA, b, at, "unterminated '%c': '%c' is expected, column %u has '%c'", c,
                       close, col, cause);
}

static bool string_err(Err *err, const RexBlock *b, RexPos at, const char *p) {
  if (p[0] == '}' && (uint8_t)p[1] >= 0x80)
    return rex_block_err(err, ERR_DATA, b, at,
                         "unterminated string: after '}' stands the byte that must end it, 0x%02x",
                         (uint8_t)p[1]);
  if (p[0] == '}')
    return rex_block_err(err, ERR_DATA, b, at,
                         "unterminated string: '%c' must follow on the same line ('} ' with a space takes "
                         "the rest of the line)",
                         p[1]);
  return rex_block_err(err, ERR_DATA, b, at, "unterminated string: '%c' must follow on the same line",
                       p[0] == '{' ? '}' : p[0]);
}

bool rex_fault_err(Err *err, const RexBlock *block, const Fault *f) {
  RexPos at = position(block, f->at);
  switch (f->kind) {
  case FAULT_BYTE: return byte_err(err, block, at, (uint8_t)block->src[f->at]);
  case FAULT_NESTING: return nesting_err(err, block, at, f);
  case FAULT_STRING: return string_err(err, block, at, block->src + f->at);
  case FAULT_RUNE:
    return rex_block_err(err, ERR_DATA, block, at, "brackets may not contain runes between spaces: %s",
                         block->src[f->at] == ',' ? "there are no commas, write [a b]"
                                                  : "write [a+b] or [(a + b)]");
  case FAULT_DEPTH: return rex_block_err(err, ERR_LIMIT, block, at, "nesting deeper than %d", REX_MAX_DEPTH);
  default: return err_set(err, ERR_INTERNAL, "%s:%u: a block without tree", block->file, block->line);
  }
}
