// A profile as it is shown: functions, and how much was spent on which stack of them.
#pragma once
#include "client/verb.h"

typedef struct StackFunction {
  char *name;  // printable
  char *place; // file:line, or ""
} StackFunction;

// As in common/plan/profile.h: a node stands for the stack from the root, node 0, to it. What was spent
// counts for the innermost function.
typedef struct StackNode {
  uint32_t parent, function;
  uint64_t samples, ns, calls, bytes;
} StackNode;

typedef struct Stacks {
  StackFunction *functions;
  size_t function_count, function_cap;
  StackNode *nodes;
  size_t node_count, node_cap;
} Stacks;

// Both copy. Functions of the same name and place are one. A node comes after its parent.
uint32_t stacks_function(Stacks *s, const char *name, const char *place);
void stacks_node(Stacks *s, const StackNode *node);
void stacks_free(Stacks *s); // accepts a zeroed one

// What the root and all below it took.
StackNode stacks_sum(const Stacks *s);

// A table of the `most` functions (0: all) with the most time of their own; the same as JSON; lines
// "outer;inner microseconds"; a flame graph.
void stacks_table(const Stacks *s, size_t most, Buf *out);
void stacks_json(const Stacks *s, size_t most, Buf *out);
void stacks_folded(const Stacks *s, Buf *out);
void stacks_svg(const Stacks *s, const char *title, Buf *out);
