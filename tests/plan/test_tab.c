// Tabs from C: joining two is the same as putting the keys of one into the other, one by one.
#include "common/plan/plan.h"
#include "tests/suite.h"
#include "tests/util.h"

static Ref random_tab(Machine *m, uint64_t *seed, size_t puts, uint64_t keys, uint64_t mark) {
  Ref tab = plan_tab_empty(m);
  for (size_t i = 0; i < puts; i++)
    tab = plan_tab_put(m, tab, plan_nat(m, test_random(seed) % keys), plan_nat(m, mark + i));
  return tab;
}

static Ref put_all(Machine *m, Ref tab, Ref more) {
  for (size_t i = 0, n = plan_len(m, more); i < n; i++)
    tab = plan_tab_put(m, tab, plan_key(m, more, i), plan_val(m, more, i));
  return tab;
}

static void must_equal(Machine *m, Ref a, Ref b) {
  bool equal = false;
  ck_assert_int_eq(plan_force(m, a), RUN_DONE);
  ck_assert_int_eq(plan_force(m, b), RUN_DONE);
  ck_assert(plan_eq(m, a, b, &equal) && equal);
}

START_TEST(joining) {
  uint64_t seed = 11;
  Machine *m = machine_new(&(MachineConfig){0});
  for (size_t i = 0, n = test_scale(300); i < n; i++) {
    RefMark mark = refs_mark(m);
    uint64_t keys = 1 + test_random(&seed) % 60;
    Ref a = random_tab(m, &seed, test_random(&seed) % 40, keys, 0);
    Ref b = random_tab(m, &seed, test_random(&seed) % 40, keys, 1000);
    must_equal(m, plan_tab_join(m, a, b), put_all(m, a, b));
    must_equal(m, plan_tab_join(m, a, a), a);
    refs_release(m, mark);
  }
  machine_free(m);
}
END_TEST

// Values that were not computed yet stay so.
START_TEST(joining_computes_nothing) {
  Machine *m = machine_new(&(MachineConfig){0});
  Ref seven = plan_nat(m, 7),
      crash = plan_apply(m, plan_apply(m, plan_nat(m, 2), (Ref[]){seven, seven}, 2), &seven, 1);
  Ref a = plan_tab_put(m, plan_tab_empty(m), plan_nat(m, 1), crash);
  Ref b = plan_tab_put(m, plan_tab_empty(m), plan_nat(m, 2), seven);
  Ref both = plan_tab_join(m, b, a);
  ck_assert_uint_eq(plan_len(m, both), 2);
  ck_assert(plan_is_lazy(m, plan_val(m, both, 0)));
  ck_assert(!plan_is_lazy(m, plan_val(m, both, 1)));
  machine_free(m);
}
END_TEST

SUITE_MAIN("plan/tab", joining, joining_computes_nothing)
