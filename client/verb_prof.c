// pall prof: of a file by the library; of a cog by palld.
#include "client/prof.h"
#include "client/show.h"
#include "client/verbs.h"
#include "common/base/sys.h"
#include <string.h>

#define SHOWN 30 // functions in the table

static bool write_svg(Cli *cli, const char *path, const char *title, const Stacks *s, Err *err) {
  Buf svg = {0};
  stacks_svg(s, title, &svg);
  bool ok = sys_write_file(sys_real(), path, svg.data, svg.len, err);
  buf_free(&svg);
  return ok;
}

static bool count_option(const Args *args, uint64_t *most, Err *err) {
  const char *count = args_option(args, "--count");
  *most = SHOWN;
  return !count || arg_nat("--count", count, UINT32_MAX, most, err);
}

bool prof_show(Cli *cli, const Args *args, const Stacks *s, Err *err) {
  uint64_t most;
  const char *svg = args_option(args, "--svg");
  if (!count_option(args, &most, err)) return false;
  if (args_option(args, "--folded"))
    stacks_folded(s, &cli->out);
  else if (cli->json)
    stacks_json(s, most, &cli->out);
  else
    stacks_table(s, most, &cli->out);
  return !svg || write_svg(cli, svg, args->pos[0], s, err);
}

// --- cogs ----------------------------------------------------------------------------------------
static const char *function_name(const RpcProf *got, uint64_t i) {
  if (i == 0) return STACKS_ROOT;
  if (i == 1) return STACKS_CUT;
  const RpcText *name = i < got->functions.n ? (const RpcText *)got->functions.items + i : NULL;
  return name && name->n > 0 ? "" : STACKS_NAMELESS;
}

static uint32_t function_of(Stacks *s, const RpcProf *got, uint64_t i) {
  const char *known = function_name(got, i);
  Buf name = {0};
  if (known[0])
    buf_str(&name, known);
  else
    show_text(&name, ((const RpcText *)got->functions.items)[i]);
  uint32_t f = stacks_function(s, buf_cstr(&name), "");
  buf_free(&name);
  return f;
}

static bool take_stacks(const RpcProf *got, Stacks *out, Err *err) {
  const RpcStack *stacks = got->stacks.items;
  for (size_t i = 0; i < got->stacks.n; i++) {
    if (stacks[i].parent >= i && i > 0)
      return err_set(err, ERR_INTERNAL, "palld's stacks are in no order; please report this");
    stacks_node(out, &(StackNode){(uint32_t)stacks[i].parent, function_of(out, got, stacks[i].function),
                                  stacks[i].samples, stacks[i].ns, stacks[i].calls, stacks[i].bytes});
  }
  return got->stacks.n > 0 || err_set(err, ERR_INTERNAL, "palld sent no stacks; please report this");
}

static bool prof_cog(Cli *cli, const Args *args, Err *err) {
  RpcProfArgs asked = {.ms = RPC_PROF_MS};
  RpcProf got;
  Stacks stacks = {0};
  const char *time = args_option(args, "--time"), *events = args_option(args, "--events");
  bool ok = arg_cog(args->pos[0], &asked.cog, err) && (!time || arg_ms("--time", time, &asked.ms, err)) &&
            (!events || arg_nat("--events", events, UINT64_MAX, &asked.events, err)) &&
            cli_call(cli, METHOD_PROF, &asked, &got, err) && take_stacks(&got, &stacks, err) &&
            prof_show(cli, args, &stacks, err);
  stacks_free(&stacks);
  return ok;
}

// --- either ----------------------------------------------------------------------------------------
static bool names_file(const Args *args) {
  const char *what = args->pos[0], *dot = strrchr(what, '.');
  return args_option(args, "--expr") || strchr(what, '/') || (dot && strcmp(dot, ".sire") == 0);
}

bool verb_prof(Cli *cli, const Args *args, Err *err) {
  uint64_t ignored;
  if (!count_option(args, &ignored, err)) return false;
  if (!names_file(args)) return prof_cog(cli, args, err);
  const Values *v = cli_values(cli, err);
  return v && v->prof(cli, args, err);
}
