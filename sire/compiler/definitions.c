#include "sire/compiler/definitions.h"
#include "common/base/buf.h"
#include "common/base/mem.h"
#include "sire/compiler/locate.h"
#include "sire/compiler/report.h"
#include <assert.h>
#include <string.h>

struct Definitions {
  BytesTable index; // -> position in places
  SirePlace *places;
  size_t count, cap;
  Arena text;
  const char *last_file; // files and comments of neighbours are mostly the same
  const char *last_doc;
  size_t last_doc_len;
  BytesTable sources; // module -> position in paths
  const char **paths;
  size_t path_count, path_cap;
};

Definitions *definitions_new(void) { return mem_zalloc(sizeof(Definitions)); }

void definitions_clear(Definitions *d) {
  btab_free(&d->index);
  mem_free(d->places);
  btab_free(&d->sources);
  mem_free(d->paths);
  arena_free(&d->text);
  *d = (Definitions){0};
}

void definitions_free(Definitions *d) {
  if (d == NULL) return;
  definitions_clear(d);
  mem_free(d);
}

SirePlace definition_place(Sire *s, Name name) {
  SirePlace p = report_place(s, NULL);
  const Rex *leaf = s->block != NULL && s->block->tree != NULL ? locate_leaf(s->block->tree, name) : NULL;
  if (leaf != NULL && leaf->start.line > 0) {
    p.line = leaf->start.line;
    p.col = leaf->start.col + 1;
  }
  return p;
}

static void put_key(Buf *key, Name module, Name name) {
  buf_le64(key, module.len);
  buf_put(key, module.bytes, module.len);
  buf_put(key, name.bytes, name.len);
}

static void copy_texts(Definitions *d, SirePlace *p) {
  if (d->last_file == NULL || strcmp(d->last_file, p->file) != 0)
    d->last_file = arena_strndup(&d->text, p->file, strlen(p->file));
  p->file = d->last_file;
  bool same =
      d->last_doc != NULL && d->last_doc_len == p->doc_len && memcmp(d->last_doc, p->doc, p->doc_len) == 0;
  if (!same) d->last_doc = arena_strndup(&d->text, p->doc, p->doc_len);
  d->last_doc_len = p->doc_len;
  p->doc = d->last_doc;
}

void definitions_put(Definitions *d, Name module, Name name, const SirePlace *place) {
  Buf key = {0};
  put_key(&key, module, name);
  uint64_t *known = btab_get(&d->index, key.data, key.len);
  size_t at = known != NULL ? *known : d->count;
  if (known == NULL) {
    mem_reserve(d->places, d->cap, d->count + 1);
    btab_put(&d->index, key.data, key.len, d->count++);
  }
  assert(d->places != NULL);
  d->places[at] = *place;
  copy_texts(d, &d->places[at]);
  buf_free(&key);
}

void definitions_source(Definitions *d, const char *module, const char *path) {
  uint64_t *known = btab_get(&d->sources, module, strlen(module));
  if (known != NULL && strcmp(d->paths[*known], path) == 0) return;
  mem_reserve(d->paths, d->path_cap, d->path_count + 1);
  d->paths[d->path_count] = arena_strndup(&d->text, path, strlen(path));
  btab_put(&d->sources, module, strlen(module), d->path_count++);
}

static const SirePlace *known_place(const Definitions *d, Name module, Name name) {
  Buf key = {0};
  put_key(&key, module, name);
  uint64_t *at = btab_get(&d->index, key.data, key.len);
  buf_free(&key);
  return at == NULL ? NULL : &d->places[*at];
}

bool definitions_get(Definitions *d, Name module, Name name, SirePlace *place) {
  const SirePlace *known = known_place(d, module, name);
  uint64_t *source = known != NULL ? NULL : btab_get(&d->sources, module.bytes, module.len);
  if (source != NULL) {
    Arena arena = {0};
    SirePlace found;
    if (locate(d->paths[*source], name, true, &arena, &found)) definitions_put(d, module, name, &found);
    arena_free(&arena);
    known = known_place(d, module, name);
  }
  if (known != NULL) *place = *known;
  return known != NULL;
}

void definitions_comment(Definitions *d, Name name, SirePlace *place) {
  Arena arena = {0};
  if (place->doc_len == 0 && locate_comment(place->file, name, place->line, &arena, place))
    copy_texts(d, place);
  arena_free(&arena);
}

// Counts the modules for which it is known that they define the name.
static int find_known(const Definitions *d, Name name, SirePlace *place) {
  const uint8_t *key;
  size_t iter = 0, len;
  uint64_t at;
  int count = 0;
  while (btab_next(&d->index, &iter, &key, &len, &at)) {
    size_t module = (size_t)le64_at(key);
    if (!name_is((Name){(const char *)key + 8 + module, len - 8 - module}, name)) continue;
    assert(at < d->count && d->places != NULL);
    *place = d->places[at];
    count++;
  }
  return count;
}

bool definitions_find(Definitions *d, Name name, SirePlace *place) {
  const uint8_t *module;
  size_t iter = 0, len;
  uint64_t at;
  while (name.len > 0 && btab_next(&d->sources, &iter, &module, &len, &at)) {
    Name from = {(const char *)module, len};
    Arena arena = {0};
    SirePlace found;
    if (known_place(d, from, name) == NULL && locate(d->paths[at], name, false, &arena, &found))
      definitions_put(d, from, name, &found);
    arena_free(&arena);
  }
  return find_known(d, name, place) == 1;
}
