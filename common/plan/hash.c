// Hashing goes in two alternating steps. Before an item is streamed, every pin in it that has no hash
// yet is put on a list of things to hash first; so a stream never meets a pin without hash, each pin is
// hashed once, and a chain of pins costs a list entry a pin, not a hash state.
#include "common/plan/hash.h"
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/nat.h"
#include "common/plan/row.h"
#include <string.h>

enum { TAG_PIN, TAG_LAW, TAG_APP, TAG_NAT, TAG_BAR, TAG_COW, TAG_ROW, TAG_SET, TAG_TAB };

#define CHARGE_VALUES 4  // values streamed or looked at for one unit of fuel
#define CHARGE_BYTES 128 // bytes hashed for one unit of fuel
#define SLAB (1u << 20)  // bytes hashed between two looks at the limits
#define UNMARKED 64      // values that a search visits before it remembers where it was
#define KEPT_TABLE 1024  // a bigger table is freed, not cleared, between two searches

// --- the hash words of a pin ---------------------------------------------------------------------
// Sealed pins are shared by machines: the flag is published after the words. Two machines may write
// the same words at the same time.
static bool pin_hash_known(Value pin, uint8_t out[32]) {
  uint64_t *o = val_obj(pin);
  if (!(__atomic_load_n(&o[PIN_JET], __ATOMIC_ACQUIRE) & PIN_HASHED)) return false;
  for (int i = 0; i < 4 && out; i++) {
    uint64_t word = __atomic_load_n(&o[PIN_HASH + i], __ATOMIC_RELAXED);
    memcpy(out + 8 * i, &word, 8);
  }
  return true;
}

static void pin_hash_publish(Value pin, const uint8_t hash[32]) {
  uint64_t *o = val_obj(pin);
  for (int i = 0; i < 4; i++) {
    uint64_t word;
    memcpy(&word, hash + 8 * i, 8);
    __atomic_store_n(&o[PIN_HASH + i], word, __ATOMIC_RELAXED);
  }
  __atomic_fetch_or(&o[PIN_JET], PIN_HASHED, __ATOMIC_RELEASE);
}

// --- traversal -------------------------------------------------------------------------------------
// Parts of one value that are still to be visited, from `next` up to `end` (rows by index, where they are
// trees by child; chunks of an app's spine by argument; a single value as itself).
typedef struct Span {
  Value v;
  size_t next, end;
} Span;

typedef struct Spans {
  Span *at;
  size_t count, cap;
} Spans;

static void push_span(Spans *s, Value v, size_t end) {
  mem_reserve(s->at, s->cap, s->count + 1);
  s->at[s->count++] = (Span){v, 0, end};
}

// A span of one value, marked by an `end` that no container has.
#define SINGLE SIZE_MAX
static void push_value(Spans *s, Value v) { push_span(s, v, SINGLE); }

// Pushes the chunks of an app's spine so that the innermost is on top, then the head.
static void push_spine(Spans *s, Value app) {
  for (; val_kind(app) == KIND_APP; app = val_obj(app)[1]) push_span(s, app, app_args(val_obj(app)));
  push_value(s, app);
}

// Pushes the elements of a row.
static void push_row(Spans *s, Value row) {
  push_span(s, row, rope_is_tree(row) ? tree_children(val_obj(row)) : row_len(row));
}

static bool next_part(Spans *s, Value *part) {
  while (s->count > 0) {
    Span *top = &s->at[s->count - 1];
    if (top->next == top->end) {
      s->count--;
      continue;
    }
    if (top->end != SINGLE && rope_is_tree(top->v)) {
      push_row(s, val_obj(top->v)[1 + top->next++]);
      continue;
    }
    if (top->end == SINGLE) {
      *part = val_deref(top->v);
      s->count--;
    } else if (val_kind(top->v) == KIND_ROW) {
      *part = val_deref(row_at(top->v, top->next++));
    } else {
      *part = val_deref(val_obj(top->v)[2 + top->next++]);
    }
    assert(!val_is_lazy(*part));
    return true;
  }
  return false;
}

// An app of a set to a fitting row is a tab, also where nobody has turned it into one yet.
static bool as_tab(Value v, Value *set, Value *vals) {
  if (val_kind(v) == KIND_TAB) {
    *set = tab_keys(v);
    *vals = tab_vals(v);
    return true;
  }
  const uint64_t *o = val_obj(v);
  if (obj_kind(o) != KIND_APP || app_args(o) != 1 || val_kind(o[1]) != KIND_SET) return false;
  *set = o[1];
  *vals = val_deref(o[2]);
  return val_kind(*vals) == KIND_ROW && row_len(*vals) == set_len(*set);
}

// --- what to hash first ------------------------------------------------------------------------------
typedef struct Hashing {
  Machine *m;
  Spans spans;
  WordTable seen;
  size_t visited;
  Value *pending; // pins, with PENDING_READY once what they need is listed above them
  size_t pending_count, pending_cap;
  Blake3 blake3;
  uint8_t buf[BLAKE3_CHUNK];
  size_t buf_len;
} Hashing;

#define PENDING_READY 1ULL // objects are aligned, so the lowest bit of a pin is free

static void push_pending(Hashing *h, Value pin) {
  mem_reserve(h->pending, h->pending_cap, h->pending_count + 1);
  h->pending[h->pending_count++] = pin;
}

static bool first_visit(Hashing *h, Value v) { return h->visited < UNMARKED || wtab_put(&h->seen, v, 0); }

static bool list_pins(Hashing *h, Value item) {
  h->spans.count = h->visited = 0;
  push_value(&h->spans, item);
  for (Value v; next_part(&h->spans, &v);) {
    if (++h->visited % CHARGE_VALUES == 0 && !jet_charge(h->m, 1)) return false;
    if (val_is_small(v)) continue;
    const uint64_t *o = val_obj(v);
    switch (val_kind(v)) {
    case KIND_PIN:
      if (!pin_hash_known(v, NULL) && first_visit(h, v)) push_pending(h, v);
      break;
    case KIND_ROW:
      if (first_visit(h, v)) push_row(&h->spans, v);
      break;
    case KIND_APP:
      if (first_visit(h, v)) push_spine(&h->spans, v);
      break;
    case KIND_TAB:
      push_value(&h->spans, tab_vals(v));
      push_value(&h->spans, tab_keys(v));
      break;
    case KIND_SET: push_value(&h->spans, set_keys(v)); break;
    case KIND_LAW: push_value(&h->spans, o[LAW_BODY]); break;
    default: break;
    }
  }
  if (h->seen.cap > KEPT_TABLE) {
    wtab_free(&h->seen);
  } else if (h->seen.count > 0) {
    wtab_clear(&h->seen);
  }
  return true;
}

// --- the stream --------------------------------------------------------------------------------------
static void flush(Hashing *h) {
  blake3_update(&h->blake3, h->buf, h->buf_len);
  h->buf_len = 0;
}

static void put(Hashing *h, const void *bytes, size_t n) {
  if (h->buf_len + n > sizeof h->buf) flush(h);
  memcpy(h->buf + h->buf_len, bytes, n);
  h->buf_len += n;
}

static void put_tag(Hashing *h, uint8_t tag) { put(h, &tag, 1); }
static void put_word(Hashing *h, uint64_t word) { put(h, &word, 8); }

static bool put_bulk(Hashing *h, const uint8_t *bytes, size_t n) {
  if (n <= CHARGE_BYTES) {
    put(h, bytes, n);
    return true;
  }
  flush(h);
  while (n > 0) {
    size_t slab = n < SLAB ? n : SLAB;
    if (!jet_charge(h->m, slab / CHARGE_BYTES)) return false;
    blake3_update(&h->blake3, bytes, slab);
    bytes += slab;
    n -= slab;
  }
  return true;
}

static bool put_nat(Hashing *h, Value n) {
  if (val_is_small(n)) {
    put_word(h, n != 0);
    if (n != 0) put_word(h, n);
    return true;
  }
  const uint64_t *o = val_obj(n);
  put_word(h, obj_count(o));
  return put_bulk(h, (const uint8_t *)(o + 1), obj_count(o) * 8);
}

static bool put_bar(Hashing *h, Value bar) {
  put_tag(h, TAG_BAR);
  put_word(h, bar_len(bar));
  for (size_t i = 0, n = bar_len(bar); i < n;) {
    const uint8_t *bytes;
    size_t here = bar_run(bar, i, &bytes);
    if (!put_bulk(h, bytes, here)) return false;
    i += here;
  }
  return true;
}

static void put_pin(Hashing *h, Value pin) {
  uint8_t hash[32];
  bool known = pin_hash_known(pin, hash);
  assert(known);
  (void)known;
  put_tag(h, TAG_PIN);
  put(h, hash, 32);
}

static bool put_law(Hashing *h, Value law) {
  const uint64_t *o = val_obj(law);
  put_tag(h, TAG_LAW);
  push_value(&h->spans, o[LAW_BODY]);
  return put_nat(h, o[LAW_NAME]) && put_nat(h, o[LAW_ARITY]);
}

static void put_app(Hashing *h, Value app) {
  Value set, vals;
  if (as_tab(app, &set, &vals)) {
    put_tag(h, TAG_TAB);
    put_word(h, set_len(set));
    push_row(&h->spans, vals);
    push_row(&h->spans, set_keys(set));
    return;
  }
  put_tag(h, TAG_APP);
  put_word(h, app_total_args(app));
  push_spine(&h->spans, app);
}

static void put_elements(Hashing *h, uint8_t tag, Value row) {
  put_tag(h, tag);
  put_word(h, row_len(row));
  push_row(&h->spans, row);
}

// Writes what stands for v itself; its parts are pushed.
static bool put_value(Hashing *h, Value v) {
  switch (val_kind(v)) {
  case KIND_NAT: put_tag(h, TAG_NAT); return put_nat(h, v);
  case KIND_PIN: put_pin(h, v); return true;
  case KIND_LAW: return put_law(h, v);
  case KIND_COW: put_tag(h, TAG_COW); return put_nat(h, val_obj(v)[1]);
  case KIND_BAR: return put_bar(h, v);
  case KIND_ROW: put_elements(h, TAG_ROW, v); return true;
  case KIND_SET: put_elements(h, TAG_SET, set_keys(v)); return true;
  default: put_app(h, v); return true;
  }
}

static bool stream(Hashing *h, Value item, uint8_t out[32]) {
  blake3_init(&h->blake3);
  h->buf_len = h->spans.count = 0;
  push_value(&h->spans, item);
  size_t streamed = 0;
  for (Value v; next_part(&h->spans, &v);) {
    if (++streamed % CHARGE_VALUES == 0 && !jet_charge(h->m, 1)) return false;
    if (!put_value(h, v)) return false;
  }
  flush(h);
  blake3_final(&h->blake3, out);
  return true;
}

// --- all of it ---------------------------------------------------------------------------------------
// Hashes what is listed, the newest first.
static bool work_off(Hashing *h) {
  while (h->pending_count > 0) {
    Value *top = &h->pending[h->pending_count - 1], pin = *top & ~PENDING_READY;
    if (pin_hash_known(pin, NULL)) {
      h->pending_count--;
      continue;
    }
    Value item = val_obj(pin)[PIN_ITEM];
    if (!(*top & PENDING_READY)) {
      *top |= PENDING_READY;
      size_t before = h->pending_count;
      if (!jet_charge(h->m, 1) || !list_pins(h, item)) return false;
      if (h->pending_count > before) continue;
    }
    uint8_t hash[32];
    if (!stream(h, item, hash)) return false;
    pin_hash_publish(pin, hash);
    h->pending_count--;
  }
  return true;
}

static void hashing_free(Hashing *h) {
  mem_free(h->spans.at);
  mem_free(h->pending);
  wtab_free(&h->seen);
}

bool hash_value(Machine *m, Value v, uint8_t out[32]) {
  Hashing h = {.m = m};
  v = val_deref(v);
  bool ok = list_pins(&h, v) && work_off(&h) && stream(&h, v, out);
  hashing_free(&h);
  return ok;
}

bool hash_pin(Machine *m, Value pin, uint8_t out[32]) {
  if (pin_hash_known(pin, out)) return true;
  Hashing h = {.m = m};
  push_pending(&h, pin);
  bool ok = work_off(&h) && pin_hash_known(pin, out);
  hashing_free(&h);
  return ok;
}
