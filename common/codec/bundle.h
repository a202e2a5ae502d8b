// A value as one piece of bytes, for messages and files:
//
//   u32  magic "PLVB"      u8 version
//   varint  number of pages, then each page: varint length, bytes; every page after those it refers to
//   root, as codec_put_root writes it
//
// Sharing is kept, so a bundle is about as big as the value is in memory, never as its unfolding.
#pragma once
#include "common/codec/load.h"

#define BUNDLE_MAGIC 0x42564c50u
#define BUNDLE_VERSION 1

// Appends the bundle of a value in normal form, sealing it on the way (see seal.h). ERR_LIMIT when it
// would be longer than `max` bytes; nothing is appended then.
bool bundle_encode(Machine *m, Ref r, size_t max, Buf *out, Err *err);

// Reads untrusted bytes that must be exactly one bundle. Pages that are resident in `res` (may be NULL)
// are shared instead of read again; what is read does not become resident, as it is not stored.
bool bundle_decode(Machine *m, Residency *res, const void *bytes, size_t len, const LoadLimits *limits,
                   Ref *out, Err *err);
