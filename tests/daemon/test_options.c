#include "common/base/mem.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "proto/pall.h"
#include "tests/suite.h"
#include "tests/util.h"
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool parse(Options *o, Err *err, const char **words) {
  int n = 0;
  while (words[n]) n++;
  *err = ERR_INIT;
  return options_parse(o, n, (char **)words, err);
}
#define PARSE(o, err, ...) parse(o, err, (const char *[]){"palld", __VA_ARGS__, NULL})

START_TEST(what_is_said_is_taken) {
  Options o;
  Err err;
  ck_assert(PARSE(&o, &err, "--store", "/a", "--socket=/b", "--group", "g", "--log-level", "debug"));
  ck_assert_str_eq(o.store, "/a");
  ck_assert_str_eq(o.socket, "/b");
  ck_assert_str_eq(o.group, "g");
  ck_assert_int_eq(o.level, LOG_DEBUG);
  options_free(&o);
  ck_assert(PARSE(&o, &err, "--store", "/a", "--store", "/c", "--socket", "/b")); // the last one counts
  ck_assert_str_eq(o.store, "/c");
  ck_assert_ptr_null(o.group); // a socket of one's own is private
  options_free(&o);
  ck_assert(PARSE(&o, &err, "--help") && o.help);
  options_free(&o);
  ck_assert(PARSE(&o, &err, "-h") && o.help);
  options_free(&o);
  ck_assert(PARSE(&o, &err, "--version") && o.version);
  options_free(&o);
  options_free(&o);
}
END_TEST

static void wrong(const char *word, const char **words) {
  Options o;
  Err err;
  ck_assert(!parse(&o, &err, words));
  ck_assert_int_eq(err.code, ERR_USAGE);
  ck_assert_msg(strstr(err.msg, word) != NULL, "no '%s' in: %s", word, err.msg);
}
#define WRONG(word, ...) wrong(word, (const char *[]){"palld", __VA_ARGS__, NULL})

START_TEST(mistakes_are_named) {
  WRONG("no option --sotre", "--sotre", "x");
  WRONG("--store needs an argument", "--store");
  WRONG("'loud'", "--log-level", "loud");
  WRONG("not 'extra'", "--store", "x", "extra");
  WRONG("--store needs the name", "--store", "");
  WRONG("--cogs takes a number from 1 to 30000", "--cogs", "30001");
  WRONG("--cog-memory takes a number", "--cog-memory", "0");
  WRONG("--event-seconds takes a number", "--event-seconds", "-1");
}
END_TEST

START_TEST(every_option_is_in_the_help) {
  static const char *const NAMES[] = {
      "--store DIR",       "--socket PATH",   "--group NAME", "--log-level LEVEL",
      "--event-seconds N", "--cog-memory MB", "--cogs N",     "--snapshot-mb MB",
      "--eval-threads N",  "--help",          "--version"};
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    ck_assert_ptr_nonnull(strstr(OPTIONS_HELP, NAMES[i]));
}
END_TEST

START_TEST(the_defaults_follow_the_user) {
  Options o;
  Err err;
  setenv("XDG_STATE_HOME", "/state", 1);
  setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
  ck_assert(PARSE(&o, &err, "--log-level", "info"));
  bool root = geteuid() == 0;
  ck_assert_str_eq(o.store, root ? "/var/lib/palld" : "/state/palld");
  ck_assert_str_eq(o.socket, root ? PALL_SYSTEM_SOCKET : "/run/user/1/palld.sock");
  options_free(&o);
  if (root) return;
  unsetenv("XDG_STATE_HOME");
  setenv("HOME", "/home/me", 1);
  ck_assert(PARSE(&o, &err, "--log-level", "info"));
  ck_assert_str_eq(o.store, "/home/me/.local/state/palld");
  options_free(&o);
  unsetenv("HOME");
  ck_assert(!PARSE(&o, &err, "--log-level", "info"));
  ck_assert_int_eq(err.code, ERR_CONFIG);
}
END_TEST

START_TEST(folders_on_the_way_are_made_private) {
  char *dir = scratch_dir(), *mid = mem_printf("%s/a/b", dir);
  Options o = {.store = mem_printf("%s/a/b/store", dir), .socket = mem_printf("%s/s", dir)};
  Err err = ERR_INIT;
  struct stat st;
  ck_assert(options_make_folders(&o, &err));
  ck_assert(options_make_folders(&o, &err));
  ck_assert_int_eq(stat(mid, &st), 0);
  ck_assert_uint_eq(st.st_mode & 077, 0);
  ck_assert_int_ne(access(o.store, F_OK), 0); // the store makes its own
  options_free(&o);
  o = (Options){.store = mem_strdup("/dev/null/x/store"), .socket = mem_strdup("/s")};
  ck_assert(!options_make_folders(&o, &err));
  ck_assert_int_eq(err.code, ERR_CREATE);
  options_free(&o);
  mem_free(mid);
  scratch_free(dir);
}
END_TEST

// The service manager's end: a datagram socket, by path and in the abstract namespace.
static int manager(const char *name) {
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  strcpy(sa.sun_path, name);
  socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
  if (name[0] == '@') sa.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, len), 0);
  setenv("NOTIFY_SOCKET", name, 1);
  return fd;
}

static void told(const char *name) {
  char got[32] = {0};
  int fd = manager(name);
  notify("READY=1");
  ck_assert_int_eq(recv(fd, got, sizeof got - 1, MSG_DONTWAIT), 7);
  ck_assert_str_eq(got, "READY=1");
  close(fd);
  notify("STOPPING=1"); // to nobody
}

START_TEST(the_service_manager_is_told) {
  char *dir = scratch_dir(), *path = mem_printf("%s/notify", dir),
       *abstract = mem_printf("@palld-test-%d", (int)getpid());
  told(path);
  told(abstract);
  char long_path[300];
  memset(long_path, '/', sizeof long_path), long_path[299] = 0;
  setenv("NOTIFY_SOCKET", long_path, 1);
  notify("READY=1");
  unsetenv("NOTIFY_SOCKET");
  notify("READY=1");
  mem_free(path), mem_free(abstract);
  scratch_free(dir);
}
END_TEST

SUITE_MAIN("daemon/options", what_is_said_is_taken, mistakes_are_named, every_option_is_in_the_help,
           the_defaults_follow_the_user, folders_on_the_way_are_made_private, the_service_manager_is_told)
