#include "tests/durability/subject.h"
#include "common/base/mem.h"
#include "tests/util.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void subject_page(Buf *out, uint64_t k, const PageId *before) {
  uint64_t seed = k;
  uint8_t body[9000];
  size_t len = (size_t)(k * 7919 % sizeof body);
  test_fill(&seed, body, len);
  buf_clear(out);
  page_build(out, PAGE_VALUE, before, before ? 1 : 0, k, body, len, NULL);
}

size_t subject_record(uint64_t k, uint8_t out[700]) {
  uint64_t seed = k;
  size_t len = 8 + (size_t)(k * 131 % 690);
  test_fill(&seed, out, len);
  memcpy(out, &k, sizeof k);
  return len;
}

static bool check_record(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  uint8_t want[700];
  size_t want_len = subject_record(lsn, want);
  return (len == want_len && memcmp(data, want, len) == 0) ||
         err_set(err, ERR_DATA, "record %llu is not what was logged", (unsigned long long)lsn);
}

bool subject_open(Subject *s, const char *dir, Err *err) {
  *s = (Subject){0};
  StoreOptions so = {.runtime = "subject", .create = true, .map = 1 << 20};
  if (!store_open(&s->store, sys_real(), dir, &so, err)) return false;
  StoreInfo info;
  WalOptions wo = {.runtime = "subject", .segment_size = 16384, .reserve_max = 8192};
  bool ok = store_info(s->store, &info, err);
  memcpy(wo.store_id, info.store_id, WAL_STORE_ID_LEN);
  char *log = mem_printf("%s/log", dir);
  if (ok && mkdir(log, 0700) != 0 && errno != EEXIST)
    ok = err_sys(err, ERR_CREATE, errno, "cannot make %s", log);
  if (ok && sys_real()->sync_dir(NULL, dir) != 0) ok = err_sys(err, ERR_IO, errno, "cannot sync %s", dir);
  ok = ok && wal_open(&s->log, sys_real(), log, &wo, check_record, NULL, err);
  mem_free(log);
  if (!ok) subject_close(s);
  return ok;
}

void subject_close(Subject *s) {
  wal_close(s->log);
  store_close(s->store);
  *s = (Subject){0};
}
