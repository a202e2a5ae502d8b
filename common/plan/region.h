// Sealed regions: immutable, normal-form, off-heap pieces of the value graph, shared by all machines.
//
// A region is a run of objects laid out as in a heap (value.h), all OBJ_SEALED and OBJ_NF, whose
// pointers lead to earlier objects of the same region or into other regions, which it keeps alive.
// Regions lie in segments of SEGMENT_BYTES aligned to their size (a bigger single object has a run of
// segments of its own), so the region of any object is found from its address. The graph of regions has
// no cycles. A region is freed when its count drops to zero: deferred and iterative, never recursive.
//
// Threads: regions are the one thing machines share. The count is atomic; everything else is written
// before the region is published, except the fields marked `once`, which are published with C11 atomics
// (the pin's hash words and jet index, the law's compiled code, the storage id).
//
// A machine holds one count for each region that its heap points into. A major collection calls
// region_seen for every sealed pointer that it meets and region_sweep at its end; until then a machine
// keeps what it had, so a pointer read out of a held region is safe before the machine has a count of
// its own.
#pragma once
#include "common/plan/machine.h"
#include <stdatomic.h>

typedef struct Region Region;

Region *region_of(const uint64_t *sealed_object);
void region_retain(Region *r);
void region_release(Region *r);

// Machine side.
void region_seen(Machine *m, const uint64_t *sealed_object);
void region_sweep(Machine *m);
void region_release_all(Machine *m);
