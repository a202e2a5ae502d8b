#include "common/codec/bundle.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/codec/session.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include <string.h>

// --- writing -----------------------------------------------------------------------------------------
typedef struct Writing {
  Buf pages;
  BytesTable written; // ids: two regions may have the same page
  size_t max;
} Writing;

static bool too_long(size_t max, Err *err) {
  return err_set(err, ERR_LIMIT,
                 "the value takes more than %zu bytes: ask for a part of it, or raise the limit", max);
}

static bool write_page(void *ctx, const void *bytes, size_t len, PageId *id, Err *err) {
  Writing *w = ctx;
  page_id(id, bytes, len);
  if (!btab_put(&w->written, id, sizeof *id, 0)) return true;
  if (len > w->max || w->pages.len > w->max - len) return too_long(w->max, err);
  buf_varint(&w->pages, len);
  buf_put(&w->pages, bytes, len);
  return true;
}

bool bundle_encode(Machine *m, Ref r, size_t max, Buf *out, Err *err) {
  seal(m, r);
  Writing w = {.max = max};
  Buf head = {0}, tail = {0};
  const PageSink sink = {.put = write_page, .ctx = &w};
  Saver *s = saver_new(&sink, true);
  ValueRoot root;
  bool ok = saver_add(s, ref_get(m, r), &root, err);
  if (ok) {
    buf_le32(&head, BUNDLE_MAGIC);
    buf_u8(&head, BUNDLE_VERSION);
    buf_varint(&head, w.written.count);
    codec_put_root(&tail, &root);
    if (head.len + w.pages.len + tail.len > max) ok = too_long(max, err);
  }
  if (ok) {
    buf_put(out, head.data, head.len);
    buf_put(out, w.pages.data, w.pages.len);
    buf_put(out, tail.data, tail.len);
  }
  saver_free(s);
  btab_free(&w.written);
  buf_free(&w.pages);
  buf_free(&head);
  buf_free(&tail);
  return ok;
}

// --- reading -----------------------------------------------------------------------------------------
// Blobs are left where they are until a long object asks for them.
typedef struct Blobs {
  const uint8_t *bundle, *end;
  BytesTable at; // page id -> position of its length and bytes
} Blobs;

static bool give_blob(void *ctx, const PageId *id, Buf *out, Err *err) {
  Blobs *b = ctx;
  const uint64_t *at = btab_get(&b->at, id, sizeof *id);
  if (!at)
    return err_set(err, ERR_DATA, "malformed bundle: a blob does not come before the page that refers to it");
  Reader in = reader(b->bundle + *at, (size_t)(b->end - b->bundle) - *at);
  uint64_t len = read_varint(&in);
  buf_clear(out);
  buf_put(out, in.p, len);
  return true;
}

static bool read_page(Session *s, Blobs *blobs, Reader *in) {
  size_t at = (size_t)(in->p - blobs->bundle);
  uint64_t len = read_varint(in);
  const uint8_t *bytes = in->bad || len > PAGE_BYTES_MAX ? NULL : read_bytes(in, len);
  if (!bytes) return err_set(s->err, ERR_DATA, "malformed bundle: a page is cut off or too long");
  PageId id;
  PageView view;
  page_id(&id, bytes, len);
  if (!page_parse(&view, bytes, len, s->err)) return codec_session_error_at(s, &id);
  if (view.kind == PAGE_BLOB) {
    btab_put(&blobs->at, &id, sizeof id, at);
    return true;
  }
  return codec_session_find(s, &id) || codec_session_decode(s, &id, &view);
}

static bool read_bundle(Session *s, Blobs *blobs, Reader *in, Ref *out) {
  if (read_le32(in) != BUNDLE_MAGIC)
    return err_set(s->err, ERR_DATA, "not a value: it does not begin with PLVB");
  uint8_t version = read_u8(in);
  if (!in->bad && version != BUNDLE_VERSION)
    return err_set(s->err, ERR_CONFIG, "value in format version %u; this build reads version %u: upgrade it",
                   version, BUNDLE_VERSION);
  uint64_t pages = read_varint(in);
  if (in->bad || pages > reader_left(in) / PAGE_HEADER_LEN)
    return err_set(s->err, ERR_DATA, "malformed bundle: it says to hold more pages than there are");
  for (; pages > 0; pages--)
    if (!read_page(s, blobs, in)) return false;
  ValueRoot root;
  if (!codec_read_root(in, &root)) return err_set(s->err, ERR_DATA, "malformed bundle: its root");
  if (reader_left(in)) return err_set(s->err, ERR_DATA, "malformed bundle: there are bytes behind its end");
  return codec_session_root(s, &root, out);
}

bool bundle_decode(Machine *m, Residency *res, const void *bytes, size_t len, const LoadLimits *limits,
                   Ref *out, Err *err) {
  Session s;
  codec_session_begin(&s, m, res, false, limits, err);
  Blobs blobs = {.bundle = bytes, .end = (const uint8_t *)bytes + len};
  s.decoder.blob = give_blob;
  s.decoder.blob_ctx = &blobs;
  Reader in = reader(bytes, len);
  bool ok = read_bundle(&s, &blobs, &in, out);
  btab_free(&blobs.at);
  codec_session_end(&s);
  return ok;
}
