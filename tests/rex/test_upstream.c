// Reads the Sire library of the known implementation and compares dumps with blocks.tsv. The library is
// not part of this project: PALL_UPSTREAM names a directory with its .sire files. Without it: skipped.
//
// test_upstream BLOCKS.TSV   lines: file, blocks, bytes, first 16 hex digits of the dump's SHA-256.
// A file that differs between versions of the library has a line for each; one must agree.
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "tests/rex/dump.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED 77

typedef struct Row {
  char file[64], hash[17];
  size_t blocks, bytes;
} Row;

static bool dump_file(const char *dir, const char *file, Row *got, Err *err) {
  char path[4096];
  uint8_t *data, sum[crypto_hash_sha256_BYTES];
  size_t len;
  Buf out = {0};
  snprintf(path, sizeof path, "%s/%s.sire", dir, file);
  if (!sys_read_file(sys_real(), path, REX_MAX_BLOCK, &data, &len, err)) return false;
  bool ok = dump_text(&out, path, data, len, err);
  crypto_hash_sha256(sum, out.data, out.len);
  hex_encode(got->hash, sum, 8);
  got->bytes = out.len;
  got->blocks = 0;
  for (size_t i = 0; i < out.len; i++) got->blocks += out.data[i] == '\n';
  buf_free(&out);
  mem_free(data);
  return ok;
}

static bool same(const Row *a, const Row *b) {
  return a->blocks == b->blocks && a->bytes == b->bytes && strcmp(a->hash, b->hash) == 0;
}

typedef struct Result {
  char file[64];
  bool good;
} Result;

static size_t read_rows(FILE *f, const char *dir, Result *results, size_t max) {
  Row want, got = {0};
  size_t n = 0;
  while (fscanf(f, "%63s %zu %zu %16s", want.file, &want.blocks, &want.bytes, want.hash) == 4) {
    bool again = n > 0 && strcmp(results[n - 1].file, want.file) == 0;
    Err err = ERR_INIT;
    if (!again && n == max) break;
    if (!again) {
      snprintf(results[n].file, sizeof results[n].file, "%s", want.file);
      results[n++].good = false;
      if (!dump_file(dir, want.file, &got, &err)) {
        fprintf(stderr, "%s: %s: %s\n", want.file, err.where, err.msg);
        got = (Row){0};
      }
    }
    if (same(&want, &got)) results[n - 1].good = true;
  }
  return n;
}

int main(int argc, char **argv) {
  const char *dir = getenv("PALL_UPSTREAM");
  if (!dir) {
    puts("skipped: PALL_UPSTREAM does not name a directory of .sire files");
    return SKIPPED;
  }
  FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (!f) {
    fprintf(stderr, "usage: %s BLOCKS.TSV\n", argv[0]);
    return 2;
  }
  static Result results[200];
  size_t n = read_rows(f, dir, results, 200), bad = 0;
  fclose(f);
  for (size_t i = 0; i < n; i++)
    if (!results[i].good) {
      printf("%s: another dump than in the table\n", results[i].file);
      bad++;
    }
  printf("%zu files, %zu differ\n", n, bad);
  return n == 0 || bad > 0;
}
