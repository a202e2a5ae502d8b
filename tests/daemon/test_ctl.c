// Sessions of the control socket: what is said on them, the socket itself.
#include "common/base/mem.h"
#include "tests/daemon/ctl_rig.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// --- opening ---------------------------------------------------------------------------------------
START_TEST(hello_says_who_both_are) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_new(&r);
  RpcHelloArgs h = {.protocol = 99};
  RpcHello got;
  Arena arena = {0};
  Err err = ERR_INIT;
  client_ask(&r, &c, 7, METHOD_HELLO, &h);
  expect_done(&r, &c, 7);
  ck_assert(rpc_decode(rpc_method(METHOD_HELLO)->result, &c.msg.params, true, &arena, &got, &err));
  ck_assert_uint_eq(got.protocol, RPC_PROTOCOL);
  ck_assert(rpc_text_is(got.server, "1.2.3") && rpc_text_is(got.role, "user"));
  ck_assert_uint_eq(got.frame_max, FRAME_LIMITS.bytes);
  arena_free(&arena);
  client_ask(&r, &c, 8, METHOD_PING, NULL);
  expect_done(&r, &c, 8);
  client_ask(&r, &c, 9, METHOD_HELLO, &h);
  expect_error(&r, &c, 9, ERR_USAGE);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(hello_comes_first_and_has_a_common_version) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_new(&r);
  client_ask(&r, &c, 1, METHOD_PING, NULL);
  expect_error(&r, &c, 0, ERR_USAGE);
  ck_assert_int_eq(client_get(&r, &c), GOT_END);
  client_free(&c);
  c = client_new(&r);
  client_ask(&r, &c, 1, METHOD_HELLO, &(RpcHelloArgs){.protocol = 0});
  expect_error(&r, &c, 1, ERR_CONFIG);
  ck_assert_int_eq(client_get(&r, &c), GOT_END);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(nonsense_ends_the_connection) {
  static const char *const BAD[] = {"GET / HTTP/1.1\r\n",   "\x91\xc6\xff\xff\xff\xff",
                                    "\x93\x00\x01\xa1x",    "\x91\xca",
                                    "\x94\x01\x01\xc0\xc0", "\x91\x91\x91\x91\x91\x91\x91\x91\x91"};
  static const size_t LENGTH[] = {16, 6, 5, 2, 5, 9};
  Rig r;
  rig_start(&r, (CtlConfig){0});
  for (size_t i = 0; i < 6; i++) {
    Client c = client_greeted(&r);
    client_put(&r, &c, BAD[i], LENGTH[i]);
    ck_assert_int_eq(client_get(&r, &c), GOT_MESSAGE);
    ck_assert(c.msg.failed && c.msg.id == 0);
    ck_assert_int_eq(client_get(&r, &c), GOT_END);
    client_free(&c);
  }
  rig_stop(&r);
}
END_TEST

// --- requests --------------------------------------------------------------------------------------
START_TEST(wrong_requests_are_errors_of_their_own) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_greeted(&r);
  client_put(&r, &c, "\x94\x00\x02\xa4nope\x80", 9);
  expect_error(&r, &c, 2, ERR_USAGE);
  client_put(&r, &c, "\x94\x00\x03\xa2ps\x81\xa1x\x01", 10);
  expect_error(&r, &c, 3, ERR_USAGE);
  client_put(&r, &c, "\x94\x00\x04\xa2ps\xc0", 7);
  expect_error(&r, &c, 4, ERR_USAGE);
  client_ask(&r, &c, 5, METHOD_PS, &(RpcPsArgs){0}); // this host has none
  expect_error(&r, &c, 5, ERR_RETRY);
  client_ask(&r, &c, 6, METHOD_INFO, NULL); // what the socket itself knows
  expect_done(&r, &c, 6);
  client_put(&r, &c, "\x94\x00\x00\xa4ping\x80", 9); // id 0 is not for requests
  expect_error(&r, &c, 0, ERR_DATA);
  ck_assert_int_eq(client_get(&r, &c), GOT_END);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(roles_are_enforced) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  r.role = ROLE_OBSERVER;
  Client c = client_greeted(&r);
  client_ask(&r, &c, 2, METHOD_STOP, &(RpcCogArgs){.cog.id = 1});
  expect_error(&r, &c, 2, ERR_DENIED);
  client_ask(&r, &c, 3, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 1});
  expect_done(&r, &c, 3);
  client_free(&c);
  r.role = ROLE_USER;
  c = client_greeted(&r);
  client_ask(&r, &c, 2, METHOD_STOP, &(RpcCogArgs){.cog.id = 1});
  expect_done(&r, &c, 2);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

static void *end_call(void *ctx) {
  ctl_done(ctx, &(RpcSend){.cog = 1, .event = 5});
  return NULL;
}

START_TEST(calls_are_answered_by_any_thread_in_any_order) {
  enum { N = 40 };
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_greeted(&r);
  for (uint32_t i = 0; i < N; i++) ck_assert(client_send(&r, &c, 10 + i));
  ck_assert_int_eq(client_get(&r, &c), GOT_NOTHING);
  ck_assert_uint_eq(r.held_count, N);
  pthread_t threads[N];
  bool seen[N] = {false};
  for (int i = N - 1; i >= 0; i--)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, end_call, r.held[i]), 0);
  r.held_count = 0;
  for (int i = 0; i < N; i++) {
    ck_assert_int_eq(client_get(&r, &c), GOT_MESSAGE);
    ck_assert(!c.msg.failed && c.msg.id >= 10 && c.msg.id < 10 + N && !seen[c.msg.id - 10]);
    seen[c.msg.id - 10] = true;
  }
  for (int i = 0; i < N; i++) pthread_join(threads[i], NULL);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(an_id_is_used_by_one_open_request) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_greeted(&r);
  client_send(&r, &c, 5);
  client_send(&r, &c, 5);
  expect_error(&r, &c, 5, ERR_USAGE);
  ck_assert_uint_eq(r.held_count, 1);
  ctl_done(r.held[0], &(RpcSend){0}), r.held_count = 0;
  expect_done(&r, &c, 5);
  client_send(&r, &c, 5); // free again
  ck_assert_int_eq(client_get(&r, &c), GOT_NOTHING);
  ck_assert_uint_eq(r.held_count, 1);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(requests_are_cancelled_when_asked_and_when_the_client_leaves) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_greeted(&r);
  for (uint32_t i = 2; i < 6; i++) client_send(&r, &c, i);
  Buf b = {0};
  rpc_put_note(&b, NOTE_CANCEL, &(RpcCancel){.request = 3});
  rpc_put_note(&b, NOTE_CANCEL, &(RpcCancel){.request = 3});
  rpc_put_note(&b, NOTE_CANCEL, &(RpcCancel){.request = 99});
  client_put(&r, &c, b.data, b.len);
  client_put(&r, &c, "\x93\x02\xa4nope\x80", 8); // notes that mean nothing are no harm
  buf_free(&b);
  expect_error(&r, &c, 3, ERR_RETRY);
  ck_assert_int_eq(client_get(&r, &c), GOT_NOTHING);
  ck_assert_uint_eq(r.cancelled, 1);
  client_free(&c);
  rig_turn(&r, 5);
  ck_assert_uint_eq(r.cancelled, 4);
  ck_assert_uint_eq(r.held_count, 0);
  ck_assert(ctl_is_quiet(r.ctl));
  rig_stop(&r);
}
END_TEST

START_TEST(an_answer_to_nobody_is_dropped) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_greeted(&r);
  client_send(&r, &c, 2);
  rig_turn(&r, 3);
  CtlCall *call = r.held[0];
  r.held_count = 0; // so the cancellation finds nothing, as when it comes too late
  client_free(&c);
  rig_turn(&r, 3);
  ck_assert(!ctl_is_quiet(r.ctl));
  ctl_done(call, &(RpcSend){0});
  rig_turn(&r, 3);
  ck_assert(ctl_is_quiet(r.ctl));
  rig_stop(&r);
}
END_TEST

// --- streams ---------------------------------------------------------------------------------------
static uint64_t count_lines(Rig *r, Client *c, uint64_t *dropped) {
  uint64_t lines = 0;
  while (client_get(r, c) == GOT_MESSAGE && c->msg.type == RPC_NOTIFY) {
    RpcTraceLine t;
    Arena arena = {0};
    Err err = ERR_INIT;
    ck_assert(rpc_decode(rpc_note(NOTE_TRACE)->args, &c->msg.params, true, &arena, &t, &err));
    ck_assert_uint_eq(t.stream, 2);
    *dropped += t.dropped;
    lines++;
    arena_free(&arena);
  }
  return lines;
}

START_TEST(lines_come_before_the_answer) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_greeted(&r);
  client_ask(&r, &c, 2, METHOD_TRACE, &(RpcTraceArgs){.cog.id = 1, .follow = true});
  rig_turn(&r, 5);
  for (uint64_t i = 0; i < 100; i++)
    ctl_line(r.held[0], &(RpcTraceLine){.event = i, .kind = rpc_text("trace"), .text = rpc_text("hello")});
  ctl_done(r.held[0], &(RpcTrace){100}), r.held_count = 0;
  uint64_t dropped = 0;
  ck_assert_uint_eq(count_lines(&r, &c, &dropped), 100);
  ck_assert_uint_eq(dropped, 0);
  ck_assert(c.msg.type == RPC_RESPONSE && !c.msg.failed && c.msg.id == 2);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(a_slow_reader_loses_lines_and_is_told_how_many) {
  enum { LINES = 3000 };
  Rig r;
  rig_start(&r, (CtlConfig){.out_pause = 50000});
  Client c = client_greeted(&r);
  char *text = mem_zalloc(1001);
  memset(text, 'x', 1000);
  client_ask(&r, &c, 2, METHOD_TRACE, &(RpcTraceArgs){.cog.id = 1, .follow = true});
  rig_turn(&r, 5);
  for (int i = 0; i < LINES; i++) {
    ctl_line(r.held[0], &(RpcTraceLine){.kind = rpc_text("trace"), .text = {text, 1000}});
    if (i % 500 == 0) rig_turn(&r, 3);
  }
  uint64_t dropped = 0, lines = count_lines(&r, &c, &dropped);
  ck_assert_uint_lt(lines, LINES / 2);
  // The next line that comes through says how many were lost.
  ctl_line(r.held[0], &(RpcTraceLine){.kind = rpc_text("trace"), .text = rpc_text("last")});
  ctl_done(r.held[0], &(RpcTrace){0}), r.held_count = 0;
  lines += count_lines(&r, &c, &dropped);
  ck_assert_uint_eq(lines + dropped, LINES + 1);
  mem_free(text);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

// --- the socket ------------------------------------------------------------------------------------
START_TEST(the_socket_is_private_probed_and_removed) {
  Rig r, other;
  Err err = ERR_INIT;
  struct stat st;
  char *dir = scratch_dir(), *path = mem_printf("%s/p.sock", dir), *file = mem_printf("%s/file", dir);
  char *nowhere = mem_printf("%s/none/p.sock", dir);
  rig_start(&r, (CtlConfig){0});
  rig_start(&other, (CtlConfig){0});
  ck_assert_msg(ctl_listen(r.ctl, path, NULL, &err), "%s", err.msg);
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_uint_eq(st.st_mode & 0777, 0600);
  Client c = client_connect(path);
  client_greet(&r, &c);
  client_free(&c);
  ck_assert(!ctl_listen(other.ctl, path, NULL, &err)); // somebody lives there
  ck_assert_int_eq(err.code, ERR_EXISTS);
  fclose(fopen(file, "w"));
  ck_assert(!ctl_listen(other.ctl, file, NULL, &err)); // not a socket: stays
  ck_assert_int_eq(err.code, ERR_CREATE);
  ck_assert_int_eq(access(file, F_OK), 0);
  ck_assert(!ctl_listen(other.ctl, nowhere, NULL, &err));
  ck_assert_int_eq(err.code, ERR_CREATE);
  ck_assert(!ctl_listen(other.ctl, "", NULL, &err));
  ck_assert_int_eq(err.code, ERR_USAGE);
  char *fresh = mem_printf("%s/g.sock", dir);
  ck_assert(!ctl_listen(other.ctl, fresh, "no-such-group-here", &err));
  ck_assert_int_eq(err.code, ERR_CONFIG);
  ck_assert_int_ne(access(fresh, F_OK), 0); // not left behind
  rig_stop(&r);
  ck_assert_int_ne(access(path, F_OK), 0);
  // One left by a dead process is replaced; one that replaced ours is not removed.
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  strcpy(sa.sun_path, path);
  int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  ck_assert_int_eq(bind(dead, (struct sockaddr *)&sa, sizeof sa), 0);
  close(dead);
  ck_assert_msg(ctl_listen(other.ctl, path, NULL, &err), "%s", err.msg);
  unlink(path);
  fclose(fopen(path, "w"));
  rig_stop(&other);
  ck_assert_int_eq(access(path, F_OK), 0);
  mem_free(path), mem_free(file), mem_free(nowhere), mem_free(fresh);
  scratch_free(dir);
}
END_TEST

START_TEST(stopping_answers_those_who_wait) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client_greeted(&r);
  client_send(&r, &c, 2);
  rig_turn(&r, 3);
  ctl_stop(r.ctl);
  expect_error(&r, &c, 2, ERR_RETRY);
  client_ask(&r, &c, 3, METHOD_PING, NULL);
  expect_error(&r, &c, 3, ERR_RETRY);
  Client late = client_new(&r);
  expect_error(&r, &late, 0, ERR_RETRY);
  client_free(&c), client_free(&late);
  rig_stop(&r);
}
END_TEST

SUITE_MAIN("daemon/ctl", hello_says_who_both_are, hello_comes_first_and_has_a_common_version,
           nonsense_ends_the_connection, wrong_requests_are_errors_of_their_own, roles_are_enforced,
           calls_are_answered_by_any_thread_in_any_order, an_id_is_used_by_one_open_request,
           requests_are_cancelled_when_asked_and_when_the_client_leaves, an_answer_to_nobody_is_dropped,
           lines_come_before_the_answer, a_slow_reader_loses_lines_and_is_told_how_many,
           the_socket_is_private_probed_and_removed, stopping_answers_those_who_wait)
