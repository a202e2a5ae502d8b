// Sealed regions: immutable, normal-form, off-heap pieces of the value graph, shared by all machines.
//
// A region is a run of objects laid out as in a heap (value.h), all OBJ_SEALED and OBJ_NF, whose
// pointers lead to earlier objects of the same region or into other regions, which it keeps alive.
// A region of more than REGION_WORDS words holds exactly one object. The graph of regions has no cycles.
// A region is freed when its count drops to zero: deferred and iterative, never recursive.
//
// Regions lie in segments of SEGMENT_BYTES aligned to their size (a bigger region has a run of segments
// of its own, whose objects all begin in the first), so the region of any object is found from its
// address. Each machine takes new regions from segments of its own, without a lock; another machine that
// drops the last count of such a region hands the space back to that segment, and the last one to
// leave a segment unmaps it. So a region may outlive the machine that made it.
//
// Threads: regions are the one thing machines share. The count is atomic; everything else is written
// before the region is published, except the fields marked `once`, which are published with C11 atomics
// (the pin's hash words and jet index, the law's compiled code, the storage id, the watch).
//
// A machine holds one count for each region that its heap points into. A major collection calls
// region_seen for every sealed pointer that it meets and region_sweep at its end; until then a machine
// keeps what it had, so a pointer read out of a held region is safe before the machine has a count of
// its own.
#pragma once
#include "common/plan/machine.h"
#include <stdatomic.h>

#define SEGMENT_BYTES (256u << 10)
#define REGION_WORDS 16384u
#define REGION_ID_LEN 32

typedef struct Region Region;

Region *region_of(const uint64_t *sealed_object);
void region_retain(Region *r);
void region_release(Region *r); // from any thread that holds a count

// Of the region of a sealed value; a small nat has none.
void region_retain_value(Value sealed);
void region_release_value(Value sealed);

// For tables that know regions without holding them: false when the last count is gone already. The
// caller must know that the memory is still there (see region_watch).
bool region_try_retain(Region *r);

// --- making ------------------------------------------------------------------------------------
// A region of `words` words that refers to `n` others (each once; it takes a count of each), from the
// machine's segments. The caller owns its first count, writes the objects one after the other into
// region_words, then calls region_finish, which sets OBJ_SEALED and OBJ_NF on each. One that was not
// finished may be released too.
Region *region_new(Machine *m, size_t words, Region *const *refs, size_t n);
uint64_t *region_words(Region *r);
void region_finish(Region *r);

// --- reading -----------------------------------------------------------------------------------
size_t region_size(const Region *r); // words
size_t region_objects(const Region *r);
uint64_t *region_object(const Region *r, size_t i);           // in order; i < region_objects
size_t region_index(const Region *r, const uint64_t *object); // of one of its objects
size_t region_ref_count(const Region *r);
Region *region_ref(const Region *r, size_t i);

// The id under which it is stored (`once`). Setting it again is fine when the id is the same.
bool region_id(const Region *r, uint8_t id[REGION_ID_LEN]); // false: not stored
void region_set_id(Region *r, const uint8_t id[REGION_ID_LEN]);

// Who is told, before the memory goes, that the last count is gone (`once`; false: somebody else is).
// Called from the thread that dropped the count.
typedef struct RegionWatch RegionWatch;
struct RegionWatch {
  void (*gone)(RegionWatch *w, Region *r);
};
bool region_watch(Region *r, RegionWatch *w);

// --- machine side --------------------------------------------------------------------------------
void region_seen(Machine *m, const uint64_t *sealed_object);
void region_sweep(Machine *m);
void region_release_all(Machine *m);

// Gives the machine a count of its own; it keeps it until a major collection does not meet the region.
void region_hold(Machine *m, Region *r);

// A value of another machine: a small nat or a pointer into a region that the caller holds.
Ref region_adopt(Machine *m, Value sealed_root);

// Bytes of the segments that this machine makes regions in, and of those regions themselves.
size_t region_space(const Machine *m);
size_t region_bytes(const Machine *m);
