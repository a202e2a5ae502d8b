// From the command line to a verb, and from its result to the exit status.
#include "client/show.h"
#include "common/base/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// --- the connection --------------------------------------------------------------------------------
static bool find_socket(Cli *cli, Err *err) {
  if (cli->path) return true;
  const char *env = getenv("PALL_SOCKET");
  if (cli->socket)
    cli->path = mem_strdup(cli->socket);
  else if (env && *env)
    cli->path = mem_strdup(env);
  else
    cli->path = pall_client_socket(err);
  return cli->path != NULL;
}

Pall *cli_connect(Cli *cli, Err *err) {
  if (cli->pall) return cli->pall;
  if (!find_socket(cli, err)) return NULL;
  return cli->pall = pall_connect(cli->path, "pall " PALLD_VERSION, PALL_TIMEOUT_CONNECT, err);
}

void cli_disconnect(Cli *cli) {
  pall_close(cli->pall);
  cli->pall = NULL;
}

bool cli_call(Cli *cli, RpcMethod method, const void *args, void *result, Err *err) {
  Pall *p = cli_connect(cli, err);
  return p && pall_call(p, method, args, result, PALL_TIMEOUT_DEFAULT, err);
}

const Values *cli_values(Cli *cli, Err *err) {
  if (!cli->values)
    err_set(err, ERR_CONFIG,
            "this build of pall neither reads nor shows values; install the one with the Sire compiler");
  return cli->values;
}

// --- output ----------------------------------------------------------------------------------------
bool cli_flush(Cli *cli, Err *err) {
  const uint8_t *p = cli->out.data;
  size_t left = cli->out.len;
  while (left) {
    ssize_t n = write(STDOUT_FILENO, p, left);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      buf_clear(&cli->out);
      return err_sys(err, ERR_IO, errno, "cannot write to standard output");
    }
    p += n, left -= (size_t)n;
  }
  buf_clear(&cli->out);
  return true;
}

static void print_error(const Cli *cli, const Err *err) {
  Buf out = {0};
  if (cli->json) {
    buf_str(&out, "{\"error\":{\"code\":");
    show_json_text(&out, rpc_text(err_code_name(err->code)));
    buf_str(&out, ",\"message\":");
    show_json_text(&out, rpc_text(err->msg));
    buf_str(&out, ",\"where\":");
    show_json_text(&out, rpc_text(err->where));
    buf_str(&out, "}}\n");
  } else {
    // A message about source text has a line and a caret, so its line breaks stay.
    buf_str(&out, "pall: ");
    if (err->where[0]) show_text(&out, rpc_text(err->where)), buf_str(&out, ": ");
    for (const char *line = err->msg, *end; *line; line = *end ? end + 1 : end) {
      end = strchrnul(line, '\n');
      show_text(&out, (RpcText){line, (size_t)(end - line)});
      buf_u8(&out, '\n');
    }
  }
  fwrite(out.data, 1, out.len, stderr);
  buf_free(&out);
}

// --- running ---------------------------------------------------------------------------------------
static bool run(Cli *cli, int argc, char **argv, Args *args, Err *err) {
  bool ok = args_parse(args, argc, argv, err);
  cli->json = args_option(args, "--json") != NULL;
  cli->socket = args_option(args, "--socket");
  if (!ok) return false;
  if (args_option(args, "--version"))
    buf_printf(&cli->out, "pall %s\n", PALLD_VERSION);
  else if (!args->verb)
    help_overview(&cli->out);
  else if (args_option(args, "--help"))
    help_verb(&cli->out, args->verb);
  else
    ok = args->verb->run(cli, args, err);
  return ok;
}

int client_main(int argc, char **argv, const Values *values) {
  Cli cli = {.values = values};
  Args args;
  Err err = ERR_INIT, late = ERR_INIT;
  bool ok = run(&cli, argc - 1, argv + 1, &args, &err);
  if (!cli_flush(&cli, &late) && ok) err = late, ok = false;
  if (!ok) print_error(&cli, &err);
  args_free(&args);
  cli_disconnect(&cli);
  mem_free(cli.path);
  buf_free(&cli.out);
  return ok ? 0 : err_exit_status(err.code ? err.code : ERR_INTERNAL);
}
