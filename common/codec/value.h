// The body of a value page: the objects of one region, in order, in a portable and compact form.
//
//   object  varint(tag | count << 4), then what the tag says; count is 0 where it has no meaning
//     NAT       count bytes, little-endian, the last not 0; the number is 2^63 or more
//     BAR       count bytes
//     PIN       item                        COW   n
//     LAW       name arity body             SET   keys, a row
//     APP       head, then count arguments  TAB   set, then row
//     ROW       count elements by index
//     LONG_NAT, LONG_BAR   count bytes, in blob pages of CODEC_RAW_PIECE bytes: a reference each
//     LONG_ROW             count elements, in value pages that hold one row of CODEC_ROW_PIECE each
//     LONG_APP             head, then references as LONG_ROW's for the arguments
//     VIEW  a ROW or BAR, then varint(index of the first): count of its elements or bytes
//     TREE  count >> 1 children, rows or bars of one height; count & 1: its nodes are keyed (rope.h)
//   value   varint: n << 1          a nat below 2^63
//                   back << 2 | 1   the object that begins `back` objects before this one
//                   ref << 2 | 3    followed by varint(k): in the page that the page's reference number
//                                   `ref` leads to, the object before its last k
//   reference  varint(ref)
//
// The encoding of a region is a function of its objects and of the ids of the pages it refers to:
// references are numbered in the order of first use, each page once; an object has a long form if and
// only if it is over the limit below, and is then alone in its page. The reader refuses everything else,
// so a page that it accepts is encoded to the same bytes again.
//
// The reader trusts nothing: it allocates after it has seen what is there, and each object is checked
// for the invariants of value.h and for being what PLAN would have made of it (no law or app that should
// be a row, cow, bar, set or tab; keys ascending; apps undersaturated). Hashes of pins are not in pages:
// they are computed when they are needed.
#pragma once
#include "common/base/table.h"
#include "common/codec/page.h"
#include "common/plan/region.h"

#define CODEC_RAW_INLINE (512u << 10) // bytes of a bar or nat in the body itself
#define CODEC_RAW_PIECE (1u << 20)
#define CODEC_ROW_PIECE 16384u // elements of a row, arguments of an app

// --- writing -----------------------------------------------------------------------------------
// Where pages go. `put` is told each page once or more, after all that it refers to.
typedef struct PageSink {
  bool (*put)(void *ctx, const void *bytes, size_t len, PageId *id, Err *err);
  void *ctx;
} PageSink;

// The id of the page of a region that the encoded one refers to. Must know all of them.
typedef struct PageNames {
  void (*id)(void *ctx, const Region *r, PageId *id);
  void *ctx;
} PageNames;

// Puts the page of a region, after the pieces of a long object; *id is the page's.
bool codec_encode_region(const Region *r, const PageNames *names, const PageSink *sink, PageId *id, Err *err);

// --- reading -----------------------------------------------------------------------------------
// What one reading of pages shares. A zeroed one with `m` and `room` set is valid.
typedef struct Decoder {
  Machine *m;    // in whose segments regions are made, and whose fuel comparing keys is charged to
  uint64_t room; // bytes that may still be allocated for regions
  bool trusted;  // pages of our own store: the order of keys is not compared again
  bool (*blob)(void *ctx, const PageId *id, Buf *bytes, Err *err); // the page of a stretch of a nat or bar
  void *blob_ctx;

  // Remembered, so that hostile pages cannot make the same long way be walked again and again.
  WordTable arities, heads, ascending;
} Decoder;

void decoder_free(Decoder *d);

// Whether the references of this page are blobs, read when it is decoded.
bool codec_refs_are_blobs(const PageView *view);

// The region of a value page; refs[i] is that of the page view->refs[i] (not looked at for blobs). The
// caller owns the count. ERR_DATA; ERR_LIMIT when `room` or the fuel for comparing is used up.
Region *codec_decode_page(Decoder *d, const PageView *view, Region *const *refs, Err *err);

// --- roots -------------------------------------------------------------------------------------
// A sealed value as data: a nat below 2^63, or an object in a page.
typedef struct ValueRoot {
  bool paged;
  uint64_t nat; // when it is not
  PageId page;
  uint64_t behind; // objects behind it in its page
} ValueRoot;

void codec_put_root(Buf *out, const ValueRoot *root);
bool codec_read_root(Reader *r, ValueRoot *root); // false: malformed

#define CODEC_TAG_BITS 4
enum {
  TAG_NAT = 1,
  TAG_BAR,
  TAG_PIN,
  TAG_COW,
  TAG_LAW,
  TAG_SET,
  TAG_APP,
  TAG_TAB,
  TAG_ROW,
  TAG_LONG_NAT,
  TAG_LONG_BAR,
  TAG_LONG_ROW,
  TAG_LONG_APP,
  TAG_VIEW,
  TAG_TREE,
};
