// palld: options, signals, and the order in which things start and stop.
#include "common/base/mem.h"
#include "daemon/cog/engine.h"
#include "daemon/ctl/ctl.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DRAIN_MS 2000 // for answers to be read by clients when we stop
#define FILES_MAX 65536

typedef struct Daemon {
  Options options;
  Log log;
  Loop *loop;
  Ctl *ctl;
  Engine *engine;
  bool broken; // a commit failed; written before loop_stop
  int signal_fd;
  LoopFd *signal_watch;
} Daemon;

// --- signals ---------------------------------------------------------------------------------------
static void on_signal(void *ctx, int ready) {
  Daemon *d = ctx;
  struct signalfd_siginfo info;
  if (read(d->signal_fd, &info, sizeof info) != sizeof info) return;
  log_line(&d->log, LOG_INFO, "main", "stopping: %s", strsignal((int)info.ssi_signo));
  loop_stop(d->loop);
}

// Blocked before there are threads, so that all inherit it and only the loop takes signals.
static bool watch_signals(Daemon *d, Err *err) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  d->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (d->signal_fd < 0) return err_sys(err, ERR_IO, errno, "cannot watch for signals");
  d->signal_watch = loop_watch(d->loop, d->signal_fd, LOOP_READ, on_signal, d);
  return true;
}

static void raise_file_limit(void) {
  struct rlimit lim;
  if (getrlimit(RLIMIT_NOFILE, &lim) != 0 || lim.rlim_cur >= FILES_MAX) return;
  lim.rlim_cur = lim.rlim_max < FILES_MAX ? lim.rlim_max : FILES_MAX;
  setrlimit(RLIMIT_NOFILE, &lim);
}

// From the engine's thread: nothing can be made durable any more.
static void on_engine_failed(void *ctx) {
  Daemon *d = ctx;
  d->broken = true;
  loop_stop(d->loop);
}

// --- start and stop --------------------------------------------------------------------------------
static bool start(Daemon *d, Err *err) {
  raise_file_limit();
  if (!(d->loop = loop_new(err)) || !watch_signals(d, err)) return false;
  if (!options_make_folders(&d->options, err)) return false;
  EngineConfig engine = {.sys = sys_real(),
                         .log = d->log,
                         .dir = d->options.store,
                         .runtime = "palld " PALLD_VERSION,
                         .event_ms = d->options.event_seconds * 1000,
                         .cog_memory = (size_t)d->options.cog_memory_mb << 20,
                         .cogs = d->options.cogs,
                         .eval_threads = (unsigned)d->options.eval_threads,
                         .snapshot_bytes = d->options.snapshot_mb << 20,
                         .failed = on_engine_failed,
                         .ctx = d};
  if (!engine_open(&d->engine, &engine, err)) return false;
  CtlConfig config = {.version = PALLD_VERSION, .log = d->log};
  d->ctl = ctl_new(d->loop, &config);
  if (!ctl_listen(d->ctl, d->options.socket, d->options.group, err)) return false;
  if (!engine_start(d->engine, err)) return false;
  CtlHost host = engine_host(d->engine);
  ctl_set_host(d->ctl, &host);
  log_line(&d->log, LOG_INFO, "main", "palld %s listens on %s, store %s", PALLD_VERSION, d->options.socket,
           d->options.store);
  return true;
}

// Clients get the answers that are there, within a time; the engine, which has stopped, has told those that
// wait why they get none.
static void drain(Daemon *d) {
  ctl_stop(d->ctl);
  uint64_t end = loop_now_ms(d->loop) + DRAIN_MS;
  while (!ctl_is_quiet(d->ctl) && loop_now_ms(d->loop) < end) loop_turn(d->loop, 50);
}

static void stop(Daemon *d) {
  if (d->ctl) ctl_unlisten(d->ctl);
  if (d->engine) engine_stop(d->engine);
  if (d->ctl) drain(d);
  ctl_free(d->ctl);
  engine_close(d->engine);
  loop_unwatch(d->signal_watch);
  if (d->signal_fd >= 0) close(d->signal_fd);
  loop_free(d->loop);
}

static int fail(const Log *log, const Err *err) {
  log_line(log, LOG_ERROR, "main", "%s%s%s", err->where, err->where[0] ? ": " : "", err->msg);
  return err_exit_status(err->code);
}

int main(int argc, char **argv) {
  Daemon d = {.log = log_stderr(LOG_INFO), .signal_fd = -1};
  Err err = ERR_INIT;
  if (!options_parse(&d.options, argc, argv, &err)) {
    fprintf(stderr, "palld: %s\n", err.msg);
    return err_exit_status(err.code);
  }
  d.log = log_stderr(d.options.level);
  int status = 0;
  if (d.options.help)
    fputs(OPTIONS_HELP, stdout);
  else if (d.options.version)
    printf("palld %s\n", PALLD_VERSION);
  else if (!start(&d, &err))
    status = fail(&d.log, &err);
  else {
    notify("READY=1");
    loop_run(d.loop);
    notify("STOPPING=1");
    if (d.broken) status = err_exit_status(ERR_IO);
  }
  stop(&d);
  options_free(&d.options);
  return status;
}
