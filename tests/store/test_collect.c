#include "tests/store/support.h"
#include "tests/suite.h"
#include <string.h>

static char *dir;
static Store *s;

static void setup(void) {
  dir = scratch_dir();
  s = open_store(dir);
}

static void teardown(void) {
  store_close(s);
  scratch_free(dir);
}

static StoreCollected collect(size_t budget) {
  StoreCollected sums;
  Err err = ERR_INIT;
  bool done = false;
  for (int i = 0; !done; i++) {
    ck_assert_msg(store_collect(s, budget, &sums, &done, &err), "%s", err.msg);
    ck_assert_int_lt(i, 100000);
  }
  return sums;
}

static void no_bad(void *ctx, const PageId *id, const Err *why) { ck_abort_msg("scrub: %s", why->msg); }

static void scrub_clean(void) {
  uint64_t position = 0;
  Err err = ERR_INIT;
  do ck_assert(store_scrub(s, &position, 7, no_bad, NULL, &err));
  while (position != 0);
}

START_TEST(reachable_stays) {
  for (size_t budget = 1; budget < 5; budget++) {
    PageId leaf = put_page(s, NULL, 0, 1, 10), mid = put_page(s, &leaf, 1, 2, 5000);
    PageId top = put_page(s, &mid, 1, 3, 10), loose = put_page(s, &leaf, 1, 4, 10);
    set_root(s, "top", &top, 1);
    StoreCollected sums = collect(budget);
    ck_assert_uint_eq(sums.kept, 3);
    ck_assert_uint_eq(sums.removed, 1);
    ck_assert(has_page(s, leaf) && has_page(s, mid) && has_page(s, top) && !has_page(s, loose));
    scrub_clean();
    del_root(s, "top");
    sums = collect(budget);
    ck_assert_uint_eq(sums.removed, 3);
    ck_assert_uint_eq(collect(budget).removed, 0);
  }
}
END_TEST

START_TEST(holds_keep) {
  PageId leaf = put_page(s, NULL, 0, 1, 10), top = put_page(s, &leaf, 1, 2, 10);
  store_hold(s, &top);
  store_hold(s, &top);
  ck_assert_uint_eq(collect(3).kept, 2);
  store_release(s, &top);
  ck_assert_uint_eq(collect(3).kept, 2);
  store_release(s, &top);
  ck_assert_uint_eq(collect(3).removed, 2);
  store_release(s, &top); // of nothing is fine
  store_hold(s, &(PageId){{1}});
  ck_assert_uint_eq(collect(3).removed, 0);
}
END_TEST

START_TEST(links_go) {
  Err err = ERR_INIT;
  uint8_t kept[32] = {1}, gone[32] = {2};
  PageId a = put_page(s, NULL, 0, 1, 10), b = put_page(s, NULL, 0, 2, 10), found;
  StoreBatch *batch = store_batch_begin(s);
  store_batch_link(batch, kept, &a);
  store_batch_link(batch, gone, &b);
  ck_assert(store_batch_commit(batch, &err));
  set_root(s, "a", &a, 1);
  collect(1);
  StoreInfo info;
  ck_assert(store_info(s, &info, &err));
  ck_assert_uint_eq(info.links, 1);
  ck_assert(store_find_hash(s, kept, &found, &err));
  ck_assert(!store_find_hash(s, gone, &found, &err));
}
END_TEST

// Between any two steps an old page without a root gets one, by each of the ways there are.
START_TEST(barriers) {
  enum { N = 12 };
  for (int way = 0; way < 4; way++) {
    for (int when = 0; when < 2 * N; when++) {
      PageId ids[N], fresh = {{0}};
      Err err = ERR_INIT;
      StoreCollected sums;
      bool done = false;
      ids[0] = put_page(s, NULL, 0, 1000, 10);
      for (int i = 1; i < N; i++) ids[i] = put_page(s, &ids[i - 1], 1, (uint64_t)i, 10);
      for (int step = 0; !done; step++) {
        if (step == when && has_page(s, ids[N / 2])) {
          if (way == 0) set_root(s, "late", &ids[N / 2], 1);
          if (way == 1) {
            fresh = put_page(s, &ids[N / 2], 1, 77, 10);
            set_root(s, "late", &fresh, 1);
          }
          if (way == 2) put_page(s, &ids[N / 2 - 1], 1, N / 2, 10); // put again: the same page
          if (way == 2) set_root(s, "late", &ids[N / 2], 1);
          if (way == 3) store_hold(s, &ids[N / 2]);
        }
        ck_assert_msg(store_collect(s, 1, &sums, &done, &err), "%s", err.msg);
      }
      scrub_clean();
      StoreRoot root = {0};
      bool rooted = store_root_get(s, "late", 4, &root, NULL);
      if (rooted) {
        ck_assert(has_page(s, root.refs[0]));
        for (int i = 0; i <= N / 2; i++) ck_assert(has_page(s, ids[i]));
      }
      if (when == 0) ck_assert(rooted || way == 3);
      if (way == 3 && when == 0) ck_assert(has_page(s, ids[N / 2]) && has_page(s, ids[0]));
      store_root_free(&root);
      store_release(s, &ids[N / 2]);
      del_root(s, "late");
      collect(100);
      StoreInfo info;
      ck_assert(store_info(s, &info, &err));
      ck_assert_uint_eq(info.pages, 0);
    }
  }
}
END_TEST

// Random graphs and roots against a plain model of what is reachable.
START_TEST(random_graphs) {
  enum { N = 60 };
  uint64_t rng = 11;
  size_t rounds = test_scale(15);
  for (size_t round = 0; round < rounds; round++) {
    PageId ids[N];
    uint64_t refs_of[N], live = 0;
    for (int i = 0; i < N; i++) {
      PageId refs[3];
      size_t n = i ? test_random(&rng) % 4 : 0;
      refs_of[i] = 0;
      for (size_t k = 0; k < n; k++) {
        uint64_t to = test_random(&rng) % (uint64_t)i;
        refs[k] = ids[to];
        refs_of[i] |= 1ull << to;
      }
      ids[i] = put_page(s, refs, n, test_random(&rng), test_random(&rng) % 3000);
    }
    for (int i = 0; i < 3; i++) {
      uint64_t at = test_random(&rng) % N;
      char name[8] = {'r', (char)('0' + i)};
      set_root(s, name, &ids[at], 1);
      live |= 1ull << at;
    }
    for (int i = N - 1; i >= 0; i--)
      if (live >> i & 1) live |= refs_of[i];
    collect(1 + test_random(&rng) % 20);
    for (int i = 0; i < N; i++) ck_assert_int_eq(has_page(s, ids[i]), live >> i & 1);
    scrub_clean();
  }
}
END_TEST

START_TEST(room_is_used_again) {
  Err err = ERR_INIT;
  StoreInfo info;
  uint64_t used = 0;
  for (uint64_t i = 0; i < 30; i++) {
    PageId id = put_page(s, NULL, 0, i, 200000);
    set_root(s, "one", &id, 1);
    collect(10);
    ck_assert(store_info(s, &info, &err));
    if (i == 9) used = info.used;
  }
  ck_assert_uint_le(info.used, used + (1u << 20));
}
END_TEST

SUITE_MAIN_WITH("store/collect", ((SuiteFrame){.setup = setup, .teardown = teardown}), {reachable_stays},
                {holds_keep}, {links_go}, {barriers}, {random_graphs}, {room_is_used_again})
