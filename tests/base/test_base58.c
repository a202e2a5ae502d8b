#include "common/base/base58.h"
#include "tests/suite.h"
#include <string.h>

static const char ALPHABET[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static bool parses(const char *text) {
  uint8_t hash[32];
  return base58_parse_hash(hash, text, strlen(text));
}

// Schoolbook conversion on bytes, to compare with.
static void slow_base58(char *out, const uint8_t hash[32]) {
  uint8_t num[32];
  char digits[64];
  int n = 0, zeros = 0;
  memcpy(num, hash, 32);
  while (zeros < 32 && !hash[zeros]) zeros++;
  for (;;) {
    unsigned rest = 0, any = 0;
    for (int i = 0; i < 32; i++) {
      any |= num[i];
      unsigned x = rest * 256 + num[i];
      num[i] = (uint8_t)(x / 58);
      rest = x % 58;
    }
    if (!any) break;
    digits[n++] = ALPHABET[rest];
  }
  memset(out, '1', (size_t)zeros);
  for (int i = 0; i < n; i++) out[zeros + i] = digits[n - 1 - i];
  out[zeros + n] = 0;
}

START_TEST(random_hashes_round_trip) {
  uint64_t x = 88172645463325252u;
  for (int round = 0; round < 3000; round++) {
    uint8_t hash[32], back[32];
    for (int i = 0; i < 32; i++) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      hash[i] = i < round % 33 ? 0 : (uint8_t)x;
    }
    char text[BASE58_HASH_MAX], want[64];
    base58_hash(text, hash);
    slow_base58(want, hash);
    ck_assert_str_eq(text, want);
    ck_assert(base58_parse_hash(back, text, strlen(text)));
    ck_assert_mem_eq(hash, back, 32);
  }
}
END_TEST

START_TEST(edges) {
  uint8_t hash[32] = {0};
  char text[BASE58_HASH_MAX];
  base58_hash(text, hash);
  ck_assert_str_eq(text, "11111111111111111111111111111111");
  hash[31] = 57;
  base58_hash(text, hash);
  ck_assert_str_eq(text, "1111111111111111111111111111111z");
  memset(hash, 0xff, 32);
  base58_hash(text, hash);
  ck_assert_str_eq(text, "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG");
}
END_TEST

START_TEST(numbers_above_256_bits_are_refused) {
  ck_assert(parses("JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"));
  ck_assert(!parses("JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH"));
  ck_assert(!parses("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"));
}
END_TEST

START_TEST(other_lengths_are_refused) {
  ck_assert(!parses(""));
  ck_assert(!parses("1"));
  ck_assert(!parses("1111111111111111111111111111111"));
  ck_assert(!parses("111111111111111111111111111111111"));
  ck_assert(!parses("1111111111111111111111111111111111111111111111111111111111111111"));
  ck_assert(!parses("11111111111111111111111111111111z"));
  ck_assert(!parses("111111111111111111111111111111z"));
  ck_assert(!parses("1JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxF"));
}
END_TEST

START_TEST(foreign_characters_are_refused) {
  char text[] = "2EKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG";
  for (int c = 0; c < 256; c++) {
    text[20] = (char)c;
    uint8_t hash[32];
    ck_assert_int_eq(base58_parse_hash(hash, text, 44), c != 0 && strchr(ALPHABET, c) != NULL);
  }
}
END_TEST

START_TEST(a_refusal_leaves_the_result_alone) {
  uint8_t hash[32];
  memset(hash, 7, 32);
  ck_assert(!base58_parse_hash(hash, "zzz0", 4));
  for (int i = 0; i < 32; i++) ck_assert_int_eq(hash[i], 7);
}
END_TEST

START_TEST(hex) {
  char text[9];
  uint8_t back[4];
  hex_encode(text, (const uint8_t[]){0, 0x1f, 0xab, 0xff}, 4);
  ck_assert_str_eq(text, "001fabff");
  ck_assert(hex_decode(back, 4, "001FaBff", 8));
  ck_assert_mem_eq(back, "\0\x1f\xab\xff", 4);
  ck_assert(!hex_decode(back, 4, "001fabf", 7));
  ck_assert(!hex_decode(back, 4, "001fabff00", 10));
  ck_assert(!hex_decode(back, 4, "001fabfg", 8));
  ck_assert(!hex_decode(back, 4, "001f:bff", 8));
  ck_assert(hex_decode(back, 0, "", 0));
  hex_encode(text, NULL, 0);
  ck_assert_str_eq(text, "");
}
END_TEST

SUITE_MAIN("base58", random_hashes_round_trip, edges, numbers_above_256_bits_are_refused,
           other_lengths_are_refused, foreign_characters_are_refused, a_refusal_leaves_the_result_alone, hex)
