// pall sire: reads blocks from standard input, runs them, shows values. On a terminal with prompts, and
// then an interrupt stops the block that runs, not the program.
#include "client/library.h"
#include "client/render.h"
#include "client/show.h"
#include "common/base/mem.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_DEPTH 16
#define SHOWN_BYTES 4000

typedef struct Repl {
  Cli *cli;
  Library lib;
  bool terminal;
  bool loading; // what the file defines is not shown
  uint64_t bad; // blocks that failed, assertions that did not hold
} Repl;

// The machine that a signal stops: a handler has no other way to know it. Set while blocks run.
static Machine *volatile interruptible;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  if (interruptible) machine_interrupt(interruptible);
}

static void flush(Repl *r) {
  Err ignored = ERR_INIT;
  cli_flush(r->cli, &ignored);
}

static void show_error(Repl *r, const Err *err) {
  flush(r);
  fprintf(stderr, "%s: %s\n", err->where[0] ? err->where : "pall", err->msg);
}

// --- what blocks do ------------------------------------------------------------------------------
static void show_value(Repl *r, Ref value) {
  Err err = ERR_INIT;
  ValueStyle style = {.json = r->cli->json, .depth = SHOWN_DEPTH, .bytes = SHOWN_BYTES};
  if (!library_outcome(&r->lib, plan_force(r->lib.m, value), &err)) {
    r->bad++;
    show_error(r, &err);
    return;
  }
  render_value(r->lib.m, value, &style, &r->cli->out);
  buf_u8(&r->cli->out, '\n');
}

static void on_expression(void *ctx, Ref value, const SirePlace *place) {
  Repl *r = ctx;
  (void)place;
  if (!r->loading) show_value(r, value);
}

static void on_definition(void *ctx, const SireDefinition *d) {
  Repl *r = ctx;
  if (r->loading || r->cli->json) return;
  show_text(&r->cli->out, rpc_text(d->name));
  buf_str(&r->cli->out, " = ");
  show_value(r, d->value);
}

static void on_assertion(void *ctx, const SireAssertion *a) {
  Repl *r = ctx;
  if (a->held) return;
  r->bad++;
  flush(r);
  fprintf(stderr, "%s:%u:%u: does not hold: %s\n", a->place.file, a->place.line, a->place.col, a->report);
}

static Ref recall(void *ctx, const char *module, const uint8_t hash[32]) {
  return cache_recall(((Repl *)ctx)->lib.cache, module, hash);
}

static void keep(void *ctx, const char *module, const uint8_t hash[32], Ref state) {
  cache_keep(((Repl *)ctx)->lib.cache, module, hash, state);
}

static void on_module(void *ctx, const char *module, const char *path) {
  cache_module(((Repl *)ctx)->lib.cache, module, path);
}

// --- reading -------------------------------------------------------------------------------------
// False at the end.
static bool run_blocks(Repl *r) {
  for (;;) {
    Err err = ERR_INIT;
    interruptible = r->lib.m;
    SireStep step = sire_repl_step(r->lib.sire, &err);
    interruptible = NULL;
    if (step == SIRE_FAILED) {
      r->bad++;
      show_error(r, &err);
    }
    flush(r);
    if (step == SIRE_MORE) return true;
    if (step == SIRE_END) return false;
  }
}

static void prompt(Repl *r) {
  if (!r->terminal) return;
  buf_str(&r->cli->out, sire_repl_pending(r->lib.sire) ? ".. " : "-> ");
  flush(r);
}

static bool read_input(Repl *r, Err *err) {
  char text[65536];
  for (;;) {
    prompt(r);
    ssize_t n = read(STDIN_FILENO, text, sizeof text);
    if (n < 0 && errno == EINTR) {
      buf_u8(&r->cli->out, '\n');
      continue;
    }
    if (n < 0) return err_sys(err, ERR_IO, errno, "cannot read standard input");
    if (n > 0)
      sire_repl_feed(r->lib.sire, text, (size_t)n);
    else
      sire_repl_end(r->lib.sire);
    if (!run_blocks(r) || n == 0) return true;
  }
}

// Without a file: prelude, or nothing when there is no library.
static bool load(Repl *r, const Args *args, Err *err) {
  const char *file = args->pos_count > 0 ? args->pos[0] : r->lib.folder != NULL ? "prelude" : NULL;
  r->loading = true;
  bool ok = file == NULL || library_load(&r->lib, file, err);
  r->loading = false;
  return ok && sire_repl_begin(r->lib.sire, err);
}

bool library_repl(Cli *cli, const Args *args, Err *err) {
  Repl r = {.cli = cli, .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
  SireEvents events = {
      .ctx = &r,
      .expression = on_expression,
      .definition = on_definition,
      .assertion = on_assertion,
      .recall = recall,
      .keep = keep,
      .module = on_module,
  };
  struct sigaction act = {.sa_handler = on_interrupt}, old;
  if (!library_open(&r.lib, args_option(args, "--lib"), &events, err)) return false;
  bool ok = load(&r, args, err);
  if (ok && r.terminal) sigaction(SIGINT, &act, &old);
  ok = ok && read_input(&r, err);
  if (r.terminal && ok) buf_u8(&cli->out, '\n');
  if (r.terminal && ok) sigaction(SIGINT, &old, NULL);
  library_close(&r.lib);
  if (ok && !r.terminal && r.bad > 0)
    ok = err_set(err, ERR_DATA, "%llu did not go well", (unsigned long long)r.bad);
  return ok;
}
