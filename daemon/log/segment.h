// Segment files and the frames in them.
//
//   segment   header, padded to WAL_ALIGN, then frames up to the last; the rest is zeros, or what an
//             earlier use of the file left
//   frame     one committed batch: header, records each behind its length, padded to WAL_ALIGN
//
// A frame is whole or it does not exist: its check covers the segment's salt, the store's id, the header
// and the payload, and the header says where the frame lies and which frame came before it. So bytes of an
// earlier use of the file, of another store, or forged inside a record never pass for a frame. Frames begin
// at multiples of WAL_ALIGN: a sector with a committed frame in it is never written again.
//
// A segment gets its name when its header is durable; a file of that name with a bad header is damage.
#pragma once
#include "common/base/buf.h"
#include "common/base/sys.h"

#define WAL_VERSION 1
#define WAL_ALIGN 512
#define WAL_STORE_ID_LEN 16
#define WAL_CHECK_LEN 16
#define WAL_LINK_LEN 8
#define WAL_SALT_LEN 16
#define WAL_RUNTIME_LEN 64
#define WAL_FRAME_HEADER 64
#define WAL_RECORD_HEADER 4
#define WAL_SEGMENT_MAX (1u << 30)

// What the segments of one log have in common. The pointers are the owner's.
typedef struct WalFiles {
  const Sys *sys;
  const char *dir;
  uint8_t store_id[WAL_STORE_ID_LEN];
  char runtime[WAL_RUNTIME_LEN];
} WalFiles;

typedef struct Segment {
  int fd; // -1: not open
  uint64_t number;
  uint32_t capacity; // bytes of the file
  uint8_t salt[WAL_SALT_LEN];
} Segment;

// Makes segment `number` of `capacity` bytes, durable with its name. `reuse` is the number of a segment
// that is no longer needed and becomes the new one, or 0. ERR_LIMIT when the disk is full; nothing is left
// behind that a later call or opening would stumble over.
bool segment_create(Segment *seg, const WalFiles *files, uint64_t number, uint32_t capacity, uint64_t reuse,
                    Err *err);

// ERR_NOT_FOUND when there is no such file; ERR_DATA for a damaged header, a truncated file or another
// store's; ERR_CONFIG for another format.
bool segment_open(Segment *seg, const WalFiles *files, uint64_t number, Err *err);
void segment_close(Segment *seg, const WalFiles *files); // accepts a closed one
bool segment_exists(const WalFiles *files, uint64_t number);
bool segment_remove(const WalFiles *files, uint64_t number); // false when there was none, or it stays

// --- frames ------------------------------------------------------------------------------------

typedef struct Frame {
  uint32_t count;   // of records, at least 1
  uint32_t payload; // bytes of records with their lengths
  uint32_t at;      // offset in the segment
  uint64_t first_lsn;
  uint8_t prev[WAL_LINK_LEN]; // start of the check of the frame before; zeros for the log's first
  uint8_t check[WAL_CHECK_LEN];
} Frame;

// Bytes that a frame takes in its segment.
uint64_t frame_span(uint64_t payload);

// Completes a frame in place: `bytes` begins with WAL_FRAME_HEADER unused bytes, then frame->payload bytes
// of records; padding is appended. Fills frame->check.
void frame_seal(Frame *frame, const Segment *seg, const WalFiles *files, Buf *bytes);

// Reads a segment in windows.
typedef struct SegmentReader {
  const Segment *seg;
  const WalFiles *files;
  Buf window;
  uint32_t start; // offset of the window
} SegmentReader;

void segment_reader_free(SegmentReader *r);

// Looks for a sound frame at offset `at`, whatever its place in the log. *found is false for anything else;
// false is returned only when reading failed. *records points at the payload until the next call.
bool frame_read(SegmentReader *r, uint32_t at, Frame *frame, const uint8_t **records, bool *found, Err *err);

// Looks for any sound frame at `from` or behind it.
bool frame_search(SegmentReader *r, uint32_t from, Frame *frame, bool *found, Err *err);
