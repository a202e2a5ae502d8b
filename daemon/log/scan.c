// Reading committed records again.
#include "common/base/mem.h"
#include "daemon/log/impl.h"

typedef struct Scan {
  Wal *w;
  uint64_t from, to;
  uint64_t next; // LSN of the frame to come
  WalVisit visit;
  void *ctx;
} Scan;

static bool gap(const Scan *s, uint64_t segment, uint32_t at, Err *err) {
  return err_set(err, ERR_DATA,
                 "the log in %s is damaged in segment %llu at offset %u: record %llu is not there", s->w->dir,
                 (unsigned long long)segment, at, (unsigned long long)s->next);
}

static bool scan_frames(Scan *s, SegmentReader *reader, Err *err) {
  bool first = s->next == 0; // of the first segment, any LSN
  for (uint32_t at = WAL_ALIGN; s->next < s->to;) {
    Frame frame;
    const uint8_t *records;
    bool found;
    if (!frame_read(reader, at, &frame, &records, &found, err)) return false;
    if (!found) return at > WAL_ALIGN || gap(s, reader->seg->number, at, err);
    if (!first && frame.first_lsn != s->next) return gap(s, reader->seg->number, at, err);
    first = false;
    s->next = frame.first_lsn + frame.count;
    if (s->next > s->from && !wal_show(&frame, records, s->from, s->to, s->visit, s->ctx, err)) return false;
    at += (uint32_t)frame_span(frame.payload);
  }
  return true;
}

static bool scan_segment(Scan *s, uint64_t number, Err *err) {
  Segment seg;
  if (!segment_open(&seg, &s->w->files, number, err)) return false;
  SegmentReader reader = {.seg = &seg, .files = &s->w->files};
  bool ok = scan_frames(s, &reader, err);
  segment_reader_free(&reader);
  segment_close(&seg, &s->w->files);
  return ok;
}

// Numbers of the segments with records in [from, to): *first and how many.
static uint64_t segments_of(const Scan *s, uint64_t *first) {
  Wal *w = s->w;
  uint64_t n = 0, last = 0;
  pthread_mutex_lock(&w->lock);
  for (size_t i = 0; i <= w->old_count; i++) {
    bool active = i == w->old_count;
    uint64_t begin = active ? w->active_lsn : w->old[i].first_lsn;
    uint64_t end = active ? w->committed : i + 1 < w->old_count ? w->old[i + 1].first_lsn : w->active_lsn;
    uint64_t number = active ? w->active.number : w->old[i].number;
    if (begin >= s->to || end <= s->from) continue;
    if (n++ == 0) *first = number;
    last = number;
  }
  pthread_mutex_unlock(&w->lock);
  return n == 0 ? 0 : last - *first + 1;
}

bool wal_scan(Wal *w, uint64_t from, uint64_t to, WalVisit visit, void *ctx, Err *err) {
  Scan s = {.w = w, .from = from, .to = to, .visit = visit, .ctx = ctx};
  uint64_t first = 0, committed = wal_committed(w);
  if (s.to > committed) s.to = committed;
  pthread_mutex_lock(&w->files_lock);
  bool ok =
      from >= wal_first(w) || err_set(err, ERR_NOT_FOUND, "log record %llu was pruned; the oldest is %llu",
                                      (unsigned long long)from, (unsigned long long)wal_first(w));
  uint64_t n = ok ? segments_of(&s, &first) : 0;
  for (uint64_t i = 0; ok && i < n; i++) ok = scan_segment(&s, first + i, err);
  if (ok && n > 0 && s.next < s.to) ok = gap(&s, first + n - 1, 0, err);
  pthread_mutex_unlock(&w->files_lock);
  return ok;
}
