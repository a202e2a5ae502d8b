// Opening a log: every frame in order, then the search behind the last one for what must not be there.
#include "common/base/mem.h"
#include "daemon/log/impl.h"
#include <errno.h>
#include <string.h>

// Segments are numbered without gaps and at most one lies ahead of the log's end; how far to look for one
// that shows a gap.
#define LOOK_AHEAD 16

typedef struct Recovery {
  Wal *w;
  WalVisit visit;
  void *ctx;
  Segment seg;
  SegmentReader reader;           // of seg
  uint32_t at;                    // in seg: behind the last frame
  uint32_t last_at, last_payload; // the last frame; last_at is 0 when seg has none
} Recovery;

static bool damaged(const Recovery *r, Err *err, uint64_t segment, uint32_t at, const char *what) {
  return err_set(
      err, ERR_DATA,
      "the log in %s is damaged: %s (segment %llu, offset %u, after record %llu); restore the store "
      "from a copy",
      r->w->files.dir, what, (unsigned long long)segment, at, (unsigned long long)(r->w->next_lsn - 1));
}

bool wal_show(const Frame *frame, const uint8_t *records, uint64_t from, uint64_t to, WalVisit visit,
              void *ctx, Err *err) {
  Reader in = reader(records, frame->payload);
  for (uint32_t i = 0; i < frame->count; i++) {
    uint32_t len = read_le32(&in);
    const uint8_t *data = read_bytes(&in, len);
    if (in.bad) break;
    uint64_t lsn = frame->first_lsn + i;
    if (visit && lsn >= from && lsn < to && !visit(ctx, lsn, data, len, err)) return false;
  }
  return (!in.bad && reader_left(&in) == 0) ||
         err_set(err, ERR_DATA, "a log frame from record %llu on does not hold the records it names",
                 (unsigned long long)frame->first_lsn);
}

static bool follows(const Recovery *r, const Frame *frame) {
  return frame->first_lsn == r->w->next_lsn && memcmp(frame->prev, r->w->prev, WAL_LINK_LEN) == 0;
}

// What a kept log begins with has a predecessor that was pruned, so only its LSN can be compared.
static bool first_of_log(const Recovery *r, const Frame *frame) {
  return r->w->old_count == 0 && r->last_at == 0 && frame->first_lsn == r->w->next_lsn;
}

static bool take_frame(Recovery *r, const Frame *frame, const uint8_t *records, Err *err) {
  Wal *w = r->w;
  if (!wal_show(frame, records, 0, UINT64_MAX, r->visit, r->ctx, err)) return false;
  if (frame->first_lsn > UINT64_MAX - frame->count)
    return damaged(r, err, r->seg.number, r->at, "too many records");
  w->next_lsn += frame->count;
  memcpy(w->prev, frame->check, WAL_LINK_LEN);
  r->last_at = r->at;
  r->last_payload = frame->payload;
  r->at += (uint32_t)frame_span(frame->payload);
  return true;
}

static bool read_frames(Recovery *r, Err *err) {
  for (;;) {
    Frame frame;
    const uint8_t *records;
    bool found;
    if (!frame_read(&r->reader, r->at, &frame, &records, &found, err)) return false;
    if (!found) return true;
    if (!follows(r, &frame) && !first_of_log(r, &frame))
      return damaged(r, err, r->seg.number, r->at, "a batch is missing before this one");
    if (!take_frame(r, &frame, records, err)) return false;
  }
}

static bool search_rest(const Recovery *r, SegmentReader *reader, uint32_t from, Err *err) {
  Frame frame;
  bool found;
  if (!frame_search(reader, from, &frame, &found, err)) return false;
  return !found ||
         damaged(r, err, reader->seg->number, from, "a batch does not check, and committed ones follow it");
}

static void start_segment(Recovery *r, Segment seg) {
  r->seg = seg;
  r->reader = (SegmentReader){.seg = &r->seg, .files = &r->w->files, .window = r->reader.window};
  buf_clear(&r->reader.window);
  r->at = WAL_ALIGN;
  r->last_at = 0;
}

static void retire(Recovery *r) {
  Wal *w = r->w;
  mem_reserve(w->old, w->old_cap, w->old_count + 1);
  w->old[w->old_count++] =
      (OldSegment){.number = r->seg.number, .first_lsn = w->active_lsn, .capacity = r->seg.capacity};
  w->active_lsn = w->next_lsn;
  segment_close(&r->seg, &w->files);
}

// Is there a next segment, and does the log go on in it? `next` is open when there is one.
static bool look_at_next(Recovery *r, Segment *next, bool *goes_on, Err *err) {
  Err why = ERR_INIT;
  *goes_on = false;
  if (!segment_open(next, &r->w->files, r->seg.number + 1, &why)) {
    if (why.code == ERR_NOT_FOUND) return true;
    if (err) *err = why;
    return false;
  }
  SegmentReader reader = {.seg = next, .files = &r->w->files};
  Frame frame;
  const uint8_t *records;
  bool ok = frame_read(&reader, WAL_ALIGN, &frame, &records, goes_on, err);
  if (ok && *goes_on && !follows(r, &frame))
    ok = damaged(r, err, next->number, WAL_ALIGN, "a batch is missing before this one");
  if (ok && !*goes_on) ok = search_rest(r, &reader, WAL_ALIGN, err); // the log ends before it
  segment_reader_free(&reader);
  if (!ok) segment_close(next, &r->w->files);
  return ok;
}

static bool no_later_segment(const Recovery *r, uint64_t from, Err *err) {
  for (uint64_t n = from; n < from + LOOK_AHEAD; n++)
    if (segment_exists(&r->w->files, n)) return damaged(r, err, n, 0, "a segment before this one is missing");
  return true;
}

static bool read_segments(Recovery *r, Segment *spare, Err *err) {
  for (;;) {
    bool goes_on;
    if (!read_frames(r, err) || !look_at_next(r, spare, &goes_on, err)) return false;
    if (!goes_on) break;
    retire(r);
    start_segment(r, *spare);
    spare->fd = -1;
  }
  return search_rest(r, &r->reader, r->at, err) && no_later_segment(r, r->seg.number + 2, err);
}

// The last batch may have been written and never synced, or its sync may have failed, which leaves pages that
// the kernel takes for clean. It was shown, so it has to become durable before anything is built on it.
static bool secure_last(Recovery *r, Err *err) {
  const Sys *sys = r->w->files.sys;
  const uint8_t *records;
  Frame frame;
  bool found = true;
  if (r->last_at == 0) return true;
  if (!frame_read(&r->reader, r->last_at, &frame, &records, &found, err)) return false;
  if (!found) return damaged(r, err, r->seg.number, r->last_at, "a batch changed while it was read");
  size_t len = WAL_FRAME_HEADER + frame.payload;
  if (sys->pwrite(sys->ctx, r->seg.fd, records - WAL_FRAME_HEADER, len, r->last_at) == (ssize_t)len &&
      sys->fdatasync(sys->ctx, r->seg.fd) == 0)
    return true;
  return err_sys(err, ERR_IO, errno, "cannot make the end of the log in %s durable", r->w->files.dir);
}

// What a pruning that was cut short left behind.
static void forget_pruned(Wal *w, uint64_t first) {
  int misses = 0;
  for (uint64_t n = first - 1; n > 0 && misses < LOOK_AHEAD; n--)
    if (!segment_remove(&w->files, n)) misses++;
}

// A spare of a log that was opened with smaller limits has not the room that wal_reserve promises.
static void drop_small_spare(Wal *w) {
  if (w->spare.fd < 0 || w->spare.capacity >= w->reserve_max + WAL_ALIGN) return;
  segment_remove(&w->files, w->spare.number);
  segment_close(&w->spare, &w->files);
}

static bool open_first(Recovery *r, const WalHead *head, Err *err) {
  Segment seg;
  Err why = ERR_INIT;
  if (!segment_open(&seg, &r->w->files, head->first_segment, &why)) {
    if (why.code == ERR_NOT_FOUND)
      return damaged(r, err, head->first_segment, 0, "its first segment is missing");
    if (err) *err = why;
    return false;
  }
  start_segment(r, seg);
  return true;
}

// A log is made segment first, head last: without a head the first segment is empty.
static bool make_log(Recovery *r, WalHead *head, Err *err) {
  Wal *w = r->w;
  Segment seg;
  *head = (WalHead){1, 1};
  Err why = ERR_INIT;
  if (segment_open(&seg, &w->files, 1, &why)) {
    SegmentReader reader = {.seg = &seg, .files = &w->files};
    bool ok = search_rest(r, &reader, WAL_ALIGN, err);
    segment_reader_free(&reader);
    segment_close(&seg, &w->files);
    if (!ok) return err_wrap(err, "the head file is missing");
  } else if (why.code != ERR_NOT_FOUND) {
    if (err) *err = why;
    return false;
  } else {
    if (!no_later_segment(r, 2, err)) return false;
    if (!segment_create(&seg, &w->files, 1, w->segment_size, 0, err)) return false;
    segment_close(&seg, &w->files);
  }
  return wal_head_write(&w->files, head, err);
}

static bool find_head(Recovery *r, uint64_t durable_to, WalHead *head, Err *err) {
  bool found;
  if (!wal_head_read(&r->w->files, head, &found, err)) return false;
  if (found) {
    if (head->first_segment == 0 || head->first_lsn == 0)
      return err_set(err, ERR_DATA, "the head file of the log in %s is damaged", r->w->files.dir);
    return true;
  }
  if (durable_to > 1)
    return err_set(err, ERR_DATA,
                   "the log in %s is missing; the store knows of %llu records: restore it from a copy",
                   r->w->files.dir, (unsigned long long)durable_to - 1);
  return make_log(r, head, err);
}

static bool recover(Recovery *r, uint64_t durable_to, Err *err) {
  Wal *w = r->w;
  WalHead head;
  w->next_lsn = 1;
  if (!find_head(r, durable_to, &head, err)) return false;
  w->next_lsn = w->first_lsn = w->active_lsn = head.first_lsn;
  if (!open_first(r, &head, err) || !read_segments(r, &w->spare, err)) return false;
  if (w->next_lsn < durable_to)
    return damaged(r, err, r->seg.number, r->at, "it ends before what the store knows to be committed");
  forget_pruned(w, head.first_segment);
  drop_small_spare(w);
  return secure_last(r, err);
}

bool wal_recover(Wal *w, uint64_t durable_to, WalVisit visit, void *ctx, Err *err) {
  Recovery r = {.w = w, .visit = visit, .ctx = ctx, .seg = {.fd = -1}};
  bool ok = recover(&r, durable_to, err);
  segment_reader_free(&r.reader);
  if (!ok) segment_close(&r.seg, &w->files);
  w->active = r.seg;
  w->at = r.at;
  w->committed = w->next_lsn;
  return ok;
}
