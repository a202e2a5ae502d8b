// A growable byte buffer, and a bounds-checked reader over bytes. A zeroed Buf is valid and empty.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Buf {
  uint8_t *data;
  size_t len, cap;
} Buf;

void buf_free(Buf *b);  // releases and zeroes; accepts an empty Buf
void buf_clear(Buf *b); // length 0, keeps the memory
void buf_reserve(Buf *b, size_t more);
uint8_t *buf_extend(Buf *b, size_t n); // n uninitialised bytes at the end
void buf_put(Buf *b, const void *src, size_t n);
void buf_u8(Buf *b, uint8_t x);
void buf_le32(Buf *b, uint32_t x);
void buf_le64(Buf *b, uint64_t x);
void buf_varint(Buf *b, uint64_t x); // LEB128, at most 10 bytes, shortest form
void buf_str(Buf *b, const char *s); // without the NUL
void buf_printf(Buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *buf_cstr(Buf *b);                 // NUL-terminates in place (not counted); valid until the next write
uint8_t *buf_take(Buf *b, size_t *len); // hands the memory to the caller (mem_free), zeroes the Buf

// Reader. Any read past the end sets `bad` and yields zeros; check `bad` once at the end of a group.
typedef struct Reader {
  const uint8_t *p, *end;
  bool bad;
} Reader;

static inline Reader reader(const void *data, size_t len) {
  return (Reader){data, (const uint8_t *)data + len, false};
}
static inline size_t reader_left(const Reader *r) { return (size_t)(r->end - r->p); }
uint8_t read_u8(Reader *r);
uint32_t read_le32(Reader *r);
uint64_t read_le64(Reader *r);
uint64_t read_varint(Reader *r);                // refuses forms that are not the shortest, and overflow
const uint8_t *read_bytes(Reader *r, size_t n); // NULL (and bad) when fewer are left

// Little-endian words at any alignment.
uint32_t le32_at(const void *p);
uint64_t le64_at(const void *p);
void le32_put(void *p, uint32_t x);
void le64_put(void *p, uint64_t x);
