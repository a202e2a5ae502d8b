// Open forms: deeper columns are sons, the same column is the heir, less ends the node.
#include "common/base/mem.h"
#include "common/rex/form.h"
#include <assert.h>

typedef struct Open {
  uint32_t col;  // of the rune's last byte
  uint32_t rune; // its lexeme
  size_t base;   // its sons on the builder's stack
  Tree heir;     // head NULL when there is none
} Open;

typedef struct Layout {
  Builder b;
  Open *open;
  size_t depth, cap;
} Layout;

static void open_push(Layout *l, uint32_t rune) {
  const Lexeme *x = &l->b.lex[rune];
  mem_reserve(l->open, l->cap, l->depth + 1);
  l->open[l->depth++] = (Open){x->col + (x->end - x->start) - 1, rune, l->b.count, {0}};
}

static Tree open_pop(Layout *l) {
  const Open *o = &l->open[--l->depth];
  const Lexeme *x = &l->b.lex[o->rune];
  Tree t = form_node(&l->b, REX_OPEN, l->b.src + x->start, x->end - x->start, o->base, o->rune);
  if (o->heir.head) form_heir(&t, o->heir);
  return t;
}

// What comes after a heir shows that the heir was a son.
static void attach(Layout *l, uint32_t col, Tree t) {
  Open *top = &l->open[l->depth - 1];
  if (top->heir.head) {
    form_push(&l->b, top->heir);
    top->heir = t;
  } else if (col == top->col) {
    top->heir = t;
  } else {
    form_push(&l->b, t);
  }
}

static void close_one(Layout *l) {
  assert(l->depth > 1); // no line of a block starts left of its first rune
  uint32_t col = l->open[l->depth - 1].col;
  Tree t = open_pop(l);
  attach(l, col, t);
}

static uint32_t item_fragment(Layout *l, uint32_t i, uint32_t stop) {
  uint32_t col = l->b.lex[i].col;
  i = form_clump(&l->b, i, stop);
  Tree t = l->b.sons[--l->b.count];
  attach(l, col, t);
  return i;
}

// All from the first lone rune on is one tree.
static Tree open_form(Layout *l, uint32_t i, uint32_t stop) {
  open_push(l, i++);
  while (i < stop) {
    const Lexeme *x = &l->b.lex[i];
    uint32_t col = x->lone ? x->col + (x->end - x->start) - 1 : x->col;
    while (col < l->open[l->depth - 1].col) close_one(l);
    if (x->lone)
      open_push(l, i++);
    else
      i = item_fragment(l, i, stop);
  }
  while (l->depth > 1) close_one(l);
  return open_pop(l);
}

Rex *rex_build(Arena *a, const char *src, const Lexemes *lexemes, Fault *fault) {
  Layout l = {.b = {.arena = a, .src = src, .lex = lexemes->items, .fault = fault}};
  uint32_t stop = (uint32_t)lexemes->count;
  uint32_t i = form_clumps(&l.b, 0, stop);
  if (i < stop) form_push(&l.b, open_form(&l, i, stop));
  Tree t = l.b.count == 1 ? l.b.sons[0] : form_node(&l.b, REX_OPEN, "|", 1, 0, 0);
  mem_free(l.b.sons);
  mem_free(l.open);
  return fault->kind == FAULT_NONE ? t.head : NULL;
}
