#include "common/base/base58.h"
#include <string.h>

#define LIMBS 8
#define HASH_LEN 32

static const char DIGITS[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// The hash as a number: limb 0 is the most significant.
static void limbs_from_bytes(uint32_t limbs[LIMBS], const uint8_t *bytes) {
  for (int i = 0; i < LIMBS; i++) {
    uint32_t x;
    memcpy(&x, bytes + 4 * i, 4);
    limbs[i] = __builtin_bswap32(x);
  }
}

static void limbs_to_bytes(uint8_t *bytes, const uint32_t limbs[LIMBS]) {
  for (int i = 0; i < LIMBS; i++) {
    uint32_t x = __builtin_bswap32(limbs[i]);
    memcpy(bytes + 4 * i, &x, 4);
  }
}

// Divides in place and returns the remainder.
static uint32_t limbs_div(uint32_t limbs[LIMBS], uint32_t by) {
  uint64_t rest = 0;
  for (int i = 0; i < LIMBS; i++) {
    uint64_t x = rest << 32 | limbs[i];
    limbs[i] = (uint32_t)(x / by);
    rest = x % by;
  }
  return (uint32_t)rest;
}

// limbs = limbs * by + add; false when the result needs more than 256 bits.
static bool limbs_mul_add(uint32_t limbs[LIMBS], uint32_t by, uint32_t add) {
  uint64_t carry = add;
  for (int i = LIMBS - 1; i >= 0; i--) {
    carry += (uint64_t)limbs[i] * by;
    limbs[i] = (uint32_t)carry;
    carry >>= 32;
  }
  return carry == 0;
}

static size_t leading_zeros(const uint8_t *bytes) {
  size_t n = 0;
  while (n < HASH_LEN && bytes[n] == 0) n++;
  return n;
}

void base58_hash(char out[BASE58_HASH_MAX], const uint8_t hash[32]) {
  uint32_t limbs[LIMBS];
  limbs_from_bytes(limbs, hash);
  char text[BASE58_HASH_MAX + 4];
  size_t at = sizeof text;
  // Five digits a division: 58^5 is the largest power below 2^32. 45 digits hold any 256-bit number.
  for (int round = 0; round < 9; round++) {
    uint32_t five = limbs_div(limbs, 58 * 58 * 58 * 58 * 58);
    for (int i = 0; i < 5; i++, five /= 58) text[--at] = DIGITS[five % 58];
  }
  while (at < sizeof text && text[at] == DIGITS[0]) at++;
  size_t zeros = leading_zeros(hash), rest = sizeof text - at;
  memset(out, DIGITS[0], zeros);
  memcpy(out + zeros, text + at, rest);
  out[zeros + rest] = 0;
}

static int digit_value(char c) {
  const char *at = c ? strchr(DIGITS, c) : NULL;
  return at ? (int)(at - DIGITS) : -1;
}

bool base58_parse_hash(uint8_t hash[32], const char *text, size_t len) {
  if (len >= BASE58_HASH_MAX) return false;
  uint32_t limbs[LIMBS] = {0};
  size_t ones = 0;
  while (ones < len && text[ones] == DIGITS[0]) ones++;
  for (size_t i = ones; i < len; i++) {
    int value = digit_value(text[i]);
    if (value < 0 || !limbs_mul_add(limbs, 58, (uint32_t)value)) return false;
  }
  uint8_t bytes[HASH_LEN];
  limbs_to_bytes(bytes, limbs);
  // Each leading '1' stands for one zero byte, so any other count is the text of another length.
  if (leading_zeros(bytes) != ones) return false;
  memcpy(hash, bytes, HASH_LEN);
  return true;
}

void hex_encode(char *out, const uint8_t *data, size_t len) {
  static const char hex[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    *out++ = hex[data[i] >> 4];
    *out++ = hex[data[i] & 15];
  }
  *out = 0;
}

static int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool hex_decode(uint8_t *out, size_t len, const char *text, size_t n) {
  if (n % 2 || n / 2 != len) return false;
  for (size_t i = 0; i < len; i++) {
    int hi = nibble(text[2 * i]), lo = nibble(text[2 * i + 1]);
    if (hi < 0 || lo < 0) return false;
    out[i] = (uint8_t)(hi << 4 | lo);
  }
  return true;
}
