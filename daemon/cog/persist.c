// Snapshots of cogs under roots of the store, and the replay of what the log has behind them.
//
// Root "cog/<id>", id big-endian, and root "engine". Data of both: a version byte, then fields as below,
// numbers as LEB128, values as a record has them. To change a form: new version, read both, write the new
// one.
#include "common/base/mem.h"
#include "daemon/cog/impl.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define SNAPSHOT_VERSION 1
#define COG_ROOT_LEN 12

static void cog_root_name(uint64_t id, uint8_t out[COG_ROOT_LEN]) {
  memcpy(out, "cog/", 4);
  for (int i = 0; i < 8; i++) out[4 + i] = (uint8_t)(id >> (56 - 8 * i));
}

// --- writing ---------------------------------------------------------------------------------------------
typedef struct RefList {
  PageId *ids;
  size_t n, cap;
} RefList;

static bool put_value(Engine *e, Cog *c, Ref v, Buf *out, RefList *refs, Err *err) {
  Buf bytes = {0};
  RecordValue value = {0};
  bool ok = values_save(e->values, c->m, v, &bytes, &value, err);
  PageId page;
  if (value.kind == VALUE_INLINE) value.bytes = bytes.data;
  if (ok && values_page(&value, &page)) {
    mem_reserve(refs->ids, refs->cap, refs->n + 1);
    refs->ids[refs->n++] = page;
  }
  buf_u8(out, (uint8_t)value.kind);
  if (value.kind == VALUE_PAGE) buf_put(out, value.page.b, PAGE_ID_LEN);
  buf_varint(out, value.kind == VALUE_INLINE ? bytes.len : 0);
  if (value.kind == VALUE_INLINE) buf_put(out, bytes.data, bytes.len);
  buf_free(&bytes);
  return ok;
}

static bool put_cog(Engine *e, Cog *c, Buf *out, RefList *refs, Err *err) {
  buf_u8(out, SNAPSHOT_VERSION);
  buf_varint(out, c->lsn);
  buf_varint(out, c->parent);
  buf_varint(out, c->owner);
  buf_varint(out, c->incarnation);
  buf_varint(out, c->events);
  buf_u8(out, (uint8_t)c->state);
  buf_u8(out, c->paused);
  buf_varint(out, c->timeout_ns);
  buf_varint(out, strlen(c->name));
  buf_str(out, c->name);
  buf_varint(out, c->unclaimed_count);
  for (size_t i = 0; i < c->unclaimed_count; i++) buf_varint(out, c->unclaimed[i]);
  buf_varint(out, c->window_count);
  for (size_t i = 0; i < c->window_count; i++) {
    const MessageId *id = &c->window[(c->window_at + i) % MESSAGE_WINDOW];
    uint64_t event = 0;
    cog_knows_message(c, id, &event);
    buf_varint(out, id->sender);
    buf_put(out, id->id, RPC_ID_LEN);
    buf_varint(out, event);
  }
  return put_value(e, c, COG_VALUE, out, refs, err) && put_value(e, c, COG_OP, out, refs, err) &&
         put_value(e, c, COG_ARG, out, refs, err);
}

static bool root_of_cog(Engine *e, StoreBatch *b, Cog *c, Err *err) {
  uint8_t name[COG_ROOT_LEN];
  Buf data = {0};
  RefList refs = {0};
  cog_root_name(c->id, name);
  bool ok = put_cog(e, c, &data, &refs, err) &&
            store_batch_set_root(b, name, sizeof name, refs.ids, refs.n, data.data, data.len, err);
  buf_free(&data);
  mem_free(refs.ids);
  return ok;
}

static bool must_wait(const Cog *c) { return c->dirty && c->running; }

static bool roots_of_cogs(Engine *e, StoreBatch *b, uint64_t now, Err *err) {
  for (size_t i = 0; i < e->cog_count; i++) {
    Cog *c = e->cogs[i];
    if (!c->dirty || c->running) continue;
    uint64_t before = c->lsn;
    c->lsn = now;
    bool ok = root_of_cog(e, b, c, err);
    c->lsn = before; // until the batch is durable
    if (!ok) return false;
    machine_collect(c->m, true); // what was sealed has left its heap, and what it sealed before may go
  }
  return true;
}

// Cogs that have to wait for a later snapshot are listed: theirs may be the first, and then only the log,
// from *keep on, knows of them.
static bool root_of_engine(Engine *e, StoreBatch *b, uint64_t now, uint64_t *keep, Err *err) {
  Buf data = {0};
  size_t late = 0;
  *keep = now;
  for (size_t i = 0; i < e->cog_count; i++) late += must_wait(e->cogs[i]);
  buf_u8(&data, SNAPSHOT_VERSION);
  buf_varint(&data, now);
  buf_varint(&data, e->next_id);
  buf_varint(&data, e->events);
  buf_varint(&data, late);
  for (size_t i = 0; i < e->cog_count; i++) {
    const Cog *c = e->cogs[i];
    if (!must_wait(c)) continue;
    buf_varint(&data, c->id);
    if (c->lsn < *keep) *keep = c->lsn;
  }
  bool ok = store_batch_set_root(b, "engine", 6, NULL, 0, data.data, data.len, err);
  buf_free(&data);
  return ok;
}

bool persist_snapshot(Engine *e, Err *err) {
  uint64_t now = wal_committed(e->wal), keep;
  StoreBatch *b = store_batch_begin(e->store);
  for (size_t i = 0; i < e->removed_count; i++) {
    uint8_t name[COG_ROOT_LEN];
    cog_root_name(e->removed[i], name);
    store_batch_del_root(b, name, sizeof name);
  }
  if (!roots_of_cogs(e, b, now, err) || !root_of_engine(e, b, now, &keep, err)) {
    store_batch_abort(b);
    return false;
  }
  if (!store_batch_commit(b, err)) return false;
  for (size_t i = 0; i < e->cog_count; i++) {
    Cog *c = e->cogs[i];
    if (!c->dirty || c->running) continue;
    c->lsn = now;
    c->dirty = false;
  }
  e->removed_count = 0;
  e->to_replay = 0;
  return wal_prune(e->wal, keep, err);
}

// --- reading ---------------------------------------------------------------------------------------------
static bool read_value(Engine *e, Cog *c, Reader *r, Ref into, Err *err) {
  RecordValue v = {.kind = (RecordValueKind)read_u8(r)};
  if (v.kind == VALUE_PAGE) {
    const uint8_t *id = read_bytes(r, PAGE_ID_LEN);
    if (id) memcpy(v.page.b, id, PAGE_ID_LEN);
  }
  v.len = read_varint(r);
  v.bytes = read_bytes(r, v.len);
  if (r->bad || v.kind == VALUE_NONE || v.kind > VALUE_PAGE)
    return err_set(err, ERR_DATA, "a value is malformed");
  RefMark mark = refs_mark(c->m);
  Ref out;
  bool ok = values_load(e->values, c->m, &v, &out, err);
  if (ok) ref_copy(c->m, into, out);
  refs_release(c->m, mark);
  return ok;
}

static bool read_messages(Cog *c, Reader *r) {
  uint64_t n = read_varint(r);
  for (uint64_t i = 0; i < n && n <= MESSAGE_WINDOW && !r->bad; i++) {
    MessageId id = {.sender = (uint32_t)read_varint(r)};
    const uint8_t *bytes = read_bytes(r, RPC_ID_LEN);
    if (bytes) memcpy(id.id, bytes, RPC_ID_LEN);
    cog_note_message(c, &id, read_varint(r));
  }
  return !r->bad && n <= MESSAGE_WINDOW;
}

static bool read_cog(Engine *e, uint64_t id, Reader *r, Err *err) {
  if (read_u8(r) != SNAPSHOT_VERSION)
    return err_set(err, ERR_CONFIG,
                   "the snapshot of cog %" PRIu64 " was written by a newer palld; run that one", id);
  uint64_t lsn = read_varint(r), parent = read_varint(r), owner = read_varint(r),
           incarnation = read_varint(r);
  uint64_t events = read_varint(r);
  uint8_t state = read_u8(r), paused = read_u8(r);
  uint64_t timeout = read_varint(r), name_len = read_varint(r);
  const uint8_t *name = read_bytes(r, name_len);
  if (r->bad || state > STATE_TIMED_OUT || name_len > RECORD_NAME_MAX)
    return err_set(err, ERR_DATA, "the snapshot of cog %" PRIu64 " is malformed", id);
  Cog *c = cog_new(id, (const char *)name, name_len, e->cfg.cog_memory, e->jets);
  c->lsn = lsn;
  c->parent = parent;
  c->owner = (uint32_t)owner;
  c->incarnation = incarnation;
  c->events = events;
  c->state = (CogState)state;
  c->paused = paused;
  c->timeout_ns = timeout;
  engine_add(e, c);
  uint64_t n = read_varint(r);
  for (uint64_t i = 0; i < n && !r->bad; i++) cog_add_child(c, read_varint(r));
  if (!read_messages(c, r)) return err_set(err, ERR_DATA, "the snapshot of cog %" PRIu64 " is malformed", id);
  if (!read_value(e, c, r, COG_VALUE, err) || !read_value(e, c, r, COG_OP, err) ||
      !read_value(e, c, r, COG_ARG, err))
    return err_wrap(err, "the snapshot of cog %" PRIu64, id);
  cog_set_value(c, COG_VALUE);
  return true;
}

static bool read_roots(Engine *e, Err *err) {
  Buf name = {0};
  StoreRoot root = {0};
  bool ok = true;
  for (bool found = true; ok;) {
    ok = store_root_next(e->store, &name, &root, &found, err);
    if (!ok || !found) break;
    Reader r = reader(root.data, root.data_len);
    if (name.len == COG_ROOT_LEN && memcmp(name.data, "cog/", 4) == 0) {
      uint64_t id = 0;
      for (int i = 4; i < COG_ROOT_LEN; i++) id = id << 8 | name.data[i];
      ok = read_cog(e, id, &r, err);
    } else if (name.len == 6 && memcmp(name.data, "engine", 6) == 0) {
      if (read_u8(&r) != SNAPSHOT_VERSION)
        ok = err_set(err, ERR_CONFIG, "this store was written by a newer palld");
      e->snapshot_lsn = read_varint(&r);
      uint64_t next = read_varint(&r);
      if (next > e->next_id) e->next_id = next;
      e->events = read_varint(&r);
      for (uint64_t n = reader_left(&r) ? read_varint(&r) : 0; n > 0 && !r.bad; n--)
        wtab_put(&e->late, read_varint(&r), 0);
      if (r.bad) ok = err_set(err, ERR_DATA, "the snapshot of the engine is malformed");
    }
  }
  store_root_free(&root);
  buf_free(&name);
  return ok;
}

// --- replay ----------------------------------------------------------------------------------------------
static bool replay_spawn(Engine *e, uint64_t lsn, const Record *r, Err *err) {
  if (r->cog >= e->next_id) e->next_id = r->cog + 1;
  Cog *c = engine_cog(e, r->cog);
  Cog *parent = r->parent == RECORD_NO_COG ? NULL : engine_cog(e, r->parent);
  if (parent && lsn >= parent->lsn) cog_add_child(parent, r->cog);
  if (c) return true;                                                    // in a snapshot
  if (lsn < e->snapshot_lsn && !wtab_get(&e->late, r->cog)) return true; // removed before one
  c = cog_new(r->cog, (const char *)r->name, r->name_len, e->cfg.cog_memory, e->jets);
  c->parent = r->parent == RECORD_NO_COG ? 0 : r->parent;
  c->owner = r->owner;
  c->incarnation = r->incarnation;
  c->lsn = lsn;
  c->dirty = true;
  engine_add(e, c);
  RefMark mark = refs_mark(c->m);
  Ref v;
  bool ok = values_load(e->values, c->m, &r->value, &v, err);
  if (ok) cog_set_value(c, v);
  refs_release(c->m, mark);
  return ok;
}

static bool replay_event(Engine *e, Cog *c, uint64_t lsn, const Record *r, Err *err) {
  if (r->event != c->events + 1)
    return err_set(err, ERR_DATA, "the log has event %" PRIu64 " of cog %" PRIu64 " where %" PRIu64 " is due",
                   r->event, c->id, c->events + 1);
  RefMark mark = refs_mark(c->m);
  bool ok = true;
  for (size_t i = 0; ok && i < r->answer_count; i++) {
    const RecordAnswer *a = &r->answers[i];
    Ref v;
    ok = values_load(e->values, c->m, &a->value, &v, err);
    if (!ok) break;
    cog_put_answer(c, a->slot, v);
    if (a->message_len == RPC_ID_LEN) {
      MessageId id = {.sender = a->sender};
      memcpy(id.id, a->message, RPC_ID_LEN);
      cog_note_message(c, &id, r->event);
    }
  }
  refs_release(c->m, mark);
  e->events++;
  cog_mark_logged(c, r->event, lsn);
  return ok && cog_replay(c, r, e->values, err);
}

static bool replay_record(Engine *e, uint64_t lsn, const Record *r, Err *err) {
  if (r->kind == RECORD_SPAWN) return replay_spawn(e, lsn, r, err);
  Cog *c = engine_cog(e, r->cog);
  if (!c || lsn < c->lsn) return true;
  switch (r->kind) {
  case RECORD_EVENT: return replay_event(e, c, lsn, r, err);
  case RECORD_PAUSE:
  case RECORD_RESUME:
    c->paused = r->kind == RECORD_PAUSE;
    c->dirty = true;
    return true;
  case RECORD_REMOVE:
    engine_forget(e, c);
    mem_reserve(e->removed, e->removed_cap, e->removed_count + 1);
    e->removed[e->removed_count++] = c->id;
    cog_free(c);
    return true;
  default:
    return err_set(err, ERR_CONFIG, "the log has a record of kind %d, which this palld does not know",
                   (int)r->kind);
  }
}

// A page that the store does not have: somebody put pages.mdb and log together that do not belong together.
static bool explain(Err *err) {
  char where[sizeof err->where];
  if (err->code != ERR_NOT_FOUND) return false;
  memcpy(where, err->where, sizeof where);
  err_set(err, ERR_DATA, "%s; its pages and its log are of different times: restore both from one copy",
          err->msg);
  return err_at(err, "%s", where);
}

// The snapshots hold what was done before a record that the log must still have, or be about to write.
static bool goes_on(const Engine *e, uint64_t first, Err *err) {
  uint64_t due = e->snapshot_lsn > 1 ? e->snapshot_lsn : 1;
  return first <= due ||
         err_set(err, ERR_DATA,
                 "the log begins with record %" PRIu64 ", and the pages know what was before record %" PRIu64
                 " only: they are of different times: restore both from one copy",
                 first, due);
}

static bool on_record(void *ctx, uint64_t lsn, const void *data, size_t len, Err *err) {
  Engine *e = ctx;
  Record r;
  if (e->to_replay == 0 && !goes_on(e, lsn, err)) return false;
  if (!record_decode(&r, data, len, err)) return err_wrap(err, "log record %" PRIu64, lsn);
  bool ok = replay_record(e, lsn, &r, err);
  e->to_replay += len + RECORD_REPLAY;
  record_free(&r);
  return ok || err_wrap(err, "log record %" PRIu64, lsn) || explain(err);
}

// Its name is synced each time: the process that made it may have died before that.
static bool make_log_dir(Engine *e, const char *dir, Err *err) {
  if (mkdir(dir, 0700) != 0 && errno != EEXIST)
    err_sys(err, ERR_CREATE, errno, "cannot make the folder of the log");
  else if (e->cfg.sys->sync_dir(e->cfg.sys->ctx, e->cfg.dir) != 0)
    err_sys(err, ERR_IO, errno, "cannot sync the folder of the store");
  else
    return true;
  return err_at(err, "%s", dir);
}

bool persist_open(Engine *e, Err *err) {
  StoreOptions options = {.runtime = e->cfg.runtime, .create = true};
  if (!store_open(&e->store, e->cfg.sys, e->cfg.dir, &options, err)) return false;
  StoreInfo info;
  e->values = values_new(e->store);
  if (!store_info(e->store, &info, err) || !read_roots(e, err)) return false;
  char *dir = mem_printf("%s/log", e->cfg.dir);
  WalOptions wal = {.runtime = e->cfg.runtime, .durable_to = e->snapshot_lsn};
  memcpy(wal.store_id, info.store_id, WAL_STORE_ID_LEN);
  bool ok = make_log_dir(e, dir, err) && wal_open(&e->wal, e->cfg.sys, dir, &wal, on_record, e, err) &&
            goes_on(e, wal_first(e->wal), err);
  mem_free(dir);
  return ok;
}
