// Damage that hashing does not catch: each page is changed and everything that refers to it is given its
// new id, as somebody who means harm would do. What is accepted must be saved to the same bytes again.
#include "common/base/mem.h"
#include "common/codec/load.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include "tests/codec/pages.h"
#include "tests/codec/random.h"
#include "tests/suite.h"
#include <stdlib.h>
#include <string.h>

static size_t rounds(void) {
  const char *n = getenv("MUTATIONS");
#ifdef HOSTILE
  const size_t usual = 200; // every allocation collects
#else
  const size_t usual = 10000;
#endif
  return n ? strtoull(n, NULL, 10) : usual;
}

static Machine *new_machine(void) { return machine_new(&(MachineConfig){.memory = 64 << 20}); }

typedef struct Parts {
  Buf body;
  PageId *refs;
  size_t ref_count;
  uint64_t objects;
  PageKind kind;
} Parts;

static void change_bytes(Buf *b, Random *r) {
  size_t at = b->len ? random_below(r, b->len) : 0;
  switch (random_below(r, 7)) {
  case 0:
    if (b->len) b->data[at] ^= (uint8_t)(1 << random_below(r, 8));
    break;
  case 1:
    if (b->len) b->data[at] = (uint8_t)random_below(r, 32);
    break;
  case 2:
    if (b->len) b->len = at;
    break;
  case 3: buf_u8(b, (uint8_t)random_next(r)); break;
  case 4: { // a stretch twice
    size_t n = b->len ? random_below(r, b->len - at) + 1 : 0;
    uint8_t *copy = mem_dup(b->data + at, b->len ? n : 0);
    if (b->len) buf_put(b, copy, n);
    mem_free(copy);
    break;
  }
  case 5: // a byte less
    if (b->len) {
      memmove(b->data + at, b->data + at + 1, b->len - at - 1);
      b->len--;
    }
    break;
  default: // a byte more
    buf_u8(b, 0);
    memmove(b->data + at + 1, b->data + at, b->len - 1 - at);
    b->data[at] = (uint8_t)random_below(r, 64);
  }
}

static void change(Parts *p, Random *r) {
  switch (random_below(r, 8)) {
  case 0:
    if (p->ref_count > 1) {
      size_t a = random_below(r, p->ref_count), b = random_below(r, p->ref_count);
      PageId id = p->refs[a];
      p->refs[a] = p->refs[b];
      if (random_below(r, 2)) p->refs[b] = id;
    }
    break;
  case 1: p->objects += random_below(r, 3) - 1; break;
  case 2: p->ref_count -= p->ref_count > 0; break;
  default: change_bytes(&p->body, r);
  }
}

// A copy of all pages, the chosen one changed, later ones with references put right.
static void mutate(const Pages *from, Pages *to, size_t victim, Random *r, ValueRoot *root) {
  PageId *new_ids = mem_alloc(from->count * sizeof *new_ids);
  ValueRoot old_root = *root;
  for (size_t i = 0; i < from->count; i++) {
    PageView view;
    Buf page = {0};
    ck_assert(page_parse(&view, from->at[i].bytes, from->at[i].len, NULL));
    Parts p = {.ref_count = view.ref_count, .objects = view.objects, .kind = view.kind};
    p.refs = mem_alloc(view.ref_count * sizeof(PageId));
    for (size_t k = 0; k < view.ref_count; k++) {
      p.refs[k] = view.refs[k];
      const uint64_t *at = btab_get(&from->index, &view.refs[k], sizeof(PageId));
      if (at) p.refs[k] = new_ids[*at];
    }
    buf_put(&p.body, view.body, view.body_len);
    if (i == victim)
      for (size_t n = 1 + random_below(r, 2); n > 0; n--) change(&p, r);
    if (p.body.len > PAGE_BODY_MAX) p.body.len = PAGE_BODY_MAX;
    ck_assert(page_build(&page, p.kind, p.refs, p.ref_count, p.objects, p.body.data, p.body.len, NULL));
    pages_put(to, page.data, page.len, &new_ids[i]);
    if (page_id_equal(&old_root.page, &from->at[i].id)) root->page = new_ids[i];
    buf_free(&page);
    buf_free(&p.body);
    mem_free(p.refs);
  }
  mem_free(new_ids);
}

// Everything reachable is in `p` with the same bytes.
static bool saves_to_the_same(Machine *m, Ref v, Pages *p, const ValueRoot *root) {
  Pages again;
  pages_init(&again);
  ValueRoot second = pages_save(&again, m, v);
  bool same = second.paged == root->paged && page_id_equal(&second.page, &root->page) &&
              second.behind == root->behind;
  for (size_t i = 0; i < again.count; i++) same &= pages_find(p, &again.at[i].id) != NULL;
  pages_free(&again);
  return same;
}

typedef struct Tally {
  size_t accepted, refused;
} Tally;

static void mutate_value(Machine *m, Ref v, size_t times, Random *r, Tally *tally) {
  Pages pages;
  pages_init(&pages);
  ValueRoot root = pages_save(&pages, m, v);
  for (size_t i = 0; i < times && pages.count > 0; i++) {
    Pages changed;
    pages_init(&changed);
    ValueRoot changed_root = root;
    mutate(&pages, &changed, random_below(r, pages.count), r, &changed_root);
    Machine *reader = new_machine();
    Ref out;
    Err err = ERR_INIT;
    if (codec_load(reader, changed.res, &changed.source, &changed_root, &(LoadLimits){.memory = 32 << 20},
                   &out, &err)) {
      tally->accepted++;
      if (!saves_to_the_same(reader, out, &changed, &changed_root))
        ck_abort_msg("accepted, but not the same again");
      int order;
      if (!plan_cmp(reader, out, out, &order) || order != 0) ck_abort_msg("not equal to itself");
    } else {
      tally->refused++;
      if (err.code != ERR_DATA && err.code != ERR_LIMIT && err.code != ERR_NOT_FOUND)
        ck_abort_msg("refused with %s: %s", err_code_name(err.code), err.msg);
    }
    machine_free(reader);
    pages_free(&changed);
  }
  pages_free(&pages);
}

START_TEST(test_changed_pages_are_refused_or_mean_what_they_say) {
  Random r = {77};
  Tally tally = {0};
  size_t n = rounds(), each = 50;
  for (size_t done = 0; done < n; done += each) {
    Machine *m = new_machine();
    RefMark mark = refs_mark(m);
    mutate_value(m, random_value(m, &r, 1 + random_below(&r, 40)), each, &r, &tally);
    refs_release(m, mark);
    machine_free(m);
  }
  ck_assert_uint_gt(tally.accepted, n / 100);
  ck_assert_uint_gt(tally.refused, n / 4);
}
END_TEST

START_TEST(test_changed_long_objects) {
  Random r = {78};
  Tally tally = {0};
  Machine *m = new_machine();
  size_t n = CODEC_RAW_PIECE + 77, len = CODEC_ROW_PIECE + 7;
  uint8_t *bytes = mem_zalloc(n);
  bytes[n - 1] = 5;
  Ref *elements = mem_alloc(len * sizeof *elements);
  for (size_t i = 0; i < len; i++) elements[i] = plan_nat(m, i);
  Ref law = plan_law(m, plan_nat(m, 1), plan_nat(m, len + 1), plan_nat(m, 7));
  Ref values[] = {plan_bar(m, bytes, n), plan_nat_bytes(m, bytes, n), plan_row(m, elements, len),
                  plan_apply(m, law, elements, len)};
  for (size_t i = 0; i < 4; i++) {
    ck_assert_int_eq(plan_force(m, values[i]), RUN_DONE);
    mutate_value(m, values[i], rounds() / 200, &r, &tally);
  }
  ck_assert_uint_gt(tally.refused, 0);
  mem_free(bytes);
  mem_free(elements);
  machine_free(m);
}
END_TEST

SUITE_MAIN("codec/mutate", test_changed_pages_are_refused_or_mean_what_they_say, test_changed_long_objects)
