// Allocation for everything that is not a PLAN heap. Policy: a process that cannot get memory for its
// own bookkeeping stops at once (message on stderr, exit 71): what is durable stays durable, and no
// half-done work is acknowledged. PLAN heaps have limits of their own and report them as outcomes.
#pragma once
#include <stddef.h>

void *mem_alloc(size_t size);              // never NULL; contents undefined
void *mem_zalloc(size_t size);             // zeroed
void *mem_realloc(void *ptr, size_t size); // never NULL
void *mem_dup(const void *src, size_t size);
char *mem_strdup(const char *s);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *ptr); // accepts NULL

// The end of the process for want of `size` bytes, for memory got in other ways (mmap).
_Noreturn void mem_exhausted(size_t size);

// n * size and a + b with overflow ending the process as above.
size_t mem_mul(size_t n, size_t size);
size_t mem_add(size_t a, size_t b);

// Growth policy of all our arrays: the capacity to use when `need` elements are needed.
size_t mem_grow(size_t cap, size_t need);

// Grows a typed array so that it holds at least `need` elements.
#define mem_reserve(arr, cap, need)                                                                          \
  do {                                                                                                       \
    if ((need) > (cap)) {                                                                                    \
      (cap) = mem_grow((cap), (need));                                                                       \
      (arr) = mem_realloc((arr), mem_mul((cap), sizeof *(arr)));                                             \
    }                                                                                                        \
  } while (0)

// Makes the n-th allocation from now fail (0 = never). Test seam; per process.
void mem_fail_nth(size_t n);
