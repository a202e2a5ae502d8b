// pall check: loads files and tells which of their assertions hold. Failures are shown as they are met.
// A file that does not load does not keep the others from being checked.
#include "client/library.h"
#include "client/show.h"
#include "common/base/mem.h"
#include <inttypes.h>
#include <stdio.h>

typedef struct Check {
  Cli *cli;
  uint64_t shown; // failures, for the commas in JSON
  uint64_t held;  // in all files
  uint64_t not_loaded;
  Err first; // why the first of them did not load
} Check;

static void show_failure(Check *c, const SireAssertion *a) {
  Buf *out = &c->cli->out;
  if (c->cli->json) {
    buf_printf(out, "%s{\"file\":", c->shown++ ? "," : "");
    show_json_text(out, rpc_text(a->place.file));
    buf_printf(out, ",\"line\":%u,\"column\":%u,\"report\":", a->place.line, a->place.col);
    show_json_text(out, rpc_text(a->report));
    buf_u8(out, '}');
    return;
  }
  buf_printf(out, "%s:%u:%u: does not hold: %s\n", a->place.file, a->place.line, a->place.col, a->report);
  Err ignored = ERR_INIT;
  cli_flush(c->cli, &ignored);
}

static void on_assertion(void *ctx, const SireAssertion *a) {
  if (!a->held) show_failure(ctx, a);
}

static void on_warning(void *ctx, const SirePlace *place, const char *text) {
  fprintf(stderr, "pall: %s:%u: warning: %s\n", place->file, place->line, text);
}

// Errors of single files go out at once; the last word is the exit status.
static void show_error(Check *c, const Err *err) {
  if (c->not_loaded++ == 0) c->first = *err;
  if (c->cli->json) return;
  Err ignored = ERR_INIT;
  cli_flush(c->cli, &ignored);
  fprintf(stderr, "pall: %s: %s\n", err->where, err->msg);
}

static void check_file(Check *c, Library *l, const char *file) {
  Err err = ERR_INIT;
  bool ok = library_load(l, file, &err);
  CacheCounts n = library_counts(l);
  c->held += n.held;
  if (!ok) show_error(c, &err);
  if (c->cli->json) return;
  buf_printf(&c->cli->out, "%s: %" PRIu64 " of %" PRIu64 " assertions hold%s\n", file, n.held,
             n.held + n.failed, ok ? "" : " up to where it failed to load");
}

static bool verdict(Check *c, const SireCounts *n, Err *err) {
  if (c->cli->json)
    buf_printf(&c->cli->out, "],\"held\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"not_loaded\":%" PRIu64 "}\n",
               c->held, n->failed, c->not_loaded);
  if (c->not_loaded > 0) {
    if (c->not_loaded == 1 && c->cli->json)
      *err = c->first;
    else
      err_set(err, c->first.code, "%" PRIu64 " file%s did not load", c->not_loaded,
              c->not_loaded == 1 ? "" : "s");
    return false;
  }
  if (n->failed == 0) return true;
  return err_set(err, ERR_NO, "%" PRIu64 " assertion%s not hold", n->failed,
                 n->failed == 1 ? " does" : "s do");
}

bool library_check(Cli *cli, const Args *args, Err *err) {
  Check c = {.cli = cli};
  Library l = {0};
  SireEvents events = {.ctx = &c, .assertion = on_assertion, .warning = on_warning};
  if (!library_open(&l, args_option(args, "--lib"), &events, LIBRARY_RUN_FILE, err)) return false;
  if (cli->json) buf_str(&cli->out, "{\"failures\":[");
  for (size_t i = 0; i < args->pos_count; i++) check_file(&c, &l, args->pos[i]);
  SireCounts n = sire_counts(l.sire);
  library_close(&l);
  return verdict(&c, &n, err);
}
