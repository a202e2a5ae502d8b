// One cog: its machine, its value, its open requests, the messages waiting for it.
//
// A cog belongs to the engine's thread. Its machine keeps six values for as long as the cog lives, in
// handles COG_VALUE..COG_ARG; everything else is made and released within one call.
//
//   value    the closure, in normal form; the state before the event while one is running
//   row      its row of requests, [] when it has none
//   answers  tab of slot -> answer: ready, not yet given
//   recent   the same, not yet joined to `answers`: many at once are not added one by one to a big tab
//   op, arg  of a crash
#pragma once
#include "common/base/table.h"
#include "common/plan/plan.h"
#include "daemon/cog/eval.h"
#include "daemon/cog/values.h"
#include "daemon/ctl/host.h"
#include "daemon/log/record.h"

enum { COG_VALUE = 1, COG_ROW, COG_ANSWERS, COG_RECENT, COG_OP, COG_ARG, COG_REFS };

typedef enum CogState { STATE_SPINNING, STATE_FINISHED, STATE_CRASHED, STATE_TIMED_OUT } CogState;

typedef enum RequestKind {
  REQUEST_NONE,  // empty slot
  REQUEST_IDLE,  // never answered: malformed, or a kind that this engine does not answer
  REQUEST_NOW,   // answered at once; the answer is in COG_ANSWERS
  REQUEST_LATER, // could not be done for want of room; to be tried again
  REQUEST_WAIT,  // %time %wait
  REQUEST_POKE,  // %poke %poke
  REQUEST_EVAL,  // %eval, computed by a thread of eval.h
} RequestKind;

typedef struct Request {
  RequestKind kind;
  bool ready;        // its answer is in COG_ANSWERS
  uint64_t opened;   // order of opening
  uint64_t until;    // REQUEST_WAIT: unix seconds
  struct Send *send; // REQUEST_POKE, ready: the message it took
  Eval *eval;        // REQUEST_EVAL, until it is ready
} Request;

// A message from outside on its way. Once its event is committed the call is answered.
typedef struct Send {
  struct Send *next;
  CtlCall *call;
  const RpcSendArgs *args;
  uid_t sender;
  uint64_t deadline; // monotonic ns
} Send;

#define REQUESTS_MAX 16384  // slots of a row that are looked at; what is in others is never answered
#define MESSAGE_WINDOW 4096 // acknowledged message ids that a cog remembers
#define LOG_STEP 256        // events between two marks
#define LOG_MARKS 1024      // places in the log that a cog knows
#define TRACE_LINES 256     // trace lines that a cog keeps

typedef struct MessageId {
  uint32_t sender;
  uint8_t id[RPC_ID_LEN];
} MessageId;

typedef struct TraceEntry {
  uint64_t event, time_ns;
  char *kind, *text;
} TraceEntry;

typedef struct Cog {
  uint64_t id, parent, incarnation, events;
  uint32_t owner;
  char *name; // may be empty
  CogState state;
  bool paused, removed;
  Machine *m;
  size_t memory;       // its limit
  uint64_t clock_ns;   // wall clock for trace lines, as of the current round
  uint64_t timeout_ns; // STATE_TIMED_OUT
  uint64_t lsn;        // records below it are in the snapshot
  bool dirty;          // changed since the snapshot
  bool fresh;          // just spawned: its requests are yet to be opened

  Request *requests;
  size_t request_count, request_cap;
  uint64_t opened;       // counter for Request.opened
  size_t later;          // requests of kind REQUEST_LATER
  uint64_t later_ns;     // wall clock: not tried again before
  uint64_t random_bytes; // drawn for the event to come

  uint64_t *unclaimed; // children spun whose ids the cog has not been told yet, in order of their slots
  size_t unclaimed_count, unclaimed_cap;

  bool running;        // an event is under way in the machine
  uint64_t started_ns; // monotonic clock at its start

  // The event under way, or about to be: its record as far as it is known before the event is run, and the
  // room in the log that is reserved for it.
  Buf prepared; // inline values
  RecordAnswer *answers;
  size_t *offsets; // of each answer's value in `prepared`
  size_t answer_count;
  uint64_t reserved;
  uint64_t not_before_ns; // monotonic: no event before, for want of room

  Send *inbox, **inbox_end; // messages that wait for a poke
  size_t queued;

  struct LogMark {
    uint64_t event, lsn;
  } * marks; // where the log has every LOG_STEPth of the latest events
  size_t mark_count;

  MessageId *window; // ring of the last ids consumed
  size_t window_at, window_count;
  BytesTable by_message; // MessageId -> event

  TraceEntry *trace; // ring
  size_t trace_at, trace_count;
  CtlCall **followers;
  size_t follower_count, follower_cap;
  struct CogProf *prof; // see prof.c; NULL: nobody watches
  bool replaying;       // the machine's trace is not shown
  char *at_work;        // the functions in which the last event failed, innermost first; NULL: it did not
} Cog;

Cog *cog_new(uint64_t id, const char *name, size_t name_len, size_t memory, const JetTable *jets);
void cog_free(Cog *c); // no call may be waiting in it

// --- value and requests ------------------------------------------------------------------------------
// Takes a value in normal form as the cog's own; finds its row of requests.
void cog_set_value(Cog *c, Ref v);

// Services that answering a request needs; see request.c.
typedef struct CogWorld {
  void *ctx;
  uint64_t (*wall_ns)(void *ctx);
  void (*random)(void *ctx, void *out, size_t n);
  // Starts a child with this function, given in the parent's machine; its id, or 0 with err.
  uint64_t (*spin)(void *ctx, Cog *parent, Ref fan, Err *err);
  // Begins the evaluation that a request of the cog's row asks for.
  Eval *(*eval)(void *ctx, Cog *c, size_t slot, uint64_t limit_ns);
} CogWorld;

// After an event, or at the start: what changed in the row is cancelled and opened; `old` is the row
// before (0: none). Answers requests that need no waiting. A cog without requests is finished then.
void cog_update_requests(Cog *c, Ref old, const CogWorld *world);

// Gives an answer to the event to come.
void cog_put_answer(Cog *c, uint64_t slot, Ref value);
size_t cog_settle_answers(Cog *c); // all of them into COG_ANSWERS; how many

// Marks requests that time or messages have made ready; tries those again that had to wait for room.
void cog_poll(Cog *c, const CogWorld *world);
bool cog_deliver(Cog *c, Values *values, Send *s,
                 Err *err); // to the oldest open poke on its path; false: none, or err
bool cog_has_answers(const Cog *c);
uint64_t cog_wake_seconds(const Cog *c); // earliest open %wait; UINT64_MAX: none

// Of a cog that has ended, or is about to go: stops what is being evaluated for it.
void cog_drop_evals(Cog *c);

// Takes messages back out of the answers, for want of room: their calls fail with `why`; the pokes stay open.
void cog_refuse_messages(Cog *c, const Err *why);

// --- events --------------------------------------------------------------------------------------------
// Begins the event of the answers that are ready (COG_ANSWERS); the machine runs on with cog_run.
void cog_begin(Cog *c, uint64_t fuel);

// Runs a slice: false while there is more to do. True: *record tells the event (its answers, and the
// crash, are still in the cog for the caller to add), the value is the new one, or the state is an end.
// Then cog_consume.
bool cog_run(Cog *c, uint64_t slice, uint64_t now_ns, uint64_t limit_ns, Record *record);

// A crash whose values cannot be logged is one of 0 with 0.
void cog_forget_crash(Cog *c, Record *record);

// The answers have been logged: they and the requests that they answered are gone; counts the event.
void cog_consume(Cog *c);

// Applies a logged event whose answers are in COG_ANSWERS. False: it came out differently.
bool cog_replay(Cog *c, const Record *record, Values *values, Err *err);

// The name of a law as it may be shown; "" for others, and for the machine's own routines.
#define COG_LAW_NAME 40
void cog_law_name(Cog *c, Ref law, char name[COG_LAW_NAME + 1]);

// --- messages and trace ----------------------------------------------------------------------------------
bool cog_knows_message(const Cog *c, const MessageId *id, uint64_t *event);
void cog_note_message(Cog *c, const MessageId *id, uint64_t event);
void cog_mark_logged(Cog *c, uint64_t event, uint64_t lsn); // the log has the event there
uint64_t cog_logged_at(const Cog *c, uint64_t event);       // the event is not before that place in the log
void cog_add_child(Cog *c, uint64_t id);                    // to `unclaimed`
void cog_trace(Cog *c, uint64_t time_ns, const char *kind, const char *text); // also to all followers
void cog_show_trace(Cog *c, CtlCall *call);                                   // the lines kept
