// Walking the arguments of an app, and the arguments of those that are apps, depth first: rows by index,
// other apps from their last argument on. The walk keeps its place on the machine stack, above `bottom`.
#pragma once
#include "common/plan/jets.h"

typedef enum Walk {
  WALK_END,
  WALK_LEAF, // *v is evaluated and no app
  WALK_LAZY, // *v is to be evaluated, then come again
  WALK_STOP, // JET_STOP
} Walk;

// Begins with root, which is evaluated.
bool walk_start(Machine *m, Value root);
Walk walk_next(Machine *m, Value *bottom, Value *v);

// Evaluates the tree at frame[0] and adds up the sizes of its leaves, at most NAT_SMALL_MAX / 2: JET_DONE and
// they are in frame[2]. frame[1] tells whether we have begun; both are 0 at first.
JetResult walk_measure(Machine *m, Value *frame, Value *bottom, uint64_t (*size)(Value leaf), Value *io);
