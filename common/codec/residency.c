#include "common/codec/residency.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include <pthread.h>
#include <string.h>

struct Residency {
  RegionWatch watch;
  pthread_mutex_t lock;
  BytesTable regions; // page id -> Region
  ResidencyHooks hooks;
};

static_assert(sizeof(PageId) == REGION_ID_LEN, "a region's id is the id of its page");

// The last count is gone, so nobody can find the region any more; its entry may have been replaced.
static void forget(RegionWatch *w, Region *r) {
  Residency *res = (Residency *)(void *)((char *)w - offsetof(Residency, watch));
  PageId id;
  if (!region_id(r, id.b)) return;
  pthread_mutex_lock(&res->lock);
  const uint64_t *entry = btab_get(&res->regions, &id, sizeof id);
  bool own = entry && *entry == (uint64_t)(uintptr_t)r;
  if (own) btab_del(&res->regions, &id, sizeof id, NULL);
  pthread_mutex_unlock(&res->lock);
  if (res->hooks.drop) res->hooks.drop(res->hooks.ctx, &id);
}

Residency *residency_new(const ResidencyHooks *hooks) {
  Residency *res = mem_zalloc(sizeof *res);
  res->watch.gone = forget;
  if (hooks) res->hooks = *hooks;
  pthread_mutex_init(&res->lock, NULL);
  return res;
}

void residency_free(Residency *res) {
  if (!res) return;
  assert(res->regions.count == 0);
  btab_free(&res->regions);
  pthread_mutex_destroy(&res->lock);
  mem_free(res);
}

Region *residency_find(Residency *res, const PageId *id) {
  pthread_mutex_lock(&res->lock);
  const uint64_t *entry = btab_get(&res->regions, id, sizeof *id);
  Region *r = entry ? (Region *)(uintptr_t)*entry : NULL;
  if (r && !region_try_retain(r)) r = NULL;
  pthread_mutex_unlock(&res->lock);
  return r;
}

// Each watched region has one hold on its page, also when another has the entry.
void residency_add(Residency *res, Region *r, const PageId *id) {
  region_set_id(r, id->b);
  if (!region_watch(r, &res->watch)) return;
  if (res->hooks.hold) res->hooks.hold(res->hooks.ctx, id);
  pthread_mutex_lock(&res->lock);
  const uint64_t *entry = btab_get(&res->regions, id, sizeof *id);
  Region *other = entry ? (Region *)(uintptr_t)*entry : NULL;
  bool lives = other && region_try_retain(other);
  if (!lives) btab_put(&res->regions, id, sizeof *id, (uint64_t)(uintptr_t)r);
  pthread_mutex_unlock(&res->lock);
  if (lives) region_release(other);
}

size_t residency_count(Residency *res) {
  pthread_mutex_lock(&res->lock);
  size_t n = res->regions.count;
  pthread_mutex_unlock(&res->lock);
  return n;
}
