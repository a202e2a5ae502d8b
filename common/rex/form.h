// Trees of clumps: what is written without spaces, and what stands in brackets. Private to the reader.
//
// Sons under construction lie on one stack shared by all open nodes; whoever takes them knows the
// height at which its own begin. Recursion here follows brackets, which lex.c bounds.
#pragma once
#include "common/rex/lex.h"

// A tree with the end of its heir chain, so that chains grow in constant time.
typedef struct Tree {
  Rex *head, *tail;
  uint32_t first; // index of the lexeme where it starts
  uint32_t depth; // nodes above each other, heirs counted at their head's level
} Tree;

typedef struct Builder {
  Arena *arena;
  const char *src;
  const Lexeme *lex;
  Tree *sons;
  size_t count, cap;
  Fault *fault;
} Builder;

void form_push(Builder *b, Tree t);

// Takes the sons from `base` on as those of a new node. The node ends where the last of them does, and
// where it starts if there is none. Sets FAULT_DEPTH when it becomes too deep.
Tree form_node(Builder *b, RexKind style, const char *rune, uint32_t len, size_t base, uint32_t first);

// Makes t the end of chain's heirs.
void form_heir(Tree *chain, Tree t);

// Pushes the trees of all clumps from lexeme i on, up to a lone rune or `stop`; returns where it is.
uint32_t form_clumps(Builder *b, uint32_t i, uint32_t stop);

// Pushes the tree of the clump at i (not a lone rune); returns where the next begins.
uint32_t form_clump(Builder *b, uint32_t i, uint32_t stop);

static inline RexPos lexeme_start(const Lexeme *x) { return (RexPos){x->line, x->col}; }
static inline RexPos lexeme_end(const Lexeme *x) { return (RexPos){x->line, x->col + (x->end - x->start)}; }
