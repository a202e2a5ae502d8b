#include "common/base/mem.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_NO_MEMORY 71

static atomic_size_t fail_countdown; // test seam, see mem_fail_nth

// Nothing may be allocated or flushed here: a half-written file is what we stop for.
_Noreturn void mem_exhausted(size_t size) {
  char line[128];
  int n = snprintf(line, sizeof line,
                   "palld: out of memory (%zu bytes wanted); give it more, or lower limits\n", size);
  ssize_t ignored = write(STDERR_FILENO, line, (size_t)n);
  (void)ignored;
  _exit(EXIT_NO_MEMORY);
}

static void check_fault(size_t size) {
  if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0) return;
  if (atomic_fetch_sub(&fail_countdown, 1) == 1) mem_exhausted(size);
}

void mem_fail_nth(size_t n) { atomic_store(&fail_countdown, n); }

void *mem_alloc(size_t size) {
  check_fault(size);
  void *ptr = malloc(size ? size : 1);
  if (!ptr) mem_exhausted(size);
  return ptr;
}

void *mem_zalloc(size_t size) {
  check_fault(size);
  void *ptr = calloc(1, size ? size : 1);
  if (!ptr) mem_exhausted(size);
  return ptr;
}

void *mem_realloc(void *old, size_t size) {
  check_fault(size);
  void *ptr = realloc(old, size ? size : 1);
  if (!ptr) mem_exhausted(size);
  return ptr;
}

void *mem_dup(const void *src, size_t size) {
  void *ptr = mem_alloc(size);
  if (size) memcpy(ptr, src, size);
  return ptr;
}

char *mem_strdup(const char *s) { return mem_dup(s, strlen(s) + 1); }

char *mem_printf(const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  size_t size = n < 0 ? 1 : (size_t)n + 1;
  char *text = mem_alloc(size);
  text[0] = 0;
  vsnprintf(text, size, fmt, again);
  va_end(again);
  return text;
}

void mem_free(void *ptr) { free(ptr); }

size_t mem_mul(size_t n, size_t size) {
  size_t product;
  if (__builtin_mul_overflow(n, size, &product)) mem_exhausted(SIZE_MAX);
  return product;
}

size_t mem_add(size_t a, size_t b) {
  size_t sum;
  if (__builtin_add_overflow(a, b, &sum)) mem_exhausted(SIZE_MAX);
  return sum;
}

// Half as much again: linear total cost, and freed blocks can be reused by later growth.
size_t mem_grow(size_t cap, size_t need) {
  size_t next = mem_add(mem_add(cap, cap / 2), 8);
  return next < need ? need : next;
}
