// pall prof: of a file by the library; of a cog by palld.
#include "client/prof.h"
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

bool verb_prof(Cli *cli, const Args *args, Err *err) {
  uint64_t ignored;
  const Values *v = cli_values(cli, err);
  return v && count_option(args, &ignored, err) && v->prof(cli, args, err);
}
