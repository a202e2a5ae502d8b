#include "client/editor.h"
#include "client/interrupt.h"
#include "common/base/mem.h"
#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define LISTED 200 // candidates shown at once

struct Editor {
  EditLine *el;
  History *history; // libedit's, a copy of `lines`
  LineHistory *lines;
  EditorHooks hooks;
  const char *prompt;
  sigset_t outside; // signals blocked while no line is typed
};

// --- candidates ----------------------------------------------------------------------------------
void candidates_add(Candidates *c, const char *text, size_t len) {
  mem_reserve(c->texts, c->cap, c->count + 1);
  char *copy = mem_alloc(len + 1);
  memcpy(copy, text, len);
  copy[len] = 0;
  c->texts[c->count++] = copy;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void candidates_sort(Candidates *c) {
  if (c->count == 0) return;
  qsort(c->texts, c->count, sizeof *c->texts, by_text);
  size_t kept = 1;
  for (size_t i = 1; i < c->count; i++) {
    if (strcmp(c->texts[i], c->texts[kept - 1]) == 0)
      mem_free(c->texts[i]);
    else
      c->texts[kept++] = c->texts[i];
  }
  c->count = kept;
}

void candidates_free(Candidates *c) {
  for (size_t i = 0; i < c->count; i++) mem_free(c->texts[i]);
  mem_free(c->texts);
  *c = (Candidates){0};
}

size_t candidates_common(const Candidates *c) {
  if (c->count == 0) return 0;
  size_t n = strlen(c->texts[0]);
  for (size_t i = 1; i < c->count; i++) {
    size_t k = 0;
    while (k < n && c->texts[i][k] == c->texts[0][k]) k++;
    n = k;
  }
  return n;
}

static void list_candidates(const Candidates *c) {
  struct winsize size = {0};
  size_t width = 1,
         columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  size_t shown = c->count < LISTED ? c->count : LISTED;
  for (size_t i = 0; i < shown; i++)
    if (strlen(c->texts[i]) > width) width = strlen(c->texts[i]);
  size_t across = columns / (width + 2) > 0 ? columns / (width + 2) : 1;
  size_t rows = (shown + across - 1) / across;
  fputc('\n', stdout);
  for (size_t row = 0; row < rows; row++) {
    for (size_t i = row; i < shown; i += rows)
      printf("%-*s", i + rows < shown ? (int)width + 2 : 0, c->texts[i]);
    fputc('\n', stdout);
  }
  if (shown < c->count) printf("and %zu more\n", c->count - shown);
  fflush(stdout);
}

static unsigned char complete(EditLine *el, int key) {
  Editor *e = NULL;
  (void)key;
  el_get(el, EL_CLIENTDATA, &e);
  const LineInfo *line = el_line(el);
  size_t cursor = (size_t)(line->cursor - line->buffer);
  char *text = mem_alloc(cursor + 1);
  memcpy(text, line->buffer, cursor);
  text[cursor] = 0;
  Candidates found = {.start = cursor};
  e->hooks.complete(e->hooks.ctx, text, cursor, &found);
  size_t common = candidates_common(&found), typed = cursor - found.start;
  unsigned char result = CC_REFRESH;
  if (common > typed) {
    char *more = found.texts[0];
    more[common] = 0;
    el_insertstr(el, more + typed);
  } else if (found.count > 1) {
    list_candidates(&found);
    result = CC_REDISPLAY;
  } else if (found.count == 0) {
    result = CC_REFRESH_BEEP;
  }
  candidates_free(&found);
  mem_free(text);
  return result;
}

// --- reading -------------------------------------------------------------------------------------
// Only there to end a wait: the terminal has another size, or we were in the background.
static void on_change(int signal_number) { (void)signal_number; }

static void draw_again(Editor *e) {
  el_resize(e->el);
  el_set(e->el, EL_PREP_TERM, 0);
  el_set(e->el, EL_PREP_TERM, 1);
  el_set(e->el, EL_REFRESH);
}

// Signals are let in only here, so that none falls between looking and waiting. First those that came
// before: a wait that finds input at once does not take them.
static int wait_for_input(Editor *e) {
  struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
  sigset_t inside;
  sigprocmask(SIG_SETMASK, &e->outside, &inside);
  sigprocmask(SIG_SETMASK, &inside, NULL);
  return interrupt_seen() ? -1 : ppoll(&in, 1, NULL, &e->outside);
}

// False when there is none: the end, or an interrupt.
static bool read_byte(Editor *e, char *byte) {
  for (;;) {
    int ready = wait_for_input(e);
    if (interrupt_seen() || (ready < 0 && errno != EINTR)) return false;
    if (ready < 0) {
      draw_again(e);
      continue;
    }
    ssize_t n = read(STDIN_FILENO, byte, 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    return n == 1;
  }
}

static int read_char(EditLine *el, wchar_t *out) {
  Editor *e = NULL;
  mbstate_t state = {0};
  char byte;
  el_get(el, EL_CLIENTDATA, &e);
  while (read_byte(e, &byte)) {
    size_t n = mbrtowc(out, &byte, 1, &state);
    if (n == 0) *out = 0;
    if (n <= 1) return 1;
    if (n == (size_t)-1) state = (mbstate_t){0}; // no character: skipped
  }
  return interrupt_seen() ? -1 : 0;
}

EditorRead editor_read(Editor *e, const char *prompt, Buf *line) {
  sigset_t block;
  sigemptyset(&block);
  sigaddset(&block, SIGINT);
  sigaddset(&block, SIGWINCH);
  sigaddset(&block, SIGCONT);
  int count = 0;
  buf_clear(line);
  e->prompt = prompt;
  sigprocmask(SIG_BLOCK, &block, &e->outside);
  const char *text = el_gets(e->el, &count);
  sigprocmask(SIG_SETMASK, &e->outside, NULL);
  if (interrupt_seen()) {
    fputs("^C\n", stdout);
    fflush(stdout);
    return EDITOR_INTERRUPTED;
  }
  if (text == NULL || count <= 0) return EDITOR_END;
  buf_str(line, text);
  if (line->data[line->len - 1] != '\n') buf_u8(line, '\n');
  size_t len = strcspn(text, "\n");
  char *entry = mem_alloc(len + 1);
  memcpy(entry, text, len);
  entry[len] = 0;
  HistEvent ev;
  if (strspn(entry, " ") < len) history(e->history, &ev, H_ENTER, entry);
  if (e->lines != NULL) history_add(e->lines, entry);
  mem_free(entry);
  return EDITOR_LINE;
}

// --- beginning and end ---------------------------------------------------------------------------
static char *show_prompt(EditLine *el) {
  Editor *e = NULL;
  el_get(el, EL_CLIENTDATA, &e);
  return (char *)e->prompt;
}

static void fill_history(Editor *e) {
  HistEvent ev;
  history(e->history, &ev, H_SETSIZE, HISTORY_LINES);
  history(e->history, &ev, H_SETUNIQUE, 1);
  for (size_t i = 0; e->lines != NULL && i < history_count(e->lines); i++)
    history(e->history, &ev, H_ENTER, history_line(e->lines, i));
}

bool editor_is_possible(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

Editor *editor_new(const EditorHooks *hooks, LineHistory *lines) {
  if (!editor_is_possible()) return NULL;
  // Characters beyond ASCII are typed as UTF-8, whatever the environment says.
  if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8");
  Editor *e = mem_zalloc(sizeof *e);
  *e = (Editor){.hooks = *hooks, .lines = lines, .prompt = ""};
  e->el = el_init("pall", stdin, stdout, stderr);
  e->history = history_init();
  if (e->el == NULL || e->history == NULL) return editor_free(e), NULL;
  fill_history(e);
  el_set(e->el, EL_CLIENTDATA, e);
  el_set(e->el, EL_GETCFN, read_char);
  el_set(e->el, EL_SIGNAL, 0);
  el_set(e->el, EL_PROMPT, show_prompt);
  el_set(e->el, EL_HIST, history, e->history);
  el_set(e->el, EL_EDITOR, "emacs");
  el_set(e->el, EL_ADDFN, "pall-complete", "complete what stands before the cursor", complete);
  el_set(e->el, EL_BIND, "^I", "pall-complete", NULL);
  el_set(e->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_source(e->el, NULL);
  struct sigaction act = {.sa_handler = on_change};
  sigaction(SIGWINCH, &act, NULL);
  sigaction(SIGCONT, &act, NULL);
  return e;
}

void editor_free(Editor *e) {
  if (e == NULL) return;
  if (e->el != NULL) el_end(e->el);
  if (e->history != NULL) history_end(e->history);
  mem_free(e);
}
