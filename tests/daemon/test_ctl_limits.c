// What the control socket bears: limits, time, clients that mean no good.
#include "common/base/mem.h"
#include "tests/daemon/ctl_rig.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// --- limits ----------------------------------------------------------------------------------------
START_TEST(reading_stops_while_enough_is_unanswered) {
  Rig r;
  rig_start(&r, (CtlConfig){.calls = 4});
  Client c = client_greeted(&r);
  for (uint32_t i = 0; i < 10; i++) client_send(&r, &c, 2 + i);
  rig_turn(&r, 10);
  ck_assert_uint_eq(r.held_count, 4);
  for (int i = 0; i < 10; i++) {
    CtlCall *call = r.held[--r.held_count];
    ctl_done(call, &(RpcSend){0});
    ck_assert_int_eq(client_get(&r, &c), GOT_MESSAGE);
    ck_assert_uint_le(r.held_count, 4);
  }
  ck_assert_uint_eq(r.held_count, 0);
  // A client that leaves meanwhile is noticed although nothing is read.
  for (uint32_t i = 0; i < 10; i++) client_send(&r, &c, 20 + i);
  rig_turn(&r, 10);
  ck_assert_uint_eq(r.held_count, 4);
  client_free(&c);
  rig_turn(&r, 10);
  ck_assert_uint_eq(r.cancelled, 4);
  rig_stop(&r);
}
END_TEST

START_TEST(reading_stops_while_answers_are_not_read) {
  Rig r;
  rig_start(&r, (CtlConfig){.out_pause = 100000});
  Client c = client_greeted(&r);
  uint32_t asked = 0;
  while (asked < 200 && client_ask(&r, &c, 100 + asked, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 60000}))
    asked++;
  rig_turn(&r, 20);
  // All are answered in the end, but not before the client reads.
  for (uint32_t i = 0; i < asked; i++) {
    ck_assert_int_eq(client_get(&r, &c), GOT_MESSAGE);
    ck_assert_uint_eq(c.msg.id, 100 + i);
  }
  ck_assert_int_eq(client_get(&r, &c), GOT_NOTHING);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(what_a_user_holds_is_bounded) {
  Rig r;
  rig_start(&r, (CtlConfig){.bytes_per_user = 1 << 20});
  Client one = client_greeted(&r), two = client_greeted(&r);
  uint8_t *value = mem_zalloc(700000);
  RpcSpawnArgs a = {.value = {value, 700000}};
  client_ask(&r, &one, 2, METHOD_SPAWN, &a);
  rig_turn(&r, 10);
  ck_assert_uint_eq(r.held_count, 1);
  client_ask(&r, &two, 2, METHOD_SPAWN, &a); // together they are too much
  expect_error(&r, &two, 0, ERR_RETRY);
  ctl_done(r.held[0], &(RpcSpawn){.id = 3}), r.held_count = 0;
  expect_done(&r, &one, 2);
  Client three = client_greeted(&r); // what was held is free again
  client_ask(&r, &three, 2, METHOD_SPAWN, &a);
  rig_turn(&r, 10);
  ck_assert_uint_eq(r.held_count, 1);
  ctl_done(r.held[0], &(RpcSpawn){.id = 3}), r.held_count = 0;
  expect_done(&r, &three, 2);
  client_ask(&r, &three, 3, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 2 << 20}); // an answer is refused too
  expect_error(&r, &three, 3, ERR_RETRY);
  client_ask(&r, &three, 4, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 17 << 20}); // longer than any message
  expect_error(&r, &three, 4, ERR_LIMIT);
  mem_free(value);
  client_free(&one), client_free(&two), client_free(&three);
  rig_stop(&r);
}
END_TEST

START_TEST(connections_are_bounded_with_room_for_the_operator) {
  Rig r;
  Client c[8];
  rig_start(&r, (CtlConfig){.sessions = 3, .sessions_per_user = 100});
  for (int i = 0; i < 3; i++) c[i] = client_greeted(&r);
  c[3] = client_new(&r);
  expect_error(&r, &c[3], 0, ERR_RETRY);
  ck_assert_int_eq(client_get(&r, &c[3]), GOT_END);
  r.role = ROLE_ADMIN;
  for (int i = 4; i < 8; i++) c[i] = client_greeted(&r);
  Client more = client_new(&r);
  expect_error(&r, &more, 0, ERR_RETRY);
  client_free(&more);
  client_free(&c[0]);
  rig_turn(&r, 3);
  c[0] = client_greeted(&r);
  for (int i = 0; i < 8; i++) client_free(&c[i]);
  rig_stop(&r);
  rig_start(&r, (CtlConfig){.sessions_per_user = 2});
  c[0] = client_greeted(&r), c[1] = client_greeted(&r), c[2] = client_new(&r);
  expect_error(&r, &c[2], 0, ERR_RETRY);
  for (int i = 0; i < 3; i++) client_free(&c[i]);
  rig_stop(&r);
}
END_TEST

// With every descriptor used up, others are told so and the operator is served.
START_TEST(the_operator_is_answered_without_descriptors) {
  Rig r;
  Err err = ERR_INIT;
  char *dir = scratch_dir(), *path = mem_printf("%s/p.sock", dir);
  rig_start(&r, (CtlConfig){0});
  ck_assert(ctl_listen(r.ctl, path, NULL, &err));
  Client user = client_connect(path);
  struct rlimit lim = {64, 64};
  int filler[64], n = 0;
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
  while ((filler[n] = open("/dev/null", O_RDONLY)) >= 0) n++;
  expect_error(&r, &user, 0, ERR_RETRY);
  ck_assert_int_eq(client_get(&r, &user), GOT_END);
  client_free(&user);
  user = client_connect(path); // takes the one just freed
  r.role = ROLE_ADMIN;
  client_greet(&r, &user);
  client_free(&user);
  while (n) close(filler[--n]);
  rig_stop(&r);
  mem_free(path);
  scratch_free(dir);
}
END_TEST

START_TEST(nobody_can_fill_the_log) {
  Rig r;
  char *dir = scratch_dir(), *path = mem_printf("%s/log", dir);
  rig_start(&r, (CtlConfig){.sessions_per_user = 1000, .sessions = 1000});
  int fd = open(path, O_CREAT | O_RDWR | O_APPEND, 0600);
  ctl_free(r.ctl);
  r.ctl = ctl_new(r.loop, &(CtlConfig){.log = {.fd = fd, .level = LOG_WARN}});
  for (int i = 0; i < 200; i++) {
    Client c = client_new(&r);
    client_put(&r, &c, "\xc1", 1);
    ck_assert_int_eq(client_get(&r, &c), GOT_MESSAGE);
    client_free(&c);
  }
  char text[65536];
  ssize_t n = pread(fd, text, sizeof text, 0);
  size_t lines = 0;
  for (ssize_t i = 0; i < n; i++) lines += text[i] == '\n';
  ck_assert_uint_gt(lines, 0);
  ck_assert_uint_lt(lines, 100);
  close(fd);
  rig_stop(&r);
  mem_free(path);
  scratch_free(dir);
}
END_TEST

// --- time ------------------------------------------------------------------------------------------
static void ends_within(Rig *r, Client *c, uint64_t least, uint64_t most) {
  uint64_t start = loop_now_ms(r->loop), took = 0;
  char byte;
  ssize_t n = -1;
  while (n != 0 && took < most) {
    rig_turn(r, 1);
    n = recv(c->fd, &byte, 1, 0);
    took = loop_now_ms(r->loop) - start;
  }
  ck_assert_int_eq(n, 0);
  ck_assert_uint_ge(took, least);
}

START_TEST(silence_and_half_messages_end) {
  Rig r;
  rig_start(&r, (CtlConfig){.hello_ms = 40, .frame_ms = 80, .idle_ms = 160});
  Client c = client_new(&r);
  ends_within(&r, &c, 25, 2000); // no hello
  client_free(&c);
  c = client_greeted(&r);
  client_put(&r, &c, "\x94\x00", 2);
  ends_within(&r, &c, 60, 2000); // half a message
  client_free(&c);
  c = client_greeted(&r);
  ends_within(&r, &c, 120, 2000); // nothing at all
  client_free(&c);
  c = client_greeted(&r);
  client_send(&r, &c, 2); // who waits for an answer is not idle
  for (int i = 0; i < 200; i++) rig_turn(&r, 1);
  ck_assert_uint_eq(r.held_count, 1);
  ctl_done(r.held[0], &(RpcSend){0}), r.held_count = 0;
  expect_done(&r, &c, 2);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

static uint64_t count_sessions(Rig *r, Client *c, uint32_t id) {
  RpcInfo info;
  Arena arena = {0};
  Err err = ERR_INIT;
  client_ask(r, c, id, METHOD_INFO, NULL);
  expect_done(r, c, id);
  ck_assert(rpc_decode(rpc_method(METHOD_INFO)->result, &c->msg.params, true, &arena, &info, &err));
  arena_free(&arena);
  return info.sessions;
}

START_TEST(who_does_not_read_is_dropped) {
  Rig r;
  rig_start(&r, (CtlConfig){.stall_ms = 50});
  Client c = client_greeted(&r), other = client_greeted(&r);
  uint64_t start = loop_now_ms(r.loop);
  uint32_t id = 2;
  client_ask(&r, &c, 2, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 8 << 20});
  while (count_sessions(&r, &other, id) > 1 && loop_now_ms(r.loop) - start < 10000) id++;
  ck_assert_uint_eq(count_sessions(&r, &other, id + 1), 1);
  ck_assert_uint_ge(loop_now_ms(r.loop) - start, 40);
  client_free(&c), client_free(&other);
  rig_stop(&r);
}
END_TEST

// --- many ------------------------------------------------------------------------------------------
// Clients that say random things, valid and not, and leave when they like: nothing is left behind.
START_TEST(a_crowd_leaves_nothing_behind) {
  enum { CROWD = 12 };
  Rig r;
  Client c[CROWD];
  uint64_t rng = 99;
  rig_start(&r, (CtlConfig){.calls = 5, .hello_ms = 50});
  for (int i = 0; i < CROWD; i++) c[i] = client_new(&r);
  for (size_t round = 0; round < test_scale(4000); round++) {
    int i = (int)(test_random(&rng) % CROWD);
    Buf b = {0};
    switch (test_random(&rng) % 8) {
    case 0:
      client_free(&c[i]);
      c[i] = client_new(&r);
      rpc_put_request(&b, 1, METHOD_HELLO, &(RpcHelloArgs){.protocol = 1});
      break;
    case 1: test_fill(&rng, buf_extend(&b, 9), 9); break;
    case 2:
      while (r.held_count) {
        CtlCall *call = r.held[--r.held_count];
        Err err = ERR_INIT;
        err_set(&err, ERR_NO, "no");
        if (test_random(&rng) % 2)
          ctl_fail(call, &err);
        else
          rig_hold(&r, call), rig_cancel(&r, call);
      }
      break;
    case 3: {
      char sink[4096];
      while (recv(c[i].fd, sink, sizeof sink, 0) > 0) continue;
      break;
    }
    default: {
      RpcSendArgs a = a_send();
      rpc_put_request(&b, 1 + (uint32_t)test_random(&rng) % 20, METHOD_SEND, &a);
    }
    }
    if (b.len) send(c[i].fd, b.data, b.len, MSG_NOSIGNAL);
    buf_free(&b);
    if (round % 3 == 0) loop_turn(r.loop, 0);
  }
  for (int i = 0; i < CROWD; i++) client_free(&c[i]);
  rig_stop(&r); // asserts that all is accounted for
}
END_TEST

SUITE_MAIN("daemon/ctl-limits", reading_stops_while_enough_is_unanswered,
           reading_stops_while_answers_are_not_read, what_a_user_holds_is_bounded,
           connections_are_bounded_with_room_for_the_operator, the_operator_is_answered_without_descriptors,
           nobody_can_fill_the_log, silence_and_half_messages_end, who_does_not_read_is_dropped,
           a_crowd_leaves_nothing_behind)
