#include "client/cache.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/codec/bundle.h"
#include "common/plan/seal.h"
#include <pthread.h>
#include <string.h>

#define WRITER_MEMORY ((size_t)4 << 30)

typedef struct Known {
  CacheEntry entry; // `before` is a place in c->list, from 1
  Value state;      // sealed; of its region, if it has one, the cache has a count
  uint64_t failed;
  bool was_run;    // by this process
  bool is_written; // in a file
  uint32_t place;  // in the file that is being written, from 1
} Known;

struct Cache {
  CacheFolder *folder; // NULL: none

  pthread_mutex_t lock; // guards all that follows
  pthread_cond_t changed;
  uint64_t turn;     // of loads that may ask about their chain
  BytesTable runner; // hash -> the user whose load is to run that module
  BytesTable index;  // hash -> place in list
  Known *list;
  size_t count, cap;
};

struct CacheUser {
  Cache *c;
  Machine *m;
  bool has_turn; // between cache_begin and the end of its asking
  uint64_t turn;
  uint8_t (*claims)[32]; // modules to be run by the load
  size_t claim_count, claim_cap;
  uint32_t at;     // what was recalled or kept last, from 1; 0: nothing
  SireCounts seen; // by then
};

Cache *cache_open(const char *folder) {
  Cache *c = mem_zalloc(sizeof *c);
  char *place = folder != NULL ? mem_strdup(folder) : cache_default_folder();
  c->folder = cache_folder_open(place);
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->changed, NULL);
  mem_free(place);
  return c;
}

// --- what is known -------------------------------------------------------------------------------
static Known *known(const Cache *c, const uint8_t hash[32]) {
  uint64_t *at = btab_get(&c->index, hash, 32);
  return at == NULL ? NULL : &c->list[*at];
}

// A new entry, whose `before` is set and whose state is sealed and held by the caller.
static uint32_t learn(Cache *c, const Known *k) {
  region_retain_value(k->state);
  mem_reserve(c->list, c->cap, c->count + 1);
  btab_put(&c->index, k->entry.hash, sizeof k->entry.hash, c->count);
  c->list[c->count++] = *k;
  return (uint32_t)c->count;
}

// All states of a file. Those that are known already stay as they are.
static void learn_file(Cache *c, Machine *m, const CacheFile *file, Ref row) {
  uint32_t *places = mem_alloc(mem_mul(file->count, sizeof *places));
  for (uint32_t i = 0; i < file->count; i++) {
    RefMark mark = refs_mark(m);
    Known *old = known(c, file->entries[i].hash), k = {.entry = file->entries[i], .is_written = true};
    k.entry.before = k.entry.before > 0 ? places[k.entry.before - 1] : 0;
    k.state = ref_get(m, plan_row_get(m, row, i));
    places[i] = old != NULL ? (uint32_t)(old - c->list) + 1 : learn(c, &k);
    refs_release(m, mark);
  }
  mem_free(places);
}

static Known *read_states(Cache *c, Machine *m, const uint8_t hash[32]) {
  CacheFile file;
  Ref row = 0;
  if (c->folder == NULL || !cache_file_find(c->folder, hash, &file)) return NULL;
  RefMark mark = refs_mark(m);
  LoadLimits limits = {.trusted = true}; // by the checksum
  bool ok = bundle_decode(m, NULL, file.bundle, file.bundle_len, &limits, &row, NULL) &&
            plan_kind(m, row) == KIND_ROW && plan_len(m, row) == file.count;
  if (ok) learn_file(c, m, &file, row);
  refs_release(m, mark);
  cache_file_free(&file);
  return ok ? known(c, hash) : NULL;
}

// --- loads ---------------------------------------------------------------------------------------
CacheUser *cache_user_new(Cache *c, Machine *m) {
  CacheUser *u = mem_zalloc(sizeof *u);
  *u = (CacheUser){.c = c, .m = m};
  return u;
}

static void pass_turn(CacheUser *u) {
  if (!u->has_turn) return;
  u->has_turn = false;
  u->c->turn++;
  pthread_cond_broadcast(&u->c->changed);
}

static void await_turn(CacheUser *u) {
  while (u->has_turn && u->c->turn != u->turn) pthread_cond_wait(&u->c->changed, &u->c->lock);
}

static void claim(CacheUser *u, const uint8_t hash[32]) {
  btab_put(&u->c->runner, hash, 32, (uint64_t)(uintptr_t)u);
  mem_reserve(u->claims, u->claim_cap, u->claim_count + 1);
  memcpy(u->claims[u->claim_count++], hash, 32);
}

// What the load did not come to run may be run by another.
static void drop_claims(CacheUser *u) {
  for (size_t i = 0; i < u->claim_count; i++) {
    const uint64_t *runner = btab_get(&u->c->runner, u->claims[i], 32);
    if (runner != NULL && *runner == (uint64_t)(uintptr_t)u) btab_del(&u->c->runner, u->claims[i], 32, NULL);
  }
  u->claim_count = 0;
  pthread_cond_broadcast(&u->c->changed);
}

void cache_begin(CacheUser *u, uint64_t turn) {
  u->has_turn = true;
  u->turn = turn;
}

void cache_end(CacheUser *u) {
  pthread_mutex_lock(&u->c->lock);
  await_turn(u);
  pass_turn(u);
  drop_claims(u);
  pthread_mutex_unlock(&u->c->lock);
}

void cache_user_free(CacheUser *u) {
  if (u == NULL) return;
  cache_end(u);
  mem_free(u->claims);
  mem_free(u);
}

// NULL: the load is to run the module.
static Known *find(CacheUser *u, const uint8_t hash[32], bool run) {
  for (Cache *c = u->c;;) {
    Known *k = known(c, hash);
    if (k == NULL && !run) k = read_states(c, u->m, hash);
    if (k != NULL && (!run || k->was_run)) return k;
    if (btab_get(&c->runner, hash, 32) == NULL) return NULL;
    pass_turn(u);
    pthread_cond_wait(&c->changed, &c->lock);
  }
}

Ref cache_recall(CacheUser *u, const SireModule *chain, size_t count, bool run_last, const SireCounts *counts,
                 size_t *at) {
  Cache *c = u->c;
  Ref state = 0;
  u->seen = *counts;
  u->at = 0;
  pthread_mutex_lock(&c->lock);
  drop_claims(u);
  await_turn(u);
  for (*at = 0; *at < count && state == 0; ++*at) {
    Known *k = find(u, chain[*at].hash, *at == 0 && run_last);
    if (k != NULL) {
      state = region_adopt(u->m, k->state);
      u->at = (uint32_t)(k - c->list) + 1;
      break;
    }
    claim(u, chain[*at].hash);
  }
  pass_turn(u);
  pthread_mutex_unlock(&c->lock);
  return state;
}

static CacheCounts count_chain(const CacheUser *u, const SireCounts *counts) {
  CacheCounts n = {counts->passed - u->seen.passed, counts->failed - u->seen.failed};
  if (u->at == 0) return n;
  const Known *k = &u->c->list[u->at - 1];
  return (CacheCounts){k->entry.held + n.held, k->failed + n.failed};
}

CacheCounts cache_counts(const CacheUser *u, const SireCounts *counts) {
  pthread_mutex_lock(&u->c->lock);
  CacheCounts n = count_chain(u, counts);
  pthread_mutex_unlock(&u->c->lock);
  return n;
}

void cache_keep(CacheUser *u, const SireModule *module, Ref state, const SireCounts *counts) {
  Cache *c = u->c;
  seal(u->m, state);
  pthread_mutex_lock(&c->lock);
  CacheCounts n = count_chain(u, counts);
  Known k = {.entry.before = u->at,
             .entry.held = n.held,
             .failed = n.failed,
             .was_run = true,
             .state = ref_get(u->m, state)};
  memcpy(k.entry.hash, module->hash, sizeof k.entry.hash);
  u->seen = *counts;
  Known *old = known(c, module->hash);
  if (old != NULL) {
    old->was_run = true;
    u->at = (uint32_t)(old - c->list) + 1;
  } else {
    u->at = learn(c, &k);
  }
  btab_del(&c->runner, module->hash, sizeof module->hash, NULL);
  pthread_cond_broadcast(&c->changed);
  pthread_mutex_unlock(&c->lock);
}

// --- writing -------------------------------------------------------------------------------------
// Marks the states to write: what is new, and what comes before it. The number of them.
static uint32_t choose(Cache *c) {
  uint32_t count = 0;
  for (size_t i = c->count; i-- > 0;) {
    Known *k = &c->list[i];
    if (!k->is_written && k->failed == 0) k->place = 1;
    if (k->place > 0 && k->entry.before > 0) c->list[k->entry.before - 1].place = 1;
  }
  for (size_t i = 0; i < c->count; i++)
    if (c->list[i].place > 0) c->list[i].place = ++count;
  return count;
}

static void write_states(Cache *c) {
  uint32_t count = choose(c), n = 0;
  if (count == 0 || count > CACHE_STATES) return;
  Machine *m = machine_new(&(MachineConfig){.memory = WRITER_MEMORY});
  CacheEntry *entries = mem_alloc(mem_mul(count, sizeof *entries));
  Ref *states = mem_alloc(mem_mul(count, sizeof *states));
  for (size_t i = 0; i < c->count; i++) {
    const Known *k = &c->list[i];
    if (k->place == 0) continue;
    entries[n] = k->entry;
    if (k->entry.before > 0) entries[n].before = c->list[k->entry.before - 1].place;
    states[n++] = region_adopt(m, k->state);
  }
  Buf bundle = {0};
  Ref row = plan_row(m, states, count);
  if (plan_force(m, row) == RUN_DONE && bundle_encode(m, row, CACHE_FILE_BYTES, &bundle, NULL))
    cache_file_write(c->folder, entries, count, &bundle);
  buf_free(&bundle);
  mem_free(entries);
  mem_free(states);
  machine_free(m);
}

void cache_close(Cache *c) {
  if (c == NULL) return;
  if (c->folder != NULL) write_states(c);
  cache_folder_close(c->folder);
  for (size_t i = 0; i < c->count; i++) region_release_value(c->list[i].state);
  btab_free(&c->index);
  btab_free(&c->runner);
  mem_free(c->list);
  pthread_cond_destroy(&c->changed);
  pthread_mutex_destroy(&c->lock);
  mem_free(c);
}
