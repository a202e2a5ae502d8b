// States of the compiler after library modules, kept in files: a start takes as long as reading one,
// not as long as compiling the library.
//
// One file a state, named by the hash of its chain of sources and of this build of pall: whatever
// changes, another name is asked for. A file is a checksum and a bundle, renamed into place; one that is
// damaged, or cannot be read or written, counts as none and is written anew. The oldest are removed.
#pragma once
#include "sire/compiler/sire.h"

#define CACHE_FILES 16

typedef struct Cache Cache;

// `library` is the folder whose modules are kept. Files lie in `folder`; NULL: XDG_CACHE_HOME/pall, else
// ~/.cache/pall. NULL when there is no such place; the other functions accept that.
// Its Refs live until cache_close, so make it before the compiler.
Cache *cache_open(Machine *m, const char *library, const char *folder);
void cache_close(Cache *c); // writes what is new

// As in SireEvents.
Ref cache_recall(Cache *c, const char *module, const uint8_t hash[32]);
void cache_keep(Cache *c, const char *module, const uint8_t hash[32], Ref state);
void cache_module(Cache *c, const char *module, const char *path);
