#include "tests/fuzz/fuzz.h"
#include "common/base/mem.h"
#include "tests/util.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 2000

static uint64_t number_of(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

Fuzz fuzz_begin(const char *name) {
  uint64_t seed = number_of("PALL_FUZZ_SEED", 1);
  Fuzz f = {.name = name, .rounds = number_of("PALL_FUZZ", ROUNDS), .rng = seed};
  printf("%s: %zu inputs, seed %llu (PALL_FUZZ, PALL_FUZZ_SEED)\n", name, f.rounds, (unsigned long long)seed);
  fflush(stdout);
  return f;
}

bool fuzz_end(const Fuzz *f) {
  size_t refused = 0;
  for (int code = 0; code < ERR_CODE_COUNT; code++) refused += f->refused[code];
  printf("%s: %zu accepted, %zu refused", f->name, f->accepted, refused);
  for (int code = 0; code < ERR_CODE_COUNT; code++)
    if (f->refused[code]) printf(", %s %zu", err_code_name((ErrCode)code), f->refused[code]);
  printf("\n100%%: Checks: 1, Failures: 0, Errors: 0\n");
  return f->accepted > f->rounds / 200 && refused > f->rounds / 200;
}

void fuzz_refused(Fuzz *f, const Err *err) {
  if (err->code == ERR_NONE || err->code == ERR_INTERNAL || err->msg[0] == 0)
    fuzz_fail(f, "refused with code %d: '%s'", (int)err->code, err->msg);
  f->refused[err->code]++;
}

void fuzz_fail(const Fuzz *f, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fprintf(stderr, "%s: ", f->name);
  vfprintf(stderr, fmt, args);
  fprintf(stderr, "\n");
  va_end(args);
  abort();
}

size_t fuzz_below(Fuzz *f, size_t n) { return n ? test_random(&f->rng) % n : 0; }

static void insert(Buf *b, size_t at, uint8_t byte) {
  buf_u8(b, 0);
  memmove(b->data + at + 1, b->data + at, b->len - 1 - at);
  b->data[at] = byte;
}

static void erase(Buf *b, size_t at, size_t n) {
  memmove(b->data + at, b->data + at + n, b->len - at - n);
  b->len -= n;
}

static void double_stretch(Fuzz *f, Buf *b, size_t at) {
  size_t n = 1 + fuzz_below(f, b->len - at);
  uint8_t *copy = mem_dup(b->data + at, n);
  size_t tail = b->len - at;
  buf_extend(b, n);
  memmove(b->data + at + n, b->data + at, tail);
  memcpy(b->data + at, copy, n);
  mem_free(copy);
}

static void change_once(Fuzz *f, Buf *b) {
  static const uint8_t edges[] = {0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff};
  size_t at = fuzz_below(f, b->len);
  switch (fuzz_below(f, 9)) {
  case 0:
  case 1: b->data[at] ^= (uint8_t)(1u << fuzz_below(f, 8)); break;
  case 2: b->data[at] = edges[fuzz_below(f, sizeof edges)]; break;
  case 3: b->data[at] = (uint8_t)(b->data[at] + 1 - 2 * fuzz_below(f, 2)); break;
  case 4: b->len = at; break;
  case 5: insert(b, at, (uint8_t)test_random(&f->rng)); break;
  case 6: erase(b, at, 1 + fuzz_below(f, b->len - at < 9 ? b->len - at : 9)); break;
  case 7: double_stretch(f, b, at); break;
  default:
    for (size_t n = 1 + fuzz_below(f, 10); n > 0; n--) insert(b, at, (uint8_t)(0x80 | test_random(&f->rng)));
  }
}

void fuzz_bytes(Fuzz *f, Buf *b) {
  for (size_t n = 1 + fuzz_below(f, 3); n > 0; n--) {
    if (b->len == 0) buf_u8(b, (uint8_t)test_random(&f->rng));
    change_once(f, b);
  }
}
