// Ropes: long rows and bars as persistent trees. Changing, cutting and joining them takes O(log n) and
// shares what stays the same.
//
// A row or bar is a leaf or a tree. A leaf is flat, or a view: a stretch of a longer flat one (never of
// another view). A tree is a node with children of one height, leaves below (value.h has the layout); all
// nodes but the topmost have ROPE_THIN children or more, and leaves in a tree have row_thin or bar_thin
// parts or more. Leaves made here are short; long ones come from elsewhere and are cut where they change.
//
// The nodes over the keys of a set may be keyed: they hold the first key below each child, for set_find.
// All elements below are then ascending keys in normal form.
//
// What is short is flat always: ROPE_FLAT_ROW elements, ROPE_FLAT_BAR bytes and less.
// What is longer than ROPE_LEN_MAX is flat, too.
//
// Every operation charges its work, and makes its room first, so that nothing moves while it works. The
// sources are taken by rooted address.
#pragma once
#include "common/plan/heap.h"

#if defined(HOSTILE) || defined(SMALL_TREES) // so that tests meet all forms
#define ROPE_WIDTH 4u
#define ROPE_ROW_LEAF 4u
#define ROPE_BAR_LEAF 6u
#define ROPE_CUT 3u
#else
#define ROPE_WIDTH 16u     // children of a node
#define ROPE_ROW_LEAF 32u  // elements of a leaf
#define ROPE_BAR_LEAF 512u // bytes of a leaf
#define ROPE_CUT 16u       // leaves that a long leaf is cut into at once; of a longer one views are made
#endif

#define ROPE_THIN (ROPE_WIDTH / 4 < 2 ? 2u : ROPE_WIDTH / 4)
#define ROPE_FLAT_ROW (2 * ROPE_ROW_LEAF)
#define ROPE_FLAT_BAR (2 * ROPE_BAR_LEAF)
#define ROPE_LEN_MAX ((1ULL << 32) - 1)
#define ROPE_HEIGHT_MAX 31u

static inline bool rope_is_tree(Value v) { return obj_has(val_obj(v), KIND_TREE); }

// Parts of a row or bar of any form, by its object.
static inline size_t rope_len(const uint64_t *o) {
  return obj_has(o, KIND_TREE) ? tree_len(o) : obj_count(o);
}

// The elements or bytes of a leaf.
static inline const Value *rope_leaf_elements(const uint64_t *o) {
  return obj_has(o, KIND_VIEW) ? val_obj(o[VIEW_BASE]) + 1 + o[VIEW_FROM] : o + 1;
}
static inline const uint8_t *rope_leaf_bytes(const uint64_t *o) {
  return obj_has(o, KIND_VIEW) ? bar_bytes(val_obj(o[VIEW_BASE])) + o[VIEW_FROM] : bar_bytes(o);
}

// The child of a node, whose parts memory is asked for at once: a search would ask for one after the other.
static inline const uint64_t *rope_child(const uint64_t *node, size_t child) {
  const uint64_t *o = val_obj(node[1 + child]);
  for (int line = 0; line < 5; line++) __builtin_prefetch(o + 8 * line);
  return o;
}

// The leaf that part i lies in, i < length; *at is its place there.
const uint64_t *rope_leaf(Value v, size_t i, size_t *at);

// The way from the top to a part. Good until the next allocation that may collect.
typedef struct RopePath {
  struct RopeStep {
    const uint64_t *node;
    size_t child;
  } step[ROPE_HEIGHT_MAX + 1];
  size_t n;            // steps
  const uint64_t *end; // the leaf
  size_t at;           // place in the leaf; its length for a part to be put behind it
} RopePath;

size_t rope_path_index(const RopePath *p);

// The way to the part of the same number in a row of the same length, which is found without searching as
// far as the two have the same shape: what is done to two rows alike leaves them alike.
void rope_follow(Value v, const RopePath *other, RopePath *out);

// How many parts before `end` are certainly the same in both, because they lie in shared nodes. Both are
// rows of the same length, or bars.
size_t rope_shared_before(Value a, Value b, size_t end);

// A row with `del` elements (0 or 1) from i on replaced by *v, if given. keys: it is ascending keys, and will
// be. The result is not to be shorter than ROPE_FLAT_ROW. False: m->stop is set.
bool rope_change(Machine *m, const Value *row, size_t i, size_t del, const Value *v, bool keys, Value *out);

// The same where the path leads. The room is made before the path is searched for, for one row or two.
bool rope_change_room(Machine *m, const Value *row, const Value *beside);
Value rope_change_at(Machine *m, const RopePath *p, size_t del, const Value *v, bool keys);

// Both rows or both bars, neither empty, joined.
bool rope_join(Machine *m, const Value *a, const Value *b, Value *out);

// Makes a sealed node at `o` of children that nobody vouches for, as far as their kinds and sizes go: false
// when they do not make one. n is at least 2 and at most ROPE_WIDTH.
bool rope_node_of(uint64_t *o, const Value *children, size_t n, bool keyed);

// Parts from..to; the caller copies what is short.
bool rope_slice(Machine *m, const Value *v, size_t from, size_t to, Value *out);
