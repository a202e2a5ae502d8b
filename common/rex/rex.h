// Rex trees: what source text is before it means anything. The reader makes them (read.h), macros and
// the Sire compiler make and take them apart, the printer shows them (print.h).
//
// A tree is a leaf (a text), a node (a rune with sons) or an embed (a word that its owner interprets).
// Leaves and nodes may have a heir, the tree that continues them; the kids of a node are its sons, then
// its heir. Style and leaf kind say how the tree was written.
//
// Invariants of trees made by the reader:
//  - sons nest at most REX_MAX_DEPTH deep, so code may recurse on sons. Heir chains have any length
//    (a page of text is one): walk them with a loop.
//  - text points into the source kept in the same Arena. It is not NUL-terminated.
// Trees made otherwise may be deeper and may share parts; rex_depth_check tells.
//
// Trees are immutable once built, live in an Arena and die with it.
#pragma once
#include "common/base/arena.h"
#include "common/base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REX_MAX_DEPTH 1000

// Kinds are ordered: leaves, embed, nodes.
typedef enum RexKind {
  REX_WORD,  // bare
  REX_TEXT,  // {..}  ".."  }D..D
  REX_LINE,  // } to the end of the line
  REX_EMBED, // a value; never comes from text
  REX_OPEN,  // rune followed by space, laid out by columns
  REX_NEST,  // ( ) and [ ]
  REX_INFX,  // runes between spaces inside ( )
  REX_PREF,  // rune glued before: -x
  REX_SHUT,  // rune glued between: x.y
} RexKind;

typedef struct RexPos {
  uint32_t line; // from 1; 0 in trees that were not read from text
  uint32_t col;  // in bytes, from 0
} RexPos;

typedef struct Rex Rex;
struct Rex {
  RexKind kind;
  uint32_t len; // of text
  union {
    const char *text; // a leaf's text, a node's rune
    uint64_t embed;   // REX_EMBED
  };
  uint32_t count; // of sons
  RexPos start;
  RexPos end; // just behind the last byte, sons included, heir excluded
  Rex **sons;
  Rex *heir; // NULL when absent
};

static inline bool rex_is_leaf(const Rex *x) { return x->kind <= REX_LINE; }
static inline bool rex_is_node(const Rex *x) { return x->kind >= REX_OPEN; }

// Bytes of words (letters, digits, _) and of runes ($!#%&*+,-./:<=>?@\^`'|~).
bool rex_is_word_byte(uint8_t c);
bool rex_is_rune_byte(uint8_t c);
bool rex_is_word(const char *text, size_t len); // one or more word bytes
bool rex_is_rune(const char *text, size_t len); // one or more rune bytes

// Constructors for everybody but the reader. Text and the array of sons are copied, subtrees are not.
Rex *rex_leaf(Arena *a, RexKind kind, const char *text, size_t len, Rex *heir);
Rex *rex_node(Arena *a, RexKind style, const char *rune, size_t len, Rex *const *sons, size_t count,
              Rex *heir);
Rex *rex_embed(Arena *a, uint64_t word);

// Whether the text of a leaf, or the rune of a node, is the string s.
bool rex_text_is(const Rex *x, const char *s);

// Same kinds, texts, embeds, sons and heirs; positions do not count. Either may be NULL.
bool rex_equal(const Rex *a, const Rex *b);

// True when sons nest at most REX_MAX_DEPTH deep and the tree, seen without sharing, has at most
// `max_nodes` nodes. Else ERR_LIMIT. Its own work is bounded by max_nodes.
bool rex_depth_check(const Rex *x, size_t max_nodes, Err *err);
