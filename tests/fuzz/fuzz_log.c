// Changed logs, with checks made good again: segment headers, frames (their fields, their links, the lengths
// of the records in them), the head file; and plain damage, cuts and lost files. A log that opens is what
// it shows: the same on a second opening, and it can be written to.
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include "daemon/log/impl.h"
#include "tests/daemon/disk.h"
#include "tests/fuzz/fuzz.h"
#include "tests/util.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define EACH 40 // inputs from one log
#define HEADER_CHECKED 128
#define HEAD_CHECKED 48

static const WalOptions OPTIONS = {
    .store_id = "fuzzed store", .runtime = "fuzz", .segment_size = 16384, .reserve_max = 8192};

// --- logs ------------------------------------------------------------------------------------------
static void append(Fuzz *f, Wal *w, size_t n) {
  uint8_t bytes[700];
  WalRecord records[6];
  size_t total = 0;
  Err err = ERR_INIT;
  test_fill(&f->rng, bytes, sizeof bytes);
  for (size_t i = 0; i < n; i++) {
    records[i] = (WalRecord){bytes, 1 + fuzz_below(f, sizeof bytes)};
    total += records[i].len;
  }
  uint64_t cost = wal_cost(n, total), committed;
  if (!wal_reserve(w, cost, &err) || !wal_append(w, records, n, cost, NULL, &err) ||
      !wal_commit(w, &committed, &err))
    fuzz_fail(f, "cannot write: %s", err.msg);
}

static Disk *new_log(Fuzz *f, uint64_t *segments) {
  Disk *d = disk_new(test_random(&f->rng));
  Wal *w;
  WalInfo info;
  Err err = ERR_INIT;
  if (!wal_open(&w, disk_sys(d), "log", &OPTIONS, NULL, NULL, &err)) fuzz_fail(f, "no log: %s", err.msg);
  for (size_t n = fuzz_below(f, 50); n > 0; n--) append(f, w, 1 + fuzz_below(f, 5));
  if (fuzz_below(f, 4) == 0) wal_prune(w, wal_next(w) - fuzz_below(f, wal_next(w)), &err);
  wal_info(w, &info);
  *segments = info.first_segment + info.segments;
  wal_close(w);
  return d;
}

// --- changing --------------------------------------------------------------------------------------
static void put(Disk *d, const char *path, size_t at, const void *bytes, size_t n) {
  size_t len;
  uint8_t *to = disk_bytes(d, path, &len);
  if (to && at < len) memcpy(to + at, bytes, n < len - at ? n : len - at);
}

static void seal_prefix(Disk *d, const char *path, size_t checked) {
  size_t len;
  const uint8_t *bytes = disk_bytes(d, path, &len);
  uint8_t hash[BLAKE3_LEN];
  if (!bytes || len < checked + WAL_CHECK_LEN) return;
  blake3(hash, bytes, checked);
  put(d, path, checked, hash, WAL_CHECK_LEN);
}

static void change_word(Fuzz *f, uint8_t *at) {
  uint32_t old = le32_at(at);
  const uint32_t words[] = {0,       1,          old + 1, old - 1, old ^ (1u << fuzz_below(f, 32)),
                            old * 2, UINT32_MAX, 16384};
  le32_put(at, words[fuzz_below(f, sizeof words / sizeof *words)]);
}

// A field of the header (from version on: other magic is refused at once), sealed again.
static void change_header(Fuzz *f, Disk *d, const char *path, size_t checked) {
  size_t len;
  uint8_t *bytes = disk_bytes(d, path, &len);
  if (!bytes || len < checked) return;
  change_word(f, bytes + 4 * fuzz_below(f, checked / 4));
  seal_prefix(d, path, checked);
}

typedef struct Forgery {
  Fuzz *f;
  Disk *d;
  WalFiles files;
  Segment seg;
  char path[64];
  uint8_t prev[WAL_LINK_LEN];
} Forgery;

static void change_frame(Fuzz *f, Frame *frame, Buf *bytes) {
  uint8_t *payload = bytes->data + WAL_FRAME_HEADER;
  uint8_t field[4];
  switch (fuzz_below(f, 7)) {
  case 0:
    le32_put(field, frame->count);
    change_word(f, field);
    frame->count = le32_at(field);
    break;
  case 1:
    frame->first_lsn += fuzz_below(f, 3) - 1u + (fuzz_below(f, 5) == 0 ? test_random(&f->rng) : 0);
    break;
  case 2: frame->prev[fuzz_below(f, WAL_LINK_LEN)] ^= 1; break;
  case 3: change_word(f, payload); break; // the first record's length
  case 4:                                 // fewer bytes than the records say
    frame->payload -= (uint32_t)fuzz_below(f, frame->payload);
    bytes->len = WAL_FRAME_HEADER + frame->payload;
    break;
  case 5: // more
    buf_u8(bytes, (uint8_t)test_random(&f->rng));
    frame->payload++;
    break;
  default: payload[fuzz_below(f, frame->payload)] ^= (uint8_t)(1u << fuzz_below(f, 8));
  }
}

// Reads the segment's frames and writes them back, the chosen one changed, those behind it linked to it.
static void forge_frames(Forgery *g, size_t victim, bool link) {
  SegmentReader reader = {.seg = &g->seg, .files = &g->files};
  bool found = true, changed = false;
  for (uint32_t at = WAL_ALIGN, i = 0; at < g->seg.capacity; i++) {
    Frame frame;
    const uint8_t *records;
    Err err = ERR_INIT;
    if (!frame_read(&reader, at, &frame, &records, &found, &err) || !found) break;
    Buf bytes = {0};
    memset(buf_extend(&bytes, WAL_FRAME_HEADER), 0, WAL_FRAME_HEADER);
    buf_put(&bytes, records, frame.payload);
    uint32_t span = (uint32_t)frame_span(frame.payload);
    if (changed && link) memcpy(frame.prev, g->prev, WAL_LINK_LEN);
    if (i == victim) change_frame(g->f, &frame, &bytes);
    if (i == victim || (changed && link)) {
      frame_seal(&frame, &g->seg, &g->files, &bytes);
      put(g->d, g->path, at, bytes.data, bytes.len);
    }
    changed |= i == victim;
    memcpy(g->prev, frame.check, WAL_LINK_LEN);
    buf_free(&bytes);
    at += span;
  }
  segment_reader_free(&reader);
}

static void forge(Fuzz *f, Disk *d, uint64_t segments) {
  Forgery g = {.f = f, .d = d, .files = {.sys = disk_sys(d), .dir = "log"}};
  uint64_t number = 1 + fuzz_below(f, segments);
  Err err = ERR_INIT;
  size_t len;
  snprintf(g.path, sizeof g.path, "log/%016llx.seg", (unsigned long long)number);
  memcpy(g.files.store_id, OPTIONS.store_id, WAL_STORE_ID_LEN);
  uint8_t *bytes = disk_bytes(d, g.path, &len);
  switch (fuzz_below(f, 8)) {
  case 0: change_header(f, d, g.path, HEADER_CHECKED); return;
  case 1: change_header(f, d, "log/head", HEAD_CHECKED); return;
  case 2:
    if (bytes && len) bytes[fuzz_below(f, len < 6000 ? len : 6000)] ^= (uint8_t)(1u << fuzz_below(f, 8));
    return;
  case 3:
    if (fuzz_below(f, 4) == 0)
      disk_remove(d, fuzz_below(f, 3) ? g.path : "log/head");
    else if (bytes)
      disk_cut(d, g.path, fuzz_below(f, len + 1));
    return;
  default:
    if (!segment_open(&g.seg, &g.files, number, &err)) return;
    forge_frames(&g, fuzz_below(f, 12), fuzz_below(f, 2));
    segment_close(&g.seg, &g.files);
  }
}

// --- what it is then -------------------------------------------------------------------------------
typedef struct Shown {
  uint64_t first, next;
  Blake3 sum;
  bool out_of_order;
} Shown;

static bool show(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  Shown *s = ctx;
  uint8_t number[16];
  if (s->next == 0) s->first = lsn;
  s->out_of_order |= s->next != 0 && lsn != s->next;
  s->next = lsn + 1;
  le64_put(number, lsn);
  le64_put(number + 8, len);
  blake3_update(&s->sum, number, sizeof number);
  blake3_update(&s->sum, data, len);
  return true;
}

static Wal *open_shown(Disk *d, Shown *s, Err *err) {
  Wal *w;
  *s = (Shown){0};
  blake3_init(&s->sum);
  return wal_open(&w, disk_sys(d), "log", &OPTIONS, show, s, err) ? w : NULL;
}

static void try_one(Fuzz *f, Disk *d) {
  Err err = ERR_INIT;
  Shown first, second, scanned = {0};
  uint8_t a[BLAKE3_LEN], b[BLAKE3_LEN];
  Wal *w = open_shown(d, &first, &err);
  if (!w) {
    fuzz_refused(f, &err);
    return;
  }
  f->accepted++;
  if (first.out_of_order || (first.next != 0 && first.next != wal_next(w)))
    fuzz_fail(f, "records out of order");
  blake3_init(&scanned.sum);
  uint64_t from = wal_first(w), to = wal_next(w);
  if (!wal_scan(w, from, to, show, &scanned, &err))
    fuzz_fail(f, "opened, but cannot be scanned: %s", err.msg);
  blake3_final(&first.sum, a);
  blake3_final(&scanned.sum, b);
  if (memcmp(a, b, sizeof a) != 0) fuzz_fail(f, "a scan shows other records than the opening");
  if (to < UINT64_MAX / 2) append(f, w, 1);
  wal_close(w);
  w = open_shown(d, &second, &err);
  if (!w) fuzz_fail(f, "opened once, written to, and not again: %s", err.msg);
  if (to < UINT64_MAX / 2 && (second.next != to + 1 || (first.next && second.first != first.first)))
    fuzz_fail(f, "what was appended, or what was before it, is not there");
  wal_close(w);
}

int main(void) {
  Fuzz f = fuzz_begin("log segments");
  Disk *log = NULL;
  uint64_t segments = 0;
  for (size_t i = 0; i < f.rounds; i++) {
    if (i % EACH == 0) {
      if (log) disk_free(log);
      log = new_log(&f, &segments);
    }
    Disk *d = disk_copy(log, i);
    for (size_t n = fuzz_below(&f, 8) == 0 ? 2 : 1; n > 0; n--) forge(&f, d, segments);
    try_one(&f, d);
    disk_free(d);
  }
  if (log) disk_free(log);
  return fuzz_end(&f) ? 0 : 1;
}
