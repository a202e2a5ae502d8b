// A trace (trace.h) turned into what the disk could hold after a power cut at any point of it.
//
// The model: a write reaches the disk in sectors of 512 bytes, each when it pleases, until a sync that began
// after the write has ended; a write through a descriptor that syncs by itself is there at once. Lengths
// follow the same rule, and names with the sync of their directory: half of the draws lose names from some
// point on, as a journal does, the others each by itself. A rename happens or does not.
#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"

typedef struct Trace Trace;

// `base` is a copy of the directory as it was when the process started, or NULL when it was empty.
bool trace_load(Trace **out, const char *path, const char *base, Err *err);
void trace_free(Trace *t);
size_t trace_length(const Trace *t); // operations: a cut may be at 0 .. length

// Writes into the empty or absent directory `out` one state that a cut after the first `at` operations can
// leave. Equal seeds draw equal states. Seed 0: everything arrived; seed 1: nothing that was not synced.
bool trace_cut(Trace *t, size_t at, uint64_t seed, const char *out, Err *err);

// Appends all that was said on sockets and pipes in the first `at` operations.
void trace_said(const Trace *t, size_t at, Buf *out);
