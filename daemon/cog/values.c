#include "daemon/cog/values.h"
#include "common/base/mem.h"
#include "common/codec/bundle.h"
#include "common/plan/seal.h"
#include "proto/schema.h"
#include <string.h>

// A record's inline value: one of these, then what it says.
enum { FORM_ROOT = 0, FORM_BUNDLE = 1 };

#define INLINE_MAX 2048          // bytes of a bundle that goes into a record itself
#define WIRE_MAX (15u << 20)     // of a value for a client
#define WIRE_MEMORY (256u << 20) // of a value from one, in memory

struct Values {
  Store *store;
  Residency *resident;
};

static void hold(void *ctx, const PageId *id) { store_hold(ctx, id); }
static void drop(void *ctx, const PageId *id) { store_release(ctx, id); }

Values *values_new(Store *store) {
  Values *v = mem_zalloc(sizeof *v);
  v->store = store;
  v->resident = residency_new(&(ResidencyHooks){hold, drop, store});
  return v;
}

void values_free(Values *v) {
  if (!v) return;
  residency_free(v->resident);
  mem_free(v);
}

void values_seal(Machine *m, Ref r) {
  Value v = val_deref(ref_get(m, r));
  ref_set(m, r, v);
  if (!val_is_sealed(v)) seal(m, r);
}

// --- saving ----------------------------------------------------------------------------------------------
static bool put_page(void *ctx, const void *bytes, size_t len, PageId *id, Err *err) {
  return store_batch_put(ctx, bytes, len, id, err);
}

// Pins are found by their hash too: for sharing, and for whoever asks for code by name of its content.
static void link_pins(Machine *m, const Saver *s, StoreBatch *b) {
  for (size_t i = 0; i < saver_count(s); i++) {
    PageId id;
    Value pin;
    uint8_t hash[32];
    saver_page(s, i, &id, &pin);
    if (!pin) continue;
    RefMark mark = refs_mark(m);
    if (plan_pin_hash(m, ref_new(m, pin), hash)) store_batch_link(b, hash, &id);
    refs_release(m, mark);
  }
}

static bool store_value(Values *v, Machine *m, Value sealed, ValueRoot *root, Err *err) {
  StoreBatch *b = store_batch_begin(v->store);
  Saver *s = saver_new(&(PageSink){put_page, b}, false);
  bool ok = saver_add(s, sealed, root, err);
  if (ok && saver_count(s) > 0) {
    link_pins(m, s, b);
    ok = store_batch_commit(b, err);
    if (ok) saver_stored(s, v->resident);
  } else {
    store_batch_abort(b);
  }
  saver_free(s);
  return ok;
}

// Short, and of use on its own: in the record itself, which needs no second sync.
static bool save_inline(Machine *m, Ref value, Buf *bytes) {
  size_t at = bytes->len;
  Err err = ERR_INIT;
  buf_u8(bytes, FORM_BUNDLE);
  if (bundle_encode(m, value, INLINE_MAX, bytes, &err)) return true;
  bytes->len = at;
  return false;
}

bool values_save(Values *v, Machine *m, Ref value, Buf *bytes, RecordValue *out, Err *err) {
  size_t at = bytes->len;
  ValueRoot root = {0};
  values_seal(m, value);
  *out = (RecordValue){.kind = VALUE_INLINE};
  Value sealed = ref_get(m, value);
  if (val_is_small(sealed)) {
    root.nat = sealed;
  } else if (save_inline(m, value, bytes)) {
    out->len = bytes->len - at;
    return true;
  } else {
    if (!store_value(v, m, ref_get(m, value), &root, err)) return false;
    if (root.behind == 0) {
      *out = (RecordValue){.kind = VALUE_PAGE, .page = root.page};
      return true;
    }
  }
  buf_u8(bytes, FORM_ROOT);
  codec_put_root(bytes, &root);
  out->len = bytes->len - at;
  return true;
}

bool values_page(const RecordValue *value, PageId *id) {
  *id = value->page;
  if (value->kind == VALUE_PAGE) return true;
  if (value->kind != VALUE_INLINE || value->len == 0 || value->bytes[0] != FORM_ROOT) return false;
  Reader r = reader(value->bytes + 1, value->len - 1);
  ValueRoot root;
  if (!codec_read_root(&r, &root) || !root.paged) return false;
  *id = root.page;
  return true;
}

// --- loading ---------------------------------------------------------------------------------------------
static bool get_page(void *ctx, const PageId *id, Buf *out, Err *err) { return store_get(ctx, id, out, err); }

static bool load_root(Values *v, Machine *m, const ValueRoot *root, Ref *out, Err *err) {
  LoadLimits limits = {.memory = UINT64_MAX / 2, .trusted = true};
  return codec_load(m, v->resident, &(PageSource){get_page, v->store}, root, &limits, out, err);
}

bool values_load(Values *v, Machine *m, const RecordValue *in, Ref *out, Err *err) {
  ValueRoot root = {.paged = true, .page = in->page};
  if (in->kind == VALUE_PAGE) return load_root(v, m, &root, out, err);
  if (in->kind == VALUE_INLINE && in->len > 0) {
    Reader r = reader(in->bytes + 1, in->len - 1);
    if (in->bytes[0] == FORM_BUNDLE)
      return bundle_decode(m, v->resident, r.p, reader_left(&r), NULL, out, err);
    if (in->bytes[0] == FORM_ROOT && codec_read_root(&r, &root) && reader_left(&r) == 0)
      return load_root(v, m, &root, out, err);
  }
  return err_set(err, ERR_DATA, "a value in the log or a snapshot is malformed");
}

// --- wire, machines --------------------------------------------------------------------------------------
bool values_from_wire(Values *v, Machine *m, const uint8_t *bytes, size_t n, Ref *out, Err *err) {
  LoadLimits limits = {.memory = WIRE_MEMORY};
  return bundle_decode(m, v->resident, bytes, n, &limits, out, err);
}

bool values_to_wire(Values *v, Machine *m, Ref value, Buf *out, Err *err) {
  (void)v;
  if (bundle_encode(m, value, WIRE_MAX, out, err)) return true;
  return err->code == ERR_LIMIT ? err_set(err, ERR_LIMIT,
                                          "the value is bigger than %u MiB; ask for a part of it, with "
                                          "--path, or with --from and --count",
                                          WIRE_MAX >> 20)
                                : false;
}

bool values_move(Values *v, Machine *from, Ref value, Machine *to, Ref *out, Err *err) {
  (void)v;
  (void)err;
  values_seal(from, value);
  *out = region_adopt(to, ref_get(from, value));
  return true;
}

// --- as text ---------------------------------------------------------------------------------------------
#define TEXT_MAX 4096

static char *text_of(const char *bytes, size_t n) {
  return memchr(bytes, 0, n) || !rpc_utf8_ok(bytes, n) ? NULL : mem_printf("%.*s", (int)n, bytes);
}

static char *nat_text(Machine *m, Ref nat) {
  char bytes[TEXT_MAX], *text = NULL;
  size_t n = plan_nat_size(m, nat);
  if (n > 0 && n <= TEXT_MAX) {
    plan_nat_copy(m, nat, bytes, n);
    bool number = false;
    for (size_t i = 0; i < n; i++) number |= (unsigned char)bytes[i] < ' ' && bytes[i] != '\n';
    if (!number) text = text_of(bytes, n);
  }
  if (text) return text;
  return n <= 64 ? plan_nat_decimal_str(m, nat) : mem_printf("a nat of %zu bytes", n);
}

static char *bar_text(Machine *m, Ref bar) {
  char bytes[TEXT_MAX], *text = NULL;
  size_t n = plan_bar_len(m, bar);
  if (n <= TEXT_MAX) {
    plan_bar_copy(m, bar, 0, n, bytes);
    text = text_of(bytes, n);
  }
  return text ? text : mem_printf("a bar of %zu bytes", n);
}

char *values_text(Machine *m, Ref value) {
  if (plan_form(m, value) == FORM_NAT) return nat_text(m, value);
  if (plan_kind(m, value) == KIND_BAR) return bar_text(m, value);
  if (plan_kind(m, value) == KIND_ROW) return mem_printf("a row of %zu", plan_len(m, value));
  return mem_strdup("a value");
}
