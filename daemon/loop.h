// The I/O thread: one epoll loop (libevent) for sockets, timers, signals, and work posted by other
// threads. Callbacks run on the thread in loop_run and must not block or compute for long; nothing
// here evaluates PLAN. Everything but loop_post and loop_stop is for that thread only (or for the
// time before loop_run). A loop keeps no global state: a process may have several.
#pragma once
#include "common/base/err.h"
#include <stdint.h>

typedef struct Loop Loop;
typedef struct LoopFd LoopFd;
typedef struct LoopTimer LoopTimer;

Loop *loop_new(Err *err);             // ERR_IO
void loop_free(Loop *l);              // watchers and timers must be gone; tasks that did not run are dropped
void loop_run(Loop *l);               // until loop_stop
void loop_stop(Loop *l);              // from any thread; loop_run returns after the callbacks in progress
void loop_turn(Loop *l, uint64_t ms); // one round, waiting at most so long; also after loop_stop
uint64_t loop_now_ms(const Loop *l);  // monotonic, as of now

// --- descriptors -----------------------------------------------------------------------------------
// LOOP_CLOSED: the other side of a socket has closed, seen also while nothing is read.
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_CLOSED = 4 };
typedef void LoopFdFn(void *ctx, int ready);

// Calls fn while the descriptor is ready for what is watched (level-triggered). The descriptor stays
// the caller's and must outlive the watch.
LoopFd *loop_watch(Loop *l, int fd, int what, LoopFdFn *fn, void *ctx);
void loop_watch_for(LoopFd *w, int what); // change what; 0 pauses
void loop_unwatch(LoopFd *w);             // accepts NULL; allowed inside its own callback

// --- timers ----------------------------------------------------------------------------------------
typedef void LoopTimerFn(void *ctx);
LoopTimer *loop_timer(Loop *l, LoopTimerFn *fn, void *ctx);
void loop_timer_set(LoopTimer *t, uint64_t ms); // fires once, that long from now; replaces an earlier set
void loop_timer_clear(LoopTimer *t);
void loop_timer_free(LoopTimer *t); // accepts NULL; allowed inside its own callback

// --- work from other threads -----------------------------------------------------------------------
// A task is part of some object of the poster and belongs to the loop until `run` is called with it.
typedef struct LoopTask {
  struct LoopTask *next;
  void (*run)(struct LoopTask *task);
} LoopTask;

// Runs the task on the loop's thread, in order of posting. From any thread; never blocks.
void loop_post(Loop *l, LoopTask *task);
