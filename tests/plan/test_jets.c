// Every native jet against its own law: the same arguments are made twice, the pin is called with one
// set and the bare law with the other, and what can be seen of the two results must be the same.
//
// The laws come from the Sire library: PALL_LIB names its folder, or else PALL_LIB_DEFAULT; without one
// there is nothing to test.
// PALL_JET_ROUNDS sets how many calls a jet gets, PALL_JET_CASES how many those of a group get together
// (a million: tests/run plan_jets takes hours then), PALL_JET restricts the test to one jet or one group,
// PALL_JET_SEED to one call of it, PALL_JET_MODULE to the jets of one module. PALL_JET_FUEL bounds the steps
// of a call: a law that runs for ever costs less then. PALL_JETS_OFF names jets and groups that run by their
// laws while others are tested. The end is a table by groups.
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/jet.h"
#include "common/plan/pinjet.h"
#include "sire/compiler/sire.h"
#include "tests/plan/jet_trace.h"
#include "tests/plan/jet_values.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED 77
#define MOST_JETS 400
#define NURSERY (1u << 16) // small, so that collections come often
#ifdef HOSTILE             // every allocation collects
#define FUEL 10000
#define ROUNDS 8
#else
#define FUEL 400000
#define ROUNDS 60
#endif
#define MEMORY ((size_t)1 << 30)

typedef struct Found {
  const JetDef *def;
  const char *group;
  Ref pin;
} Found;

typedef struct Test {
  Machine *m;
  JetTable *table;
  Found found[MOST_JETS];
  size_t found_count;
  Ref functions[MOST_JETS];
  size_t function_count;
  uint64_t calls, compared, limits, differences;
  size_t failed;
} Test;

// What has been counted about a group.
typedef struct Tally {
  const char *group;
  size_t jets;
  uint64_t calls, compared, limits, differences;
} Tally;

// --- the pins of the library -------------------------------------------------------------------------------

static bool is_known(const Test *t, const JetDef *def) {
  for (size_t i = 0; i < t->found_count; i++)
    if (t->found[i].def == def) return true;
  return false;
}

static const char *group_of(const JetTable *table, const JetDef *def) {
  int i = jet_lookup(table, def->name, strlen(def->name), def->arity);
  return jet_table_group(table, (size_t)i);
}

typedef struct Walker {
  Value *at;
  size_t count, cap;
  WordTable seen;
} Walker;

static void visit(Walker *w, Value v) {
  v = val_deref(v);
  if (val_is_small(v) || val_is_lazy(v) || !wtab_put(&w->seen, v, 0)) return;
  if (w->count == w->cap) {
    w->cap = w->cap ? 2 * w->cap : 1024;
    w->at = realloc(w->at, w->cap * sizeof *w->at);
  }
  w->at[w->count++] = v;
}

// Nothing here allocates on the heap, so values stay where they are. Returns the pins of jets not known.
static size_t find_pins(Test *t, Value root, Value *pins) {
  Walker w = {0};
  size_t n = 0;
  visit(&w, root);
  while (w.count > 0) {
    Value v = w.at[--w.count];
    const uint64_t *o = val_obj(v);
    const JetDef *def = obj_kind(o) == KIND_PIN ? pin_jet_entry(t->m, v) : NULL;
    if (def && !is_known(t, def) && t->found_count < MOST_JETS) {
      t->found[t->found_count++] = (Found){.def = def, .group = group_of(t->table, def)};
      pins[n++] = v;
    }
    size_t words = obj_kind(o) == KIND_LAW ? LAW_BODY : obj_scan(o);
    for (size_t i = 1; i <= words; i++) visit(&w, o[i]);
  }
  free(w.at);
  wtab_free(&w.seen);
  return n;
}

static void collect(Test *t, Sire *s) {
  Value pins[MOST_JETS];
  Err err = ERR_INIT;
  size_t first = t->found_count;
  Ref scope = sire_scope(s, &err);
  if (!scope || plan_force(t->m, scope) != RUN_DONE) return;
  size_t n = find_pins(t, ref_get(t->m, scope), pins);
  for (size_t i = 0; i < n; i++) t->found[first + i].pin = ref_new(t->m, pins[i]);
  uint8_t hash[32]; // so that no call is charged for it
  for (size_t i = 0; i < n; i++) plan_pin_hash(t->m, t->found[first + i].pin, hash);
}

static void load(Test *t, const char *library, const char *module) {
  Err err = ERR_INIT;
  SireOptions options = {.library = library};
  Sire *s = sire_new(t->m, &options);
  if (sire_load_module(s, module, &err))
    collect(t, s);
  else
    printf("module %s is not there: %s: %s\n", module, err.where, err.msg);
  sire_free(s);
}

// --- one call ----------------------------------------------------------------------------------------------

typedef struct Kinds {
  const char *jet, *kinds;
} Kinds;

// What the jets' arguments are meant to be; others get anything.
static const Kinds kinds[] = {
    {"_If", "n**"},
    {"_Ifz", "n**"},
    {"_Not", "n"},
    {"_Bit", "n"},
    {"_And", "nn"},
    {"_Or", "nn"},
    {"_Xor", "nn"},
    {"_Nand", "nn"},
    {"_Nor", "nn"},
    {"_Xnor", "nn"},
    {"_ToNat", "N"},
    {"_Dec", "N"},
    {"_Add", "Nn"},
    {"_Mul", "Nn"},
    {"_Sub", "Nn"},
    {"_Pow", "nn"},
    {"_Bex", "n"},
    {"_OrdWeld", "i*"},
    {"_Div", "Nn"},
    {"_Mod", "Nn"},
    {"_DivMod", "Nn"},
    {"_Lsh", "Nn"},
    {"_Rsh", "Nn"},
    {"_Bix", "nN"},
    {"_NatFold", "g*n"},
    {"_Dis", "NN"},
    {"_Con", "NN"},
    {"_Mix", "NN"},
    {"_PopCount", "N"},
    {"_Met", "N"},
    {"_Trunc", "nN"},
    {"_BitSlice", "nnN"},
    {"_SetBit", "nN"},
    {"_TestBit", "nN"},
    {"_ClearBit", "nN"},
    {"_Cmp", "kk"},
    {"_Eql", "kk"},
    {"_Neq", "kk"},
    {"_Lth", "kk"},
    {"_Lte", "kk"},
    {"_Gth", "kk"},
    {"_Gte", "kk"},
    {"_Min", "kk"},
    {"_Max", "kk"},
    {"_Len", "r"},
    {"_Put", "ri*"},
    {"_Get", "ri"},
    {"_Idx", "ir"},
    {"_Mut", "i*r"},
    {"_Last", "r"},
    {"_Switch", "i*r"},
    {"_Cow", "n"},
    {"_Gen", "if"},
    {"_Weld", "rr"},
    {"_Map", "fr"},
    {"_Rev", "r"},
    {"rowCons", "*r"},
    {"rowSnoc", "r*"},
    {"_Null", "r"},
    {"_Head", "a"},
    {"_Arity", "a"},
    {"sum", "C"},
    {"sumOf", "fC"},
    {"cat", "R"},
    {"zip", "rr"},
    {"drop", "ir"},
    {"take", "ir"},
    {"unfoldr", "ui"},
    {"_SizedListToRow", "il"},
    {"_SizedListToRowRev", "il"},
    {"bsearch", "kr"},
    {"isDigit", "n"},
    {"listLen", "l"},
    {"listFromRow", "r"},
    {"_SortBy", "oK"},
    {"listSort", "L"},
    {"implode", "C"},
    {"strCat", "C"},
    {"strWeld", "NN"},
    {"strFromList", "c"},
    {"strToList", "N"},
    {"setIsEmpty", "s"},
    {"setLen", "s"},
    {"setHas", "ks"},
    {"setMin", "s"},
    {"setIns", "ks"},
    {"setDel", "ks"},
    {"setWeld", "ss"},
    {"setCatRowAsc", "S"},
    {"isSet", "s"},
    {"setDrop", "is"},
    {"setTake", "is"},
    {"setSplitAt", "is"},
    {"setIntersect", "ss"},
    {"setSub", "ss"},
    {"setSplitLT", "ks"},
    {"setSing", "k"},
    {"_MkSet", "r"},
    {"_SetToRow", "s"},
    {"_MkTab", "rr"},
    {"tabSing", "k*"},
    {"isTab", "t"},
    {"_TabKeys", "t"},
    {"_TabVals", "t"},
    {"_TabKeysRow", "t"},
    {"_TabLen", "t"},
    {"tabIdx", "kt"},
    {"_TabIsEmpty", "t"},
    {"_TabHas", "kt"},
    {"_TabLookup", "kt"},
    {"tabIns", "k*t"},
    {"tabSwitch", "k*t"},
    {"tabToPairs", "t"},
    {"tabFromPairs", "p"},
    {"tabToPairList", "t"},
    {"tabElemIdx", "it"},
    {"tabSplitAt", "it"},
    {"tabSplitLT", "kt"},
    {"tabAlter", "fkt"},
    {"tabMapWithKey", "gt"},
    {"tabMap", "ft"},
    {"tabUnionWith", "gtt"},
    {"tabWeld", "tt"},
    {"tabMinKey", "t"},
    {"tabFoldlWithKey", "h*t"},
    {"padWeld", "PP"},
    {"padCat", "Q"},
    {"padFlat", "F"},
    {"isBar", "b"},
    {"_Bar", "N"},
    {"natBar", "N"},
    {"barNat", "b"},
    {"barLen", "b"},
    {"barIsEmpty", "b"},
    {"_NatToSizedBar", "iN"},
    {"bytesBar", "C"},
    {"barGen", "if"},
    {"barRep", "in"},
    {"barToList", "b"},
    {"barIdx", "ib"},
    {"barWeld", "bb"},
    {"barCat", "T"},
    {"barTake", "ib"},
    {"barDrop", "ib"},
    {"barSlice", "iib"},
    {"_BarSliceToNat", "iib"},
    {"barElemIndexEnd", "nb"},
    {"barFlat", "B"},
    {"barElemIndexOff", "nib"},
    {"_Blake3", "B"},
    {"_PlanHash", "*"},
    {"_LoadSeed", "E"},
    {"_SaveSeed", "*"},
    {"_LoadGerm", "VE"},
    {"_SaveGerm", "j"},
    {"_Try", "y"},
    {"_TryExp", "Y"},
    {"w32", "w"},
    {"add32", "ww"},
    {"mul32", "ww"},
    {"div32", "ww"},
    {"and32", "ww"},
    {"or32", "ww"},
    {"xor32", "ww"},
    {"lsh32", "wi"},
    {"rsh32", "wn"},
    {"sub32", "ww"},
    {"ror32", "wn"},
    {"rol32", "wn"},
    {"w64", "w"},
    {"add64", "ww"},
    {"mul64", "ww"},
    {"div64", "ww"},
    {"and64", "ww"},
    {"or64", "ww"},
    {"xor64", "ww"},
    {"lsh64", "wi"},
    {"rsh64", "wn"},
    {"sub64", "ww"},
    {"ror64", "wn"},
    {"rol64", "wn"},
    {"iDiv64", "ww"},
};

static const char *kinds_of(const JetDef *def) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].jet, def->name) == 0) return kinds[i].kinds;
  return "*****";
}

// The trace of f called with the values of a seed.
static TraceEnd call(Test *t, JetValues *g, const JetDef *def, Ref f, uint64_t seed, Buf *out) {
  Ref args[8];
  jet_values_seed(g, seed);
  buf_clear(out);
  g->calm = seed % 3 == 0;
  const char *wanted = kinds_of(def);
  for (size_t i = 0; i < def->arity; i++) {
    if (i) buf_str(&g->text, "   ");
    args[i] = jet_value(g, wanted[i]);
  }
  return jet_trace(t->m, plan_apply(t->m, f, args, def->arity), out);
}

// False: they differ.
static bool compare(Test *t, const Found *found, uint64_t seed) {
  JetValues g = {.m = t->m, .functions = t->functions, .function_count = t->function_count};
  Buf native = {0}, legal = {0};
  RefMark mark = refs_mark(t->m);
  TraceEnd a = call(t, &g, found->def, found->pin, seed, &native);
  TraceEnd b = call(t, &g, found->def, plan_pin_item(t->m, found->pin), seed, &legal);
  // A law that meets a limit may be one that runs for ever; what native code sees before is the same.
  bool same = a == b && (a == TRACE_LIMIT ||
                         (native.len == legal.len && memcmp(native.data, legal.data, native.len) == 0));
  if (b == TRACE_LIMIT) same = true;
  t->calls++;
  t->differences += !same;
  t->compared += a == TRACE_WHOLE && b == TRACE_WHOLE;
  t->limits += b == TRACE_LIMIT;
  if (!same) {
    printf("%s seed %llu: %s\n  native %d %s\n  law    %d %s\n", found->def->name, (unsigned long long)seed,
           buf_cstr(&g.text), a, buf_cstr(&native), b, buf_cstr(&legal));
  }
  refs_release(t->m, mark);
  buf_free(&native);
  buf_free(&legal);
  jet_values_free(&g);
  return same;
}

static void test_jet(Test *t, const Found *found, uint64_t rounds) {
  const char *seed = getenv("PALL_JET_SEED");
  uint64_t compared = t->compared, failures = 0;
  if (seed) {
    t->failed += !compare(t, found, strtoull(seed, NULL, 10));
    return;
  }
  for (uint64_t i = 0; i < rounds && failures < 3; i++) failures += !compare(t, found, i * 7919 + 1);
  t->failed += failures > 0;
  if (t->compared == compared) printf("%s: no call could be compared\n", found->def->name);
}

// Laws that take too long to be called often.
static uint64_t rounds_of(const JetDef *def, uint64_t rounds) {
  static const char *const slow[] = {"_Blake3",   "_PlanHash", "_PinHash",
                                     "_SaveSeed", "_SaveGerm", "_LoadGerm"};
  for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
    if (strcmp(def->name, slow[i]) == 0) return rounds / 20 + 1;
  return rounds;
}

// --- groups ------------------------------------------------------------------------------------------------

static bool is_wanted(const Found *f) {
  const char *only = getenv("PALL_JET");
  if (!f->def->run || !f->pin) return false;
  return !only || strcmp(only, f->def->name) == 0 || strcmp(only, f->group) == 0;
}

static size_t wanted_of(const Test *t, const char *group) {
  size_t n = 0;
  for (size_t i = 0; i < t->found_count; i++)
    n += strcmp(t->found[i].group, group) == 0 && is_wanted(&t->found[i]);
  return n;
}

static Tally test_group(Test *t, const char *group) {
  const char *rounds = getenv("PALL_JET_ROUNDS"), *cases = getenv("PALL_JET_CASES");
  Test before = *t;
  Tally tally = {.group = group, .jets = wanted_of(t, group)};
  uint64_t each = rounds ? strtoull(rounds, NULL, 10) : ROUNDS;
  if (cases && tally.jets) each = strtoull(cases, NULL, 10) / tally.jets + 1;
  for (size_t i = 0; i < t->found_count; i++) {
    const Found *f = &t->found[i];
    if (strcmp(f->group, group) == 0 && is_wanted(f)) test_jet(t, f, cases ? each : rounds_of(f->def, each));
  }
  tally.calls = t->calls - before.calls;
  tally.compared = t->compared - before.compared;
  tally.limits = t->limits - before.limits;
  tally.differences = t->differences - before.differences;
  return tally;
}

static void print_tally(const Tally *t) {
  printf("%-8s %4zu %10llu %10llu %8llu %6llu\n", t->group, t->jets, (unsigned long long)t->calls,
         (unsigned long long)t->compared, (unsigned long long)t->limits, (unsigned long long)t->differences);
  fflush(stdout);
}

static void test_groups(Test *t) {
  const char *group = "";
  printf("%-8s %4s %10s %10s %8s %6s\n", "group", "jets", "cases", "compared", "limits", "differ");
  for (size_t i = 0; i < jet_table_count(t->table); i++) {
    if (strcmp(group, jet_table_group(t->table, i)) == 0) continue;
    group = jet_table_group(t->table, i);
    if (wanted_of(t, group) == 0) continue;
    Tally tally = test_group(t, group);
    print_tally(&tally);
  }
}

static bool switch_off(JetTable *table, const char *names) {
  char *unknown = NULL;
  if (!names || jet_table_disable_list(table, names, &unknown)) return true;
  printf("there is no jet or group %s\n", unknown);
  mem_free(unknown);
  return false;
}

static int finish(Test *t) {
  printf("%zu jets found, of %zu known; %llu cases, %llu compared, %llu ended in a limit; %zu jets differ\n",
         t->found_count, jet_table_count(t->table), (unsigned long long)t->calls,
         (unsigned long long)t->compared, (unsigned long long)t->limits, t->failed);
  machine_free(t->m);
  jet_table_free(t->table);
  return t->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void) {
  static Test t;
  const char *library = getenv("PALL_LIB");
  if (!library) library = getenv("PALL_LIB_DEFAULT");
  if (!library) {
    printf("skipped: no library (set PALL_LIB)\n");
    return SKIPPED;
  }
  t.table = jet_table_default();
  if (!switch_off(t.table, getenv("PALL_JETS_OFF"))) return EXIT_FAILURE;
  t.m = machine_new(&(MachineConfig){.jets = t.table, .memory = MEMORY, .nursery = NURSERY});
  static const char *const modules[] = {"prelude", "plan"};
  const char *module = getenv("PALL_JET_MODULE");
  machine_set_calm(t.m, true); // while the library is compiled
  for (size_t i = 0; !module && i < sizeof modules / sizeof *modules; i++) load(&t, library, modules[i]);
  if (module) load(&t, library, module);
  if (t.found_count == 0) {
    printf("skipped: no jets in %s\n", library);
    return SKIPPED;
  }
  for (size_t i = 0; i < t.found_count; i++)
    if (t.found[i].pin) t.functions[t.function_count++] = t.found[i].pin;
  machine_set_calm(t.m, false);
  const char *fuel = getenv("PALL_JET_FUEL");
  machine_set_limits(t.m, MEMORY, fuel ? strtoull(fuel, NULL, 10) : FUEL);
  test_groups(&t);
  return finish(&t);
}
