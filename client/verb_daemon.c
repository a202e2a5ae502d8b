#include "client/show.h"
#include "client/verbs.h"
#include <inttypes.h>
#include <time.h>

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

bool verb_ping(Cli *cli, const Args *args, Err *err) {
  Pall *p = cli_connect(cli, err);
  double before = now_ms();
  if (!p || !cli_call(cli, METHOD_PING, NULL, NULL, err)) return false;
  double ms = now_ms() - before;
  const RpcHello *h = pall_server(p);
  Buf *out = &cli->out;
  if (cli->json) {
    buf_str(out, "{\"server\":");
    show_json_text(out, h->server);
    buf_printf(out, ",\"protocol\":%" PRIu64 ",\"role\":", h->protocol);
    show_json_text(out, h->role);
    buf_str(out, ",\"socket\":");
    show_json_text(out, rpc_text(cli->path));
    buf_printf(out, ",\"ms\":%.3f}\n", ms);
  } else {
    buf_str(out, "palld ");
    show_text(out, h->server);
    buf_str(out, " answers on ");
    show_text(out, rpc_text(cli->path));
    buf_printf(out, " in %.1f ms; you are its ", ms);
    show_text(out, h->role);
    buf_u8(out, '\n');
  }
  return true;
}

static void row(Buf *out, const char *title, uint64_t n) { buf_printf(out, "%-12s %" PRIu64 "\n", title, n); }

static void show_info(Buf *out, const RpcInfo *i) {
  buf_printf(out, "%-12s ", "version");
  show_text(out, i->version);
  buf_printf(out, "\n%-12s ", "store");
  show_text(out, i->store);
  if (i->runtime.p) buf_printf(out, "\n%-12s ", "runtime"), show_text(out, i->runtime);
  buf_printf(out, "\n%-12s %" PRIu64 ".%03u s\n", "up", i->uptime_ms / 1000, (unsigned)(i->uptime_ms % 1000));
  row(out, "cogs", i->cogs);
  row(out, "spinning", i->spinning);
  row(out, "events", i->events);
  row(out, "pages", i->pages);
  row(out, "store bytes", i->store_bytes);
  row(out, "log bytes", i->log_bytes);
  row(out, "connections", i->sessions);
  row(out, "requests", i->calls);
}

bool verb_info(Cli *cli, const Args *args, Err *err) {
  RpcInfo info;
  if (!cli_call(cli, METHOD_INFO, NULL, &info, err)) return false;
  if (!cli->json) return show_info(&cli->out, &info), true;
  show_json(cli, &cli->out, rpc_method(METHOD_INFO)->result, &info);
  buf_u8(&cli->out, '\n');
  return true;
}
