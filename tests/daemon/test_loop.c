#include "daemon/loop.h"
#include "tests/suite.h"
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Seen {
  Loop *loop;
  LoopFd *watch;
  LoopTimer *timer;
  int fd, ready, calls;
  uint64_t at;
} Seen;

static void on_fd(void *ctx, int ready) {
  Seen *s = ctx;
  char c;
  s->ready |= ready;
  s->calls++;
  if (ready & LOOP_READ && read(s->fd, &c, 1) < 0) s->ready = -1;
}

START_TEST(descriptors) {
  Err err = ERR_INIT;
  int fds[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  Seen s = {.loop = loop_new(&err), .fd = fds[0]};
  s.watch = loop_watch(s.loop, fds[0], LOOP_READ, on_fd, &s);
  loop_turn(s.loop, 10);
  ck_assert_int_eq(s.calls, 0);
  ck_assert_int_eq(write(fds[1], "xy", 2), 2);
  loop_turn(s.loop, 1000);
  loop_turn(s.loop, 1000); // still ready: there is another byte
  ck_assert_int_eq(s.calls, 2);
  ck_assert_int_eq(s.ready, LOOP_READ);
  loop_watch_for(s.watch, 0);
  ck_assert_int_eq(write(fds[1], "z", 1), 1);
  loop_turn(s.loop, 10);
  ck_assert_int_eq(s.calls, 2);
  loop_watch_for(s.watch, LOOP_WRITE);
  loop_turn(s.loop, 1000);
  ck_assert_int_eq(s.ready, LOOP_READ | LOOP_WRITE);
  // That the other side is gone is seen although nothing is read.
  loop_watch_for(s.watch, LOOP_CLOSED);
  s.ready = 0;
  close(fds[1]);
  loop_turn(s.loop, 1000);
  ck_assert_int_eq(s.ready, LOOP_CLOSED);
  loop_unwatch(s.watch);
  close(fds[0]);
  loop_free(s.loop);
}
END_TEST

static void on_timer(void *ctx) {
  Seen *s = ctx;
  s->calls++;
  s->at = loop_now_ms(s->loop);
}

static void on_timer_free(void *ctx) {
  Seen *s = ctx;
  s->calls++;
  loop_timer_free(s->timer);
  s->timer = NULL;
}

START_TEST(timers) {
  Err err = ERR_INIT;
  Seen s = {.loop = loop_new(&err)};
  s.timer = loop_timer(s.loop, on_timer, &s);
  uint64_t start = loop_now_ms(s.loop);
  loop_timer_set(s.timer, 30);
  while (!s.calls) loop_turn(s.loop, 5);
  ck_assert_uint_ge(s.at - start, 29);
  for (int i = 0; i < 3; i++) loop_turn(s.loop, 5);
  ck_assert_int_eq(s.calls, 1); // once
  loop_timer_set(s.timer, 1);
  loop_timer_clear(s.timer);
  for (int i = 0; i < 3; i++) loop_turn(s.loop, 5);
  ck_assert_int_eq(s.calls, 1);
  loop_timer_free(s.timer);
  s.timer = loop_timer(s.loop, on_timer_free, &s);
  loop_timer_set(s.timer, 0);
  loop_turn(s.loop, 100);
  ck_assert_ptr_null(s.timer);
  loop_timer_free(NULL);
  loop_unwatch(NULL);
  loop_free(s.loop);
  loop_free(NULL);
}
END_TEST

// --- work from other threads -----------------------------------------------------------------------
enum { POSTS = 5000, THREADS = 3 };
typedef struct Post {
  LoopTask task;
  struct Poster *poster;
  int number;
} Post;
typedef struct Poster {
  Loop *loop;
  pthread_t thread;
  Post posts[POSTS];
  int next, *left;
} Poster;

static void on_post(LoopTask *task) {
  Post *p = (Post *)task;
  ck_assert_int_eq(p->number, p->poster->next++); // those of one thread come in its order
  if (--*p->poster->left == 0) loop_stop(p->poster->loop);
}

static void *post_all(void *ctx) {
  Poster *p = ctx;
  for (int i = 0; i < POSTS; i++) {
    p->posts[i] = (Post){.task.run = on_post, .poster = p, .number = i};
    loop_post(p->loop, &p->posts[i].task);
  }
  return NULL;
}

START_TEST(posts_come_once_and_in_order) {
  Err err = ERR_INIT;
  Loop *l = loop_new(&err);
  int left = POSTS * THREADS;
  static Poster posters[THREADS];
  for (int i = 0; i < THREADS; i++) {
    posters[i].loop = l, posters[i].left = &left;
    ck_assert_int_eq(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
  }
  loop_run(l);
  ck_assert_int_eq(left, 0);
  for (int i = 0; i < THREADS; i++) pthread_join(posters[i].thread, NULL);
  loop_free(l);
}
END_TEST

static void *stop_it(void *ctx) {
  loop_stop(ctx);
  return NULL;
}

START_TEST(a_stop_before_the_run_counts) {
  Err err = ERR_INIT;
  pthread_t thread;
  Loop *l = loop_new(&err);
  pthread_create(&thread, NULL, stop_it, l);
  pthread_join(thread, NULL);
  loop_run(l);
  loop_free(l);
}
END_TEST

SUITE_MAIN("daemon/loop", descriptors, timers, posts_come_once_and_in_order, a_stop_before_the_run_counts)
