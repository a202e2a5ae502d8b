#include "common/base/table.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include <sodium.h>
#include <string.h>

#define MIN_CAP 16

// Drawn once before main, constant afterwards: lookups need no check and no lock.
static struct {
  uint64_t word_xor, word_mul;
  uint8_t sip[crypto_shorthash_KEYBYTES];
} seed;

__attribute__((constructor)) static void draw_seed(void) {
  const Sys *sys = sys_real();
  sys->random(sys->ctx, &seed, sizeof seed);
  seed.word_mul |= 1;
}

// Three quarters: linear probing stays short, and a backward shift never runs round a full table.
static bool too_full(size_t cap, size_t count) { return count >= cap / 4 * 3; }

static size_t next_cap(size_t cap) { return cap ? mem_mul(cap, 2) : MIN_CAP; }

// True when an entry whose home is `home`, found at `at`, may move back to the gap: its home does not
// lie cyclically in (gap, at].
static bool may_fill(size_t gap, size_t at, size_t home, size_t mask) {
  return ((at - home) & mask) >= ((at - gap) & mask);
}

// --- word keys ---------------------------------------------------------------------------------

static size_t word_home(uint64_t key) {
  unsigned __int128 product = (unsigned __int128)(key ^ seed.word_xor) * seed.word_mul;
  return (size_t)(product >> 64) ^ (size_t)product;
}

// The slot of the key, or the empty slot where it belongs. The table is never full.
static size_t word_find(const WordTable *t, uint64_t key) {
  size_t mask = t->cap - 1, i = word_home(key) & mask;
  while (t->used[i] && t->slots[i].key != key) i = (i + 1) & mask;
  return i;
}

static void word_grow(WordTable *t) {
  WordTable old = *t;
  t->cap = next_cap(old.cap);
  t->slots = mem_alloc(mem_mul(t->cap, sizeof *t->slots));
  t->used = mem_zalloc(t->cap);
  for (size_t i = 0; i < old.cap; i++) {
    if (!old.used[i]) continue;
    size_t at = word_find(t, old.slots[i].key);
    t->slots[at] = old.slots[i];
    t->used[at] = 1;
  }
  mem_free(old.slots);
  mem_free(old.used);
}

void wtab_free(WordTable *t) {
  mem_free(t->slots);
  mem_free(t->used);
  *t = (WordTable){0};
}

void wtab_clear(WordTable *t) {
  if (t->count) memset(t->used, 0, t->cap);
  t->count = 0;
}

uint64_t *wtab_get(const WordTable *t, uint64_t key) {
  if (!t->count) return NULL;
  size_t i = word_find(t, key);
  return t->used[i] ? &t->slots[i].val : NULL;
}

bool wtab_put(WordTable *t, uint64_t key, uint64_t val) {
  if (too_full(t->cap, t->count)) word_grow(t);
  size_t i = word_find(t, key);
  bool is_new = !t->used[i];
  t->slots[i] = (struct WordSlot){key, val};
  t->used[i] = 1;
  t->count += is_new;
  return is_new;
}

bool wtab_del(WordTable *t, uint64_t key, uint64_t *old) {
  if (!t->count) return false;
  size_t mask = t->cap - 1, gap = word_find(t, key);
  if (!t->used[gap]) return false;
  if (old) *old = t->slots[gap].val;
  for (size_t i = (gap + 1) & mask; t->used[i]; i = (i + 1) & mask) {
    if (!may_fill(gap, i, word_home(t->slots[i].key) & mask, mask)) continue;
    t->slots[gap] = t->slots[i];
    gap = i;
  }
  t->used[gap] = 0;
  t->count--;
  return true;
}

bool wtab_next(const WordTable *t, size_t *iter, uint64_t *key, uint64_t *val) {
  for (; *iter < t->cap; (*iter)++) {
    if (!t->used[*iter]) continue;
    if (key) *key = t->slots[*iter].key;
    if (val) *val = t->slots[*iter].val;
    (*iter)++;
    return true;
  }
  return false;
}

// --- byte-string keys --------------------------------------------------------------------------

static uint32_t bytes_hash(const void *key, size_t len) {
  uint8_t out[crypto_shorthash_BYTES];
  uint32_t hash;
  crypto_shorthash(out, key, len, seed.sip);
  memcpy(&hash, out, sizeof hash);
  return hash;
}

static size_t bytes_find(const BytesTable *t, const void *key, size_t len, uint32_t hash) {
  size_t mask = t->cap - 1, i = hash & mask;
  for (; t->slots[i].key; i = (i + 1) & mask) {
    const struct BytesSlot *s = &t->slots[i];
    if (s->hash == hash && s->len == len && (!len || !memcmp(s->key, key, len))) break;
  }
  return i;
}

static void bytes_grow(BytesTable *t) {
  BytesTable old = *t;
  t->cap = next_cap(old.cap);
  t->slots = mem_zalloc(mem_mul(t->cap, sizeof *t->slots));
  for (size_t i = 0; i < old.cap; i++) {
    if (!old.slots[i].key) continue;
    size_t mask = t->cap - 1, at = old.slots[i].hash & mask;
    while (t->slots[at].key) at = (at + 1) & mask;
    t->slots[at] = old.slots[i];
  }
  mem_free(old.slots);
}

void btab_free(BytesTable *t) {
  for (size_t i = 0; i < t->cap; i++) mem_free(t->slots[i].key);
  mem_free(t->slots);
  *t = (BytesTable){0};
}

uint64_t *btab_get(const BytesTable *t, const void *key, size_t len) {
  if (!t->count || len > UINT32_MAX) return NULL;
  struct BytesSlot *s = &t->slots[bytes_find(t, key, len, bytes_hash(key, len))];
  return s->key ? &s->val : NULL;
}

bool btab_put(BytesTable *t, const void *key, size_t len, uint64_t val) {
  if (len > UINT32_MAX) mem_exhausted(len); // no caller has keys of 4 GiB
  if (too_full(t->cap, t->count)) bytes_grow(t);
  uint32_t hash = bytes_hash(key, len);
  struct BytesSlot *s = &t->slots[bytes_find(t, key, len, hash)];
  bool is_new = !s->key;
  if (is_new) *s = (struct BytesSlot){mem_dup(key, len), (uint32_t)len, hash, 0};
  s->val = val;
  t->count += is_new;
  return is_new;
}

bool btab_del(BytesTable *t, const void *key, size_t len, uint64_t *old) {
  if (!t->count || len > UINT32_MAX) return false;
  size_t mask = t->cap - 1, gap = bytes_find(t, key, len, bytes_hash(key, len));
  if (!t->slots[gap].key) return false;
  if (old) *old = t->slots[gap].val;
  mem_free(t->slots[gap].key);
  for (size_t i = (gap + 1) & mask; t->slots[i].key; i = (i + 1) & mask) {
    if (!may_fill(gap, i, t->slots[i].hash & mask, mask)) continue;
    t->slots[gap] = t->slots[i];
    gap = i;
  }
  t->slots[gap] = (struct BytesSlot){0};
  t->count--;
  return true;
}

bool btab_next(const BytesTable *t, size_t *iter, const uint8_t **key, size_t *len, uint64_t *val) {
  for (; *iter < t->cap; (*iter)++) {
    const struct BytesSlot *s = &t->slots[*iter];
    if (!s->key) continue;
    if (key) *key = s->key;
    if (len) *len = s->len;
    if (val) *val = s->val;
    (*iter)++;
    return true;
  }
  return false;
}
