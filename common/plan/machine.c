#include "common/base/mem.h"
#include "common/plan/frame.h"
#include "common/plan/gc.h"
#include "common/plan/plan.h"
#include "common/plan/spark.h"

#define MEMORY_DEFAULT ((size_t)1 << 30)
#define MEMORY_MIN ((size_t)1 << 22)
#define FUEL_UNLIMITED (1ULL << 62)

Machine *machine_new(const MachineConfig *config) {
  Machine *m = mem_zalloc(sizeof *m);
  m->config = *config;
  if (config->jets) m->native = jet_table_native(config->jets);
  machine_set_limits(m, config->memory, config->fuel);
  heap_init(m);
  ref_new(m, 0); // handle 0 is no handle
  return m;
}

void machine_free(Machine *m) {
  if (!m) return;
  machine_forget_sparks(m);
  heap_release(m);
  mem_free(m);
}

void machine_set_limits(Machine *m, size_t memory, uint64_t fuel) {
  assert(!m->running);
  if (!memory) memory = MEMORY_DEFAULT;
  m->memory_limit = memory < MEMORY_MIN ? MEMORY_MIN : memory;
  m->fuel = fuel && fuel < FUEL_UNLIMITED ? fuel : FUEL_UNLIMITED;
  m->fuel_left = m->fuel;
  if (m->stack) heap_set_stack_limit(m);
}

void machine_refresh(Machine *m) {
  if (m->running) return;
  m->fuel_left = m->fuel;
  m->stop = RUN_DONE;
  atomic_store_explicit(&m->interrupted, 0, memory_order_relaxed);
}

MachineStats machine_stats(const Machine *m) {
  MachineStats s = m->stats;
  s.allocated_bytes += (size_t)(m->alloc - m->nursery) * 8;
  if (m->ticks > 0) s.calls -= (uint64_t)m->ticks;
  return s;
}

void machine_collect(Machine *m, bool all) { heap_collect(m, all); }

// --- handles -------------------------------------------------------------------------------------
RefMark refs_mark(Machine *m) { return (RefMark)m->refs.count; }

void refs_release(Machine *m, RefMark mark) {
  assert(mark >= 1 && mark <= m->refs.count);
  m->refs.count = mark;
}

Ref ref_new(Machine *m, Value v) {
  mem_reserve(m->refs.at, m->refs.cap, m->refs.count + 1);
  m->refs.at[m->refs.count] = v;
  return (Ref)m->refs.count++;
}

Value ref_get(const Machine *m, Ref r) {
  assert(r > 0 && r < m->refs.count);
  return m->refs.at[r];
}

void ref_set(Machine *m, Ref r, Value v) {
  assert(r > 0 && r < m->refs.count);
  m->refs.at[r] = v;
}

Ref refs_keep(Machine *m, RefMark mark, Ref keep) {
  Value v = ref_get(m, keep);
  refs_release(m, mark);
  return ref_new(m, v);
}

Ref ref_dup(Machine *m, Ref r) { return ref_new(m, ref_get(m, r)); }
void ref_copy(Machine *m, Ref dst, Ref src) { ref_set(m, dst, ref_get(m, src)); }
