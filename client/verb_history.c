#include "client/show.h"
#include "client/verbs.h"
#include <inttypes.h>

// --- trace -----------------------------------------------------------------------------------------
typedef struct Follow {
  Cli *cli;
  Err *err;
  bool failed; // standard output is gone
} Follow;

static void show_line(Cli *cli, const RpcTraceLine *t) {
  Buf *out = &cli->out;
  if (t->dropped)
    buf_printf(out, "(%" PRIu64 " lines lost: they came faster than they were read)\n", t->dropped);
  show_time(out, t->time_ns);
  buf_printf(out, " %" PRIu64 " ", t->event);
  show_text(out, t->kind);
  buf_u8(out, ' ');
  if (t->text.p)
    show_text(out, t->text);
  else if (t->value.p)
    show_value_line(cli, out, t->value);
  buf_u8(out, '\n');
}

static bool on_line(void *ctx, const RpcTraceLine *t) {
  Follow *f = ctx;
  if (!f->cli->json) {
    show_line(f->cli, t);
  } else {
    show_json(f->cli, &f->cli->out, rpc_note(NOTE_TRACE)->args, t);
    buf_u8(&f->cli->out, '\n');
  }
  f->failed = !cli_flush(f->cli, f->err);
  return !f->failed;
}

bool verb_trace(Cli *cli, const Args *args, Err *err) {
  RpcTraceArgs a = {.follow = args_option(args, "--follow") != NULL};
  RpcTrace done;
  bool ended;
  Follow f = {.cli = cli, .err = err};
  if (!arg_cog(args->pos[0], &a.cog, err)) return false;
  Pall *p = cli_connect(cli, err);
  int step_ms = a.follow ? -1 : 30000;
  return p && pall_stream(p, METHOD_TRACE, &a, on_line, &f, step_ms, &done, &ended, err) && !f.failed;
}

// --- log -------------------------------------------------------------------------------------------
static void show_event(Cli *cli, const RpcLogEvent *e, const RpcSchema *schema) {
  Buf *out = &cli->out;
  if (cli->json) {
    show_json(cli, out, schema, e);
  } else {
    buf_printf(out, "%8" PRIu64 " ", e->event);
    show_time(out, e->time_ns);
    buf_printf(out, " %3" PRIu64 " answers %7" PRIu64 " bytes  ", e->answers, e->bytes);
    show_text(out, e->outcome);
    if (e->detail.n) buf_str(out, ": "), show_text(out, e->detail);
    if (e->input.p) buf_u8(out, ' '), show_value_line(cli, out, e->input);
  }
  buf_u8(out, '\n');
}

// What is left to be shown.
typedef struct LogRange {
  RpcLogArgs args;
  uint64_t left;
  uint64_t last; // a cog may be faster than its log is read: no event that came after the first page
} LogRange;

// One page at a time goes out; in JSON each event is a line of its own.
static bool log_page(Cli *cli, LogRange *r, bool *more, Err *err) {
  RpcLog page;
  RpcLogArgs *a = &r->args;
  a->count = r->left < RPC_PAGE_MAX ? r->left : RPC_PAGE_MAX;
  if (!cli_call(cli, METHOD_LOG, a, &page, err)) return false;
  if (r->last == 0) r->last = page.last;
  const RpcLogEvent *events = page.events.items;
  const RpcSchema *schema = rpc_method(METHOD_LOG)->result->fields[0].of;
  for (size_t i = 0; i < page.events.n && events[i].event <= r->last; i++)
    show_event(cli, &events[i], schema);
  r->left -= page.events.n < r->left ? page.events.n : r->left;
  *more = page.more && r->left && page.next <= r->last;
  if (*more && page.next <= a->from)
    return err_set(err, ERR_INTERNAL, "palld's list of events does not end; please report this");
  a->from = page.next;
  return cli_flush(cli, err);
}

bool verb_log(Cli *cli, const Args *args, Err *err) {
  LogRange r = {.left = UINT64_MAX};
  const char *from = args_option(args, "--from"), *count = args_option(args, "--count");
  if (!arg_cog(args->pos[0], &r.args.cog, err)) return false;
  if (from && !arg_nat("--from", from, UINT64_MAX, &r.args.from, err)) return false;
  if (count && !arg_nat("--count", count, UINT64_MAX, &r.left, err)) return false;
  for (bool more = r.left > 0; more;)
    if (!log_page(cli, &r, &more, err)) return false;
  return true;
}
