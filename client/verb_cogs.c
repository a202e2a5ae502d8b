#include "client/show.h"
#include "client/verbs.h"
#include "common/base/mem.h"
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// --- ps --------------------------------------------------------------------------------------------
enum { COLUMNS = 7 };
#define PS_ALIGN "rllrrrl"

typedef struct Listing {
  Buf *cells;
  size_t rows, cap; // cap: in cells
  size_t cogs;
} Listing;

static Buf *add_row(Listing *l) {
  mem_reserve(l->cells, l->cap, (l->rows + 1) * COLUMNS);
  Buf *row = l->cells + l->rows++ * COLUMNS;
  memset(row, 0, COLUMNS * sizeof *row);
  return row;
}

static void add_titles(Listing *l) {
  static const char *const TITLES[COLUMNS] = {"ID", "NAME", "STATE", "EVENTS", "REQUESTS", "QUEUED", "OWNER"};
  Buf *row = add_row(l);
  for (int i = 0; i < COLUMNS; i++) buf_str(&row[i], TITLES[i]);
}

static void show_owner(Buf *out, uint64_t uid) {
  const struct passwd *pw = uid <= UINT32_MAX ? getpwuid((uid_t)uid) : NULL;
  if (pw)
    show_text(out, rpc_text(pw->pw_name));
  else
    buf_printf(out, "%" PRIu64, uid);
}

static void add_cog(Listing *l, const RpcCogInfo *c) {
  Buf *row = add_row(l);
  buf_printf(&row[0], "%" PRIu64, c->id);
  show_text(&row[1], c->name.p ? c->name : rpc_text("-"));
  show_text(&row[2], c->state);
  buf_printf(&row[3], "%" PRIu64, c->events);
  buf_printf(&row[4], "%" PRIu64, c->requests);
  buf_printf(&row[5], "%" PRIu64, c->queued);
  show_owner(&row[6], c->owner);
}

static void print_listing(Listing *l, Buf *out) {
  show_table(out, l->cells, l->rows, COLUMNS, PS_ALIGN);
  for (size_t i = 0; i < l->rows * COLUMNS; i++) buf_free(&l->cells[i]);
  mem_free(l->cells);
}

static void list_cog(Cli *cli, bool quiet, Listing *l, const RpcField *field, const RpcCogInfo *c) {
  if (cli->json) {
    buf_str(&cli->out, l->cogs ? ",\n " : "");
    show_json(cli, &cli->out, field->of, c);
  } else if (quiet) {
    if (c->name.p)
      show_text(&cli->out, c->name);
    else
      buf_printf(&cli->out, "%" PRIu64, c->id);
    buf_u8(&cli->out, '\n');
  } else {
    add_cog(l, c);
  }
  l->cogs++;
}

// Page after page. A server that does not move on would keep us here, so each page must.
static bool list_all(Cli *cli, bool quiet, Listing *l, Err *err) {
  const RpcField *field = &rpc_method(METHOD_PS)->result->fields[0];
  RpcPsArgs ask = {.count = RPC_PAGE_MAX};
  RpcPs page = {.more = true};
  while (page.more) {
    if (!cli_call(cli, METHOD_PS, &ask, &page, err)) return false;
    const RpcCogInfo *cogs = page.cogs.items;
    for (size_t i = 0; i < page.cogs.n; i++) list_cog(cli, quiet, l, field, &cogs[i]);
    if (!page.more) break;
    if (!page.cogs.n || cogs[page.cogs.n - 1].id <= ask.after)
      return err_set(err, ERR_INTERNAL, "palld's list of cogs does not end; please report this");
    ask.after = cogs[page.cogs.n - 1].id;
  }
  return true;
}

bool verb_ps(Cli *cli, const Args *args, Err *err) {
  bool quiet = args_option(args, "--quiet") != NULL && !cli->json;
  Listing l = {0};
  if (cli->json)
    buf_u8(&cli->out, '[');
  else if (!quiet)
    add_titles(&l);
  bool ok = list_all(cli, quiet, &l, err);
  if (!ok)
    buf_clear(&cli->out);
  else if (cli->json)
    buf_str(&cli->out, "]\n");
  Buf table = {0};
  print_listing(&l, &table);
  if (ok && !cli->json && !quiet) buf_put(&cli->out, table.data, table.len);
  buf_free(&table);
  return ok;
}

// --- stop, start, rm -------------------------------------------------------------------------------
static bool on_cog(Cli *cli, const Args *args, RpcMethod method, const char *done, Err *err) {
  RpcCogArgs a;
  if (!arg_cog(args->pos[0], &a.cog, err) || !cli_call(cli, method, &a, NULL, err)) return false;
  if (cli->json)
    buf_str(&cli->out, "{}\n");
  else
    buf_printf(&cli->out, "%s %s\n", args->pos[0], done);
  return true;
}

bool verb_stop(Cli *cli, const Args *args, Err *err) {
  return on_cog(cli, args, METHOD_STOP, "is stopped", err);
}
bool verb_start(Cli *cli, const Args *args, Err *err) {
  return on_cog(cli, args, METHOD_START, "goes on", err);
}

static bool confirm(const char *cog, Err *err) {
  if (!isatty(STDIN_FILENO))
    return err_set(err, ERR_USAGE,
                   "rm removes %s and its state for good, and there is no terminal to ask on; say --yes "
                   "if that is what you want",
                   cog);
  char answer[16] = "";
  fprintf(stderr, "Remove cog %s and its state for good? [y/N] ", cog);
  if (!fgets(answer, sizeof answer, stdin)) answer[0] = 0;
  if (answer[0] == 'y' || answer[0] == 'Y') return true;
  return err_set(err, ERR_NO, "cog %s stays", cog);
}

bool verb_rm(Cli *cli, const Args *args, Err *err) {
  RpcCog cog;
  if (!arg_cog(args->pos[0], &cog, err)) return false;
  if (!args_option(args, "--yes") && !confirm(args->pos[0], err)) return false;
  return on_cog(cli, args, METHOD_RM, "is removed", err);
}
