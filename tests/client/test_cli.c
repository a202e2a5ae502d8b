// The whole of `pall` in a child process against the server of server.c: what it prints and how it exits.
#include "client/show.h"
#include "common/base/mem.h"
#include "tests/client/server.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// --- values that are their own text ----------------------------------------------------------------
static bool from_file(void *ctx, const char *path, const ValueScope *scope, Buf *out, Err *err) {
  if (strcmp(path, "good.sire") == 0) return buf_str(out, "FILE"), true;
  err_set(err, ERR_NOT_FOUND, "there is no such file; check the path");
  return err_at(err, "%s", path);
}

static bool from_text(void *ctx, const char *text, const ValueScope *scope, Buf *out, Err *err) {
  if (strcmp(text, "(") == 0) return err_set(err, ERR_DATA, "1:1: the parenthesis is not closed\n  (\n  ^");
  buf_printf(out, "%s|%s", scope->module ? scope->module : "prelude", text);
  return true;
}

static bool render(void *ctx, const uint8_t *p, size_t n, const ValueStyle *style, Buf *out, Err *err) {
  if (style->json)
    show_json_text(out, (RpcText){(const char *)p, n});
  else
    buf_printf(out, "<%.*s>", (int)n, (const char *)p);
  return true;
}

static const Values VALUES = {.from_file = from_file, .from_text = from_text, .render = render};

// --- running it ------------------------------------------------------------------------------------
typedef struct Ran {
  int status;
  Buf out, err;
} Ran;

static char *dir, *path;
static pid_t server;

static void setup(void) {
  dir = scratch_dir();
  path = mem_printf("%s/p.sock", dir);
  server = server_start(path);
  setenv("PALL_SOCKET", path, 1);
}

static void teardown(void) {
  server_stop(server);
  mem_free(path);
  scratch_free(dir);
}

static void read_file(const char *name, Buf *out) {
  char *file = mem_printf("%s/%s", dir, name), chunk[4096];
  FILE *f = fopen(file, "r");
  for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;) buf_put(out, chunk, n);
  fclose(f);
  mem_free(file);
}

static void redirect(const char *name, int fd) {
  char *file = mem_printf("%s/%s", dir, name);
  int to = open(file, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  dup2(to, fd);
  close(to);
  mem_free(file);
}

static pid_t launch(const char **words) {
  int n = 0;
  while (words[n]) n++;
  fflush(NULL);
  pid_t pid = fork();
  if (pid) return pid;
  close(STDIN_FILENO);
  open("/dev/null", O_RDONLY);
  redirect("out", STDOUT_FILENO);
  redirect("err", STDERR_FILENO);
  _exit(client_main(n, (char **)words, &VALUES));
}

static Ran collect(pid_t pid) {
  Ran r = {0};
  int status;
  waitpid(pid, &status, 0);
  r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  read_file("out", &r.out);
  read_file("err", &r.err);
  return r;
}

static void ran_free(Ran *r) {
  buf_free(&r->out);
  buf_free(&r->err);
}

static void must(const char **words, int status, const char *out, const char *err) {
  Ran r = collect(launch(words));
  ck_assert_msg(r.status == status, "%s %s: exit %d, %s%s", words[1], words[2] ? words[2] : "", r.status,
                buf_cstr(&r.out), buf_cstr(&r.err));
  if (out)
    ck_assert_msg(strstr(buf_cstr(&r.out), out) != NULL, "no '%s' in: %s", out, buf_cstr(&r.out));
  else
    ck_assert_msg(r.out.len == 0, "unexpected: %s", buf_cstr(&r.out));
  if (err)
    ck_assert_msg(strstr(buf_cstr(&r.err), err) != NULL, "no '%s' in: %s", err, buf_cstr(&r.err));
  else
    ck_assert_msg(r.err.len == 0, "unexpected: %s", buf_cstr(&r.err));
  ran_free(&r);
}
#define MUST(status, out, err, ...) must((const char *[]){"pall", __VA_ARGS__, NULL}, status, out, err)

START_TEST(ping_and_info) {
  MUST(0, "palld 7.7 answers", NULL, "ping");
  MUST(0, "{\"server\":\"7.7\",\"protocol\":1,", NULL, "ping", "--json");
  MUST(0, "store        /the/store\n", NULL, "info");
  MUST(0, "\"cogs\":1203", NULL, "--json", "info");
}
END_TEST

START_TEST(ps_lists_all_pages) {
  Ran r = collect(launch((const char *[]){"pall", "ps", "-q", NULL}));
  size_t lines = 0;
  for (size_t i = 0; i < r.out.len; i++) lines += r.out.data[i] == '\n';
  ck_assert_int_eq(r.status, 0);
  ck_assert_uint_eq(lines, SERVER_COGS);
  ck_assert_int_eq(strncmp(buf_cstr(&r.out), "counter\n2\n3\n", 12), 0);
  ran_free(&r);
  MUST(0,
       "  ID  NAME     STATE     EVENTS  REQUESTS  QUEUED  OWNER\n   1  counter  spinning      10         1  "
       "     0  4294967295\n",
       NULL, "ps");
  MUST(0, "\"detail\":\"not a \\\"nat\\\"\\u001b[31m\"", NULL, "ps", "--json");
}
END_TEST

START_TEST(spawn_gives_the_value_of_the_file) {
  MUST(0, "7\n", NULL, "spawn", "good.sire");
  MUST(0, "mine\n", NULL, "spawn", "good.sire", "--name", "mine");
  MUST(0, "{\"id\":7,\"name\":\"mine\"}\n", NULL, "spawn", "good.sire", "--name", "mine", "--json");
  MUST(73, NULL, "choose another name", "spawn", "good.sire", "--name", "taken");
  MUST(66, NULL, "pall: none.sire: there is no such file", "spawn", "none.sire");
  MUST(2, NULL, "neither the number nor the name", "spawn", "good.sire", "--name", "Bad Name");
  MUST(2, NULL, "begins with a letter", "spawn", "good.sire", "--name", "5");
}
END_TEST

START_TEST(send_says_in_which_event_it_was_taken) {
  MUST(0, "counter took it in event 12\n", NULL, "send", "counter", "5");
  MUST(0, "1 took it in event 13\n", NULL, "send", "1", "5", "--path", "a/7");
  MUST(0, "{\"cog\":1,\"event\":12,\"again\":false}\n", NULL, "send", "counter", "5", "--json");
  MUST(75, NULL, "did not ask within 5000 ms", "send", "slow", "5");
  MUST(75, NULL, "did not ask within 250 ms", "send", "slow", "5", "--wait", "0.25");
  MUST(0, "again took it in event 171, when it was sent before\n", NULL, "send", "again", "5", "--id",
       "000102030405060708090a0b0c0d0eab");
  MUST(2, NULL, "--id must be 32 hex digits", "send", "again", "5", "--id", "xyz");
  MUST(66, NULL, "no such cog", "send", "nobody", "5");
  MUST(65, NULL, "pall: 1:1: the parenthesis is not closed\n  (\n  ^\n", "send", "counter", "(");
  MUST(65, NULL, "{\"error\":{\"code\":\"data\",\"message\":\"1:1: the parenthesis is not closed\\u000a",
       "send", "counter", "(", "--json");
}
END_TEST

START_TEST(inspect_shows_status_and_value) {
  MUST(0, "; counter (1), spinning; 10 events, 1 requests open, 0 messages waiting\n< from 0>\n", NULL,
       "inspect", "counter");
  MUST(0, "<[a]#0[7] from 0>\n", NULL, "inspect", "1", "--path", "a/0/\\7", "--depth", "3");
  MUST(0, "< from 7>\n", NULL, "inspect", "1", "--from", "7");
  MUST(2, NULL, "--count must be a number up to 1000", "inspect", "1", "--count", "1001");
  MUST(0, "},\"size\":0,\"value\":\"[x] from 0\"}\n", NULL, "inspect", "1", "--path", "x", "--json");
  MUST(0, "; 2, crashed: not a \"nat\"\\x1b[31m; ", NULL, "inspect", "2");
  MUST(2, NULL, "--depth must be a number", "inspect", "1", "--depth", "deep");
}
END_TEST

START_TEST(trace_cannot_command_the_terminal) {
  MUST(0,
       "2023-11-14T22:13:20.123Z 5 trace title\\x1b]0;evil\\x07\n2023-11-14T22:13:20.123Z 5 trace <VALUE>\n",
       NULL, "trace", "counter", "-f");
  MUST(0, "\"value\":\"VALUE\"", NULL, "trace", "counter", "--json");
}
END_TEST

static size_t count_events(const char **words) {
  Ran r = collect(launch(words));
  size_t lines = 0;
  ck_assert_int_eq(r.status, 0);
  for (size_t i = 0; i < r.out.len; i++) lines += r.out.data[i] == '\n';
  ran_free(&r);
  return lines;
}

START_TEST(log_goes_page_by_page) {
  ck_assert_uint_eq(count_events((const char *[]){"pall", "log", "1", NULL}), SERVER_EVENTS);
  ck_assert_uint_eq(count_events((const char *[]){"pall", "log", "1", "-n", "1500", NULL}), 1500);
  ck_assert_uint_eq(count_events((const char *[]){"pall", "log", "1", "--from", "2290", NULL}), 10);
  ck_assert_uint_eq(count_events((const char *[]){"pall", "log", "1", "-n", "0", NULL}), 0);
  MUST(0, "{\"event\":2299,", NULL, "log", "1", "--from", "2299", "--json");
}
END_TEST

START_TEST(stop_start_and_rm) {
  MUST(0, "counter is stopped\n", NULL, "stop", "counter");
  MUST(0, "counter goes on\n", NULL, "start", "counter");
  MUST(0, "counter is removed\n", NULL, "rm", "counter", "--yes");
  MUST(0, "{}\n", NULL, "stop", "counter", "--json");
  MUST(2, NULL, "say --yes", "rm", "counter");
  MUST(77, NULL, "belongs to user 5", "stop", "theirs");
  MUST(77, NULL, "belongs to user 5", "rm", "theirs", "-y");
}
END_TEST

START_TEST(prof_shows_what_a_cog_does) {
  MUST(0, "99.9  5000.0   100.0     70  0.0  go", NULL, "prof", "counter", "--events", "70");
  MUST(0, "go;(no_name) 3000\n(outer_calls) 1000\n", NULL, "prof", "1", "--time", "0.25", "--folded");
  MUST(0, "\"name\":\"go\",\"place\":\"\",\"samples\":2,\"own_ns\":250000000,", NULL, "prof", "counter",
       "--json", "--time", "0.25");
  MUST(70, NULL, "in no order", "prof", "twisted");
  MUST(2, NULL, "--events must be", "prof", "counter", "--events", "all");
}
END_TEST

START_TEST(help_and_completion_come_from_the_table) {
  MUST(0, "usage: pall ", NULL, "--help");
  MUST(0, "pall send shop", NULL, "help", "send");
  MUST(0, "usage: pall log COG", NULL, "log", "--help");
  MUST(2, NULL, "did you mean 'send'?", "help", "sned");
  MUST(0, "pall " PALLD_VERSION "\n", NULL, "--version");
  for (size_t i = 0; i < VERB_COUNT; i++) {
    MUST(0, VERBS[i].name, NULL, "completion", "bash");
    MUST(0, VERBS[i].name, NULL, "completion", "zsh");
    MUST(0, VERBS[i].name, NULL, "completion", "fish");
    MUST(0, VERBS[i].help + 1, NULL, "help", VERBS[i].name);
  }
  MUST(2, NULL, "bash, zsh and fish", "completion", "csh");
}
END_TEST

START_TEST(a_daemon_that_is_not_there) {
  char *none = mem_printf("%s/none", dir);
  MUST(69, NULL, "Start one with 'palld'", "ping", "--socket", none);
  MUST(69, NULL, "\"code\":\"unavailable\"", "ping", "--socket", none, "--json");
  MUST(2, NULL, "not a socket of palld", "ping", "--socket", "/dev/null");
  server_stop(server);
  MUST(69, NULL, "nobody listens on the socket", "ps");
  server = server_start(path);
  MUST(0, "answers", NULL, "ping");
  mem_free(none);
}
END_TEST

// The server dies with the message in hand, and another takes its place: the message is sent again.
START_TEST(a_send_outlives_the_daemon) {
  pid_t client = launch((const char *[]){"pall", "send", "once", "1", NULL});
  waitpid(server, NULL, 0);
  usleep(300000);
  server = server_start(path);
  Ran r = collect(client);
  ck_assert_msg(r.status == 0, "%s", buf_cstr(&r.err));
  ck_assert_str_eq(buf_cstr(&r.out), "once took it in event 12\n");
  ran_free(&r);
}
END_TEST

START_TEST(a_send_without_an_answer_says_how_to_repeat_it) {
  pid_t client = launch((const char *[]){"pall", "send", "dies", "1", NULL});
  for (int lives = 0; lives < 2; lives++) {
    waitpid(server, NULL, 0);
    usleep(100000);
    server = server_start(path);
  }
  server_stop(server);
  Ran r = collect(client);
  ck_assert_int_eq(r.status, 69);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&r.err), "repeating it with --id"));
  ran_free(&r);
  server = server_start(path);
}
END_TEST

START_TEST(a_full_disk_is_an_error) {
  pid_t pid = fork();
  if (pid == 0) {
    int full = open("/dev/full", O_WRONLY);
    dup2(full, STDOUT_FILENO);
    redirect("err", STDERR_FILENO);
    _exit(client_main(2, (char *[]){"pall", "ps", NULL}, &VALUES));
  }
  int status;
  waitpid(pid, &status, 0);
  ck_assert_int_eq(WEXITSTATUS(status), 74);
}
END_TEST

SUITE_MAIN_WITH("client/cli", ((SuiteFrame){.setup = setup, .teardown = teardown}), {ping_and_info},
                {ps_lists_all_pages}, {spawn_gives_the_value_of_the_file},
                {send_says_in_which_event_it_was_taken}, {inspect_shows_status_and_value},
                {trace_cannot_command_the_terminal}, {prof_shows_what_a_cog_does}, {log_goes_page_by_page},
                {stop_start_and_rm}, {help_and_completion_come_from_the_table}, {a_daemon_that_is_not_there},
                {a_send_outlives_the_daemon}, {a_send_without_an_answer_says_how_to_repeat_it},
                {a_full_disk_is_an_error})
