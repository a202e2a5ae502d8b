#include "common/plan/rope.h"
#include <string.h>

#define ITEMS_MAX (2 * ROPE_WIDTH + 2 * ROPE_CUT + 8)
#define NODE_WORDS (1 + 2 * ROPE_WIDTH + (ROPE_WIDTH + 1) / 2)

// What is worked on: rows or bars, and whether the nodes made are keyed.
typedef struct Rope {
  Machine *m;
  bool bar, keyed;
  size_t leaf, thin; // parts of a leaf: most, least
} Rope;

static Rope rope_of(Machine *m, Value v, bool keyed) {
  bool bar = val_kind(v) == KIND_BAR;
  size_t leaf = bar ? ROPE_BAR_LEAF : ROPE_ROW_LEAF;
  return (Rope){m, bar, keyed, leaf, leaf / 4 < 2 ? 2 : leaf / 4};
}

static unsigned height_of(Value v) { return rope_is_tree(v) ? tree_height(val_obj(v)) : 0; }
static size_t len_of(Value v) { return rope_len(val_obj(v)); }

// --- reading ---------------------------------------------------------------------------------------

// The child that part i lies in, or the last for i = length.
static size_t child_at(const uint64_t *node, size_t i) {
  const uint32_t *ends = tree_ends(node);
  size_t child = 0, last = tree_children(node) - 1;
  for (size_t k = 0; k < last; k++) child += ends[k] <= i;
  return child;
}

static size_t start_of(const uint64_t *node, size_t child) { return child ? tree_ends(node)[child - 1] : 0; }

const uint64_t *rope_leaf(Value v, size_t i, size_t *at) {
  const uint64_t *o = val_obj(v);
  while (obj_has(o, KIND_TREE)) {
    size_t child = child_at(o, i);
    i -= start_of(o, child);
    if (tree_height(o) > 1) {
      o = rope_child(o, child);
    } else {
      o = val_obj(o[1 + child]);
      __builtin_prefetch(o + 1 + i);
    }
  }
  *at = i;
  return o;
}

// --- paths -----------------------------------------------------------------------------------------
// Goes on down to the node of the given height, or the leaf, where part i of v is.
static void go_on_down(RopePath *p, Value v, size_t i, unsigned height) {
  const uint64_t *o = val_obj(v);
  while ((obj_has(o, KIND_TREE) ? tree_height(o) : 0) > height) {
    size_t child = child_at(o, i);
    i -= start_of(o, child);
    p->step[p->n++] = (struct RopeStep){o, child};
    o = rope_child(o, child);
  }
  p->end = o;
  p->at = i;
}

static void go_down(RopePath *p, Value v, size_t i, unsigned height) {
  p->n = 0;
  go_on_down(p, v, i, height);
}

static size_t index_behind(const RopePath *p, size_t steps) {
  size_t i = p->at;
  for (size_t k = steps; k < p->n; k++) i += start_of(p->step[k].node, p->step[k].child);
  return i;
}

size_t rope_path_index(const RopePath *p) { return index_behind(p, 0); }

static bool same_stretch(const uint64_t *x, const uint64_t *y, size_t child) {
  return child < tree_children(x) && tree_ends(x)[child] == tree_ends(y)[child] &&
         start_of(x, child) == start_of(y, child);
}

void rope_follow(Value v, const RopePath *other, RopePath *p) {
  for (p->n = 0; p->n < other->n && rope_is_tree(v); p->n++) {
    const struct RopeStep *s = &other->step[p->n];
    const uint64_t *o = val_obj(v);
    if (!same_stretch(o, s->node, s->child)) break;
    p->step[p->n] = (struct RopeStep){o, s->child};
    v = obj_val(rope_child(o, s->child));
  }
  go_on_down(p, v, index_behind(other, p->n), 0);
}

// Down both trees along the children that end at `end`.
size_t rope_shared_before(Value a, Value b, size_t end) {
  size_t end_a = end, end_b = end;
  while (rope_is_tree(a) && rope_is_tree(b)) {
    if (a == b && end_a == end_b) return end_a;
    const uint64_t *x = val_obj(a), *y = val_obj(b);
    bool down_a = tree_height(x) >= tree_height(y), down_b = tree_height(y) >= tree_height(x);
    if (down_a) {
      size_t child = child_at(x, end_a - 1);
      end_a -= start_of(x, child);
      a = x[1 + child];
    }
    if (down_b) {
      size_t child = child_at(y, end_b - 1);
      end_b -= start_of(y, child);
      b = y[1 + child];
    }
  }
  return a == b && end_a == end_b ? end_a : 0;
}

static Value first_element(Value v) {
  for (;;) {
    const uint64_t *o = val_obj(v);
    if (!obj_has(o, KIND_TREE)) return rope_leaf_elements(o)[0];
    if (tree_keyed(o)) return tree_firsts(o)[0];
    v = o[1];
  }
}

// --- leaves ----------------------------------------------------------------------------------------
typedef struct Items {
  Value at[ITEMS_MAX];
  size_t n;
} Items;

static void push_item(Items *items, Value v) {
  assert(items->n < ITEMS_MAX);
  items->at[items->n++] = v;
}

// What is known of a leaf's elements, as flags of it.
#define KNOWN (OBJ_NF | OBJ_PLAIN)

// What is known of those that are copied, as far as can be told without a look at what they point to: that is
// elsewhere in memory, and there are many.
static uint64_t copy_elements(Value *to, const uint64_t *leaf, size_t from, size_t n) {
  const Value *elements = rope_leaf_elements(leaf) + from;
  memcpy(to, elements, n * 8);
  if (obj_has(leaf, OBJ_PLAIN)) return KNOWN;
  Value any = 0;
  for (size_t i = 0; i < n; i++) any |= to[i];
  return val_is_small(any) ? KNOWN : leaf[0] & OBJ_NF;
}

// A flat leaf of n parts from `from` on of one leaf and then k of another.
static Value new_leaf(const Rope *r, const uint64_t *a, size_t from, size_t n, const uint64_t *b,
                      size_t from_b, size_t k) {
  if (r->bar) {
    uint64_t *o = new_bar(r->m, n + k);
    memcpy(o + 1, rope_leaf_bytes(a) + from, n);
    if (k) memcpy((uint8_t *)(o + 1) + n, rope_leaf_bytes(b) + from_b, k);
    return obj_val(o);
  }
  uint64_t *o = new_row_unset(r->m, n + k);
  uint64_t known = copy_elements(o + 1, a, from, n);
  if (k) known &= copy_elements(o + 1 + n, b, from_b, k);
  o[0] |= known | (r->keyed ? OBJ_NF : 0);
  return obj_val(o);
}

static Value new_view(const Rope *r, const uint64_t *leaf, size_t from, size_t n) {
  Kind kind = r->bar ? KIND_BAR_VIEW : KIND_ROW_VIEW;
  uint64_t *o = heap_alloc(r->m, obj_header(kind, leaf[0] & OBJ_NF, n), 2);
  bool is_view = obj_has(leaf, KIND_VIEW);
  o[VIEW_BASE] = is_view ? leaf[VIEW_BASE] : obj_val(leaf);
  o[VIEW_FROM] = is_view ? leaf[VIEW_FROM] + from : from;
  return obj_val(o);
}

static Value cut_leaf(const Rope *r, const uint64_t *leaf, size_t from, size_t to) {
  if (from == 0 && to == obj_count(leaf)) return obj_val(leaf);
  if (to - from > r->leaf) return new_view(r, leaf, from, to - from);
  return new_leaf(r, leaf, from, to - from, NULL, 0, 0);
}

// The same in short pieces, unless it is very long.
static void push_pieces(const Rope *r, const uint64_t *leaf, size_t from, size_t to, Items *out) {
  size_t n = to - from;
  if (n == 0) return;
  size_t pieces = obj_count(leaf) <= ROPE_CUT * r->leaf ? (n + r->leaf - 1) / r->leaf : 1;
  for (size_t i = 0; i < pieces; i++) {
    size_t end = from + n * (i + 1) / pieces;
    push_item(out, cut_leaf(r, leaf, from + n * i / pieces, end));
  }
}

// --- nodes -----------------------------------------------------------------------------------------
static bool is_thin(const Rope *r, Value v, unsigned height) {
  return height ? tree_children(val_obj(v)) < ROPE_THIN : obj_count(val_obj(v)) < r->thin;
}

static size_t node_words(size_t n, bool keyed) { return 1 + (n << keyed) + (n + 1) / 2; }

// Fills in a node, whose children are in place. Returns its flags.
static uint64_t fill_node(uint64_t *o, size_t n, bool keyed) {
  uint64_t nf = OBJ_NF;
  o[node_words(n, keyed) - 1] = 0;
  uint32_t *ends = (uint32_t *)(o + 1 + (n << keyed)), end = 0;
  for (size_t i = 0; i < n; i++) {
    if (keyed) o[1 + n + i] = first_element(o[1 + i]);
    ends[i] = end += (uint32_t)len_of(o[1 + i]);
    nf &= val_obj(o[1 + i])[0];
  }
  return nf;
}

static Value new_node(const Rope *r, const Value *children, size_t n, unsigned height) {
  size_t len = 0;
  assert(n > 0 && n <= ROPE_WIDTH && height <= ROPE_HEIGHT_MAX);
  for (size_t i = 0; i < n; i++) len += len_of(children[i]);
  uint64_t header =
      obj_header(r->bar ? KIND_BAR_TREE : KIND_ROW_TREE, 0, tree_count(len, n, height, r->keyed));
  uint64_t *o = heap_alloc(r->m, header, node_words(n, r->keyed) - 1);
  memcpy(o + 1, children, n * 8);
  o[0] |= fill_node(o, n, r->keyed);
  return obj_val(o);
}

bool rope_node_of(uint64_t *o, const Value *children, size_t n, bool keyed) {
  uint64_t len = 0;
  Kind kind = val_kind(children[0]);
  if (kind != KIND_ROW && (kind != KIND_BAR || keyed)) return false;
  Rope r = rope_of(NULL, children[0], keyed);
  unsigned height = height_of(children[0]);
  for (size_t i = 0; i < n; i++) {
    if (val_kind(children[i]) != kind || height_of(children[i]) != height || is_thin(&r, children[i], height))
      return false;
    len += len_of(children[i]);
  }
  if (len > ROPE_LEN_MAX || height == ROPE_HEIGHT_MAX) return false;
  o[0] = obj_header(kind | KIND_TREE, OBJ_NF | OBJ_SEALED, tree_count(len, n, height + 1, keyed));
  memcpy(o + 1, children, n * 8);
  fill_node(o, n, keyed);
  return true;
}

// Which side of a node grows: there the new node is left small, so that what grows at one end is full.
typedef enum Grows { GROWS_INSIDE, GROWS_LEFT, GROWS_RIGHT } Grows;

// Puts items of a height below as few nodes as will do; the nodes are the items then.
static void pack(const Rope *r, Items *items, unsigned height, Grows grows) {
  size_t n = items->n, nodes = (n + ROPE_WIDTH - 1) / ROPE_WIDTH, from = 0;
  for (size_t i = 0; i < nodes; i++) {
    size_t end = n * (i + 1) / nodes;
    if (nodes == 2 && i == 0 && grows == GROWS_RIGHT)
      end = n - ROPE_THIN < ROPE_WIDTH ? n - ROPE_THIN : ROPE_WIDTH;
    if (nodes == 2 && i == 0 && grows == GROWS_LEFT)
      end = n - ROPE_WIDTH < ROPE_THIN ? ROPE_THIN : n - ROPE_WIDTH;
    items->at[i] = new_node(r, items->at + from, end - from, height + 1);
    from = end;
  }
  items->n = nodes;
}

// Two neighbours of which one is thin become one, or two that are not.
static void fuse_leaves(const Rope *r, Value a, Value b, Items *out) {
  const uint64_t *x = val_obj(a), *y = val_obj(b);
  size_t n = obj_count(x), k = obj_count(y), half = r->leaf / 2;
  if (n > r->leaf) {
    push_item(out, cut_leaf(r, x, 0, n - half));
    push_item(out, new_leaf(r, x, n - half, half, y, 0, k));
  } else if (k > r->leaf) {
    push_item(out, new_leaf(r, x, 0, n, y, 0, half));
    push_item(out, cut_leaf(r, y, half, k));
  } else if (n + k <= r->leaf) {
    push_item(out, new_leaf(r, x, 0, n, y, 0, k));
  } else if (n > k) {
    size_t left = (n + k) / 2;
    push_item(out, new_leaf(r, x, 0, left, NULL, 0, 0));
    push_item(out, new_leaf(r, x, left, n - left, y, 0, k));
  } else {
    size_t taken = (n + k) / 2 - n;
    push_item(out, new_leaf(r, x, 0, n, y, 0, taken));
    push_item(out, new_leaf(r, y, taken, k - taken, NULL, 0, 0));
  }
}

static void push_children(Items *items, const uint64_t *node, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) push_item(items, node[1 + i]);
}

static void fuse(const Rope *r, Value a, Value b, unsigned height, Items *out) {
  if (height == 0) {
    fuse_leaves(r, a, b, out);
    return;
  }
  push_children(out, val_obj(a), 0, tree_children(val_obj(a)));
  push_children(out, val_obj(b), 0, tree_children(val_obj(b)));
  pack(r, out, height - 1, GROWS_INSIDE);
}

// Fuses the thin ones among items i up to `end` with their neighbours.
static void mend(const Rope *r, Items *items, size_t i, size_t end, unsigned height) {
  while (i < end && i < items->n && items->n > 1) {
    if (!is_thin(r, items->at[i], height)) {
      i++;
      continue;
    }
    size_t left = i ? i - 1 : 0;
    Items fused;
    fused.n = 0;
    fuse(r, items->at[left], items->at[left + 1], height, &fused);
    assert(fused.n == 1 || fused.n == 2);
    memcpy(items->at + left, fused.at, fused.n * 8);
    if (fused.n == 2) continue; // neither is thin
    items->n--;
    end--;
    memmove(items->at + left + 1, items->at + left + 2, (items->n - left - 1) * 8);
    i = left;
  }
}

// --- from leaf to root -------------------------------------------------------------------------------
// A copy of a node with one child replaced by another.
static Value with_child(const Rope *r, const uint64_t *node, size_t child, Value v) {
  size_t n = tree_children(node), words = obj_words(node);
  ptrdiff_t more = (ptrdiff_t)len_of(v) - (ptrdiff_t)len_of(node[1 + child]);
  uint64_t nf = val_obj(v)[0] & node[0] & OBJ_NF;
  uint64_t count = tree_count((size_t)((ptrdiff_t)tree_len(node) + more), n, tree_height(node), r->keyed);
  uint64_t *o = heap_alloc(r->m, obj_header(obj_kind(node), nf, count), words - 1);
  memcpy(o + 1, node + 1, (words - 1) * 8);
  o[1 + child] = v;
  if (r->keyed) o[1 + n + child] = first_element(v);
  uint32_t *ends = (uint32_t *)(o + 1 + (n << r->keyed));
  const uint32_t *before = tree_ends(node); // not read from the copy, which may still be on its way
  for (size_t i = 0; i < n; i++) ends[i] = before[i] + (i < child ? 0 : (uint32_t)more);
  return obj_val(o);
}

// Replaces the child of a node by items of its height; the items become those that replace the node.
static void splice(const Rope *r, const struct RopeStep *s, unsigned height, Items *items) {
  size_t n = tree_children(s->node), count = items->n;
  if (count == 1 && tree_keyed(s->node) == r->keyed && !is_thin(r, items->at[0], height)) {
    items->at[0] = with_child(r, s->node, s->child, items->at[0]);
    return;
  }
  Items all;
  all.n = 0;
  push_children(&all, s->node, 0, s->child);
  for (size_t i = 0; i < count; i++) push_item(&all, items->at[i]);
  push_children(&all, s->node, s->child + 1, n);
  mend(r, &all, s->child, s->child + count, height);
  pack(r, &all, height, s->child + 1 == n ? GROWS_RIGHT : s->child == 0 ? GROWS_LEFT : GROWS_INSIDE);
  *items = all;
}

// The whole in which the items, of the given height, replace what the path leads to.
static Value climb(const Rope *r, const RopePath *p, unsigned height, Items *items) {
  for (size_t k = p->n; k-- > 0; height++) splice(r, &p->step[k], height, items);
  mend(r, items, 0, items->n, height);
  for (; items->n > 1; height++) pack(r, items, height, GROWS_INSIDE);
  Value v = items->at[0];
  while (rope_is_tree(v) && tree_children(val_obj(v)) == 1) v = val_obj(v)[1];
  return v;
}

static bool enter(Machine *m, size_t nodes, size_t leaves, size_t leaf_words) {
  if (!jet_charge(m, 1 + nodes / 4)) return false;
  heap_need(m, nodes * NODE_WORDS + leaves * (leaf_words + 2));
  return true;
}

// --- changing ----------------------------------------------------------------------------------------
static void push_elements(const Rope *r, const Value *v, size_t n, uint64_t known, Items *out) {
  uint64_t *o = new_row_unset(r->m, n);
  memcpy(o + 1, v, n * 8);
  o[0] |= known | (r->keyed ? OBJ_NF : 0);
  push_item(out, obj_val(o));
}

static void change_leaf(const Rope *r, const uint64_t *leaf, size_t i, size_t del, const Value *v,
                        Items *out) {
  size_t len = obj_count(leaf), from = 0, to = len, half = r->leaf / 2;
  if (len > r->leaf) { // only a piece of it, which has room for one more
    from = i < len ? i - i % half : (len - 1) - (len - 1) % half;
    to = len - from < 2 * half ? len : from + half;
  }
  Value all[ROPE_ROW_LEAF + 1];
  size_t n = i - from;
  uint64_t known = copy_elements(all, leaf, from, n);
  if (v) {
    all[n] = val_deref(*v);
    if (!val_is_small(all[n])) known &= val_is_nf(all[n]) ? OBJ_NF : 0;
    n++;
  }
  known &= copy_elements(all + n, leaf, i + del, to - i - del);
  n += to - i - del;
  push_pieces(r, leaf, 0, from, out);
  if (n > r->leaf) { // at an end more is to be expected there
    size_t left = i == len ? n - r->thin : i == 0 ? r->thin : n / 2;
    push_elements(r, all, left, known, out);
    push_elements(r, all + left, n - left, known, out);
  } else if (n > 0) {
    push_elements(r, all, n, known, out);
  }
  push_pieces(r, leaf, to, len, out);
}

#define CHANGE_NODES(height) (4 * ((height) + 2))
#define CHANGE_LEAVES (2 * ROPE_CUT + 6)

bool rope_change_room(Machine *m, const Value *row, const Value *beside) {
  size_t nodes = CHANGE_NODES(height_of(*row)), leaves = CHANGE_LEAVES;
  if (beside) {
    nodes += CHANGE_NODES(height_of(*beside));
    leaves += CHANGE_LEAVES;
  }
  return enter(m, nodes, leaves, ROPE_ROW_LEAF);
}

Value rope_change_at(Machine *m, const RopePath *p, size_t del, const Value *v, bool keys) {
  Rope r = rope_of(m, obj_val(p->end), keys);
  Items items;
  items.n = 0;
  change_leaf(&r, p->end, p->at, del, v, &items);
  return climb(&r, p, 0, &items);
}

bool rope_change(Machine *m, const Value *row, size_t i, size_t del, const Value *v, bool keys, Value *out) {
  if (!rope_change_room(m, row, NULL)) return false;
  RopePath p;
  go_down(&p, *row, i, 0);
  *out = rope_change_at(m, &p, del, v, keys);
  return true;
}

// --- joining and cutting -------------------------------------------------------------------------------
// The lower one becomes a child on the edge of the higher one.
static Value join(const Rope *r, Value a, Value b) {
  unsigned ha = height_of(a), hb = height_of(b), low = ha < hb ? ha : hb;
  RopePath p;
  Value higher = ha > hb ? a : b;
  Items items;
  items.n = 0;
  go_down(&p, higher, ha > hb ? len_of(a) : 0, low);
  Value edge = obj_val(p.end);
  push_item(&items, ha > hb ? edge : a);
  push_item(&items, ha > hb ? b : edge);
  mend(r, &items, 0, 2, low);
  return climb(r, &p, low, &items);
}

bool rope_join(Machine *m, const Value *a, const Value *b, Value *out) {
  Rope r = rope_of(m, *a, false);
  unsigned height = height_of(*a) > height_of(*b) ? height_of(*a) : height_of(*b);
  if (!enter(m, 3 * (height + 2), 4, r.bar ? ROPE_BAR_LEAF / 8 + 1 : ROPE_ROW_LEAF)) return false;
  *out = join(&r, *a, *b);
  return true;
}

// The children from..to of a node as a whole, from < to.
static Value children_of(const Rope *r, const uint64_t *node, size_t from, size_t to) {
  return to - from == 1 ? node[1 + from] : new_node(r, node + 1 + from, to - from, tree_height(node));
}

static Value first_parts(const Rope *r, Value v, size_t n) {
  if (n == len_of(v)) return v;
  RopePath p;
  go_down(&p, v, n, 0);
  Value all = p.at ? cut_leaf(r, p.end, 0, p.at) : 0;
  for (size_t k = p.n; k-- > 0;) {
    const struct RopeStep *s = &p.step[k];
    if (s->child == 0) continue;
    Value left = children_of(r, s->node, 0, s->child);
    all = all ? join(r, left, all) : left;
  }
  return all;
}

static Value parts_behind(const Rope *r, Value v, size_t n) {
  if (n == 0) return v;
  RopePath p;
  go_down(&p, v, n, 0);
  size_t len = obj_count(p.end);
  Value all = p.at < len ? cut_leaf(r, p.end, p.at, len) : 0;
  for (size_t k = p.n; k-- > 0;) {
    const struct RopeStep *s = &p.step[k];
    size_t children = tree_children(s->node);
    if (s->child + 1 == children) continue;
    Value right = children_of(r, s->node, s->child + 1, children);
    all = all ? join(r, all, right) : right;
  }
  return all;
}

bool rope_slice(Machine *m, const Value *v, size_t from, size_t to, Value *out) {
  assert(from < to && to <= len_of(*v));
  Rope r = rope_of(m, *v, rope_is_tree(*v) && tree_keyed(val_obj(*v)));
  size_t height = height_of(*v);
  if (!enter(m, 24 * (height + 1), 8 * (height + 1), r.bar ? ROPE_BAR_LEAF / 8 + 1 : ROPE_ROW_LEAF))
    return false;
  *out = parts_behind(&r, first_parts(&r, *v, to), from);
  return true;
}
