// What palld was told on its command line, and the places it uses when not told.
#pragma once
#include "common/base/err.h"
#include "common/base/log.h"
#include <stdint.h>

typedef struct Options {
  char *store, *socket; // owned
  char *group;          // owned; NULL: the socket is for its owner
  LogLevel level;
  uint64_t event_seconds, cog_memory_mb, cogs, snapshot_mb, eval_threads; // 0: the engine's default
  bool help, version;                                                     // print that and leave
} Options;

// ERR_USAGE for what makes no sense, ERR_CONFIG when a default cannot be told.
bool options_parse(Options *o, int argc, char **argv, Err *err);
void options_free(Options *o);
extern const char OPTIONS_HELP[];

// Makes the folders that the defaults live in, private to this user. ERR_CREATE.
bool options_make_folders(const Options *o, Err *err);
