#include "common/base/mem.h"
#include "daemon/ctl/impl.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_TRIES 100 // of 20 ms

// Between probing and binding nobody else may do the same: the folder is locked for that moment.
static int lock_folder(const char *path, Err *err) {
  char *copy = mem_strdup(path);
  const char *dir = dirname(copy);
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), tries = 0;
  int why = errno;
  while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && tries < LOCK_TRIES) poll(NULL, 0, 20), tries++;
  if (fd < 0)
    err_sys(err, ERR_CREATE, why,
            "cannot make the socket %s: its folder is not usable; create it, or choose another "
            "place with --socket PATH",
            path);
  else if (tries == LOCK_TRIES) {
    err_set(err, ERR_CREATE, "cannot make the socket %s: another program holds a lock on its folder", path);
    close(fd);
    fd = -1;
  }
  mem_free(copy);
  return fd;
}

static bool is_alive(const struct sockaddr_un *sa) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;
  // A full backlog (EAGAIN) is somebody too.
  bool alive = connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0 || errno == EAGAIN;
  close(fd);
  return alive;
}

// Makes the place free: a socket that nobody listens on is removed, anything else stays.
static bool clear_place(const struct sockaddr_un *sa, Err *err) {
  struct stat st;
  if (lstat(sa->sun_path, &st) != 0)
    return errno == ENOENT || err_sys(err, ERR_CREATE, errno, "cannot look at the socket %s", sa->sun_path);
  if (!S_ISSOCK(st.st_mode))
    return err_set(err, ERR_CREATE,
                   "cannot make the socket %s: something that is no socket is there; move it away, or "
                   "choose another place with --socket PATH",
                   sa->sun_path);
  if (is_alive(sa))
    return err_set(err, ERR_EXISTS,
                   "another palld listens on %s already; stop it, or give this one its own --socket "
                   "PATH and --store DIR",
                   sa->sun_path);
  if (unlink(sa->sun_path) == 0) return true;
  return err_sys(err, ERR_CREATE, errno, "cannot remove the dead socket %s", sa->sun_path);
}

static bool give_to_group(const char *path, const char *group, Err *err) {
  if (!group) return true;
  const struct group *g = getgrnam(group);
  if (!g) return err_set(err, ERR_CONFIG, "there is no group '%s' to open the socket to; create it", group);
  if (chown(path, (uid_t)-1, g->gr_gid) == 0 && chmod(path, 0660) == 0) return true;
  return err_sys(err, ERR_CREATE, errno, "cannot open the socket %s to the group %s", path, group);
}

// The mask makes the socket private from its first moment; before the group is set and it listens,
// nobody can connect. (umask is of the process: this runs before there are other threads.)
static bool bind_private(int fd, const struct sockaddr_un *sa, Err *err) {
  mode_t before = umask(0177);
  int r = bind(fd, (const struct sockaddr *)sa, sizeof *sa), why = errno;
  umask(before);
  return r == 0 || err_sys(err, ERR_CREATE, why, "cannot make the socket %s", sa->sun_path);
}

static bool remember(Ctl *c, const char *path, Err *err) {
  struct stat st;
  if (lstat(path, &st) != 0) return err_sys(err, ERR_CREATE, errno, "the socket %s is gone", path);
  c->path = mem_strdup(path);
  c->path_dev = st.st_dev;
  c->path_ino = st.st_ino;
  return true;
}

static int open_at(Ctl *c, const struct sockaddr_un *sa, const char *group, Err *err) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) err_sys(err, ERR_CREATE, errno, "cannot make a socket");
  if (fd < 0 || !bind_private(fd, sa, err)) {
    if (fd >= 0) close(fd);
    return -1;
  }
  bool ok = remember(c, sa->sun_path, err) && give_to_group(sa->sun_path, group, err);
  if (ok && listen(fd, 128) != 0) ok = err_sys(err, ERR_CREATE, errno, "cannot listen on %s", sa->sun_path);
  if (ok) return fd;
  listen_remove(c);
  close(fd);
  return -1;
}

int listen_open(Ctl *c, const char *path, const char *group, Err *err) {
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  if (!*path || strlen(path) >= sizeof sa.sun_path) {
    err_set(err, ERR_USAGE,
            "the path of a socket has 1 to %zu bytes, and '%s' has %zu; choose another with --socket PATH",
            sizeof sa.sun_path - 1, path, strlen(path));
    return -1;
  }
  strcpy(sa.sun_path, path);
  int lock = lock_folder(path, err);
  if (lock < 0) return -1;
  int fd = clear_place(&sa, err) ? open_at(c, &sa, group, err) : -1;
  close(lock);
  return fd;
}

void listen_remove(Ctl *c) {
  struct stat st;
  if (!c->path) return;
  if (lstat(c->path, &st) == 0 && st.st_dev == c->path_dev && st.st_ino == c->path_ino) unlink(c->path);
  mem_free(c->path);
  c->path = NULL;
}
