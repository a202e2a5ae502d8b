// Sessions of the control socket: raw bytes at one end of a socket pair, a host that does what the test
// says at the other.
#include "common/base/mem.h"
#include "daemon/ctl/ctl.h"
#include "proto/rpc.h"
#include "tests/base/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// --- the host --------------------------------------------------------------------------------------
enum { HELD_MAX = 512 };
typedef struct Rig {
  Loop *loop;
  Ctl *ctl;
  CtlCall *held[HELD_MAX]; // `send`, `spawn` and `trace` wait here for the test
  size_t held_count;
  size_t cancelled;
  RpcRole role;
} Rig;

static void hold(Rig *r, CtlCall *call) {
  ck_assert_uint_lt(r->held_count, HELD_MAX);
  r->held[r->held_count++] = call;
}

static void host_send(void *ctx, CtlCall *call, const RpcSendArgs *a) {
  ck_assert_uint_eq(a->wait_ms, RPC_SEND_WAIT_MS);
  hold(ctx, call);
}
static void host_spawn(void *ctx, CtlCall *call, const RpcSpawnArgs *a) { hold(ctx, call); }
static void host_trace(void *ctx, CtlCall *call, const RpcTraceArgs *a) { hold(ctx, call); }
static void host_stop(void *ctx, CtlCall *call, const RpcCogArgs *a) { ctl_done(call, NULL); }

static void host_inspect(void *ctx, CtlCall *call, const RpcInspectArgs *a) {
  size_t n = a->cog.id; // the id says how much is wanted
  RpcInspect got = {.cog = {.id = n, .state = rpc_text("spinning")}, .value = {mem_zalloc(n + 1), n}};
  ctl_done(call, &got);
  mem_free((void *)got.value.p);
}

static void host_cancel(void *ctx, CtlCall *call) {
  Rig *r = ctx;
  Err err = ERR_INIT;
  for (size_t i = 0; i < r->held_count; i++) {
    if (r->held[i] != call) continue;
    r->held[i] = r->held[--r->held_count];
    r->cancelled++;
    err_set(&err, ERR_RETRY, "cancelled");
    ctl_fail(call, &err);
    return;
  }
}

static RpcRole role_of(void *ctx, uid_t uid, gid_t gid) { return ((Rig *)ctx)->role; }

static void rig_start(Rig *r, CtlConfig cfg) {
  Err err = ERR_INIT;
  cfg.version = "1.2.3";
  cfg.log = (Log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG};
  cfg.role = role_of, cfg.role_ctx = r;
  *r = (Rig){.loop = loop_new(&err), .role = ROLE_USER};
  r->ctl = ctl_new(r->loop, &cfg);
  CtlHost host = {.ctx = r,
                  .send = host_send,
                  .spawn = host_spawn,
                  .trace = host_trace,
                  .stop = host_stop,
                  .inspect = host_inspect,
                  .cancel = host_cancel};
  ctl_set_host(r->ctl, &host);
}

static void turns(Rig *r, int n) {
  while (n--) loop_turn(r->loop, 2);
}

static void rig_stop(Rig *r) {
  ctl_stop(r->ctl);
  for (int i = 0; i < 1000 && !ctl_is_quiet(r->ctl); i++) loop_turn(r->loop, 2);
  ctl_free(r->ctl);
  loop_free(r->loop);
}

// --- the client ------------------------------------------------------------------------------------
typedef struct Client {
  int fd;
  FrameReader reader;
  RpcMessage msg;
  uint8_t *frame;
} Client;

static int pair_up(Rig *r) {
  int fds[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  Err err = ERR_INIT;
  ctl_adopt(r->ctl, fds[1], &err); // a refusal is on the socket
  return fds[0];
}

static Client client(Rig *r) { return (Client){.fd = pair_up(r), .reader.limits = FRAME_LIMITS}; }

static void client_free(Client *c) {
  rpc_message_free(&c->msg);
  mem_free(c->frame);
  frame_free(&c->reader);
  if (c->fd >= 0) close(c->fd);
  *c = (Client){.fd = -1};
}

// Writes all, letting the server read meanwhile; false when it does not read any more.
static bool put(Rig *r, Client *c, const void *data, size_t n) {
  const char *p = data;
  for (int idle = 0; n && idle < 20;) {
    ssize_t k = send(c->fd, p, n, MSG_NOSIGNAL);
    if (k > 0)
      p += k, n -= (size_t)k, idle = 0;
    else if (errno != EAGAIN)
      return false;
    else
      idle++, turns(r, 1);
  }
  return n == 0;
}

static bool ask(Rig *r, Client *c, uint32_t id, RpcMethod m, const void *args) {
  static const RpcNothing none = {0};
  Buf b = {0};
  rpc_put_request(&b, id, m, args ? args : &none);
  bool ok = put(r, c, b.data, b.len);
  buf_free(&b);
  return ok;
}

typedef enum Got { GOT_MESSAGE, GOT_END, GOT_NOTHING } Got;

static Got get(Rig *r, Client *c) {
  size_t len;
  Err err = ERR_INIT;
  rpc_message_free(&c->msg);
  mem_free(c->frame);
  for (int idle = 0; idle < 30;) {
    if (frame_next(&c->reader, &c->frame, &len, &err) == FRAME_READY) {
      ck_assert_msg(rpc_parse(&c->msg, c->frame, len, &err), "%s", err.msg);
      return GOT_MESSAGE;
    }
    size_t room;
    uint8_t *to = frame_room(&c->reader, &room);
    ssize_t n = recv(c->fd, to, room, 0);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) return GOT_END;
    if (n > 0)
      frame_received(&c->reader, (size_t)n), idle = 0;
    else
      idle++, turns(r, 1);
  }
  return GOT_NOTHING;
}

static void expect_done(Rig *r, Client *c, uint32_t id) {
  ck_assert_int_eq(get(r, c), GOT_MESSAGE);
  Err err = ERR_INIT;
  if (c->msg.failed) rpc_response_error(&c->msg, &err);
  ck_assert_msg(!c->msg.failed, "%s", err.msg);
  ck_assert_int_eq(c->msg.type, RPC_RESPONSE);
  ck_assert_uint_eq(c->msg.id, id);
}

static void expect_error(Rig *r, Client *c, uint32_t id, ErrCode code) {
  ck_assert_int_eq(get(r, c), GOT_MESSAGE);
  Err err = ERR_INIT;
  ck_assert(c->msg.failed);
  ck_assert_uint_eq(c->msg.id, id);
  rpc_response_error(&c->msg, &err);
  ck_assert_msg(err.code == code, "%s: %s", err_code_name(err.code), err.msg);
}

static void greet(Rig *r, Client *c) {
  RpcHelloArgs h = {.protocol = RPC_PROTOCOL, .client = rpc_text("test")};
  ck_assert(ask(r, c, 1, METHOD_HELLO, &h));
  expect_done(r, c, 1);
}

static Client greeted(Rig *r) {
  Client c = client(r);
  greet(r, &c);
  return c;
}

static RpcSendArgs a_send(void) {
  return (RpcSendArgs){.cog.id = 1, .value = {(const uint8_t *)"v", 1}, .wait_ms = RPC_SEND_WAIT_MS};
}

static bool ask_send(Rig *r, Client *c, uint32_t id) {
  RpcSendArgs a = a_send();
  return ask(r, c, id, METHOD_SEND, &a);
}

// --- opening ---------------------------------------------------------------------------------------
START_TEST(hello_says_who_both_are) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client(&r);
  RpcHelloArgs h = {.protocol = 99};
  RpcHello got;
  Arena arena = {0};
  Err err = ERR_INIT;
  ask(&r, &c, 7, METHOD_HELLO, &h);
  expect_done(&r, &c, 7);
  ck_assert(rpc_decode(rpc_method(METHOD_HELLO)->result, &c.msg.params, true, &arena, &got, &err));
  ck_assert_uint_eq(got.protocol, RPC_PROTOCOL);
  ck_assert(rpc_text_is(got.server, "1.2.3") && rpc_text_is(got.role, "user"));
  ck_assert_uint_eq(got.frame_max, FRAME_LIMITS.bytes);
  arena_free(&arena);
  ask(&r, &c, 8, METHOD_PING, NULL);
  expect_done(&r, &c, 8);
  ask(&r, &c, 9, METHOD_HELLO, &h);
  expect_error(&r, &c, 9, ERR_USAGE);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(hello_comes_first_and_has_a_common_version) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = client(&r);
  ask(&r, &c, 1, METHOD_PING, NULL);
  expect_error(&r, &c, 0, ERR_USAGE);
  ck_assert_int_eq(get(&r, &c), GOT_END);
  client_free(&c);
  c = client(&r);
  ask(&r, &c, 1, METHOD_HELLO, &(RpcHelloArgs){.protocol = 0});
  expect_error(&r, &c, 1, ERR_CONFIG);
  ck_assert_int_eq(get(&r, &c), GOT_END);
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
    Client c = greeted(&r);
    put(&r, &c, BAD[i], LENGTH[i]);
    ck_assert_int_eq(get(&r, &c), GOT_MESSAGE);
    ck_assert(c.msg.failed && c.msg.id == 0);
    ck_assert_int_eq(get(&r, &c), GOT_END);
    client_free(&c);
  }
  rig_stop(&r);
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
    Client c = client(&r);
    put(&r, &c, "\xc1", 1);
    ck_assert_int_eq(get(&r, &c), GOT_MESSAGE);
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

// --- requests --------------------------------------------------------------------------------------
START_TEST(wrong_requests_are_errors_of_their_own) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = greeted(&r);
  put(&r, &c, "\x94\x00\x02\xa4nope\x80", 9);
  expect_error(&r, &c, 2, ERR_USAGE);
  put(&r, &c, "\x94\x00\x03\xa2ps\x81\xa1x\x01", 10);
  expect_error(&r, &c, 3, ERR_USAGE);
  put(&r, &c, "\x94\x00\x04\xa2ps\xc0", 7);
  expect_error(&r, &c, 4, ERR_USAGE);
  ask(&r, &c, 5, METHOD_PS, &(RpcPsArgs){0}); // this host has none
  expect_error(&r, &c, 5, ERR_RETRY);
  ask(&r, &c, 6, METHOD_INFO, NULL); // what the socket itself knows
  expect_done(&r, &c, 6);
  put(&r, &c, "\x94\x00\x00\xa4ping\x80", 9); // id 0 is not for requests
  expect_error(&r, &c, 0, ERR_DATA);
  ck_assert_int_eq(get(&r, &c), GOT_END);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(roles_are_enforced) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  r.role = ROLE_OBSERVER;
  Client c = greeted(&r);
  ask(&r, &c, 2, METHOD_STOP, &(RpcCogArgs){.cog.id = 1});
  expect_error(&r, &c, 2, ERR_DENIED);
  ask(&r, &c, 3, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 1});
  expect_done(&r, &c, 3);
  client_free(&c);
  r.role = ROLE_USER;
  c = greeted(&r);
  ask(&r, &c, 2, METHOD_STOP, &(RpcCogArgs){.cog.id = 1});
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
  Client c = greeted(&r);
  for (uint32_t i = 0; i < N; i++) ck_assert(ask_send(&r, &c, 10 + i));
  ck_assert_int_eq(get(&r, &c), GOT_NOTHING);
  ck_assert_uint_eq(r.held_count, N);
  pthread_t threads[N];
  bool seen[N] = {false};
  for (int i = N - 1; i >= 0; i--)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, end_call, r.held[i]), 0);
  r.held_count = 0;
  for (int i = 0; i < N; i++) {
    ck_assert_int_eq(get(&r, &c), GOT_MESSAGE);
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
  Client c = greeted(&r);
  ask_send(&r, &c, 5);
  ask_send(&r, &c, 5);
  expect_error(&r, &c, 5, ERR_USAGE);
  ck_assert_uint_eq(r.held_count, 1);
  ctl_done(r.held[0], &(RpcSend){0}), r.held_count = 0;
  expect_done(&r, &c, 5);
  ask_send(&r, &c, 5); // free again
  ck_assert_int_eq(get(&r, &c), GOT_NOTHING);
  ck_assert_uint_eq(r.held_count, 1);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(requests_are_cancelled_when_asked_and_when_the_client_leaves) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = greeted(&r);
  for (uint32_t i = 2; i < 6; i++) ask_send(&r, &c, i);
  Buf b = {0};
  rpc_put_note(&b, NOTE_CANCEL, &(RpcCancel){.request = 3});
  rpc_put_note(&b, NOTE_CANCEL, &(RpcCancel){.request = 3});
  rpc_put_note(&b, NOTE_CANCEL, &(RpcCancel){.request = 99});
  put(&r, &c, b.data, b.len);
  put(&r, &c, "\x93\x02\xa4nope\x80", 8); // notes that mean nothing are no harm
  buf_free(&b);
  expect_error(&r, &c, 3, ERR_RETRY);
  ck_assert_int_eq(get(&r, &c), GOT_NOTHING);
  ck_assert_uint_eq(r.cancelled, 1);
  client_free(&c);
  turns(&r, 5);
  ck_assert_uint_eq(r.cancelled, 4);
  ck_assert_uint_eq(r.held_count, 0);
  ck_assert(ctl_is_quiet(r.ctl));
  rig_stop(&r);
}
END_TEST

START_TEST(an_answer_to_nobody_is_dropped) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = greeted(&r);
  ask_send(&r, &c, 2);
  turns(&r, 3);
  CtlCall *call = r.held[0];
  r.held_count = 0; // so the cancellation finds nothing, as when it comes too late
  client_free(&c);
  turns(&r, 3);
  ck_assert(!ctl_is_quiet(r.ctl));
  ctl_done(call, &(RpcSend){0});
  turns(&r, 3);
  ck_assert(ctl_is_quiet(r.ctl));
  rig_stop(&r);
}
END_TEST

// --- limits ----------------------------------------------------------------------------------------
START_TEST(reading_stops_while_enough_is_unanswered) {
  Rig r;
  rig_start(&r, (CtlConfig){.calls = 4});
  Client c = greeted(&r);
  for (uint32_t i = 0; i < 10; i++) ask_send(&r, &c, 2 + i);
  turns(&r, 10);
  ck_assert_uint_eq(r.held_count, 4);
  for (int i = 0; i < 10; i++) {
    CtlCall *call = r.held[--r.held_count];
    ctl_done(call, &(RpcSend){0});
    ck_assert_int_eq(get(&r, &c), GOT_MESSAGE);
    ck_assert_uint_le(r.held_count, 4);
  }
  ck_assert_uint_eq(r.held_count, 0);
  // A client that leaves meanwhile is noticed although nothing is read.
  for (uint32_t i = 0; i < 10; i++) ask_send(&r, &c, 20 + i);
  turns(&r, 10);
  ck_assert_uint_eq(r.held_count, 4);
  client_free(&c);
  turns(&r, 10);
  ck_assert_uint_eq(r.cancelled, 4);
  rig_stop(&r);
}
END_TEST

START_TEST(reading_stops_while_answers_are_not_read) {
  Rig r;
  rig_start(&r, (CtlConfig){.out_pause = 100000});
  Client c = greeted(&r);
  uint32_t asked = 0;
  while (asked < 200 && ask(&r, &c, 100 + asked, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 60000})) asked++;
  turns(&r, 20);
  // All are answered in the end, but not before the client reads.
  for (uint32_t i = 0; i < asked; i++) {
    ck_assert_int_eq(get(&r, &c), GOT_MESSAGE);
    ck_assert_uint_eq(c.msg.id, 100 + i);
  }
  ck_assert_int_eq(get(&r, &c), GOT_NOTHING);
  client_free(&c);
  rig_stop(&r);
}
END_TEST

START_TEST(what_a_user_holds_is_bounded) {
  Rig r;
  rig_start(&r, (CtlConfig){.bytes_per_user = 1 << 20});
  Client one = greeted(&r), two = greeted(&r);
  uint8_t *value = mem_zalloc(700000);
  RpcSpawnArgs a = {.value = {value, 700000}};
  ask(&r, &one, 2, METHOD_SPAWN, &a);
  turns(&r, 10);
  ck_assert_uint_eq(r.held_count, 1);
  ask(&r, &two, 2, METHOD_SPAWN, &a); // together they are too much
  expect_error(&r, &two, 0, ERR_RETRY);
  ctl_done(r.held[0], &(RpcSpawn){.id = 3}), r.held_count = 0;
  expect_done(&r, &one, 2);
  Client three = greeted(&r); // what was held is free again
  ask(&r, &three, 2, METHOD_SPAWN, &a);
  turns(&r, 10);
  ck_assert_uint_eq(r.held_count, 1);
  ctl_done(r.held[0], &(RpcSpawn){.id = 3}), r.held_count = 0;
  expect_done(&r, &three, 2);
  ask(&r, &three, 3, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 2 << 20}); // an answer is refused too
  expect_error(&r, &three, 3, ERR_RETRY);
  ask(&r, &three, 4, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 17 << 20}); // longer than any message
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
  for (int i = 0; i < 3; i++) c[i] = greeted(&r);
  c[3] = client(&r);
  expect_error(&r, &c[3], 0, ERR_RETRY);
  ck_assert_int_eq(get(&r, &c[3]), GOT_END);
  r.role = ROLE_ADMIN;
  for (int i = 4; i < 8; i++) c[i] = greeted(&r);
  Client more = client(&r);
  expect_error(&r, &more, 0, ERR_RETRY);
  client_free(&more);
  client_free(&c[0]);
  turns(&r, 3);
  c[0] = greeted(&r);
  for (int i = 0; i < 8; i++) client_free(&c[i]);
  rig_stop(&r);
  rig_start(&r, (CtlConfig){.sessions_per_user = 2});
  c[0] = greeted(&r), c[1] = greeted(&r), c[2] = client(&r);
  expect_error(&r, &c[2], 0, ERR_RETRY);
  for (int i = 0; i < 3; i++) client_free(&c[i]);
  rig_stop(&r);
}
END_TEST

// --- time ------------------------------------------------------------------------------------------
static void ends_within(Rig *r, Client *c, uint64_t least, uint64_t most) {
  uint64_t start = loop_now_ms(r->loop), took = 0;
  char byte;
  ssize_t n = -1;
  while (n != 0 && took < most) {
    turns(r, 1);
    n = recv(c->fd, &byte, 1, 0);
    took = loop_now_ms(r->loop) - start;
  }
  ck_assert_int_eq(n, 0);
  ck_assert_uint_ge(took, least);
}

START_TEST(silence_and_half_messages_end) {
  Rig r;
  rig_start(&r, (CtlConfig){.hello_ms = 40, .frame_ms = 80, .idle_ms = 160});
  Client c = client(&r);
  ends_within(&r, &c, 25, 2000); // no hello
  client_free(&c);
  c = greeted(&r);
  put(&r, &c, "\x94\x00", 2);
  ends_within(&r, &c, 60, 2000); // half a message
  client_free(&c);
  c = greeted(&r);
  ends_within(&r, &c, 120, 2000); // nothing at all
  client_free(&c);
  c = greeted(&r);
  ask_send(&r, &c, 2); // who waits for an answer is not idle
  for (int i = 0; i < 200; i++) turns(&r, 1);
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
  ask(r, c, id, METHOD_INFO, NULL);
  expect_done(r, c, id);
  ck_assert(rpc_decode(rpc_method(METHOD_INFO)->result, &c->msg.params, true, &arena, &info, &err));
  arena_free(&arena);
  return info.sessions;
}

START_TEST(who_does_not_read_is_dropped) {
  Rig r;
  rig_start(&r, (CtlConfig){.stall_ms = 50});
  Client c = greeted(&r), other = greeted(&r);
  uint64_t start = loop_now_ms(r.loop);
  uint32_t id = 2;
  ask(&r, &c, 2, METHOD_INSPECT, &(RpcInspectArgs){.cog.id = 8 << 20});
  while (count_sessions(&r, &other, id) > 1 && loop_now_ms(r.loop) - start < 10000) id++;
  ck_assert_uint_eq(count_sessions(&r, &other, id + 1), 1);
  ck_assert_uint_ge(loop_now_ms(r.loop) - start, 40);
  client_free(&c), client_free(&other);
  rig_stop(&r);
}
END_TEST

// --- streams ---------------------------------------------------------------------------------------
static uint64_t count_lines(Rig *r, Client *c, uint64_t *dropped) {
  uint64_t lines = 0;
  while (get(r, c) == GOT_MESSAGE && c->msg.type == RPC_NOTIFY) {
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
  Client c = greeted(&r);
  ask(&r, &c, 2, METHOD_TRACE, &(RpcTraceArgs){.cog.id = 1, .follow = true});
  turns(&r, 5);
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
  Client c = greeted(&r);
  char *text = mem_zalloc(1001);
  memset(text, 'x', 1000);
  ask(&r, &c, 2, METHOD_TRACE, &(RpcTraceArgs){.cog.id = 1, .follow = true});
  turns(&r, 5);
  for (int i = 0; i < LINES; i++) {
    ctl_line(r.held[0], &(RpcTraceLine){.kind = rpc_text("trace"), .text = {text, 1000}});
    if (i % 500 == 0) turns(&r, 3);
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

// --- many ------------------------------------------------------------------------------------------
// Clients that say random things, valid and not, and leave when they like: nothing is left behind.
START_TEST(a_crowd_leaves_nothing_behind) {
  enum { CROWD = 12 };
  Rig r;
  Client c[CROWD];
  uint64_t rng = 99;
  rig_start(&r, (CtlConfig){.calls = 5, .hello_ms = 50});
  for (int i = 0; i < CROWD; i++) c[i] = client(&r);
  for (size_t round = 0; round < test_scale(4000); round++) {
    int i = (int)(test_random(&rng) % CROWD);
    Buf b = {0};
    switch (test_random(&rng) % 8) {
    case 0:
      client_free(&c[i]);
      c[i] = client(&r);
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
          hold(&r, call), host_cancel(&r, call);
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

// --- the socket ------------------------------------------------------------------------------------
static int connect_to(const char *path) {
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  strcpy(sa.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
  return fd;
}

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
  Client c = {.fd = connect_to(path), .reader.limits = FRAME_LIMITS};
  greet(&r, &c);
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

// With every descriptor used up, others are told so and the operator is served.
START_TEST(the_operator_is_answered_without_descriptors) {
  Rig r;
  Err err = ERR_INIT;
  char *dir = scratch_dir(), *path = mem_printf("%s/p.sock", dir);
  rig_start(&r, (CtlConfig){0});
  ck_assert(ctl_listen(r.ctl, path, NULL, &err));
  Client user = {.fd = connect_to(path), .reader.limits = FRAME_LIMITS};
  struct rlimit lim = {64, 64};
  int filler[64], n = 0;
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
  while ((filler[n] = open("/dev/null", O_RDONLY)) >= 0) n++;
  expect_error(&r, &user, 0, ERR_RETRY);
  ck_assert_int_eq(get(&r, &user), GOT_END);
  client_free(&user);
  user = (Client){.fd = connect_to(path), .reader.limits = FRAME_LIMITS}; // takes the one just freed
  r.role = ROLE_ADMIN;
  greet(&r, &user);
  client_free(&user);
  while (n) close(filler[--n]);
  rig_stop(&r);
  mem_free(path);
  scratch_free(dir);
}
END_TEST

START_TEST(stopping_answers_those_who_wait) {
  Rig r;
  rig_start(&r, (CtlConfig){0});
  Client c = greeted(&r);
  ask_send(&r, &c, 2);
  turns(&r, 3);
  ctl_stop(r.ctl);
  expect_error(&r, &c, 2, ERR_RETRY);
  ask(&r, &c, 3, METHOD_PING, NULL);
  expect_error(&r, &c, 3, ERR_RETRY);
  Client late = client(&r);
  expect_error(&r, &late, 0, ERR_RETRY);
  client_free(&c), client_free(&late);
  rig_stop(&r);
}
END_TEST

SUITE_MAIN("daemon/ctl", hello_says_who_both_are, hello_comes_first_and_has_a_common_version,
           nonsense_ends_the_connection, nobody_can_fill_the_log, wrong_requests_are_errors_of_their_own,
           roles_are_enforced, calls_are_answered_by_any_thread_in_any_order,
           an_id_is_used_by_one_open_request, requests_are_cancelled_when_asked_and_when_the_client_leaves,
           an_answer_to_nobody_is_dropped, reading_stops_while_enough_is_unanswered,
           reading_stops_while_answers_are_not_read, what_a_user_holds_is_bounded,
           connections_are_bounded_with_room_for_the_operator, silence_and_half_messages_end,
           who_does_not_read_is_dropped, lines_come_before_the_answer,
           a_slow_reader_loses_lines_and_is_told_how_many, a_crowd_leaves_nothing_behind,
           the_socket_is_private_probed_and_removed, the_operator_is_answered_without_descriptors,
           stopping_answers_those_who_wait)
