// Every way in which a body can be wrong, one hand-made body each; and bodies that are right, as controls.
#include "common/base/mem.h"
#include "common/codec/load.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include "tests/codec/pages.h"
#include "tests/suite.h"
#include <string.h>

#define H(tag, count) ((uint64_t)(tag) | (uint64_t)(count) << CODEC_TAG_BITS)
#define N(n) ((uint64_t)(n) << 1)
#define BACK(k) ((uint64_t)(k) << 2 | 1)
#define REF(i) ((uint64_t)(i) << 2 | 3)
#define END UINT64_MAX

// A body as varints; raw bytes are written as varints below 128.
typedef struct Case {
  const char *error; // part of the message, NULL: accepted
  uint64_t objects, refs;
  uint64_t body[40];
} Case;

// References 0, 1, .. lead to pages of two objects: the row [0], then the cow 1 + number.
static PageId ref_page(Pages *p, uint64_t number) {
  Buf body = {0}, page = {0};
  PageId id;
  buf_varint(&body, H(TAG_ROW, 1));
  buf_varint(&body, N(0));
  buf_varint(&body, H(TAG_COW, 0));
  buf_varint(&body, N(1 + number));
  ck_assert(page_build(&page, PAGE_VALUE, NULL, 0, 2, body.data, body.len, NULL));
  pages_put(p, page.data, page.len, &id);
  buf_free(&body);
  buf_free(&page);
  return id;
}

static void check_case(const Case *c, size_t number) {
  Pages p;
  pages_init(&p);
  PageId refs[4];
  for (uint64_t i = 0; i < c->refs; i++) refs[i] = ref_page(&p, i);
  Buf body = {0}, page = {0};
  for (size_t i = 0; c->body[i] != END; i++) buf_varint(&body, c->body[i]);
  ck_assert(page_build(&page, PAGE_VALUE, refs, c->refs, c->objects, body.data, body.len, NULL));
  ValueRoot root = {.paged = true};
  pages_put(&p, page.data, page.len, &root.page);
  Machine *m = machine_new(&(MachineConfig){.memory = 16 << 20});
  Ref out;
  Err err = ERR_INIT;
  bool ok = codec_load(m, p.res, &p.source, &root, NULL, &out, &err);
  if (!c->error) {
    ck_assert_msg(ok, "case %zu is refused: %s", number, err.msg);
    Pages again;
    pages_init(&again);
    ValueRoot second = pages_save(&again, m, out);
    ck_assert_msg(page_id_equal(&second.page, &root.page), "case %zu is saved to something else", number);
    pages_free(&again);
  } else {
    ck_assert_msg(!ok, "case %zu is accepted, not refused with: %s", number, c->error);
    ck_assert_msg(strstr(err.msg, c->error), "case %zu: %s", number, err.msg);
    ck_assert_int_eq(err.code, ERR_DATA);
  }
  machine_free(m);
  pages_free(&p);
  buf_free(&body);
  buf_free(&page);
}

#define TOP 1

// Eight elements, enough for a leaf of a tree.
#define LEAF(n) H(TAG_ROW, 8), N(n), N(n + 1), N(n + 2), N(n + 3), N(n + 4), N(n + 5), N(n + 6), N(n + 7)
#define TREE(children, keyed) H(TAG_TREE, (children) << 1 | (keyed))

static const Case accepted[] = {
    {NULL, 2, 0, {H(TAG_ROW, 3), N(1), N(2), N(3), H(TAG_VIEW, 2), BACK(1), 1, END}},
    {NULL, 2, 0, {H(TAG_BAR, 3), 1, 2, 3, H(TAG_VIEW, 3), BACK(1), 0, END}},
    {NULL, 3, 0, {LEAF(0), LEAF(8), TREE(2, 0), BACK(2), BACK(1), END}},
    {NULL, 4, 0, {LEAF(0), LEAF(8), TREE(2, 1), BACK(2), BACK(1), H(TAG_SET, 0), BACK(1), END}},
    {NULL, 2, 0, {LEAF(0), TREE(3, 0), BACK(1), BACK(1), BACK(1), END}},
    {NULL, 1, 0, {H(TAG_ROW, 0), END}},
    {NULL, 1, 0, {H(TAG_ROW, 2), N(1), N(NAT_SMALL_MAX), END}},
    {NULL, 1, 0, {H(TAG_NAT, 9), 0, 0, 0, 0, 0, 0, 0, 0, TOP, END}},
    {NULL, 1, 0, {H(TAG_BAR, 3), 0, 0, 0, END}},
    {NULL, 1, 0, {H(TAG_BAR, 0), END}},
    {NULL, 1, 0, {H(TAG_PIN, 0), N(5), END}},
    {NULL, 1, 0, {H(TAG_COW, 0), N(1), END}},
    {NULL, 1, 0, {H(TAG_LAW, 0), N(0), N(1), N(1), END}},
    {NULL, 1, 0, {H(TAG_LAW, 0), N(1), N(1), N(2), END}},
    {NULL, 2, 0, {H(TAG_ROW, 2), N(1), N(1), H(TAG_LAW, 0), N(1), N(2), BACK(1), END}}, // keys not ascending
    {NULL, 2, 0, {H(TAG_ROW, 2), N(1), N(2), H(TAG_SET, 0), BACK(1), END}},
    {NULL, 3, 0, {H(TAG_ROW, 1), N(1), H(TAG_SET, 0), BACK(1), H(TAG_TAB, 0), BACK(1), BACK(2), END}},
    {NULL,
     4,
     0,
     {H(TAG_ROW, 1), N(1), H(TAG_SET, 0), BACK(1), H(TAG_ROW, 0), H(TAG_APP, 1), BACK(2), BACK(1), END}},
    {NULL, 1, 0, {H(TAG_APP, 2), N(0), N(1), N(2), END}},
    {NULL, 2, 0, {H(TAG_COW, 0), N(3), H(TAG_APP, 2), BACK(1), N(1), N(2), END}}, // one short of a row
    {NULL, 1, 2, {H(TAG_ROW, 3), REF(0), 0, REF(0), 1, REF(1), 0, END}},
};

static const Case refused[] = {
    // the page as a whole
    {"number of objects", 0, 0, {H(TAG_ROW, 0), END}},
    {"number of objects", 9, 0, {H(TAG_ROW, 0), END}},
    {"unknown or malformed", 2, 0, {H(TAG_ROW, 0), 0, END}},
    {"bytes behind", 1, 0, {H(TAG_ROW, 0), H(TAG_ROW, 0), END}},
    {"unknown or malformed", 1, 0, {0, END}},
    {"unknown or malformed", 1, 0, {H(TAG_PIN, 1), N(1), END}},
    {"number of objects", 1, 0, {END}},
    // values
    {"cut off", 1, 0, {H(TAG_PIN, 0), END}},
    {"longer than the page", 1, 0, {H(TAG_ROW, 2), N(1), END}},
    {"so far back", 1, 0, {H(TAG_PIN, 0), BACK(1), END}},
    {"so far back", 2, 0, {H(TAG_ROW, 0), H(TAG_PIN, 0), BACK(0), END}},
    {"so far back", 2, 0, {H(TAG_ROW, 0), H(TAG_PIN, 0), BACK(2), END}},
    {"no such reference", 1, 0, {H(TAG_PIN, 0), REF(0), 0, END}},
    {"order of use", 1, 2, {H(TAG_ROW, 2), REF(1), 0, REF(0), 0, END}},
    {"not used", 1, 2, {H(TAG_ROW, 2), REF(0), 0, REF(0), 0, END}},
    {"no such object", 1, 1, {H(TAG_PIN, 0), REF(0), 2, END}},
    {"cut off", 1, 1, {H(TAG_PIN, 0), REF(0), END}},
    // raw
    {"longer than the page", 1, 0, {H(TAG_BAR, 4), 0, 0, 0, END}},
    {"longer than the page", 1, 0, {H(TAG_BAR, 1ULL << 58), 0, END}},
    {"above 2^63", 1, 0, {H(TAG_NAT, 0), END}},
    {"above 2^63", 1, 0, {H(TAG_NAT, 8), 0, 0, 0, 0, 0, 0, 0, 127, END}},
    {"above 2^63", 1, 0, {H(TAG_NAT, 9), 0, 0, 0, 0, 0, 0, 0, 1, 0, END}},
    // laws
    {"must be nats", 1, 0, {H(TAG_LAW, 0), N(5), N(0), N(7), END}},
    {"must be nats", 2, 0, {H(TAG_ROW, 0), H(TAG_LAW, 0), BACK(1), N(1), N(7), END}},
    {"must be nats", 2, 0, {H(TAG_ROW, 0), H(TAG_LAW, 0), N(7), BACK(1), N(7), END}},
    {"cow or row", 1, 0, {H(TAG_LAW, 0), N(0), N(1), N(0), END}},
    {"cow or row", 1, 0, {H(TAG_LAW, 0), N(0), N(9), N(0), END}},
    {"as a bar", 1, 0, {H(TAG_LAW, 0), N(1), N(1), N(1), END}},
    {"as a bar", 1, 0, {H(TAG_LAW, 0), N(1), N(1), N(0x141), END}},
    {"as a bar", 2, 0, {H(TAG_NAT, 9), 0, 0, 0, 0, 0, 0, 0, 0, TOP, H(TAG_LAW, 0), N(1), N(1), BACK(1), END}},
    {"as a set", 2, 0, {H(TAG_ROW, 2), N(1), N(2), H(TAG_LAW, 0), N(1), N(2), BACK(1), END}},
    {"as a set", 2, 0, {H(TAG_ROW, 0), H(TAG_LAW, 0), N(1), N(2), BACK(1), END}},
    {"cow's number", 1, 0, {H(TAG_COW, 0), N(0), END}},
    {"cow's number", 2, 0, {H(TAG_ROW, 0), H(TAG_COW, 0), BACK(1), END}},
    // sets and tabs
    {"must be a row", 1, 0, {H(TAG_SET, 0), N(1), END}},
    {"ascending", 2, 0, {H(TAG_ROW, 2), N(1), N(1), H(TAG_SET, 0), BACK(1), END}},
    {"ascending", 2, 0, {H(TAG_ROW, 2), N(2), N(1), H(TAG_SET, 0), BACK(1), END}},
    {"set and a row", 2, 0, {H(TAG_ROW, 0), H(TAG_TAB, 0), BACK(1), BACK(1), END}},
    {"set and a row", 3, 0, {H(TAG_ROW, 0), H(TAG_SET, 0), BACK(1), H(TAG_TAB, 0), BACK(1), BACK(1), END}},
    {"equal in number",
     4,
     0,
     {H(TAG_ROW, 0), H(TAG_ROW, 1), N(0), H(TAG_SET, 0), BACK(1), H(TAG_TAB, 0), BACK(1), BACK(3), END}},
    // apps
    {"must have arguments", 1, 0, {H(TAG_APP, 0), N(0), END}},
    {"saturated", 1, 0, {H(TAG_APP, 3), N(0), N(1), N(2), N(3), END}},
    {"saturated", 1, 0, {H(TAG_APP, 1), N(9), N(1), END}},
    {"saturated", 2, 0, {H(TAG_BAR, 0), H(TAG_APP, 1), BACK(1), N(1), END}},
    {"one app", 2, 0, {H(TAG_APP, 1), N(0), N(1), H(TAG_APP, 1), BACK(1), N(2), END}},
    {"as a row", 2, 0, {H(TAG_COW, 0), N(2), H(TAG_APP, 2), BACK(1), N(1), N(2), END}},
    {"as a tab",
     4,
     0,
     {H(TAG_ROW, 1), N(1), H(TAG_SET, 0), BACK(1), H(TAG_ROW, 1), N(5), H(TAG_APP, 1), BACK(2), BACK(1),
      END}},
    // ropes
    {"cut off", 1, 0, {H(TAG_VIEW, 0), END}},
    {"flat row or bar", 1, 0, {H(TAG_VIEW, 1), N(1), 0, END}},
    {"flat row or bar", 2, 0, {H(TAG_COW, 0), N(1), H(TAG_VIEW, 1), BACK(1), 0, END}},
    {"flat row or bar",
     3,
     0,
     {H(TAG_ROW, 2), N(1), N(2), H(TAG_VIEW, 2), BACK(1), 0, H(TAG_VIEW, 1), BACK(1), 0, END}},
    {"within its row", 2, 0, {H(TAG_ROW, 1), N(1), H(TAG_VIEW, 0), BACK(1), 0, END}},
    {"within its row", 2, 0, {H(TAG_ROW, 2), N(1), N(2), H(TAG_VIEW, 2), BACK(1), 1, END}},
    {"within its row", 2, 0, {H(TAG_ROW, 2), N(1), N(2), H(TAG_VIEW, 1), BACK(1), 3, END}},
    {"so many children", 1, 0, {TREE(0, 0), END}},
    {"so many children", 2, 0, {LEAF(0), TREE(1, 0), BACK(1), END}},
    {"so many children", 2, 0, {LEAF(0), TREE(1000, 0), BACK(1), END}},
    {"cut off", 2, 0, {LEAF(0), TREE(2, 0), BACK(1), END}},
    {"does not make one", 2, 0, {LEAF(0), TREE(2, 0), BACK(1), N(3), END}},
    {"does not make one", 2, 0, {H(TAG_ROW, 1), N(1), TREE(2, 0), BACK(1), BACK(1), END}},
    {"does not make one", 2, 0, {H(TAG_BAR, 2), 0, 0, TREE(2, 1), BACK(1), BACK(1), END}},
    {"does not make one", 3, 0, {LEAF(0), TREE(2, 0), BACK(1), BACK(1), TREE(2, 0), BACK(2), BACK(1), END}},
    {"strictly ascending",
     4,
     0,
     {LEAF(8), LEAF(0), TREE(2, 1), BACK(2), BACK(1), H(TAG_SET, 0), BACK(1), END}},
    // long objects
    {"must not be written as a long", 1, 0, {H(TAG_LONG_BAR, 100), END}},
    {"must not be written as a long", 1, 0, {H(TAG_LONG_ROW, CODEC_ROW_PIECE), END}},
    {"must not be written as a long", 1, 0, {H(TAG_LONG_APP, 5), N(0), END}},
    {"more pieces", 1, 0, {H(TAG_LONG_NAT, 1ULL << 59), END}},
    {"more pieces", 1, 0, {H(TAG_LONG_ROW, 1ULL << 59), END}},
    {"more arguments", 1, 0, {H(TAG_LONG_APP, 1ULL << 24), N(0), END}},
    {"no such reference", 1, 0, {H(TAG_LONG_BAR, CODEC_RAW_INLINE + 1), 0, END}},
    {"not a blob", 1, 1, {H(TAG_LONG_BAR, CODEC_RAW_INLINE + 1), 0, END}},
    {"not a row", 1, 1, {H(TAG_LONG_ROW, CODEC_ROW_PIECE + 1), 0, 0, END}},
    {"unknown or malformed", 2, 1, {H(TAG_LONG_ROW, CODEC_ROW_PIECE + 1), 0, 0, END}},
};

START_TEST(test_right_bodies) {
  for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) check_case(&accepted[i], i);
}
END_TEST

START_TEST(test_wrong_bodies) {
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) check_case(&refused[i], i);
}
END_TEST

// --- work that hostile pages ask for -------------------------------------------------------------------
static ValueRoot put_page(Pages *p, const Buf *body, uint64_t objects, const PageId *refs, size_t n) {
  Buf page = {0};
  ValueRoot root = {.paged = true};
  ck_assert(page_build(&page, PAGE_VALUE, refs, n, objects, body->data, body->len, NULL));
  pages_put(p, page.data, page.len, &root.page);
  buf_free(&page);
  return root;
}

START_TEST(test_many_laws_over_one_row_compare_it_once) {
  Pages p;
  pages_init(&p);
  Buf body = {0};
  buf_varint(&body, H(TAG_ROW, 10000));
  for (uint64_t i = 0; i < 9999; i++) buf_varint(&body, N(i));
  buf_varint(&body, N(9998)); // so that it is no set after all
  ValueRoot row = put_page(&p, &body, 1, NULL, 0);
  buf_clear(&body);
  for (int i = 0; i < 3000; i++) {
    buf_varint(&body, H(TAG_LAW, 0));
    buf_varint(&body, N(1));
    buf_varint(&body, N(2));
    buf_varint(&body, REF(0));
    buf_varint(&body, 0);
  }
  ValueRoot root = put_page(&p, &body, 3000, &row.page, 1);
  Machine *m = machine_new(&(MachineConfig){.memory = 16 << 20});
  Ref out;
  Err err = ERR_INIT;
  bool ok = codec_load(m, p.res, &p.source, &root, &(LoadLimits){.fuel = 2000}, &out, &err);
  ck_assert_msg(ok, "%s", err.msg);
  machine_free(m);
  buf_free(&body);
  pages_free(&p);
}
END_TEST

// A chain of pins, each called once: the arity of each is found through all below it.
START_TEST(test_arities_through_long_chains) {
  Pages p;
  pages_init(&p);
  PageId below = {0};
  ValueRoot root = {0};
  for (uint64_t page = 0; page < 100; page++) {
    Buf body = {0};
    uint64_t objects = 0;
    for (int i = 0; i < 1000; i++) {
      buf_varint(&body, H(TAG_PIN, 0));
      if (i > 0) {
        buf_varint(&body, BACK(2));
      } else if (page == 0) {
        buf_varint(&body, N(0));
      } else {
        buf_varint(&body, REF(0));
        buf_varint(&body, 1); // the last pin of the page below
      }
      buf_varint(&body, H(TAG_APP, 1));
      buf_varint(&body, BACK(1));
      buf_varint(&body, N(1));
      objects += 2;
    }
    root = put_page(&p, &body, objects, &below, page > 0);
    below = root.page;
    buf_free(&body);
  }
  Machine *m = machine_new(&(MachineConfig){.memory = 16 << 20});
  Ref out;
  Err err = ERR_INIT;
  bool ok = codec_load(m, p.res, &p.source, &root, NULL, &out, &err);
  ck_assert_msg(ok, "%s", err.msg);
  ck_assert_uint_eq(app_left(val_obj(ref_get(m, out))), 2);
  machine_free(m);
  pages_free(&p);
}
END_TEST

START_TEST(test_a_blob_is_no_value) {
  Pages p;
  pages_init(&p);
  Buf page = {0};
  ValueRoot root = {.paged = true};
  ck_assert(page_build(&page, PAGE_BLOB, NULL, 0, 0, "abc", 3, NULL));
  pages_put(&p, page.data, page.len, &root.page);
  buf_free(&page);
  Machine *m = machine_new(&(MachineConfig){.memory = 16 << 20});
  Ref out;
  Err err = ERR_INIT;
  ck_assert(!codec_load(m, p.res, &p.source, &root, NULL, &out, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  machine_free(m);
  pages_free(&p);
}
END_TEST

SUITE_MAIN("codec/decode", test_right_bodies, test_wrong_bodies, test_many_laws_over_one_row_compare_it_once,
           test_arities_through_long_chains, test_a_blob_is_no_value)
