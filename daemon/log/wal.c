// Appending and committing.
#include "daemon/log/wal.h"
#include "common/base/mem.h"
#include "daemon/log/impl.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

#define SEGMENT_DEFAULT (16u << 20)
#define RESERVE_DEFAULT (8u << 20)

// --- open and close ----------------------------------------------------------------------------

static bool set_sizes(Wal *w, const WalOptions *o, Err *err) {
  w->segment_size = o->segment_size ? o->segment_size : SEGMENT_DEFAULT;
  w->segment_size -= w->segment_size % WAL_ALIGN;
  w->reserve_max = o->reserve_max ? o->reserve_max : RESERVE_DEFAULT;
  if (w->segment_size > WAL_SEGMENT_MAX || w->segment_size < 4 * WAL_ALIGN)
    return err_set(err, ERR_CONFIG, "a log segment has %u to %u bytes, not %u", 4 * WAL_ALIGN,
                   WAL_SEGMENT_MAX, o->segment_size);
  if (w->reserve_max > w->segment_size / 2)
    return err_set(err, ERR_CONFIG, "log segments of %u bytes are less than twice the reserve of %u bytes",
                   w->segment_size, w->reserve_max);
  return true;
}

static void start_gathering(Wal *w) {
  buf_clear(&w->gather);
  buf_extend(&w->gather, WAL_FRAME_HEADER);
  w->gather_count = 0;
}

bool wal_open(Wal **out, const Sys *sys, const char *dir, const WalOptions *options, WalVisit visit,
              void *ctx, Err *err) {
  Wal *w = mem_zalloc(sizeof *w);
  *out = NULL;
  w->dir = mem_strdup(dir);
  w->files = (WalFiles){.sys = sys, .dir = w->dir};
  memcpy(w->files.store_id, options->store_id, WAL_STORE_ID_LEN);
  const char *runtime = options->runtime ? options->runtime : "unknown";
  memcpy(w->files.runtime, runtime, strnlen(runtime, WAL_RUNTIME_LEN - 1));
  w->active.fd = w->spare.fd = -1;
  pthread_mutex_init(&w->lock, NULL);
  pthread_mutex_init(&w->files_lock, NULL);
  pthread_mutex_init(&w->commit_lock, NULL);
  start_gathering(w);
  if (!set_sizes(w, options, err) || !wal_recover(w, options->durable_to, visit, ctx, err)) {
    wal_close(w);
    return false;
  }
  *out = w;
  return true;
}

void wal_close(Wal *w) {
  if (!w) return;
  segment_close(&w->active, &w->files);
  segment_close(&w->spare, &w->files);
  pthread_mutex_destroy(&w->lock);
  pthread_mutex_destroy(&w->files_lock);
  pthread_mutex_destroy(&w->commit_lock);
  buf_free(&w->gather);
  buf_free(&w->frame);
  mem_free(w->old);
  mem_free(w->dir);
  mem_free(w);
}

// --- room --------------------------------------------------------------------------------------

// Each record might become a frame of its own.
uint64_t wal_cost(size_t records, size_t bytes) {
  return (uint64_t)records * (WAL_FRAME_HEADER + WAL_RECORD_HEADER + WAL_ALIGN) + bytes;
}

static uint64_t active_room(const Wal *w) { return w->active.capacity - w->at; }

static bool has_room(const Wal *w, uint64_t cost) {
  return w->spare.fd >= 0 || w->reserved + w->buffered + cost <= active_room(w);
}

static bool failed_before(const Wal *w, Err *err) {
  return err_set(err, ERR_IO, "the log in %s is closed for writing since a write failed: restart", w->dir);
}

// With files_lock held. The spare is made without `lock`, so appending goes on.
static bool make_spare(Wal *w, uint64_t reuse, Err *err) {
  Segment spare;
  pthread_mutex_lock(&w->lock);
  bool have = w->spare.fd >= 0;
  uint64_t number = w->active.number + 1;
  pthread_mutex_unlock(&w->lock);
  if (have) return true;
  if (!segment_create(&spare, &w->files, number, w->segment_size, reuse, err)) return false;
  pthread_mutex_lock(&w->lock);
  assert(w->spare.fd < 0 && w->active.number + 1 == number); // only a spare makes the active one change
  w->spare = spare;
  pthread_mutex_unlock(&w->lock);
  return true;
}

static bool prepare(Wal *w, Err *err) {
  pthread_mutex_lock(&w->files_lock);
  bool ok = make_spare(w, 0, err);
  pthread_mutex_unlock(&w->files_lock);
  return ok;
}

bool wal_prepare(Wal *w, Err *err) {
  pthread_mutex_lock(&w->lock);
  bool needed = w->spare.fd < 0 && active_room(w) < w->active.capacity / 2 && !w->failed;
  pthread_mutex_unlock(&w->lock);
  return !needed || prepare(w, err);
}

// One look under the lock. *room is false when a spare must be made first.
static bool try_reserve(Wal *w, uint64_t cost, bool *room, Err *err) {
  bool ok = true;
  pthread_mutex_lock(&w->lock);
  *room = has_room(w, cost);
  if (w->failed)
    ok = failed_before(w, err);
  else if (w->reserved + w->buffered + cost > w->reserve_max)
    ok = err_set(err, ERR_RETRY, "the log has %llu bytes waiting to be written; its limit is %u",
                 (unsigned long long)(w->reserved + w->buffered), w->reserve_max);
  else if (*room)
    w->reserved += cost;
  pthread_mutex_unlock(&w->lock);
  return ok;
}

bool wal_reserve(Wal *w, uint64_t cost, Err *err) {
  if (cost > w->reserve_max)
    return err_set(err, ERR_LIMIT, "%llu bytes at once are more than the log's reserve of %u",
                   (unsigned long long)cost, w->reserve_max);
  for (;;) { // another thread may take the room, but each round some thread gets on
    bool room;
    if (!try_reserve(w, cost, &room, err)) return false;
    if (room) return true;
    if (!prepare(w, err)) return false;
  }
}

void wal_unreserve(Wal *w, uint64_t cost) {
  pthread_mutex_lock(&w->lock);
  assert(cost <= w->reserved);
  w->reserved -= cost;
  pthread_mutex_unlock(&w->lock);
}

// --- append ------------------------------------------------------------------------------------

static bool check_records(const WalRecord *records, size_t n, uint64_t reserved, Err *err) {
  uint64_t cost = 0;
  for (size_t i = 0; i < n; i++) {
    if (records[i].len == 0 || records[i].len > WAL_RECORD_MAX)
      return err_set(err, ERR_LIMIT, "a log record has 1 to %u bytes, not %zu", WAL_RECORD_MAX,
                     records[i].len);
    cost += wal_cost(1, records[i].len);
  }
  return cost <= reserved || err_set(err, ERR_INTERNAL, "log records need %llu bytes, and %llu were reserved",
                                     (unsigned long long)cost, (unsigned long long)reserved);
}

static void gather(Wal *w, const WalRecord *records, size_t n) {
  for (size_t i = 0; i < n; i++) {
    buf_le32(&w->gather, (uint32_t)records[i].len);
    buf_put(&w->gather, records[i].data, records[i].len);
    w->buffered += wal_cost(1, records[i].len);
  }
  w->gather_count += (uint32_t)n;
  w->next_lsn += n;
}

bool wal_append(Wal *w, const WalRecord *records, size_t n, uint64_t reserved, uint64_t *first_lsn,
                Err *err) {
  bool ok = check_records(records, n, reserved, err);
  pthread_mutex_lock(&w->lock);
  assert(reserved <= w->reserved);
  w->reserved -= reserved;
  if (ok && w->failed) ok = failed_before(w, err);
  if (ok) {
    if (first_lsn) *first_lsn = w->next_lsn;
    gather(w, records, n);
  }
  pthread_mutex_unlock(&w->lock);
  return ok;
}

// --- commit ------------------------------------------------------------------------------------

static void switch_segment(Wal *w) {
  assert(w->spare.fd >= 0); // has_room, at each reservation
  mem_reserve(w->old, w->old_cap, w->old_count + 1);
  w->old[w->old_count++] =
      (OldSegment){.number = w->active.number, .first_lsn = w->active_lsn, .capacity = w->active.capacity};
  segment_close(&w->active, &w->files); // all its frames are synced
  w->active = w->spare;
  w->spare.fd = -1;
  w->at = WAL_ALIGN;
  w->active_lsn = w->committed;
}

// Moves what gathered into w->frame and gives it its place. False when there is nothing.
static bool take_batch(Wal *w, Frame *frame) {
  if (w->gather_count == 0) return false;
  *frame = (Frame){.count = w->gather_count,
                   .payload = (uint32_t)(w->gather.len - WAL_FRAME_HEADER),
                   .first_lsn = w->committed};
  memcpy(frame->prev, w->prev, WAL_LINK_LEN);
  uint64_t span = frame_span(frame->payload);
  assert(span <= w->buffered); // wal_cost bounds it
  if (span > active_room(w)) switch_segment(w);
  assert(span <= active_room(w));
  frame->at = w->at;
  w->at += (uint32_t)span;
  w->buffered = 0;
  Buf swap = w->frame;
  w->frame = w->gather;
  w->gather = swap;
  start_gathering(w);
  return true;
}

static bool write_frame(Wal *w, Frame *frame, Err *err) {
  const Sys *sys = w->files.sys;
  frame_seal(frame, &w->active, &w->files, &w->frame);
  assert(w->frame.len == frame_span(frame->payload) && frame->at % WAL_ALIGN == 0);
  if (sys->pwrite(sys->ctx, w->active.fd, w->frame.data, w->frame.len, frame->at) != (ssize_t)w->frame.len)
    return err_sys(err, ERR_IO, errno, "cannot write the log in %s", w->dir);
  if (sys->fdatasync(sys->ctx, w->active.fd) != 0)
    return err_sys(err, ERR_IO, errno, "cannot sync the log in %s", w->dir);
  return true;
}

static bool finish(Wal *w, const Frame *frame, bool ok, uint64_t *committed) {
  pthread_mutex_lock(&w->lock);
  if (ok) {
    w->committed = frame->first_lsn + frame->count;
    memcpy(w->prev, frame->check, WAL_LINK_LEN);
  } else {
    w->failed = true;
  }
  *committed = w->committed;
  pthread_mutex_unlock(&w->lock);
  return ok;
}

static bool commit(Wal *w, uint64_t *committed, Err *err) {
  Frame frame;
  pthread_mutex_lock(&w->lock);
  bool failed = w->failed, any = !failed && take_batch(w, &frame);
  *committed = w->committed;
  pthread_mutex_unlock(&w->lock);
  if (failed) return failed_before(w, err);
  if (!any) return true;
  return finish(w, &frame, write_frame(w, &frame, err), committed);
}

bool wal_commit(Wal *w, uint64_t *committed, Err *err) {
  pthread_mutex_lock(&w->commit_lock);
  bool ok = commit(w, committed, err);
  pthread_mutex_unlock(&w->commit_lock);
  return ok;
}

// --- positions ---------------------------------------------------------------------------------

static uint64_t locked_read(Wal *w, const uint64_t *field) {
  pthread_mutex_lock(&w->lock);
  uint64_t value = *field;
  pthread_mutex_unlock(&w->lock);
  return value;
}

uint64_t wal_next(Wal *w) { return locked_read(w, &w->next_lsn); }
uint64_t wal_committed(Wal *w) { return locked_read(w, &w->committed); }
uint64_t wal_first(Wal *w) { return locked_read(w, &w->first_lsn); }

void wal_info(Wal *w, WalInfo *info) {
  pthread_mutex_lock(&w->lock);
  *info = (WalInfo){.first = w->first_lsn,
                    .next = w->next_lsn,
                    .committed = w->committed,
                    .first_segment = w->old_count ? w->old[0].number : w->active.number,
                    .segments = w->old_count + 1,
                    .bytes = w->active.capacity + (w->spare.fd >= 0 ? w->spare.capacity : 0),
                    .failed = w->failed};
  for (size_t i = 0; i < w->old_count; i++) info->bytes += w->old[i].capacity;
  pthread_mutex_unlock(&w->lock);
}

// --- prune -------------------------------------------------------------------------------------

// How many old segments hold nothing from `keep` up.
static size_t prunable(const Wal *w, uint64_t keep) {
  size_t n = 0;
  while (n < w->old_count && (n + 1 < w->old_count ? w->old[n + 1].first_lsn : w->active_lsn) <= keep) n++;
  return n;
}

static void drop_old(Wal *w, size_t n, uint64_t first_lsn) {
  memmove(w->old, w->old + n, (w->old_count - n) * sizeof *w->old);
  w->old_count -= n;
  w->first_lsn = first_lsn;
}

// With files_lock held: no scan reads what goes. The head moves first; a file that stays behind it is no part
// of the log and is removed at the next opening.
static bool prune(Wal *w, uint64_t keep, Err *err) {
  pthread_mutex_lock(&w->lock);
  size_t n = prunable(w, keep), have = w->old_count;
  uint64_t first = n > 0 ? w->old[0].number : 0;
  WalHead head = {.first_segment = n < have ? first + n : w->active.number,
                  .first_lsn = n < have ? w->old[n].first_lsn : w->active_lsn};
  bool want_spare = w->spare.fd < 0;
  pthread_mutex_unlock(&w->lock);
  if (n == 0) return true;
  if (!wal_head_write(&w->files, &head, err)) return false;
  pthread_mutex_lock(&w->lock);
  drop_old(w, n, head.first_lsn);
  pthread_mutex_unlock(&w->lock);
  for (size_t i = 0; i < n - (want_spare ? 1 : 0); i++) segment_remove(&w->files, first + i);
  return !want_spare || make_spare(w, first + n - 1, err);
}

bool wal_prune(Wal *w, uint64_t keep, Err *err) {
  pthread_mutex_lock(&w->files_lock);
  bool ok = prune(w, keep, err);
  pthread_mutex_unlock(&w->files_lock);
  return ok;
}
