#include "proto/methods.h"
#include <stddef.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
// Field of struct T: REQ must be there, OPT may be missing. Further members (.max, .absent, .of) follow.
#define REQ(T, member, kind, text, ...)                                                                      \
  {                                                                                                          \
    .name = #member, .type = FIELD_##kind, .required = true, .offset = offsetof(T, member), .help = text,    \
    __VA_ARGS__                                                                                              \
  }
#define OPT(T, member, kind, text, ...)                                                                      \
  { .name = #member, .type = FIELD_##kind, .offset = offsetof(T, member), .help = text, __VA_ARGS__ }
#define SCHEMA(label, T, list)                                                                               \
  { label, sizeof(T), COUNT(list), list }

static const char *const ROLE_NAMES[ROLE_COUNT] = {"observer", "user", "administrator"};
static const char *const STATE_NAMES[COG_STATE_COUNT] = {"spinning", "finished", "crashed", "timed-out",
                                                         "stopped"};

const char *rpc_role_name(RpcRole role) { return role < ROLE_COUNT ? ROLE_NAMES[role] : "none"; }
const char *rpc_cog_state_name(RpcCogState s) { return s < COG_STATE_COUNT ? STATE_NAMES[s] : "unknown"; }

// --- records ---------------------------------------------------------------------------------------
static const RpcSchema NOTHING = {"Nothing", sizeof(RpcNothing), 0, NULL};

static const RpcField HELLO_ARGS[] = {
    REQ(RpcHelloArgs, protocol, NAT, "highest protocol version that the client speaks"),
    OPT(RpcHelloArgs, client, TEXT, "name and version of the program, for the log", .max = 128),
};
static const RpcSchema HELLO_ARGS_SCHEMA = SCHEMA("hello", RpcHelloArgs, HELLO_ARGS);

static const RpcField HELLO[] = {
    REQ(RpcHello, protocol, NAT, "version that both speak from here on"),
    REQ(RpcHello, server, TEXT, "version of palld"),
    REQ(RpcHello, role, TEXT, "what the caller may do: observer, user or administrator"),
    REQ(RpcHello, features, TEXTS, "names of what this palld can do beyond its protocol version"),
    REQ(RpcHello, frame_max, NAT, "bytes of the longest message it accepts"),
    REQ(RpcHello, items_max, NAT, "items in one message"),
    REQ(RpcHello, depth_max, NAT, "containers inside each other in one message"),
    REQ(RpcHello, calls_max, NAT, "requests of one connection that may be unanswered at a time"),
    REQ(RpcHello, idle_ms, NAT, "a connection without requests is closed after this time"),
};
static const RpcSchema HELLO_SCHEMA = SCHEMA("Hello", RpcHello, HELLO);

static const RpcField INFO[] = {
    REQ(RpcInfo, version, TEXT, "version of palld"),
    REQ(RpcInfo, store, TEXT, "folder of the store"),
    OPT(RpcInfo, runtime, TEXT, "machine and jets that wrote the last record"),
    REQ(RpcInfo, uptime_ms, NAT, "time since it answers"),
    REQ(RpcInfo, cogs, NAT, "cogs in the store"),
    REQ(RpcInfo, spinning, NAT, "cogs that are spinning"),
    REQ(RpcInfo, events, NAT, "events done since the start"),
    REQ(RpcInfo, pages, NAT, "pages in the store"),
    REQ(RpcInfo, store_bytes, NAT, "bytes of pages"),
    REQ(RpcInfo, log_bytes, NAT, "bytes of log segments"),
    REQ(RpcInfo, sessions, NAT, "connections that are open"),
    REQ(RpcInfo, calls, NAT, "requests that wait for their answer"),
};
static const RpcSchema INFO_SCHEMA = SCHEMA("Info", RpcInfo, INFO);

static const RpcField PS_ARGS[] = {
    OPT(RpcPsArgs, after, NAT, "only cogs with a greater id"),
    OPT(RpcPsArgs, count, NAT, "at most so many", .max = RPC_PAGE_MAX, .absent = RPC_PAGE_MAX),
};
static const RpcSchema PS_ARGS_SCHEMA = SCHEMA("ps", RpcPsArgs, PS_ARGS);

static const RpcField COG_INFO[] = {
    REQ(RpcCogInfo, id, NAT, "number of the cog, never used again"),
    OPT(RpcCogInfo, name, TEXT, "its name"),
    REQ(RpcCogInfo, state, TEXT, "spinning, finished, crashed, timed-out or stopped"),
    OPT(RpcCogInfo, detail, TEXT, "why it is in that state, in words"),
    REQ(RpcCogInfo, owner, NAT, "user id of who spawned it"),
    REQ(RpcCogInfo, parent, NAT, "cog that spun it; 0 when a person did"),
    REQ(RpcCogInfo, events, NAT, "events it has done"),
    REQ(RpcCogInfo, requests, NAT, "requests it has open"),
    REQ(RpcCogInfo, queued, NAT, "messages that wait for it to ask"),
};
static const RpcSchema COG_INFO_SCHEMA = SCHEMA("Cog", RpcCogInfo, COG_INFO);

static const RpcField PS[] = {
    REQ(RpcPs, cogs, LIST, "by id, ascending", .of = &COG_INFO_SCHEMA),
    REQ(RpcPs, more, BOOL, "there are cogs behind the last one"),
};
static const RpcSchema PS_SCHEMA = SCHEMA("Cogs", RpcPs, PS);

static const RpcField SPAWN_ARGS[] = {
    OPT(RpcSpawnArgs, name, NAME, "name for the cog; must be free"),
    REQ(RpcSpawnArgs, value, BIN, "the cog: a function of its answers"),
};
static const RpcSchema SPAWN_ARGS_SCHEMA = SCHEMA("spawn", RpcSpawnArgs, SPAWN_ARGS);

static const RpcField SPAWN[] = {
    REQ(RpcSpawn, id, NAT, "number of the new cog"),
    OPT(RpcSpawn, name, TEXT, "its name"),
};
static const RpcSchema SPAWN_SCHEMA = SCHEMA("Spawned", RpcSpawn, SPAWN);

static const RpcField SEND_ARGS[] = {
    REQ(RpcSendArgs, cog, COG, "who gets the message"),
    OPT(RpcSendArgs, path, PATH, "path that the cog polls", .max = RPC_PATH_MAX),
    REQ(RpcSendArgs, value, BIN, "the message"),
    OPT(RpcSendArgs, wait_ms, NAT, "how long to wait for the cog to ask for it", .max = RPC_WAIT_MAX_MS,
        .absent = RPC_SEND_WAIT_MS),
    REQ(RpcSendArgs, id, ID, "random name of this message; the same in every retry"),
};
static const RpcSchema SEND_ARGS_SCHEMA = SCHEMA("send", RpcSendArgs, SEND_ARGS);

static const RpcField SEND[] = {
    REQ(RpcSend, cog, NAT, "number of the cog"),
    REQ(RpcSend, event, NAT, "number of the event that took the message; it is durable"),
    REQ(RpcSend, again, BOOL, "a message of this id had been taken before; nothing was delivered now"),
};
static const RpcSchema SEND_SCHEMA = SCHEMA("Sent", RpcSend, SEND);

static const RpcField INSPECT_ARGS[] = {
    REQ(RpcInspectArgs, cog, COG, "which cog"),
    OPT(RpcInspectArgs, path, PATH, "where to look in its value: row indexes and tab keys",
        .max = RPC_PATH_MAX),
    OPT(RpcInspectArgs, from, NAT, "of a row, set, tab or bar: the first element, key or byte to send"),
    OPT(RpcInspectArgs, count, NAT, "and at most so many; 0: all of it", .max = RPC_PAGE_MAX),
};
static const RpcSchema INSPECT_ARGS_SCHEMA = SCHEMA("inspect", RpcInspectArgs, INSPECT_ARGS);

static const RpcField INSPECT[] = {
    REQ(RpcInspect, cog, RECORD, "its status", .of = &COG_INFO_SCHEMA),
    REQ(RpcInspect, value, BIN, "what the path leads to, or what `from` and `count` leave of it"),
    REQ(RpcInspect, size, NAT, "elements, keys or bytes of all of it; 0 for other values"),
};
static const RpcSchema INSPECT_SCHEMA = SCHEMA("Inspected", RpcInspect, INSPECT);

static const RpcField TRACE_ARGS[] = {
    REQ(RpcTraceArgs, cog, COG, "which cog"),
    OPT(RpcTraceArgs, follow, BOOL, "go on with new lines until cancelled"),
};
static const RpcSchema TRACE_ARGS_SCHEMA = SCHEMA("trace", RpcTraceArgs, TRACE_ARGS);

static const RpcField TRACE_LINE[] = {
    REQ(RpcTraceLine, stream, NAT, "id of the `trace` request"),
    REQ(RpcTraceLine, cog, NAT, "number of the cog"),
    REQ(RpcTraceLine, event, NAT, "event during which it was said"),
    REQ(RpcTraceLine, time_ns, NAT, "nanoseconds since 1970"),
    REQ(RpcTraceLine, kind, TEXT, "trace: said by the program; others are said by palld"),
    OPT(RpcTraceLine, text, TEXT, "the message, when it is a short text"),
    OPT(RpcTraceLine, value, BIN, "the message, when it is anything else"),
    REQ(RpcTraceLine, dropped, NAT, "lines lost before this one, because the client reads too slowly"),
};
static const RpcSchema TRACE_LINE_SCHEMA = SCHEMA("trace line", RpcTraceLine, TRACE_LINE);

static const RpcField TRACE[] = {REQ(RpcTrace, lines, NAT, "how many lines were sent")};
static const RpcSchema TRACE_SCHEMA = SCHEMA("Traced", RpcTrace, TRACE);

static const RpcField LOG_ARGS[] = {
    REQ(RpcLogArgs, cog, COG, "which cog"),
    OPT(RpcLogArgs, from, NAT, "first event to list; 0 is the oldest that is kept"),
    OPT(RpcLogArgs, count, NAT, "at most so many", .max = RPC_PAGE_MAX, .absent = RPC_PAGE_MAX),
};
static const RpcSchema LOG_ARGS_SCHEMA = SCHEMA("log", RpcLogArgs, LOG_ARGS);

static const RpcField LOG_EVENT[] = {
    REQ(RpcLogEvent, event, NAT, "number of the event"),
    REQ(RpcLogEvent, time_ns, NAT, "nanoseconds since 1970"),
    REQ(RpcLogEvent, answers, NAT, "answers that it took in"),
    REQ(RpcLogEvent, bytes, NAT, "bytes of its record"),
    REQ(RpcLogEvent, outcome, TEXT, "done, crash or limit"),
    OPT(RpcLogEvent, detail, TEXT, "why it crashed or was stopped, in words"),
    OPT(RpcLogEvent, input, BIN, "the tab of answers, when it is small"),
};
static const RpcSchema LOG_EVENT_SCHEMA = SCHEMA("Event", RpcLogEvent, LOG_EVENT);

static const RpcField LOG[] = {
    REQ(RpcLog, events, LIST, "ascending", .of = &LOG_EVENT_SCHEMA),
    REQ(RpcLog, next, NAT, "`from` of the next call"),
    REQ(RpcLog, last, NAT, "number of the cog's latest event"),
    REQ(RpcLog, more, BOOL, "there are events at `next`"),
};
static const RpcSchema LOG_SCHEMA = SCHEMA("Events", RpcLog, LOG);

static const RpcField PROF_ARGS[] = {
    REQ(RpcProfArgs, cog, COG, "which cog"),
    OPT(RpcProfArgs, ms, NAT, "how long to watch it", .max = RPC_WAIT_MAX_MS, .absent = RPC_PROF_MS),
    OPT(RpcProfArgs, events, NAT, "end after so many events; 0: none"),
};
static const RpcSchema PROF_ARGS_SCHEMA = SCHEMA("prof", RpcProfArgs, PROF_ARGS);

static const RpcField STACK[] = {
    REQ(RpcStack, parent, NAT, "index of the stack that this one adds a function to; of stack 0 itself"),
    REQ(RpcStack, function, NAT, "index of that function"),
    REQ(RpcStack, samples, NAT, "how often the cog was found right there"),
    REQ(RpcStack, ns, NAT, "time spent there, and not in what it called"),
    REQ(RpcStack, calls, NAT, "calls made, about"),
    REQ(RpcStack, bytes, NAT, "memory allocated, about"),
};
static const RpcSchema STACK_SCHEMA = SCHEMA("Stack", RpcStack, STACK);

static const RpcField PROF[] = {
    REQ(RpcProf, functions, TEXTS,
        "names, empty when there is none; the first two stand for the root, and for what deep stacks leave "
        "out"),
    REQ(RpcProf, stacks, LIST, "as a tree: a stack comes after its parent", .of = &STACK_SCHEMA),
    REQ(RpcProf, events, NAT, "events that ended meanwhile"),
    REQ(RpcProf, ms, NAT, "how long it was watched"),
};
static const RpcSchema PROF_SCHEMA = SCHEMA("Profile", RpcProf, PROF);

static const RpcField STOP_ARGS[] = {REQ(RpcCogArgs, cog, COG, "which cog")};
static const RpcSchema STOP_SCHEMA = SCHEMA("stop", RpcCogArgs, STOP_ARGS);
static const RpcSchema START_SCHEMA = SCHEMA("start", RpcCogArgs, STOP_ARGS);
static const RpcSchema RM_SCHEMA = SCHEMA("rm", RpcCogArgs, STOP_ARGS);

static const RpcField CANCEL[] = {REQ(RpcCancel, request, NAT, "id of the request", .max = UINT32_MAX)};
static const RpcSchema CANCEL_SCHEMA = SCHEMA("cancel", RpcCancel, CANCEL);

static const RpcField ERROR[] = {
    REQ(RpcError, code, TEXT, "one of the names below"),
    REQ(RpcError, message, TEXT, "what happened and what to do, for a person"),
    OPT(RpcError, where, TEXT, "the field, file, page or cog that it is about"),
};
const RpcSchema RPC_ERROR_SCHEMA = SCHEMA("Error", RpcError, ERROR);

// --- methods ---------------------------------------------------------------------------------------
static const RpcMethodInfo METHODS[METHOD_COUNT] = {
    [METHOD_HELLO] = {"hello", ROLE_OBSERVER, false, &HELLO_ARGS_SCHEMA, &HELLO_SCHEMA,
                      "agree on a protocol version; the first request of every connection"},
    [METHOD_PING] = {"ping", ROLE_OBSERVER, false, &NOTHING, &NOTHING, "answer, to show that palld is there"},
    [METHOD_INFO] = {"info", ROLE_OBSERVER, false, &NOTHING, &INFO_SCHEMA,
                     "say what this palld is and holds"},
    [METHOD_PS] = {"ps", ROLE_OBSERVER, false, &PS_ARGS_SCHEMA, &PS_SCHEMA, "list cogs"},
    [METHOD_SPAWN] = {"spawn", ROLE_USER, false, &SPAWN_ARGS_SCHEMA, &SPAWN_SCHEMA,
                      "make a cog of a value and run it; answered when it is durable"},
    [METHOD_SEND] = {"send", ROLE_USER, true, &SEND_ARGS_SCHEMA, &SEND_SCHEMA,
                     "hand a message to a cog; answered when the event that took it is durable"},
    [METHOD_INSPECT] = {"inspect", ROLE_OBSERVER, false, &INSPECT_ARGS_SCHEMA, &INSPECT_SCHEMA,
                        "show a cog's status and a part of its value"},
    [METHOD_TRACE] =
        {"trace", ROLE_OBSERVER, true, &TRACE_ARGS_SCHEMA, &TRACE_SCHEMA,
         "send what a cog has traced lately as `trace` notifications, and with follow what it will"},
    [METHOD_LOG] = {"log", ROLE_OBSERVER, false, &LOG_ARGS_SCHEMA, &LOG_SCHEMA,
                    "list a cog's events in the log"},
    [METHOD_STOP] = {"stop", ROLE_USER, false, &STOP_SCHEMA, &NOTHING, "pause a cog; stays so over restarts"},
    [METHOD_START] = {"start", ROLE_USER, false, &START_SCHEMA, &NOTHING, "let a stopped cog go on"},
    [METHOD_RM] = {"rm", ROLE_USER, false, &RM_SCHEMA, &NOTHING, "remove a cog and its state for good"},
    [METHOD_PROF] = {"prof", ROLE_USER, true, &PROF_ARGS_SCHEMA, &PROF_SCHEMA,
                     "watch for a while where a cog spends its time; answered at the end of that"},
};

static const RpcNoteInfo NOTES[NOTE_COUNT] = {
    [NOTE_CANCEL] = {"cancel", &CANCEL_SCHEMA,
                     "client: end this request; it is then answered with what there is"},
    [NOTE_TRACE] = {"trace", &TRACE_LINE_SCHEMA,
                    "server: one line of a trace, before the answer to its request"},
};

static const char *const ADVICE[ERR_CODE_COUNT] = {
    [ERR_NONE] = "never sent",
    [ERR_USAGE] = "correct the call; it will fail again as it is",
    [ERR_DATA] = "correct the data; on a malformed message the connection is closed",
    [ERR_NOT_FOUND] = "check the name",
    [ERR_EXISTS] = "choose another name",
    [ERR_UNAVAILABLE] = "start what is missing, then call again",
    [ERR_INTERNAL] = "report it with the daemon's log",
    [ERR_CREATE] = "make room or change the path, then call again",
    [ERR_IO] = "look at the disk; palld accepts nothing until it writes again",
    [ERR_RETRY] = "call again later, a send with the same id",
    [ERR_DENIED] = "ask the owner of the cog or an administrator",
    [ERR_CONFIG] = "update the older side or its configuration",
    [ERR_LIMIT] = "send less, or raise the limit that the message names",
    [ERR_NO] = "nothing; it is the answer",
};

const RpcMethodInfo *rpc_method(RpcMethod m) { return m < METHOD_COUNT ? &METHODS[m] : NULL; }
const RpcNoteInfo *rpc_note(RpcNote n) { return n < NOTE_COUNT ? &NOTES[n] : NULL; }
const char *rpc_error_advice(ErrCode code) {
  return code < ERR_CODE_COUNT ? ADVICE[code] : ADVICE[ERR_INTERNAL];
}

bool rpc_method_find(RpcText name, RpcMethod *m) {
  for (unsigned i = 0; i < METHOD_COUNT; i++)
    if (rpc_text_is(name, METHODS[i].name)) return *m = (RpcMethod)i, true;
  return false;
}

bool rpc_note_find(RpcText name, RpcNote *n) {
  for (unsigned i = 0; i < NOTE_COUNT; i++)
    if (rpc_text_is(name, NOTES[i].name)) return *n = (RpcNote)i, true;
  return false;
}
