#include "daemon/log/segment.h"
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#define SEGMENT_MAGIC 0x304c41574c4c4150u // "PALLWAL0"
#define FRAME_MAGIC 0x52464c50u           // "PLFR"
#define HASH_BLAKE3 1
#define WINDOW (256u << 10)
#define FILL (1u << 20)

// What lies at the start of a segment. To change it or the frames: raise WAL_VERSION, keep reading the old
// version (segment_open tells which by the version word, which stays where it is), write the new one only in
// new segments; old segments leave with pruning. Extend the tests with a log of the old version.
typedef struct SegmentHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t align;
  uint64_t number;
  uint32_t capacity;
  uint32_t hash;
  uint8_t store_id[WAL_STORE_ID_LEN];
  uint8_t salt[WAL_SALT_LEN];
  char runtime[WAL_RUNTIME_LEN];
  uint8_t check[WAL_CHECK_LEN]; // of all fields above
} SegmentHeader;

typedef struct FrameHeader {
  uint32_t magic;
  uint32_t count;
  uint32_t payload;
  uint32_t at;
  uint64_t first_lsn;
  uint64_t segment;
  uint8_t prev[WAL_LINK_LEN];
  uint8_t head[WAL_LINK_LEN];   // of salt, store id and the fields above
  uint8_t check[WAL_CHECK_LEN]; // of salt, store id, the fields above and the payload
} FrameHeader;

_Static_assert(sizeof(SegmentHeader) == 144, "segment header is on disk");
_Static_assert(offsetof(SegmentHeader, number) == 16, "segment header layout");
_Static_assert(offsetof(SegmentHeader, store_id) == 32, "segment header layout");
_Static_assert(offsetof(SegmentHeader, check) == 128, "segment header layout");
_Static_assert(sizeof(FrameHeader) == WAL_FRAME_HEADER, "frame header is on disk");
_Static_assert(offsetof(FrameHeader, first_lsn) == 16, "frame header layout");
_Static_assert(offsetof(FrameHeader, check) == 48, "frame header layout");
_Static_assert(sizeof(SegmentHeader) <= WAL_ALIGN, "the header has the first sector to itself");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are written as they lie in memory");

static char *path_of(const WalFiles *files, uint64_t number) {
  return mem_printf("%s/%016llx.seg", files->dir, (unsigned long long)number);
}

static void header_check(uint8_t out[WAL_CHECK_LEN], const SegmentHeader *h) {
  uint8_t full[BLAKE3_LEN];
  blake3(full, h, offsetof(SegmentHeader, check));
  memcpy(out, full, WAL_CHECK_LEN);
}

// --- making ------------------------------------------------------------------------------------

static bool io_failed(const WalFiles *files, Err *err, const char *doing) {
  bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return err_sys(err, full ? ERR_LIMIT : ERR_IO, errno, "cannot %s the log in %s%s", doing, files->dir,
                 full ? " (free some disk space)" : "");
}

// Blocks that were written once take a later write and sync in half the time of blocks that were only
// allocated, so a new segment is filled ahead of its use.
static bool fill(const WalFiles *files, int fd, uint32_t capacity) {
  const Sys *sys = files->sys;
  if (sys->ftruncate(sys->ctx, fd, 0) != 0) return false;
  if (sys->fallocate(sys->ctx, fd, 0, capacity) != 0 && errno != EOPNOTSUPP) return false;
  size_t step = capacity < FILL ? capacity : FILL;
  uint8_t *zeros = mem_zalloc(step);
  bool ok = true;
  for (uint32_t at = 0; ok && at < capacity; at += step) {
    size_t n = capacity - at < step ? capacity - at : step;
    ok = sys->pwrite(sys->ctx, fd, zeros, n, at) == (ssize_t)n;
  }
  int saved = errno;
  mem_free(zeros);
  errno = saved;
  return ok;
}

static bool write_header(Segment *seg, const WalFiles *files) {
  uint8_t block[WAL_ALIGN] = {0};
  SegmentHeader h = {.magic = SEGMENT_MAGIC,
                     .version = WAL_VERSION,
                     .align = WAL_ALIGN,
                     .number = seg->number,
                     .capacity = seg->capacity,
                     .hash = HASH_BLAKE3};
  const Sys *sys = files->sys;
  sys->random(sys->ctx, seg->salt, sizeof seg->salt);
  memcpy(h.store_id, files->store_id, sizeof h.store_id);
  memcpy(h.salt, seg->salt, sizeof h.salt);
  memcpy(h.runtime, files->runtime, sizeof h.runtime);
  header_check(h.check, &h);
  memcpy(block, &h, sizeof h);
  return sys->pwrite(sys->ctx, seg->fd, block, sizeof block, 0) == (ssize_t)sizeof block &&
         sys->fdatasync(sys->ctx, seg->fd) == 0;
}

// A file of the right length from an earlier life is as good as a filled one: its frames have another salt.
static bool has_length(const WalFiles *files, int fd, uint32_t capacity) {
  uint8_t bytes[2];
  return files->sys->pread(files->sys->ctx, fd, bytes, sizeof bytes, capacity - 1) == 1;
}

static bool create_at(Segment *seg, const WalFiles *files, const char *tmp, const char *path, bool reused,
                      Err *err) {
  const Sys *sys = files->sys;
  seg->fd = sys->open(sys->ctx, tmp, O_RDWR | O_CREAT | O_CLOEXEC | (reused ? 0 : O_TRUNC), 0600);
  if (seg->fd < 0) return io_failed(files, err, "make a segment of");
  if (!(reused && has_length(files, seg->fd, seg->capacity)) && !fill(files, seg->fd, seg->capacity))
    return io_failed(files, err, "reserve room for");
  if (!write_header(seg, files)) return io_failed(files, err, "write a segment of");
  if (sys->rename(sys->ctx, tmp, path) != 0 || sys->sync_dir(sys->ctx, files->dir) != 0)
    return io_failed(files, err, "name a segment of");
  return true;
}

bool segment_create(Segment *seg, const WalFiles *files, uint64_t number, uint32_t capacity, uint64_t reuse,
                    Err *err) {
  const Sys *sys = files->sys;
  *seg = (Segment){.fd = -1, .number = number, .capacity = capacity};
  char *path = path_of(files, number), *tmp = mem_printf("%s/new.tmp", files->dir);
  bool reused = false;
  sys->unlink(sys->ctx, tmp); // never write into what a crash may have left under two names
  if (reuse != 0) {
    char *old = path_of(files, reuse);
    reused = sys->rename(sys->ctx, old, tmp) == 0;
    mem_free(old);
  }
  bool ok = create_at(seg, files, tmp, path, reused, err);
  if (!ok) {
    segment_close(seg, files);
    sys->unlink(sys->ctx, tmp);
    sys->unlink(sys->ctx, path);
  }
  mem_free(path);
  mem_free(tmp);
  return ok;
}

// --- opening -----------------------------------------------------------------------------------

static bool check_header(const SegmentHeader *h, const WalFiles *files, uint64_t number, Err *err) {
  uint8_t check[WAL_CHECK_LEN];
  if (h->magic != SEGMENT_MAGIC) return err_set(err, ERR_DATA, "not a log segment, or its header is damaged");
  if (h->version != WAL_VERSION)
    return err_set(err, ERR_CONFIG, "log segment of format version %u; this build has version %u", h->version,
                   WAL_VERSION);
  header_check(check, h);
  if (memcmp(check, h->check, WAL_CHECK_LEN) != 0)
    return err_set(err, ERR_DATA, "the header of the log segment is damaged");
  if (h->align != WAL_ALIGN || h->hash != HASH_BLAKE3)
    return err_set(err, ERR_CONFIG, "log segment with alignment %u and hash %u; this build has %u and %u",
                   h->align, h->hash, WAL_ALIGN, HASH_BLAKE3);
  if (memcmp(h->store_id, files->store_id, WAL_STORE_ID_LEN) != 0)
    return err_set(err, ERR_CONFIG, "log segment of another store");
  if (h->number != number || h->capacity > WAL_SEGMENT_MAX || h->capacity < 2 * WAL_ALIGN)
    return err_set(err, ERR_DATA, "log segment under a name that is not its own");
  return true;
}

static bool read_header(Segment *seg, const WalFiles *files, Err *err) {
  SegmentHeader h;
  ssize_t got = files->sys->pread(files->sys->ctx, seg->fd, &h, sizeof h, 0);
  if (got < 0) return err_sys(err, ERR_IO, errno, "cannot read the log segment");
  if (got < (ssize_t)sizeof h)
    return err_set(err, ERR_DATA,
                   "log segment is truncated: it has no header; restore the store from a copy");
  if (!check_header(&h, files, seg->number, err)) return false;
  seg->capacity = h.capacity;
  memcpy(seg->salt, h.salt, sizeof seg->salt);
  return has_length(files, seg->fd, h.capacity) ||
         err_set(err, ERR_DATA,
                 "log segment is truncated: it has not its %u bytes; restore the store from a copy",
                 h.capacity);
}

bool segment_open(Segment *seg, const WalFiles *files, uint64_t number, Err *err) {
  const Sys *sys = files->sys;
  *seg = (Segment){.fd = -1, .number = number};
  char *path = path_of(files, number);
  seg->fd = sys->open(sys->ctx, path, O_RDWR | O_CLOEXEC, 0);
  bool ok = seg->fd >= 0;
  if (!ok) err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot open the log segment");
  if (ok && !read_header(seg, files, err)) {
    segment_close(seg, files);
    ok = false;
  }
  if (!ok) err_at(err, "%s", path);
  mem_free(path);
  return ok;
}

void segment_close(Segment *seg, const WalFiles *files) {
  if (seg->fd >= 0) files->sys->close(files->sys->ctx, seg->fd);
  seg->fd = -1;
}

bool segment_exists(const WalFiles *files, uint64_t number) {
  char *path = path_of(files, number);
  int fd = files->sys->open(files->sys->ctx, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd >= 0) files->sys->close(files->sys->ctx, fd);
  mem_free(path);
  return fd >= 0;
}

bool segment_remove(const WalFiles *files, uint64_t number) {
  char *path = path_of(files, number);
  bool ok = files->sys->unlink(files->sys->ctx, path) == 0;
  mem_free(path);
  return ok;
}

// --- frames ------------------------------------------------------------------------------------

uint64_t frame_span(uint64_t payload) {
  return (WAL_FRAME_HEADER + payload + WAL_ALIGN - 1) / WAL_ALIGN * WAL_ALIGN;
}

// The header has a check of its own so that bytes made to look like many headers cost no more than that.
static void frame_checks(FrameHeader *h, const uint8_t *payload, const Segment *seg, const WalFiles *files) {
  Blake3 hash;
  uint8_t full[BLAKE3_LEN];
  blake3_init(&hash);
  blake3_update(&hash, seg->salt, sizeof seg->salt);
  blake3_update(&hash, files->store_id, sizeof files->store_id);
  blake3_update(&hash, h, offsetof(FrameHeader, head));
  blake3_final(&hash, full);
  memcpy(h->head, full, WAL_LINK_LEN);
  if (!payload) return;
  blake3_update(&hash, payload, h->payload);
  blake3_final(&hash, full);
  memcpy(h->check, full, WAL_CHECK_LEN);
}

void frame_seal(Frame *frame, const Segment *seg, const WalFiles *files, Buf *bytes) {
  FrameHeader h = {.magic = FRAME_MAGIC,
                   .count = frame->count,
                   .payload = frame->payload,
                   .at = frame->at,
                   .first_lsn = frame->first_lsn,
                   .segment = seg->number};
  memcpy(h.prev, frame->prev, WAL_LINK_LEN);
  frame_checks(&h, bytes->data + WAL_FRAME_HEADER, seg, files);
  memcpy(bytes->data, &h, sizeof h);
  memcpy(frame->check, h.check, WAL_CHECK_LEN);
  size_t padding = (size_t)frame_span(frame->payload) - bytes->len;
  if (padding > 0) memset(buf_extend(bytes, padding), 0, padding);
}

void segment_reader_free(SegmentReader *r) { buf_free(&r->window); }

// Points *p at `n` bytes from `at`, fewer at the end of the file: *left says how many.
static bool window(SegmentReader *r, uint32_t at, uint32_t n, const uint8_t **p, size_t *left, Err *err) {
  if (at < r->start || at + (uint64_t)n > r->start + r->window.len) {
    size_t want = n < WINDOW ? WINDOW : n;
    if (want > r->seg->capacity - at) want = r->seg->capacity - at;
    buf_clear(&r->window);
    uint8_t *to = buf_extend(&r->window, want);
    ssize_t got = r->files->sys->pread(r->files->sys->ctx, r->seg->fd, to, want, at);
    if (got < 0) {
      buf_clear(&r->window);
      return err_sys(err, ERR_IO, errno, "cannot read segment %llu of the log in %s",
                     (unsigned long long)r->seg->number, r->files->dir);
    }
    r->window.len = (size_t)got;
    r->start = at;
  }
  *p = r->window.data + (at - r->start);
  *left = r->window.len - (at - r->start);
  return true;
}

static bool sound_header(const FrameHeader *h, SegmentReader *r, uint32_t at) {
  const Segment *seg = r->seg;
  if (h->magic != FRAME_MAGIC || h->at != at || h->segment != seg->number || h->count == 0) return false;
  if (h->payload > seg->capacity || frame_span(h->payload) > seg->capacity - at) return false;
  FrameHeader want = *h;
  frame_checks(&want, NULL, seg, r->files);
  return memcmp(want.head, h->head, WAL_LINK_LEN) == 0;
}

bool frame_read(SegmentReader *r, uint32_t at, Frame *frame, const uint8_t **records, bool *found, Err *err) {
  FrameHeader h;
  const uint8_t *p;
  size_t left = 0;
  *found = false;
  if (at % WAL_ALIGN != 0 || at > r->seg->capacity - WAL_FRAME_HEADER) return true;
  if (!window(r, at, WAL_FRAME_HEADER, &p, &left, err)) return false;
  if (left < sizeof h) return true;
  memcpy(&h, p, sizeof h);
  if (!sound_header(&h, r, at)) return true;
  if (!window(r, at, WAL_FRAME_HEADER + h.payload, &p, &left, err)) return false;
  if (left < WAL_FRAME_HEADER + (size_t)h.payload) return true;
  FrameHeader want = h;
  frame_checks(&want, p + WAL_FRAME_HEADER, r->seg, r->files);
  if (memcmp(want.check, h.check, WAL_CHECK_LEN) != 0) return true;
  *frame = (Frame){.count = h.count, .payload = h.payload, .at = at, .first_lsn = h.first_lsn};
  memcpy(frame->prev, h.prev, WAL_LINK_LEN);
  memcpy(frame->check, h.check, WAL_CHECK_LEN);
  *records = p + WAL_FRAME_HEADER;
  *found = true;
  return true;
}

bool frame_search(SegmentReader *r, uint32_t from, Frame *frame, bool *found, Err *err) {
  const uint8_t *records;
  *found = false;
  for (uint32_t at = from; at <= r->seg->capacity - WAL_ALIGN; at += WAL_ALIGN) {
    if (!frame_read(r, at, frame, &records, found, err)) return false;
    if (*found) return true;
  }
  return true;
}
