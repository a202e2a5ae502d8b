#include "common/base/mem.h"
#include "common/codec/value.h"
#include "common/plan/nat.h"
#include <string.h>

#define FEW_REFS 16

typedef struct Encoder {
  const Region *region;
  const PageNames *names;
  const PageSink *sink;
  Buf body, page;
  PageId *refs;
  size_t ref_count, ref_cap;
  BytesTable numbers; // page id -> reference number, from FEW_REFS on
  const Region *last; // the region referred to most recently, and its number
  uint64_t last_number;
  size_t object; // index of the one being written
  Err *err;
} Encoder;

static void begin_page(Encoder *e) {
  buf_clear(&e->body);
  buf_clear(&e->page);
  e->ref_count = 0;
  e->last = NULL;
  if (e->numbers.count) btab_free(&e->numbers);
}

static bool end_page(Encoder *e, PageKind kind, uint64_t objects, PageId *id) {
  return page_build(&e->page, kind, e->refs, e->ref_count, objects, e->body.data, e->body.len, e->err) &&
         e->sink->put(e->sink->ctx, e->page.data, e->page.len, id, e->err);
}

// --- parts -------------------------------------------------------------------------------------------
static void put_head(Encoder *e, unsigned tag, uint64_t count) {
  buf_varint(&e->body, tag | count << CODEC_TAG_BITS);
}

// Most pages have few references: those are searched one by one, and the table begins behind them.
static uint64_t ref_number(Encoder *e, const PageId *id) {
  for (size_t i = 0; i < e->ref_count && i < FEW_REFS; i++)
    if (page_id_equal(&e->refs[i], id)) return i;
  if (e->ref_count >= FEW_REFS) {
    const uint64_t *known = btab_get(&e->numbers, id, sizeof *id);
    if (known) return *known;
    btab_put(&e->numbers, id, sizeof *id, e->ref_count);
  }
  mem_reserve(e->refs, e->ref_cap, e->ref_count + 1);
  e->refs[e->ref_count] = *id;
  return e->ref_count++;
}

static void put_pointer(Encoder *e, const uint64_t *o) {
  const Region *r = region_of(o);
  size_t index = region_index(r, o);
  if (r == e->region) {
    buf_varint(&e->body, (uint64_t)(e->object - index) << 2 | 1);
    return;
  }
  if (r != e->last) {
    PageId id;
    e->names->id(e->names->ctx, r, &id);
    e->last = r;
    e->last_number = ref_number(e, &id);
  }
  buf_varint(&e->body, e->last_number << 2 | 3);
  buf_varint(&e->body, region_objects(r) - 1 - index);
}

static void put_value(Encoder *e, Value v) {
  if (val_is_small(v)) {
    buf_varint(&e->body, v << 1);
  } else {
    put_pointer(e, val_obj(v));
  }
}

static void put_values(Encoder *e, const uint64_t *v, size_t n) {
  for (size_t i = 0; i < n; i++) put_value(e, v[i]);
}

// --- objects -----------------------------------------------------------------------------------------
static void put_object(Encoder *e, const uint64_t *o) {
  switch (obj_kind(o)) {
  case KIND_NAT: {
    size_t n = nat_bytes(obj_val(o));
    put_head(e, TAG_NAT, n);
    buf_put(&e->body, o + 1, n);
    return;
  }
  case KIND_BAR:
    put_head(e, TAG_BAR, obj_count(o));
    buf_put(&e->body, o + 1, obj_count(o));
    return;
  case KIND_APP: put_head(e, TAG_APP, app_args(o)); break;
  case KIND_ROW:
    put_head(e, TAG_ROW, obj_count(o));
    put_values(e, o + 1, obj_count(o));
    return;
  case KIND_PIN:
    put_head(e, TAG_PIN, 0);
    put_value(e, o[PIN_ITEM]);
    return;
  case KIND_LAW:
    put_head(e, TAG_LAW, 0);
    put_values(e, o + 1, LAW_BODY);
    return;
  case KIND_ROW_VIEW:
  case KIND_BAR_VIEW:
    put_head(e, TAG_VIEW, obj_count(o));
    put_value(e, o[VIEW_BASE]);
    buf_varint(&e->body, o[VIEW_FROM]);
    return;
  case KIND_ROW_TREE:
  case KIND_BAR_TREE:
    put_head(e, TAG_TREE, tree_children(o) << 1 | tree_keyed(o));
    put_values(e, o + 1, tree_children(o));
    return;
  case KIND_COW: put_head(e, TAG_COW, 0); break;
  case KIND_SET: put_head(e, TAG_SET, 0); break;
  case KIND_TAB: put_head(e, TAG_TAB, 0); break;
  default: assert(!"only evaluated objects are sealed");
  }
  put_values(e, o + 1, obj_words(o) - 1);
}

// --- long objects --------------------------------------------------------------------------------------
// Pieces have pages of their own, which are put first; their ids are gathered meanwhile.
typedef struct Pieces {
  PageId *ids;
  size_t count, cap;
} Pieces;

static bool end_piece(Encoder *e, Pieces *p, PageKind kind, uint64_t objects) {
  mem_reserve(p->ids, p->cap, p->count + 1);
  if (p->count == PAGE_REFS_MAX - 1)
    return err_set(e->err, ERR_LIMIT, "a value has a part of more than %u pieces: make it of smaller parts",
                   PAGE_REFS_MAX - 1);
  return end_page(e, kind, objects, &p->ids[p->count++]);
}

static void put_pieces(Encoder *e, const Pieces *p) {
  for (size_t i = 0; i < p->count; i++) buf_varint(&e->body, ref_number(e, &p->ids[i]));
}

static bool put_long_raw(Encoder *e, Pieces *p, unsigned tag, const uint8_t *bytes, size_t n) {
  for (size_t at = 0; at < n; at += CODEC_RAW_PIECE) {
    begin_page(e);
    buf_put(&e->body, bytes + at, n - at < CODEC_RAW_PIECE ? n - at : CODEC_RAW_PIECE);
    if (!end_piece(e, p, PAGE_BLOB, 0)) return false;
  }
  begin_page(e);
  put_head(e, tag, n);
  put_pieces(e, p);
  return true;
}

static bool put_long_row(Encoder *e, Pieces *p, const uint64_t *elements, size_t n) {
  for (size_t at = 0; at < n; at += CODEC_ROW_PIECE) {
    size_t here = n - at < CODEC_ROW_PIECE ? n - at : CODEC_ROW_PIECE;
    begin_page(e);
    put_head(e, TAG_ROW, here);
    put_values(e, elements + at, here);
    if (!end_piece(e, p, PAGE_VALUE, 1)) return false;
  }
  begin_page(e);
  return true;
}

// Leaves the open page with the long object in it. *is_long: whether it was one.
static bool put_long(Encoder *e, const uint64_t *o, bool *is_long) {
  Pieces p = {0};
  bool ok = true;
  *is_long = true;
  Kind kind = obj_kind(o);
  size_t raw = kind == KIND_BAR ? obj_count(o) : kind == KIND_NAT ? nat_bytes(obj_val(o)) : 0;
  if (raw > CODEC_RAW_INLINE) {
    unsigned tag = kind == KIND_BAR ? TAG_LONG_BAR : TAG_LONG_NAT;
    ok = put_long_raw(e, &p, tag, (const uint8_t *)(o + 1), raw);
  } else if (kind == KIND_ROW && obj_count(o) > CODEC_ROW_PIECE) {
    ok = put_long_row(e, &p, o + 1, obj_count(o));
    put_head(e, TAG_LONG_ROW, obj_count(o));
    put_pieces(e, &p);
  } else if (kind == KIND_APP && app_args(o) > CODEC_ROW_PIECE) {
    ok = put_long_row(e, &p, o + 2, app_args(o));
    put_head(e, TAG_LONG_APP, app_args(o));
    put_value(e, o[1]);
    put_pieces(e, &p);
  } else {
    *is_long = false;
  }
  mem_free(p.ids);
  return ok;
}

bool codec_encode_region(const Region *r, const PageNames *names, const PageSink *sink, PageId *id,
                         Err *err) {
  Encoder e = {.region = r, .names = names, .sink = sink, .err = err};
  size_t objects = region_objects(r);
  const uint64_t *o = region_object(r, 0);
  bool is_long = false, ok = objects > 1 || put_long(&e, o, &is_long);
  if (ok && !is_long) {
    begin_page(&e);
    for (e.object = 0; e.object < objects; e.object++, o += obj_words(o)) put_object(&e, o);
  }
  ok = ok && end_page(&e, PAGE_VALUE, objects, id);
  buf_free(&e.body);
  buf_free(&e.page);
  mem_free(e.refs);
  btab_free(&e.numbers);
  return ok;
}

// --- roots -------------------------------------------------------------------------------------------
void codec_put_root(Buf *out, const ValueRoot *root) {
  buf_u8(out, root->paged);
  if (root->paged) buf_put(out, &root->page, sizeof root->page);
  buf_varint(out, root->paged ? root->behind : root->nat);
}

bool codec_read_root(Reader *r, ValueRoot *root) {
  *root = (ValueRoot){0};
  uint8_t paged = read_u8(r);
  root->paged = paged == 1;
  if (paged > 1) r->bad = true;
  const uint8_t *id = root->paged ? read_bytes(r, sizeof root->page) : NULL;
  if (id) memcpy(&root->page, id, sizeof root->page);
  uint64_t n = read_varint(r);
  if (root->paged)
    root->behind = n;
  else
    root->nat = n;
  return !r->bad && (root->paged || n <= NAT_SMALL_MAX);
}
