// pall check: loads files and tells which of their assertions hold. A file that does not load does not keep
// the others from being checked.
//
// Files are taken in their order by as many threads as there are processors, each with a machine of its own;
// they share the cache of states (cache.h), and the transcript below, which shows of each file what it has
// to say as soon as those before it have said theirs: the output is the same however many threads there are.
#include "client/interrupt.h"
#include "client/library.h"
#include "client/show.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#define JOBS_MAX 256
#define STACK_BYTES ((size_t)64 << 20) // address space for one thread; see SIRE_MAX_DEPTH

typedef enum Stream { TO_OUT, TO_ERR } Stream;

typedef struct Note {
  struct Note *next;
  Stream stream;
  char *text;
} Note;

typedef struct File {
  const char *name;
  Note *notes, **notes_end; // not shown yet
  bool is_done, is_loaded;
  Err err; // why it was not loaded
  uint64_t held;
} File;

typedef struct Check {
  Cli *cli;
  pthread_mutex_t lock; // guards what follows, and the files
  File *files;
  size_t count, next; // to be taken
  size_t showing;     // the file whose notes are shown as they come
  uint64_t shown;     // failures, for the commas in JSON
} Check;

typedef struct Worker {
  Check *check;
  File *file; // being checked
  Library lib;
  pthread_t thread;
  bool is_started;
} Worker;

// --- the transcript --------------------------------------------------------------------------------
static void show_note(Check *c, const Note *n) {
  Err ignored = ERR_INIT;
  if (n->stream == TO_ERR) {
    if (!c->cli->json) cli_flush(c->cli, &ignored);
    fputs(n->text, stderr);
    return;
  }
  if (c->cli->json && c->shown++ > 0) buf_u8(&c->cli->out, ',');
  buf_str(&c->cli->out, n->text);
  if (!c->cli->json) cli_flush(c->cli, &ignored);
}

static void show_notes(Check *c) {
  for (; c->showing < c->count; c->showing++) {
    File *f = &c->files[c->showing];
    for (Note *n; (n = f->notes) != NULL;) {
      f->notes = n->next;
      show_note(c, n);
      mem_free(n->text);
      mem_free(n);
    }
    f->notes_end = &f->notes;
    if (!f->is_done) return;
  }
}

// Takes over the text.
static void say(Worker *w, Stream stream, char *text) {
  Note *n = mem_alloc(sizeof *n);
  *n = (Note){.stream = stream, .text = text};
  pthread_mutex_lock(&w->check->lock);
  *w->file->notes_end = n;
  w->file->notes_end = &n->next;
  show_notes(w->check);
  pthread_mutex_unlock(&w->check->lock);
}

static void on_assertion(void *ctx, const SireAssertion *a) {
  Worker *w = ctx;
  if (a->held) return;
  Buf out = {0};
  if (w->check->cli->json) {
    buf_str(&out, "{\"file\":");
    show_json_text(&out, rpc_text(a->place.file));
    buf_printf(&out, ",\"line\":%u,\"column\":%u,\"report\":", a->place.line, a->place.col);
    show_json_text(&out, rpc_text(a->report));
    buf_u8(&out, '}');
  } else {
    buf_printf(&out, "%s:%u:%u: does not hold: %s\n", a->place.file, a->place.line, a->place.col, a->report);
  }
  say(w, TO_OUT, mem_strdup(buf_cstr(&out)));
  buf_free(&out);
}

static void on_warning(void *ctx, const SirePlace *place, const char *text) {
  say(ctx, TO_ERR, mem_printf("pall: %s:%u: warning: %s\n", place->file, place->line, text));
}

static void on_trace(void *ctx, const char *line) { say(ctx, TO_ERR, mem_printf("%s\n", line)); }

// --- files -----------------------------------------------------------------------------------------
static void check_file(Worker *w) {
  File *f = w->file;
  bool json = w->check->cli->json;
  f->is_loaded = library_load(&w->lib, f->name, &f->err);
  CacheCounts n = library_counts(&w->lib);
  f->held = n.held;
  if (!f->is_loaded && !json) say(w, TO_ERR, mem_printf("pall: %s: %s\n", f->err.where, f->err.msg));
  if (!json)
    say(w, TO_OUT,
        mem_printf("%s: %" PRIu64 " of %" PRIu64 " assertions hold%s\n", f->name, n.held, n.held + n.failed,
                   f->is_loaded ? "" : " up to where it failed to load"));
}

static bool take_file(Worker *w) {
  Check *c = w->check;
  pthread_mutex_lock(&c->lock);
  if (interrupt_seen()) c->next = c->count;
  if (w->file != NULL) {
    w->file->is_done = true;
    show_notes(c);
  }
  w->file = c->next < c->count ? &c->files[c->next++] : NULL;
  pthread_mutex_unlock(&c->lock);
  return w->file != NULL;
}

static void *work(void *ctx) {
  Worker *w = ctx;
  while (take_file(w)) {
    cache_begin(w->lib.states, (uint64_t)(w->file - w->check->files));
    check_file(w);
    cache_end(w->lib.states);
  }
  return NULL;
}

// Where a thread cannot be started there are fewer.
static void run(Worker *workers, size_t n) {
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, STACK_BYTES);
  for (size_t i = 1; i < n; i++)
    workers[i].is_started = pthread_create(&workers[i].thread, &attr, work, &workers[i]) == 0;
  work(&workers[0]);
  for (size_t i = 1; i < n; i++)
    if (workers[i].is_started) pthread_join(workers[i].thread, NULL);
  pthread_attr_destroy(&attr);
}

// The first has the cache.
static bool open_workers(Check *c, Worker *workers, size_t n, const char *lib, Err *err) {
  bool ok = true;
  for (size_t i = 0; ok && i < n; i++) {
    Worker *w = &workers[i];
    SireEvents events = {.ctx = w, .assertion = on_assertion, .warning = on_warning};
    w->check = c;
    ok = i == 0 ? library_open(&w->lib, lib, &events, LIBRARY_RUN_FILE, err)
                : library_open_beside(&w->lib, &workers[0].lib, &events, err);
    w->lib.trace = on_trace;
  }
  return ok;
}

static bool verdict(Check *c, uint64_t failed, Err *err) {
  uint64_t held = 0, not_loaded = 0;
  const Err *first = NULL;
  for (size_t i = 0; i < c->count; i++) {
    held += c->files[i].held;
    not_loaded += !c->files[i].is_loaded;
    if (first == NULL && !c->files[i].is_loaded) first = &c->files[i].err;
  }
  if (c->cli->json)
    buf_printf(&c->cli->out, "],\"held\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"not_loaded\":%" PRIu64 "}\n",
               held, failed, not_loaded);
  if (first != NULL) {
    if (not_loaded == 1 && c->cli->json)
      *err = *first;
    else
      err_set(err, first->code, "%" PRIu64 " file%s did not load", not_loaded, not_loaded == 1 ? "" : "s");
    return false;
  }
  if (failed == 0) return true;
  return err_set(err, ERR_NO, "%" PRIu64 " assertion%s not hold", failed, failed == 1 ? " does" : "s do");
}

static bool check_files(Check *c, size_t jobs, const char *lib, Err *err) {
  Worker *workers = mem_zalloc(mem_mul(jobs, sizeof *workers));
  uint64_t failed = 0;
  bool ok = open_workers(c, workers, jobs, lib, err);
  if (ok) {
    if (c->cli->json) buf_str(&c->cli->out, "{\"failures\":[");
    interrupt_begin_last();
    run(workers, jobs);
    interrupt_end_last();
    for (size_t i = 0; i < jobs; i++) failed += sire_counts(workers[i].lib.sire).failed;
  }
  for (size_t i = jobs; i-- > 0;) library_close(&workers[i].lib);
  mem_free(workers);
  return ok && verdict(c, failed, err);
}

bool library_check(Cli *cli, const Args *args, Err *err) {
  uint64_t jobs = sys_cores();
  const char *told = args_option(args, "--jobs");
  if (told && !arg_nat("--jobs", told, JOBS_MAX, &jobs, err)) return false;
  if (jobs == 0) return err_set(err, ERR_USAGE, "--jobs: at least one is needed");
  if (jobs > args->pos_count) jobs = args->pos_count;
  if (jobs > JOBS_MAX) jobs = JOBS_MAX;
  Check c = {.cli = cli, .count = args->pos_count};
  c.files = mem_zalloc(mem_mul(c.count, sizeof *c.files));
  for (size_t i = 0; i < c.count; i++) {
    c.files[i].name = args->pos[i];
    c.files[i].notes_end = &c.files[i].notes;
  }
  pthread_mutex_init(&c.lock, NULL);
  bool ok = check_files(&c, jobs, args_option(args, "--lib"), err);
  pthread_mutex_destroy(&c.lock);
  mem_free(c.files);
  return ok;
}
