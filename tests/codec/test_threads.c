// Several threads, each with machines of its own, load, run, save and drop the same regions.
#include "common/base/mem.h"
#include "common/codec/load.h"
#include "common/plan/heap.h"
#include "common/plan/plan.h"
#include "common/plan/seal.h"
#include "tests/codec/pages.h"
#include "tests/codec/random.h"
#include "tests/suite.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 60 };

typedef struct Shared {
  Pages pages; // only read by the threads
  Residency *res;
  ValueRoot value, law;
  _Atomic size_t holds;
  _Atomic bool failed;
} Shared;

static bool get(void *ctx, const PageId *id, Buf *out, Err *err) {
  const struct OnePage *page = pages_find(&((Shared *)ctx)->pages, id);
  buf_clear(out);
  buf_put(out, page->bytes, page->len);
  return true;
}

static void hold(void *ctx, const PageId *id) { ((Shared *)ctx)->holds++; }
static void drop(void *ctx, const PageId *id) { ((Shared *)ctx)->holds--; }

static bool no_put(void *ctx, const void *bytes, size_t len, PageId *id, Err *err) {
  page_id(id, bytes, len);
  return true;
}

static bool run_law(Machine *m, Ref law) {
  Ref call = plan_apply(m, law, (Ref[]){plan_nat(m, 300)}, 1);
  return plan_whnf(m, call) == RUN_DONE && ref_get(m, call) == 5;
}

static void *work(void *ctx) {
  Shared *s = ctx;
  const PageSource source = {get, s};
  const PageSink sink = {no_put, NULL};
  for (int i = 0; i < ROUNDS; i++) {
    Machine *m = machine_new(&(MachineConfig){.memory = 64 << 20});
    Ref value, law;
    uint8_t hash[32];
    bool ok = codec_load(m, s->res, &source, &s->value, NULL, &value, NULL) &&
              codec_load(m, s->res, &source, &s->law, NULL, &law, NULL) && run_law(m, law) &&
              plan_pin_hash(m, value, hash);
    Ref own = plan_row(m, (Ref[]){value, law}, 2);
    ok = ok && plan_force(m, own) == RUN_DONE;
    seal(m, own);
    Saver *saver = saver_new(&sink, false);
    ValueRoot root;
    ok = ok && saver_add(saver, ref_get(m, own), &root, NULL) && saver_count(saver) == 1;
    saver_stored(saver, s->res);
    saver_free(saver);
    if (!ok) s->failed = true;
    machine_free(m);
  }
  return NULL;
}

static Ref countdown(Machine *m) {
  Ref zero = plan_nat(m, 0), two = plan_nat(m, 2), one = plan_nat(m, 1), five = plan_nat(m, 5);
  Ref constant = plan_apply(m, two, &two, 1), k = plan_apply(m, two, &five, 1);
  Ref e = plan_apply(m, zero, (Ref[]){constant, k}, 2);
  e = plan_apply(m, zero, (Ref[]){e, zero}, 2);
  e = plan_apply(m, zero, (Ref[]){e, one}, 2);
  ck_assert_int_eq(plan_force(m, e), RUN_DONE);
  return plan_pin(m, plan_law(m, plan_nat(m, 'l'), one, e));
}

START_TEST(test_threads_load_run_and_drop) {
  static Shared s;
  pages_init(&s.pages);
  s.res = residency_new(&(ResidencyHooks){hold, drop, &s});
  Machine *m = machine_new(&(MachineConfig){.memory = 64 << 20});
  Ref v = random_value(m, &(Random){12}, 40);
  for (int i = 0; i < 10; i++) {
    v = plan_row(m, (Ref[]){v, plan_nat(m, 1)}, 2);
    ck_assert_int_eq(plan_force(m, v), RUN_DONE);
    v = plan_pin(m, v);
  }
  s.value = pages_save(&s.pages, m, v);
  s.law = pages_save(&s.pages, m, countdown(m));
  machine_free(m);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, &s);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  ck_assert(!s.failed);
  ck_assert_uint_eq(residency_count(s.res), 0);
  ck_assert_uint_eq(s.holds, 0);
  residency_free(s.res);
  pages_free(&s.pages);
}
END_TEST

SUITE_MAIN("codec/threads", test_threads_load_run_and_drop)
