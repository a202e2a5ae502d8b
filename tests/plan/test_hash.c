// PLAN hashes against published values and against the hash of formal values.
#include "common/base/base58.h"
#include "common/base/blake3.h"
#include "common/plan/hash.h"
#include "tests/plan/gen.h"
#include "tests/plan/ref/bridge.h"
#include "tests/suite.h"
#include <string.h>

#ifdef HOSTILE // every allocation collects, and looks at every handle
enum { VALUES = 400, PINS = 2000, BOMB = 100 };
#else
enum { VALUES = 4000, PINS = 100000, BOMB = 1000 };
#endif

static World w;
static Bridge b;
static Machine *m;

static void setup(void) {
  w = (World){0};
  m = machine_new(&(MachineConfig){.memory = 64u << 20, .nursery = 1u << 16});
  b = (Bridge){.w = &w, .m = m};
}

static void teardown(void) {
  bridge_free(&b);
  machine_free(m);
  world_free(&w);
}

// --- published values --------------------------------------------------------------------------------
static Term *nat(uint64_t n) { return term_nat(&w, n); }
static Term *apps(Term *f, Term *x, Term *y) { return term_apps(&w, f, (Term *[]){x, y}, 2); }
static Term *row1(Term *x) { return term_row(&w, &x, 1); }
static Term *row2(uint64_t x, uint64_t y) { return term_row(&w, (Term *[]){nat(x), nat(y)}, 2); }
static Term *empty(void) { return term_row(&w, NULL, 0); }
static Term *identity(void) { return term_law(&w, term_text(&w, "id"), nat(1), nat(1)); }

static Term *to_nat(void) {
  Term *body = apps(nat(0), apps(nat(2), nat(0), nat(3)), nat(1));
  return term_law(&w, term_text(&w, "_ToNat"), nat(1), body);
}

static Term *two_to_the_64(void) {
  static const uint8_t bytes[9] = {[8] = 1};
  mpz_t z;
  mpz_init(z);
  mpz_import(z, sizeof bytes, -1, 1, 0, 0, bytes);
  Term *t = term_nat_mpz(&w, z);
  mpz_clear(z);
  return t;
}

// In hexadecimal or base58, as the hash was published.
static void check_text(const char *name, const uint8_t hash[32], const char *want) {
  char text[65];
  if (strlen(want) == 64) {
    hex_encode(text, hash, 32);
  } else {
    base58_hash(text, hash);
  }
  ck_assert_msg(strcmp(text, want) == 0, "%s: %s, not %s", name, text, want);
}

static void check(const char *name, Term *t, const char *want) {
  uint8_t hash[32];
  ck_assert(plan_hash(m, bridge_in(&b, t), hash));
  check_text(name, hash, want);
  ck_assert(plan_pin_hash(m, bridge_in(&b, term_pin(&w, t)), hash));
  check_text(name, hash, want);
  ck_assert(term_hash(t, 100000, hash));
  check_text(name, hash, want);
}

START_TEST(test_pin_hashes) {
  check("0", nat(0), "50e0128f7b0e5cb3b43642a0da19e9735ff5491876aa04c0aa33f1b8cb080014");
  check("5", nat(5), "15e02da1858cea39beb8025a39d20acd50db676cfad6358718ccbb0bd11e20f4");
  check("2^64", two_to_the_64(), "6d50a51dbc72b8b9f0f5517d891dcd3f1bc88e19b4ed8def6fe1b7ce26688d43");
  check("hello", term_bar(&w, "hello", 5),
        "6191f56b0a3114f7bd54c451567b4426bd277a861466d7918dd7341a16c1fa14");
  check("(0 1)", term_app(&w, nat(0), nat(1)),
        "3b42e3f07e7e5ee9c6f6d4211900c58898dd431832e0b8892d749570ae33014a");
  check("[]", empty(), "d3537eb6047e967d571eb2b7ddc181f6aed6faa28187ba423e528e2f786f5ac8");
  check("[3 4]", row2(3, 4), "c19ce7d1d4adf1133b691f269bf2ee1c47f020382d0a1fd065ab715350672572");
  check("_ToNat", to_nat(), "HedgTAZEjCCShX97HZNsm4gGGWyxhRf9jepYzrtMR6RW");
  check("[<_ToNat>]", row1(term_pin(&w, to_nat())),
        "6453d68d98295538181604e37a970702f3d4f87d4052356c1cc6f3fc9ee13e05");
  check("#[0=5]", term_tab(&w, row1(nat(0)), row1(nat(5))),
        "e870d69c6d37d3bfb3ea15eb420081554aa0a0c990f57fc0bba1a2b9c124063f");
  check("%[1 2]", term_set(&w, row2(1, 2)),
        "920fc529d8eb7bfae89645a5b2726802ef01c50207599ca80513ec1760cf4144");
  check("cow 2", term_cow(&w, 2), "9fc5c90c3fa2bcf20ebe1645d4573e40afb87e441172bc8cba34ab682b9df5c9");
}
END_TEST

START_TEST(test_value_hashes) {
  check("0", nat(0), "6ShndPD57UYnaNiVcGCoDtTD3DMAZwzazpqo3gsFHm3H");
  check("1", nat(1), "2sWqxrdAARWLQWsCYQ7b1gZcd9nr2h8gETwuMcNBGVXf");
  check("hi", term_text(&w, "hi"), "9429W5YUMgVRkG7DmSNrVjs8wrKWJFZhbY1cw5RUCU35");
  check("2^64", two_to_the_64(), "8MimBznhAz1fZfKsWukc4uVq1Yg4zhA3Zj174cgfDGnN");
  check("(0 0)", term_app(&w, nat(0), nat(0)), "7pkNtFJj4Bd82CsdubZ3nA6Rf5RSpj9udqa6oVvGtXEj");
  check("(0 1 2)", apps(nat(0), nat(1), nat(2)), "2YRQ76Q2YnsWMtGCno1gWfCgqiEh7vyN22BHoGtShWWE");
  check("id", identity(), "3rkQyBd9dw59Pq9Q7a2v8UKLLs5fX3buC3WQR6XWSDdZ");
  check("<id>", term_pin(&w, identity()), "46Jst5X4xrtveFM78BEJyNBVg227pAduXvBEiFw1qMPn");
  check("[]", empty(), "FDvsKbkFzFH5U89KAyuzDrEWbY5QeTbT7szM5zCFjw8B");
  check("[3 4]", row2(3, 4), "E2nTKLjgo4Sd7py94j9XcUtmkykVDMcaYTgQoKdaLJqf");
  check("C2", term_cow(&w, 2), "BkgkHZu8eq6YTPhwwAiP5eRXYGhWNtq2JnM4GmaJftVe");
  check("b#{}", term_bar(&w, "", 0), "BeHVx9NQt72o1XEtdprBpUrUqcgxHk3twKSNq7BsbL8v");
  check("b#foo", term_bar(&w, "foo", 3), "FxaH79YUciriYEGG3CFsSo87ZrAwPMZPeDRAfqFyeBna");
  check("%[]", term_set(&w, empty()), "9MQX8VUy4Bg3DjwMAnZCpphRhXEgktYBgNK2LJ5FDhap");
  check("%[1 2]", term_set(&w, row2(1, 2)), "AqAUKkZEq3z3LJwEgYSxirWHMZfoR9vEePxKt6ZJRBi3");
  check("#[]", term_tab(&w, empty(), empty()), "AqotfodxK7Qq2TLg29VuCLdzGv9ZkDN6GQ12TH5KesCv");
  check("#[1=3 2=4]", term_tab(&w, row2(1, 2), row2(3, 4)), "CKM4QKiSQb6odXjzsHo9F7ZMUVdhM9VUkQfwZpr7A1i6");
}
END_TEST

// --- random values -------------------------------------------------------------------------------------

START_TEST(test_random) {
  for (uint64_t seed = 0; seed < VALUES; seed++) {
    RefMark mark = refs_mark(m);
    Gen g = gen_new(&w, seed);
    Term *t = gen_value(&g, 1 + (unsigned)gen_below(&g, 6));
    uint8_t want[32], got[32];
    if (term_hash(t, 10000, want)) {
      ck_assert(plan_hash(m, bridge_in(&b, t), got));
      ck_assert_msg(memcmp(want, got, 32) == 0, "the value of seed %zu", (size_t)seed);
    }
    refs_release(m, mark);
    bridge_forget(&b, true);
    if (seed % 64 == 0) world_free(&w);
  }
}
END_TEST

// A tab that is still an app with its row behind an evaluated suspension hashes as a tab.
START_TEST(test_late_tab) {
  Term *id = identity(), *row = row2(3, 4);
  Ref set = bridge_in(&b, term_set(&w, row2(1, 2)));
  Ref late = bridge_in(&b, term_call(&w, id, row)), tab = plan_apply(m, set, &late, 1);
  ck_assert_int_eq(plan_whnf(m, late), RUN_DONE);
  uint8_t got[32];
  ck_assert(hash_value(m, ref_get(m, tab), got));
  check_text("late tab", got, "CKM4QKiSQb6odXjzsHo9F7ZMUVdhM9VUkQfwZpr7A1i6");
  ck_assert_int_eq(plan_force(m, tab), RUN_DONE);
  ck_assert_int_eq(plan_kind(m, tab), KIND_TAB);
  ck_assert(plan_hash(m, tab, got));
  check_text("forced tab", got, "CKM4QKiSQb6odXjzsHo9F7ZMUVdhM9VUkQfwZpr7A1i6");
}
END_TEST

// --- shapes that cost ------------------------------------------------------------------------------------
static Ref nested_pins(Ref r, size_t depth, bool twice) {
  for (size_t i = 0; i < depth; i++) {
    if (twice) {
      Ref both = plan_row(m, (Ref[]){r, r}, 2);
      ck_assert_int_eq(plan_force(m, both), RUN_DONE);
      r = plan_pin(m, both);
    } else {
      r = plan_pin(m, r);
    }
  }
  return r;
}

START_TEST(test_nested_pins) {
  uint8_t hash[32], again[32];
  machine_set_limits(m, 0, 1000000);
  ck_assert(plan_pin_hash(m, nested_pins(plan_nat(m, 0), PINS, false), hash));
  Ref bomb = nested_pins(plan_nat(m, 0), BOMB, true);
  ck_assert(plan_pin_hash(m, bomb, hash));
  ck_assert(plan_pin_hash(m, nested_pins(plan_nat(m, 0), BOMB, true), again));
  ck_assert_mem_eq(hash, again, 32);
}
END_TEST

// The format streams an unpinned shared part once for each path: a bomb ends at the fuel limit.
START_TEST(test_bomb_ends) {
  uint8_t hash[32];
  Ref r = plan_nat(m, 0);
  for (int i = 0; i < 64; i++) r = plan_row(m, (Ref[]){r, r}, 2);
  ck_assert_int_eq(plan_force(m, r), RUN_DONE);
  machine_set_limits(m, 0, 100000);
  ck_assert(!plan_hash(m, r, hash));
  ck_assert(!plan_pin_hash(m, plan_pin(m, r), hash));
  ck_assert(plan_hash(m, plan_nat(m, 0), hash));
}
END_TEST

START_TEST(test_interrupted) {
  uint8_t hash[32];
  Ref r = plan_nat(m, 0);
  for (int i = 0; i < 64; i++) r = plan_row(m, (Ref[]){r, r}, 2);
  ck_assert_int_eq(plan_force(m, r), RUN_DONE);
  machine_interrupt(m);
  ck_assert(!hash_value(m, ref_get(m, r), hash));
}
END_TEST

SUITE_MAIN_WITH("plan/hash", ((SuiteFrame){.setup = setup, .teardown = teardown}), {test_pin_hashes},
                {test_value_hashes}, {test_random}, {test_late_tab}, {test_nested_pins}, {test_bomb_ends},
                {test_interrupted})
