// The engine: all cogs of a store, the thread that runs them, and their durability.
//
// One thread runs the cogs (what they ask to have evaluated is done by others, see eval.h): it takes jobs
// from the control socket, gives ready answers to cogs, runs their events in slices, appends a record for
// each event, and commits what a round has gathered with one sync. Only then are effects released that leave
// the process (answers to clients, trace lines of events). What a cog gives to another needs no sync in
// between: their records are in one log, in order.
//
// State of a cog on disk: the snapshot under its root in the store, then its records in the log with a
// sequence number not below the snapshot's. Replay runs the logged events again with the logged
// answers; it sends no answer, prints no trace and enforces no limit.
//
// A write or sync that failed ends the engine: nothing more is released, every call is refused, and
// engine_failed tells main to stop the process, which is started again from the last commit.
#pragma once
#include "common/base/log.h"
#include "common/base/sys.h"
#include "daemon/ctl/host.h"

typedef struct Engine Engine;

typedef struct EngineConfig {
  const Sys *sys;
  Log log;
  const char *dir;           // of the store; made when it is not there
  const char *runtime;       // version text, noted in store and log
  size_t cog_memory;         // bytes a cog's machine may use; 0: 1 GiB
  size_t cogs;               // most cogs; 0: 10,000. A tenth of them is kept from cogs that spin cogs
  uint64_t event_fuel;       // about one unit a call; 0: 10^10
  uint64_t event_ms;         // wall-clock limit of an event; 0: one minute
  unsigned eval_threads;     // that evaluate what cogs ask for; 0: as many as there are processors
  uint64_t snapshot_bytes;   // bytes of log, or as much to replay, after which snapshots are taken; 0: 64 MiB
  void (*failed)(void *ctx); // called once, from the engine's thread, when a commit failed
  void *ctx;
} EngineConfig;

// Opens the store, loads the snapshots, replays the log. ERR_RETRY when another process has the store.
bool engine_open(Engine **out, const EngineConfig *config, Err *err);

// Starts the thread; from then on the functions of engine_host may be called.
bool engine_start(Engine *e, Err *err);
CtlHost engine_host(Engine *e);

// Ends the calls that wait, takes snapshots of what changed, and joins the thread.
void engine_stop(Engine *e);
void engine_close(Engine *e); // accepts NULL
