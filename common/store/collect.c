// Collection in steps.
//
// Pages get their key when all that they refer to has one, so references always lead to smaller keys. One
// walk down the keys is therefore both mark and sweep: at each key all pages that could refer to it have
// been seen, so it is kept (and what it refers to marked) or removed. At every moment what is in the store
// is closed under references. Pages with keys from `limit` up came after the start; they are kept, and
// their references were marked when they were written (store_collect_touch).
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/store/impl.h"
#include <stdio.h>
#include <string.h>

#define CHUNK_BITS 15 // marks come in pieces of 2^15 keys, made when the first is set

typedef enum Phase { PHASE_ROOTS, PHASE_PAGES, PHASE_LINKS, PHASE_END } Phase;

struct Collection {
  Phase phase;
  uint64_t limit;  // keys below it are judged
  uint64_t at;     // PHASE_PAGES: keys below it are still to be judged
  Buf name;        // PHASE_ROOTS, PHASE_LINKS: the last one done
  WordTable marks; // chunk number -> uint8_t[1 << CHUNK_BITS - 3]
  StoreCollected sums;
};

// --- marks -------------------------------------------------------------------------------------

static uint8_t *chunk_of(const Collection *c, uint64_t key) {
  uint64_t *found = wtab_get(&c->marks, key >> CHUNK_BITS);
  return found ? (uint8_t *)(uintptr_t)*found : NULL;
}

static bool marked(const Collection *c, uint64_t key) {
  const uint8_t *chunk = chunk_of(c, key);
  uint64_t bit = key & ((1u << CHUNK_BITS) - 1);
  return chunk && (chunk[bit >> 3] >> (bit & 7) & 1);
}

static void mark(Collection *c, uint64_t key) {
  uint8_t *chunk = chunk_of(c, key);
  uint64_t bit = key & ((1u << CHUNK_BITS) - 1);
  if (!chunk) {
    chunk = mem_zalloc(1u << (CHUNK_BITS - 3));
    wtab_put(&c->marks, key >> CHUNK_BITS, (uint64_t)(uintptr_t)chunk);
  }
  chunk[bit >> 3] |= (uint8_t)(1u << (bit & 7));
}

// Marks above the walk are of no more use.
static void drop_chunk_above(Collection *c, uint64_t key) {
  uint64_t old;
  if ((key & ((1u << CHUNK_BITS) - 1)) == 0 && wtab_del(&c->marks, key >> CHUNK_BITS, &old))
    mem_free((void *)(uintptr_t)old);
}

void store_collect_touch(Store *s, uint64_t key) {
  Collection *c = s->collection;
  if (c && key < c->limit && (c->phase == PHASE_ROOTS || (c->phase == PHASE_PAGES && key < c->at)))
    mark(c, key);
}

void store_collect_drop(Store *s) {
  Collection *c = s->collection;
  if (!c) return;
  size_t iter = 0;
  uint64_t key, chunk;
  while (wtab_next(&c->marks, &iter, &key, &chunk)) mem_free((void *)(uintptr_t)chunk);
  wtab_free(&c->marks);
  buf_free(&c->name);
  mem_free(c);
  s->collection = NULL;
}

// --- holds -------------------------------------------------------------------------------------

void store_hold(Store *s, const PageId *id) {
  pthread_mutex_lock(&s->holds_lock);
  uint64_t *count = btab_get(&s->holds, id->b, PAGE_ID_LEN);
  if (count)
    ++*count;
  else
    btab_put(&s->holds, id->b, PAGE_ID_LEN, 1);
  pthread_mutex_unlock(&s->holds_lock);
}

void store_release(Store *s, const PageId *id) {
  pthread_mutex_lock(&s->holds_lock);
  uint64_t *count = btab_get(&s->holds, id->b, PAGE_ID_LEN);
  if (count && --*count == 0) btab_del(&s->holds, id->b, PAGE_ID_LEN, NULL);
  pthread_mutex_unlock(&s->holds_lock);
}

static int mark_holds(Store *s, MDB_txn *txn) {
  size_t iter = 0, len;
  const uint8_t *bytes;
  uint64_t count, key;
  while (btab_next(&s->holds, &iter, &bytes, &len, &count)) {
    PageId id;
    memcpy(id.b, bytes, PAGE_ID_LEN);
    int rc = store_key_of(s, txn, &id, &key);
    if (rc == 0)
      store_collect_touch(s, key);
    else if (rc != MDB_NOTFOUND)
      return rc;
  }
  return 0;
}

// --- steps -------------------------------------------------------------------------------------

typedef struct Step {
  Store *s;
  Collection *c;
  MDB_txn *txn;
  size_t budget;
  bool changed;
} Step;

static bool mark_refs(Step *st, const char *what, const PageId *refs, size_t n, Err *err) {
  for (size_t i = 0; i < n; i++) {
    uint64_t key;
    int rc = store_key_of(st->s, st->txn, &refs[i], &key);
    if (rc == MDB_NOTFOUND) {
      char name[BASE58_HASH_MAX];
      base58_hash(name, refs[i].b);
      return err_set(err, ERR_DATA, "store %s is damaged: %s refers to page %s, which is missing", st->s->dir,
                     what, name);
    }
    if (rc != 0) return store_mdb_err(st->s, err, rc, "look up a page");
    store_collect_touch(st->s, key);
  }
  return true;
}

static bool step_roots(Step *st, Err *err) {
  Collection *c = st->c;
  StoreRoot root = {0};
  bool found = true, ok = true;
  for (; ok && found && st->budget > 0; st->budget--) {
    ok = store_root_next(st->s, &c->name, &root, &found, err);
    if (ok && found) ok = mark_refs(st, "a root", root.refs, root.ref_count, err);
  }
  store_root_free(&root);
  if (ok && !found) {
    c->phase = PHASE_PAGES;
    buf_clear(&c->name);
  }
  return ok;
}

static int remove_page(Step *st, uint64_t key, const MDB_val *page) {
  PageId id; // copied: the first change moves what `page` points to
  memcpy(id.b, page->mv_data, PAGE_ID_LEN);
  size_t bytes = page->mv_size - PAGE_ID_LEN;
  MDB_val k = {sizeof key, &key}, i = {PAGE_ID_LEN, id.b};
  int rc = mdb_del(st->txn, st->s->by_id, &i, NULL);
  if (rc == 0) rc = mdb_del(st->txn, st->s->body, &k, NULL);
  st->changed = true;
  st->c->sums.removed++;
  st->c->sums.bytes_removed += bytes;
  return rc;
}

static bool judge(Step *st, uint64_t key, const MDB_val *page, Err *err) {
  Collection *c = st->c;
  if (!marked(c, key)) {
    int rc = remove_page(st, key, page);
    return rc == 0 || store_mdb_err(st->s, err, rc, "remove a page");
  }
  PageView view;
  char name[BASE58_HASH_MAX], what[BASE58_HASH_MAX + 8];
  base58_hash(name, page->mv_data);
  snprintf(what, sizeof what, "page %s", name);
  c->sums.kept++;
  if (page_parse(&view, (uint8_t *)page->mv_data + PAGE_ID_LEN, page->mv_size - PAGE_ID_LEN, err))
    return mark_refs(st, what, view.refs, view.ref_count, err);
  return err_wrap(err, "%s", what);
}

// The last page with a key below `below`. MDB_NOTFOUND when there is none.
static int page_below(Step *st, MDB_cursor *cursor, uint64_t below, uint64_t *key, MDB_val *page) {
  MDB_val k = {sizeof below, &below};
  int rc = mdb_cursor_get(cursor, &k, page, MDB_SET_RANGE);
  rc = mdb_cursor_get(cursor, &k, page, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
  if (rc != 0) return rc;
  if (k.mv_size != sizeof *key || page->mv_size < PAGE_ID_LEN) return MDB_CORRUPTED;
  memcpy(key, k.mv_data, sizeof *key);
  return *key < below ? 0 : MDB_CORRUPTED;
}

static bool step_pages(Step *st, Err *err) {
  Collection *c = st->c;
  MDB_cursor *cursor;
  int rc = mdb_cursor_open(st->txn, st->s->body, &cursor);
  if (rc != 0) return store_mdb_err(st->s, err, rc, "walk the pages");
  bool ok = true;
  while (ok && rc == 0 && st->budget > 0) {
    uint64_t key;
    MDB_val page;
    rc = page_below(st, cursor, c->at, &key, &page);
    if (rc == 0) {
      ok = judge(st, key, &page, err);
      drop_chunk_above(c, key);
      c->at = key;
      st->budget--;
    }
  }
  mdb_cursor_close(cursor);
  if (rc == MDB_NOTFOUND) c->phase = PHASE_LINKS;
  return ok && (rc == 0 || rc == MDB_NOTFOUND || store_mdb_err(st->s, err, rc, "walk the pages"));
}

// Position on the first link after c->name.
static int link_after(const Collection *c, MDB_cursor *cursor, MDB_val *key, MDB_val *v) {
  if (c->name.len == 0) return mdb_cursor_get(cursor, key, v, MDB_FIRST);
  *key = (MDB_val){c->name.len, c->name.data};
  int rc = mdb_cursor_get(cursor, key, v, MDB_SET_RANGE);
  if (rc == 0 && key->mv_size == c->name.len && memcmp(key->mv_data, c->name.data, c->name.len) == 0)
    rc = mdb_cursor_get(cursor, key, v, MDB_NEXT);
  return rc;
}

static int judge_link(Step *st, MDB_cursor *cursor, const MDB_val *v) {
  LinkRecord link;
  uint64_t key;
  if (v->mv_size == sizeof link) {
    memcpy(&link, v->mv_data, sizeof link);
    int rc = store_key_of(st->s, st->txn, &link.id, &key);
    if (rc != MDB_NOTFOUND) return rc;
  }
  st->changed = true;
  return mdb_cursor_del(cursor, 0);
}

static bool step_links(Step *st, Err *err) {
  Collection *c = st->c;
  MDB_cursor *cursor;
  int rc = mdb_cursor_open(st->txn, st->s->by_hash, &cursor);
  if (rc != 0) return store_mdb_err(st->s, err, rc, "walk the links");
  for (; rc == 0 && st->budget > 0; st->budget--) {
    MDB_val key, v;
    rc = link_after(c, cursor, &key, &v);
    if (rc != 0) break;
    buf_clear(&c->name);
    buf_put(&c->name, key.mv_data, key.mv_size);
    rc = judge_link(st, cursor, &v);
  }
  mdb_cursor_close(cursor);
  if (rc == MDB_NOTFOUND) c->phase = PHASE_END;
  return rc == 0 || rc == MDB_NOTFOUND || store_mdb_err(st->s, err, rc, "walk the links");
}

static bool run_phases(Step *st, Err *err) {
  int rc = mark_holds(st->s, st->txn);
  if (rc != 0) return store_mdb_err(st->s, err, rc, "look up a held page");
  while (st->budget > 0 && st->c->phase != PHASE_END) {
    bool ok = st->c->phase == PHASE_ROOTS   ? step_roots(st, err)
              : st->c->phase == PHASE_PAGES ? step_pages(st, err)
                                            : step_links(st, err);
    if (!ok) return false;
  }
  return true;
}

static Collection *begin(const Store *s) {
  Collection *c = mem_zalloc(sizeof *c);
  c->limit = c->at = s->next_id;
  return c;
}

// Removing copies file pages of both tables, at most all there are.
static uint64_t room_for(Store *s, size_t budget) {
  uint64_t all = store_used(s), some = 8192 * (uint64_t)budget;
  return (256ull << 10) + (all < some ? all : some);
}

static bool run_step(Step *st, Err *err) {
  Store *s = st->s;
  if (!s->collection) s->collection = begin(s);
  st->c = s->collection;
  bool ok = run_phases(st, err);
  if (ok && st->changed) return store_write_commit(s, st->txn, err);
  mdb_txn_abort(st->txn);
  return ok;
}

// The hold table stays locked from the look at it to the commit: who holds a page and then finds it in the
// store keeps it.
bool store_collect(Store *s, size_t budget, StoreCollected *collected, bool *done, Err *err) {
  Step st = {.s = s, .budget = budget ? budget : 1};
  *done = false;
  if (!store_write_begin(s, room_for(s, st.budget), &st.txn, err)) return false;
  pthread_mutex_lock(&s->holds_lock);
  bool ok = run_step(&st, err), end = st.c->phase == PHASE_END;
  *collected = st.c->sums;
  *done = ok && end;
  if (!ok || end) store_collect_drop(s);
  pthread_mutex_unlock(&s->holds_lock);
  store_write_end(s);
  return ok;
}
