// Batches: changes gathered in memory, then written in one transaction, children before parents.
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/store/impl.h"
#include <assert.h>
#include <string.h>

typedef struct BatchPage {
  PageId id;
  size_t at, len; // in StoreBatch.pages
} BatchPage;

typedef struct BatchLink {
  uint8_t hash[BLAKE3_LEN];
  PageId id;
} BatchLink;

// In StoreBatch.root_bytes: the name, then the record (empty: delete).
typedef struct BatchRoot {
  size_t at, name_len, len;
} BatchRoot;

struct StoreBatch {
  Store *store;
  Buf pages, root_bytes;
  BatchPage *page;
  BatchLink *link;
  BatchRoot *root;
  size_t page_count, page_cap, link_count, link_cap, root_count, root_cap;
};

StoreBatch *store_batch_begin(Store *s) {
  StoreBatch *b = mem_zalloc(sizeof *b);
  b->store = s;
  return b;
}

void store_batch_abort(StoreBatch *b) {
  if (!b) return;
  buf_free(&b->pages);
  buf_free(&b->root_bytes);
  mem_free(b->page);
  mem_free(b->link);
  mem_free(b->root);
  mem_free(b);
}

// --- gathering ---------------------------------------------------------------------------------

static bool write_out(StoreBatch *b, bool all, Err *err);

bool store_batch_put(StoreBatch *b, const void *bytes, size_t len, PageId *id, Err *err) {
  PageView view;
  if (!page_parse(&view, bytes, len, err)) return false;
  if (b->pages.len > 0 && b->pages.len + len > STORE_SPILL && !write_out(b, false, err)) return false;
  mem_reserve(b->page, b->page_cap, b->page_count + 1);
  BatchPage *p = &b->page[b->page_count++];
  page_id(&p->id, bytes, len);
  p->at = b->pages.len;
  p->len = len;
  buf_put(&b->pages, bytes, len);
  if (id) *id = p->id;
  return true;
}

void store_batch_link(StoreBatch *b, const uint8_t hash[BLAKE3_LEN], const PageId *id) {
  mem_reserve(b->link, b->link_cap, b->link_count + 1);
  BatchLink *l = &b->link[b->link_count++];
  memcpy(l->hash, hash, BLAKE3_LEN);
  l->id = *id;
}

static BatchRoot *add_root(StoreBatch *b, const void *name, size_t len) {
  mem_reserve(b->root, b->root_cap, b->root_count + 1);
  BatchRoot *r = &b->root[b->root_count++];
  *r = (BatchRoot){.at = b->root_bytes.len, .name_len = len};
  buf_put(&b->root_bytes, name, len);
  return r;
}

bool store_batch_set_root(StoreBatch *b, const void *name, size_t len, const PageId *refs, size_t ref_count,
                          const void *data, size_t data_len, Err *err) {
  if (len == 0 || len > STORE_NAME_MAX)
    return err_set(err, ERR_LIMIT, "a root's name has 1 to %d bytes, not %zu", STORE_NAME_MAX, len);
  if (ref_count > STORE_ROOT_MAX / PAGE_ID_LEN || data_len > STORE_ROOT_MAX - ref_count * PAGE_ID_LEN)
    return err_set(err, ERR_LIMIT, "a root with %zu references and %zu bytes is above the limit of %u bytes",
                   ref_count, data_len, STORE_ROOT_MAX);
  BatchRoot *r = add_root(b, name, len);
  RootHeader h = {.refs = (uint32_t)ref_count};
  size_t at = b->root_bytes.len;
  buf_put(&b->root_bytes, &h, sizeof h);
  if (ref_count > 0) buf_put(&b->root_bytes, refs, ref_count * PAGE_ID_LEN);
  if (data_len > 0) buf_put(&b->root_bytes, data, data_len);
  r->len = b->root_bytes.len - at;
  uint8_t *record = b->root_bytes.data + at;
  store_check(record, name, len, record + CHECK_LEN, r->len - CHECK_LEN);
  return true;
}

void store_batch_del_root(StoreBatch *b, const void *name, size_t len) {
  if (len > 0 && len <= STORE_NAME_MAX) add_root(b, name, len);
}

// --- how much room -----------------------------------------------------------------------------

#define NODE_MAX 2000 // a bigger value has file pages of its own
#define FILE_PAGE 4096
#define SLACK (256ull << 10) // branch pages, the free list, the tables' roots

static uint64_t value_room(size_t len) {
  return len <= NODE_MAX ? len + len / 4 + 64
                         : ((uint64_t)len + FILE_PAGE + FILE_PAGE - 1) / FILE_PAGE * FILE_PAGE;
}

// Inserting at random places copies up to two file pages an insertion, but never more than there are;
// pages that split are half empty.
static uint64_t table_room(MDB_txn *txn, MDB_dbi dbi, size_t inserts, size_t entry) {
  MDB_stat stat;
  if (mdb_stat(txn, dbi, &stat) != 0) return 0;
  uint64_t copied = stat.ms_branch_pages + stat.ms_leaf_pages, touched = 2 * (uint64_t)inserts;
  return (copied < touched ? copied : touched) * FILE_PAGE + 2 * (uint64_t)inserts * entry;
}

static bool room_for(StoreBatch *b, uint64_t *bytes, Err *err) {
  MDB_txn *txn;
  Store *s = b->store;
  if (!store_read_begin(s, &txn, err)) return false;
  uint64_t sum = SLACK + table_room(txn, s->by_id, b->page_count, 64) +
                 table_room(txn, s->by_hash, b->link_count, 96) +
                 table_room(txn, s->roots, b->root_count, 64);
  store_read_end(s, txn);
  for (size_t i = 0; i < b->page_count; i++) sum += value_room(b->page[i].len + PAGE_ID_LEN);
  for (size_t i = 0; i < b->root_count; i++) sum += value_room(b->root[i].len + b->root[i].name_len);
  *bytes = sum;
  return true;
}

// --- writing -----------------------------------------------------------------------------------

typedef struct Writing {
  StoreBatch *b;
  Store *s;
  MDB_txn *txn;
  uint64_t next_id;
  int rc; // LMDB's, when that is what failed
} Writing;

static bool mdb_failed(Writing *w, int rc, const char *doing, Err *err) {
  w->rc = rc;
  return store_mdb_err(w->s, err, rc, doing);
}

static bool missing(const char *kind, const PageId *from, const PageId *to, Err *err) {
  char a[BASE58_HASH_MAX] = "", b[BASE58_HASH_MAX];
  if (from) base58_hash(a, from->b);
  base58_hash(b, to->b);
  return err_set(err, ERR_DATA, "%s%s refers to page %s, which is not in the store: send that one first",
                 kind, a, b);
}

// Every reference must be there already; that makes keys grow from children to parents, which collection
// relies on.
static bool check_refs(Writing *w, const PageId *from, const char *kind, const PageId *refs, size_t n,
                       Err *err) {
  for (size_t i = 0; i < n; i++) {
    uint64_t key;
    int rc = store_key_of(w->s, w->txn, &refs[i], &key);
    if (rc == MDB_NOTFOUND) return missing(kind, from, &refs[i], err);
    if (rc != 0) return mdb_failed(w, rc, "look up a page", err);
    assert(key < w->next_id);
    store_collect_touch(w->s, key);
  }
  return true;
}

static bool insert_page(Writing *w, const BatchPage *p, const uint8_t *bytes, Err *err) {
  MDB_val key = {sizeof w->next_id, &w->next_id}, page = {PAGE_ID_LEN + p->len, NULL};
  int rc = mdb_put(w->txn, w->s->body, &key, &page, MDB_APPEND | MDB_RESERVE);
  if (rc != 0) return mdb_failed(w, rc, "write a page", err);
  memcpy(page.mv_data, p->id.b, PAGE_ID_LEN);
  memcpy((uint8_t *)page.mv_data + PAGE_ID_LEN, bytes, p->len);
  MDB_val id = {PAGE_ID_LEN, (void *)p->id.b};
  rc = mdb_put(w->txn, w->s->by_id, &id, &key, MDB_NOOVERWRITE);
  if (rc != 0) return mdb_failed(w, rc, "write a page's id", err);
  w->next_id++;
  return true;
}

static bool write_page(Writing *w, const BatchPage *p, Err *err) {
  const uint8_t *bytes = w->b->pages.data + p->at;
  uint64_t key;
  int rc = store_key_of(w->s, w->txn, &p->id, &key);
  if (rc == 0) {
    store_collect_touch(w->s, key);
    return true;
  }
  if (rc != MDB_NOTFOUND) return mdb_failed(w, rc, "look up a page", err);
  PageView view;
  if (!page_parse(&view, bytes, p->len, err)) return false;
  if (!check_refs(w, &p->id, "page ", view.refs, view.ref_count, err)) return false;
  return insert_page(w, p, bytes, err);
}

static bool write_link(Writing *w, const BatchLink *l, Err *err) {
  uint64_t key;
  int rc = store_key_of(w->s, w->txn, &l->id, &key);
  if (rc == MDB_NOTFOUND) return missing("a pin's link", NULL, &l->id, err);
  if (rc != 0) return mdb_failed(w, rc, "look up a page", err);
  LinkRecord link = {.id = l->id};
  store_check(link.check, l->hash, BLAKE3_LEN, l->id.b, PAGE_ID_LEN);
  MDB_val k = {BLAKE3_LEN, (void *)l->hash}, v = {sizeof link, &link};
  rc = mdb_put(w->txn, w->s->by_hash, &k, &v, 0);
  return rc == 0 || mdb_failed(w, rc, "write a link", err);
}

static bool write_root(Writing *w, const BatchRoot *r, Err *err) {
  uint8_t *bytes = w->b->root_bytes.data + r->at;
  MDB_val name = {r->name_len, bytes}, v = {r->len, bytes + r->name_len};
  if (r->len == 0) {
    int rc = mdb_del(w->txn, w->s->roots, &name, NULL);
    return rc == 0 || rc == MDB_NOTFOUND || mdb_failed(w, rc, "remove a root", err);
  }
  RootHeader h;
  memcpy(&h, v.mv_data, sizeof h);
  const PageId *refs = (const PageId *)((uint8_t *)v.mv_data + sizeof h);
  if (!check_refs(w, NULL, "a root", refs, h.refs, err)) return false;
  int rc = mdb_put(w->txn, w->s->roots, &name, &v, 0);
  return rc == 0 || mdb_failed(w, rc, "write a root", err);
}

static bool write_all(Writing *w, bool all, Err *err) {
  const StoreBatch *b = w->b;
  for (size_t i = 0; i < b->page_count; i++)
    if (!write_page(w, &b->page[i], err)) return false;
  for (size_t i = 0; all && i < b->link_count; i++)
    if (!write_link(w, &b->link[i], err)) return false;
  for (size_t i = 0; all && i < b->root_count; i++)
    if (!write_root(w, &b->root[i], err)) return false;
  return true;
}

// One attempt. *again says that the estimate of room was too low and nothing was written.
static bool attempt(StoreBatch *b, bool all, uint64_t room, bool *again, Err *err) {
  Store *s = b->store;
  Writing w = {.b = b, .s = s};
  *again = false;
  if (!store_write_begin(s, room, &w.txn, err)) return false;
  w.next_id = s->next_id;
  bool ok = write_all(&w, all, err);
  if (ok) {
    s->next_id = w.next_id; // numbers of a commit that fails stay unused
    ok = store_write_commit(s, w.txn, err);
    *again = !ok && !s->failed;
  } else {
    *again = w.rc == MDB_MAP_FULL;
    mdb_txn_abort(w.txn);
  }
  store_write_end(s);
  return ok;
}

// Writes the gathered pages, and with `all` the links and roots, in one transaction.
static bool write_out(StoreBatch *b, bool all, Err *err) {
  uint64_t room;
  bool again = true, ok = false;
  if (!room_for(b, &room, err)) return false;
  for (int i = 0; i < 4 && again; i++, room *= 2) ok = attempt(b, all, room, &again, err);
  if (!ok) return false;
  b->page_count = 0;
  buf_clear(&b->pages);
  return true;
}

bool store_batch_commit(StoreBatch *b, Err *err) {
  bool idle = b->page_count == 0 && b->link_count == 0 && b->root_count == 0;
  bool ok = idle || write_out(b, true, err);
  store_batch_abort(b);
  return ok;
}
