#include "common/base/mem.h"
#include "daemon/ctl/impl.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_TURN 16

// --- accounts --------------------------------------------------------------------------------------
Account *account_get(Ctl *c, uid_t uid) {
  uint64_t *p = wtab_get(&c->accounts, uid);
  Account *a = p ? (Account *)(uintptr_t)*p : mem_zalloc(sizeof *a);
  if (!p) wtab_put(&c->accounts, uid, (uint64_t)(uintptr_t)a);
  a->uid = uid;
  a->refs++;
  return a;
}

void account_put(Ctl *c, Account *a) {
  if (--a->refs) return;
  assert(a->bytes == 0 && a->sessions == 0);
  wtab_del(&c->accounts, a->uid, NULL);
  mem_free(a);
}

bool account_room(const Ctl *c, const Account *a, uint64_t more, Err *err) {
  if (a->bytes + more > c->cfg.bytes_per_user)
    return err_set(err, ERR_RETRY,
                   "requests and answers under way for user %u would be more than %" PRIu64
                   " MiB; wait for some to end and try again",
                   (unsigned)a->uid, c->cfg.bytes_per_user >> 20);
  if (c->bytes + more > c->cfg.bytes)
    return err_set(err, ERR_RETRY,
                   "requests and answers under way would be more than %" PRIu64 " MiB; try again in a moment",
                   c->cfg.bytes >> 20);
  return true;
}

void account_set(Ctl *c, Account *a, uint64_t from, uint64_t to) {
  assert(a->bytes >= from && c->bytes >= from);
  a->bytes = a->bytes - from + to;
  c->bytes = c->bytes - from + to;
}

// --- warnings --------------------------------------------------------------------------------------
void ctl_warn(Ctl *c, const char *fmt, ...) {
  uint64_t now = loop_now_ms(c->loop);
  if (now - c->warned_ms >= 1000) {
    if (c->unsaid)
      log_line(&c->cfg.log, LOG_WARN, "ctl", "%u more connections were refused meanwhile", c->unsaid);
    c->warned_ms = now, c->warned = c->unsaid = 0;
  }
  if (c->warned == CTL_WARNINGS) {
    c->unsaid++;
    return;
  }
  c->warned++;
  char line[sizeof((Err *)0)->msg];
  va_list args;
  va_start(args, fmt);
  vsnprintf(line, sizeof line, fmt, args);
  va_end(args);
  log_line(&c->cfg.log, LOG_WARN, "ctl", "%s", line);
}

// --- descriptors kept back -------------------------------------------------------------------------
static void reserve_fill(Ctl *c) {
  for (int i = 0; i < CTL_RESERVED; i++)
    if (c->reserve[i] < 0) c->reserve[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool reserve_spend(Ctl *c) {
  for (int i = 0; i < CTL_RESERVED; i++) {
    if (c->reserve[i] < 0) continue;
    close(c->reserve[i]);
    c->reserve[i] = -1;
    return true;
  }
  return false;
}

// --- accepting -------------------------------------------------------------------------------------
static RpcRole role_of(const Ctl *c, uid_t uid, gid_t gid) {
  if (c->cfg.role) return c->cfg.role(c->cfg.role_ctx, uid, gid);
  return uid == 0 || uid == geteuid() ? ROLE_ADMIN : ROLE_USER;
}

static bool identify(const Ctl *c, int fd, CtlCaller *who, Err *err) {
  struct ucred cred;
  socklen_t len = sizeof cred;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
    return err_sys(err, ERR_DENIED, errno, "palld cannot tell who is calling");
  *who = (CtlCaller){cred.uid, cred.gid, cred.pid, role_of(c, cred.uid, cred.gid)};
  return true;
}

static bool admit(const Ctl *c, const CtlCaller *who, const Account *a, bool scarce, Err *err) {
  bool admin = who->role == ROLE_ADMIN;
  if (c->stopping) return err_set(err, ERR_RETRY, "palld is stopping; try again when it has started");
  if (scarce && !admin)
    return err_set(err, ERR_RETRY, "palld has no file descriptor left; try again in a moment");
  if (c->session_count >= c->cfg.sessions + (admin ? CTL_RESERVED : 0))
    return err_set(err, ERR_RETRY, "palld has %u connections, its limit; try again in a moment",
                   c->session_count);
  if (a->sessions >= c->cfg.sessions_per_user + (admin ? CTL_RESERVED : 0))
    return err_set(err, ERR_RETRY, "user %u has %u connections to palld, the limit of one user; close some",
                   (unsigned)who->uid, a->sessions);
  return true;
}

// A refused caller is told why: its socket is fresh, so this fits and cannot block.
static void refuse(int fd, const Err *err) {
  Buf out = {0};
  rpc_put_error(&out, 0, err);
  ssize_t n = send(fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)n; // it may have left
  buf_free(&out);
}

static bool serve(Ctl *c, int fd, bool scarce, Err *err) {
  CtlCaller who = {0};
  if (!identify(c, fd, &who, err)) return false;
  Account *a = account_get(c, who.uid);
  if (!admit(c, &who, a, scarce, err)) {
    account_put(c, a);
    return false;
  }
  if (c->session_count == 0) loop_timer_set(c->sweep, 0);
  session_start(c, fd, &who, a);
  return true;
}

bool ctl_adopt(Ctl *c, int fd, Err *err) {
  Err why = ERR_INIT;
  if (serve(c, fd, false, &why)) return true;
  refuse(fd, &why);
  close(fd);
  if (err) *err = why;
  return false;
}

// Out of descriptors: one of those kept back lets us see who it is, and answer.
static int accept_one(Ctl *c, bool *scarce) {
  *scarce = false;
  int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0 || (errno != EMFILE && errno != ENFILE)) return fd;
  *scarce = true;
  return reserve_spend(c) ? accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
}

static void on_listen(void *ctx, int ready) {
  Ctl *c = ctx;
  for (int i = 0; i < ACCEPT_TURN; i++) {
    bool scarce;
    int fd = accept_one(c, &scarce);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        loop_watch_for(c->listen_watch, 0), loop_timer_set(c->listen_again, 500);
      break;
    }
    Err err = ERR_INIT;
    if (!serve(c, fd, scarce, &err)) {
      ctl_warn(c, "a connection is refused: %s", err.msg);
      refuse(fd, &err);
      close(fd);
    }
    reserve_fill(c);
  }
}

static void on_listen_again(void *ctx) {
  Ctl *c = ctx;
  reserve_fill(c);
  if (c->listen_watch) loop_watch_for(c->listen_watch, LOOP_READ);
}

bool ctl_listen(Ctl *c, const char *path, const char *group, Err *err) {
  assert(c->listen_fd < 0);
  c->listen_fd = listen_open(c, path, group, err);
  if (c->listen_fd < 0) return false;
  c->listen_watch = loop_watch(c->loop, c->listen_fd, LOOP_READ, on_listen, c);
  return true;
}

// --- time ------------------------------------------------------------------------------------------
static uint64_t sweep_ms(const CtlConfig *cfg) {
  uint32_t least = cfg->hello_ms;
  if (cfg->frame_ms < least) least = cfg->frame_ms;
  if (cfg->stall_ms < least) least = cfg->stall_ms;
  if (cfg->idle_ms < least) least = cfg->idle_ms;
  return least >= 4000 ? 1000 : least / 4 + 1;
}

static void on_sweep(void *ctx) {
  Ctl *c = ctx;
  uint64_t now = loop_now_ms(c->loop);
  for (Session *s = c->sessions, *next; s; s = next) {
    next = s->next;
    session_sweep(s, now);
  }
  if (c->sessions) loop_timer_set(c->sweep, sweep_ms(&c->cfg));
}

static void on_reap(void *ctx) { session_reap(ctx); }

// --- life ------------------------------------------------------------------------------------------
#define DEFAULT(field, value)                                                                                \
  if (!c->cfg.field) c->cfg.field = value

static void set_defaults(Ctl *c) {
  DEFAULT(version, "unknown");
  DEFAULT(sessions, 256);
  DEFAULT(sessions_per_user, 32);
  DEFAULT(calls, 64);
  DEFAULT(hello_ms, 10000);
  DEFAULT(frame_ms, 60000);
  DEFAULT(stall_ms, 60000);
  DEFAULT(idle_ms, 600000);
  DEFAULT(bytes_per_user, 64u << 20);
  DEFAULT(bytes, 256u << 20);
  DEFAULT(out_pause, 4u << 20);
}

Ctl *ctl_new(Loop *loop, const CtlConfig *config) {
  Ctl *c = mem_zalloc(sizeof *c);
  c->loop = loop;
  c->cfg = *config;
  set_defaults(c);
  c->listen_fd = -1;
  c->started_ms = loop_now_ms(loop);
  for (int i = 0; i < CTL_RESERVED; i++) c->reserve[i] = -1;
  reserve_fill(c);
  c->sweep = loop_timer(loop, on_sweep, c);
  c->reap = loop_timer(loop, on_reap, c);
  c->listen_again = loop_timer(loop, on_listen_again, c);
  return c;
}

void ctl_set_host(Ctl *c, const CtlHost *host) { c->host = *host; }

void ctl_unlisten(Ctl *c) {
  loop_unwatch(c->listen_watch);
  c->listen_watch = NULL;
  if (c->listen_fd >= 0) {
    listen_remove(c);
    close(c->listen_fd);
    c->listen_fd = -1;
  }
}

void ctl_stop(Ctl *c) {
  c->stopping = true;
  ctl_unlisten(c);
  for (Session *s = c->sessions; s; s = s->next)
    for (CtlCall *call = s->calls; call; call = call->next) call_cancel(call);
}

bool ctl_is_quiet(const Ctl *c) {
  if (c->open_calls) return false;
  for (const Session *s = c->sessions; s; s = s->next)
    if (s->out.len > s->out_done) return false;
  return true;
}

void ctl_free(Ctl *c) {
  if (!c) return;
  ctl_stop(c);
  while (c->sessions) session_close(c->sessions);
  session_reap(c);
  assert(c->open_calls == 0);
  loop_timer_free(c->sweep);
  loop_timer_free(c->reap);
  loop_timer_free(c->listen_again);
  for (int i = 0; i < CTL_RESERVED; i++)
    if (c->reserve[i] >= 0) close(c->reserve[i]);
  wtab_free(&c->by_id);
  wtab_free(&c->accounts);
  mem_free(c->path);
  mem_free(c);
}
