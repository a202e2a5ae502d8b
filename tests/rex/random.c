#include "tests/rex/random.h"
#include <string.h>

// splitmix64, written from its published description.
static uint64_t random_word(Random *r) {
  uint64_t z = r->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint32_t random_below(Random *r, uint32_t n) { return (uint32_t)(random_word(r) >> 32) % n; }

static const char *const words[] = {"a", "b", "x1", "_", "Foo_bar", "0", "7", "", "not a word", "\xc3\xa9"};
static const char *const texts[] = {"",   "a",     "two words", "{}",  "}",    "{", "a}b{c", "_}",
                                    ";x", "\"q\"", "}} _ |#",   "a_}", " } x", " ", "} a",   "(]"};
static const char *const runes[] = {"|",  ",",    "+", "-", ".",        "#", "=?=", "@@",
                                    "**", "####", "'", "`", "::::::::", "?", "^-^", "\\"};
#define PICK(r, list) (list)[random_below((r), sizeof(list) / sizeof *(list))]

static Rex *random_leaf(Random *r, Arena *a) {
  RexKind kind = (RexKind)random_below(r, 3);
  const char *text = kind == REX_WORD ? PICK(r, words) : PICK(r, texts);
  char bytes[12];
  if (random_below(r, 4) > 0) return rex_leaf(a, kind, text, strlen(text), NULL);
  size_t len = random_below(r, sizeof bytes);
  for (size_t i = 0; i < len; i++) bytes[i] = (char)random_below(r, 256);
  for (size_t i = 0; i < len; i++)
    if (bytes[i] == '\n') bytes[i] = '}';
  return rex_leaf(a, kind, bytes, len, NULL);
}

static RexKind random_style(Random *r) {
  if (random_below(r, 2)) return REX_OPEN;
  return (RexKind)(REX_OPEN + random_below(r, 5));
}

// Sizes of the parts are random, so that trees come deep and flat.
Rex *random_rex(Random *r, Arena *a, uint32_t size) {
  Rex *x, *sons[5];
  if (size <= 1) return random_leaf(r, a);
  size--;
  uint32_t heir = random_below(r, 3) == 0 ? 1 + random_below(r, size) : 0;
  if (random_below(r, 6) == 0) {
    x = random_leaf(r, a);
    heir = size;
  } else {
    uint32_t left = size - heir, count = 0;
    while (left > 0 && count < 5) {
      uint32_t part = 1 + random_below(r, left);
      sons[count++] = random_rex(r, a, part);
      left -= part;
    }
    const char *rune = PICK(r, runes);
    x = rex_node(a, random_style(r), rune, strlen(rune), sons, count, NULL);
  }
  if (heir > 0) x->heir = random_rex(r, a, heir);
  return x;
}

static bool all_lines(const Rex *x) {
  for (; x; x = x->heir)
    if (x->kind != REX_LINE) return false;
  return true;
}

static RexKind printed_kind(const Rex *x) {
  switch (x->kind) {
  case REX_WORD: return rex_is_word(x->text, x->len) ? REX_WORD : REX_TEXT;
  case REX_LINE: return REX_TEXT;
  case REX_OPEN: return REX_NEST;
  case REX_PREF: return x->count == 1 ? REX_PREF : REX_NEST;
  case REX_INFX:
  case REX_SHUT: return x->count >= 2 ? x->kind : REX_NEST;
  default: return x->kind;
  }
}

// Places a tree can stand in. In a column, and at the end of a clump in a column, page strings stay.
typedef enum Place { PLACE_INSIDE, PLACE_COLUMN, PLACE_AFTER_PREF, PLACE_AFTER_SHUT } Place;

static Rex *form(Arena *a, const Rex *x, Place place);

static Rex *copy_as(Arena *a, const Rex *x, RexKind kind, Place sons, Place last) {
  Rex *copy = arena_alloc(a, sizeof *copy);
  *copy = *x;
  copy->kind = kind;
  if (x->count > 0) copy->sons = arena_alloc(a, x->count * sizeof *x->sons);
  for (uint32_t i = 0; i < x->count; i++)
    copy->sons[i] = form(a, x->sons[i], i + 1 == x->count ? last : sons);
  return copy;
}

static Rex *chain_form(Arena *a, const Rex *x, bool keep_page) {
  if (!x) return NULL;
  bool page = keep_page && all_lines(x);
  Rex *copy = copy_as(a, x, page ? REX_LINE : printed_kind(x), PLACE_INSIDE, PLACE_INSIDE);
  copy->heir = chain_form(a, x->heir, keep_page);
  return copy;
}

static Rex *form(Arena *a, const Rex *x, Place place) {
  RexKind kind = printed_kind(x);
  if (place == PLACE_COLUMN && x->kind == REX_OPEN) {
    Rex *copy = copy_as(a, x, REX_OPEN, PLACE_COLUMN, PLACE_COLUMN);
    if (x->heir) copy->heir = form(a, x->heir, PLACE_COLUMN);
    return copy;
  }
  if (!x->heir && kind == REX_PREF && place == PLACE_COLUMN)
    return copy_as(a, x, kind, PLACE_INSIDE, PLACE_AFTER_PREF);
  if (!x->heir && kind == REX_SHUT && (place == PLACE_COLUMN || place == PLACE_AFTER_PREF))
    return copy_as(a, x, kind, PLACE_INSIDE, PLACE_AFTER_SHUT);
  return chain_form(a, x, place != PLACE_INSIDE);
}

static bool two_lines_anywhere(const Rex *x) {
  if (x->kind == REX_LINE && x->heir && x->heir->kind == REX_LINE) return true;
  for (uint32_t i = 0; i < x->count; i++)
    if (two_lines_anywhere(x->sons[i])) return true;
  return x->heir && two_lines_anywhere(x->heir);
}

Rex *printed_form(Arena *a, const Rex *x, bool tall) {
  if (!tall) return form(a, x, PLACE_INSIDE);
  Rex *copy = form(a, x, PLACE_COLUMN);
  bool closed = x->kind != REX_OPEN && !all_lines(x);
  return closed && two_lines_anywhere(copy) ? form(a, x, PLACE_INSIDE) : copy;
}

static const char pieces[] = "()[]{}\"};| -\n\n  } a.b,#\t";

static void insert(Buf *b, size_t at, const void *src, size_t n) {
  char copy[64];
  memcpy(copy, src, n);
  buf_extend(b, n);
  memmove(b->data + at + n, b->data + at, b->len - at - n);
  memcpy(b->data + at, copy, n);
}

void random_damage(Random *r, Buf *b) {
  for (uint32_t i = 1 + random_below(r, 4); i > 0 && b->len > 0; i--) {
    size_t at = random_below(r, (uint32_t)b->len), n = 1 + random_below(r, 32);
    if (n > b->len - at) n = b->len - at;
    switch (random_below(r, 5)) {
    case 0: b->data[at] = (uint8_t)random_below(r, 256); break;
    case 1: b->data[at] = (uint8_t)PICK(r, pieces); break;
    case 2: insert(b, at, &PICK(r, pieces), 1); break;
    case 3: insert(b, random_below(r, (uint32_t)b->len), b->data + at, n); break;
    default: memmove(b->data + at, b->data + at + n, b->len - at - n); b->len -= n;
    }
  }
}
