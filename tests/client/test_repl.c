// pall sire, all of it in a child: on a pseudo-terminal as a person types, and on a pipe.
#include "client/history.h"
#include "client/library.h"
#include "common/base/mem.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000

static char *dir;

static char *in_dir(const char *name) { return mem_printf("%s/%s", dir, name); }

static void write_file(const char *name, const char *text) {
  char *path = in_dir(name);
  FILE *f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  fputs(text, f);
  ck_assert_int_eq(fclose(f), 0);
  mem_free(path);
}

static void set_dir(const char *variable, const char *name) {
  char *path = in_dir(name);
  setenv(variable, path, 1);
  mem_free(path);
}

static void setup(void) {
  dir = scratch_dir();
  set_dir("XDG_CACHE_HOME", "cache");
  set_dir("XDG_STATE_HOME", "state");
  set_dir("PALL_LIB", "lib");
  setenv("TERM", "linux", 1);
  setenv("HOME", dir, 1);
  char *lib = in_dir("lib");
  ck_assert_int_eq(mkdir(lib, 0700), 0);
  mem_free(lib);
  write_file("lib/prelude.sire",
             "#### prelude\n\n; inc n: one more.\n; No more than that.\n= (inc n) (3 n)\n\n"
             "= (loop x) (loop (3 x))\n\n= appleOne 11\n= appleTwo 22\n");
}

static void teardown(void) { scratch_free(dir); }

// --- a terminal ------------------------------------------------------------------------------------
typedef struct Term {
  int fd;
  pid_t pid;
  Buf seen; // since the last text that was waited for
} Term;

static Term open_term(void) {
  Term t = {0};
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  fflush(NULL);
  t.pid = forkpty(&t.fd, NULL, NULL, &size);
  ck_assert_int_ge(t.pid, 0);
  if (t.pid == 0) _exit(client_main(2, (char *[]){"pall", "sire", NULL}, &LIBRARY_VALUES));
  return t;
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// More output; false at the end, or when patience is.
static bool hear(Term *t, uint64_t until) {
  struct pollfd p = {.fd = t->fd, .events = POLLIN};
  uint64_t now = now_ms();
  if (now >= until || poll(&p, 1, (int)(until - now)) <= 0) return false;
  char chunk[4096];
  ssize_t n = read(t->fd, chunk, sizeof chunk);
  if (n > 0) buf_put(&t->seen, chunk, (size_t)n);
  return n > 0;
}

static void expect(Term *t, const char *text) {
  uint64_t until = now_ms() + PATIENCE_MS;
  char *at;
  while ((at = strstr(buf_cstr(&t->seen), text)) == NULL)
    ck_assert_msg(hear(t, until), "no '%s' in: %s", text, buf_cstr(&t->seen));
  size_t used = (size_t)(at - (char *)t->seen.data) + strlen(text);
  memmove(t->seen.data, t->seen.data + used, t->seen.len - used);
  t->seen.len -= used;
}

static void type(Term *t, const char *text) {
  ck_assert_int_eq(write(t->fd, text, strlen(text)), (ssize_t)strlen(text));
}

// Types once the prompt is there and the terminal is in the editor's hands.
static void at_prompt(Term *t, const char *prompt, const char *text) {
  uint64_t until = now_ms() + PATIENCE_MS;
  struct termios mode;
  expect(t, prompt);
  while (tcgetattr(t->fd, &mode) == 0 && (mode.c_lflag & ICANON) != 0 && now_ms() < until) usleep(1000);
  type(t, text);
}

static void close_term(Term *t, int status) {
  uint64_t until = now_ms() + PATIENCE_MS;
  int got;
  while (hear(t, until)) {
  }
  close(t->fd);
  waitpid(t->pid, &got, 0);
  ck_assert_msg(WIFEXITED(got) && WEXITSTATUS(got) == status, "status %x: %s", got, buf_cstr(&t->seen));
  buf_free(&t->seen);
}

static void quit(Term *t) {
  at_prompt(t, "-> ", "\x04");
  close_term(t, 0);
}

START_TEST(blocks_of_several_lines) {
  Term t = open_term();
  at_prompt(&t, "-> ", "= (twice x)\r");
  at_prompt(&t, ".. ", "  (3 (3 x))\r");
  at_prompt(&t, ".. ", "\r");
  expect(&t, "twice = (#pin ");
  at_prompt(&t, "-> ", "twice 5\r");
  expect(&t, "\n7\r\n");
  at_prompt(&t, "-> ", "= y 8\r");
  at_prompt(&t, ".. ", "\x04"); // ends the block, not the session
  expect(&t, "y = 8\r\n");
  at_prompt(&t, "-> ", "twice y\r");
  expect(&t, "\n10\r\n");
  quit(&t);
}
END_TEST

START_TEST(errors_in_the_middle) {
  Term t = open_term();
  at_prompt(&t, "-> ", "= x 3\r\r");
  expect(&t, "x = 3\r\n");
  at_prompt(&t, "-> ", "(5 6)\r");
  expect(&t, "crash with operator 5, argument 6");
  at_prompt(&t, "-> ", "inc nothing\r");
  expect(&t, "unresolved symbol: nothing");
  at_prompt(&t, "-> ", "(inc\r");
  at_prompt(&t, "-> ", "=?= 1 x\r\r");
  expect(&t, "does not hold");
  at_prompt(&t, "-> ", "inc x\r");
  expect(&t, "\n4\r\n");
  quit(&t);
}
END_TEST

START_TEST(an_interrupt_stops_what_runs) {
  Term t = open_term();
  for (int i = 0; i < 3; i++) {
    at_prompt(&t, "-> ", "loop 1\r");
    expect(&t, "loop 1\r\n");
    usleep(100000);
    type(&t, "\x03");
    expect(&t, "interrupted\r\n  in loop");
  }
  at_prompt(&t, "-> ", "inc 1\r");
  expect(&t, "\n2\r\n");
  quit(&t);
}
END_TEST

START_TEST(an_interrupt_drops_what_is_typed) {
  Term t = open_term();
  at_prompt(&t, "-> ", "inc 1");
  expect(&t, "inc 1");
  type(&t, "\x03");
  expect(&t, "^C\r\n");
  at_prompt(&t, "-> ", "= z 3\r");
  at_prompt(&t, ".. ", "\x03");
  at_prompt(&t, "-> ", "z\r");
  expect(&t, "unresolved symbol: z");
  quit(&t);
}
END_TEST

START_TEST(completion) {
  Term t = open_term();
  write_file("other.sire", "#### other <- prelude\n\n:| prelude\n\n= pear 5\n");
  at_prompt(&t, "-> ", "inc app\t");
  expect(&t, "le"); // what all begin with
  type(&t, "\t");
  expect(&t, "appleOne  appleTwo");
  type(&t, "T\t\r");
  expect(&t, "\n23\r\n");
  at_prompt(&t, "-> ", ":do\t inc\r");
  expect(&t, "inc: ");
  expect(&t, "inc n: one more.\r\n  No more than that.\r\n");
  char *load = mem_printf(":lo\t %s/oth\t\r", dir);
  at_prompt(&t, "-> ", load);
  mem_free(load);
  expect(&t, "other.sire is loaded");
  at_prompt(&t, "-> ", "pe\t\r");
  expect(&t, "\n5\r\n");
  at_prompt(&t, "-> ", ":load prel\t\r"); // a module
  expect(&t, "prelude is loaded");
  at_prompt(&t, "-> ", "nosuch\t\r"); // nothing to complete
  expect(&t, "unresolved symbol: nosuch");
  quit(&t);
}
END_TEST

START_TEST(history_of_earlier_sessions) {
  char *path = in_dir("state/pall/sire_history");
  struct stat st;
  Term t = open_term();
  at_prompt(&t, "-> ", "inc 40\r");
  expect(&t, "\n41\r\n");
  at_prompt(&t, "-> ", "inc 50\r");
  expect(&t, "\n51\r\n");
  quit(&t);
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_int_eq(st.st_mode & 0777, 0600);
  t = open_term();
  at_prompt(&t, "-> ", "\x10\x10\r"); // Ctrl-P: the line before
  expect(&t, "\n41\r\n");
  at_prompt(&t, "-> ", "\x12inc 5\r"); // Ctrl-R: looks back for it
  expect(&t, "\n51\r\n");
  quit(&t);
  mem_free(path);
}
END_TEST

START_TEST(a_window_of_another_size) {
  Term t = open_term();
  struct winsize size = {.ws_row = 10, .ws_col = 30};
  at_prompt(&t, "-> ", "inc ");
  expect(&t, "inc ");
  ck_assert_int_eq(ioctl(t.fd, TIOCSWINSZ, &size), 0);
  usleep(50000);
  type(&t, "7\r");
  expect(&t, "\n8\r\n");
  quit(&t);
}
END_TEST

START_TEST(quitting) {
  Term t = open_term();
  at_prompt(&t, "-> ", ":q\r");
  close_term(&t, 0);
}
END_TEST

// --- a pipe ----------------------------------------------------------------------------------------
typedef struct Ran {
  int status;
  Buf out, err;
} Ran;

static Buf read_back(const char *name) {
  Buf b = {0};
  char *path = in_dir(name), chunk[65536];
  FILE *f = fopen(path, "r");
  for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;) buf_put(&b, chunk, n);
  fclose(f);
  mem_free(path);
  return b;
}

static void redirect(const char *name, int flags, int fd) {
  char *path = in_dir(name);
  int to = open(path, flags, 0600);
  dup2(to, fd);
  close(to);
  mem_free(path);
}

static Ran pipe_in(const char *text) {
  Ran r = {0};
  int status;
  write_file("in", text);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    redirect("in", O_RDONLY, STDIN_FILENO);
    redirect("out", O_CREAT | O_TRUNC | O_WRONLY, STDOUT_FILENO);
    redirect("err", O_CREAT | O_TRUNC | O_WRONLY, STDERR_FILENO);
    _exit(client_main(2, (char *[]){"pall", "sire", NULL}, &LIBRARY_VALUES));
  }
  waitpid(pid, &status, 0);
  r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  r.out = read_back("out");
  r.err = read_back("err");
  return r;
}

// Texts that must be there; "" wants nothing.
static void must(const char *text, int status, const char *out, const char *err) {
  Ran r = pipe_in(text);
  ck_assert_msg(r.status == status, "%s: exit %d\n%s%s", text, r.status, buf_cstr(&r.out), buf_cstr(&r.err));
  ck_assert_msg(*out ? strstr(buf_cstr(&r.out), out) != NULL : r.out.len == 0, "no '%s' in: %s", out,
                buf_cstr(&r.out));
  ck_assert_msg(*err ? strstr(buf_cstr(&r.err), err) != NULL : r.err.len == 0, "no '%s' in: %s", err,
                buf_cstr(&r.err));
  buf_free(&r.out);
  buf_free(&r.err);
}

START_TEST(no_prompts_on_a_pipe) {
  must("inc 1\n= x 5\n\ninc x", 0, "2\nx = 5\n6\n", "");
  must("", 0, "", "");
  must("\n\n; nothing\n", 0, "", "");
  must("(5 6)\ninc 1\n", 65, "2\n", "crash with operator 5");
}
END_TEST

START_TEST(commands) {
  must(":help\n", 0, ":reload", "");
  must(":doc inc\n", 0, "prelude.sire:5\n  inc n: one more.\n  No more than that.\n", "");
  must(":d appleOne\n", 0, "(no comment above it)\n", "");
  must("; mine\n= (f x) x\n\n:doc f\n", 0, "f: REPL:2\n  mine\n", "");
  must(":doc nothing\n", 65, "", "nothing");
  must(":hash 0\n", 0, "6ShndPD57UYnaNiVcGCoDtTD3DMAZwzazpqo3gsFHm3H\n", "");
  must(":hash (5 6)\n", 65, "", "crash with operator 5");
  must(":time (inc 6)\n", 0, "7\n; ", "");
  must(":time\n", 65, "", ":time needs something behind it: :time EXPR");
  must(":quit\ninc 1\n", 0, "", "");
  must(":quit now\n", 65, "", ":quit takes nothing behind it");
  must(":frobnicate\n", 65, "", "there is no command :frobnicate; :help lists them");
  must("= x\n:help\n  5\n\n", 65, "", "REPL:2:1"); // a command only where a block may begin
}
END_TEST

START_TEST(code) {
  must(":code inc\n", 0, "= (inc a)\n  (3 a)\n", "");
  must(":code appleOne\n", 0, "; appleOne is no function, its value is\n11\n", "");
  must("= (f x y)\n@ z (inc x)\n| inc (z z (inc y))\n\n:code f\n", 0,
       "= (f a b)\n  @ c (inc a)\n  (inc (c c (inc b)))\n", "");
  must("= (k x) (x 5 (0 1) {some text})\n\n:code k\n", 0, "= (k a)\n  (a 5 (0 1) {some text})\n", "");
  must("= (g x) ((? (h y) (h (x y))) x)\n\n:code g\n", 0, "= (g a)\n", "");
  must(":code nothing\n", 65, "", "nothing");
}
END_TEST

START_TEST(loading) {
  char *load =
      mem_printf(":load %s/t.sire\nt\n:reload\nt\n:load %s/broken.sire\nt\n:load none.sire\nt\n", dir, dir);
  write_file("t.sire", "#### t <- prelude\n\n:| prelude\n\n= t (inc 60)\n");
  write_file("broken.sire", "#### broken <- prelude\n\n:| prelude\n\n= t (inc nothing)\n");
  must(load, 65, "\n61\n; ", "broken.sire:5:10: unresolved symbol: nothing");
  must(load, 65, "t.sire is loaded, in", "none.sire");
  Ran r = pipe_in(load);
  size_t values = 0;
  for (char *at = buf_cstr(&r.out); (at = strstr(at, "61\n")) != NULL; at++) values++;
  ck_assert_uint_eq(values, 4); // what was loaded before stays
  buf_free(&r.out);
  buf_free(&r.err);
  mem_free(load);
}
END_TEST

// Lines longer than what is read at once, and a block longer than its limit.
START_TEST(long_lines) {
  for (size_t n = 100; n <= 400000; n *= 63) {
    char *text = mem_alloc(n + 200);
    memset(text, ' ', n);
    snprintf(text + n, 200, "inc 8\n:hash 0\n");
    must(text, 0, "9\n6Shnd", "");
    mem_free(text);
  }
}
END_TEST

// --- the file of the history -----------------------------------------------------------------------
static void must_hold(const LineHistory *h, size_t count, const char *first, const char *last) {
  ck_assert_uint_eq(history_count(h), count);
  ck_assert_str_eq(history_line(h, 0), first);
  ck_assert_str_eq(history_line(h, count - 1), last);
}

START_TEST(history_file) {
  char *path = in_dir("deep/in/history");
  LineHistory *a = history_open(path), *b = history_open(path);
  history_add(a, "one");
  history_add(b, "two");
  history_add(a, "three");
  history_add(a, "three");
  history_add(a, "   ");
  history_add(a, "bad\x1b[2J");
  history_close(a);
  history_close(b);
  a = history_open(path);
  must_hold(a, 3, "one", "three");
  history_close(a);
  mem_free(path);
}
END_TEST

START_TEST(history_file_is_bounded) {
  char *path = in_dir("history");
  FILE *f = fopen(path, "w");
  for (int i = 0; i < 200000; i++) fprintf(f, "line %d\n", i);
  fputs("evil \x1b]0;title\x07\nlast", f);
  fclose(f);
  LineHistory *h = history_open(path);
  must_hold(h, HISTORY_LINES, "line 198001", "last");
  history_add(h, "more");
  must_hold(h, HISTORY_LINES, "line 198002", "more");
  history_close(h);
  struct stat st;
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_int_lt(st.st_size, 40000);
  ck_assert_int_eq(st.st_mode & 0777, 0600);
  h = history_open(path);
  must_hold(h, HISTORY_LINES, "line 198002", "more");
  history_close(h);
  mem_free(path);
}
END_TEST

START_TEST(history_without_a_file) {
  const char *const places[] = {NULL, "/dev/null/history", "/dev/full"};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    LineHistory *h = history_open(places[i]);
    history_add(h, "one");
    history_add(h, "two");
    must_hold(h, 2, "one", "two");
    history_close(h);
  }
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  ck_assert_ptr_null(history_path("x"));
}
END_TEST

SUITE_MAIN_WITH("client/repl", ((SuiteFrame){.setup = setup, .teardown = teardown}),
                {blocks_of_several_lines}, {errors_in_the_middle}, {an_interrupt_stops_what_runs},
                {an_interrupt_drops_what_is_typed}, {completion}, {history_of_earlier_sessions},
                {a_window_of_another_size}, {quitting}, {no_prompts_on_a_pipe}, {commands}, {code}, {loading},
                {long_lines}, {history_file}, {history_file_is_bounded}, {history_without_a_file})
