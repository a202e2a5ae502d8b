// subject DIR ROUNDS: see subject.h. What it says goes to standard output, a line at a time.
#include "tests/durability/subject.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void say(char what, uint64_t k) {
  char line[32];
  int n = snprintf(line, sizeof line, "%c%llu\n", what, (unsigned long long)k);
  if (write(STDOUT_FILENO, line, (size_t)n) != n) _exit(74);
}

static bool store_round(Subject *s, uint64_t k, PageId *last, Err *err) {
  Buf page = {0};
  subject_page(&page, k, k > 1 ? last : NULL);
  StoreBatch *b = store_batch_begin(s->store);
  bool ok = store_batch_put(b, page.data, page.len, last, err) &&
            store_batch_set_root(b, "n", 1, last, 1, &k, sizeof k, err);
  buf_free(&page);
  if (ok) return store_batch_commit(b, err);
  store_batch_abort(b);
  return false;
}

static bool log_round(Subject *s, uint64_t k, Err *err) {
  uint8_t bytes[700];
  WalRecord r = {bytes, subject_record(k, bytes)};
  uint64_t cost = wal_cost(1, r.len), committed;
  return wal_reserve(s->log, cost, err) && wal_append(s->log, &r, 1, cost, NULL, err) &&
         wal_commit(s->log, &committed, err);
}

static bool housekeeping(Subject *s, uint64_t k, const char *dir, Err *err) {
  StoreCollected sums;
  bool done;
  if (k % 5 == 0 && !store_collect(s->store, 8, &sums, &done, err)) return false;
  if (k % 7 == 0 && !wal_prepare(s->log, err)) return false;
  if (k % 20 == 0 && !wal_prune(s->log, k - 10, err)) return false;
  if (k % 25 != 0) return true;
  subject_close(s);
  return subject_open(s, dir, err);
}

static bool run(Subject *s, const char *dir, uint64_t rounds, Err *err) {
  PageId last = {{0}};
  if (!subject_open(s, dir, err)) return false;
  for (uint64_t k = 1; k <= rounds; k++) {
    if (!store_round(s, k, &last, err)) return false;
    say('S', k);
    if (!log_round(s, k, err)) return false;
    say('L', k);
    if (!housekeeping(s, k, dir, err)) return false;
  }
  return true;
}

int main(int argc, char **argv) {
  Subject s = {0};
  Err err = ERR_INIT;
  if (argc != 3) return 2;
  bool ok = run(&s, argv[1], strtoull(argv[2], NULL, 10), &err);
  if (!ok) fprintf(stderr, "subject: %s\n", err.msg);
  subject_close(&s);
  return ok ? 0 : err_exit_status(err.code);
}
