#include "tests/daemon/ctl_rig.h"
#include "common/base/mem.h"
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// --- the host --------------------------------------------------------------------------------------
void rig_hold(Rig *r, CtlCall *call) {
  ck_assert_uint_lt(r->held_count, HELD_MAX);
  r->held[r->held_count++] = call;
}

static void host_send(void *ctx, CtlCall *call, const RpcSendArgs *a) {
  ck_assert_uint_eq(a->wait_ms, RPC_SEND_WAIT_MS);
  rig_hold(ctx, call);
}
static void host_spawn(void *ctx, CtlCall *call, const RpcSpawnArgs *a) { rig_hold(ctx, call); }
static void host_trace(void *ctx, CtlCall *call, const RpcTraceArgs *a) { rig_hold(ctx, call); }
static void host_stop(void *ctx, CtlCall *call, const RpcCogArgs *a) { ctl_done(call, NULL); }

static void host_inspect(void *ctx, CtlCall *call, const RpcInspectArgs *a) {
  size_t n = a->cog.id; // the id says how much is wanted
  RpcInspect got = {.cog = {.id = n, .state = rpc_text("spinning")}, .value = {mem_zalloc(n + 1), n}};
  ctl_done(call, &got);
  mem_free((void *)got.value.p);
}

void rig_cancel(Rig *r, CtlCall *call) {
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

static void cancel_one(void *ctx, CtlCall *call) { rig_cancel(ctx, call); }

static RpcRole role_of(void *ctx, uid_t uid, gid_t gid) { return ((Rig *)ctx)->role; }

void rig_start(Rig *r, CtlConfig cfg) {
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
                  .cancel = cancel_one};
  ctl_set_host(r->ctl, &host);
}

void rig_turn(Rig *r, int n) {
  while (n--) loop_turn(r->loop, 2);
}

void rig_stop(Rig *r) {
  ctl_stop(r->ctl);
  for (int i = 0; i < 1000 && !ctl_is_quiet(r->ctl); i++) loop_turn(r->loop, 2);
  ctl_free(r->ctl);
  loop_free(r->loop);
}

// --- the client ------------------------------------------------------------------------------------
Client client_connect(const char *path) {
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  strcpy(sa.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
  return (Client){.fd = fd, .reader.limits = FRAME_LIMITS};
}

static int pair_up(Rig *r) {
  int fds[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  Err err = ERR_INIT;
  ctl_adopt(r->ctl, fds[1], &err); // a refusal is on the socket
  return fds[0];
}

Client client_new(Rig *r) { return (Client){.fd = pair_up(r), .reader.limits = FRAME_LIMITS}; }

void client_free(Client *c) {
  rpc_message_free(&c->msg);
  mem_free(c->frame);
  frame_free(&c->reader);
  if (c->fd >= 0) close(c->fd);
  *c = (Client){.fd = -1};
}

bool client_put(Rig *r, Client *c, const void *data, size_t n) {
  const char *p = data;
  for (int idle = 0; n && idle < 20;) {
    ssize_t k = send(c->fd, p, n, MSG_NOSIGNAL);
    if (k > 0)
      p += k, n -= (size_t)k, idle = 0;
    else if (errno != EAGAIN)
      return false;
    else
      idle++, rig_turn(r, 1);
  }
  return n == 0;
}

bool client_ask(Rig *r, Client *c, uint32_t id, RpcMethod m, const void *args) {
  static const RpcNothing none = {0};
  Buf b = {0};
  rpc_put_request(&b, id, m, args ? args : &none);
  bool ok = client_put(r, c, b.data, b.len);
  buf_free(&b);
  return ok;
}

Got client_get(Rig *r, Client *c) {
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
      idle++, rig_turn(r, 1);
  }
  return GOT_NOTHING;
}

void expect_done(Rig *r, Client *c, uint32_t id) {
  ck_assert_int_eq(client_get(r, c), GOT_MESSAGE);
  Err err = ERR_INIT;
  if (c->msg.failed) rpc_response_error(&c->msg, &err);
  ck_assert_msg(!c->msg.failed, "%s", err.msg);
  ck_assert_int_eq(c->msg.type, RPC_RESPONSE);
  ck_assert_uint_eq(c->msg.id, id);
}

void expect_error(Rig *r, Client *c, uint32_t id, ErrCode code) {
  ck_assert_int_eq(client_get(r, c), GOT_MESSAGE);
  Err err = ERR_INIT;
  ck_assert(c->msg.failed);
  ck_assert_uint_eq(c->msg.id, id);
  rpc_response_error(&c->msg, &err);
  ck_assert_msg(err.code == code, "%s: %s", err_code_name(err.code), err.msg);
}

void client_greet(Rig *r, Client *c) {
  RpcHelloArgs h = {.protocol = RPC_PROTOCOL, .client = rpc_text("test")};
  ck_assert(client_ask(r, c, 1, METHOD_HELLO, &h));
  expect_done(r, c, 1);
}

Client client_greeted(Rig *r) {
  Client c = client_new(r);
  client_greet(r, &c);
  return c;
}

RpcSendArgs a_send(void) {
  return (RpcSendArgs){.cog.id = 1, .value = {(const uint8_t *)"v", 1}, .wait_ms = RPC_SEND_WAIT_MS};
}

bool client_send(Rig *r, Client *c, uint32_t id) {
  RpcSendArgs a = a_send();
  return client_ask(r, c, id, METHOD_SEND, &a);
}
