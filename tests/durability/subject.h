// A small program of the store and the log: what the tools of this directory are tried on.
//
// Round k puts page k (which refers to page k - 1), names it by the root "n" with k as data, and says "S<k>";
// then logs k as record and says "L<k>". Now and then it collects, prunes and opens everything anew.
#pragma once
#include "common/store/store.h"
#include "daemon/log/wal.h"

void subject_page(Buf *out, uint64_t k, const PageId *before); // before: NULL for k = 1
size_t subject_record(uint64_t k, uint8_t out[700]);

typedef struct Subject {
  Store *store;
  Wal *log;
} Subject;

// Opens both in `dir`, making what is missing. Log records that are no rounds in order are ERR_DATA.
bool subject_open(Subject *s, const char *dir, Err *err);
void subject_close(Subject *s);
