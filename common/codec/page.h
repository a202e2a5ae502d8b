// Pages: the unit of storage, transfer and sharing, as bytes.
//
// A page is one header, then the ids of the pages that it refers to, then a body that this file does
// not interpret:
//
//   0   u32  magic        "PLPG"
//   4   u16  version      PAGE_VERSION
//   6   u8   kind         PageKind
//   7   u8   flags        PageFlags
//   8   u32  refs         how many references follow the header
//   12  u32  body         bytes of body as stored
//   16  u32  raw          bytes of body once expanded; the same as `body` when it is not compressed
//   20  u32  zero
//   24  u64  objects      what the body says it holds, for whoever reads it to bound its work
//   32  u8   ref[refs][32]
//       u8   body[body]
//
// All numbers are little-endian. The id of a page is BLAKE3 of all these bytes, so nothing about a page
// can change under its id, and references form no cycle.
//
// Page bytes come from disks and from other machines. `page_parse` bounds each field against the bytes
// that are really there and allocates nothing; a view it filled in is safe to walk.
#pragma once
#include "common/base/blake3.h"
#include "common/base/buf.h"
#include "common/base/err.h"

#define PAGE_MAGIC 0x47504c50u // "PLPG"
#define PAGE_VERSION 1
#define PAGE_HEADER_LEN 32
#define PAGE_ID_LEN BLAKE3_LEN

// A body has at most PAGE_BODY_MAX bytes, the one leaf of raw bytes PAGE_BLOB_MAX. Both limits are part
// of the store's format word: a build with other limits does not open it.
#define PAGE_BODY_MAX (1u << 20)
#define PAGE_BLOB_MAX (4u << 20)
#define PAGE_REFS_MAX (1u << 15)
#define PAGE_MAX (PAGE_HEADER_LEN + PAGE_REFS_MAX * PAGE_ID_LEN + PAGE_BODY_MAX)
#define PAGE_BYTES_MAX (PAGE_HEADER_LEN + PAGE_BLOB_MAX) // no page of any kind is longer

typedef struct PageId {
  uint8_t b[PAGE_ID_LEN];
} PageId;

// The number is on disk: append only.
typedef enum PageKind {
  PAGE_VALUE = 1, // a graph of objects, references to others
  PAGE_BLOB = 2,  // raw bytes (a stretch of a bar or of a big nat), no references
  PAGE_KIND_COUNT
} PageKind;

// Bits of the flags byte. A reader refuses any bit that it does not know. No writer sets
// PAGE_COMPRESSED yet; the bit is taken so that builds without compression say what is the matter.
typedef enum PageFlags { PAGE_COMPRESSED = 1 } PageFlags;

// What a page says, pointing into the caller's bytes. Valid as long as they are.
typedef struct PageView {
  PageKind kind;
  uint32_t ref_count;
  const PageId *refs;
  const uint8_t *body;
  size_t body_len;
  uint64_t objects;
} PageView;

// Appends a page to `out`. The arguments are the caller's own, so a kind or size out of bounds is
// ERR_INTERNAL, and nothing is appended.
bool page_build(Buf *out, PageKind kind, const PageId *refs, size_t ref_count, uint64_t objects,
                const void *body, size_t body_len, Err *err);

// Reads `len` untrusted bytes that must be exactly one page. ERR_DATA for malformed bytes, ERR_CONFIG for
// a page of a version or feature that this build does not have.
bool page_parse(PageView *view, const void *bytes, size_t len, Err *err);

void page_id(PageId *id, const void *bytes, size_t len);
bool page_id_equal(const PageId *a, const PageId *b);
int page_id_compare(const PageId *a, const PageId *b); // order of memcmp

// True when `bytes` hash to `id`. ERR_DATA naming the page otherwise.
bool page_verify(const PageId *id, const void *bytes, size_t len, Err *err);
