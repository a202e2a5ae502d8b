#include "sire/compiler/locate.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include <string.h>

static bool is_name(const Rex *x, Name name) {
  return (x->kind == REX_WORD || x->kind == REX_TEXT) && x->len == name.len &&
         memcmp(x->text, name.bytes, name.len) == 0;
}

static const Rex *first_leaf(const Rex *x) {
  while (x != NULL && rex_is_node(x)) x = x->count > 0 ? x->sons[0] : x->heir;
  return x;
}

// Of a chain of definitions, the one that begins with the name.
static const Rex *find_defined(const Rex *root, Name name) {
  for (const Rex *x = root; x != NULL && rex_is_node(x); x = x->heir) {
    const Rex *leaf = first_leaf(x);
    if (leaf != NULL && is_name(leaf, name)) return leaf;
  }
  return NULL;
}

const Rex *locate_leaf(const Rex *root, Name name) {
  const Rex **todo = NULL, *found = NULL;
  size_t count = 0, cap = 0;
  mem_reserve(todo, cap, 1);
  todo[count++] = root;
  while (found == NULL && count > 0) {
    const Rex *x = todo[--count];
    if (is_name(x, name)) found = x;
    mem_reserve(todo, cap, count + x->count + 1);
    if (x->heir != NULL) todo[count++] = x->heir;
    for (uint32_t i = x->count; i-- > 0;) todo[count++] = x->sons[i];
  }
  mem_free(todo);
  return found;
}

// Forms that name things without defining them.
static bool is_mention(const Rex *x) {
  static const char *const runes[] = {"=?=", "#=?=", "!!", "####", ":|", "#:|", "^-^", "#^-^"};
  for (size_t i = 0; i < sizeof runes / sizeof *runes; i++)
    if (rex_is_node(x) && rex_text_is(x, runes[i])) return true;
  return false;
}

typedef const Rex *Finder(const Rex *root, Name name);

static bool search(const RexBlocks *blocks, Name name, Finder *find, SirePlace *place) {
  for (size_t i = 0; i < blocks->count; i++) {
    const RexBlock *b = &blocks->items[i];
    const Rex *leaf = is_mention(b->tree) ? NULL : find(b->tree, name);
    if (leaf == NULL) continue;
    *place = (SirePlace){b->file, leaf->start.line, leaf->start.col + 1, b->doc, b->doc_len};
    return true;
  }
  return false;
}

static bool read_blocks(const char *path, Arena *arena, RexBlocks *blocks) {
  uint8_t *data = NULL;
  size_t len;
  Err ignored = ERR_INIT;
  if (!sys_read_file(sys_real(), path, SIRE_MAX_FILE, &data, &len, &ignored)) return false;
  bool ok = rex_read_all(path, data, len, arena, blocks, &ignored);
  mem_free(data);
  return ok;
}

bool locate(const char *path, Name name, bool by_macro, Arena *arena, SirePlace *place) {
  RexBlocks blocks;
  return read_blocks(path, arena, &blocks) && (search(&blocks, name, find_defined, place) ||
                                               (by_macro && search(&blocks, name, locate_leaf, place)));
}

// --- comments ------------------------------------------------------------------------------------
static bool joins(char edge, char beside) {
  return rex_is_word_byte((uint8_t)edge) ? rex_is_word_byte((uint8_t)beside)
                                         : rex_is_rune_byte((uint8_t)beside);
}

// Whether the text has the name as a word of its own.
static bool mentions(const char *text, size_t len, Name name) {
  const char *end = text + len;
  for (const char *p = text; (p = memmem(p, (size_t)(end - p), name.bytes, name.len)) != NULL; p++) {
    const char *after = p + name.len;
    if (p > text && joins(p[0], p[-1])) continue;
    if (after == end || !joins(after[-1], after[0])) return true;
  }
  return false;
}

bool locate_comment(const char *path, Name name, uint32_t line, Arena *arena, SirePlace *place) {
  RexBlocks blocks;
  if (name.len == 0 || !read_blocks(path, arena, &blocks)) return false;
  for (size_t i = blocks.count; i-- > 0;) {
    const RexBlock *b = &blocks.items[i];
    if (b->line > line || !mentions(b->doc, b->doc_len, name)) continue;
    place->doc = b->doc;
    place->doc_len = b->doc_len;
    return true;
  }
  return false;
}
