#include "client/show.h"
#include "client/verbs.h"
#include "common/base/base58.h"
#include "common/base/mem.h"
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define RETRY_MS 10000 // how long a send looks for a palld that went away
#define RETRY_PAUSE_MS 200

static ValueScope scope_of(const Args *args, bool module) {
  return (ValueScope){module ? args_option(args, "--module") : NULL, args_option(args, "--lib")};
}

// --- spawn -----------------------------------------------------------------------------------------
static bool spawn(Cli *cli, const Args *args, const Buf *value, Err *err) {
  RpcSpawn done;
  RpcSpawnArgs a = {.name = rpc_text(args_option(args, "--name")), .value = {value->data, value->len}};
  if (!cli_call(cli, METHOD_SPAWN, &a, &done, err)) return false;
  if (cli->json)
    show_json(cli, &cli->out, rpc_method(METHOD_SPAWN)->result, &done);
  else if (done.name.p)
    show_text(&cli->out, done.name);
  else
    buf_printf(&cli->out, "%" PRIu64, done.id);
  buf_u8(&cli->out, '\n');
  return true;
}

bool verb_spawn(Cli *cli, const Args *args, Err *err) {
  const char *name = args_option(args, "--name");
  RpcCog checked;
  if (name && !arg_cog(name, &checked, err)) return false;
  if (name && !checked.name.p)
    return err_set(err, ERR_USAGE, "a cog's name begins with a letter or '_', not with a digit as '%s' does",
                   name);
  // A daemon that is not there is found out before the time to compile is spent.
  const Values *v = cli_values(cli, err);
  if (!v || !cli_connect(cli, err)) return false;
  ValueScope scope = scope_of(args, false);
  Buf value = {0};
  bool ok = v->from_file(v->ctx, args->pos[0], &scope, &value, err) && spawn(cli, args, &value, err);
  buf_free(&value);
  return ok;
}

// --- send ------------------------------------------------------------------------------------------
static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// The connection is gone or was not made, rather than palld having answered with an error.
static bool is_away(const Cli *cli, const Err *err) {
  if (cli->pall) return pall_is_broken(cli->pall);
  return err->code == ERR_UNAVAILABLE || err->code == ERR_RETRY;
}

// A palld that answered once and then went away is probably being restarted: the same message is sent
// again for a while. Its id keeps that from doubling it.
static bool send_until_answered(Cli *cli, const RpcSendArgs *a, RpcSend *done, Err *err) {
  if (!cli_connect(cli, err)) return false;
  uint64_t end = 0;
  for (;;) {
    if (cli_call(cli, METHOD_SEND, a, done, err)) return true;
    if (!is_away(cli, err)) return false;
    cli_disconnect(cli);
    if (!end) end = now_ms() + RETRY_MS;
    if (now_ms() >= end) break;
    poll(NULL, 0, RETRY_PAUSE_MS);
  }
  char hex[2 * RPC_ID_LEN + 1];
  hex_encode(hex, a->id.bytes, RPC_ID_LEN);
  Err why = *err;
  return err_set(err, ERR_UNAVAILABLE,
                 "palld went away before it answered, so the message may have been taken or not; "
                 "repeating it with --id %s is safe (%s)",
                 hex, why.msg);
}

static bool send_args(Cli *cli, const Args *args, Arena *arena, RpcSendArgs *a, Err *err) {
  const char *wait = args_option(args, "--wait"), *id = args_option(args, "--id");
  *a = (RpcSendArgs){.wait_ms = RPC_SEND_WAIT_MS};
  if (!arg_cog(args->pos[0], &a->cog, err) || !arg_path(args_option(args, "--path"), arena, &a->path, err))
    return false;
  if (wait && !arg_ms("--wait", wait, &a->wait_ms, err)) return false;
  if (!id) return pall_new_id(&a->id), true;
  return hex_decode(a->id.bytes, RPC_ID_LEN, id, strlen(id)) ||
         err_set(err, ERR_USAGE, "--id must be %d hex digits, not '%s'", 2 * RPC_ID_LEN, id);
}

static void show_sent(Cli *cli, const Args *args, const RpcSend *done) {
  if (cli->json) {
    show_json(cli, &cli->out, rpc_method(METHOD_SEND)->result, done);
    buf_u8(&cli->out, '\n');
  } else {
    buf_printf(&cli->out, "%s took it in event %" PRIu64 "%s\n", args->pos[0], done->event,
               done->again ? ", when it was sent before" : "");
  }
}

bool verb_send(Cli *cli, const Args *args, Err *err) {
  RpcSendArgs a;
  RpcSend done;
  Arena arena = {0};
  Buf value = {0};
  ValueScope scope = scope_of(args, true);
  const Values *v = NULL;
  bool ok = send_args(cli, args, &arena, &a, err) && (v = cli_values(cli, err)) &&
            v->from_text(v->ctx, args->pos[1], &scope, &value, err);
  a.value = (RpcBytes){value.data, value.len};
  ok = ok && send_until_answered(cli, &a, &done, err);
  if (ok) show_sent(cli, args, &done);
  arena_free(&arena);
  buf_free(&value);
  return ok;
}

// --- inspect ---------------------------------------------------------------------------------------
static bool show_inspected(Cli *cli, const Values *v, const RpcInspectArgs *asked, const RpcInspect *got,
                           uint64_t depth, Err *err) {
  ValueStyle style = {.json = cli->json, .depth = (uint32_t)depth, .bytes = VALUE_STYLE_BYTES};
  Buf text = {0};
  if (!v->render(v->ctx, got->value.p, got->value.n, &style, &text, err)) return buf_free(&text), false;
  Buf *out = &cli->out;
  if (cli->json) {
    const RpcField *cog = &rpc_method(METHOD_INSPECT)->result->fields[0];
    buf_str(out, "{\"cog\":");
    show_json(cli, out, cog->of, &got->cog);
    buf_printf(out, ",\"size\":%" PRIu64 ",\"value\":", got->size);
    buf_put(out, text.data, text.len);
    buf_str(out, "}\n");
  } else {
    buf_str(out, "; ");
    show_cog(out, &got->cog);
    buf_printf(out, "; %" PRIu64 " events, %" PRIu64 " requests open, %" PRIu64 " messages waiting\n",
               got->cog.events, got->cog.requests, got->cog.queued);
    if (asked->count && got->size)
      buf_printf(out, "; at most %" PRIu64 " from %" PRIu64 " on, of %" PRIu64 "\n", asked->count,
                 asked->from, got->size);
    buf_put(out, text.data, text.len);
    if (!text.len || text.data[text.len - 1] != '\n') buf_u8(out, '\n');
  }
  buf_free(&text);
  return true;
}

static bool inspect_args(const Args *args, Arena *arena, RpcInspectArgs *a, uint64_t *depth, Err *err) {
  const char *levels = args_option(args, "--depth"), *from = args_option(args, "--from"),
             *count = args_option(args, "--count");
  if (from) a->count = RPC_PAGE_MAX;
  return arg_cog(args->pos[0], &a->cog, err) && arg_path(args_option(args, "--path"), arena, &a->path, err) &&
         (!levels || arg_nat("--depth", levels, 1000000, depth, err)) &&
         (!from || arg_nat("--from", from, UINT64_MAX, &a->from, err)) &&
         (!count || arg_nat("--count", count, RPC_PAGE_MAX, &a->count, err));
}

bool verb_inspect(Cli *cli, const Args *args, Err *err) {
  RpcInspectArgs a = {0};
  RpcInspect got;
  Arena arena = {0};
  uint64_t depth = VALUE_STYLE_DEPTH;
  const Values *v = NULL;
  bool ok = inspect_args(args, &arena, &a, &depth, err) && (v = cli_values(cli, err)) &&
            cli_call(cli, METHOD_INSPECT, &a, &got, err) && show_inspected(cli, v, &a, &got, depth, err);
  arena_free(&arena);
  return ok;
}
