// What a load and the reading of a bundle share: the regions of the pages met so far. Private to the room.
#pragma once
#include "common/codec/load.h"

typedef struct Session {
  Machine *m;
  Decoder decoder;
  Residency *res;   // may be NULL
  bool stored;      // the pages come from the store of `res`
  BytesTable known; // page id -> Region, or 0 while what the page refers to is being loaded
  Region **held;    // a count of each
  size_t count, cap;
  uint64_t fuel_left; // of the machine, put back at the end
  Outcome stop;
  Err *err;
} Session;

void codec_session_begin(Session *s, Machine *m, Residency *res, bool stored, const LoadLimits *limits,
                         Err *err);
void codec_session_end(Session *s);

// The region of a page that is known to the session or resident, or NULL.
Region *codec_session_find(Session *s, const PageId *id);

// Decodes a page, all of whose references codec_session_find knows.
bool codec_session_decode(Session *s, const PageId *id, const PageView *view);

// A handle on the root; its page must be known.
bool codec_session_root(Session *s, const ValueRoot *root, Ref *out);

bool codec_session_error_at(Session *s, const PageId *id);
