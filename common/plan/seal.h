// Sealing: moving a normal-form value out of a machine's heap into regions.
//
// Which objects share a region depends only on the graph that is moved, in the order of its traversal:
// each pin is the last object of its own last region, so equal pins sealed from fresh graphs by different
// machines become equal pages; what is not under a pin is cut, in post-order, into regions of about
// SEAL_WORDS; a bigger object has a region of its own. Sharing is kept, also across pins: an object
// belongs to the first pin that is finished.
//
// Time and space are linear in what is not sealed yet; no recursion. Values that are sealed stay where
// they are.
#pragma once
#include "common/plan/region.h"

#define SEAL_WORDS 4096

// The handle's value, which must be in normal form, and all that it consists of becomes sealed. Other
// pointers to the same objects lead to the regions, too, if that is a good part of the heap: then everything
// is collected; otherwise they still lead to the heap. Every bare Value is stale afterwards. Nothing may be
// running, or it must be suspended between slices.
void seal(Machine *m, Ref r);

// Whether there is something to do for it.
static inline bool val_is_sealed(Value v) {
  return val_is_small(v) || (!val_is_lazy(v) && obj_has(val_obj(v), OBJ_SEALED));
}
