#include "tests/client/server.h"
#include "common/base/mem.h"
#include "daemon/ctl/ctl.h"
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is(const RpcCog *c, const char *name) { return rpc_text_is(c->name, name); }

static void fail(CtlCall *call, ErrCode code, const char *why) {
  Err err = ERR_INIT;
  err_set(&err, code, "%s", why);
  ctl_fail(call, &err);
}

static RpcCogInfo cog(uint64_t id) {
  RpcCogInfo c = {
      .id = id, .state = rpc_text("spinning"), .owner = 4294967295u, .events = 10 * id, .requests = 1};
  if (id == 1) c.name = rpc_text("counter");
  if (id == 2) c.state = rpc_text("crashed"), c.detail = rpc_text("not a \"nat\"\x1b[31m");
  return c;
}

static void host_info(void *ctx, CtlCall *call) {
  ctl_done(call, &(RpcInfo){.store = rpc_text("/the/store"), .cogs = SERVER_COGS});
}

static void host_ps(void *ctx, CtlCall *call, const RpcPsArgs *a) {
  RpcCogInfo rows[RPC_PAGE_MAX];
  RpcPs ps = {.cogs.items = rows};
  while (ps.cogs.n < a->count && a->after + ps.cogs.n < SERVER_COGS) {
    rows[ps.cogs.n] = cog(a->after + ps.cogs.n + 1);
    ps.cogs.n++;
  }
  ps.more = a->after + ps.cogs.n < SERVER_COGS;
  ctl_done(call, &ps);
}

static void host_spawn(void *ctx, CtlCall *call, const RpcSpawnArgs *a) {
  if (rpc_text_is(a->name, "taken"))
    fail(call, ERR_EXISTS, "a cog named taken exists; choose another name");
  else if (a->value.n != 4 || memcmp(a->value.p, "FILE", 4) != 0)
    fail(call, ERR_DATA, "not what was encoded");
  else
    ctl_done(call, &(RpcSpawn){.id = 7, .name = a->name});
}

// Remembered beside the socket, so over lives of the server.
static bool first_time(const char *socket) {
  char *mark = mem_printf("%s.died", socket);
  int fd = open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600);
  mem_free(mark);
  return fd >= 0;
}

static void host_send(void *ctx, CtlCall *call, const RpcSendArgs *a) {
  if (is(&a->cog, "dies") || (is(&a->cog, "once") && first_time(ctx))) _exit(0);
  if (is(&a->cog, "slow")) {
    char why[80];
    snprintf(why, sizeof why, "the cog did not ask within %" PRIu64 " ms", a->wait_ms);
    fail(call, ERR_RETRY, why);
  } else if (is(&a->cog, "again")) {
    ctl_done(call, &(RpcSend){.cog = 1, .event = a->id.bytes[15], .again = true});
  } else if (is(&a->cog, "counter") || is(&a->cog, "once") || a->cog.id == 1) {
    bool path = a->path.n == 2 && rpc_text_is(a->path.steps[0].text, "a") && a->path.steps[1].nat == 7;
    ctl_done(call, &(RpcSend){.cog = 1, .event = path ? 13 : 12});
  } else {
    fail(call, ERR_NOT_FOUND, "no such cog; `pall ps` lists the cogs");
  }
}

static void host_inspect(void *ctx, CtlCall *call, const RpcInspectArgs *a) {
  Buf text = {0};
  for (size_t i = 0; i < a->path.n; i++) {
    const RpcStep *s = &a->path.steps[i];
    if (s->text.p)
      buf_printf(&text, "[%.*s]", (int)s->text.n, s->text.p);
    else
      buf_printf(&text, "#%" PRIu64, s->nat);
  }
  buf_printf(&text, " from %" PRIu64, a->from);
  RpcInspect got = {.cog = cog(a->cog.name.p ? 1 : a->cog.id), .value = {text.data, text.len}};
  ctl_done(call, &got);
  buf_free(&text);
}

static void host_trace(void *ctx, CtlCall *call, const RpcTraceArgs *a) {
  RpcTraceLine t = {.cog = 1, .event = 5, .time_ns = 1700000000123456789u, .kind = rpc_text("trace")};
  t.text = rpc_text("title\x1b]0;evil\a");
  ctl_line(call, &t);
  t.text = (RpcText){0}, t.value = (RpcBytes){(const uint8_t *)"VALUE", 5};
  ctl_line(call, &t);
  ctl_done(call, &(RpcTrace){.lines = 2});
}

static void host_log(void *ctx, CtlCall *call, const RpcLogArgs *a) {
  RpcLogEvent rows[RPC_PAGE_MAX];
  RpcLog log = {.events.items = rows, .next = a->from, .last = SERVER_EVENTS};
  for (; log.events.n < a->count && log.next < SERVER_EVENTS; log.next++)
    rows[log.events.n++] =
        (RpcLogEvent){.event = log.next, .time_ns = 1, .answers = 1, .outcome = rpc_text("done")};
  log.more = log.next < SERVER_EVENTS;
  ctl_done(call, &log);
}

static void host_cog(void *ctx, CtlCall *call, const RpcCogArgs *a) {
  if (is(&a->cog, "theirs"))
    fail(call, ERR_DENIED, "the cog belongs to user 5");
  else
    ctl_done(call, NULL);
}

static void host_prof(void *ctx, CtlCall *call, const RpcProfArgs *a) {
  RpcText names[] = {{0}, {0}, rpc_text("go"), rpc_text("")};
  RpcStack stacks[] = {{0, 0, 1, 1000000, 0, 0},
                       {0, 2, 2, a->ms * 1000000, a->events, 0},
                       {1, 3, 1, 3000000, 30, 0},
                       {is(&a->cog, "twisted") ? 9 : 0, 1, 1, 1000000, 0, 0}};
  ctl_done(call, &(RpcProf){.functions = {names, 4}, .stacks = {stacks, 4}, .events = 1, .ms = a->ms});
}

static void host_cancel(void *ctx, CtlCall *call) {}

static _Noreturn void serve(const char *socket, int ready) {
  Err err = ERR_INIT;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Loop *loop = loop_new(&err);
  CtlConfig cfg = {.version = "7.7", .log = {.fd = STDERR_FILENO, .level = LOG_ERROR}};
  Ctl *ctl = ctl_new(loop, &cfg);
  CtlHost host = {.ctx = (void *)socket,
                  .info = host_info,
                  .ps = host_ps,
                  .spawn = host_spawn,
                  .send = host_send,
                  .inspect = host_inspect,
                  .trace = host_trace,
                  .log = host_log,
                  .stop = host_cog,
                  .start = host_cog,
                  .rm = host_cog,
                  .prof = host_prof,
                  .cancel = host_cancel};
  ctl_set_host(ctl, &host);
  if (!ctl_listen(ctl, socket, NULL, &err)) fprintf(stderr, "%s\n", err.msg), _exit(1);
  if (write(ready, "r", 1) != 1) _exit(1);
  close(ready);
  loop_run(loop);
  _exit(0);
}

pid_t server_start(const char *socket) {
  int ready[2];
  if (pipe(ready) != 0) abort();
  pid_t pid = fork();
  if (pid < 0) abort();
  if (pid == 0) close(ready[0]), serve(socket, ready[1]);
  char c;
  close(ready[1]);
  if (read(ready[0], &c, 1) != 1) abort();
  close(ready[0]);
  return pid;
}

void server_stop(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}
