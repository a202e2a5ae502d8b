// How a PLAN value lies in memory. Every bit is drawn here; nothing else in the project knows them.
//
// A Value is one 64-bit word:
//
//   0nnnnnnn...                      a nat below 2^63, the word itself
//   10.. (14 bits zero) address48    pointer to an evaluated object (weak head normal form)
//   11.. (14 bits zero) address48    pointer to a lazy object: look at its header before use
//
// so "is it a small nat?" and "is it evaluated?" are one comparison each (val_is_small, val_is_lazy).
// A word with bit 63 clear is never followed by the collector: raw numbers (offsets, counts, malloc'ed
// addresses) may stand wherever a Value may, on the stack and in scanned object fields.
//
// A reference marked lazy may point to an object that has become evaluated since (KIND_IND); a
// reference marked evaluated always points to one of the evaluated kinds.
//
// An object is a header word and at least two payload words (ENV, CODE and evaluated kinds: at least
// one), 8-byte aligned. The header:
//
//   bits  0-7   kind
//   bits  8-15  flags (OBJ_*)
//   bits 16-63  count, whose meaning depends on the kind
//
// Sealed objects (OBJ_SEALED) lie in regions (region.h): immutable, in normal form, never moved.
#pragma once
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static_assert(sizeof(void *) == 8, "palld needs 64-bit addresses");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "palld needs a little-endian machine");

typedef uint64_t Value;

#define VAL_POINTER (1ULL << 63)
#define VAL_LAZY (3ULL << 62)
#define VAL_ADDR ((1ULL << 48) - 1)
#define NAT_SMALL_MAX ((1ULL << 63) - 1)

// Kinds. `count` and the payload words of each. Evaluated kinds first, in no particular order; formal
// values as spec/plan.md has them. Long rows and bars have further forms, see rope.h.
#define KIND_VIEW 0x20
#define KIND_TREE 0x40
#define KIND_FORM_BITS (KIND_VIEW | KIND_TREE) // clear in all kinds but the further forms of rows and bars

typedef enum Kind {
  KIND_NAT = 1, // count limbs, least significant first, value >= 2^63, top limb nonzero. Raw.
  KIND_PIN,     // [item][raw: which jet, see pinjet.h, | PIN_HASHED][hash: 4 raw words if PIN_HASHED]
  KIND_LAW,     // [name][arity: nat][body][code: a KIND_CODE object, or a raw call count]. No data jet.
  KIND_APP,     // count = args | arity left << 24 (see app_args, app_left); [head][arg 1]..[arg n], n >= 1,
                // arity left >= 1. head is not a thunk; it is an APP only when that holds
                // APP_CHUNK arguments or more (so building an app of n arguments costs O(n)).
  KIND_COW,     // [n: nat >= 1]: the law {0 n+1 0}
  KIND_ROW,     // count elements by index; elements may be lazy. count 0 is the law {0 1 0}
  KIND_BAR,     // count bytes, zero padded to a word: the law {1 1 B}. Raw.
  KIND_SET,     // [keys: a row of any form, strictly ascending, normal form]: the law {1 2 keys}
  KIND_TAB,  // [keys: a SET][values: a row of any form of the same length]: the app of that set to that row
  KIND_STUB, // a sealed object whose region is not in memory: touching it is need-page

  KIND_ROW_VIEW = KIND_ROW | KIND_VIEW, // count elements of another: [a ROW][raw: index of the first]
  KIND_BAR_VIEW = KIND_BAR | KIND_VIEW, // the same of a BAR
  KIND_ROW_TREE = KIND_ROW | KIND_TREE, // a node of a rope; for count and payload see rope.h
  KIND_BAR_TREE = KIND_BAR | KIND_TREE,

  KIND_LAZY = 0x80, // --- kinds from here on are not evaluated -------------------------------------
  KIND_THUNK,       // compiled suspension: count captured; [code][raw block][captured 1]..
  KIND_EXPR,        // interpreted suspension: [env: ENV][expression: part of a law's body]
  KIND_CALL,        // suspended call: count args; [function][arg 1]..  (arguments may be lazy)
  KIND_HOLE,        // being computed: [law it is part of or calls, its pin, or 0][raw]. Meeting it again is
                    // a loop
  KIND_DEAD,        // its computation crashed: [operator][argument]. Meeting it crashes the same way
  KIND_IND,         // computed: [value, evaluated]

  KIND_ENV,     // interpreter environment: count slots; [slot 0]..[slot count-1]
  KIND_CODE,    // compiled law, see code.h
  KIND_FORWARD, // during a collection only: count = address of the copy, OBJ_SEEN when it is lazy, the rest
                // as it was. While sealing: count 0; [see seal.c]
} Kind;

#define APP_CHUNK 16
#define APP_ARITY_MAX ((1u << 24) - 1) // "arity left" saturates here; then it is computed from the head

// Flags.
#define OBJ_NF 0x0100     // in normal form; PIN LAW COW NAT BAR SET always are and carry it
#define OBJ_SEALED 0x0200 // in a region
#define OBJ_LARGE 0x0400  // in the large space: not moved
#define OBJ_PLAIN 0x0800  // a flat row known to hold small nats only: the collector does not look at them
#define OBJ_DIRTY 0x1000  // in the remembered set
#define OBJ_MARK 0x2000   // large: reached by the running collection of everything
#define OBJ_SEEN 0x8000   // scratch mark of one traversal; clear between traversals

// --- words -------------------------------------------------------------------------------------
static inline bool val_is_small(Value v) { return (int64_t)v >= 0; }
static inline bool val_is_ptr(Value v) { return (int64_t)v < 0; }
static inline bool val_is_lazy(Value v) { return v >= VAL_LAZY; }
static inline uint64_t *val_obj(Value v) { return (uint64_t *)(uintptr_t)(v & VAL_ADDR); }
static inline Value obj_val(const uint64_t *o) { return VAL_POINTER | (uint64_t)(uintptr_t)o; }
static inline Value obj_lazy(const uint64_t *o) { return VAL_LAZY | (uint64_t)(uintptr_t)o; }

// --- headers -----------------------------------------------------------------------------------
static inline uint64_t obj_header(Kind kind, uint64_t flags, uint64_t count) {
  return (uint64_t)kind | flags | count << 16;
}
static inline Kind obj_kind(const uint64_t *o) { return (Kind)(o[0] & 0xff); }
static inline uint64_t obj_count(const uint64_t *o) { return o[0] >> 16; }
static inline bool obj_has(const uint64_t *o, uint64_t flag) { return (o[0] & flag) != 0; }
static inline bool obj_is_lazy_kind(const uint64_t *o) { return obj_kind(o) > KIND_LAZY; }

// Kind of an evaluated value; KIND_NAT also for small nats, KIND_ROW and KIND_BAR for all their forms.
static inline Kind val_kind(Value v) {
  return val_is_small(v) ? KIND_NAT : (Kind)(val_obj(v)[0] & 0xff & ~(uint64_t)KIND_FORM_BITS);
}

// Follows indirections; the result may still be lazy.
static inline Value val_deref(Value v) {
  while (val_is_lazy(v) && obj_kind(val_obj(v)) == KIND_IND) v = val_obj(v)[1];
  return v;
}

// Known to be in normal form (false says nothing).
static inline bool val_is_nf(Value v) {
  return val_is_small(v) || (!val_is_lazy(v) && obj_has(val_obj(v), OBJ_NF));
}

// --- fields by kind ----------------------------------------------------------------------------
static inline uint32_t app_args(const uint64_t *o) { return (uint32_t)(obj_count(o) & 0xffffff); }
static inline uint32_t app_left(const uint64_t *o) { return (uint32_t)(obj_count(o) >> 24); }
static inline uint64_t app_count(uint32_t args, uint32_t left) { return args | (uint64_t)left << 24; }

// Of a flat bar.
static inline const uint8_t *bar_bytes(const uint64_t *o) { return (const uint8_t *)(o + 1); }

// A stretch of a flat row or bar.
enum { VIEW_BASE = 1, VIEW_FROM = 2 };

// A node of a rope: count = length | children << 32 | height << 39 | keyed << 44;
// [child 1]..[child n][first element of child 1]..[.. of child n, if keyed][ends: n raw uint32, two a word].
// The i-th end is the number of elements or bytes in the children up to the i-th.
static inline size_t tree_len(const uint64_t *o) { return (uint32_t)obj_count(o); }
static inline size_t tree_children(const uint64_t *o) { return obj_count(o) >> 32 & 0x7f; }
static inline unsigned tree_height(const uint64_t *o) { return obj_count(o) >> 39 & 0x1f; }
static inline bool tree_keyed(const uint64_t *o) { return obj_count(o) >> 44 & 1; }
static inline uint64_t tree_count(size_t len, size_t children, unsigned height, bool keyed) {
  return len | (uint64_t)children << 32 | (uint64_t)height << 39 | (uint64_t)keyed << 44;
}
static inline const Value *tree_firsts(const uint64_t *o) { return o + 1 + tree_children(o); }
static inline const uint32_t *tree_ends(const uint64_t *o) {
  return (const uint32_t *)(o + 1 + (tree_children(o) << tree_keyed(o)));
}

enum { PIN_ITEM = 1, PIN_JET = 2, PIN_HASH = 3, PIN_WORDS = 7 };
#define PIN_HASHED (1ULL << 62) // not in the header, which other threads read plainly
enum { LAW_NAME = 1, LAW_ARITY = 2, LAW_BODY = 3, LAW_CODE = 4, LAW_WORDS = 5 };
enum { TAB_KEYS = 1, TAB_VALS = 2 };

// Size of an object in words, header included, and how many payload words the collector scans.
size_t obj_words(const uint64_t *o);
size_t obj_scan(const uint64_t *o);
