// Private to daemon/ctl.
//
//   ctl.c      accounts of users, accepting, the sweep of timeouts
//   listen.c   making and removing the socket
//   session.c  one connection: reading, writing, its states
//   dispatch.c what a message means
//   call.c     a request between its arrival and its answer
#pragma once
#include "common/base/table.h"
#include "daemon/ctl/ctl.h"
#include "proto/rpc.h"
#include <stdatomic.h>

#define CTL_RESERVED 4             // connections for administrators; descriptors kept back
#define CTL_LINES_MAX (256u << 10) // bytes of trace lines of one call on their way to the loop
#define CTL_WARNINGS 10            // lines of the log in a second that callers can provoke
#define CTL_READ_TURN (256u << 10) // bytes taken from one connection before the others' turn

// What the connections of one user hold together.
typedef struct Account {
  uid_t uid;
  uint32_t sessions, refs; // refs: sessions and calls
  uint64_t bytes;
} Account;

// New -> Ready -> Closing (what is queued is still written) -> Dead. New and Ready may also die at once.
typedef enum SessionState { SESSION_NEW, SESSION_READY, SESSION_CLOSING, SESSION_DEAD } SessionState;

typedef struct Session {
  struct Session *next, **at;
  Ctl *ctl;
  uint64_t id;
  SessionState state;
  int fd;
  LoopFd *watch;
  CtlCaller caller;
  Account *account;
  FrameReader reader;
  uint64_t charged; // bytes of reader and out that the account knows of
  Buf out;
  size_t out_done; // bytes of `out` that are written
  CtlCall *calls;  // unanswered
  uint32_t call_count;
  bool pumping; // frames are being dispatched
  uint64_t opened_ms, frame_ms, wrote_ms,
      active_ms; // times of the latest: accept, frame begun, progress, request
} Session;

struct Ctl {
  Loop *loop;
  CtlConfig cfg;
  CtlHost host;
  uint64_t started_ms;
  int listen_fd;
  LoopFd *listen_watch;
  LoopTimer *listen_again, *sweep;
  char *path; // of the socket, and what it is, so that we remove only our own
  uint64_t path_dev, path_ino;
  int reserve[CTL_RESERVED];
  Session *sessions, *dead;
  LoopTimer *reap;
  uint32_t session_count;
  uint64_t last_session;
  uint64_t bytes;
  uint32_t open_calls;     // begun, and their end has not reached the loop
  WordTable accounts;      // uid -> Account *
  WordTable by_id;         // session id -> Session *
  uint64_t warned_ms;      // when the current second of warnings began
  uint32_t warned, unsaid; // warnings in it; those left out
  bool stopping;
};

// --- ctl.c -----------------------------------------------------------------------------------------
bool account_room(const Ctl *c, const Account *a, uint64_t more, Err *err); // ERR_RETRY when it has none
void account_set(Ctl *c, Account *a, uint64_t from, uint64_t to);           // a part of it changed its size
Account *account_get(Ctl *c, uid_t uid);                                    // with one reference more
void account_put(Ctl *c, Account *a);
// A warning that a caller can provoke: so many a second at most, that nobody fills the log.
void ctl_warn(Ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// --- listen.c --------------------------------------------------------------------------------------
int listen_open(Ctl *c, const char *path, const char *group, Err *err);
void listen_remove(Ctl *c); // unlinks the socket if it is still ours

// --- session.c -------------------------------------------------------------------------------------
void session_start(Ctl *c, int fd, const CtlCaller *caller, Account *account);
void session_output(Session *s);               // call after appending to s->out
void session_fail(Session *s, const Err *err); // an error about the connection; it closes
void session_close(Session *s);                // at once; freed after the callback in progress
void session_sweep(Session *s, uint64_t now);  // closes it when a timeout has passed
void session_to(Session *s, SessionState to);  // checked against the allowed moves
Session *session_find(Ctl *c, uint64_t id);
void session_reap(Ctl *c); // frees the dead

// --- dispatch.c ------------------------------------------------------------------------------------
// Takes a whole frame over.
void dispatch(Session *s, uint8_t *frame, size_t len);

// --- call.c ----------------------------------------------------------------------------------------
struct CtlCall {
  CtlCall *next, **at; // in its session's list, while that lives
  Ctl *ctl;
  uint64_t session;
  CtlCaller caller;
  Account *account;
  uint32_t id;
  RpcMethod method;
  RpcMessage msg;
  uint8_t *frame;
  size_t charged; // bytes of frame and answer that the account knows of
  Arena arena;
  union {
    RpcPsArgs ps;
    RpcSpawnArgs spawn;
    RpcSendArgs send;
    RpcInspectArgs inspect;
    RpcTraceArgs trace;
    RpcLogArgs log;
    RpcProfArgs prof;
    RpcCogArgs cog;
    RpcHelloArgs hello;
    RpcNothing none;
  } args;
  void *data;
  uint64_t uptime_ms, sessions, open; // for `info`, as of its arrival
  bool hosted, cancelled;             // given to the host; it was told that nobody waits
  atomic_bool ended;
  atomic_uint_fast64_t lines_bytes, dropped; // lines under way to the loop; lines lost
  LoopTask task;
  Buf answer;
};

// Takes frame and message over (the message is moved).
CtlCall *call_new(Session *s, RpcMessage *msg, RpcMethod method, uint8_t *frame, size_t len);
void call_run(CtlCall *call); // to the host
void call_cancel(CtlCall *call);
void call_orphan(CtlCall *call); // its session goes: unlinks and cancels
