#include "common/rex/form.h"
#include "common/base/mem.h"
#include <assert.h>
#include <string.h>

#define NO_RUNE UINT32_MAX

void form_push(Builder *b, Tree t) {
  mem_reserve(b->sons, b->cap, b->count + 1);
  b->sons[b->count++] = t;
}

static Rex *new_node(Builder *b, RexKind kind, const char *text, uint32_t len, uint32_t first) {
  Rex *x = arena_alloc(b->arena, sizeof *x);
  x->kind = kind;
  x->text = text;
  x->len = len;
  x->start = lexeme_start(&b->lex[first]);
  x->end = lexeme_end(&b->lex[first]);
  return x;
}

Tree form_node(Builder *b, RexKind style, const char *rune, uint32_t len, size_t base, uint32_t first) {
  Rex *x = new_node(b, style, rune, len, first);
  Tree t = {x, x, first, 1};
  x->count = (uint32_t)(b->count - base);
  if (x->count > 0) {
    x->sons = arena_alloc(b->arena, x->count * sizeof *x->sons);
    const Rex *last = b->sons[b->count - 1].tail;
    assert(last != NULL);
    x->end = last->end;
  }
  for (uint32_t i = 0; i < x->count; i++) {
    const Tree *son = &b->sons[base + i];
    x->sons[i] = son->head;
    if (son->depth >= t.depth) t.depth = son->depth + 1;
  }
  b->count = base;
  if (t.depth > REX_MAX_DEPTH && b->fault->kind == FAULT_NONE)
    *b->fault = (Fault){FAULT_DEPTH, b->lex[first].start, b->lex[first].start};
  return t;
}

void form_heir(Tree *chain, Tree t) {
  chain->tail->heir = t.head;
  chain->tail = t.tail;
  if (t.depth > chain->depth) chain->depth = t.depth;
}

static bool same_rune(const Builder *b, uint32_t i, uint32_t j) {
  const Lexeme *x = &b->lex[i], *y = &b->lex[j];
  uint32_t len = x->end - x->start;
  return len == y->end - y->start && memcmp(b->src + x->start, b->src + y->start, len) == 0;
}

static Tree rune_node(Builder *b, RexKind style, uint32_t rune, size_t base, uint32_t first) {
  const Lexeme *x = &b->lex[rune];
  return form_node(b, style, b->src + x->start, x->end - x->start, base, first);
}

// --- infix: the same algorithm for x.y and for (x . y) ------------------------------------------

typedef struct Infix {
  RexKind style;
  size_t base;   // the operands
  uint32_t rune; // between them
} Infix;

// Makes what was read so far the operand of another rune.
static void infix_wrap(Builder *b, Infix *in) {
  form_push(b, rune_node(b, in->style, in->rune, in->base, b->sons[in->base].first));
}

static void infix_rune(Builder *b, Infix *in, uint32_t rune) {
  if (in->rune != NO_RUNE && !same_rune(b, in->rune, rune)) infix_wrap(b, in);
  in->rune = rune;
}

static Tree infix_end(Builder *b, Infix *in) {
  if (in->rune != NO_RUNE) infix_wrap(b, in);
  return b->sons[--b->count];
}

// --- inside brackets -------------------------------------------------------------------------------

static void span(const Builder *b, Tree *t, uint32_t bracket) {
  t->head->start = lexeme_start(&b->lex[bracket]);
  t->head->end = lexeme_end(&b->lex[bracket]);
  t->first = bracket;
}

// What stands between infix runes: one clump is itself, several are an application, none is an empty
// one right behind the rune.
static Tree group(Builder *b, size_t base, uint32_t rune) {
  if (b->count - base == 1) return b->sons[--b->count];
  bool empty = b->count == base;
  Tree t = form_node(b, REX_NEST, "|", 1, base, empty ? rune : b->sons[base].first);
  if (empty) t.head->start = t.head->end;
  return t;
}

// A rune and its items; a further rune takes the rest, as the last son. The runes wait on the stack of
// sons, as entries without tree, until the end of the list is known.
static Tree prefix(Builder *b, uint32_t i, uint32_t stop) {
  size_t base = b->count;
  while (i < stop) {
    form_push(b, (Tree){NULL, NULL, i, 0});
    i = form_clumps(b, i + 1, stop);
  }
  for (;;) {
    size_t mark = b->count - 1;
    while (b->sons[mark].head) mark--;
    uint32_t rune = b->sons[mark].first;
    Tree t = rune_node(b, REX_NEST, rune, mark + 1, rune);
    b->count = mark;
    if (mark == base) return t;
    form_push(b, t);
  }
}

// The operands from `base` on are the first group, i is the rune behind it.
static Tree infix(Builder *b, size_t base, uint32_t i, uint32_t stop) {
  Infix in = {REX_INFX, base, NO_RUNE};
  form_push(b, group(b, base, i));
  while (i < stop) {
    uint32_t rune = i++;
    infix_rune(b, &in, rune);
    size_t right = b->count;
    if (i < stop && b->lex[i].lone) {
      form_push(b, prefix(b, i, stop));
      i = stop;
    } else {
      i = form_clumps(b, i, stop);
      form_push(b, group(b, right, rune));
    }
  }
  return infix_end(b, &in);
}

static Tree paren(Builder *b, uint32_t at) {
  uint32_t stop = b->lex[at].next;
  size_t base = b->count;
  uint32_t i = form_clumps(b, at + 1, stop);
  if (i == stop && b->count - base == 1) return b->sons[--b->count];
  Tree t;
  if (i == stop)
    t = form_node(b, REX_NEST, "|", 1, base, at);
  else if (b->count == base)
    t = prefix(b, i, stop);
  else
    t = infix(b, base, i, stop);
  span(b, &t, at);
  return t;
}

static Tree bracket(Builder *b, uint32_t at) {
  size_t base = b->count;
  form_clumps(b, at + 1, b->lex[at].next);
  Tree t = form_node(b, REX_NEST, ",", 1, base, at);
  span(b, &t, at);
  return t;
}

// --- clumps ----------------------------------------------------------------------------------------

static Tree leaf(Builder *b, RexKind kind, uint32_t at) {
  const Lexeme *x = &b->lex[at];
  uint32_t from = x->start + x->head;
  Rex *r = new_node(b, kind, b->src + from, x->end - x->tail - from, at);
  return (Tree){r, r, at, 1};
}

static Tree item(Builder *b, uint32_t at) {
  switch (b->lex[at].kind) {
  case LEX_WORD: return leaf(b, REX_WORD, at);
  case LEX_TEXT: return leaf(b, REX_TEXT, at);
  case LEX_LINE: return leaf(b, REX_LINE, at);
  case LEX_PARA: return paren(b, at);
  default: return bracket(b, at);
  }
}

// Items without a rune between them: each continues the one before.
static Tree chain(Builder *b, uint32_t *i, uint32_t stop) {
  Tree t = item(b, *i);
  *i = b->lex[*i].next;
  while (*i < stop && b->lex[*i].kind != LEX_RUNE) {
    form_heir(&t, item(b, *i));
    *i = b->lex[*i].next;
  }
  return t;
}

static Tree tight(Builder *b, uint32_t i, uint32_t stop) {
  Infix in = {REX_SHUT, b->count, NO_RUNE};
  form_push(b, chain(b, &i, stop));
  while (i < stop) {
    infix_rune(b, &in, i++);
    form_push(b, chain(b, &i, stop));
  }
  return infix_end(b, &in);
}

static uint32_t clump_end(const Builder *b, uint32_t i, uint32_t stop) {
  do i = b->lex[i].next;
  while (i < stop && b->lex[i].glued && !b->lex[i].lone);
  return i;
}

uint32_t form_clump(Builder *b, uint32_t i, uint32_t stop) {
  uint32_t end = clump_end(b, i, stop);
  if (b->lex[i].kind != LEX_RUNE) {
    form_push(b, tight(b, i, end));
    return end;
  }
  size_t base = b->count;
  form_push(b, tight(b, i + 1, end));
  form_push(b, rune_node(b, REX_PREF, i, base, i));
  return end;
}

uint32_t form_clumps(Builder *b, uint32_t i, uint32_t stop) {
  while (i < stop && !b->lex[i].lone) i = form_clump(b, i, stop);
  return i;
}
