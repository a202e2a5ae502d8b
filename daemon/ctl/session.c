#include "common/base/mem.h"
#include "daemon/ctl/impl.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// --- states ----------------------------------------------------------------------------------------
#define TO(s) (1u << (s))
static const uint8_t MOVES[] = {
    [SESSION_NEW] = TO(SESSION_READY) | TO(SESSION_CLOSING) | TO(SESSION_DEAD),
    [SESSION_READY] = TO(SESSION_CLOSING) | TO(SESSION_DEAD),
    [SESSION_CLOSING] = TO(SESSION_DEAD),
    [SESSION_DEAD] = 0,
};

void session_to(Session *s, SessionState to) {
  assert(MOVES[s->state] & TO(to));
  s->state = to;
}

static bool is_open(const Session *s) { return s->state == SESSION_NEW || s->state == SESSION_READY; }
static size_t unsent(const Session *s) { return s->out.len - s->out_done; }

// Requests wait in the socket while the client has enough unanswered ones or reads too slowly.
static bool is_paused(const Session *s) {
  return s->call_count >= s->ctl->cfg.calls || unsent(s) >= s->ctl->cfg.out_pause;
}

static void settle_account(Session *s) {
  uint64_t now = s->reader.in.len + unsent(s);
  account_set(s->ctl, s->account, s->charged, now);
  s->charged = now;
}

static void settle_watch(Session *s) {
  int in = !is_open(s) ? 0 : is_paused(s) ? LOOP_CLOSED : LOOP_READ;
  loop_watch_for(s->watch, in | (unsent(s) ? LOOP_WRITE : 0));
}

Session *session_find(Ctl *c, uint64_t id) {
  uint64_t *p = wtab_get(&c->by_id, id);
  return p ? (Session *)(uintptr_t)*p : NULL;
}

// --- ending ----------------------------------------------------------------------------------------
void session_close(Session *s) {
  Ctl *c = s->ctl;
  if (s->state == SESSION_DEAD) return;
  session_to(s, SESSION_DEAD);
  loop_unwatch(s->watch);
  s->watch = NULL;
  close(s->fd);
  s->fd = -1;
  while (s->calls) call_orphan(s->calls);
  frame_free(&s->reader);
  buf_free(&s->out);
  s->out_done = 0;
  settle_account(s);
  s->account->sessions--;
  account_put(c, s->account);
  wtab_del(&c->by_id, s->id, NULL);
  c->session_count--;
  *s->at = s->next;
  if (s->next) s->next->at = s->at;
  s->next = c->dead;
  c->dead = s;
  loop_timer_set(c->reap, 0);
}

void session_reap(Ctl *c) {
  while (c->dead) {
    Session *s = c->dead;
    c->dead = s->next;
    mem_free(s);
  }
}

static void drop(Session *s, LogLevel level, const char *why) {
  if (s->state == SESSION_DEAD) return;
  log_line(&s->ctl->cfg.log, level, "ctl", "session %" PRIu64 " of user %u (process %d) ends: %s", s->id,
           (unsigned)s->caller.uid, (int)s->caller.pid, why);
  session_close(s);
}

void session_fail(Session *s, const Err *err) {
  if (!is_open(s)) return;
  ctl_warn(s->ctl, "session %" PRIu64 " of user %u (process %d) is refused: %s", s->id,
           (unsigned)s->caller.uid, (int)s->caller.pid, err->msg);
  rpc_put_error(&s->out, 0, err);
  session_to(s, SESSION_CLOSING);
  while (s->calls) {
    call_orphan(s->calls);
    s->call_count--;
  }
  session_output(s);
}

// --- writing ---------------------------------------------------------------------------------------
static bool write_some(Session *s) {
  while (unsent(s)) {
    ssize_t n = send(s->fd, s->out.data + s->out_done, unsent(s), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    s->out_done += (size_t)n;
    s->wrote_ms = loop_now_ms(s->ctl->loop);
  }
  return true;
}

// Gives memory back once all is written, and moves what is left when most of it is.
static void trim(Session *s) {
  if (unsent(s) == 0) {
    if (s->out.cap > 64 << 10) buf_free(&s->out);
    buf_clear(&s->out);
    s->out_done = 0;
  } else if (s->out_done > s->out.len / 2) {
    memmove(s->out.data, s->out.data + s->out_done, unsent(s));
    s->out.len -= s->out_done;
    s->out_done = 0;
  }
}

static void pump(Session *s);

void session_output(Session *s) {
  if (s->state == SESSION_DEAD) return;
  if (unsent(s) && s->out_done == 0) s->wrote_ms = loop_now_ms(s->ctl->loop);
  if (!write_some(s)) return drop(s, LOG_DEBUG, "its client has left");
  trim(s);
  settle_account(s);
  if (s->state == SESSION_CLOSING && !unsent(s)) return session_close(s);
  settle_watch(s);
  pump(s);
}

// --- reading ---------------------------------------------------------------------------------------
// Dispatches the frames that are there. Never nested: what dispatching writes may end a pause, and
// the loop here goes on then.
static void pump(Session *s) {
  if (s->pumping) return;
  s->pumping = true;
  while (is_open(s) && !is_paused(s)) {
    uint8_t *frame;
    size_t len;
    Err err = ERR_INIT;
    FrameState f = frame_next(&s->reader, &frame, &len, &err);
    if (f == FRAME_BAD) session_fail(s, &err);
    if (f != FRAME_READY) break;
    settle_account(s);
    s->active_ms = loop_now_ms(s->ctl->loop);
    s->frame_ms = s->active_ms;
    dispatch(s, frame, len);
  }
  s->pumping = false;
  if (s->state == SESSION_DEAD) return;
  settle_account(s);
  settle_watch(s);
}

// What arrived is charged before it is looked at; the buffer's room for it is bounded by what arrived.
static bool receive(Session *s, size_t *taken) {
  size_t room;
  uint8_t *to = frame_room(&s->reader, &room);
  ssize_t n = recv(s->fd, to, room, MSG_DONTWAIT);
  if (n < 0 && errno == EINTR) return true;
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (n <= 0) {
    drop(s, LOG_DEBUG, "its client has left");
    return false;
  }
  Err err = ERR_INIT;
  if (!account_room(s->ctl, s->account, (uint64_t)n, &err)) {
    session_fail(s, &err);
    return false;
  }
  if (!frame_is_partial(&s->reader)) s->frame_ms = loop_now_ms(s->ctl->loop);
  frame_received(&s->reader, (size_t)n);
  *taken += (size_t)n;
  settle_account(s);
  pump(s);
  return is_open(s) && (size_t)n == room;
}

static void on_ready(void *ctx, int ready) {
  Session *s = ctx;
  if (ready & LOOP_CLOSED) return drop(s, LOG_DEBUG, "its client has left");
  if (ready & LOOP_WRITE) session_output(s);
  if (!(ready & LOOP_READ)) return;
  for (size_t taken = 0; taken < CTL_READ_TURN && is_open(s) && !is_paused(s);)
    if (!receive(s, &taken)) break;
}

// --- time ------------------------------------------------------------------------------------------
static const char *expired(Session *s, uint64_t now) {
  const CtlConfig *cfg = &s->ctl->cfg;
  if (unsent(s) && now - s->wrote_ms >= cfg->stall_ms) return "its client does not read";
  if (s->state == SESSION_NEW && now - s->opened_ms >= cfg->hello_ms) return "no hello came";
  if (is_paused(s)) s->frame_ms = now; // the rest of a message waits for us, not for the client
  if (frame_is_partial(&s->reader) && now - s->frame_ms >= cfg->frame_ms)
    return "half a message came and no more";
  bool quiet = !s->calls && !unsent(s) && s->state == SESSION_READY;
  return quiet && now - s->active_ms >= cfg->idle_ms ? "idle" : NULL;
}

void session_sweep(Session *s, uint64_t now) {
  const char *why = expired(s, now);
  if (why) drop(s, LOG_INFO, why);
}

// --- beginning -------------------------------------------------------------------------------------
void session_start(Ctl *c, int fd, const CtlCaller *caller, Account *account) {
  Session *s = mem_zalloc(sizeof *s);
  s->ctl = c;
  s->id = ++c->last_session;
  s->fd = fd;
  s->caller = *caller;
  s->account = account;
  s->account->sessions++;
  s->reader.limits = FRAME_LIMITS;
  s->opened_ms = s->frame_ms = s->wrote_ms = s->active_ms = loop_now_ms(c->loop);
  s->watch = loop_watch(c->loop, fd, LOOP_READ, on_ready, s);
  s->next = c->sessions;
  s->at = &c->sessions;
  if (s->next) s->next->at = &s->next;
  c->sessions = s;
  c->session_count++;
  wtab_put(&c->by_id, s->id, (uint64_t)(uintptr_t)s);
  log_line(&c->cfg.log, LOG_DEBUG, "ctl", "session %" PRIu64 " of user %u (process %d) begins", s->id,
           (unsigned)caller->uid, (int)caller->pid);
}
