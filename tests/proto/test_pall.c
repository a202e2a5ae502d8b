// libpall against a scripted server at the other end of a socket pair.
#include "common/base/mem.h"
#include "proto/pall.h"
#include "proto/rpc.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// --- the server ------------------------------------------------------------------------------------
typedef struct Server {
  int fd;
  FrameReader reader;
  RpcMessage msg;
  uint8_t *frame;
  pthread_t thread;
  void (*script)(struct Server *s);
} Server;

// Waits for the next message; false when the client has closed.
static bool hear(Server *s) {
  size_t len;
  Err err = ERR_INIT;
  rpc_message_free(&s->msg);
  mem_free(s->frame);
  s->frame = NULL;
  while (frame_next(&s->reader, &s->frame, &len, &err) == FRAME_MORE) {
    size_t room;
    uint8_t *to = frame_room(&s->reader, &room);
    ssize_t n = recv(s->fd, to, room, 0);
    if (n <= 0) return false;
    frame_received(&s->reader, (size_t)n);
  }
  return s->frame && rpc_parse(&s->msg, s->frame, len, &err);
}

static void say(Server *s, const void *data, size_t n) {
  ck_assert_int_eq(send(s->fd, data, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void say_buf(Server *s, Buf *b) {
  say(s, b->data, b->len);
  buf_free(b);
}

static void say_error(Server *s, uint32_t id, ErrCode code, const char *msg) {
  Buf b = {0};
  Err err = ERR_INIT;
  err_set(&err, code, "%s", msg);
  rpc_put_error(&b, id, &err);
  say_buf(s, &b);
}

static void say_done(Server *s, uint32_t id, RpcMethod method, const void *result) {
  Buf b = {0};
  rpc_put_result(&b, id, method, result);
  say_buf(s, &b);
}

static void say_hello(Server *s, uint64_t protocol, uint64_t frame_max) {
  ck_assert(hear(s));
  ck_assert(rpc_text_is(s->msg.method, "hello"));
  RpcHello h = {
      .protocol = protocol, .server = rpc_text("9.9"), .role = rpc_text("user"), .frame_max = frame_max};
  say_done(s, s->msg.id, METHOD_HELLO, &h);
}

static void *serve(void *ctx) {
  Server *s = ctx;
  s->script(s);
  rpc_message_free(&s->msg);
  mem_free(s->frame);
  frame_free(&s->reader);
  close(s->fd);
  return NULL;
}

static Pall *start(Server *s, void (*script)(Server *s), Err *err) {
  int fds[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  *s = (Server){.fd = fds[1], .reader = {.limits = FRAME_LIMITS}, .script = script};
  ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
  return pall_from_fd(fds[0], "test", 2000, err);
}

static void finish(Server *s, Pall *p) {
  pall_close(p);
  pthread_join(s->thread, NULL);
}

// --- opening ---------------------------------------------------------------------------------------
static void hello_then_ping(Server *s) {
  say_hello(s, RPC_PROTOCOL, 1 << 20);
  while (hear(s)) say_done(s, s->msg.id, METHOD_PING, &(RpcNothing){0});
}

START_TEST(it_greets_and_calls) {
  Server s;
  Err err = ERR_INIT;
  Pall *p = start(&s, hello_then_ping, &err);
  ck_assert_msg(p != NULL, "%s", err.msg);
  for (int i = 0; i < 100; i++) ck_assert(pall_call(p, METHOD_PING, NULL, NULL, -1, &err));
  ck_assert(rpc_text_is(pall_server(p)->server, "9.9"));
  ck_assert(rpc_text_is(pall_server(p)->role, "user"));
  ck_assert(!pall_is_broken(p));
  finish(&s, p);
}
END_TEST

static void other_version(Server *s) { say_hello(s, RPC_PROTOCOL + 1, 0); }
static void says_no(Server *s) { say_error(s, 0, ERR_RETRY, "too many connections"); }
static void says_nothing(Server *s) { hear(s), hear(s); }
static void hangs_up(Server *s) {}
static void talks_http(Server *s) { say(s, "HTTP/1.1 400\r\n", 14); }
static void says_half(Server *s) { say(s, "\x94\x01\x01\xc0", 4); }
static void answers_another(Server *s) {
  hear(s);
  say_done(s, s->msg.id + 1, METHOD_PING, &(RpcNothing){0});
}

static void opening_fails(void (*script)(Server *), ErrCode code, const char *word) {
  Server s;
  Err err = ERR_INIT;
  Pall *p = start(&s, script, &err);
  ck_assert_ptr_null(p);
  ck_assert_msg(err.code == code, "%s: %s", err_code_name(err.code), err.msg);
  ck_assert_msg(strstr(err.msg, word) != NULL, "%s", err.msg);
  finish(&s, p);
}

START_TEST(it_says_why_it_cannot_open) {
  opening_fails(other_version, ERR_CONFIG, "protocol");
  opening_fails(says_no, ERR_RETRY, "too many");
  opening_fails(hangs_up, ERR_UNAVAILABLE, "closed");
  opening_fails(says_half, ERR_UNAVAILABLE, "closed");
  opening_fails(talks_http, ERR_DATA, "unreadable");
  opening_fails(answers_another, ERR_DATA, "not asked");
}
END_TEST

START_TEST(it_does_not_wait_for_ever) {
  Server s;
  Err err = ERR_INIT;
  int fds[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  s = (Server){.fd = fds[1], .reader = {.limits = FRAME_LIMITS}, .script = says_nothing};
  ck_assert_int_eq(pthread_create(&s.thread, NULL, serve, &s), 0);
  ck_assert_ptr_null(pall_from_fd(fds[0], "test", 50, &err));
  ck_assert_int_eq(err.code, ERR_RETRY);
  pthread_join(s.thread, NULL);
}
END_TEST

static void connect_fails(const char *path, ErrCode code, const char *word) {
  Err err = ERR_INIT;
  ck_assert_ptr_null(pall_connect(path, "test", 100, &err));
  ck_assert_msg(err.code == code, "%s: %s", err_code_name(err.code), err.msg);
  ck_assert_msg(strstr(err.msg, word) != NULL, "%s", err.msg);
}

START_TEST(it_says_what_is_wrong_with_a_socket) {
  char *dir = scratch_dir(), *path = mem_printf("%s/s", dir), *gone = mem_printf("%s/gone/s", dir),
       long_path[200];
  connect_fails(path, ERR_UNAVAILABLE, "no socket");
  connect_fails(gone, ERR_UNAVAILABLE, "no socket");
  memset(long_path, 'x', sizeof long_path), long_path[199] = 0;
  connect_fails(long_path, ERR_USAGE, "1 to 107");
  connect_fails("", ERR_USAGE, "1 to 107");
  FILE *f = fopen(path, "w");
  fclose(f);
  connect_fails(path, ERR_USAGE, "not a socket of palld");
  unlink(path);
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  strcpy(sa.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
  connect_fails(path, ERR_UNAVAILABLE, "nobody listens");
  ck_assert_int_eq(listen(fd, 0), 0);
  connect_fails(path, ERR_RETRY, "time"); // takes the connection and says nothing
  close(fd);
  mem_free(path), mem_free(gone);
  scratch_free(dir);
}
END_TEST

// --- calls -----------------------------------------------------------------------------------------
static void errors_and_results(Server *s) {
  say_hello(s, RPC_PROTOCOL, 1000);
  hear(s);
  say_error(s, s->msg.id, ERR_NOT_FOUND, "no such cog");
  hear(s);
  RpcCogInfo cogs[2] = {{.id = 1, .name = rpc_text("a"), .state = rpc_text("spinning")},
                        {.id = 9, .state = rpc_text("crashed"), .detail = rpc_text("why")}};
  RpcPs ps = {.cogs = {cogs, 2}, .more = true};
  say_done(s, s->msg.id, METHOD_PS, &ps);
  hear(s);
  say_done(s, s->msg.id, METHOD_PING, &(RpcNothing){0}); // not what `ps` should answer
  hear(s);
}

START_TEST(answers_are_errors_or_results) {
  Server s;
  Err err = ERR_INIT;
  RpcPs ps;
  RpcCogArgs a = {.cog.id = 5};
  Pall *p = start(&s, errors_and_results, &err);
  ck_assert(!pall_call(p, METHOD_STOP, &a, NULL, -1, &err));
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  ck_assert(!pall_is_broken(p));
  ck_assert(pall_call(p, METHOD_PS, &(RpcPsArgs){0}, &ps, -1, &err));
  const RpcCogInfo *c = ps.cogs.items;
  ck_assert_uint_eq(ps.cogs.n, 2);
  ck_assert(ps.more && rpc_text_is(c[0].name, "a") && !c[1].name.p && rpc_text_is(c[1].detail, "why"));
  // A message too long for this server is not sent, and the connection is as good as before.
  uint8_t big[2000] = {0};
  RpcSpawn spawned;
  ck_assert(!pall_call(p, METHOD_SPAWN, &(RpcSpawnArgs){.value = {big, sizeof big}}, &spawned, -1, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert(!pall_is_broken(p));
  ck_assert(!pall_call(p, METHOD_PS, &(RpcPsArgs){0}, &ps, -1, &err));
  ck_assert_int_eq(err.code, ERR_DATA);
  ck_assert(pall_is_broken(p));
  ck_assert(!pall_call(p, METHOD_PING, NULL, NULL, -1, &err));
  ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
  finish(&s, p);
}
END_TEST

static void gone_in_mid_call(Server *s) {
  say_hello(s, RPC_PROTOCOL, 0);
  hear(s);
}

START_TEST(a_lost_connection_is_told_from_an_error) {
  Server s;
  Err err = ERR_INIT;
  Pall *p = start(&s, gone_in_mid_call, &err);
  ck_assert(!pall_call(p, METHOD_PING, NULL, NULL, -1, &err));
  ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
  ck_assert(pall_is_broken(p));
  finish(&s, p);
}
END_TEST

static void refused_with_reason(Server *s) {
  say_hello(s, RPC_PROTOCOL, 0);
  hear(s);
  say_error(s, 0, ERR_LIMIT, "too deep");
}

START_TEST(an_error_of_the_connection_is_the_answer) {
  Server s;
  Err err = ERR_INIT;
  Pall *p = start(&s, refused_with_reason, &err);
  ck_assert(!pall_call(p, METHOD_PING, NULL, NULL, -1, &err));
  ck_assert_int_eq(err.code, ERR_LIMIT);
  ck_assert_str_eq(err.msg, "too deep");
  ck_assert(pall_is_broken(p));
  finish(&s, p);
}
END_TEST

static void trickles(Server *s) {
  Buf b = {0};
  say_hello(s, RPC_PROTOCOL, 0);
  hear(s);
  RpcInfo info = {.version = rpc_text("1"), .store = rpc_text("/x"), .cogs = 77};
  rpc_put_result(&b, s->msg.id, METHOD_INFO, &info);
  for (size_t i = 0; i < b.len; i++) say(s, b.data + i, 1);
  buf_free(&b);
  hear(s);
}

START_TEST(answers_may_come_in_pieces) {
  Server s;
  Err err = ERR_INIT;
  RpcInfo info;
  Pall *p = start(&s, trickles, &err);
  ck_assert(pall_call(p, METHOD_INFO, NULL, &info, -1, &err));
  ck_assert_uint_eq(info.cogs, 77);
  finish(&s, p);
}
END_TEST

// --- streams ---------------------------------------------------------------------------------------
static void say_line(Server *s, uint32_t stream, uint64_t event) {
  Buf b = {0};
  RpcTraceLine t = {.stream = stream, .event = event, .kind = rpc_text("trace"), .text = rpc_text("hi")};
  rpc_put_note(&b, NOTE_TRACE, &t);
  say_buf(s, &b);
}

static void streams(Server *s) {
  say_hello(s, RPC_PROTOCOL, 0);
  hear(s);
  uint32_t id = s->msg.id;
  for (uint64_t i = 1; i <= 3; i++) say_line(s, id, i);
  say_line(s, id + 5, 99); // of no stream of ours
  say_done(s, id, METHOD_TRACE, &(RpcTrace){3});
  hear(s);
  id = s->msg.id;
  for (uint64_t i = 1; i <= 3; i++) say_line(s, id, i);
  ck_assert(hear(s)); // the client has had enough after two
  ck_assert(rpc_text_is(s->msg.method, "cancel"));
  say_done(s, id, METHOD_TRACE, &(RpcTrace){3});
  ck_assert(hear(s));
  say_done(s, s->msg.id, METHOD_PING, &(RpcNothing){0});
}

typedef struct Heard {
  uint64_t lines, last, stop_at;
} Heard;

static bool on_line(void *ctx, const RpcTraceLine *t) {
  Heard *h = ctx;
  h->lines++;
  h->last = t->event;
  return h->lines != h->stop_at;
}

START_TEST(streams_end_or_are_ended) {
  Server s;
  Err err = ERR_INIT;
  RpcTrace done;
  bool ended;
  Heard all = {0}, two = {.stop_at = 2};
  RpcTraceArgs a = {.cog.id = 1, .follow = true};
  Pall *p = start(&s, streams, &err);
  ck_assert_msg(pall_stream(p, METHOD_TRACE, &a, on_line, &all, 1000, &done, &ended, &err), "%s", err.msg);
  ck_assert(ended);
  ck_assert_uint_eq(all.lines, 3);
  ck_assert_uint_eq(done.lines, 3);
  ck_assert(pall_stream(p, METHOD_TRACE, &a, on_line, &two, 1000, &done, &ended, &err));
  ck_assert(!ended);
  ck_assert_uint_eq(two.lines, 2);
  // What still comes of the stream does not disturb the next call.
  ck_assert_msg(pall_call(p, METHOD_PING, NULL, NULL, -1, &err), "%s", err.msg);
  finish(&s, p);
}
END_TEST

START_TEST(message_ids_differ) {
  RpcId a, b;
  pall_new_id(&a);
  pall_new_id(&b);
  ck_assert_mem_ne(a.bytes, b.bytes, sizeof a.bytes);
}
END_TEST

START_TEST(the_default_socket_follows_the_environment) {
  Err err = ERR_INIT;
  if (geteuid() == 0) {
    char *path = pall_daemon_socket(&err);
    ck_assert_str_eq(path, PALL_SYSTEM_SOCKET);
    mem_free(path);
    return;
  }
  setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
  char *path = pall_daemon_socket(&err);
  ck_assert_str_eq(path, "/run/user/1/palld.sock");
  mem_free(path);
  unsetenv("XDG_RUNTIME_DIR");
  ck_assert_ptr_null(pall_daemon_socket(&err));
  ck_assert_int_eq(err.code, ERR_CONFIG);
}
END_TEST

SUITE_MAIN("proto/pall", it_greets_and_calls, it_says_why_it_cannot_open, it_does_not_wait_for_ever,
           it_says_what_is_wrong_with_a_socket, answers_are_errors_or_results,
           a_lost_connection_is_told_from_an_error, an_error_of_the_connection_is_the_answer,
           answers_may_come_in_pieces, streams_end_or_are_ended, message_ids_differ,
           the_default_socket_follows_the_environment)
