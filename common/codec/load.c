#include "common/codec/load.h"
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/codec/session.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include <string.h>

#define MEMORY_DEFAULT (1ULL << 30)
#define FUEL_DEFAULT (1ULL << 32)
#define OPEN 0 // in `known`: the page waits for what it refers to

// --- sessions ----------------------------------------------------------------------------------------
void codec_session_begin(Session *s, Machine *m, Residency *res, bool stored, const LoadLimits *limits,
                         Err *err) {
  *s =
      (Session){.m = m, .res = res, .stored = stored, .err = err, .fuel_left = m->fuel_left, .stop = m->stop};
  s->decoder = (Decoder){.m = m,
                         .room = limits && limits->memory ? limits->memory : MEMORY_DEFAULT,
                         .trusted = limits && limits->trusted};
  m->fuel_left = limits && limits->fuel ? limits->fuel : FUEL_DEFAULT;
  m->stop = RUN_DONE;
}

void codec_session_end(Session *s) {
  for (size_t i = 0; i < s->count; i++) region_release(s->held[i]);
  mem_free(s->held);
  btab_free(&s->known);
  decoder_free(&s->decoder);
  s->m->fuel_left = s->fuel_left;
  s->m->stop = s->stop;
}

bool codec_session_error_at(Session *s, const PageId *id) {
  char text[BASE58_HASH_MAX];
  base58_hash(text, id->b);
  return err_at(s->err, "page %s", text);
}

// Takes over the caller's count.
static void keep(Session *s, const PageId *id, Region *r) {
  mem_reserve(s->held, s->cap, s->count + 1);
  s->held[s->count++] = r;
  btab_put(&s->known, id, sizeof *id, (uint64_t)(uintptr_t)r);
}

Region *codec_session_find(Session *s, const PageId *id) {
  const uint64_t *known = btab_get(&s->known, id, sizeof *id);
  if (known) return (Region *)(uintptr_t)*known;
  Region *r = s->res ? residency_find(s->res, id) : NULL;
  if (r) keep(s, id, r);
  return r;
}

bool codec_session_decode(Session *s, const PageId *id, const PageView *view) {
  Region **refs = mem_zalloc(mem_mul(view->ref_count, sizeof *refs));
  bool ok = true;
  for (uint32_t i = 0; ok && i < view->ref_count && !codec_refs_are_blobs(view); i++) {
    refs[i] = codec_session_find(s, &view->refs[i]);
    if (!refs[i])
      ok = err_set(s->err, ERR_DATA, "malformed pages: one refers to a page that does not come before it");
  }
  Region *r = ok ? codec_decode_page(&s->decoder, view, refs, s->err) : NULL;
  mem_free(refs);
  if (!r) return codec_session_error_at(s, id);
  if (s->stored) residency_add(s->res, r, id);
  keep(s, id, r);
  return true;
}

bool codec_session_root(Session *s, const ValueRoot *root, Ref *out) {
  Value v = root->nat;
  if (root->paged) {
    Region *r = codec_session_find(s, &root->page);
    if (!r) return err_set(s->err, ERR_DATA, "malformed root: its page is not there");
    if (root->behind >= region_objects(r)) {
      err_set(s->err, ERR_DATA, "malformed root: its page has no such object");
      return codec_session_error_at(s, &root->page);
    }
    v = obj_val(region_object(r, region_objects(r) - 1 - (size_t)root->behind));
  }
  *out = region_adopt(s->m, v);
  return true;
}

// --- loading -------------------------------------------------------------------------------------------
// A page whose references are being loaded.
typedef struct Pending {
  PageId id;
  PageView view; // into `bytes`
  uint8_t *bytes;
  size_t len;
  uint32_t next; // the next reference to look at
} Pending;

typedef struct Loading {
  Session session;
  const PageSource *source;
  Pending *stack;
  size_t depth, cap;
} Loading;

static bool charge_memory(Session *s, uint64_t bytes) {
  if (bytes > s->decoder.room)
    return err_set(s->err, ERR_LIMIT,
                   "a value needs more than the memory allowed for loading it: raise the limit");
  s->decoder.room -= bytes;
  return true;
}

static bool open_page(Loading *l, const PageId *id) {
  Session *s = &l->session;
  // A source that lies must not make us go round in circles.
  if (btab_get(&s->known, id, sizeof *id))
    return err_set(s->err, ERR_DATA, "pages refer to each other in a circle");
  Buf bytes = {0};
  PageView view;
  bool ok = l->source->get(l->source->ctx, id, &bytes, s->err) &&
            page_parse(&view, bytes.data, bytes.len, s->err) && charge_memory(s, bytes.len + sizeof(Pending));
  if (!ok) {
    buf_free(&bytes);
    return codec_session_error_at(s, id);
  }
  btab_put(&s->known, id, sizeof *id, OPEN);
  mem_reserve(l->stack, l->cap, l->depth + 1);
  Pending *p = &l->stack[l->depth++];
  *p = (Pending){.id = *id};
  uint8_t *grown = buf_take(&bytes, &p->len);
  p->bytes = mem_realloc(grown, p->len);
  return page_parse(&p->view, p->bytes, p->len, s->err);
}

static void close_page(Loading *l) {
  Pending *p = &l->stack[--l->depth];
  l->session.decoder.room += p->len + sizeof *p;
  mem_free(p->bytes);
}

static bool load_page(Loading *l, const PageId *root) {
  Session *s = &l->session;
  if (codec_session_find(s, root)) return true;
  if (!open_page(l, root)) return false;
  while (l->depth > 0) {
    Pending *top = &l->stack[l->depth - 1];
    if (top->next < top->view.ref_count && !codec_refs_are_blobs(&top->view)) {
      const PageId *ref = &top->view.refs[top->next++];
      if (!codec_session_find(s, ref) && !open_page(l, ref)) return false;
      continue;
    }
    if (!codec_session_decode(s, &top->id, &top->view)) return false;
    close_page(l);
  }
  return true;
}

bool codec_load(Machine *m, Residency *res, const PageSource *source, const ValueRoot *root,
                const LoadLimits *limits, Ref *out, Err *err) {
  Loading l = {.source = source};
  codec_session_begin(&l.session, m, res, true, limits, err);
  l.session.decoder.blob = source->get;
  l.session.decoder.blob_ctx = source->ctx;
  bool ok = (!root->paged || load_page(&l, &root->page)) && codec_session_root(&l.session, root, out);
  while (l.depth > 0) close_page(&l);
  mem_free(l.stack);
  codec_session_end(&l.session);
  return ok;
}
