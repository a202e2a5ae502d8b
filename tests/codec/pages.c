#include "tests/codec/pages.h"
#include "common/base/mem.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include <stdlib.h>
#include <string.h>

struct OnePage *pages_find(Pages *p, const PageId *id) {
  const uint64_t *i = btab_get(&p->index, id, sizeof *id);
  return i ? &p->at[*i] : NULL;
}

void pages_put(Pages *p, const void *bytes, size_t len, PageId *id) {
  page_id(id, bytes, len);
  if (pages_find(p, id)) return;
  mem_reserve(p->at, p->cap, p->count + 1);
  btab_put(&p->index, id, sizeof *id, p->count);
  p->at[p->count++] = (struct OnePage){*id, mem_dup(bytes, len), len};
}

// A page must not be put before one that it refers to.
static bool put(void *ctx, const void *bytes, size_t len, PageId *id, Err *err) {
  PageView view;
  if (!page_parse(&view, bytes, len, err)) return false;
  for (uint32_t i = 0; i < view.ref_count; i++)
    if (!pages_find(ctx, &view.refs[i])) return err_set(err, ERR_INTERNAL, "page put before its references");
  pages_put(ctx, bytes, len, id);
  return true;
}

static bool get(void *ctx, const PageId *id, Buf *out, Err *err) {
  Pages *p = ctx;
  const struct OnePage *page = pages_find(p, id);
  p->reads++;
  buf_clear(out);
  if (!page) return err_set(err, ERR_NOT_FOUND, "no such page");
  buf_put(out, page->bytes, page->len);
  return true;
}

void pages_init(Pages *p) { *p = (Pages){.sink = {put, p}, .source = {get, p}, .res = residency_new(NULL)}; }

void pages_free(Pages *p) {
  for (size_t i = 0; i < p->count; i++) mem_free(p->at[i].bytes);
  mem_free(p->at);
  btab_free(&p->index);
  residency_free(p->res);
}

ValueRoot pages_save(Pages *p, Machine *m, Ref v) {
  ValueRoot root;
  Err err = ERR_INIT;
  seal(m, v);
  Saver *s = saver_new(&p->sink, true);
  if (!saver_add(s, ref_get(m, v), &root, &err)) abort();
  saver_free(s);
  return root;
}
