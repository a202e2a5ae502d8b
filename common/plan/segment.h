// The memory under region.c: segments, each owned by one machine, which alone allocates in it.
//
// A segment counts its regions and, once, its owner. A region freed by any thread is pushed on the
// segment's list of returned space; the owner takes the list over when it sweeps. Whoever drops the last
// count unmaps the segment. The bits that say where regions begin are atomic words, because other threads
// look up their regions while the owner allocates next to them; they never look at bits that change.
#pragma once
#include "common/plan/region.h"

#define GRANULE 32u // bytes
#define SEGMENT_GRANULES (SEGMENT_BYTES / GRANULE)
#define SEGMENT_MAP (SEGMENT_GRANULES / 64)

typedef struct Segment Segment;
typedef struct Segments Segments;

// The header of a piece of space; what is behind it belongs to region.c. While it is on the list of
// returned space, `next` links it.
typedef struct Space {
  struct Space *next;
  uint32_t granules; // 0: the segment has no other
} Space;

struct Segments {
  Segment *open, *full; // with room for more, as far as known; without
  size_t bytes;
};

// Not initialised, apart from the Space.
Space *space_new(Segments *all, size_t bytes);
void space_free(Space *s);

// The piece of space that the address lies in (in its first SEGMENT_BYTES).
Space *space_of(const void *p);

// By the owner: takes over what was returned, unmaps what is empty.
void segments_sweep(Segments *all);

// Bytes of the pieces that the owner knows to be in use.
size_t segments_in_use(const Segments *all);

// The owner leaves.
void segments_leave(Segments *all);
