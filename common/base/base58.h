// Base58 with Bitcoin's alphabet, without checksum: the text form of 32-byte hashes.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE58_HASH_MAX 45 // longest text of 32 bytes, with the NUL

void base58_hash(char out[BASE58_HASH_MAX], const uint8_t hash[32]);

// False unless `text` (len bytes) is the base58 of exactly 32 bytes.
bool base58_parse_hash(uint8_t hash[32], const char *text, size_t len);

void hex_encode(char *out, const uint8_t *data, size_t len);           // 2*len characters and a NUL
bool hex_decode(uint8_t *out, size_t len, const char *text, size_t n); // n must be 2*len
