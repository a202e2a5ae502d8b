#include "proto/socket.h"
#include "common/base/mem.h"
#include "proto/pall.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t socket_deadline(int ms) { return ms < 0 ? SOCKET_FOREVER : now_ms() + (uint64_t)ms; }

static int left_ms(uint64_t deadline) {
  if (deadline == SOCKET_FOREVER) return -1;
  uint64_t now = now_ms();
  return now >= deadline ? 0 : (int)(deadline - now);
}

// Waits for an event; ERR_RETRY at the deadline.
static bool wait_for(int fd, short events, uint64_t deadline, Err *err) {
  for (;;) {
    struct pollfd pfd = {.fd = fd, .events = events};
    int ms = left_ms(deadline);
    int n = poll(&pfd, 1, ms);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return err_sys(err, ERR_IO, errno, "cannot wait for palld");
    if (n == 0 && ms >= 0)
      return err_set(err, ERR_RETRY,
                     "palld did not answer in time; it may be busy, so try again or allow more time");
  }
}

static bool would_block(int e) { return e == EAGAIN || e == EWOULDBLOCK; }

ssize_t socket_read(int fd, void *buf, size_t n, uint64_t deadline, Err *err) {
  for (;;) {
    ssize_t got = recv(fd, buf, n, 0);
    if (got > 0) return got;
    if (got == 0 || errno == ECONNRESET) {
      err_set(err, ERR_UNAVAILABLE, "palld closed the connection; its log says why");
      return -1;
    }
    if (!would_block(errno) && errno != EINTR) {
      err_sys(err, ERR_IO, errno, "cannot read from palld");
      return -1;
    }
    if (errno != EINTR && !wait_for(fd, POLLIN, deadline, err)) return -1;
  }
}

bool socket_write(int fd, const void *data, size_t n, uint64_t deadline, Err *err) {
  const char *p = data;
  while (n > 0) {
    ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
    if (put >= 0) {
      p += put, n -= (size_t)put;
      continue;
    }
    if (errno == EPIPE || errno == ECONNRESET)
      return err_set(err, ERR_UNAVAILABLE, "palld closed the connection; its log says why");
    if (!would_block(errno) && errno != EINTR) return err_sys(err, ERR_IO, errno, "cannot write to palld");
    if (errno != EINTR && !wait_for(fd, POLLOUT, deadline, err)) return false;
  }
  return true;
}

bool socket_nonblocking(int fd, Err *err) {
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0) return true;
  return err_sys(err, ERR_IO, errno, "cannot prepare the connection to palld");
}

static bool explain(int e, const char *path, Err *err) {
  struct stat st;
  if (e == ECONNREFUSED && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) e = ENOTSOCK;
  switch (e) {
  case ENOENT:
  case ENOTDIR:
    return err_set(err, ERR_UNAVAILABLE,
                   "no palld is running: there is no socket at %s. Start one with 'palld', or name another "
                   "socket with --socket PATH or PALL_SOCKET",
                   path);
  case ECONNREFUSED:
    return err_set(
        err, ERR_UNAVAILABLE,
        "no palld is running: nobody listens on the socket %s, which an earlier palld left behind. "
        "Start one with 'palld'; it replaces the socket",
        path);
  case EACCES:
  case EPERM:
    return err_set(
        err, ERR_DENIED,
        "you may not use the socket %s. Its owner and group may; ask an administrator to add you to "
        "the group, or start your own daemon with 'palld'",
        path);
  case ENOTSOCK:
  case EPROTOTYPE:
    return err_set(err, ERR_USAGE,
                   "%s is not a socket of palld; name the right one with --socket PATH or PALL_SOCKET", path);
  default: return err_sys(err, ERR_UNAVAILABLE, e, "cannot connect to palld at %s", path);
  }
}

// A full backlog shows as EAGAIN on Unix sockets and cannot be polled for.
static bool connect_until(int fd, const struct sockaddr_un *sa, uint64_t deadline, Err *err) {
  for (;;) {
    if (connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0) return true;
    if (errno == EINTR) continue;
    if (!would_block(errno)) return explain(errno, sa->sun_path, err);
    int left = left_ms(deadline);
    if (left == 0)
      return err_set(err, ERR_RETRY, "palld at %s does not take connections; it is busy, so try again",
                     sa->sun_path);
    poll(NULL, 0, left > 0 && left < 20 ? left : 20);
  }
}

int socket_connect(const char *path, uint64_t deadline, Err *err) {
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  if (!*path || strlen(path) >= sizeof sa.sun_path) {
    err_set(err, ERR_USAGE, "the path of a socket has 1 to %zu bytes, and '%s' has %zu; choose another path",
            sizeof sa.sun_path - 1, path, strlen(path));
    return -1;
  }
  strcpy(sa.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    err_sys(err, ERR_IO, errno, "cannot make a socket");
    return -1;
  }
  if (connect_until(fd, &sa, deadline, err)) return fd;
  close(fd);
  return -1;
}

// --- where it is -------------------------------------------------------------------------------------
static char *user_socket(Err *err) {
  const char *dir = getenv("XDG_RUNTIME_DIR");
  if (dir && dir[0] == '/') return mem_printf("%s/palld.sock", dir);
  err_set(err, ERR_CONFIG,
          "cannot tell where palld's socket is: XDG_RUNTIME_DIR is %s. Give --socket PATH or set PALL_SOCKET",
          dir && *dir ? "not an absolute path" : "not set");
  return NULL;
}

char *pall_daemon_socket(Err *err) {
  return geteuid() == 0 ? mem_strdup(PALL_SYSTEM_SOCKET) : user_socket(err);
}

char *pall_client_socket(Err *err) {
  if (geteuid() == 0) return mem_strdup(PALL_SYSTEM_SOCKET);
  char *own = user_socket(err);
  if (own && access(own, F_OK) == 0) return own;
  if (access(PALL_SYSTEM_SOCKET, F_OK) != 0) return own;
  mem_free(own);
  return mem_strdup(PALL_SYSTEM_SOCKET);
}
