#include "tests/store/support.h"
#include "common/base/mem.h"
#include <check.h>
#include <string.h>

void make_page(Buf *out, PageKind kind, const PageId *refs, size_t ref_count, uint64_t seed, size_t len) {
  Err err = ERR_INIT;
  uint8_t *body = mem_alloc(len + 1);
  test_fill(&seed, body, len);
  buf_clear(out);
  ck_assert_msg(page_build(out, kind, refs, ref_count, len, body, len, &err), "%s", err.msg);
  mem_free(body);
}

PageId put_page(Store *s, const PageId *refs, size_t ref_count, uint64_t seed, size_t len) {
  Buf page = {0};
  PageId id;
  Err err = ERR_INIT;
  make_page(&page, PAGE_VALUE, refs, ref_count, seed, len);
  StoreBatch *b = store_batch_begin(s);
  ck_assert_msg(store_batch_put(b, page.data, page.len, &id, &err), "%s", err.msg);
  ck_assert_msg(store_batch_commit(b, &err), "%s", err.msg);
  buf_free(&page);
  return id;
}

Store *open_store(const char *dir) {
  Store *s;
  Err err = ERR_INIT;
  StoreOptions o = {.runtime = "test 1", .create = true, .map = 1 << 20};
  ck_assert_msg(store_open(&s, sys_real(), dir, &o, &err), "%s", err.msg);
  return s;
}

void set_root(Store *s, const char *name, const PageId *refs, size_t ref_count) {
  Err err = ERR_INIT;
  StoreBatch *b = store_batch_begin(s);
  ck_assert_msg(store_batch_set_root(b, name, strlen(name), refs, ref_count, "data", 4, &err), "%s", err.msg);
  ck_assert_msg(store_batch_commit(b, &err), "%s", err.msg);
}

void del_root(Store *s, const char *name) {
  Err err = ERR_INIT;
  StoreBatch *b = store_batch_begin(s);
  store_batch_del_root(b, name, strlen(name));
  ck_assert_msg(store_batch_commit(b, &err), "%s", err.msg);
}

bool has_page(Store *s, PageId id) {
  bool have;
  Err err = ERR_INIT;
  ck_assert_msg(store_has(s, &id, 1, &have, &err), "%s", err.msg);
  return have;
}
