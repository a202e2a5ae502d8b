// Scrub: every page read and compared with its id, a few at a time.
#include "common/store/impl.h"
#include <string.h>

// Copies the first page with a key from *key up. MDB_NOTFOUND when there is none.
static int copy_from(Store *s, MDB_txn *txn, uint64_t *key, PageId *id, Buf *bytes) {
  MDB_cursor *cursor;
  MDB_val k = {sizeof *key, key}, page;
  int rc = mdb_cursor_open(txn, s->body, &cursor);
  if (rc != 0) return rc;
  rc = mdb_cursor_get(cursor, &k, &page, MDB_SET_RANGE);
  if (rc == 0 && (k.mv_size != sizeof *key || page.mv_size < PAGE_ID_LEN)) rc = MDB_CORRUPTED;
  if (rc == 0) {
    memcpy(key, k.mv_data, sizeof *key);
    memcpy(id->b, page.mv_data, PAGE_ID_LEN);
    buf_clear(bytes);
    buf_put(bytes, (uint8_t *)page.mv_data + PAGE_ID_LEN, page.mv_size - PAGE_ID_LEN);
  }
  mdb_cursor_close(cursor);
  return rc;
}

static bool refs_present(Store *s, const PageView *view, Err *err) {
  for (uint32_t i = 0; i < view->ref_count; i++) {
    bool have;
    if (!store_has(s, &view->refs[i], 1, &have, err)) return false;
    if (!have) return err_set(err, ERR_DATA, "a page that it refers to is missing");
  }
  return true;
}

static bool check_listed(Store *s, const PageId *id, Err *err) {
  bool have;
  if (!store_has(s, id, 1, &have, err)) return false;
  return have || err_set(err, ERR_DATA, "the index does not list it");
}

static void check_page(Store *s, const PageId *id, const Buf *bytes, StoreBad bad, void *ctx) {
  Err why = ERR_INIT;
  PageView view;
  if (!page_verify(id, bytes->data, bytes->len, &why) || !page_parse(&view, bytes->data, bytes->len, &why) ||
      !check_listed(s, id, &why) || !refs_present(s, &view, &why))
    bad(ctx, id, &why);
}

bool store_scrub(Store *s, uint64_t *position, size_t budget, StoreBad bad, void *ctx, Err *err) {
  Buf bytes = {0};
  int rc = 0;
  for (size_t i = 0; i < budget && rc == 0; i++) {
    MDB_txn *txn;
    PageId id;
    if (!store_read_begin(s, &txn, err)) {
      buf_free(&bytes);
      return false;
    }
    rc = copy_from(s, txn, position, &id, &bytes);
    store_read_end(s, txn);
    if (rc != 0) break;
    check_page(s, &id, &bytes, bad, ctx);
    ++*position;
  }
  buf_free(&bytes);
  if (rc == MDB_NOTFOUND) *position = 0;
  return rc == 0 || rc == MDB_NOTFOUND || store_mdb_err(s, err, rc, "read a page");
}
