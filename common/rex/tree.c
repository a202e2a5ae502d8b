#include "common/base/mem.h"
#include "common/rex/rex.h"
#include <string.h>

static const char rune_bytes[] = "$!#%&*+,-./:<=>?@\\^`'|~";

bool rex_is_word_byte(uint8_t c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool rex_is_rune_byte(uint8_t c) { return c != 0 && strchr(rune_bytes, c) != NULL; }

bool rex_is_word(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (!rex_is_word_byte((uint8_t)text[i])) return false;
  return len > 0;
}

bool rex_is_rune(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (!rex_is_rune_byte((uint8_t)text[i])) return false;
  return len > 0;
}

Rex *rex_leaf(Arena *a, RexKind kind, const char *text, size_t len, Rex *heir) {
  Rex *x = arena_alloc(a, sizeof *x);
  x->kind = kind;
  x->text = arena_strndup(a, text, len);
  x->len = (uint32_t)len;
  x->heir = heir;
  return x;
}

Rex *rex_node(Arena *a, RexKind style, const char *rune, size_t len, Rex *const *sons, size_t count,
              Rex *heir) {
  Rex *x = rex_leaf(a, style, rune, len, heir);
  x->count = (uint32_t)count;
  if (count == 0) return x;
  x->sons = arena_alloc(a, mem_mul(count, sizeof *sons));
  memcpy(x->sons, sons, count * sizeof *sons);
  return x;
}

Rex *rex_embed(Arena *a, uint64_t word) {
  Rex *x = arena_alloc(a, sizeof *x);
  x->kind = REX_EMBED;
  x->embed = word;
  return x;
}

bool rex_text_is(const Rex *x, const char *s) {
  return x->kind != REX_EMBED && x->len == strlen(s) && memcmp(x->text, s, x->len) == 0;
}

// Compares everything but the children.
static bool same_head(const Rex *a, const Rex *b) {
  if (a->kind != b->kind || (a->heir == NULL) != (b->heir == NULL)) return false;
  if (a->kind == REX_EMBED) return a->embed == b->embed;
  return a->count == b->count && a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

typedef struct Pair {
  const Rex *a, *b;
} Pair;

bool rex_equal(const Rex *a, const Rex *b) {
  if (a == NULL || b == NULL) return a == b;
  Pair *todo = NULL;
  size_t count = 0, cap = 0;
  bool same = true;
  mem_reserve(todo, cap, 1);
  todo[count++] = (Pair){a, b};
  while (same && count > 0) {
    Pair p = todo[--count];
    if (p.a == p.b) continue;
    same = same_head(p.a, p.b);
    if (!same) break;
    mem_reserve(todo, cap, count + p.a->count + 1);
    if (p.a->heir) todo[count++] = (Pair){p.a->heir, p.b->heir};
    for (uint32_t i = p.a->count; i-- > 0;) todo[count++] = (Pair){p.a->sons[i], p.b->sons[i]};
  }
  mem_free(todo);
  return same;
}

typedef struct Level {
  const Rex *x;
  uint32_t depth;
} Level;

bool rex_depth_check(const Rex *x, size_t max_nodes, Err *err) {
  Level *todo = NULL;
  size_t count = 0, cap = 0, seen = 1;
  bool ok = true;
  mem_reserve(todo, cap, 1);
  todo[count++] = (Level){x, 1};
  while (ok && count > 0) {
    Level l = todo[--count];
    size_t kids = (size_t)l.x->count + (l.x->heir != NULL);
    if (l.depth > REX_MAX_DEPTH) {
      ok = err_set(err, ERR_LIMIT, "nesting deeper than %d", REX_MAX_DEPTH);
    } else if (kids > max_nodes - seen) {
      ok = err_set(err, ERR_LIMIT, "a Rex tree of more than %zu nodes", max_nodes);
    } else {
      seen += kids;
      mem_reserve(todo, cap, count + kids);
      if (l.x->heir) todo[count++] = (Level){l.x->heir, l.depth};
      for (uint32_t i = 0; i < l.x->count; i++) todo[count++] = (Level){l.x->sons[i], l.depth + 1};
    }
  }
  mem_free(todo);
  return ok;
}
