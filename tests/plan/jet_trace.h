// Everything that can be seen of a value by evaluating it and its parts one by one: outcomes, crashes,
// shapes and nats, as bytes. Two evaluations are the same when their traces are.
#pragma once
#include "common/base/buf.h"
#include "common/plan/plan.h"

typedef enum TraceEnd {
  TRACE_WHOLE,    // the trace is complete
  TRACE_LIMIT,    // a limit was met: nothing can be said
  TRACE_DIVERGES, // some part diverges or is a loop
} TraceEnd;

TraceEnd jet_trace(Machine *m, Ref v, Buf *out);
