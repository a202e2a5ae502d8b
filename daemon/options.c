#include "daemon/options.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "proto/pall.h"
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_GROUP "pall"

const char OPTIONS_HELP[] =
    "usage: palld [--store DIR] [--socket PATH] [--group NAME] [--log-level LEVEL]\n"
    "             [--event-seconds N] [--cog-memory MB] [--cogs N] [--snapshot-mb MB]\n"
    "             [--eval-threads N]\n"
    "\n"
    "Runs cogs and keeps their state in a store. Talk to it with 'pall'.\n"
    "\n"
    "  --store DIR        where the state is kept; made when it is not there\n"
    "                     (root: /var/lib/palld; others: $XDG_STATE_HOME/palld or ~/.local/state/palld)\n"
    "  --socket PATH      where to listen\n"
    "                     (root: /run/palld/palld.sock; others: $XDG_RUNTIME_DIR/palld.sock)\n"
    "  --group NAME       let this group use the socket too (root: pall, when there is such a group)\n"
    "  --log-level LEVEL  error, warn, info or debug (info)\n"
    "  --event-seconds N  most time that one event may take (60)\n"
    "  --cog-memory MB    most memory of one cog (1024)\n"
    "  --cogs N           most cogs (10000); a tenth is kept for 'pall spawn'\n"
    "  --snapshot-mb MB   take snapshots when the log has grown by this much (64), or\n"
    "                     would take as long to replay\n"
    "  --eval-threads N   threads that evaluate what cogs ask for with %eval (as many as\n"
    "                     there are processors)\n"
    "  --help             show this\n"
    "  --version          show the version\n"
    "\n"
    "SIGTERM and SIGINT end it cleanly; it may be killed at any time without losing what it acknowledged.\n"
    "\n"
    "Example, a private daemon for a try:\n"
    "  palld --store ./try --socket ./try.sock &\n"
    "  pall --socket ./try.sock ping\n";

static bool set_level(Options *o, const char *name, Err *err) {
  static const struct {
    const char *name;
    LogLevel level;
  } LEVELS[] = {{"error", LOG_ERROR}, {"warn", LOG_WARN}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};
  for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++)
    if (strcmp(name, LEVELS[i].name) == 0) return o->level = LEVELS[i].level, true;
  return err_set(err, ERR_USAGE, "there is no log level '%s'; the levels are error, warn, info and debug",
                 name);
}

static void set_text(char **to, const char *text) {
  mem_free(*to);
  *to = mem_strdup(text);
}

static bool set_number(uint64_t *to, const char *what, uint64_t most, Err *err) {
  char *end;
  errno = 0;
  unsigned long long n = strtoull(optarg, &end, 10);
  if (optarg[0] < '0' || optarg[0] > '9' || *end || errno || n == 0 || n > most)
    return err_set(err, ERR_USAGE, "%s takes a number from 1 to %llu, not '%s'", what,
                   (unsigned long long)most, optarg);
  *to = n;
  return true;
}

static bool take(Options *o, int c, char **argv, Err *err) {
  switch (c) {
  case 's':
    if (!*optarg) return err_set(err, ERR_USAGE, "--store needs the name of a folder");
    return set_text(&o->store, optarg), true;
  case 'S': return set_text(&o->socket, optarg), true;
  case 'g': return set_text(&o->group, optarg), true;
  case 'l': return set_level(o, optarg, err);
  case 'e': return set_number(&o->event_seconds, "--event-seconds", 1000000, err);
  case 'm': return set_number(&o->cog_memory_mb, "--cog-memory", 1000000, err);
  case 'c': return set_number(&o->cogs, "--cogs", 30000, err);
  case 'n': return set_number(&o->snapshot_mb, "--snapshot-mb", 1000000, err);
  case 't': return set_number(&o->eval_threads, "--eval-threads", 1024, err);
  case 'h': return o->help = true;
  case 'v': return o->version = true;
  case ':': return err_set(err, ERR_USAGE, "%s needs an argument; see 'palld --help'", argv[optind - 1]);
  default: return err_set(err, ERR_USAGE, "palld has no option %s; see 'palld --help'", argv[optind - 1]);
  }
}

// --- defaults --------------------------------------------------------------------------------------
static char *default_store(Err *err) {
  if (geteuid() == 0) return mem_strdup("/var/lib/palld");
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (state && state[0] == '/') return mem_printf("%s/palld", state);
  if (home && home[0] == '/') return mem_printf("%s/.local/state/palld", home);
  err_set(err, ERR_CONFIG,
          "cannot tell where the store is: neither XDG_STATE_HOME nor HOME is set; give --store DIR");
  return NULL;
}

static bool set_defaults(Options *o, Err *err) {
  if (!o->store && !(o->store = default_store(err))) return false;
  if (!o->group && !o->socket && geteuid() == 0 && getgrnam(DEFAULT_GROUP))
    o->group = mem_strdup(DEFAULT_GROUP);
  return o->socket || (o->socket = pall_daemon_socket(err));
}

bool options_parse(Options *o, int argc, char **argv, Err *err) {
  static const struct option LONG[] = {
      {"store", required_argument, NULL, 's'},
      {"socket", required_argument, NULL, 'S'},
      {"group", required_argument, NULL, 'g'},
      {"log-level", required_argument, NULL, 'l'},
      {"event-seconds", required_argument, NULL, 'e'},
      {"cog-memory", required_argument, NULL, 'm'},
      {"cogs", required_argument, NULL, 'c'},
      {"snapshot-mb", required_argument, NULL, 'n'},
      {"eval-threads", required_argument, NULL, 't'},
      {"help", no_argument, NULL, 'h'},
      {"version", no_argument, NULL, 'v'},
      {NULL, 0, NULL, 0},
  };
  *o = (Options){.level = LOG_INFO};
  opterr = 0, optind = 0;
  int c;
  while ((c = getopt_long(argc, argv, ":h", LONG, NULL)) != -1) {
    if (!take(o, c, argv, err)) return options_free(o), false;
    if (o->help || o->version) return true;
  }
  bool ok = optind == argc ||
            err_set(err, ERR_USAGE, "palld takes options only, not '%s'; see 'palld --help'", argv[optind]);
  if (ok && set_defaults(o, err)) return true;
  options_free(o);
  return false;
}

void options_free(Options *o) {
  mem_free(o->store);
  mem_free(o->socket);
  mem_free(o->group);
  *o = (Options){0};
}

// --- folders ---------------------------------------------------------------------------------------
// So that a store made in new folders is still found after a power cut.
static bool sync_parent(const char *dir) {
  char *parent = mem_printf("%s/..", dir);
  bool ok = sys_real()->sync_dir(NULL, parent) == 0;
  mem_free(parent);
  return ok;
}

// Makes every folder on the way to `path`; those that exist stay as they are.
static bool make_parents(const char *path, mode_t mode, Err *err) {
  char *copy = mem_strdup(path);
  bool ok = true;
  for (char *slash = copy; ok && (slash = strchr(slash + 1, '/'));) {
    *slash = 0;
    if (mkdir(copy, mode) == 0 ? !sync_parent(copy) : errno != EEXIST)
      ok = err_sys(err, ERR_CREATE, errno,
                   "cannot make the folder %s; make it, or choose another place with --store "
                   "DIR and --socket PATH",
                   copy);
    *slash = '/';
  }
  mem_free(copy);
  return ok;
}

bool options_make_folders(const Options *o, Err *err) {
  bool system_socket = strcmp(o->socket, PALL_SYSTEM_SOCKET) == 0;
  return make_parents(o->store, 0700, err) && (!system_socket || make_parents(o->socket, 0755, err));
}
