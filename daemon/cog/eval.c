// The threads, and whose turn it is.
#include "daemon/cog/eval.h"
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/region.h"
#include "daemon/cog/eval_run.h"
#include <pthread.h>

#define QUANTUM_NS 100000000u // what takes longer lets others of its cog go on

typedef enum EvalState {
  EVAL_WAITING, // in its group's list of that name
  EVAL_STARTED, // the same
  EVAL_RUNNING, // belongs to a thread
  EVAL_DROPPED, // cancelled while it ran: the thread frees it
  EVAL_DONE,    // belongs to the engine's thread
} EvalState;

typedef struct EvalList {
  Eval *first, *last;
} EvalList;

// The evaluations of one cog.
typedef struct Group {
  struct Group *next; // among those that can go on
  bool in_turn;
  uint64_t cog;
  EvalList waiting, started;
  size_t under_way; // that have a machine: started or running
  size_t count;     // all that are not gone
  size_t held;      // bytes of answers that wait to be taken
} Group;

struct Eval {
  EvalPool *pool;
  Group *group;
  Eval *next, *prev;
  EvalState state;
  atomic_bool done;
  Value question;
  uint64_t limit_ns, used_ns, quantum_ns; // of the time used, since it last let others go on
  EvalRun *run;                           // while it is under way
  EvalAnswer answer;                      // when it is done
};

struct EvalPool {
  EvalPoolConfig cfg;
  pthread_t *threads;
  unsigned thread_count;

  pthread_mutex_t lock; // guards all that follows, and the evaluations but for `done` and what RUNNING says
  pthread_cond_t wake;
  bool stopping;
  WordTable groups;              // by cog
  Group *turn_first, *turn_last; // that can go on, in the order of their turns
};

// --- lists -----------------------------------------------------------------------------------------------
static void append(EvalList *l, Eval *ev) {
  ev->next = NULL;
  ev->prev = l->last;
  *(l->last ? &l->last->next : &l->first) = ev;
  l->last = ev;
}

static void prepend(EvalList *l, Eval *ev) {
  ev->prev = NULL;
  ev->next = l->first;
  *(l->first ? &l->first->prev : &l->last) = ev;
  l->first = ev;
}

static void take_out(EvalList *l, Eval *ev) {
  *(ev->prev ? &ev->prev->next : &l->first) = ev->next;
  *(ev->next ? &ev->next->prev : &l->last) = ev->prev;
}

// --- turns -----------------------------------------------------------------------------------------------
static bool can_start(const Group *g) { return g->waiting.first && g->under_way < EVALS_AT_ONCE; }

static void give_turn(EvalPool *p, Group *g) {
  if (g->in_turn || (!g->started.first && !can_start(g))) return;
  g->in_turn = true;
  g->next = NULL;
  *(p->turn_last ? &p->turn_last->next : &p->turn_first) = g;
  p->turn_last = g;
}

static void lose_turn(EvalPool *p, Group *g) {
  if (!g->in_turn) return;
  Group **link = &p->turn_first, *before = NULL;
  for (; *link != g; link = &before->next) before = *link;
  *link = g->next;
  if (!g->next) p->turn_last = before;
  g->in_turn = false;
}

static Group *group_of(EvalPool *p, uint64_t cog) {
  const uint64_t *known = wtab_get(&p->groups, cog);
  if (known) return (Group *)(uintptr_t)*known;
  Group *g = mem_zalloc(sizeof *g);
  g->cog = cog;
  wtab_put(&p->groups, cog, (uint64_t)(uintptr_t)g);
  return g;
}

static void leave_group(Eval *ev) {
  EvalPool *p = ev->pool;
  Group *g = ev->group;
  if (--g->count > 0) {
    give_turn(p, g); // its place may be another's now
    pthread_cond_signal(&p->wake);
    return;
  }
  lose_turn(p, g);
  wtab_del(&p->groups, g->cog, NULL);
  mem_free(g);
}

// The next of a cog: what is under way goes on for its quantum, then others begin, or go on.
static Eval *next_of(Group *g) {
  Eval *ev = g->started.first;
  if (can_start(g) && (!ev || ev->quantum_ns >= QUANTUM_NS)) {
    ev = g->waiting.first;
    take_out(&g->waiting, ev);
    g->under_way++;
  } else if (ev) {
    take_out(&g->started, ev);
    if (ev->quantum_ns >= QUANTUM_NS) ev->quantum_ns = 0;
  }
  return ev;
}

// NULL: there is nothing to do. When there is more than this, another thread is told.
static Eval *next_eval(EvalPool *p) {
  for (Group *g; (g = p->turn_first);) {
    lose_turn(p, g);
    Eval *ev = next_of(g);
    if (!ev) continue;
    ev->state = EVAL_RUNNING;
    give_turn(p, g);
    if (p->turn_first) pthread_cond_signal(&p->wake);
    return ev;
  }
  return NULL;
}

static void put_back(Eval *ev) {
  Group *g = ev->group;
  ev->state = EVAL_STARTED;
  if (ev->quantum_ns < QUANTUM_NS)
    prepend(&g->started, ev);
  else
    append(&g->started, ev);
  give_turn(ev->pool, g);
}

static void eval_free(Eval *ev) {
  eval_run_free(ev->run);
  eval_answer_free(&ev->answer);
  region_release_value(ev->question);
  mem_free(ev);
}

// --- a thread ----------------------------------------------------------------------------------------------
// Runs a slice, with the lock not held. True: the answer is there.
static bool go_on(Eval *ev) {
  const Sys *sys = ev->pool->cfg.sys;
  uint64_t begin = sys->mono_ns(sys->ctx);
  bool done = eval_run(ev->run, ev->used_ns >= ev->limit_ns);
  uint64_t took = sys->mono_ns(sys->ctx) - begin;
  ev->used_ns += took;
  ev->quantum_ns += took;
  return done;
}

// The answer is sealed, so the machine may go; the run that is left is the caller's.
static EvalRun *finish(Eval *ev) {
  Group *g = ev->group;
  EvalRun *run = ev->run;
  ev->answer = run->answer;
  run->answer = (EvalAnswer){.limit = true};
  ev->run = NULL;
  g->under_way--;
  if (ev->answer.bytes > ev->pool->cfg.memory - g->held) eval_answer_forget_value(&ev->answer);
  g->held += ev->answer.bytes;
  ev->state = EVAL_DONE;
  atomic_store_explicit(&ev->done, true, memory_order_release);
  give_turn(ev->pool, g);
  return run;
}

static void drop(Eval *ev) {
  ev->group->under_way--;
  leave_group(ev);
}

static void make_run(Eval *ev) {
  EvalPool *p = ev->pool;
  pthread_mutex_unlock(&p->lock);
  EvalRun *run = eval_run_new(ev->question, p->cfg.memory, p->cfg.jets);
  pthread_mutex_lock(&p->lock);
  ev->run = run;
}

static void serve(EvalPool *p, Eval *ev) {
  if (!ev->run) make_run(ev);
  bool done = false;
  if (ev->state == EVAL_RUNNING) {
    pthread_mutex_unlock(&p->lock);
    done = go_on(ev);
    pthread_mutex_lock(&p->lock);
  }
  if (ev->state == EVAL_DROPPED) {
    drop(ev);
    pthread_mutex_unlock(&p->lock);
    eval_free(ev);
    pthread_mutex_lock(&p->lock);
  } else if (done) {
    EvalRun *run = finish(ev);
    pthread_mutex_unlock(&p->lock);
    p->cfg.done(p->cfg.ctx);
    eval_run_free(run);
    pthread_mutex_lock(&p->lock);
  } else {
    put_back(ev);
  }
}

static void *work(void *ctx) {
  EvalPool *p = ctx;
  pthread_mutex_lock(&p->lock);
  while (!p->stopping) {
    Eval *ev = next_eval(p);
    if (ev)
      serve(p, ev);
    else
      pthread_cond_wait(&p->wake, &p->lock);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

// --- the engine's thread ---------------------------------------------------------------------------------
EvalPool *eval_pool_new(const EvalPoolConfig *config) {
  EvalPool *p = mem_zalloc(sizeof *p);
  p->cfg = *config;
  if (p->cfg.threads == 0) p->cfg.threads = sys_cores();
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  return p;
}

// Those that cannot be started are tried again with the next evaluation.
static void start_threads(EvalPool *p) {
  if (p->thread_count == p->cfg.threads) return;
  if (!p->threads) p->threads = mem_alloc(mem_mul(p->cfg.threads, sizeof *p->threads));
  while (p->thread_count < p->cfg.threads && pthread_create(&p->threads[p->thread_count], NULL, work, p) == 0)
    p->thread_count++;
}

void eval_pool_stop(EvalPool *p) {
  pthread_mutex_lock(&p->lock);
  p->stopping = true;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  for (unsigned i = 0; i < p->thread_count; i++) pthread_join(p->threads[i], NULL);
  p->thread_count = p->cfg.threads = 0;
}

void eval_pool_free(EvalPool *p) {
  if (!p) return;
  eval_pool_stop(p);
  assert(p->groups.count == 0);
  wtab_free(&p->groups);
  mem_free(p->threads);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  mem_free(p);
}

Eval *eval_add(EvalPool *p, uint64_t cog, Value question, uint64_t limit_ns) {
  Eval *ev = mem_zalloc(sizeof *ev);
  *ev = (Eval){.pool = p, .question = question, .limit_ns = limit_ns, .answer.limit = true};
  region_retain_value(question);
  start_threads(p);
  pthread_mutex_lock(&p->lock);
  ev->group = group_of(p, cog);
  ev->group->count++;
  append(&ev->group->waiting, ev);
  give_turn(p, ev->group);
  pthread_cond_signal(&p->wake);
  pthread_mutex_unlock(&p->lock);
  return ev;
}

bool eval_is_done(const Eval *ev) { return atomic_load_explicit(&ev->done, memory_order_acquire); }

Ref eval_take(Eval *ev, Machine *m, void (*line)(void *ctx, const char *text), void *ctx) {
  Ref answer = ev->answer.limit ? plan_row(m, NULL, 0) : region_adopt(m, ev->answer.value);
  for (size_t i = 0; i < ev->answer.line_count; i++) line(ctx, ev->answer.lines[i]);
  eval_cancel(ev);
  return answer;
}

void eval_cancel(Eval *ev) {
  EvalPool *p = ev->pool;
  pthread_mutex_lock(&p->lock);
  bool running = ev->state == EVAL_RUNNING;
  if (running) {
    ev->state = EVAL_DROPPED;
    if (ev->run) machine_interrupt(ev->run->m);
  } else {
    if (ev->state == EVAL_WAITING) take_out(&ev->group->waiting, ev);
    if (ev->state == EVAL_STARTED) take_out(&ev->group->started, ev);
    ev->group->under_way -= ev->state == EVAL_STARTED;
    if (ev->state == EVAL_DONE) ev->group->held -= ev->answer.bytes;
    leave_group(ev);
  }
  pthread_mutex_unlock(&p->lock);
  if (!running) eval_free(ev);
}
