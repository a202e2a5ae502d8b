#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/codec/load.h"
#include <string.h>

// A region put in this saver, and its page.
typedef struct Saved {
  Region *region;
  PageId id;
} Saved;

struct Saver {
  const PageSink *sink;
  bool all;
  Saved *at;
  size_t count, cap;
  WordTable index; // region -> position in `at`
};

Saver *saver_new(const PageSink *sink, bool all) {
  Saver *s = mem_zalloc(sizeof *s);
  s->sink = sink;
  s->all = all;
  return s;
}

void saver_free(Saver *s) {
  if (!s) return;
  for (size_t i = 0; i < s->count; i++) region_release(s->at[i].region);
  mem_free(s->at);
  wtab_free(&s->index);
  mem_free(s);
}

static const Saved *saved(const Saver *s, const Region *r) {
  const uint64_t *i = wtab_get(&s->index, (uint64_t)(uintptr_t)r);
  return i ? &s->at[*i] : NULL;
}

// Whether the region has a page, put here or earlier.
static bool is_done(const Saver *s, const Region *r) {
  PageId id;
  return saved(s, r) || (!s->all && region_id(r, id.b));
}

static void name(void *ctx, const Region *r, PageId *id) {
  const Saved *known = saved(ctx, r);
  if (known)
    *id = known->id;
  else if (!region_id(r, id->b))
    assert(!"a region is encoded before one that it refers to");
}

static bool put_region(Saver *s, Region *r, Err *err) {
  Saved done = {.region = r};
  const PageNames names = {.id = name, .ctx = s};
  if (!codec_encode_region(r, &names, s->sink, &done.id, err)) return false;
  region_retain(r);
  mem_reserve(s->at, s->cap, s->count + 1);
  wtab_put(&s->index, (uint64_t)(uintptr_t)r, s->count);
  s->at[s->count++] = done;
  return true;
}

typedef struct Visit {
  Region *region;
  size_t next; // the next reference to look at
} Visit;

static bool put_all_below(Saver *s, Region *root, Err *err) {
  Visit *stack = NULL;
  size_t depth = 0, cap = 0;
  bool ok = true;
  mem_reserve(stack, cap, 1);
  if (!is_done(s, root)) stack[depth++] = (Visit){root, 0};
  while (ok && depth > 0) {
    Visit *top = &stack[depth - 1];
    if (top->next == region_ref_count(top->region)) {
      if (!is_done(s, top->region)) ok = put_region(s, top->region, err);
      depth--;
      continue;
    }
    Region *ref = region_ref(top->region, top->next++);
    if (is_done(s, ref)) continue;
    mem_reserve(stack, cap, depth + 1);
    stack[depth++] = (Visit){ref, 0};
  }
  mem_free(stack);
  return ok;
}

bool saver_add(Saver *s, Value v, ValueRoot *root, Err *err) {
  *root = (ValueRoot){0};
  if (val_is_small(v)) {
    root->nat = v;
    return true;
  }
  const uint64_t *o = val_obj(v);
  assert(!val_is_lazy(v) && obj_has(o, OBJ_SEALED));
  Region *r = region_of(o);
  if (!put_all_below(s, r, err)) return false;
  root->paged = true;
  root->behind = region_objects(r) - 1 - region_index(r, o);
  name(s, r, &root->page);
  return true;
}

size_t saver_count(const Saver *s) { return s->count; }

void saver_page(const Saver *s, size_t i, PageId *id, Value *pin) {
  const Region *r = s->at[i].region;
  const uint64_t *last = region_object(r, region_objects(r) - 1);
  *id = s->at[i].id;
  *pin = obj_kind(last) == KIND_PIN ? obj_val(last) : 0;
}

void saver_stored(Saver *s, Residency *res) {
  for (size_t i = 0; i < s->count; i++) residency_add(res, s->at[i].region, &s->at[i].id);
}
