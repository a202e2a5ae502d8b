#include "proto/pall.h"
#include "common/base/mem.h"
#include "proto/rpc.h"
#include "proto/socket.h"
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define ANSWER_MS 30000
#define CONNECTION_ID 0 // responses of this id are about the connection itself

struct Pall {
  int fd;
  uint32_t last_id;
  FrameReader reader;
  Buf out;
  RpcHello hello;
  Arena hello_arena; // what `hello` points into
  uint8_t *hello_frame;
  Arena arena; // what the latest result points into
  uint8_t *frame;
  RpcMessage msg;
  bool broken;
  Err why;
};

static void drop_message(Pall *p) {
  rpc_message_free(&p->msg);
  mem_free(p->frame);
  p->frame = NULL;
}

void pall_close(Pall *p) {
  if (!p) return;
  drop_message(p);
  frame_free(&p->reader);
  buf_free(&p->out);
  arena_free(&p->arena);
  arena_free(&p->hello_arena);
  mem_free(p->hello_frame);
  if (p->fd >= 0) close(p->fd);
  mem_free(p);
}

// Remembers why the connection is of no use any more.
static bool broke(Pall *p, const Err *why, Err *err) {
  p->broken = true;
  p->why = *why;
  if (err) *err = *why;
  return false;
}

static bool usable(const Pall *p, Err *err) {
  if (!p->broken) return true;
  return err_set(err, ERR_UNAVAILABLE, "this connection to palld is closed since: %s", p->why.msg);
}

// --- messages --------------------------------------------------------------------------------------
// The next message from the server, into p->msg.
static bool receive(Pall *p, uint64_t deadline, Err *err) {
  Err why = ERR_INIT;
  size_t len;
  drop_message(p);
  for (;;) {
    FrameState s = frame_next(&p->reader, &p->frame, &len, &why);
    if (s == FRAME_BAD) return err_wrap(&why, "palld's answer is unreadable"), broke(p, &why, err);
    if (s == FRAME_READY) break;
    size_t room;
    uint8_t *to = frame_room(&p->reader, &room);
    ssize_t n = socket_read(p->fd, to, room, deadline, &why);
    if (n < 0) return broke(p, &why, err);
    frame_received(&p->reader, (size_t)n);
  }
  if (!rpc_parse(&p->msg, p->frame, len, &why)) return broke(p, &why, err);
  return true;
}

// Reads until the answer to `id`; notifications of its stream go to `line`. Answers and lines that
// belong to earlier requests, which their callers gave up, are skipped.
typedef struct Wait {
  uint32_t id;
  PallLine *line;
  void *ctx;
  int step_ms; // allowed between messages; negative: `deadline` holds
  uint64_t deadline;
  bool ended; // the answer came, rather than `line` asking for the end
} Wait;

static bool hand_line(Pall *p, Wait *w, bool *go_on, Err *err) {
  RpcTraceLine t;
  RpcNote note;
  *go_on = true;
  if (!w->line || !rpc_note_find(p->msg.method, &note) || note != NOTE_TRACE) return true;
  arena_free(&p->arena);
  Err why = ERR_INIT;
  if (!rpc_decode(rpc_note(note)->args, &p->msg.params, false, &p->arena, &t, &why))
    return broke(p, &why, err);
  if (t.stream == w->id) *go_on = w->line(w->ctx, &t);
  return true;
}

static bool await(Pall *p, Wait *w, Err *err) {
  bool go_on = true;
  while (go_on) {
    if (!receive(p, w->step_ms >= 0 ? socket_deadline(w->step_ms) : w->deadline, err)) return false;
    if (p->msg.type == RPC_NOTIFY) {
      if (!hand_line(p, w, &go_on, err)) return false;
      continue;
    }
    Err why = ERR_INIT;
    if (p->msg.type == RPC_RESPONSE && p->msg.id == CONNECTION_ID && p->msg.failed)
      return rpc_response_error(&p->msg, &why), broke(p, &why, err);
    if (p->msg.type != RPC_RESPONSE || p->msg.id > w->id)
      return err_set(&why, ERR_DATA, "palld sent an answer to a question that was not asked"),
             broke(p, &why, err);
    w->ended = p->msg.id == w->id;
    if (w->ended) return true;
  }
  return true;
}

static bool take_result(Pall *p, RpcMethod method, void *result, Err *err) {
  if (p->msg.failed) return rpc_response_error(&p->msg, err), false;
  arena_free(&p->arena);
  const RpcSchema *s = rpc_method(method)->result;
  RpcNothing nothing;
  void *into = result ? result : &nothing;
  if (!result && s->count)
    return err_set(err, ERR_INTERNAL, "the result of %s has nowhere to go", rpc_method(method)->name);
  Err why = ERR_INIT;
  if (rpc_decode(s, &p->msg.params, false, &p->arena, into, &why)) return true;
  err_wrap(&why, "palld's answer to %s is unreadable", rpc_method(method)->name);
  why.code = ERR_DATA;
  return broke(p, &why, err);
}

// --- calls -----------------------------------------------------------------------------------------
static bool put(Pall *p, uint64_t deadline, Err *err) {
  Err why = ERR_INIT;
  if (p->hello.frame_max && p->out.len > p->hello.frame_max)
    return err_set(err, ERR_LIMIT, "the message is %zu bytes, and this palld accepts %llu", p->out.len,
                   (unsigned long long)p->hello.frame_max);
  if (socket_write(p->fd, p->out.data, p->out.len, deadline, &why)) return true;
  // A server that refuses closes after saying why, and what it said is still there to be read.
  return why.code == ERR_UNAVAILABLE || broke(p, &why, err);
}

static bool ask(Pall *p, RpcMethod method, const void *args, uint64_t deadline, Err *err) {
  static const RpcNothing none = {0};
  if (!usable(p, err)) return false;
  if (p->last_id == UINT32_MAX)
    return err_set(err, ERR_LIMIT, "this connection has used all its request ids");
  buf_clear(&p->out);
  rpc_put_request(&p->out, ++p->last_id, method, args ? args : &none);
  return put(p, deadline, err);
}

static int default_timeout(RpcMethod method, const void *args) {
  if (method != METHOD_SEND && method != METHOD_PROF) return ANSWER_MS;
  uint64_t wait =
      method == METHOD_SEND ? ((const RpcSendArgs *)args)->wait_ms : ((const RpcProfArgs *)args)->ms;
  return (int)(wait < RPC_WAIT_MAX_MS ? wait : RPC_WAIT_MAX_MS) + ANSWER_MS;
}

bool pall_call(Pall *p, RpcMethod method, const void *args, void *result, int timeout_ms, Err *err) {
  if (timeout_ms < 0) timeout_ms = default_timeout(method, args);
  Wait w = {.step_ms = -1, .deadline = socket_deadline(timeout_ms)};
  if (!ask(p, method, args, w.deadline, err)) return false;
  w.id = p->last_id;
  return await(p, &w, err) && take_result(p, method, result, err);
}

static bool cancel(Pall *p, uint32_t id, Err *err) {
  RpcCancel c = {.request = id};
  buf_clear(&p->out);
  rpc_put_note(&p->out, NOTE_CANCEL, &c);
  return put(p, socket_deadline(ANSWER_MS), err);
}

bool pall_stream(Pall *p, RpcMethod method, const void *args, PallLine *line, void *ctx, int timeout_ms,
                 void *result, bool *ended, Err *err) {
  Wait w = {.line = line, .ctx = ctx, .step_ms = timeout_ms, .deadline = SOCKET_FOREVER};
  *ended = false;
  if (!ask(p, method, args, socket_deadline(ANSWER_MS), err)) return false;
  w.id = p->last_id;
  if (!await(p, &w, err)) return false;
  *ended = w.ended;
  return w.ended ? take_result(p, method, result, err) : cancel(p, w.id, err);
}

// --- opening ---------------------------------------------------------------------------------------
static bool greet(Pall *p, const char *client, int timeout_ms, Err *err) {
  RpcHelloArgs args = {.protocol = RPC_PROTOCOL, .client = rpc_text(client)};
  RpcHello hello;
  if (!pall_call(p, METHOD_HELLO, &args, &hello, timeout_ms, err)) return false;
  if (hello.protocol != RPC_PROTOCOL)
    return err_set(err, ERR_CONFIG,
                   "palld %.*s speaks protocol %llu and this program %d; use programs of one release",
                   (int)hello.server.n, hello.server.p, (unsigned long long)hello.protocol, RPC_PROTOCOL);
  p->hello = hello;
  p->hello_frame = p->frame;
  p->hello_arena = p->arena;
  p->frame = NULL;
  p->arena = (Arena){0};
  return true;
}

Pall *pall_from_fd(int fd, const char *client, int timeout_ms, Err *err) {
  Pall *p = mem_zalloc(sizeof *p);
  p->fd = fd;
  p->reader.limits = FRAME_LIMITS;
  if (socket_nonblocking(fd, err) && greet(p, client, timeout_ms, err)) return p;
  pall_close(p);
  return NULL;
}

Pall *pall_connect(const char *path, const char *client, int timeout_ms, Err *err) {
  uint64_t deadline = socket_deadline(timeout_ms);
  int fd = socket_connect(path, deadline, err);
  if (fd < 0) return NULL;
  Pall *p = pall_from_fd(fd, client, timeout_ms, err);
  if (!p) err_at(err, "%s", path);
  return p;
}

const RpcHello *pall_server(const Pall *p) { return &p->hello; }

bool pall_is_broken(const Pall *p) { return p->broken; }

void pall_new_id(RpcId *id) {
  size_t got = 0;
  while (got < sizeof id->bytes) {
    ssize_t n = getrandom(id->bytes + got, sizeof id->bytes - got, 0);
    if (n > 0) got += (size_t)n;
  }
}
