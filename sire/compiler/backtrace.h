// The laws that were at work when an evaluation failed, as the definitions that they come from. A law is
// found by its name among all bindings that are known and have it as their value; one that is no
// binding's value (a function inside another, or not exported) by its name alone, if one module only
// defines that.
#pragma once
#include "sire/compiler/report.h"

// Taken from the machine at once after the failure; the Refs lie in the current scope.
typedef struct Backtrace {
  Ref laws[TRACE_INNER + TRACE_OUTER];
  uint64_t times[TRACE_INNER + TRACE_OUTER];
  size_t count;
  uint64_t left_out; // behind the first TRACE_INNER
} Backtrace;
Backtrace backtrace_take(Sire *s);

// Appends the name of a law, "" when it has none; where it is defined, when that is known.
bool backtrace_find(Sire *s, Ref law, Buf *name, SirePlace *place);

// Appends a line for each, "\n  in name, file:line", innermost first. Evaluates nothing.
void backtrace_add(Sire *s, Buf *out, const Backtrace *t);
