#include "daemon/loop.h"
#include "common/base/mem.h"
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define TASKS_PER_TURN 256 // so that posted work does not starve sockets

struct Loop {
  struct event_base *base;
  LoopFd *wake;
  int wake_fd;
  pthread_mutex_t lock; // guards first, last, stopping
  LoopTask *first, **last;
  bool stopping;
};

struct LoopFd {
  Loop *loop;
  struct event *event;
  int fd, what;
  LoopFdFn *fn;
  void *ctx;
};

struct LoopTimer {
  struct event *event;
  LoopTimerFn *fn;
  void *ctx;
};

uint64_t loop_now_ms(const Loop *l) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// --- descriptors -----------------------------------------------------------------------------------
static void on_fd(evutil_socket_t fd, short ready, void *ctx) {
  LoopFd *w = ctx;
  w->fn(w->ctx, (ready & EV_READ ? LOOP_READ : 0) | (ready & EV_WRITE ? LOOP_WRITE : 0) |
                    (ready & EV_CLOSED ? LOOP_CLOSED : 0));
}

static void arm(LoopFd *w) {
  if (!w->what) return;
  short flags = (short)(EV_PERSIST | (w->what & LOOP_READ ? EV_READ : 0) |
                        (w->what & LOOP_WRITE ? EV_WRITE : 0) | (w->what & LOOP_CLOSED ? EV_CLOSED : 0));
  event_assign(w->event, w->loop->base, w->fd, flags, on_fd, w);
  if (event_add(w->event, NULL) != 0) mem_exhausted(sizeof *w);
}

LoopFd *loop_watch(Loop *l, int fd, int what, LoopFdFn *fn, void *ctx) {
  LoopFd *w = mem_zalloc(sizeof *w);
  *w = (LoopFd){.loop = l, .fd = fd, .what = what, .fn = fn, .ctx = ctx};
  w->event = event_new(l->base, fd, EV_READ, on_fd, w);
  if (!w->event) mem_exhausted(sizeof *w);
  arm(w);
  return w;
}

void loop_watch_for(LoopFd *w, int what) {
  if (w->what == what) return;
  event_del(w->event);
  w->what = what;
  arm(w);
}

void loop_unwatch(LoopFd *w) {
  if (!w) return;
  event_free(w->event);
  mem_free(w);
}

// --- timers ----------------------------------------------------------------------------------------
static void on_timer(evutil_socket_t fd, short ready, void *ctx) {
  LoopTimer *t = ctx;
  t->fn(t->ctx);
}

LoopTimer *loop_timer(Loop *l, LoopTimerFn *fn, void *ctx) {
  LoopTimer *t = mem_zalloc(sizeof *t);
  *t = (LoopTimer){.fn = fn, .ctx = ctx};
  t->event = event_new(l->base, -1, 0, on_timer, t);
  if (!t->event) mem_exhausted(sizeof *t);
  return t;
}

void loop_timer_set(LoopTimer *t, uint64_t ms) {
  struct timeval tv = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
  if (event_add(t->event, &tv) != 0) mem_exhausted(sizeof *t);
}

void loop_timer_clear(LoopTimer *t) { event_del(t->event); }

void loop_timer_free(LoopTimer *t) {
  if (!t) return;
  event_free(t->event);
  mem_free(t);
}

// --- work from other threads -----------------------------------------------------------------------
static void wake(Loop *l) {
  uint64_t one = 1;
  ssize_t n;
  do n = write(l->wake_fd, &one, sizeof one);
  while (n < 0 && errno == EINTR);
  // EAGAIN: the counter is full, so the loop is being woken anyway.
}

void loop_post(Loop *l, LoopTask *task) {
  task->next = NULL;
  pthread_mutex_lock(&l->lock);
  bool was_empty = !l->first;
  *l->last = task;
  l->last = &task->next;
  pthread_mutex_unlock(&l->lock);
  if (was_empty) wake(l);
}

void loop_stop(Loop *l) {
  pthread_mutex_lock(&l->lock);
  l->stopping = true;
  pthread_mutex_unlock(&l->lock);
  wake(l);
}

static LoopTask *next_task(Loop *l, bool *stopping) {
  pthread_mutex_lock(&l->lock);
  LoopTask *t = l->first;
  if (t) l->first = t->next;
  if (!l->first) l->last = &l->first;
  *stopping = l->stopping;
  pthread_mutex_unlock(&l->lock);
  return t;
}

static void on_wake(void *ctx, int ready) {
  Loop *l = ctx;
  uint64_t count;
  if (read(l->wake_fd, &count, sizeof count) < 0) assert(errno == EAGAIN || errno == EINTR);
  bool stopping = false;
  for (int i = 0; i < TASKS_PER_TURN; i++) {
    LoopTask *t = next_task(l, &stopping);
    if (stopping) event_base_loopbreak(l->base);
    if (!t) return;
    t->run(t);
  }
  wake(l);
}

Loop *loop_new(Err *err) {
  Loop *l = mem_zalloc(sizeof *l);
  l->last = &l->first;
  pthread_mutex_init(&l->lock, NULL);
  l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  l->base = event_base_new();
  if (l->wake_fd < 0 || !l->base) {
    err_sys(err, ERR_IO, errno, "cannot make an event loop");
    loop_free(l);
    return NULL;
  }
  l->wake = loop_watch(l, l->wake_fd, LOOP_READ, on_wake, l);
  return l;
}

void loop_free(Loop *l) {
  if (!l) return;
  loop_unwatch(l->wake);
  if (l->base) event_base_free(l->base);
  if (l->wake_fd >= 0) close(l->wake_fd);
  pthread_mutex_destroy(&l->lock);
  mem_free(l);
}

void loop_run(Loop *l) { event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY); }

static void on_tick(void *ctx) {}

void loop_turn(Loop *l, uint64_t ms) {
  LoopTimer *tick = loop_timer(l, on_tick, NULL);
  loop_timer_set(tick, ms);
  event_base_loop(l->base, EVLOOP_ONCE);
  loop_timer_free(tick);
}
