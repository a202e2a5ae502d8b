// The verb sire: reads blocks from standard input, runs them, shows values. On a terminal with prompts,
// editing and history, and then an interrupt stops the block that runs, not the program.
#include "client/interrupt.h"
#include "client/render.h"
#include "client/repl.h"
#include "client/show.h"
#include "common/base/mem.h"
#include <stdio.h>
#include <string.h>

#define HISTORY "sire_history"

void repl_flush(Repl *r) {
  Err ignored = ERR_INIT;
  cli_flush(r->cli, &ignored);
}

void repl_error(Repl *r, const Err *err) {
  r->bad++;
  repl_flush(r);
  const char *trace = strstr(err->msg, "\n  in ");
  if (interrupt_seen())
    fprintf(stderr, "\ninterrupted%s\n", trace != NULL ? trace : ""); // the terminal has shown ^C
  else
    fprintf(stderr, "%s: %s\n", err->where[0] ? err->where : "pall", err->msg);
}

// --- what blocks do ------------------------------------------------------------------------------
void repl_value(Repl *r, Ref value) {
  Err err = ERR_INIT;
  ValueStyle style = {.json = r->cli->json, .depth = REPL_DEPTH, .bytes = REPL_BYTES};
  if (!library_outcome(&r->lib, plan_force(r->lib.m, value), &err)) return repl_error(r, &err);
  render_value(r->lib.m, value, &style, &r->cli->out);
  buf_u8(&r->cli->out, '\n');
}

static void on_expression(void *ctx, Ref value, const SirePlace *place) {
  Repl *r = ctx;
  (void)place;
  if (!r->loading) repl_value(r, value);
}

static void on_definition(void *ctx, const SireDefinition *d) {
  Repl *r = ctx;
  if (r->loading || r->cli->json) return;
  show_text(&r->cli->out, rpc_text(d->name));
  buf_str(&r->cli->out, " = ");
  repl_value(r, d->value);
}

static void on_assertion(void *ctx, const SireAssertion *a) {
  Repl *r = ctx;
  if (a->held) return;
  r->bad++;
  repl_flush(r);
  fprintf(stderr, "%s:%u:%u: does not hold: %s\n", a->place.file, a->place.line, a->place.col, a->report);
}

bool repl_load(Repl *r, const char *file_or_module, Err *err) {
  r->loading = true;
  bool ok = file_or_module == NULL || library_load(&r->lib, file_or_module, err);
  r->loading = false;
  if (!ok || !sire_repl_begin(r->lib.sire, err)) return false;
  char *file = file_or_module == NULL ? NULL : mem_strdup(file_or_module);
  mem_free(r->file);
  r->file = file;
  return true;
}

// --- reading -------------------------------------------------------------------------------------
static void run_blocks(Repl *r) {
  for (;;) {
    Err err = ERR_INIT;
    SireStep step = sire_repl_step(r->lib.sire, &err);
    if (step == SIRE_FAILED) repl_error(r, &err);
    repl_flush(r);
    if (step == SIRE_MORE || step == SIRE_END) {
      machine_forget_sparks(r->lib.m); // nothing runs on while nothing is asked for
      return;
    }
    if (!interrupt_seen()) continue;
    sire_repl_drop(r->lib.sire);
    return;
  }
}

static void run_line(Repl *r) {
  Buf *line = &r->input.line;
  bool fresh = r->input.is_start && !sire_repl_pending(r->lib.sire);
  if (fresh && repl_is_command((const char *)line->data, line->len)) {
    repl_command(r, buf_cstr(line));
    repl_flush(r);
    return;
  }
  sire_repl_feed(r->lib.sire, line->data, line->len);
  run_blocks(r);
}

static void end_block(Repl *r) {
  sire_repl_end(r->lib.sire);
  run_blocks(r);
}

// It ends the block that is begun; on a terminal only that. Whether it is the end of all.
static bool end_of_input(Repl *r) {
  bool block = sire_repl_pending(r->lib.sire);
  if (r->input.editor != NULL) buf_u8(&r->cli->out, '\n');
  repl_flush(r);
  end_block(r);
  return !block || r->input.editor == NULL;
}

// An interrupt of what is typed is none of an evaluation.
static InputRead read_line(Repl *r, Err *err) {
  interrupt_clear();
  interrupt_unwatch(r->lib.m);
  InputRead got = input_read(&r->input, sire_repl_pending(r->lib.sire) ? ".. " : "-> ", err);
  interrupt_watch(r->lib.m);
  return got;
}

static bool read_input(Repl *r, Err *err) {
  while (!r->done) {
    switch (read_line(r, err)) {
    case INPUT_LINE: run_line(r); break;
    case INPUT_INTERRUPTED: sire_repl_drop(r->lib.sire); break;
    case INPUT_FAILED: return false;
    case INPUT_END: r->done = end_of_input(r); break;
    }
  }
  return true;
}

static bool open_repl(Repl *r, const Args *args, Err *err) {
  SireEvents events = {
      .ctx = r,
      .expression = on_expression,
      .definition = on_definition,
      .assertion = on_assertion,
  };
  if (!library_open(&r->lib, args_option(args, "--lib"), &events, LIBRARY_CACHED, err)) return false;
  // Without a file: prelude, or nothing when there is no library.
  return repl_load(r, args->pos_count > 0 ? args->pos[0] : r->lib.folder != NULL ? "prelude" : NULL, err);
}

// With what needs a terminal around it.
static bool converse(Repl *r, Err *err) {
  char *path = history_path(HISTORY);
  LineHistory *history = history_open(path);
  EditorHooks hooks = {.ctx = r, .complete = repl_complete};
  mem_free(path);
  r->input.editor = editor_new(&hooks, history);
  if (r->input.editor != NULL && !r->cli->json)
    buf_str(&r->cli->out, "Sire. :help tells what there is to know, :quit ends.\n");
  repl_flush(r);
  bool ok = read_input(r, err);
  input_free(&r->input);
  history_close(history);
  return ok;
}

bool library_repl(Cli *cli, const Args *args, Err *err) {
  Repl r = {.cli = cli};
  bool terminal = editor_is_possible();
  interrupt_begin_last();
  bool ok = open_repl(&r, args, err);
  interrupt_end_last();
  if (ok && terminal) {
    interrupt_begin();
    ok = converse(&r, err);
    interrupt_end();
  } else if (ok) {
    ok = read_input(&r, err);
    input_free(&r.input);
    if (ok && r.bad > 0) ok = err_set(err, ERR_DATA, "%llu did not go well", (unsigned long long)r.bad);
  }
  mem_free(r.file);
  library_close(&r.lib);
  return ok;
}
