// A hash table from byte strings or 64-bit words to 64-bit words. Open addressing, linear probing,
// keys hashed with a per-process random seed (SipHash from libsodium for byte strings), so that no
// input can choose collisions. A zeroed table is valid and empty. Iteration order is unspecified.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// --- word keys: any value, zero included -------------------------------------------------------
typedef struct WordTable {
  struct WordSlot {
    uint64_t key, val;
  } * slots;
  uint8_t *used;
  size_t cap, count;
} WordTable;

void wtab_free(WordTable *t);
void wtab_clear(WordTable *t);
uint64_t *wtab_get(const WordTable *t, uint64_t key);     // NULL when absent; valid until the next put
bool wtab_put(WordTable *t, uint64_t key, uint64_t val);  // true when the key is new
bool wtab_del(WordTable *t, uint64_t key, uint64_t *old); // false when absent; old may be NULL
bool wtab_next(const WordTable *t, size_t *iter, uint64_t *key, uint64_t *val); // *iter starts at 0

// --- byte-string keys: copied ------------------------------------------------------------------
typedef struct BytesTable {
  struct BytesSlot {
    uint8_t *key;
    uint32_t len, hash;
    uint64_t val;
  } * slots;
  size_t cap, count;
} BytesTable;

void btab_free(BytesTable *t);
uint64_t *btab_get(const BytesTable *t, const void *key, size_t len);
bool btab_put(BytesTable *t, const void *key, size_t len, uint64_t val);
bool btab_del(BytesTable *t, const void *key, size_t len, uint64_t *old);
bool btab_next(const BytesTable *t, size_t *iter, const uint8_t **key, size_t *len, uint64_t *val);
