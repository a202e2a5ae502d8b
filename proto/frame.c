#include "proto/frame.h"
#include "common/base/mem.h"
#include <assert.h>
#include <string.h>

#define RECEIVE_MIN 4096
#define RECEIVE_MAX (64u << 10)

void frame_free(FrameReader *r) {
  buf_free(&r->in);
  *r = (FrameReader){0};
}

static size_t there(const FrameReader *r) { return r->in.len - r->start; }

// Grows with what has come: a big frame is received in steps that double, so a sender pays in bytes
// for the memory it makes us take.
uint8_t *frame_room(FrameReader *r, size_t *n) {
  size_t have = there(r);
  if (r->start) memmove(r->in.data, r->in.data + r->start, have);
  r->start = 0, r->in.len = have;
  size_t want = have < RECEIVE_MIN ? RECEIVE_MIN : have > RECEIVE_MAX ? RECEIVE_MAX : have;
  buf_reserve(&r->in, want);
  *n = want;
  return r->in.data + r->in.len;
}

void frame_received(FrameReader *r, size_t n) {
  assert(n <= r->in.cap - r->in.len);
  r->in.len += n;
}

// What a header says: bytes of the header, bytes of payload behind it, and items inside it.
typedef struct Item {
  size_t header;
  uint64_t payload, inside;
  bool container, map;
} Item;

static uint64_t be_at(const uint8_t *p, unsigned width) {
  uint64_t x = 0;
  for (unsigned i = 0; i < width; i++) x = x << 8 | p[i];
  return x;
}

// Width of the length that follows the first byte of a string, bin, array or map; 0 when it has none.
static unsigned length_width(uint8_t b) {
  switch (b) {
  case 0xc4:
  case 0xd9: return 1;
  case 0xc5:
  case 0xda:
  case 0xdc:
  case 0xde: return 2;
  case 0xc6:
  case 0xdb:
  case 0xdd:
  case 0xdf: return 4;
  default: return 0;
  }
}

static bool refuse_type(uint8_t b, Err *err) {
  const char *what = b == 0xca || b == 0xcb ? "a float" : b == 0xc1 ? "the reserved byte c1" : "an extension";
  return err_set(err, ERR_DATA, "the message holds %s, which this protocol does not use", what);
}

// Reads the header at p (n >= 1 bytes there). Returns false with err->code ERR_NONE when more is needed.
static bool read_item(const uint8_t *p, size_t n, Item *it, Err *err) {
  uint8_t b = p[0];
  unsigned width = length_width(b);
  *it = (Item){.header = 1 + (size_t)width};
  if (n < it->header) return false;
  uint64_t len = be_at(p + 1, width);
  if (b <= 0x7f || b >= 0xe0 || b == 0xc0 || b == 0xc2 || b == 0xc3) return true;
  if (b <= 0x8f)
    it->container = it->map = true, it->inside = b & 0x0f;
  else if (b <= 0x9f)
    it->container = true, it->inside = b & 0x0f;
  else if (b <= 0xbf)
    it->payload = b & 0x1f;
  else if ((b >= 0xc4 && b <= 0xc6) || (b >= 0xd9 && b <= 0xdb))
    it->payload = len;
  else if (b >= 0xcc && b <= 0xcf)
    it->payload = 1u << (b - 0xcc);
  else if (b >= 0xd0 && b <= 0xd3)
    it->payload = 1u << (b - 0xd0);
  else if (b == 0xdc || b == 0xdd)
    it->container = true, it->inside = len;
  else if (b == 0xde || b == 0xdf)
    it->container = it->map = true, it->inside = len;
  else
    return refuse_type(b, err);
  if (it->map) it->inside *= 2;
  return true;
}

// Counts the item and moves `scan` behind its payload.
static bool admit(FrameReader *r, const Item *it, Err *err) {
  const FrameLimits *lim = &r->limits;
  if (!r->begun && (!it->container || it->map))
    return err_set(err, ERR_DATA, "this is not a MessagePack-RPC message: it does not begin with an array");
  r->begun = true;
  if (it->header + it->payload > lim->bytes - r->scan)
    return err_set(err, ERR_LIMIT, "the message is longer than %u bytes, the limit of one message",
                   lim->bytes);
  if (it->inside > lim->items - r->items - 1)
    return err_set(err, ERR_LIMIT, "the message has more than %u items, the limit of one message",
                   lim->items);
  if (it->container && r->depth == lim->depth)
    return err_set(err, ERR_LIMIT, "the message nests more than %u deep, the limit of one message",
                   lim->depth);
  r->items++;
  r->scan += it->header + (size_t)it->payload;
  return true;
}

// Opens a container, or closes those that this item completes.
static void place(FrameReader *r, const Item *it) {
  if (r->depth) r->pending[r->depth - 1]--;
  if (it->inside) {
    r->pending[r->depth++] = (uint32_t)it->inside;
    return;
  }
  while (r->depth && r->pending[r->depth - 1] == 0) r->depth--;
  r->whole = r->depth == 0;
}

// The items still owed by open containers are part of the count, so that a frame of many nested
// announcements is refused when announced and not when it has arrived.
static bool owed_too_many(const FrameReader *r) {
  uint64_t owed = r->items;
  for (uint32_t i = 0; i < r->depth; i++) owed += r->pending[i];
  return owed > r->limits.items;
}

static FrameState scan(FrameReader *r, Err *err) {
  while (!r->whole) {
    if (r->scan >= there(r)) return FRAME_MORE;
    Item it;
    Err why = ERR_INIT;
    if (!read_item(r->in.data + r->start + r->scan, there(r) - r->scan, &it, &why)) {
      if (why.code == ERR_NONE) return FRAME_MORE;
      *err = why;
      return FRAME_BAD;
    }
    if (!admit(r, &it, err)) return FRAME_BAD;
    place(r, &it);
    if (owed_too_many(r)) {
      err_set(err, ERR_LIMIT, "the message has more than %u items, the limit of one message",
              r->limits.items);
      return FRAME_BAD;
    }
  }
  return r->scan <= there(r) ? FRAME_READY : FRAME_MORE;
}

// Hands out the frame. A big one is not copied: its buffer goes with it, and what came behind it is.
static void split(FrameReader *r, uint8_t **data, size_t *len) {
  size_t rest = there(r) - r->scan;
  *len = r->scan;
  if (r->start == 0 && r->scan > rest) {
    Buf tail = {0};
    buf_put(&tail, r->in.data + r->scan, rest);
    size_t all;
    *data = buf_take(&r->in, &all);
    r->in = tail;
  } else {
    *data = mem_dup(r->in.data + r->start, r->scan);
    r->start += r->scan;
    if (rest == 0) r->start = r->in.len = 0;
  }
}

FrameState frame_next(FrameReader *r, uint8_t **data, size_t *len, Err *err) {
  assert(r->limits.depth <= FRAME_DEPTH_MAX);
  *data = NULL, *len = 0;
  if (r->bad) {
    err_set(err, ERR_DATA, "an earlier message on this connection was malformed");
    return FRAME_BAD;
  }
  Err why = ERR_INIT;
  FrameState s = scan(r, &why);
  if (s == FRAME_BAD) {
    r->bad = true;
    if (err) *err = why;
  }
  if (s != FRAME_READY) return s;
  split(r, data, len);
  r->scan = 0, r->items = 0, r->depth = 0, r->begun = r->whole = false;
  return FRAME_READY;
}
