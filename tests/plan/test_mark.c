// Collecting everything in steps: the space that is marked, and a machine whose heap is too big to be copied.
#include "common/base/mem.h"
#include "common/plan/mark.h"
#include "common/plan/plan.h"
#include "tests/codec/random.h"
#include "tests/suite.h"

#ifdef HOSTILE // every allocation collects
#define LIVING 200
#define MADE 2000
#else
#define LIVING 100000
#define MADE 1000000
#endif

// --- the space ---------------------------------------------------------------------------------------
#define OBJECTS 20000
#define CYCLES 30

typedef struct Made {
  uint64_t *at; // NULL: not there
  size_t words;
} Made;

static void make(OldSpace *s, Made *o, Random *rnd, size_t id) {
  bool big = random_below(rnd, 50) == 0;
  o->words = 2 + random_below(rnd, big ? 1000 : 20);
  o->at = old_room(s, o->words);
  for (size_t i = 0; i < o->words; i++) o->at[i] = id;
}

static bool is_whole(const Made *o, size_t id) {
  for (size_t i = 0; i < o->words; i++)
    if (o->at[i] != id) return false;
  return true;
}

START_TEST(holes_are_filled_and_nothing_else) {
  OldSpace s = {0};
  Random rnd = {7};
  Made *made = mem_zalloc(OBJECTS * sizeof *made);
  size_t most = 0;
  for (int cycle = 0; cycle < CYCLES; cycle++) {
    for (size_t i = 0; i < OBJECTS; i++)
      if (!made[i].at) make(&s, &made[i], &rnd, i);
    old_mark_begin(&s);
    for (size_t i = 0, fate = 0; i < OBJECTS; i++) {
      if (i % 100 == 0) fate = random_below(&rnd, 3); // neighbours die together, mostly
      if (random_below(&rnd, 10) < (fate ? 1u : 8u)) made[i].at = NULL;
      if (!made[i].at) continue;
      ck_assert(old_mark(&s, made[i].at, made[i].words));
      ck_assert(!old_mark(&s, made[i].at, made[i].words));
      if (made[i].words <= 4 && random_below(&rnd, 100) == 0) { // added meanwhile
        make(&s, &made[i], &rnd, i);
        ck_assert(old_mark(&s, made[i].at, made[i].words));
      }
    }
    old_mark_end(&s);
    bool whole = true;
    for (size_t i = 0; i < OBJECTS; i++) whole &= !made[i].at || is_whole(&made[i], i);
    ck_assert(whole);
    if (cycle == CYCLES / 3) most = s.block_count;
    old_trim(&s, 4, SIZE_MAX);
    ck_assert_uint_le(s.spare_count, 4);
  }
  ck_assert_uint_le(s.block_count, most + most / 4); // holes are filled again
  old_free(&s);
  mem_free(made);
}
END_TEST

// --- the machine -------------------------------------------------------------------------------------
#define INNER 12

// A row of a row that tells which it is, and of that of another that was there before.
static void put(Machine *m, Ref slot, uint64_t id, Ref other) {
  RefMark mark = refs_mark(m);
  Ref inner[INNER];
  for (uint64_t i = 0; i < INNER; i++) inner[i] = plan_nat(m, id + i);
  Ref both[] = {plan_row(m, inner, INNER), plan_row_get(m, other, 0)};
  ref_copy(m, slot, plan_row(m, both, 2));
  refs_release(m, mark);
}

static bool tells(Machine *m, Ref inner, uint64_t *id) {
  bool ok = plan_len(m, inner) == INNER && plan_nat_u64(m, plan_row_get(m, inner, 0), id);
  for (size_t i = 1; ok && i < INNER; i++) {
    uint64_t n;
    ok = plan_nat_u64(m, plan_row_get(m, inner, i), &n) && n == *id + i;
  }
  return ok;
}

static bool is_right(Machine *m, Ref row, uint64_t id) {
  RefMark mark = refs_mark(m);
  uint64_t own, other;
  bool ok = tells(m, plan_row_get(m, row, 0), &own) && own == id && tells(m, plan_row_get(m, row, 1), &other);
  refs_release(m, mark);
  return ok;
}

START_TEST(what_lives_stays) {
  Machine *m = machine_new(&(MachineConfig){.memory = (size_t)1 << 30});
  Random rnd = {11};
  Ref *slots = mem_alloc(LIVING * sizeof *slots);
  uint64_t *ids = mem_zalloc(LIVING * sizeof *ids);
  Ref nats[INNER];
  for (uint64_t i = 0; i < INNER; i++) nats[i] = plan_nat(m, i);
  Ref inner = plan_row(m, nats, INNER), first = plan_row(m, (Ref[]){inner, inner}, 2);
  for (size_t i = 0; i < LIVING; i++) slots[i] = ref_dup(m, first);
  bool marked = false;
  for (size_t n = 0; n < MADE; n++) {
    size_t i = random_below(&rnd, LIVING);
    put(m, slots[i], ids[i] = n, slots[random_below(&rnd, LIVING)]);
    marked |= m->old.marking;
    if (n % (MADE / 20) != 0) continue;
    bool right = true;
    for (size_t k = 0; k < LIVING; k++) right &= is_right(m, slots[k], ids[k]);
    ck_assert(right);
  }
  ck_assert(marked);
  ck_assert_uint_gt(machine_stats(m).major, 3);
  ck_assert_uint_lt(m->old.block_count * BLOCK_BYTES, 4 * machine_stats(m).live_bytes + 64 * BLOCK_BYTES);
  machine_free(m);
  mem_free(slots);
  mem_free(ids);
}
END_TEST

// What was looked at on the stack of one evaluation says nothing about the next one's.
START_TEST(the_next_stack_is_looked_at) {
  Machine *m = machine_new(&(MachineConfig){0});
  Ref v = plan_nat(m, 1);
  mark_begin(m);
  m->settled = m->stack_marked = 50;
  machine_start_whnf(m, v);
  ck_assert_uint_eq(m->stack_marked, 0);
  machine_abandon(m);
  machine_free(m);
}
END_TEST

SUITE_MAIN("plan/mark", holes_are_filled_and_nothing_else, what_lives_stays, the_next_stack_is_looked_at)
