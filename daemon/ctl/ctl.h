// The control socket: listens, knows who connects, speaks proto/PROTOCOL.md, hands calls to a CtlHost.
// Lives on the loop's thread; only what host.h names may be called from others.
//
// What a client can take is bounded: connections (in all, and of one user), unanswered calls of a
// connection, bytes held for a user (requests not ended, answers not read). A few connections and
// descriptors are kept back, so that an administrator is answered when the rest is used up.
#pragma once
#include "common/base/log.h"
#include "daemon/ctl/host.h"
#include "daemon/loop.h"

typedef struct Ctl Ctl;

typedef struct CtlConfig {
  const char *version;
  Log log;
  // Limits; 0 means the default in brackets.
  uint32_t sessions;          // connections in all (256); administrators get 4 more
  uint32_t sessions_per_user; // (32)
  uint32_t calls;             // unanswered, of one connection (64)
  uint32_t hello_ms;          // until `hello` has come (10 s)
  uint32_t frame_ms;          // until a message that began is whole (60 s)
  uint32_t stall_ms;          // until a client reads a little of its answers (60 s)
  uint32_t idle_ms;           // without any request (10 min)
  uint64_t bytes_per_user;    // (64 MiB)
  uint64_t bytes;             // in all (256 MiB)
  uint32_t out_pause;         // unread bytes at which we stop reading (4 MiB)
  // What a user may do; NULL: root and the daemon's own user administrate, others are users.
  RpcRole (*role)(void *ctx, uid_t uid, gid_t gid);
  void *role_ctx;
} CtlConfig;

Ctl *ctl_new(Loop *loop, const CtlConfig *config);

// Calls go to `host` from here on; before, they are answered with ERR_RETRY.
void ctl_set_host(Ctl *c, const CtlHost *host);

// Listens at `path`, readable for its owner and, when `group` is given, for that group. A socket that
// a dead palld left is replaced. ERR_EXISTS: somebody listens there; ERR_CREATE: cannot be made.
bool ctl_listen(Ctl *c, const char *path, const char *group, Err *err);

// Serves a connected socket and takes it over. ERR_RETRY when a limit refuses it.
bool ctl_adopt(Ctl *c, int fd, Err *err);

// Stops listening and removes the socket; connections stay.
void ctl_unlisten(Ctl *c);
// And cancels open calls, refuses new ones.
void ctl_stop(Ctl *c);
// All calls are ended and all answers written.
bool ctl_is_quiet(const Ctl *c);
// Closes everything. Every call must have been ended, and its end have reached the loop.
void ctl_free(Ctl *c);
