#include "common/base/mem.h"
#include "common/codec/value.h"
#include "common/plan/nat.h"
#include "common/plan/order.h"
#include "common/plan/rope.h"
#include "common/plan/row.h"
#include <string.h>

#define FEW_REFS 16
#define LONG_WAY 8 // steps from which the end of a way is remembered

void decoder_free(Decoder *d) {
  wtab_free(&d->arities);
  wtab_free(&d->heads);
  wtab_free(&d->ascending);
}

typedef struct Build {
  Decoder *d;
  const PageView *view;
  Region *const *refs;
  Reader in;
  uint32_t next_ref; // the lowest reference not used yet
  Region *region;
  uint64_t *words;
  size_t at;         // words written
  uint32_t *offsets; // of the objects written
  size_t objects;
  Err *err;
} Build;

static bool bad(const Build *b, const char *what) {
  return err_set(b->err, ERR_DATA, "malformed page: object %zu: %s", b->objects, what);
}

// --- long ways -------------------------------------------------------------------------------------
typedef struct Way {
  Value *at;
  size_t count, cap;
} Way;

static void way_push(Way *w, Value v) {
  mem_reserve(w->at, w->cap, w->count + 1);
  w->at[w->count++] = v;
}

static void remember_way(WordTable *t, const Way *w, size_t i, uint64_t end) {
  if (w->count - i > LONG_WAY) wtab_put(t, w->at[i], end);
}

// A(v), NAT_SMALL_MAX for that and more, as value_arity_u64 has it, each long way once.
static uint64_t arity_of(Decoder *d, Value v) {
  Way w = {0};
  const uint64_t *known = NULL;
  while (val_is_ptr(v) && !(known = wtab_get(&d->arities, v))) {
    const uint64_t *o = val_obj(v);
    bool far = obj_kind(o) == KIND_APP && app_left(o) == APP_ARITY_MAX;
    if (obj_kind(o) != KIND_PIN && !far) break;
    way_push(&w, v);
    v = o[1];
  }
  uint64_t arity = known ? *known : value_arity_u64(d->m, v);
  for (size_t i = w.count; i-- > 0;) {
    const uint64_t *o = val_obj(w.at[i]);
    if (obj_kind(o) == KIND_APP && arity < NAT_SMALL_MAX) arity -= app_args(o);
    remember_way(&d->arities, &w, i, arity);
  }
  mem_free(w.at);
  return arity;
}

static Value head_of(Decoder *d, Value v) {
  Way w = {0};
  const uint64_t *known = NULL;
  while (val_kind(v) == KIND_APP && !(known = wtab_get(&d->heads, v))) {
    way_push(&w, v);
    v = val_obj(v)[1];
  }
  if (known) v = *known;
  for (size_t i = 0; i < w.count; i++) remember_way(&d->heads, &w, i, v);
  mem_free(w.at);
  return v;
}

enum { ORDER_NO, ORDER_YES, ORDER_LIMIT };

static int ascending(Decoder *d, Value row) {
  const uint64_t *known = wtab_get(&d->ascending, row);
  if (known) return (int)*known;
  int result = ORDER_YES;
  RowCursor c = row_cursor(row, 0);
  Value prev, v;
  if (!row_next(&c, &prev)) return ORDER_YES;
  for (size_t n = 1; result == ORDER_YES && row_next(&c, &v); prev = v, n++) {
    int order;
    if (n % 16 == 0 && !jet_charge(d->m, 1)) return ORDER_LIMIT;
    if (val_is_small(prev) && val_is_small(v))
      order = prev < v ? -1 : 1;
    else if (!order_cmp_nf(d->m, prev, v, &order))
      return ORDER_LIMIT;
    if (order >= 0) result = ORDER_NO;
  }
  wtab_put(&d->ascending, row, (uint64_t)result);
  return result;
}

// --- what PLAN would have made of it -------------------------------------------------------------------
static bool is_nat(Value v) { return val_kind(v) == KIND_NAT; }

static bool limit(const Build *b) {
  return err_set(
      b->err, ERR_LIMIT,
      "comparing the keys of a set takes more than the fuel allowed: raise the limit if it is trusted");
}

static bool check_law(Build *b, const uint64_t *o) {
  Value name = o[LAW_NAME], arity = o[LAW_ARITY], body = o[LAW_BODY];
  if (!is_nat(name) || !is_nat(arity) || arity == 0)
    return bad(b, "a law's name and arity must be nats, arity above 0");
  if (name == 0 && body == 0) return bad(b, "this law must be written as a cow or row");
  if (name != 1) return true;
  if (arity == 1 && is_nat(body) && body != 0 && nat_bits(body) % 8 == 1)
    return bad(b, "this law must be written as a bar");
  if (arity != 2 || val_kind(body) != KIND_ROW || b->d->trusted) return true;
  int order = ascending(b->d, body);
  if (order == ORDER_LIMIT) return limit(b);
  return order == ORDER_NO || bad(b, "this law must be written as a set");
}

static bool check_set(Build *b, const uint64_t *o) {
  if (val_kind(o[1]) != KIND_ROW) return bad(b, "a set's keys must be a row");
  if (b->d->trusted) return true;
  int order = ascending(b->d, o[1]);
  if (order == ORDER_LIMIT) return limit(b);
  return order == ORDER_YES || bad(b, "a set's keys must be strictly ascending");
}

static bool check_tab(const Build *b, const uint64_t *o) {
  if (val_kind(o[TAB_KEYS]) != KIND_SET || val_kind(o[TAB_VALS]) != KIND_ROW)
    return bad(b, "a tab must be made of a set and a row");
  return row_len(o[TAB_VALS]) == set_len(o[TAB_KEYS]) ||
         bad(b, "a tab's keys and values must be equal in number");
}

// Sets the arity left, too.
static bool check_app(Build *b, uint64_t *o) {
  uint32_t args = app_args(o);
  Value f = o[1];
  bool on_app = val_kind(f) == KIND_APP;
  if (on_app && app_args(val_obj(f)) < APP_CHUNK) return bad(b, "an app on a short app must be one app");
  uint64_t arity = arity_of(b->d, f);
  if (arity <= args) return bad(b, "a saturated app is no value");
  uint64_t left = arity == NAT_SMALL_MAX ? arity : arity - args;
  Value head = left > 1 ? 0 : on_app ? head_of(b->d, f) : f;
  if (val_kind(head) == KIND_COW) return bad(b, "this app must be written as a row");
  if (val_kind(head) == KIND_SET && val_kind(o[2]) == KIND_ROW && row_len(o[2]) == set_len(head))
    return bad(b, "this app must be written as a tab");
  o[0] = obj_header(KIND_APP, OBJ_NF | OBJ_SEALED,
                    app_count(args, left < APP_ARITY_MAX ? (uint32_t)left : APP_ARITY_MAX));
  return true;
}

static bool check_object(Build *b, uint64_t *o) {
  switch (obj_kind(o)) {
  case KIND_NAT: {
    size_t n = obj_count(o);
    return (o[n] != 0 && (n > 1 || o[1] > NAT_SMALL_MAX)) ||
           bad(b, "a nat must be above 2^63, without leading zeros");
  }
  case KIND_COW: return (is_nat(o[1]) && o[1] != 0) || bad(b, "a cow's number must be a nat above 0");
  case KIND_LAW: return check_law(b, o);
  case KIND_SET: return check_set(b, o);
  case KIND_TAB: return check_tab(b, o);
  case KIND_APP: return check_app(b, o);
  default: return true;
  }
}

// --- reading parts ---------------------------------------------------------------------------------------
static bool read_ref(Build *b, uint64_t number) {
  if (number >= b->view->ref_count) return bad(b, "there is no such reference");
  if (number > b->next_ref) return bad(b, "references must be numbered in the order of use");
  if (number == b->next_ref) b->next_ref++;
  return true;
}

static bool read_value(Build *b, Value *v) {
  uint64_t w = read_varint(&b->in);
  if (b->in.bad) return bad(b, "a value is cut off or not in its shortest form");
  if (!(w & 1)) {
    *v = w >> 1;
    return true;
  }
  if (!(w & 2)) {
    uint64_t back = w >> 2;
    if (back == 0 || back > b->objects) return bad(b, "there is no object so far back");
    *v = obj_val(b->words + b->offsets[b->objects - back]);
    return true;
  }
  if (!read_ref(b, w >> 2)) return false;
  uint64_t behind = read_varint(&b->in);
  const Region *r = b->refs[w >> 2];
  if (b->in.bad || behind >= region_objects(r))
    return bad(b, "there is no such object in the page referred to");
  *v = obj_val(region_object(r, region_objects(r) - 1 - (size_t)behind));
  return true;
}

typedef struct Head {
  unsigned tag;
  uint64_t count;
} Head;

static Head read_head(Reader *in) {
  uint64_t w = read_varint(in);
  return (Head){(unsigned)(w & ((1u << CODEC_TAG_BITS) - 1)), w >> CODEC_TAG_BITS};
}

static const struct Shape {
  uint8_t kind, values; // values besides `count`
  bool counted;
} shapes[1 << CODEC_TAG_BITS] = {
    [TAG_NAT] = {KIND_NAT, 0, true},  [TAG_BAR] = {KIND_BAR, 0, true},  [TAG_PIN] = {KIND_PIN, 1, false},
    [TAG_COW] = {KIND_COW, 1, false}, [TAG_LAW] = {KIND_LAW, 3, false}, [TAG_SET] = {KIND_SET, 1, false},
    [TAG_APP] = {KIND_APP, 1, true},  [TAG_TAB] = {KIND_TAB, 2, false}, [TAG_ROW] = {KIND_ROW, 0, true},
};

static bool is_raw(unsigned tag) { return tag == TAG_NAT || tag == TAG_BAR; }

// The header word of the object in memory; an app's arity is put in later.
static uint64_t header_of(Head h) {
  uint64_t count = h.tag == TAG_NAT ? (h.count + 7) / 8 : h.count;
  return obj_header(shapes[h.tag].kind, OBJ_NF | OBJ_SEALED, count);
}

static bool read_view(Build *b, uint64_t *o, uint64_t len) {
  Value base;
  if (!read_value(b, &base)) return false;
  uint64_t from = read_varint(&b->in);
  Kind kind = val_is_small(base) ? KIND_NAT : obj_kind(val_obj(base));
  if (kind != KIND_ROW && kind != KIND_BAR) return bad(b, "a view must be of a flat row or bar");
  uint64_t whole = obj_count(val_obj(base));
  if (b->in.bad || len == 0 || from > whole || len > whole - from)
    return bad(b, "a view must lie within its row or bar");
  o[0] = obj_header(kind | KIND_VIEW, OBJ_NF | OBJ_SEALED, len);
  o[VIEW_BASE] = base;
  o[VIEW_FROM] = from;
  return true;
}

static bool read_tree(Build *b, uint64_t *o, uint64_t count) {
  Value children[ROPE_WIDTH];
  size_t n = count >> 1;
  for (size_t i = 0; i < n; i++)
    if (!read_value(b, &children[i])) return false;
  return rope_node_of(o, children, n, count & 1) || bad(b, "what is below a tree does not make one");
}

static bool read_rope(Build *b, Head h) {
  uint64_t *o = b->words + b->at;
  if (!(h.tag == TAG_VIEW ? read_view(b, o, h.count) : read_tree(b, o, h.count))) return false;
  b->offsets[b->objects++] = (uint32_t)b->at;
  b->at += obj_words(o);
  return true;
}

static bool read_object(Build *b) {
  Head h = read_head(&b->in);
  if (h.tag == TAG_VIEW || h.tag == TAG_TREE) return read_rope(b, h);
  uint64_t *o = b->words + b->at;
  o[0] = header_of(h);
  size_t words = obj_words(o);
  memset(o + 1, 0, (words - 1) * 8);
  if (is_raw(h.tag)) {
    memcpy(o + 1, read_bytes(&b->in, h.count), h.count);
  } else {
    size_t n = shapes[h.tag].values + (shapes[h.tag].counted ? h.count : 0);
    for (size_t i = 1; i <= n; i++)
      if (!read_value(b, &o[i])) return false;
  }
  if (h.tag == TAG_NAT && (h.count == 0 || !((uint8_t *)(o + 1))[h.count - 1]))
    return bad(b, "a nat must be above 2^63, without leading zeros");
  if (!check_object(b, o)) return false;
  b->offsets[b->objects++] = (uint32_t)b->at;
  b->at += words;
  return true;
}

// --- measuring -------------------------------------------------------------------------------------------
static bool skip_values(Reader *in, uint64_t n) {
  for (; n > 0; n--) {
    uint64_t w = read_varint(in);
    if ((w & 3) == 3) read_varint(in);
    if (in->bad) return false;
  }
  return true;
}

static bool measure_rope(Build *b, Reader *in, Head h, uint64_t *words) {
  bool is_view = h.tag == TAG_VIEW;
  uint64_t n = h.count >> 1;
  if (!is_view && (n < 2 || n > ROPE_WIDTH))
    return bad(b, "a tree of so many children is not for this build");
  if (in->bad || !skip_values(in, is_view ? 1 : n)) return bad(b, "it is cut off");
  if (is_view) read_varint(in);
  *words += is_view ? 3 : 1 + (n << (h.count & 1)) + (n + 1) / 2;
  return !in->bad || bad(b, "it is cut off");
}

static bool measure_plain(Build *b, Reader *in, Head h, uint64_t *words) {
  const struct Shape *s = &shapes[h.tag];
  if (in->bad || s->kind == 0 || (!s->counted && h.count != 0)) return bad(b, "unknown or malformed object");
  if (h.count > reader_left(in)) return bad(b, "it says to be longer than the page is");
  if (is_raw(h.tag) ? h.count > CODEC_RAW_INLINE : h.count > CODEC_ROW_PIECE)
    return bad(b, "it must be written as a long object");
  if (h.tag == TAG_APP && h.count == 0) return bad(b, "an app must have arguments");
  if (is_raw(h.tag))
    read_bytes(in, h.count);
  else if (!skip_values(in, s->values + h.count))
    return bad(b, "it is cut off");
  uint64_t header = header_of(h);
  *words += obj_words(&header);
  return true;
}

// Words of the page's objects, after looking at all of its bytes.
static bool measure(Build *b, uint64_t objects, uint64_t *words) {
  Reader in = b->in;
  *words = 0;
  for (uint64_t i = 0; i < objects; i++) {
    Head h = read_head(&in);
    bool is_rope = h.tag == TAG_VIEW || h.tag == TAG_TREE;
    if (!(is_rope ? measure_rope(b, &in, h, words) : measure_plain(b, &in, h, words))) return false;
    if (objects > 1 && *words > REGION_WORDS) return bad(b, "a page of more than one object is too big");
    b->objects = i + 1;
  }
  b->objects = 0;
  return reader_left(&in) == 0 || bad(b, "there are bytes behind the last object");
}

static bool make_region(Build *b, uint64_t words, Region *const *refs, size_t n) {
  uint64_t bytes = words * 8 + n * sizeof *refs;
  if (bytes > b->d->room)
    return err_set(b->err, ERR_LIMIT,
                   "a value needs more than the memory allowed for loading it: raise the limit");
  b->d->room -= bytes;
  b->region = region_new(b->d->m, words, refs, n);
  b->words = region_words(b->region);
  return true;
}

static bool decode_short(Build *b) {
  uint64_t words, objects = b->view->objects;
  if (objects == 0 || objects > b->view->body_len) return bad(b, "the number of objects is not right");
  if (!measure(b, objects, &words) || !make_region(b, words, b->refs, b->view->ref_count)) return false;
  b->offsets = mem_alloc(mem_mul(objects, sizeof *b->offsets));
  while (b->objects < objects)
    if (!read_object(b)) return false;
  return true;
}

// --- long objects ------------------------------------------------------------------------------------------
static uint64_t pieces_of(uint64_t count, uint64_t piece) { return count / piece + (count % piece != 0); }

// The numbers of the pieces; the caller frees.
static uint64_t *read_pieces(Build *b, uint64_t n) {
  if (n > reader_left(&b->in)) {
    bad(b, "it says to have more pieces than there are");
    return NULL;
  }
  uint64_t *numbers = mem_alloc(mem_mul(n, sizeof *numbers));
  for (uint64_t i = 0; i < n; i++) {
    numbers[i] = read_varint(&b->in);
    if (!b->in.bad && read_ref(b, numbers[i])) continue;
    if (b->in.bad) bad(b, "it is cut off");
    mem_free(numbers);
    return NULL;
  }
  return numbers;
}

static bool read_blob(Build *b, uint64_t number, uint8_t *to, size_t n) {
  Buf bytes = {0};
  PageView piece;
  bool ok = b->d->blob && b->d->blob(b->d->blob_ctx, &b->view->refs[number], &bytes, b->err) &&
            page_parse(&piece, bytes.data, bytes.len, b->err);
  if (!b->d->blob) bad(b, "blobs are not expected here");
  if (ok && (piece.kind != PAGE_BLOB || piece.body_len != n || piece.objects != 0))
    ok = bad(b, "a piece is not a blob of the right size");
  if (ok) memcpy(to, piece.body, n);
  buf_free(&bytes);
  return ok;
}

static bool decode_long_raw(Build *b, Head h) {
  if (h.count <= CODEC_RAW_INLINE) return bad(b, "it must not be written as a long object");
  uint64_t n = pieces_of(h.count, CODEC_RAW_PIECE), *numbers = read_pieces(b, n);
  if (!numbers) return false;
  uint64_t words = 1 + (h.count + 7) / 8;
  bool ok = make_region(b, words, NULL, 0);
  if (ok) {
    b->words[0] = header_of((Head){h.tag == TAG_LONG_NAT ? TAG_NAT : TAG_BAR, h.count});
    b->words[words - 1] = 0;
    uint8_t *to = (uint8_t *)(b->words + 1);
    for (uint64_t i = 0, left = h.count; ok && i < n; i++) {
      size_t here = left < CODEC_RAW_PIECE ? left : CODEC_RAW_PIECE;
      ok = read_blob(b, numbers[i], to, here);
      to += here;
      left -= here;
    }
    if (ok && h.tag == TAG_LONG_NAT && to[-1] == 0) ok = bad(b, "a nat must not have leading zeros");
  }
  mem_free(numbers);
  return ok;
}

static const uint64_t *piece_row(Build *b, uint64_t number, uint64_t len) {
  const Region *r = b->refs[number];
  const uint64_t *o = region_object(r, 0);
  if (region_objects(r) == 1 && obj_kind(o) == KIND_ROW && obj_count(o) == len) return o;
  bad(b, "a piece is not a row of the right size");
  return NULL;
}

// What the pieces refer to is what the whole refers to.
typedef struct RefUnion {
  Region **at;
  size_t count, cap;
  WordTable seen;
} RefUnion;

static void add_region(RefUnion *u, Region *r) {
  if (!wtab_put(&u->seen, (uint64_t)(uintptr_t)r, 0)) return;
  mem_reserve(u->at, u->cap, u->count + 1);
  u->at[u->count++] = r;
}

static bool gather(Build *b, RefUnion *u, const uint64_t *numbers, uint64_t n, uint64_t count) {
  for (uint64_t i = 0; i < n; i++, count -= CODEC_ROW_PIECE) {
    const uint64_t *row = piece_row(b, numbers[i], count < CODEC_ROW_PIECE ? count : CODEC_ROW_PIECE);
    if (!row) return false;
    const Region *r = region_of(row);
    for (size_t k = 0; k < region_ref_count(r); k++) add_region(u, region_ref(r, k));
  }
  return true;
}

static bool decode_long_row(Build *b, Head h) {
  if (h.count <= CODEC_ROW_PIECE) return bad(b, "it must not be written as a long object");
  bool is_app = h.tag == TAG_LONG_APP;
  if (is_app && h.count > 0xffffff) return bad(b, "an app has more arguments than one may have");
  RefUnion u = {0};
  Value head = 0;
  if (is_app && !read_value(b, &head)) return false;
  if (val_is_ptr(head)) add_region(&u, region_of(val_obj(head)));
  uint64_t n = pieces_of(h.count, CODEC_ROW_PIECE), *numbers = read_pieces(b, n);
  bool ok =
      numbers && gather(b, &u, numbers, n, h.count) && make_region(b, 1 + is_app + h.count, u.at, u.count);
  if (ok) {
    b->words[0] = header_of((Head){is_app ? TAG_APP : TAG_ROW, h.count});
    b->words[1] = head;
    uint64_t *to = b->words + 1 + is_app;
    for (uint64_t i = 0; i < n; i++) {
      const uint64_t *row = region_object(b->refs[numbers[i]], 0);
      memcpy(to, row + 1, obj_count(row) * 8);
      to += obj_count(row);
    }
    ok = check_object(b, b->words);
  }
  mem_free(numbers);
  mem_free(u.at);
  wtab_free(&u.seen);
  return ok;
}

// --- all of it -----------------------------------------------------------------------------------------
static Head peek_head(const PageView *view) {
  Reader in = reader(view->body, view->body_len);
  return read_head(&in);
}

bool codec_refs_are_blobs(const PageView *view) {
  Head h = peek_head(view);
  return h.tag == TAG_LONG_NAT || h.tag == TAG_LONG_BAR;
}

static bool is_named_before(const PageView *view, uint32_t i, BytesTable *seen) {
  if (view->ref_count > FEW_REFS) return !btab_put(seen, &view->refs[i], sizeof(PageId), 0);
  for (uint32_t k = 0; k < i; k++)
    if (page_id_equal(&view->refs[k], &view->refs[i])) return true;
  return false;
}

static bool check_refs(const Build *b) {
  BytesTable seen = {0};
  bool twice = false;
  for (uint32_t i = 0; i < b->view->ref_count && !twice; i++) twice = is_named_before(b->view, i, &seen);
  btab_free(&seen);
  return !twice || bad(b, "a page is referred to under two numbers");
}

static bool decode(Build *b) {
  if (b->view->kind != PAGE_VALUE)
    return err_set(b->err, ERR_DATA, "malformed page: a value is expected, not a blob");
  if (!check_refs(b)) return false;
  Head h = peek_head(b->view);
  bool ok;
  if (h.tag >= TAG_LONG_NAT && h.tag <= TAG_LONG_APP) {
    read_head(&b->in);
    if (b->view->objects != 1) return bad(b, "unknown or malformed object");
    ok = codec_refs_are_blobs(b->view) ? decode_long_raw(b, h) : decode_long_row(b, h);
  } else {
    ok = decode_short(b);
  }
  if (!ok) return false;
  if (reader_left(&b->in)) return bad(b, "there are bytes behind the last object");
  return b->next_ref == b->view->ref_count || bad(b, "a reference is not used");
}

Region *codec_decode_page(Decoder *d, const PageView *view, Region *const *refs, Err *err) {
  Build b = {.d = d, .view = view, .refs = refs, .in = reader(view->body, view->body_len), .err = err};
  bool ok = decode(&b);
  mem_free(b.offsets);
  if (ok) {
    region_finish(b.region);
    return b.region;
  }
  if (b.region) region_release(b.region);
  return NULL;
}
