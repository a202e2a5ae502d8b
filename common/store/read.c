// Reading pages, links and roots. What is found is copied out before the transaction ends.
#include "common/base/base58.h"
#include "common/store/impl.h"
#include <string.h>

bool store_has(Store *s, const PageId *ids, size_t n, bool *have, Err *err) {
  MDB_txn *txn;
  if (!store_read_begin(s, &txn, err)) return false;
  int rc = 0;
  for (size_t i = 0; i < n && (rc == 0 || rc == MDB_NOTFOUND); i++) {
    uint64_t key;
    rc = store_key_of(s, txn, &ids[i], &key);
    have[i] = rc == 0;
  }
  store_read_end(s, txn);
  return rc == 0 || rc == MDB_NOTFOUND || store_mdb_err(s, err, rc, "look up a page");
}

static bool no_page(Err *err, const PageId *id) {
  char name[BASE58_HASH_MAX];
  base58_hash(name, id->b);
  return err_set(err, ERR_NOT_FOUND, "there is no page %s in the store", name);
}

bool store_get(Store *s, const PageId *id, Buf *out, Err *err) {
  MDB_txn *txn;
  MDB_val page;
  uint64_t key;
  if (!store_read_begin(s, &txn, err)) return false;
  int rc = store_key_of(s, txn, id, &key);
  bool listed = rc == 0;
  if (rc == 0) rc = store_page_at(s, txn, key, &page);
  if (rc == 0) {
    buf_clear(out);
    buf_put(out, (const uint8_t *)page.mv_data + PAGE_ID_LEN, page.mv_size - PAGE_ID_LEN);
  }
  store_read_end(s, txn);
  if (rc == MDB_NOTFOUND && !listed) return no_page(err, id);
  if (rc != 0) return store_mdb_err(s, err, rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc, "read a page");
  return page_verify(id, out->data, out->len, err);
}

// A link is no identity, so it carries a check of its own: a flipped bit must not lead to another value.
static bool link_id(const uint8_t hash[BLAKE3_LEN], const MDB_val *v, PageId *id) {
  LinkRecord link;
  uint8_t check[CHECK_LEN];
  if (v->mv_size != sizeof link) return false;
  memcpy(&link, v->mv_data, sizeof link);
  store_check(check, hash, BLAKE3_LEN, link.id.b, PAGE_ID_LEN);
  *id = link.id;
  return memcmp(check, link.check, CHECK_LEN) == 0;
}

bool store_find_hash(Store *s, const uint8_t hash[BLAKE3_LEN], PageId *id, Err *err) {
  MDB_txn *txn;
  MDB_val key = {BLAKE3_LEN, (void *)hash}, v;
  uint64_t ignored;
  char name[BASE58_HASH_MAX];
  base58_hash(name, hash);
  if (!store_read_begin(s, &txn, err)) return false;
  int rc = mdb_get(txn, s->by_hash, &key, &v);
  bool sound = rc != 0 || link_id(hash, &v, id);
  if (rc == 0 && sound) rc = store_key_of(s, txn, id, &ignored); // its page may have been collected
  store_read_end(s, txn);
  if (!sound) return err_set(err, ERR_DATA, "the link of pin %s in store %s is damaged", name, s->dir);
  if (rc == MDB_NOTFOUND) return err_set(err, ERR_NOT_FOUND, "there is no pin %s in the store", name);
  return rc == 0 || store_mdb_err(s, err, rc, "look up a pin");
}

// --- roots -------------------------------------------------------------------------------------

void store_root_free(StoreRoot *root) {
  buf_free(&root->bytes);
  *root = (StoreRoot){0};
}

static bool bad_root(const Store *s, const void *name, size_t len, Err *err) {
  char shown[2 * 32 + 1]; // names are bytes: hexadecimal when they are not plain text
  const uint8_t *p = name;
  bool plain = len <= 64;
  for (size_t i = 0; plain && i < len; i++) plain = p[i] > ' ' && p[i] < 0x7f;
  if (plain)
    return err_set(err, ERR_DATA, "root %.*s of store %s is damaged", (int)len, (char *)name, s->dir);
  hex_encode(shown, p, len < 32 ? len : 32);
  return err_set(err, ERR_DATA, "root 0x%s%s of store %s is damaged", shown, len > 32 ? ".." : "", s->dir);
}

// Points the view into root->bytes, which hold a record as it lies in the database.
static bool view_root(const Store *s, const void *name, size_t len, StoreRoot *root, Err *err) {
  RootHeader h;
  const Buf *b = &root->bytes;
  if (b->len < sizeof h) return bad_root(s, name, len, err);
  memcpy(&h, b->data, sizeof h);
  uint8_t check[CHECK_LEN];
  store_check(check, name, len, b->data + CHECK_LEN, b->len - CHECK_LEN);
  if (memcmp(check, h.check, CHECK_LEN) != 0 || h.refs > (b->len - sizeof h) / PAGE_ID_LEN)
    return bad_root(s, name, len, err);
  root->refs = (const PageId *)(b->data + sizeof h);
  root->ref_count = h.refs;
  root->data = b->data + sizeof h + (size_t)h.refs * PAGE_ID_LEN;
  root->data_len = b->len - sizeof h - (size_t)h.refs * PAGE_ID_LEN;
  return true;
}

static void copy_root(StoreRoot *root, const MDB_val *v) {
  buf_clear(&root->bytes);
  buf_put(&root->bytes, v->mv_data, v->mv_size);
}

bool store_root_get(Store *s, const void *name, size_t len, StoreRoot *root, Err *err) {
  MDB_txn *txn;
  MDB_val key = {len, (void *)name}, v;
  if (len == 0 || len > STORE_NAME_MAX) return err_set(err, ERR_NOT_FOUND, "there is no such root");
  if (!store_read_begin(s, &txn, err)) return false;
  int rc = mdb_get(txn, s->roots, &key, &v);
  if (rc == 0) copy_root(root, &v);
  store_read_end(s, txn);
  if (rc == MDB_NOTFOUND) return err_set(err, ERR_NOT_FOUND, "there is no such root");
  if (rc != 0) return store_mdb_err(s, err, rc, "read a root");
  return view_root(s, name, len, root, err);
}

static int cursor_after(MDB_cursor *cursor, const Buf *name, MDB_val *key, MDB_val *v) {
  if (name->len == 0) return mdb_cursor_get(cursor, key, v, MDB_FIRST);
  *key = (MDB_val){name->len, name->data};
  int rc = mdb_cursor_get(cursor, key, v, MDB_SET_RANGE);
  if (rc != 0 || key->mv_size != name->len || memcmp(key->mv_data, name->data, name->len) != 0) return rc;
  return mdb_cursor_get(cursor, key, v, MDB_NEXT);
}

bool store_root_next(Store *s, Buf *name, StoreRoot *root, bool *found, Err *err) {
  MDB_txn *txn;
  MDB_cursor *cursor;
  MDB_val key, v;
  if (!store_read_begin(s, &txn, err)) return false;
  int rc = mdb_cursor_open(txn, s->roots, &cursor);
  if (rc == 0) {
    rc = cursor_after(cursor, name, &key, &v);
    if (rc == 0) {
      buf_clear(name);
      buf_put(name, key.mv_data, key.mv_size);
      if (root) copy_root(root, &v);
    }
    mdb_cursor_close(cursor);
  }
  store_read_end(s, txn);
  *found = rc == 0;
  if (rc == MDB_NOTFOUND) return true;
  if (rc != 0) return store_mdb_err(s, err, rc, "list the roots");
  return !root || view_root(s, name->data, name->len, root, err);
}
