// Tables against a plain array that is searched from end to end.
#include "common/base/mem.h"
#include "common/base/table.h"
#include "tests/suite.h"
#include <stdio.h>
#include <string.h>

#define KEYS 700

typedef struct Model {
  bool has[KEYS];
  uint64_t val[KEYS];
  size_t count;
} Model;

static uint64_t rnd(uint64_t *s) {
  *s ^= *s << 13, *s ^= *s >> 7, *s ^= *s << 17;
  return *s;
}

// Keys that differ in few bits, high or low, and zero and the largest word.
static uint64_t word_key(size_t i) {
  if (i == 0) return 0;
  if (i == 1) return UINT64_MAX;
  return i % 2 ? (uint64_t)i << 48 : i * 16;
}

static void check_words(const WordTable *t, const Model *m) {
  ck_assert_uint_eq(t->count, m->count);
  for (size_t i = 0; i < KEYS; i++) {
    uint64_t *val = wtab_get(t, word_key(i));
    ck_assert_int_eq(val != NULL, m->has[i]);
    if (val) ck_assert_uint_eq(*val, m->val[i]);
  }
  size_t iter = 0, seen = 0;
  uint64_t key, val, sum = 0, want = 0;
  while (wtab_next(t, &iter, &key, &val)) seen++, sum += key ^ val;
  for (size_t i = 0; i < KEYS; i++)
    if (m->has[i]) want += word_key(i) ^ m->val[i];
  ck_assert_uint_eq(seen, m->count);
  ck_assert_uint_eq(sum, want);
}

static void put_word(WordTable *t, Model *m, size_t i, uint64_t val) {
  ck_assert_int_eq(wtab_put(t, word_key(i), val), !m->has[i]);
  m->count += !m->has[i];
  m->has[i] = true;
  m->val[i] = val;
}

static void del_word(WordTable *t, Model *m, size_t i) {
  uint64_t old = 12345;
  ck_assert_int_eq(wtab_del(t, word_key(i), &old), m->has[i]);
  ck_assert_uint_eq(old, m->has[i] ? m->val[i] : 12345);
  m->count -= m->has[i];
  m->has[i] = false;
}

// Phases that mostly fill and mostly empty, so that long runs form and are broken up by deletions.
START_TEST(words_behave_as_the_model) {
  WordTable t = {0};
  Model m = {.count = 0};
  uint64_t seed = 42;
  for (int step = 0; step < 40000; step++) {
    size_t i = rnd(&seed) % KEYS;
    bool filling = step / 2000 % 2 == 0;
    if (rnd(&seed) % 4 == 0 ? !filling : filling)
      put_word(&t, &m, i, rnd(&seed));
    else
      del_word(&t, &m, i);
    if (step % 500 == 0) check_words(&t, &m);
  }
  check_words(&t, &m);
  for (size_t i = 0; i < KEYS; i++) del_word(&t, &m, i);
  check_words(&t, &m);
  wtab_free(&t);
}
END_TEST

START_TEST(an_empty_word_table_is_valid) {
  WordTable t = {0};
  size_t iter = 0;
  ck_assert_ptr_null(wtab_get(&t, 0));
  ck_assert(!wtab_del(&t, 0, NULL));
  ck_assert(!wtab_next(&t, &iter, NULL, NULL));
  wtab_clear(&t);
  wtab_free(&t);
  ck_assert(wtab_put(&t, 0, 1));
  wtab_clear(&t);
  ck_assert_ptr_null(wtab_get(&t, 0));
  ck_assert(wtab_put(&t, 0, 2));
  ck_assert(wtab_del(&t, 0, NULL));
  wtab_free(&t);
  ck_assert_ptr_null(t.slots);
}
END_TEST

START_TEST(values_can_be_changed_in_place) {
  WordTable t = {0};
  wtab_put(&t, 5, 1);
  *wtab_get(&t, 5) += 41;
  ck_assert_uint_eq(*wtab_get(&t, 5), 42);
  wtab_free(&t);
}
END_TEST

// Keys as an attacker would choose them against an unseeded table must not form one long run: the
// test would take minutes then.
START_TEST(regular_words_do_not_cluster) {
  WordTable t = {0};
  for (uint64_t i = 0; i < 200000; i++) wtab_put(&t, i << 32, i);
  for (uint64_t i = 0; i < 200000; i++) ck_assert_uint_eq(*wtab_get(&t, i << 32), i);
  wtab_free(&t);
}
END_TEST

// Prefixes of one another, the empty string, and zero bytes inside.
static size_t bytes_key(uint8_t *key, size_t i) {
  if (i < 100) {
    memset(key, 0, i);
    return i;
  }
  memset(key, 0, 8);
  memcpy(key + 3, &i, 4);
  return 8;
}

static void check_bytes(const BytesTable *t, const Model *m) {
  uint8_t key[128];
  ck_assert_uint_eq(t->count, m->count);
  for (size_t i = 0; i < KEYS; i++) {
    uint64_t *val = btab_get(t, key, bytes_key(key, i));
    ck_assert_int_eq(val != NULL, m->has[i]);
    if (val) ck_assert_uint_eq(*val, m->val[i]);
  }
  size_t iter = 0, seen = 0, len;
  const uint8_t *at;
  uint64_t val;
  for (; btab_next(t, &iter, &at, &len, &val); seen++) ck_assert_uint_eq(*btab_get(t, at, len), val);
  ck_assert_uint_eq(seen, m->count);
}

START_TEST(bytes_behave_as_the_model) {
  BytesTable t = {0};
  Model m = {.count = 0};
  uint64_t seed = 7;
  uint8_t key[128];
  for (int step = 0; step < 40000; step++) {
    size_t i = rnd(&seed) % KEYS, len = bytes_key(key, i);
    bool filling = step / 2000 % 2 == 0;
    if (rnd(&seed) % 4 == 0 ? !filling : filling) {
      uint64_t val = rnd(&seed);
      ck_assert_int_eq(btab_put(&t, key, len, val), !m.has[i]);
      m.count += !m.has[i];
      m.has[i] = true;
      m.val[i] = val;
    } else {
      uint64_t old = 0;
      ck_assert_int_eq(btab_del(&t, key, len, &old), m.has[i]);
      if (m.has[i]) ck_assert_uint_eq(old, m.val[i]);
      m.count -= m.has[i];
      m.has[i] = false;
    }
    if (step % 500 == 0) check_bytes(&t, &m);
  }
  check_bytes(&t, &m);
  btab_free(&t);
}
END_TEST

START_TEST(an_empty_bytes_table_is_valid) {
  BytesTable t = {0};
  size_t iter = 0;
  ck_assert_ptr_null(btab_get(&t, "a", 1));
  ck_assert(!btab_del(&t, "a", 1, NULL));
  ck_assert(!btab_next(&t, &iter, NULL, NULL, NULL));
  btab_free(&t);
  ck_assert(btab_put(&t, NULL, 0, 3));
  ck_assert_uint_eq(*btab_get(&t, "", 0), 3);
  btab_free(&t);
  ck_assert_ptr_null(t.slots);
}
END_TEST

START_TEST(keys_are_copied) {
  BytesTable t = {0};
  char key[] = "name";
  btab_put(&t, key, 4, 1);
  key[0] = 'g';
  ck_assert_ptr_null(btab_get(&t, key, 4));
  ck_assert_ptr_nonnull(btab_get(&t, "name", 4));
  btab_free(&t);
}
END_TEST

SUITE_MAIN("table", words_behave_as_the_model, an_empty_word_table_is_valid, values_can_be_changed_in_place,
           regular_words_do_not_cluster, bytes_behave_as_the_model, an_empty_bytes_table_is_valid,
           keys_are_copied)
