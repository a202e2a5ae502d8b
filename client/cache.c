#include "client/cache.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/codec/bundle.h"
#include <string.h>

typedef struct Known {
  CacheEntry entry; // `before` is a place in c->list, from 1
  uint64_t failed;
  bool was_run;    // by this process
  bool is_written; // in a file
  uint32_t place;  // in the file that is being written, from 1
} Known;

struct Cache {
  Machine *m;
  CacheFolder *folder; // NULL: none
  Ref states;          // tab: hash as a bar -> state
  BytesTable index;    // hash -> place in list
  Known *list;
  size_t count, cap;
  uint32_t at;     // what was recalled or kept last, from 1; 0: nothing
  SireCounts seen; // by then
};

Cache *cache_open(Machine *m, const char *folder) {
  Cache *c = mem_zalloc(sizeof *c);
  char *place = folder != NULL ? mem_strdup(folder) : cache_default_folder();
  *c = (Cache){.m = m, .folder = cache_folder_open(place), .states = plan_tab_empty(m)};
  mem_free(place);
  return c;
}

// --- what is known -------------------------------------------------------------------------------
static Known *known(const Cache *c, const uint8_t hash[32]) {
  uint64_t *at = btab_get(&c->index, hash, 32);
  return at == NULL ? NULL : &c->list[*at];
}

// The state of the entry, whose `before` is set.
static uint32_t learn(Cache *c, const Known *k, Ref state) {
  RefMark mark = refs_mark(c->m);
  Ref key = plan_bar(c->m, k->entry.hash, sizeof k->entry.hash);
  ref_copy(c->m, c->states, plan_tab_put(c->m, c->states, key, state));
  refs_release(c->m, mark);
  mem_reserve(c->list, c->cap, c->count + 1);
  btab_put(&c->index, k->entry.hash, sizeof k->entry.hash, c->count);
  c->list[c->count++] = *k;
  return (uint32_t)c->count;
}

// All states of a file. Those that are known already stay as they are.
static void learn_file(Cache *c, const CacheFile *file, Ref row) {
  uint32_t *places = mem_alloc(mem_mul(file->count, sizeof *places));
  for (uint32_t i = 0; i < file->count; i++) {
    RefMark mark = refs_mark(c->m);
    Known *old = known(c, file->entries[i].hash), k = {.entry = file->entries[i], .is_written = true};
    k.entry.before = k.entry.before > 0 ? places[k.entry.before - 1] : 0;
    places[i] = old != NULL ? (uint32_t)(old - c->list) + 1 : learn(c, &k, plan_row_get(c->m, row, i));
    refs_release(c->m, mark);
  }
  mem_free(places);
}

static bool read_states(Cache *c, const uint8_t hash[32]) {
  CacheFile file;
  Ref row = 0;
  if (c->folder == NULL || !cache_file_find(c->folder, hash, &file)) return false;
  RefMark mark = refs_mark(c->m);
  LoadLimits limits = {.trusted = true}; // by the checksum
  bool ok = bundle_decode(c->m, NULL, file.bundle, file.bundle_len, &limits, &row, NULL) &&
            plan_kind(c->m, row) == KIND_ROW && plan_len(c->m, row) == file.count;
  if (ok) learn_file(c, &file, row);
  refs_release(c->m, mark);
  cache_file_free(&file);
  return ok;
}

static Ref recall(Cache *c, const uint8_t hash[32], bool run_only) {
  Known *k = known(c, hash);
  if (k == NULL && !run_only && read_states(c, hash)) k = known(c, hash);
  c->at = 0;
  if (k == NULL || (run_only && !k->was_run)) return 0;
  c->at = (uint32_t)(k - c->list) + 1;
  RefMark mark = refs_mark(c->m);
  return refs_keep(c->m, mark, plan_tab_get(c->m, c->states, plan_bar(c->m, hash, 32)));
}

Ref cache_recall(Cache *c, const uint8_t hash[32], const SireCounts *counts) {
  c->seen = *counts;
  return recall(c, hash, false);
}

Ref cache_recall_run(Cache *c, const uint8_t hash[32], const SireCounts *counts) {
  c->seen = *counts;
  return recall(c, hash, true);
}

CacheCounts cache_counts(const Cache *c, const SireCounts *counts) {
  CacheCounts n = {counts->passed - c->seen.passed, counts->failed - c->seen.failed};
  if (c->at == 0) return n;
  const Known *k = &c->list[c->at - 1];
  return (CacheCounts){k->entry.held + n.held, k->failed + n.failed};
}

void cache_keep(Cache *c, const uint8_t hash[32], Ref state, const SireCounts *counts) {
  CacheCounts n = cache_counts(c, counts);
  Known k = {.entry.before = c->at, .entry.held = n.held, .failed = n.failed, .was_run = true};
  memcpy(k.entry.hash, hash, sizeof k.entry.hash);
  c->seen = *counts;
  Known *old = known(c, hash);
  if (old != NULL) {
    old->was_run = true;
    c->at = (uint32_t)(old - c->list) + 1;
  } else {
    c->at = learn(c, &k, state);
  }
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
  RefMark mark = refs_mark(c->m);
  CacheEntry *entries = mem_alloc(mem_mul(count, sizeof *entries));
  Ref *states = mem_alloc(mem_mul(count, sizeof *states));
  for (size_t i = 0; i < c->count; i++) {
    const Known *k = &c->list[i];
    if (k->place == 0) continue;
    entries[n] = k->entry;
    if (k->entry.before > 0) entries[n].before = c->list[k->entry.before - 1].place;
    states[n++] = plan_tab_get(c->m, c->states, plan_bar(c->m, k->entry.hash, sizeof k->entry.hash));
  }
  Buf bundle = {0};
  Ref row = plan_row(c->m, states, count);
  if (plan_force(c->m, row) == RUN_DONE && bundle_encode(c->m, row, CACHE_FILE_BYTES, &bundle, NULL))
    cache_file_write(c->folder, entries, count, &bundle);
  buf_free(&bundle);
  mem_free(entries);
  mem_free(states);
  refs_release(c->m, mark);
}

void cache_close(Cache *c) {
  if (c == NULL) return;
  if (c->folder != NULL) write_states(c);
  cache_folder_close(c->folder);
  btab_free(&c->index);
  mem_free(c->list);
  mem_free(c);
}
