// The files of the build cache: one for the states along a chain of modules.
//
//   u32  magic "PLCS"        u32 version
//   32   BLAKE3 of all that follows
//   32   build: of this program, as another one may compile the same text to something else
//   u32  count      u32 0
//   count times: 32 hash of the chain    u32 place of the state before, from 1; 0: none    u32 0
//                u64 assertions that held in the chain
//   bundle: the row of the states, in that order
//
// A file is named by its last state, written under another name, and renamed into place: readers see a
// whole file or none, and of two writers one wins. A file that is damaged, not ours, or of another
// version counts as none. The folder is bounded (CACHE_FILES, CACHE_BYTES); the files unused for longest
// go first. To clear the cache, remove the folder.
//
// To change the format: CACHE_VERSION, and the offsets in cache_file.c.
#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"

#define CACHE_VERSION 2u
#define CACHE_FILES 32
#define CACHE_BYTES ((size_t)256 << 20)      // all files together
#define CACHE_FILE_BYTES ((size_t)128 << 20) // one file; a longer one is not written
#define CACHE_STATES 4096u                   // in one file

typedef struct CacheEntry {
  uint8_t hash[32];
  uint32_t before; // place in the same list, from 1; less than its own
  uint64_t held;
} CacheEntry;

typedef struct CacheFolder CacheFolder;

// XDG_CACHE_HOME/pall, else ~/.cache/pall; mem_free. NULL when there is no such place.
char *cache_default_folder(void);

// Makes the folder. NULL when it cannot be made, or belongs to or may be written by someone else.
CacheFolder *cache_folder_open(const char *path);
void cache_folder_close(CacheFolder *f); // accepts NULL

typedef struct CacheFile {
  uint8_t *data; // all of the file; mem_free
  CacheEntry *entries;
  uint32_t count;
  const uint8_t *bundle; // in data
  size_t bundle_len;
} CacheFile;

// The file that holds the state of this chain. False: there is none.
bool cache_file_find(CacheFolder *f, const uint8_t hash[32], CacheFile *out);
void cache_file_free(CacheFile *file);

// Failures are silent: the cache is for speed only.
void cache_file_write(CacheFolder *f, const CacheEntry *entries, uint32_t count, const Buf *bundle);

// What is there, and its removal (for the verb cache).
typedef struct CacheUse {
  uint64_t files, bytes;
} CacheUse;
CacheUse cache_folder_use(const char *path);
bool cache_folder_clear(const char *path, CacheUse *removed, Err *err);
