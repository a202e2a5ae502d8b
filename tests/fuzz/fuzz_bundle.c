// Changed bundles: the bytes, the counts and lengths, and the pages inside, where all that refers to a
// changed page is given its new id. An error, or a value whose own bundle is read as an equal value.
#include "common/base/mem.h"
#include "common/codec/bundle.h"
#include "common/plan/plan.h"
#include "tests/codec/random.h"
#include "tests/fuzz/fuzz.h"
#include "tests/util.h"
#include <string.h>

#define EACH 25 // inputs from one value
#define PAGES_MAX 64
#define MEMORY ((size_t)64 << 20)
#define BYTES_MAX (16u << 20)

typedef struct Piece {
  PageId id;
  Buf bytes;
} Piece;

typedef struct Parts {
  Piece pages[PAGES_MAX];
  size_t count;
  Buf root;
} Parts;

static void parts_free(Parts *p) {
  for (size_t i = 0; i < p->count; i++) buf_free(&p->pages[i].bytes);
  buf_free(&p->root);
}

// False when there are more pages than we care for.
static bool take_apart(Fuzz *f, const Buf *bundle, Parts *p) {
  Reader r = reader(bundle->data, bundle->len);
  *p = (Parts){0};
  read_le32(&r);
  read_u8(&r);
  uint64_t n = read_varint(&r);
  if (n > PAGES_MAX) return false;
  for (uint64_t i = 0; i < n; i++) {
    size_t len = read_varint(&r);
    const uint8_t *bytes = read_bytes(&r, len);
    if (!bytes) fuzz_fail(f, "the sample is wrong");
    page_id(&p->pages[i].id, bytes, len);
    buf_put(&p->pages[i].bytes, bytes, len);
    p->count++;
  }
  buf_put(&p->root, r.p, reader_left(&r));
  return true;
}

static void replace_id(Buf *in, const PageId *old, const PageId *new) {
  for (size_t at = 0; at + PAGE_ID_LEN <= in->len; at++)
    if (memcmp(in->data + at, old->b, PAGE_ID_LEN) == 0) memcpy(in->data + at, new->b, PAGE_ID_LEN);
}

// The page has other bytes: those that come later, and the root, know it by its new id.
static void reseal(Parts *p, size_t i) {
  for (; i < p->count; i++) {
    PageId old = p->pages[i].id, new;
    page_id(&new, p->pages[i].bytes.data, p->pages[i].bytes.len);
    if (page_id_equal(&old, &new)) continue;
    p->pages[i].id = new;
    for (size_t k = i + 1; k < p->count; k++) replace_id(&p->pages[k].bytes, &old, &new);
    replace_id(&p->root, &old, &new);
  }
}

// Changes the body, and makes the header fit it again; sometimes the header too.
static void change_page(Fuzz *f, Buf *page) {
  PageView view;
  Err err = ERR_INIT;
  if (!page_parse(&view, page->data, page->len, &err)) return;
  Buf body = {0}, out = {0};
  uint64_t objects = view.objects + (fuzz_below(f, 6) == 0 ? fuzz_below(f, 3) - 1u : 0);
  size_t refs = view.ref_count - (view.ref_count && fuzz_below(f, 12) == 0);
  buf_put(&body, view.body, view.body_len);
  if (fuzz_below(f, 8)) fuzz_bytes(f, &body);
  PageKind kind = fuzz_below(f, 40) ? view.kind : PAGE_BLOB;
  if (page_build(&out, kind, view.refs, refs, objects, body.data, body.len, &err)) {
    buf_clear(page);
    buf_put(page, out.data, out.len);
  }
  if (fuzz_below(f, 30) == 0) page->data[fuzz_below(f, PAGE_HEADER_LEN)] ^= (uint8_t)(1u << fuzz_below(f, 8));
  buf_free(&body);
  buf_free(&out);
}

static void put_together(Fuzz *f, const Parts *p, size_t count, Buf *out) {
  buf_le32(out, BUNDLE_MAGIC);
  buf_u8(out, BUNDLE_VERSION);
  buf_varint(out, count);
  for (size_t i = 0; i < p->count; i++) {
    buf_varint(out, p->pages[i].bytes.len);
    buf_put(out, p->pages[i].bytes.data, p->pages[i].bytes.len);
  }
  buf_put(out, p->root.data, p->root.len);
}

static void swap(Parts *p, size_t a, size_t b) {
  Piece t = p->pages[a];
  p->pages[a] = p->pages[b];
  p->pages[b] = t;
}

static void change(Fuzz *f, const Buf *bundle, Buf *out) {
  Parts p;
  size_t how = fuzz_below(f, 10), claimed;
  if (how == 0 || !take_apart(f, bundle, &p)) {
    buf_put(out, bundle->data, bundle->len);
    fuzz_bytes(f, out);
    return;
  }
  claimed = p.count;
  if (how == 1) {
    fuzz_bytes(f, &p.root);
  } else if (how == 2 && p.count > 1) {
    swap(&p, fuzz_below(f, p.count), fuzz_below(f, p.count));
  } else if (how == 3 && p.count > 0) { // one page less, or said to be more or fewer
    if (fuzz_below(f, 2)) buf_free(&p.pages[--p.count].bytes);
    claimed = fuzz_below(f, 2) ? p.count : claimed + fuzz_below(f, 3) - 1u;
  } else if (how == 4 && p.count > 0 && p.count < PAGES_MAX) { // one twice
    Piece *again = &p.pages[p.count++];
    *again = (Piece){.id = p.pages[0].id};
    buf_put(&again->bytes, p.pages[0].bytes.data, p.pages[0].bytes.len);
    claimed = p.count;
  } else if (p.count > 0) {
    size_t victim = fuzz_below(f, p.count);
    change_page(f, &p.pages[victim].bytes);
    reseal(&p, victim);
  }
  put_together(f, &p, claimed, out);
  parts_free(&p);
}

static void try_one(Fuzz *f, const Buf *bundle) {
  Machine *m = machine_new(&(MachineConfig){.memory = MEMORY});
  const LoadLimits limits = {.memory = MEMORY / 2};
  uint8_t *exact = mem_dup(bundle->data, bundle->len);
  Err err = ERR_INIT;
  Ref v, w;
  Buf again = {0};
  bool equal;
  if (!bundle_decode(m, NULL, exact, bundle->len, &limits, &v, &err)) {
    fuzz_refused(f, &err);
  } else {
    f->accepted++;
    if (!bundle_encode(m, v, BYTES_MAX, &again, &err))
      fuzz_fail(f, "accepted, but not to be written: %s", err.msg);
    if (!bundle_decode(m, NULL, again.data, again.len, NULL, &w, &err))
      fuzz_fail(f, "its own bundle is refused: %s", err.msg);
    if (!plan_eq(m, v, w, &equal) || !equal) fuzz_fail(f, "its own bundle is another value");
  }
  buf_free(&again);
  mem_free(exact);
  machine_free(m);
}

static void new_value(Fuzz *f, Buf *bundle) {
  Machine *m = machine_new(&(MachineConfig){.memory = MEMORY});
  Random r = {test_random(&f->rng)};
  Err err = ERR_INIT;
  Ref v = random_value(m, &r, 1 + random_below(&r, 40));
  buf_clear(bundle);
  if (plan_force(m, v) != RUN_DONE || !bundle_encode(m, v, BYTES_MAX, bundle, &err))
    fuzz_fail(f, "the sample is wrong: %s", err.msg);
  machine_free(m);
}

int main(void) {
  Fuzz f = fuzz_begin("bundles");
  Buf bundle = {0};
  for (size_t i = 0; i < f.rounds; i++) {
    Buf changed = {0};
    if (i % EACH == 0) new_value(&f, &bundle);
    change(&f, &bundle, &changed);
    try_one(&f, &changed);
    buf_free(&changed);
  }
  buf_free(&bundle);
  return fuzz_end(&f) ? 0 : 1;
}
