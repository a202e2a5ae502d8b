#include "common/rex/read.h"
#include <string.h>

typedef struct Span {
  const char *p;
  size_t len;
} Span;

static Span comment_text(const char *p, size_t len) {
  while (len > 0 && *p == ' ') p++, len--;
  while (len > 0 && *p == ';') p++, len--;
  if (len > 0 && *p == ' ') p++, len--;
  while (len > 0 && p[len - 1] == ' ') len--;
  return (Span){p, len};
}

// A line drawn to please the eye: many characters, none of them a word.
static bool is_ornament(Span s) {
  for (size_t i = 0; i < s.len; i++)
    if ((uint8_t)s.p[i] >= 0x80 || rex_is_word_byte((uint8_t)s.p[i])) return false;
  return s.len > 2;
}

void rex_doc_text(Buf *out, const RexBlock *block) {
  const char *p = block->doc, *end = p + block->doc_len;
  size_t start = out->len, keep = start;
  while (p < end) {
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    Span s = comment_text(p, (size_t)(nl - p));
    p = nl + 1;
    if (is_ornament(s) || (s.len == 0 && out->len == start)) continue;
    buf_put(out, s.p, s.len);
    buf_u8(out, '\n');
    if (s.len > 0) keep = out->len;
  }
  out->len = keep;
}
