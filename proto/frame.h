// Finds whole messages in a stream of bytes from somebody we do not trust.
//
// A frame is one MessagePack array. The scan walks over item headers only, once, as bytes come in, and
// refuses a frame at the first byte that shows it to be too long, too deep, of too many items, or of a
// type that the protocol does not use (floats, extensions). What is allocated follows what has arrived,
// never what a header announces; only a frame that passed is given to the MessagePack library.
//
// After FRAME_BAD the stream has lost its place: the reader stays bad, the connection must end.
// A zeroed reader with `limits` set is ready. Not thread-safe.
#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"

typedef struct FrameLimits {
  uint32_t bytes; // of one frame
  uint32_t depth; // arrays and maps inside each other, the frame's own array included
  uint32_t items; // values of any type in one frame, containers and keys included
} FrameLimits;

#define FRAME_DEPTH_MAX 16
// What palld and libpall accept; palld says its own in the answer to `hello`.
#define FRAME_LIMITS ((FrameLimits){16u << 20, 8, 65536})

typedef enum FrameState { FRAME_MORE, FRAME_READY, FRAME_BAD } FrameState;

typedef struct FrameReader {
  FrameLimits limits;                // depth at most FRAME_DEPTH_MAX
  Buf in;                            // what arrived and was not handed out
  size_t start;                      // where the frame being scanned begins in `in`
  size_t scan;                       // next header to look at, from `start`; may lie beyond what is there
  uint32_t depth, items;             // open containers; items seen
  uint32_t pending[FRAME_DEPTH_MAX]; // items that each open container still lacks
  bool begun, whole, bad;            // a header was seen; `scan` is the frame's end; FRAME_BAD was said
} FrameReader;

void frame_free(FrameReader *r); // releases and zeroes; accepts a zeroed reader

// Room to receive into: *n bytes, at least 1. Then say how many arrived.
uint8_t *frame_room(FrameReader *r, size_t *n);
void frame_received(FrameReader *r, size_t n);

// The next frame, if it is there: *data (mem_free) and *len. FRAME_MORE: receive and ask again.
// FRAME_BAD: err says why (ERR_DATA, ERR_LIMIT).
FrameState frame_next(FrameReader *r, uint8_t **data, size_t *len, Err *err);

// A frame has begun and is not whole.
static inline bool frame_is_partial(const FrameReader *r) { return r->in.len > r->start; }
