// The trace of what a process did to the files under one directory, and what it said to the outside.
//
// A file of operations, each a TraceOp and then its path, second path and data. Files are numbered as they
// are first seen; a name that is made anew is a new file. An operation stands in the trace when it has had
// its effect; a sync stands there twice, and covers what stands before its first mark once its second is
// there.
#pragma once
#include <stdint.h>

#define TRACE_MAGIC 0x504f5254u // "TROP"
#define TRACE_FILES 4096        // more files than this in one trace end the traced process

typedef enum TraceKind {
  TRACE_OPEN = 1,    // path, file; a: 1 when the file is new
  TRACE_WRITE,       // file, a: offset, data; b: 1 when the descriptor syncs each write
  TRACE_TRUNCATE,    // file, a: new length
  TRACE_ALLOCATE,    // file, a: length that the file has at least
  TRACE_SYNC_BEGIN,  // file, a: number of the sync
  TRACE_SYNC_END,    // file, a: number of the sync
  TRACE_DIR_BEGIN,   // path, a: number of the sync
  TRACE_DIR_END,     // path, a: number of the sync
  TRACE_RENAME,      // path, path2
  TRACE_UNLINK,      // path
  TRACE_MKDIR,       // path
  TRACE_SAY,         // a: descriptor, data: what went to a socket or pipe
  TRACE_UNSUPPORTED, // path: a call on a file of ours that the replay cannot model
  TRACE_KIND_COUNT
} TraceKind;

typedef struct TraceOp {
  uint32_t magic, kind, file, path_len, path2_len, data_len;
  uint64_t a, b;
} TraceOp;

_Static_assert(sizeof(TraceOp) == 40, "trace operations are read back by another program");
