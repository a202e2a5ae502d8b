// Where evaluations spend time, calls and memory: stacks of laws, sampled between slices.
//
// While a machine has a profile, evaluations run in short slices of irregular length, and after each the
// stack is walked. The time, the calls and the memory since the last sample are charged to the stack found.
// Native routines leave no frame: what they cost is charged to the law that called them. A law that has made
// its last call is gone, and a call that is yet to be made by a suspended part is not there yet; so a stack
// tells who needs a value, not who wrote the call.
//
// A stack holds the PROFILE_DEPTH innermost laws, a law that calls itself once; a longer one begins with
// PROFILE_CUT, and one of which more than PROFILE_FRAMES frames would have to be looked at, too. A profile
// holds PROFILE_LAWS laws and PROFILE_NODES different stacks; what is beyond is charged to the part of the
// stack that has a place.
//
// Results of evaluations are the same with and without a profile. Machines without one pay nothing.
#pragma once
#include "common/base/sys.h"
#include "common/plan/plan.h"

#define PROFILE_DEPTH 64
#define PROFILE_FRAMES 1024
#define PROFILE_LAWS 4096
#define PROFILE_NODES 65536 // at most
#define PROFILE_SLICE 1000  // units of work between two samples, on average

typedef struct Profile Profile;

typedef struct ProfileCost {
  uint64_t samples, ns, calls, bytes;
} ProfileCost;

// Nodes form a tree: a node stands for the stack from the root to it. Node 0 is the root, an empty stack.
typedef struct ProfileNode {
  uint32_t parent; // less than its own number
  uint32_t law;    // number of its law, or PROFILE_CUT
  ProfileCost own; // of evaluations that stood right here
} ProfileNode;
#define PROFILE_CUT UINT32_MAX

// A machine has one profile at most, from here to profile_free, which comes before machine_free. `sys` is the
// clock and must outlive the profile. `nodes`: hold no more than so many; 0: PROFILE_NODES.
Profile *profile_new(Machine *m, const Sys *sys, size_t nodes);
void profile_free(Profile *p); // accepts NULL

// From now on, or until now: evaluations are sampled. Not sampling at first.
void profile_start(Profile *p);
void profile_stop(Profile *p);

// Once this time, on sys's monotonic clock, has come, the evaluation that runs ends in RUN_STOPPED, and so do
// those that follow. 0: never.
void profile_until(Profile *p, uint64_t mono_ns);

bool profile_is_over(const Profile *p); // it has come

// As machine_run, with samples. machine_run's callers need not know: plan_whnf and plan_force do it.
Outcome profile_run(Profile *p, uint64_t slice);
Profile *profile_of(const Machine *m); // the one that samples now, or NULL

size_t profile_node_count(const Profile *p); // at least 1
const ProfileNode *profile_node(const Profile *p, size_t i);
size_t profile_law_count(const Profile *p);
Ref profile_law(const Profile *p, size_t i);
