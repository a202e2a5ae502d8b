#include "common/base/mem.h"
#include "daemon/ctl/impl.h"
#include <inttypes.h>

static void answer_error(Session *s, uint32_t id, const Err *err) {
  rpc_put_error(&s->out, id, err);
  session_output(s);
}

// --- hello -----------------------------------------------------------------------------------------
static void welcome(Session *s, uint32_t id) {
  const CtlConfig *cfg = &s->ctl->cfg;
  RpcHello hello = {
      .protocol = RPC_PROTOCOL,
      .server = rpc_text(cfg->version),
      .role = rpc_text(rpc_role_name(s->caller.role)),
      .frame_max = FRAME_LIMITS.bytes,
      .items_max = FRAME_LIMITS.items,
      .depth_max = FRAME_LIMITS.depth,
      .calls_max = cfg->calls,
      .idle_ms = cfg->idle_ms,
  };
  rpc_put_result(&s->out, id, METHOD_HELLO, &hello);
  session_to(s, SESSION_READY);
  session_output(s);
}

// The client may speak newer versions too; it is told ours, and either speaks it or leaves.
static void greet(Session *s, const RpcMessage *msg) {
  RpcHelloArgs args;
  Arena arena = {0};
  Err err = ERR_INIT;
  // Not strict: a newer client may say more, and is told our version here.
  bool ok = rpc_decode(rpc_method(METHOD_HELLO)->args, &msg->params, false, &arena, &args, &err);
  if (ok && args.protocol < RPC_PROTOCOL)
    ok = err_set(&err, ERR_CONFIG,
                 "this palld (%s) speaks protocol %d and the client only %" PRIu64
                 "; use programs of one release",
                 s->ctl->cfg.version, RPC_PROTOCOL, args.protocol);
  if (ok) {
    log_line(&s->ctl->cfg.log, LOG_DEBUG, "ctl", "session %" PRIu64 " is %.*s", s->id, (int)args.client.n,
             args.client.p ? args.client.p : "");
    welcome(s, msg->id);
  } else {
    rpc_put_error(&s->out, msg->id, &err);
    session_to(s, SESSION_CLOSING);
    session_output(s);
  }
  arena_free(&arena);
}

// --- requests --------------------------------------------------------------------------------------
static bool id_is_open(const Session *s, uint32_t id) {
  for (const CtlCall *c = s->calls; c; c = c->next)
    if (c->id == id) return true;
  return false;
}

static bool allowed(const Session *s, const RpcMessage *msg, RpcMethod *method, Err *err) {
  if (!rpc_method_find(msg->method, method)) {
    bool clean = rpc_utf8_ok(msg->method.p, msg->method.n) && msg->method.n <= RPC_NAME_MAX;
    return err_set(err, ERR_USAGE,
                   "there is no method '%.*s'; this palld is version %s and its client may be newer",
                   clean ? (int)msg->method.n : 1, clean ? msg->method.p : "?", s->ctl->cfg.version);
  }
  const RpcMethodInfo *m = rpc_method(*method);
  if (*method == METHOD_HELLO) return err_set(err, ERR_USAGE, "hello was said already on this connection");
  if (s->caller.role >= m->role) return true;
  return err_set(err, ERR_DENIED, "%s is for the role %s, and yours is %s; ask an administrator", m->name,
                 rpc_role_name(m->role), rpc_role_name(s->caller.role));
}

static void request(Session *s, RpcMessage *msg, uint8_t *frame, size_t len) {
  Err err = ERR_INIT;
  RpcMethod method;
  uint32_t id = msg->id;
  bool ok = allowed(s, msg, &method, &err);
  if (ok && id_is_open(s, id))
    ok = err_set(&err, ERR_USAGE, "request id %u is that of an unanswered request", id);
  if (!ok) {
    rpc_message_free(msg);
    mem_free(frame);
    answer_error(s, id, &err);
    return;
  }
  CtlCall *call = call_new(s, msg, method, frame, len);
  if (!rpc_decode(rpc_method(method)->args, &call->msg.params, true, &call->arena, &call->args, &err))
    ctl_fail(call, &err);
  else
    call_run(call);
}

static void cancel(Session *s, const RpcMessage *msg) {
  RpcNote note;
  RpcCancel args;
  Arena arena = {0};
  if (rpc_note_find(msg->method, &note) && note == NOTE_CANCEL &&
      rpc_decode(rpc_note(note)->args, &msg->params, false, &arena, &args, NULL))
    for (CtlCall *c = s->calls; c; c = c->next)
      if (c->id == args.request) {
        call_cancel(c);
        break;
      }
  arena_free(&arena);
}

void dispatch(Session *s, uint8_t *frame, size_t len) {
  RpcMessage msg;
  Err err = ERR_INIT;
  bool ok = rpc_parse(&msg, frame, len, &err);
  RpcMethod method;
  if (ok && msg.type == RPC_REQUEST && msg.id == 0)
    ok = err_set(&err, ERR_DATA, "request ids begin at 1");
  else if (ok && msg.type == RPC_RESPONSE)
    ok = err_set(&err, ERR_DATA, "a client sends requests and notifications, not responses");
  else if (ok && s->state == SESSION_NEW &&
           (msg.type != RPC_REQUEST || !rpc_method_find(msg.method, &method) || method != METHOD_HELLO))
    ok = err_set(&err, ERR_USAGE, "the first request on a connection must be hello");
  if (!ok) session_fail(s, &err);
  if (ok && s->state == SESSION_READY && msg.type == RPC_REQUEST) return request(s, &msg, frame, len);
  if (ok && s->state == SESSION_NEW)
    greet(s, &msg);
  else if (ok && s->state == SESSION_READY)
    cancel(s, &msg);
  rpc_message_free(&msg);
  mem_free(frame);
}
