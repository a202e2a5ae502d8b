#include "common/base/buf.h"
#include "common/base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(void *) == 8,
               "formats and values assume a 64-bit little-endian machine");

uint32_t le32_at(const void *p) {
  uint32_t x;
  memcpy(&x, p, sizeof x);
  return x;
}

uint64_t le64_at(const void *p) {
  uint64_t x;
  memcpy(&x, p, sizeof x);
  return x;
}

void le32_put(void *p, uint32_t x) { memcpy(p, &x, sizeof x); }

void le64_put(void *p, uint64_t x) { memcpy(p, &x, sizeof x); }

// --- writing -----------------------------------------------------------------------------------

void buf_free(Buf *b) {
  mem_free(b->data);
  *b = (Buf){0};
}

void buf_clear(Buf *b) { b->len = 0; }

void buf_reserve(Buf *b, size_t more) { mem_reserve(b->data, b->cap, mem_add(b->len, more)); }

uint8_t *buf_extend(Buf *b, size_t n) {
  buf_reserve(b, n ? n : 1);
  uint8_t *at = b->data + b->len;
  b->len += n;
  return at;
}

void buf_put(Buf *b, const void *src, size_t n) {
  if (n) memcpy(buf_extend(b, n), src, n);
}

void buf_u8(Buf *b, uint8_t x) { *buf_extend(b, 1) = x; }

void buf_le32(Buf *b, uint32_t x) { le32_put(buf_extend(b, sizeof x), x); }

void buf_le64(Buf *b, uint64_t x) { le64_put(buf_extend(b, sizeof x), x); }

void buf_varint(Buf *b, uint64_t x) {
  for (; x >= 0x80; x >>= 7) buf_u8(b, (uint8_t)(x | 0x80));
  buf_u8(b, (uint8_t)x);
}

void buf_str(Buf *b, const char *s) { buf_put(b, s, strlen(s)); }

void buf_printf(Buf *b, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if (n > 0) {
    buf_reserve(b, (size_t)n + 1);
    vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
    b->len += (size_t)n;
  }
  va_end(again);
}

char *buf_cstr(Buf *b) {
  buf_reserve(b, 1);
  b->data[b->len] = 0;
  return (char *)b->data;
}

uint8_t *buf_take(Buf *b, size_t *len) {
  uint8_t *data = b->data ? b->data : mem_alloc(0);
  if (len) *len = b->len;
  *b = (Buf){0};
  return data;
}

// --- reading -----------------------------------------------------------------------------------

// After a bad read nothing is left, so that a loop over the input ends.
static void fail(Reader *r) {
  r->bad = true;
  r->p = r->end;
}

const uint8_t *read_bytes(Reader *r, size_t n) {
  if (r->bad || n > reader_left(r)) {
    fail(r);
    return NULL;
  }
  const uint8_t *at = r->p;
  r->p += n;
  return at;
}

uint8_t read_u8(Reader *r) {
  const uint8_t *at = read_bytes(r, 1);
  return at ? *at : 0;
}

uint32_t read_le32(Reader *r) {
  const uint8_t *at = read_bytes(r, 4);
  return at ? le32_at(at) : 0;
}

uint64_t read_le64(Reader *r) {
  const uint8_t *at = read_bytes(r, 8);
  return at ? le64_at(at) : 0;
}

// Most of what is read are varints, so no calls a byte. A Reader that is bad has nothing left.
uint64_t read_varint(Reader *r) {
  uint64_t x = 0;
  const uint8_t *p = r->p;
  for (unsigned shift = 0; shift < 64 && p < r->end; shift += 7) {
    uint8_t byte = *p++;
    bool overflow = shift == 63 && byte > 1;
    bool padded = shift > 0 && byte == 0;
    if (overflow || padded) break;
    x |= (uint64_t)(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    r->p = p;
    return x;
  }
  fail(r);
  return 0;
}
