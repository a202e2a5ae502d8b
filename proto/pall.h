// libpall: talk to palld from C.
//
// One Pall is one connection, used by one thread at a time. Calls are answered in order here: a call
// sends a request and waits for its answer. Results point into memory of the connection and are valid
// until its next call. After ERR_UNAVAILABLE, ERR_IO, ERR_DATA or a timeout the connection is broken
// and every further call says so; close it and connect again. `send` carries an id of the message, so
// the same call may be made again on the new connection.
#pragma once
#include "proto/methods.h"

typedef struct Pall Pall;

#define PALL_TIMEOUT_DEFAULT (-1) // what the method itself calls for
#define PALL_TIMEOUT_CONNECT 5000

// Connects to the socket at `path` and exchanges `hello`; `client` names the program. NULL and
// ERR_UNAVAILABLE: no socket there, or nobody listens; ERR_DENIED: not permitted; ERR_RETRY: no answer
// within timeout_ms, or too many connections; ERR_CONFIG: no common protocol version.
Pall *pall_connect(const char *path, const char *client, int timeout_ms, Err *err);
Pall *pall_from_fd(int fd, const char *client, int timeout_ms, Err *err); // takes a connected socket over
void pall_close(Pall *p);                                                 // accepts NULL

const RpcHello *pall_server(const Pall *p);
bool pall_is_broken(const Pall *p); // of no use any more, as said above

// `args` and `result` are the structs of that method (methods.h). timeout_ms bounds the whole call;
// PALL_TIMEOUT_DEFAULT is 30 s, for `send` and `prof` their wait and 30 s.
bool pall_call(Pall *p, RpcMethod method, const void *args, void *result, int timeout_ms, Err *err);

// A call whose answer is preceded by notifications: `line` gets each (valid during the call) and
// returns false to end the stream early; then pall_stream is true and *ended is false.
// `timeout_ms` bounds the wait for the next message; negative: none.
typedef bool PallLine(void *ctx, const RpcTraceLine *line);
bool pall_stream(Pall *p, RpcMethod method, const void *args, PallLine *line, void *ctx, int timeout_ms,
                 void *result, bool *ended, Err *err);

// A new random message id for `send`.
void pall_new_id(RpcId *id);

// Where this user's palld listens: for root /run/palld/palld.sock, for others
// $XDG_RUNTIME_DIR/palld.sock. A client without a daemon of its own uses the machine's if there is
// one. ERR_CONFIG when that cannot be told. Result: mem_free.
#define PALL_SYSTEM_SOCKET "/run/palld/palld.sock"
char *pall_daemon_socket(Err *err); // where a daemon started by this user should listen
char *pall_client_socket(Err *err); // where a client of this user should look
