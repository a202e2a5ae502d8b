#include "common/spark/pool.h"
#include "common/base/mem.h"
#include "common/plan/plan.h"
#include <pthread.h>
#include <stdatomic.h>

#define QUEUE_MAX 256
#define SLICE 100000
#define FUEL 20000000000u // of one spark: what takes longer is left to those who need it

struct SparkPool {
  SparkSink sink;
  const JetTable *jets;
  size_t memory;
  pthread_t *threads;
  unsigned most, count;

  pthread_mutex_t lock; // guards all that follows; `waiting` may be read without
  pthread_cond_t wake;
  bool stopping;
  Spark *queue[QUEUE_MAX];
  atomic_size_t waiting;
  uint64_t chance;
};

// --- a thread ----------------------------------------------------------------------------------------
// What is traced must be traced by the machine that offered, when it comes to it.
typedef struct Work {
  Machine *m;
  bool traced;
} Work;

static void on_trace(void *ctx, Machine *m, Ref message, bool deep) {
  Work *w = ctx;
  (void)message;
  (void)deep;
  w->traced = true;
  machine_interrupt(m);
}

static bool is_stopping(SparkPool *p) {
  pthread_mutex_lock(&p->lock);
  bool stopping = p->stopping;
  pthread_mutex_unlock(&p->lock);
  return stopping;
}

static void compute(SparkPool *p, Spark *s) {
  Work w = {0};
  w.m = machine_new(
      &(MachineConfig){.jets = p->jets, .memory = p->memory, .fuel = FUEL, .trace = on_trace, .ctx = &w});
  machine_start_nf(w.m, spark_enter(s, w.m));
  Outcome o = RUN_YIELD;
  while (o == RUN_YIELD && !spark_is_unwanted(s) && !is_stopping(p)) o = machine_run(w.m, SLICE);
  bool done = o == RUN_DONE && !w.traced;
  Ref value = done ? ref_new(w.m, machine_result(w.m)) : 0;
  machine_abandon(w.m);
  spark_finish(s, w.m, value);
  machine_free(w.m);
}

static Spark *take(SparkPool *p) {
  size_t n = p->waiting;
  p->chance = p->chance * 6364136223846793005u + 1442695040888963407u;
  size_t i = (size_t)(p->chance >> 33) % n;
  Spark *s = p->queue[i];
  p->queue[i] = p->queue[n - 1];
  p->waiting = n - 1;
  return s;
}

static void *work(void *ctx) {
  SparkPool *p = ctx;
  pthread_mutex_lock(&p->lock);
  while (!p->stopping) {
    if (p->waiting == 0) {
      pthread_cond_wait(&p->wake, &p->lock);
      continue;
    }
    Spark *s = take(p);
    pthread_mutex_unlock(&p->lock);
    if (!spark_is_unwanted(s)) compute(p, s);
    spark_release(s);
    pthread_mutex_lock(&p->lock);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

// --- offering ----------------------------------------------------------------------------------------
static bool has_room(void *ctx) {
  SparkPool *p = ctx;
  return atomic_load_explicit(&p->waiting, memory_order_relaxed) < QUEUE_MAX;
}

static void start_threads(SparkPool *p) {
  while (p->count < p->most && pthread_create(&p->threads[p->count], NULL, work, p) == 0) p->count++;
}

static void offer(void *ctx, Spark *s) {
  SparkPool *p = ctx;
  pthread_mutex_lock(&p->lock);
  start_threads(p);
  bool taken = p->waiting < QUEUE_MAX && p->count > 0;
  if (taken) p->queue[p->waiting++] = s;
  pthread_cond_signal(&p->wake);
  pthread_mutex_unlock(&p->lock);
  if (!taken) spark_release(s);
}

SparkPool *spark_pool_new(const JetTable *jets, size_t memory, unsigned threads) {
  if (threads == 0) return NULL;
  SparkPool *p = mem_zalloc(sizeof *p);
  *p = (SparkPool){.sink = {has_room, offer, p}, .jets = jets, .memory = memory, .most = threads};
  p->threads = mem_alloc(mem_mul(threads, sizeof *p->threads));
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  return p;
}

const SparkSink *spark_pool_sink(const SparkPool *p) { return p ? &p->sink : NULL; }

void spark_pool_free(SparkPool *p) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  p->stopping = true;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  for (unsigned i = 0; i < p->count; i++) pthread_join(p->threads[i], NULL);
  while (p->waiting > 0) spark_release(p->queue[--p->waiting]);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  mem_free(p->threads);
  mem_free(p);
}
