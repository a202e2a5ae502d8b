// The verbs that need Sire but no palld.
#include "client/show.h"
#include "client/verbs.h"

bool verb_check(Cli *cli, const Args *args, Err *err) {
  const Values *v = cli_values(cli, err);
  return v && v->check(cli, args, err);
}

bool verb_sire(Cli *cli, const Args *args, Err *err) {
  const Values *v = cli_values(cli, err);
  return v && v->repl(cli, args, err);
}

bool verb_cache(Cli *cli, const Args *args, Err *err) {
  const Values *v = cli_values(cli, err);
  return v && v->cache(cli, args, err);
}

bool verb_build(Cli *cli, const Args *args, Err *err) {
  const Values *v = cli_values(cli, err);
  return v && v->build(cli, args, err);
}

bool verb_show(Cli *cli, const Args *args, Err *err) {
  const Values *v = cli_values(cli, err);
  return v && v->show(cli, args, err);
}

bool verb_eval(Cli *cli, const Args *args, Err *err) {
  const Values *v = cli_values(cli, err);
  ValueScope scope = {args_option(args, "--module"), args_option(args, "--lib")};
  ValueStyle style = {.json = cli->json, .depth = VALUE_STYLE_DEPTH, .bytes = VALUE_STYLE_BYTES};
  const char *levels = args_option(args, "--depth");
  uint64_t depth = style.depth;
  if (!v || (levels && !arg_nat("--depth", levels, UINT32_MAX, &depth, err))) return false;
  style.depth = (uint32_t)depth;
  Buf bundle = {0};
  bool ok = v->from_text(v->ctx, args->pos[0], &scope, &bundle, err) &&
            v->render(v->ctx, bundle.data, bundle.len, &style, &cli->out, err);
  if (ok) buf_u8(&cli->out, '\n');
  buf_free(&bundle);
  return ok;
}
