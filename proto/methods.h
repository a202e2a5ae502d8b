// The vocabulary of the control socket: every method with its parameters, results, role and help, in
// one table. The server dispatches and checks from it, libpall encodes from it, PROTOCOL.md's
// tables are printed from it. Append only: names and meanings of released entries never change.
#pragma once
#include "proto/schema.h"

#define RPC_PROTOCOL 1           // version in `hello`
#define RPC_SEND_WAIT_MS 5000    // default of send's wait_ms
#define RPC_PROF_MS 5000         // default of prof's ms
#define RPC_STACKS_MAX 2000      // most stacks in one answer of `prof`
#define RPC_WAIT_MAX_MS 86400000 // a day
#define RPC_PAGE_MAX 1000        // most rows in one answer of `ps` and `log`
#define RPC_PATH_MAX 64          // elements of a path
#define RPC_TEXT_MAX 4096        // bytes of a text field

// What a caller may do; each role includes those before it.
typedef enum RpcRole { ROLE_OBSERVER, ROLE_USER, ROLE_ADMIN, ROLE_COUNT } RpcRole;
const char *rpc_role_name(RpcRole role);

// State of a cog on the wire.
typedef enum RpcCogState {
  COG_SPINNING,  // has open requests
  COG_FINISHED,  // has none
  COG_CRASHED,   // its last event crashed
  COG_TIMED_OUT, // its last event reached a limit of time or fuel
  COG_STOPPED,   // paused by an operator
  COG_STATE_COUNT
} RpcCogState;
const char *rpc_cog_state_name(RpcCogState state);

typedef enum RpcMethod {
  METHOD_HELLO,
  METHOD_PING,
  METHOD_INFO,
  METHOD_PS,
  METHOD_SPAWN,
  METHOD_SEND,
  METHOD_INSPECT,
  METHOD_TRACE,
  METHOD_LOG,
  METHOD_STOP,
  METHOD_START,
  METHOD_RM,
  METHOD_PROF,
  METHOD_COUNT
} RpcMethod;

// Notifications, which have no answer.
typedef enum RpcNote {
  NOTE_CANCEL, // client: I no longer want the answer to this request
  NOTE_TRACE,  // server: one line of a followed trace
  NOTE_COUNT
} RpcNote;

// --- parameters and results ----------------------------------------------------------------------
typedef struct RpcNothing {
  char none;
} RpcNothing;

typedef struct RpcHelloArgs {
  uint64_t protocol; // highest version that the client speaks
  RpcText client;    // name and version, for the log
} RpcHelloArgs;

typedef struct RpcHello {
  uint64_t protocol; // version spoken from here on
  RpcText server;    // version of palld
  RpcText role;
  RpcList features; // of RpcText
  uint64_t frame_max, items_max, depth_max, calls_max, idle_ms;
} RpcHello;

typedef struct RpcInfo {
  RpcText version, store, runtime;
  uint64_t uptime_ms, cogs, spinning, events, pages, store_bytes, log_bytes, sessions, calls;
} RpcInfo;

typedef struct RpcPsArgs {
  uint64_t after; // list cogs with a greater id; the first call says nothing
  uint64_t count;
} RpcPsArgs;

typedef struct RpcCogInfo {
  uint64_t id;
  RpcText name;                      // absent when it has none
  RpcText state;                     // rpc_cog_state_name
  RpcText detail;                    // why it crashed or timed out, in words
  uint64_t owner;                    // uid
  uint64_t parent;                   // cog that spun it, 0 when a person did
  uint64_t events, requests, queued; // events done; open requests; messages waiting
} RpcCogInfo;

typedef struct RpcPs {
  RpcList cogs; // of RpcCogInfo, by id ascending
  bool more;
} RpcPs;

typedef struct RpcSpawnArgs {
  RpcText name;
  RpcBytes value;
} RpcSpawnArgs;

typedef struct RpcSpawn {
  uint64_t id;
  RpcText name;
} RpcSpawn;

typedef struct RpcSendArgs {
  RpcCog cog;
  RpcPath path;
  RpcBytes value;
  uint64_t wait_ms;
  RpcId id;
} RpcSendArgs;

typedef struct RpcSend {
  uint64_t cog, event; // the event that consumed the message
  bool again;          // this id had been acknowledged before; nothing was delivered now
} RpcSend;

typedef struct RpcInspectArgs {
  RpcCog cog;
  RpcPath path;
  uint64_t from, count; // of a row, tab, set or bar at its end; count 0: all of it
} RpcInspectArgs;

typedef struct RpcInspect {
  RpcCogInfo cog;
  RpcBytes value; // what the path leads to in the cog's value
  uint64_t size;  // elements, keys or bytes of all of it; 0 for other values
} RpcInspect;

typedef struct RpcTraceArgs {
  RpcCog cog;
  bool follow;
} RpcTraceArgs;

typedef struct RpcTraceLine {
  uint64_t stream; // id of the request that asked
  uint64_t cog, event, time_ns;
  RpcText kind;     // "trace" said by the program; "event", "crash", "limit" said by palld
  RpcText text;     // absent when the message is not a short text
  RpcBytes value;   // the message as a value
  uint64_t dropped; // lines lost before this one because the client reads too slowly
} RpcTraceLine;

typedef struct RpcTrace {
  uint64_t lines; // how many were sent
} RpcTrace;

typedef struct RpcLogArgs {
  RpcCog cog;
  uint64_t from, count;
} RpcLogArgs;

typedef struct RpcLogEvent {
  uint64_t event, time_ns;
  uint64_t answers, bytes; // answers it took in; bytes of its record
  RpcText outcome;         // "done", "crash", "limit"
  RpcText detail;
  RpcBytes input; // the tab of answers; absent when large
} RpcLogEvent;

typedef struct RpcLog {
  RpcList events; // of RpcLogEvent, ascending
  uint64_t next;  // `from` of the next call
  uint64_t last;  // the cog's latest event
  bool more;
} RpcLog;

typedef struct RpcProfArgs {
  RpcCog cog;
  uint64_t ms, events;
} RpcProfArgs;

// The stack from the root, stack 0, to a function. What was spent counts for the function.
typedef struct RpcStack {
  uint64_t parent; // less than its own index
  uint64_t function;
  uint64_t samples, ns, calls, bytes;
} RpcStack;

typedef struct RpcProf {
  RpcList functions; // of RpcText: names; 0 is the root and 1 what is cut off from deep stacks
  RpcList stacks;    // of RpcStack
  uint64_t events, ms;
} RpcProf;

typedef struct RpcCogArgs {
  RpcCog cog;
} RpcCogArgs;

typedef struct RpcCancel {
  uint64_t request;
} RpcCancel;

// An error on the wire: Err with the code as its name.
typedef struct RpcError {
  RpcText code, message, where;
} RpcError;
extern const RpcSchema RPC_ERROR_SCHEMA;

// --- the tables ----------------------------------------------------------------------------------
typedef struct RpcMethodInfo {
  const char *name;
  RpcRole role;
  bool waits; // may take as long as the cog likes; else answered promptly
  const RpcSchema *args, *result;
  const char *help; // one line
} RpcMethodInfo;

typedef struct RpcNoteInfo {
  const char *name;
  const RpcSchema *args;
  const char *help;
} RpcNoteInfo;

const RpcMethodInfo *rpc_method(RpcMethod m);
const RpcNoteInfo *rpc_note(RpcNote n);
bool rpc_method_find(RpcText name, RpcMethod *m);
bool rpc_note_find(RpcText name, RpcNote *n);

// What the client should do about an error: one line a code, for the documentation and for `pall`.
const char *rpc_error_advice(ErrCode code);

// Appends the reference part of PROTOCOL.md: methods, notifications, records, errors, as Markdown.
void rpc_print_reference(Buf *out);
