// The commands of pall sire.
#include "client/interrupt.h"
#include "client/repl.h"
#include "client/show.h"
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/rex/read.h"
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CODE_BYTES 4000

typedef enum Operand { OPERAND_NONE, OPERAND_NAME, OPERAND_EXPR, OPERAND_FILE } Operand;

typedef struct ReplCommand {
  const char *name;
  Operand operand;
  bool (*run)(Repl *r, const char *operand, Err *err);
  const char *help;
} ReplCommand;

static const char *const OPERANDS[] = {"", "NAME", "EXPR", "FILE"};

// --- names ---------------------------------------------------------------------------------------
static bool run_doc(Repl *r, const char *name, Err *err) {
  SirePlace place;
  Buf *out = &r->cli->out, doc = {0};
  if (!sire_find_place(r->lib.sire, name, &place, err)) return false;
  RexBlock block = {.doc = place.doc, .doc_len = place.doc_len};
  rex_doc_text(&doc, &block);
  buf_printf(out, "%s: %s:%u\n", name, place.file, place.line);
  for (const char *line = buf_cstr(&doc), *end; *line; line = end + 1) {
    end = strchrnul(line, '\n');
    buf_str(out, "  ");
    show_text(out, (RpcText){line, (size_t)(end - line)});
    buf_u8(out, '\n');
    if (!*end) break;
  }
  if (doc.len == 0) buf_str(out, "  (no comment above it)\n");
  buf_free(&doc);
  return true;
}

static void put_pin_line(Repl *r, Ref pin) {
  Machine *m = r->lib.m;
  uint8_t hash[32];
  char text[BASE58_HASH_MAX];
  const char *jet = plan_pin_jet(m, pin);
  if (plan_pin_hash(m, pin, hash)) base58_hash(text, hash), buf_printf(&r->cli->out, "; pin %s", text);
  if (jet != NULL) buf_printf(&r->cli->out, "; runs natively as %s", jet);
  buf_u8(&r->cli->out, '\n');
}

static bool run_code(Repl *r, const char *name, Err *err) {
  Machine *m = r->lib.m;
  Ref value = sire_lookup(r->lib.sire, name, err);
  if (value == 0) return false;
  if (!library_outcome(&r->lib, plan_force(m, value), err)) return false;
  bool pinned = plan_kind(m, value) == KIND_PIN;
  Ref law = pinned ? plan_pin_item(m, value) : value;
  if (plan_form(m, law) != FORM_LAW) {
    buf_printf(&r->cli->out, "; %s is no function, its value is\n", name);
    repl_value(r, value);
    return true;
  }
  if (pinned) put_pin_line(r, value);
  law_text(m, law, CODE_BYTES, &r->cli->out);
  return true;
}

// --- expressions ---------------------------------------------------------------------------------
static Ref eval(Repl *r, const char *text, Err *err) {
  Ref value = sire_eval_text(r->lib.sire, "command", text, strlen(text), err);
  return value != 0 && library_outcome(&r->lib, plan_force(r->lib.m, value), err) ? value : 0;
}

static bool run_hash(Repl *r, const char *text, Err *err) {
  uint8_t hash[32];
  char name[BASE58_HASH_MAX];
  Ref value = eval(r, text, err);
  if (value == 0) return false;
  if (!plan_hash(r->lib.m, value, hash)) return err_set(err, ERR_LIMIT, "hashing met a limit");
  base58_hash(name, hash);
  buf_printf(&r->cli->out, "%s\n", name);
  return true;
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool run_time(Repl *r, const char *text, Err *err) {
  MachineStats before = machine_stats(r->lib.m);
  double from = now_ms();
  Ref value = eval(r, text, err);
  double ms = now_ms() - from;
  if (value == 0) return false;
  MachineStats after = machine_stats(r->lib.m);
  repl_value(r, value);
  buf_printf(&r->cli->out, "; %.3f ms, %llu calls, %llu bytes allocated, %llu collections\n", ms,
             (unsigned long long)(after.calls - before.calls),
             (unsigned long long)(after.allocated_bytes - before.allocated_bytes),
             (unsigned long long)(after.minor + after.major - before.minor - before.major));
  return true;
}

// --- files ---------------------------------------------------------------------------------------
static bool load(Repl *r, const char *file, Err *err) {
  double from = now_ms();
  if (!repl_load(r, file, err)) return false;
  if (!r->cli->json) buf_printf(&r->cli->out, "; %s is loaded, in %.0f ms\n", file, now_ms() - from);
  return true;
}

static bool run_load(Repl *r, const char *file, Err *err) { return load(r, file, err); }

static bool run_reload(Repl *r, const char *operand, Err *err) {
  if (r->file == NULL) return err_set(err, ERR_NOT_FOUND, "nothing was loaded; :load FILE does it");
  char *file = mem_strdup(r->file);
  bool ok = load(r, file, err);
  mem_free(file);
  return ok;
}

static bool run_quit(Repl *r, const char *operand, Err *err) { return r->done = true; }

static bool run_help(Repl *r, const char *operand, Err *err);

// The first whose name begins with what is typed is meant.
static const ReplCommand COMMANDS[] = {
    {":help", OPERAND_NONE, run_help, "show this"},
    {":doc", OPERAND_NAME, run_doc, "where NAME is defined, and the comment above that"},
    {":code", OPERAND_NAME, run_code, "what NAME was compiled to"},
    {":time", OPERAND_EXPR, run_time, "the value of EXPR, and what it cost"},
    {":hash", OPERAND_EXPR, run_hash, "the hash of the value of EXPR"},
    {":load", OPERAND_FILE, run_load, "start over with all names of FILE, a Sire file or a module"},
    {":reload", OPERAND_NONE, run_reload, "load it again; when that fails, all stays as it is"},
    {":quit", OPERAND_NONE, run_quit, "leave; so does Ctrl-D"},
};
#define COMMAND_COUNT (sizeof COMMANDS / sizeof *COMMANDS)

static bool run_help(Repl *r, const char *operand, Err *err) {
  Buf *out = &r->cli->out;
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    buf_printf(out, "  %-8s %-5s %s\n", COMMANDS[i].name, OPERANDS[COMMANDS[i].operand], COMMANDS[i].help);
  buf_str(
      out,
      "\nAnything else is Sire. A line such as (add 2 3) or f x is a block by itself. One that begins with "
      "a\n"
      "rune and a space, such as = x 3 or | f x, begins a block of several lines: the prompt becomes .. and\n"
      "an empty line ends the block. Lines further in than the rune, or in its column, belong to it:\n\n"
      "  -> = (twice x)\n"
      "  ..   | add x x\n"
      "  ..\n"
      "  -> twice 21\n\n"
      "A block that fails changes nothing. Ctrl-C drops the block that is begun, or stops what runs. Tab\n"
      "completes names, commands and files; the arrows and Ctrl-R find lines of earlier sessions. Commands\n"
      "may be shortened: :l my.sire\n");
  return true;
}

// --- running -------------------------------------------------------------------------------------
bool repl_is_command(const char *line, size_t len) {
  return len >= 2 && line[0] == ':' && isalpha((unsigned char)line[1]);
}

static const ReplCommand *find_command(const char *word, size_t len) {
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (strncmp(COMMANDS[i].name, word, len) == 0) return &COMMANDS[i];
  return NULL;
}

static bool run(Repl *r, const char *line, Err *err) {
  size_t word = strcspn(line, " ");
  const ReplCommand *c = find_command(line, word);
  const char *operand = line + word + strspn(line + word, " ");
  if (c == NULL)
    return err_set(err, ERR_USAGE, "there is no command %.*s; :help lists them", (int)(word < 40 ? word : 40),
                   line);
  if (c->operand == OPERAND_NONE && *operand)
    return err_set(err, ERR_USAGE, "%s takes nothing behind it", c->name);
  if (c->operand != OPERAND_NONE && !*operand)
    return err_set(err, ERR_USAGE, "%s needs something behind it: %s %s", c->name, c->name,
                   OPERANDS[c->operand]);
  return c->run(r, operand, err);
}

void repl_command(Repl *r, const char *line) {
  size_t n = strlen(line);
  while (n > 0 && isspace((unsigned char)line[n - 1])) n--;
  char *text = mem_alloc(n + 1);
  memcpy(text, line, n);
  text[n] = 0;
  Err err = ERR_INIT;
  RefMark mark = refs_mark(r->lib.m);
  bool ok = run(r, text, &err);
  refs_release(r->lib.m, mark);
  if (!ok) repl_error(r, &err);
  mem_free(text);
}

// --- completion ----------------------------------------------------------------------------------
static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static void complete_command(const char *word, size_t len, Candidates *out) {
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (strncmp(COMMANDS[i].name, word, len) == 0)
      candidates_add(out, COMMANDS[i].name, strlen(COMMANDS[i].name));
}

static void complete_name(Repl *r, const char *word, size_t len, Candidates *out) {
  Machine *m = r->lib.m;
  Err ignored = ERR_INIT;
  RefMark all = refs_mark(m);
  Ref scope = sire_scope(r->lib.sire, &ignored);
  for (size_t i = 0, n = scope == 0 ? 0 : plan_len(m, scope); i < n; i++) {
    RefMark mark = refs_mark(m);
    Ref key = plan_key(m, scope, i);
    char name[256];
    size_t size = plan_kind(m, key) == KIND_NAT ? plan_nat_size(m, key) : 0;
    bool ok = size > 0 && size < sizeof name && size >= len;
    if (ok) plan_nat_copy(m, key, name, size);
    for (size_t k = 0; ok && k < size; k++) ok = is_word(name[k]) && (k >= len || name[k] == word[k]);
    if (ok) candidates_add(out, name, size);
    refs_release(m, mark);
  }
  refs_release(m, all);
}

static bool is_sire(const char *name, size_t len) {
  return len > 5 && memcmp(name + len - 5, ".sire", 5) == 0;
}

// Modules of the library go by their names.
static void complete_module(const Repl *r, const char *word, size_t len, Candidates *out) {
  DIR *dir = r->lib.folder != NULL ? opendir(r->lib.folder) : NULL;
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    size_t n = strlen(e->d_name);
    if (is_sire(e->d_name, n) && n - 5 >= len && memcmp(e->d_name, word, len) == 0)
      candidates_add(out, e->d_name, n - 5);
  }
  if (dir != NULL) closedir(dir);
}

static void complete_file(const char *word, size_t len, Candidates *out) {
  size_t folder = len;
  while (folder > 0 && word[folder - 1] != '/') folder--;
  char *path = folder > 0 ? mem_printf("%.*s", (int)folder, word) : mem_strdup(".");
  DIR *dir = opendir(path);
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    if (strncmp(e->d_name, word + folder, len - folder) != 0) continue;
    if (e->d_name[0] == '.' && len == folder) continue;
    char *full = mem_printf("%.*s%s", (int)folder, word, e->d_name);
    struct stat st;
    bool is_folder = stat(full, &st) == 0 && S_ISDIR(st.st_mode);
    size_t n = strlen(full);
    bool wanted = is_folder || is_sire(full, n);
    if (is_folder) full[n++] = '/'; // in the place of the NUL: candidates_add takes a length
    if (wanted) candidates_add(out, full, n);
    mem_free(full);
  }
  if (dir != NULL) closedir(dir);
  mem_free(path);
}

void repl_complete(void *ctx, const char *line, size_t cursor, Candidates *out) {
  Repl *r = ctx;
  bool command = line[0] == ':' && !sire_repl_pending(r->lib.sire);
  size_t word = strcspn(line, " ");
  const ReplCommand *c = command && word < cursor ? find_command(line, word) : NULL;
  out->start = cursor;
  if (command && word >= cursor) {
    out->start = 0;
    complete_command(line, cursor, out);
  } else if (c != NULL && c->operand == OPERAND_FILE) {
    while (out->start > 0 && line[out->start - 1] != ' ') out->start--;
    complete_file(line + out->start, cursor - out->start, out);
    complete_module(r, line + out->start, cursor - out->start, out);
  } else {
    while (out->start > 0 && is_word(line[out->start - 1])) out->start--;
    if (out->start < cursor) complete_name(r, line + out->start, cursor - out->start, out);
  }
  candidates_sort(out);
}
