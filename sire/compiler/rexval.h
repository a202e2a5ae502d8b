// Rex trees that may come from source text or from a PLAN value, and go to one when a macro is called.
//
// A Rex node as a value is a pinned law applied to all its arguments but one:
//   <(0 {##EMBD} 2 0)> value
//   <(0 {##WORD} 3 0)> text heir            TEXT LINE alike
//   <(0 {##OPEN} 4 0)> rune sons heir       NEST INFX PREF SHUT alike
// A heir of 0 is none. What macros return is lazy in every part and may be anything at all: a tree is
// taken apart only where the compiler looks, one level by tree_open, and what has no Rex shape becomes
// TREE_BAD, an error only when used. The value stays beside the node, so giving it to the next macro
// costs nothing.
#pragma once
#include "sire/compiler/state.h"

typedef enum TreeKind { TREE_UNREAD, TREE_LEAF, TREE_NODE, TREE_EMBED, TREE_BAD } TreeKind;

struct Tree {
  TreeKind kind;
  RexKind style;
  uint32_t len;     // of text
  uint32_t count;   // of sons
  const char *text; // of a leaf; the rune of a node
  Tree **sons;
  Tree *heir;
  Ref value; // 0: not made yet
  Ref embed; // TREE_EMBED
  const Rex *src;
  const Tree *origin; // of a tree that the compiler put around another: that
};

Tree *tree_of_rex(Sire *s, const Rex *x);
Tree *tree_of_value(Sire *s, Ref v);
Tree *tree_leaf(Sire *s, RexKind kind, const char *text, Tree *heir);
Tree *tree_node(Sire *s, RexKind style, const char *rune, Tree *const *sons, uint32_t count, Tree *heir);
Tree *tree_without_heir(Sire *s, Tree *t); // of an open leaf or node

// Makes kind and fields known. False: evaluating the value failed.
bool tree_open(Sire *s, Tree *t);

// As tree_open for each kid, too.
bool tree_open_kids(Sire *s, Tree *t);

// The PLAN value of a tree, made at the first call.
Ref tree_value(Sire *s, Tree *t);

// Sons, then the heir, of an open node.
static inline uint32_t tree_kid_count(const Tree *t) { return t->count + (t->heir != NULL); }
static inline Tree *tree_kid(const Tree *t, uint32_t i) { return i < t->count ? t->sons[i] : t->heir; }

bool tree_text_is(const Tree *t, const char *text);
static inline bool tree_is_node(const Tree *t, const char *rune) {
  return t->kind == TREE_NODE && tree_text_is(t, rune);
}

// Makes the pins that values of trees begin with.
void rexval_init(Sire *s);

// For messages: a plain tree with at most `budget` nodes. What is cut off, or not computed yet, becomes
// an embed of 0; embedded values keep their Ref as the word. Nothing is evaluated.
Rex *tree_to_rex(Sire *s, const Tree *t, uint32_t *budget);

// The source node whose value `t` has; NULL when there is none.
const Rex *tree_source(Sire *s, const Tree *t);
