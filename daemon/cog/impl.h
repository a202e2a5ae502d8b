// Private to daemon/cog: the engine's parts.
//
//   engine.c    the thread: rounds of jobs, events, one commit, release
//   host.c      calls from the control socket become jobs; jobs are done
//   look.c      those that only ask
//   prof.c      watching where cogs spend their time
//   eval.h      what cogs ask to have evaluated, on other threads
//   persist.c   opening: snapshots and replay; taking snapshots
#pragma once
#include "common/plan/jet.h"
#include "common/store/store.h"
#include "daemon/cog/cog.h"
#include "daemon/cog/engine.h"
#include "daemon/log/wal.h"
#include <pthread.h>

#define RECORD_REPLAY 256 // bytes of log that take as long to replay as an event with nothing to do

typedef enum JobKind {
  JOB_INFO,
  JOB_PS,
  JOB_SPAWN,
  JOB_SEND,
  JOB_INSPECT,
  JOB_TRACE,
  JOB_LOG,
  JOB_STOP,
  JOB_START,
  JOB_RM,
  JOB_PROF,
  JOB_CANCEL
} JobKind;

// A call on its way to the engine's thread.
typedef struct Job {
  struct Job *next;
  JobKind kind;
  CtlCall *call;
  const void *args;
} Job;

// What may be told once the records up to `lsn` are durable.
typedef enum ReleaseKind { RELEASE_SPAWN, RELEASE_SEND, RELEASE_DONE, RELEASE_LINE } ReleaseKind;
typedef struct Release {
  ReleaseKind kind;
  CtlCall *call;
  uint64_t cog, event;
  bool again;  // RELEASE_SEND: acknowledged before
  bool failed; // RELEASE_SEND: the event that took the message did not end well
  char *text;  // RELEASE_LINE: of the cog's trace
} Release;

struct Engine {
  EngineConfig cfg;
  Store *store;
  Wal *wal;
  Values *values;
  JetTable *jets;
  EvalPool *evals;
  CogWorld world;

  // Shared with other threads, under `lock`.
  pthread_mutex_t lock;
  pthread_cond_t wake;
  Job *jobs, **jobs_end;
  bool eval_done; // some evaluation, since the last look
  bool stopping;

  // The engine's thread only.
  pthread_t thread;
  bool started, failed;
  Cog **cogs; // by id ascending
  size_t cog_count, cog_cap;
  WordTable by_id;
  BytesTable by_name;
  uint64_t next_id;
  bool reissuing;    // at the start: a spin that was done before is not done again
  uint64_t *removed; // ids whose snapshots are to be deleted
  size_t removed_count, removed_cap;
  Release *releases;
  size_t release_count, release_cap;
  uint64_t events, snapshot_lsn;
  uint64_t to_replay; // since the snapshot, in bytes of log: records, and what running their events takes
  uint64_t warned_ns; // monotonic: the last warning about room
  WordTable late;     // ids of cogs that the snapshot found running: they may be in the log only
  Err failure;
  size_t at, idle;         // whose turn is next; turns in a row in which there was nothing to do
  uint64_t no_snapshot_ns; // monotonic: none before, since the last one failed
};

// --- engine.c ------------------------------------------------------------------------------------------
void engine_add(Engine *e, Cog *c);    // indexes it by id and name
void engine_forget(Engine *e, Cog *c); // and takes it out
Cog *engine_cog(Engine *e, uint64_t id);
// Appends the record of a cog that begins.
bool engine_log_spawn(Engine *e, Cog *c, Err *err);
// One atomic append; `reserved` is room that the caller has for it, or 0.
bool engine_append(Engine *e, const Record *records, size_t n, uint64_t reserved, Err *err);
void engine_release(Engine *e, Release r);
void engine_break(Engine *e, const Err *err); // a commit failed: nothing is released any more
uint64_t engine_wall_ns(Engine *e);
uint64_t engine_mono_ns(Engine *e);

// --- host.c --------------------------------------------------------------------------------------------
void host_do(Engine *e, Job *job);
Cog *host_find(Engine *e, const RpcCog *who, Err *err); // NULL: ERR_NOT_FOUND
void host_release(Engine *e, const Release *r);
void host_end_calls(Engine *e, Cog *c, const Err *err); // fails every call that waits in the cog
void host_deliver(Engine *e, Cog *c, uint64_t now_ns);  // messages to open pokes; ends waits that are over
uint64_t host_deadline(const Cog *c);                   // earliest; UINT64_MAX: none

// --- look.c --------------------------------------------------------------------------------------------
// Each ends its call, or returns false with err.
bool look_info(Engine *e, CtlCall *call, Err *err);
bool look_ps(Engine *e, CtlCall *call, const RpcPsArgs *args);
bool look_inspect(Engine *e, CtlCall *call, const RpcInspectArgs *args, Err *err);
bool look_trace(Engine *e, CtlCall *call, const RpcTraceArgs *args, Err *err);
bool look_log(Engine *e, CtlCall *call, const RpcLogArgs *args, Err *err);
RpcCogState look_state(const Cog *c);

// --- prof.c --------------------------------------------------------------------------------------------
// One call at a time watches a cog.
bool prof_begin(Engine *e, Cog *c, CtlCall *call, const RpcProfArgs *args, Err *err);
void prof_poll(Engine *e, Cog *c, uint64_t now_ns); // answers the call when it has seen enough
void prof_end(Engine *e, Cog *c);                   // answers it with what there is; when there is one
uint64_t prof_deadline(const Cog *c);               // UINT64_MAX: none
bool prof_is_for(const Cog *c, const CtlCall *call);

// --- persist.c -----------------------------------------------------------------------------------------
bool persist_open(Engine *e, Err *err);
bool persist_snapshot(Engine *e, Err *err); // of all cogs that changed and are not running; prunes the log
