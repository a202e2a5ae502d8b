// Trees to text.
//
// Wide form is one line, one clump: it may stand wherever a son may stand. Tall form is a block by
// itself: OPEN nodes are laid out in columns and LINE leaves written as page strings. The tall form of a
// tree that was read is read back as an equal tree. Of any other tree what comes back is equal, but:
//  - wide: an OPEN node comes back as NEST, a LINE leaf as TEXT;
//  - tall: so it is too, but OPEN stays at the top, and as son or heir of an OPEN node that stays; and in
//    the same places LINE stays where it ends the clump, alone or behind something: b#} text. Only at
//    the top, behind something, it must be a single LINE to stay;
//  - a WORD that is no word comes back as TEXT;
//  - a PREF without exactly one son, an INFX or SHUT with less than two, come back as NEST.
// Newlines in texts, runes not made of rune bytes, and embeds have no written form: see `loose`.
#pragma once
#include "common/base/buf.h"
#include "common/rex/rex.h"

typedef struct RexPrint {
  size_t max; // most bytes to write, about; 0 is REX_PRINT_MAX
  bool loose; // for people: write something like it instead of failing, and no control characters
  // Writes an embed as an item: a word, a string, or anything in brackets. NULL: embeds are errors.
  void (*embed)(void *ctx, Buf *out, uint64_t word);
  void *ctx;
} RexPrint;

#define REX_PRINT_MAX ((size_t)16 << 20)

// Append to out; `how` may be NULL. False with ERR_LIMIT (max or REX_MAX_DEPTH reached) or ERR_DATA (no
// written form); out then holds the beginning.
bool rex_print_wide(Buf *out, const Rex *x, const RexPrint *how, Err *err); // without newline
bool rex_print_tall(Buf *out, const Rex *x, const RexPrint *how, Err *err); // each line with its \n
