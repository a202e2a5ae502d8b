#include "common/base/mem.h"
#include "daemon/ctl/impl.h"
#include <assert.h>
#include <string.h>

const CtlCaller *ctl_caller(const CtlCall *call) { return &call->caller; }
void ctl_set_data(CtlCall *call, void *data) { call->data = data; }
void *ctl_data(const CtlCall *call) { return call->data; }

static void unlink_call(CtlCall *call) {
  if (!call->at) return;
  *call->at = call->next;
  if (call->next) call->next->at = call->at;
  call->at = NULL;
}

CtlCall *call_new(Session *s, RpcMessage *msg, RpcMethod method, uint8_t *frame, size_t len) {
  CtlCall *call = mem_zalloc(sizeof *call);
  call->ctl = s->ctl;
  call->session = s->id;
  call->caller = s->caller;
  call->account = account_get(s->ctl, s->caller.uid);
  call->id = msg->id;
  call->method = method;
  call->msg = *msg;
  memset(msg, 0, sizeof *msg);
  call->frame = frame;
  call->charged = len;
  account_set(s->ctl, call->account, 0, len);
  call->next = s->calls;
  call->at = &s->calls;
  if (call->next) call->next->at = &call->next;
  s->calls = call;
  s->call_count++;
  s->ctl->open_calls++;
  return call;
}

static void call_free(CtlCall *call) {
  unlink_call(call);
  account_set(call->ctl, call->account, call->charged, 0);
  account_put(call->ctl, call->account);
  rpc_message_free(&call->msg);
  arena_free(&call->arena);
  buf_free(&call->answer);
  mem_free(call->frame);
  mem_free(call);
}

// --- answering -------------------------------------------------------------------------------------
// Where the answer goes; NULL when the session has left or has given its calls up.
static Session *session_of(const CtlCall *call) {
  return call->at ? session_find(call->ctl, call->session) : NULL;
}

// On the loop's thread. An answer that its user has no room for becomes an error.
static void deliver(LoopTask *task) {
  CtlCall *call = (CtlCall *)((char *)task - offsetof(CtlCall, task));
  Session *s = session_of(call);
  call->ctl->open_calls--;
  account_set(call->ctl, call->account, call->charged, 0);
  call->charged = 0;
  if (s) {
    Err err = ERR_INIT;
    if (!account_room(call->ctl, call->account, call->answer.len, &err)) {
      buf_clear(&call->answer);
      rpc_put_error(&call->answer, call->id, &err);
    }
    buf_put(&s->out, call->answer.data, call->answer.len);
    s->call_count--;
  }
  call_free(call);
  if (s) session_output(s);
}

static void end(CtlCall *call) {
  bool before = atomic_exchange(&call->ended, true);
  assert(!before);
  if (call->answer.len > FRAME_LIMITS.bytes) {
    Err err = ERR_INIT;
    err_set(&err, ERR_LIMIT,
            "the answer has %zu bytes, and a message at most %u; ask for a part of it, with a path, a "
            "depth or a count",
            call->answer.len, FRAME_LIMITS.bytes);
    buf_clear(&call->answer);
    rpc_put_error(&call->answer, call->id, &err);
  }
  call->task.run = deliver;
  loop_post(call->ctl->loop, &call->task);
}

static void complete_info(const CtlCall *call, RpcInfo *info) {
  info->version = rpc_text(call->ctl->cfg.version);
  info->uptime_ms = call->uptime_ms;
  info->sessions = call->sessions;
  info->calls = call->open;
  if (!info->store.p) info->store = rpc_text("");
}

void ctl_done(CtlCall *call, const void *result) {
  static const RpcNothing nothing = {0};
  RpcInfo info;
  if (call->method == METHOD_INFO) {
    info = *(const RpcInfo *)result;
    complete_info(call, &info);
    result = &info;
  }
  rpc_put_result(&call->answer, call->id, call->method, result ? result : &nothing);
  end(call);
}

void ctl_fail(CtlCall *call, const Err *err) {
  rpc_put_error(&call->answer, call->id, err);
  end(call);
}

// --- lines -----------------------------------------------------------------------------------------
typedef struct Line {
  LoopTask task;
  CtlCall *call;
  uint64_t dropped; // lines that this one reports as lost
  Buf text;
} Line;

// Lines are posted before the end of their call, and the loop keeps the order, so the call is there.
static void deliver_line(LoopTask *task) {
  Line *line = (Line *)task;
  CtlCall *call = line->call;
  Session *s = session_of(call);
  atomic_fetch_sub(&call->lines_bytes, line->text.len);
  bool room = s && s->out.len - s->out_done < call->ctl->cfg.out_pause;
  if (room)
    buf_put(&s->out, line->text.data, line->text.len);
  else
    atomic_fetch_add(&call->dropped, line->dropped + 1);
  buf_free(&line->text);
  mem_free(line);
  if (room) session_output(s);
}

void ctl_line(CtlCall *call, const RpcTraceLine *t) {
  assert(!atomic_load(&call->ended));
  Line *line = mem_zalloc(sizeof *line);
  RpcTraceLine out = *t;
  out.stream = call->id;
  out.dropped = line->dropped = atomic_exchange(&call->dropped, 0);
  rpc_put_note(&line->text, NOTE_TRACE, &out);
  uint64_t waiting = atomic_fetch_add(&call->lines_bytes, line->text.len);
  if (waiting + line->text.len > CTL_LINES_MAX) {
    atomic_fetch_sub(&call->lines_bytes, line->text.len);
    atomic_fetch_add(&call->dropped, line->dropped + 1);
    buf_free(&line->text);
    mem_free(line);
    return;
  }
  line->call = call;
  line->task.run = deliver_line;
  loop_post(call->ctl->loop, &line->task);
}

// --- running ---------------------------------------------------------------------------------------
static void not_ready(CtlCall *call) {
  Err err = ERR_INIT;
  err_set(&err, ERR_RETRY, "palld is %s; try again in a moment",
          call->ctl->stopping ? "stopping" : "still reading its log");
  ctl_fail(call, &err);
}

#define HAND(method, arg)                                                                                    \
  do {                                                                                                       \
    if (!h->method) return false;                                                                            \
    h->method(h->ctx, call, &call->args.arg);                                                                \
    return true;                                                                                             \
  } while (0)

static bool hand_over(CtlCall *call) {
  const CtlHost *h = &call->ctl->host;
  switch (call->method) {
  case METHOD_INFO:
    if (!h->info) return false;
    h->info(h->ctx, call);
    return true;
  case METHOD_PS: HAND(ps, ps);
  case METHOD_SPAWN: HAND(spawn, spawn);
  case METHOD_SEND: HAND(send, send);
  case METHOD_INSPECT: HAND(inspect, inspect);
  case METHOD_TRACE: HAND(trace, trace);
  case METHOD_LOG: HAND(log, log);
  case METHOD_STOP: HAND(stop, cog);
  case METHOD_START: HAND(start, cog);
  case METHOD_RM: HAND(rm, cog);
  case METHOD_PROF: HAND(prof, prof);
  case METHOD_HELLO:
  case METHOD_PING:
  case METHOD_COUNT: break;
  }
  return false;
}

void call_run(CtlCall *call) {
  Ctl *c = call->ctl;
  call->uptime_ms = loop_now_ms(c->loop) - c->started_ms;
  call->sessions = c->session_count;
  call->open = c->open_calls;
  call->hosted = true;
  if (c->stopping)
    not_ready(call);
  else if (call->method == METHOD_PING)
    ctl_done(call, NULL);
  else if (call->method == METHOD_INFO && !c->host.info)
    ctl_done(call, &(RpcInfo){0});
  else if (!hand_over(call))
    not_ready(call);
}

void call_cancel(CtlCall *call) {
  if (!call->hosted || call->cancelled || atomic_load(&call->ended)) return;
  call->cancelled = true;
  call->ctl->host.cancel(call->ctl->host.ctx, call);
}

void call_orphan(CtlCall *call) {
  unlink_call(call);
  call->next = NULL;
  call_cancel(call);
}
