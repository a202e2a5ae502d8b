// A machine with the Sire compiler on it, for the verbs that read or run Sire.
#pragma once
#include "client/cache.h"
#include "client/verb.h"
#include "common/plan/jet.h"
#include "common/spark/pool.h"
#include "sire/compiler/sire.h"

// What may be taken from the cache (cache.h) instead of being compiled.
typedef enum LibraryUse {
  LIBRARY_CACHED,   // all that it has
  LIBRARY_RUN_FILE, // not the file or module that is loaded: its blocks are to be run, and report
} LibraryUse;

typedef struct Library {
  JetTable *jets;
  SparkPool *sparks; // what other processors may compute meanwhile; NULL: there are none
  Machine *m;
  Sire *sire;
  char *folder; // of the library modules; NULL when there is none
  Cache *cache;
  bool owns_cache;
  CacheUser *states; // its use of the cache
  LibraryUse use;
  bool is_first;                              // the state asked for next is that of the file to be loaded
  void (*trace)(void *ctx, const char *line); // what `trace` shows; NULL: on stderr. With the events' ctx
  void *ctx;
} Library;

// The library's folder: `lib`, else PALL_LIB, else the installed one, else that of the source tree
// that pall was built from. NULL when none exists. The caller frees it.
char *library_folder(const char *lib);

// `events`, which may be NULL, are copied; recall and keep are the library's own. *l must not move.
// ERR_NOT_FOUND when a folder was named and is not there. PALL_JETS_OFF names jets, groups of jets or
// "all", which run by their laws then; ERR_USAGE when it names what is neither.
bool library_open(Library *l, const char *lib, const SireEvents *events, LibraryUse use, Err *err);

// Another one that shares the cache of `first`, which is closed last; for another thread (see cache.h).
bool library_open_beside(Library *l, const Library *first, const SireEvents *events, Err *err);
void library_close(Library *l); // accepts a zeroed one

// Words for how the last evaluation ended, as an error; for RUN_CRASH with operator and argument. With a
// trace of the functions at work.
bool library_outcome(Library *l, Outcome o, Err *err);

// Loads a Sire file, or the library module of that name.
bool library_load(Library *l, const char *file_or_module, Err *err);

// Assertions in the chain that was loaded last, run now or known from before.
CacheCounts library_counts(const Library *l);

// Files of values (seeds), known by their name.
bool seed_is_path(const char *path);
Ref seed_read_file(Machine *m, const char *path, Err *err); // 0: ERR_NOT_FOUND, ERR_IO, ERR_DATA, ERR_LIMIT

// The verbs check, sire, cache, build, show and prof.
bool library_check(Cli *cli, const Args *args, Err *err);
bool library_repl(Cli *cli, const Args *args, Err *err);
bool library_cache(Cli *cli, const Args *args, Err *err);
bool library_build(Cli *cli, const Args *args, Err *err);
bool library_show(Cli *cli, const Args *args, Err *err);
bool library_prof(Cli *cli, const Args *args, Err *err);

// The functions that verbs get through Cli.
extern const Values LIBRARY_VALUES;
