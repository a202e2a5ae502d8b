// Every implementation that this processor has, against the public test vectors (input byte i is i % 251)
// and against each other under random splits of the input.
#include "common/base/base58.h"
#include "common/base/blake3.h"
#include "common/base/blake3_kernels.h"
#include "common/base/mem.h"
#include "tests/suite.h"
#include <string.h>

Blake3Lanes blake3_lanes16_any;

typedef struct Vector {
  size_t len;
  const char *hex;
} Vector;

static const Vector VECTORS[] = {
    {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
    {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
    {2, "7b7015bb92cf0b318037702a6cdd81dee41224f734684c2c122cd6359cb1ee63"},
    {3, "e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f"},
    {4, "f30f5ab28fe047904037f77b6da4fea1e27241c5d132638d8bedce9d40494f32"},
    {5, "b40b44dfd97e7a84a996a91af8b85188c66c126940ba7aad2e7ae6b385402aa2"},
    {6, "06c4e8ffb6872fad96f9aaca5eee1553eb62aed0ad7198cef42e87f6a616c844"},
    {7, "3f8770f387faad08faa9d8414e9f449ac68e6ff0417f673f602a646a891419fe"},
    {8, "2351207d04fc16ade43ccab08600939c7c1fa70a5c0aaca76063d04c3228eaeb"},
    {63, "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b"},
    {64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"},
    {65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee"},
    {127, "d81293fda863f008c09e92fc382a81f5a0b4a1251cba1634016a0f86a6bd640d"},
    {128, "f17e570564b26578c33bb7f44643f539624b05df1a76c81f30acd548c44b45ef"},
    {129, "683aaae9f3c5ba37eaaf072aed0f9e30bac0865137bae68b1fde4ca2aebdcb12"},
    {1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
    {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
    {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
    {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
    {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
    {3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"},
    {3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"},
    {4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"},
    {4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995"},
    {5120, "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833"},
    {5121, "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff"},
    {6144, "3e2e5b74e048f3add6d21faab3f83aa44d3b2278afb83b80b3c35164ebeca205"},
    {6145, "f1323a8631446cc50536a9f705ee5cb619424d46887f3c376c695b70e0f0507f"},
    {7168, "61da957ec2499a95d6b8023e2b0e604ec7f6b50e80a9678b89d2628e99ada77a"},
    {7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817"},
    {8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63"},
    {8193, "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b"},
    {16384, "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4"},
    {31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
    {102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
    {1000003, "cd5a3272e01b1a2f47bb4565d8d202db0f95704d32550a2da61a0fd363d4c90d"},
};

#define VECTOR_COUNT (sizeof VECTORS / sizeof *VECTORS)
#define LONGEST 1000003

static const char *const NAMES[] = {"portable", "sse41", "avx2", "avx512"};

static uint8_t *pattern(size_t len) {
  uint8_t *data = mem_alloc(len);
  for (size_t i = 0; i < len; i++) data[i] = (uint8_t)(i % 251);
  return data;
}

static uint64_t rnd(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static void check_hash(const uint8_t hash[BLAKE3_LEN], const char *hex, size_t len, const char *how) {
  char text[2 * BLAKE3_LEN + 1];
  hex_encode(text, hash, BLAKE3_LEN);
  ck_assert_msg(!strcmp(text, hex), "%s, %zu bytes: %s instead of %s", how, len, text, hex);
}

START_TEST(vectors_in_one_piece) {
  uint8_t *data = pattern(LONGEST), hash[BLAKE3_LEN];
  for (size_t n = 0; n < 4; n++) {
    if (!blake3_force_impl(NAMES[n])) continue;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
      blake3(hash, data, VECTORS[i].len);
      check_hash(hash, VECTORS[i].hex, VECTORS[i].len, NAMES[n]);
    }
  }
  mem_free(data);
}
END_TEST

// Pieces from single bytes to many chunks, at odd addresses.
static void hash_split(const uint8_t *data, size_t len, uint64_t *seed, uint8_t hash[BLAKE3_LEN]) {
  static const size_t sizes[] = {1, 64, 65, 1000, 1024, 1025, 5000, 40000, 300000};
  Blake3 h;
  blake3_init(&h);
  for (size_t at = 0; at < len;) {
    size_t n = rnd(seed) % sizes[rnd(seed) % 9] + 1;
    if (n > len - at) n = len - at;
    blake3_update(&h, data + at, n);
    at += n;
  }
  blake3_final(&h, hash);
}

START_TEST(vectors_in_random_pieces) {
  uint8_t *data = pattern(LONGEST), hash[BLAKE3_LEN];
  uint64_t seed = 1;
  for (size_t n = 0; n < 4; n++) {
    if (!blake3_force_impl(NAMES[n])) continue;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
      for (int times = 0; times < 10; times++) {
        hash_split(data, VECTORS[i].len, &seed, hash);
        check_hash(hash, VECTORS[i].hex, VECTORS[i].len, NAMES[n]);
      }
    }
  }
  mem_free(data);
}
END_TEST

// All lengths about chunk boundaries up to two full runs: each shape of tree and each filling of lanes.
START_TEST(all_implementations_agree) {
  uint8_t *data = pattern(131 * 1024), hash[BLAKE3_LEN], plain[BLAKE3_LEN];
  for (size_t chunks = 0; chunks < 130; chunks++) {
    for (size_t more = 0; more < 3; more++) {
      size_t len = chunks * 1024 + more * 511;
      ck_assert(blake3_force_impl("portable"));
      blake3(plain, data, len);
      for (size_t n = 1; n < 4; n++) {
        if (!blake3_force_impl(NAMES[n])) continue;
        blake3(hash, data, len);
        ck_assert_msg(!memcmp(hash, plain, BLAKE3_LEN), "%s differs at %zu bytes", NAMES[n], len);
      }
    }
  }
  mem_free(data);
}
END_TEST

// A hasher is a value: finishing leaves it as it was, and a copy goes its own way.
START_TEST(prefixes_and_forks) {
  uint8_t *data = pattern(LONGEST), hash[BLAKE3_LEN];
  Blake3 h;
  blake3_init(&h);
  size_t at = 0;
  for (size_t i = 0; i < VECTOR_COUNT; i++) {
    blake3_update(&h, data + at, VECTORS[i].len - at);
    at = VECTORS[i].len;
    Blake3 fork = h;
    blake3_update(&fork, "x", 1);
    blake3_final(&fork, hash);
    blake3_final(&h, hash);
    check_hash(hash, VECTORS[i].hex, at, "prefix");
  }
  blake3_update(&h, NULL, 0);
  blake3_final(&h, hash);
  check_hash(hash, VECTORS[VECTOR_COUNT - 1].hex, at, "nothing more");
  mem_free(data);
}
END_TEST

// One lane of a batch, by single compressions.
static void hash_lane(const Blake3Batch *b, unsigned lane, uint32_t cv[8]) {
  memcpy(cv, BLAKE3_IV, sizeof BLAKE3_IV);
  for (unsigned i = 0; i < b->blocks; i++) {
    uint32_t flags = b->flags | (i == 0 ? b->first : 0) | (i + 1 == b->blocks ? b->last : 0);
    blake3_compress_portable(cv, b->in + lane * b->stride + (size_t)i * 64,
                             b->counter + lane * b->counter_step, 64, flags);
  }
}

static void check_lanes(Blake3Lanes *lanes, unsigned width) {
  enum { STRIDE = 16 * 64 };
  uint8_t *data = pattern(16 * STRIDE);
  for (unsigned n = 1; n <= width; n++) {
    // The counter carries from its low into its high half within the batch.
    Blake3Batch b = {data, STRIDE, n, 0xfffffffeu, n % 2, 16, 1, 2};
    uint32_t got[16][8] = {0}, want[8];
    lanes(&b, n, got);
    for (unsigned i = 0; i < n; i++) {
      hash_lane(&b, i, want);
      ck_assert_msg(!memcmp(got[i], want, sizeof want), "lane %u of %u", i, n);
    }
    for (unsigned i = n; i < 16; i++) ck_assert_uint_eq(got[i][0], 0);
  }
  mem_free(data);
}

START_TEST(each_lane_is_a_compression) {
  check_lanes(blake3_lanes16_any, 16);
#ifdef __x86_64__
  if (blake3_force_impl("sse41")) check_lanes(blake3_lanes4_sse41, 4);
  if (blake3_force_impl("avx2")) check_lanes(blake3_lanes8_avx2, 8);
  if (blake3_force_impl("avx512")) check_lanes(blake3_lanes16_avx512, 16);
#endif
}
END_TEST

START_TEST(single_compressions_agree) {
#ifdef __x86_64__
  if (!blake3_force_impl("sse41")) return;
  uint64_t seed = 3;
  for (int round = 0; round < 1000; round++) {
    uint32_t a[8], b[8], words[16];
    for (int i = 0; i < 8; i++) a[i] = b[i] = (uint32_t)(rnd(&seed) << 7 ^ rnd(&seed));
    for (int i = 0; i < 16; i++) words[i] = (uint32_t)(rnd(&seed) << 7 ^ rnd(&seed));
    uint64_t counter = rnd(&seed) << 33 ^ rnd(&seed);
    uint32_t len = (uint32_t)(rnd(&seed) % 65), flags = (uint32_t)(rnd(&seed) % 128);
    blake3_compress_portable(a, (const uint8_t *)words, counter, len, flags);
    blake3_compress_sse41(b, (const uint8_t *)words, counter, len, flags);
    ck_assert_mem_eq(a, b, sizeof a);
  }
#endif
}
END_TEST

// Parents are reduced where their children lie.
START_TEST(lanes_work_in_place) {
  uint32_t cvs[32][8], want[16][8];
  for (unsigned i = 0; i < 32 * 8; i++) cvs[i / 8][i % 8] = i * 2654435761u;
  Blake3Batch b = {(const uint8_t *)cvs, 64, 1, 0, 0, BLAKE3_PARENT, 0, 0};
  for (unsigned i = 0; i < 16; i++) hash_lane(&b, i, want[i]);
  blake3_lanes16_any(&b, 16, cvs);
  ck_assert_mem_eq(cvs, want, sizeof want);
}
END_TEST

START_TEST(implementations_by_name) {
  ck_assert(blake3_force_impl("portable"));
  ck_assert_str_eq(blake3_impl(), "portable");
  ck_assert(!blake3_force_impl("abacus"));
  ck_assert_str_eq(blake3_impl(), "portable");
}
END_TEST

SUITE_MAIN("blake3", vectors_in_one_piece, vectors_in_random_pieces, all_implementations_agree,
           prefixes_and_forks, each_lane_is_a_compression, single_compressions_agree, lanes_work_in_place,
           implementations_by_name)
