// What the control socket asks of the engine behind it, and how the engine answers.
//
// The functions of a CtlHost run on the I/O thread and return at once: they look nothing up that may
// wait, evaluate nothing, and leave the work to the engine's own threads. A call and its arguments
// (also the bytes of a value, which are not copied) stay valid until the call is ended.
//
// Every call is ended exactly once, by ctl_done or ctl_fail, from any thread, also when it was
// cancelled or its client has left. Results are encoded on the thread that ends the call.
#pragma once
#include "proto/methods.h"
#include <sys/types.h>

typedef struct CtlCall CtlCall;

typedef struct CtlCaller {
  uid_t uid;
  gid_t gid;
  pid_t pid; // for the log only: it may be another process by now
  RpcRole role;
} CtlCaller;

// Who asks. The role suffices for the method (the table says so); whose cog it is, the host checks.
const CtlCaller *ctl_caller(const CtlCall *call);

// Answers with the result struct of the call's method (methods.h), which is copied.
void ctl_done(CtlCall *call, const void *result);
void ctl_fail(CtlCall *call, const Err *err);

// Sends one line of a trace before the call is ended (`stream` and `dropped` are filled in here). Lines
// that the client is too slow for are counted and dropped; never blocks. From one thread at a time.
void ctl_line(CtlCall *call, const RpcTraceLine *line);

// A call may carry a word of the host's. Guarded by the host.
void ctl_set_data(CtlCall *call, void *data);
void *ctl_data(const CtlCall *call);

typedef struct CtlHost {
  void *ctx;
  // Any may be NULL: the call then fails with ERR_RETRY, as palld is still reading its log.
  void (*info)(void *ctx, CtlCall *call); // version, uptime, sessions and calls are filled in by ctl_done
  void (*ps)(void *ctx, CtlCall *call, const RpcPsArgs *args);
  void (*spawn)(void *ctx, CtlCall *call, const RpcSpawnArgs *args);
  void (*send)(void *ctx, CtlCall *call, const RpcSendArgs *args);
  void (*inspect)(void *ctx, CtlCall *call, const RpcInspectArgs *args);
  void (*trace)(void *ctx, CtlCall *call, const RpcTraceArgs *args);
  void (*log)(void *ctx, CtlCall *call, const RpcLogArgs *args);
  void (*stop)(void *ctx, CtlCall *call, const RpcCogArgs *args);
  void (*start)(void *ctx, CtlCall *call, const RpcCogArgs *args);
  void (*rm)(void *ctx, CtlCall *call, const RpcCogArgs *args);
  void (*prof)(void *ctx, CtlCall *call, const RpcProfArgs *args);

  // Nobody waits for this call any more: end it soon. It may have been ended a moment ago on another
  // thread; then this says nothing. Must not be NULL when any of the others is not. At most once a call.
  void (*cancel)(void *ctx, CtlCall *call);
} CtlHost;
