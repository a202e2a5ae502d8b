// Error messages of the compiler: a reason, the place in the source, the form at fault and the macro
// calls it came from. A form that a macro took from the source and handed back unchanged keeps its
// place: its value is looked for among those of the block's trees.
#pragma once
#include "common/base/buf.h"
#include "sire/compiler/state.h"

struct Expansion {
  Tree *call; // the whole macro call
  Tree *made; // what it became; NULL when the macro failed
  Expansion *outer;
};

// Fills s->err. `at` may be NULL: s->at is meant. Returns false.
bool sire_fail(Sire *s, Tree *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// The machine did not finish what it was doing ("the macro #", "the value of x").
bool sire_fail_run(Sire *s, Tree *at, Outcome outcome, const char *doing, ...)
    __attribute__((format(printf, 4, 5)));

// Evaluates the Ref in place; false after sire_fail_run, or when peeking.
bool sire_whnf(Sire *s, Ref r, const char *doing);
bool sire_force(Sire *s, Ref r, const char *doing);

// Where a form is: its own place if known, else the block's.
SirePlace report_place(Sire *s, const Tree *t);

// Where a binding was defined. False: not known.
bool binding_place(Sire *s, Ref binding, SirePlace *place);

// One line of text, at most `max` bytes.
void report_tree(Sire *s, Buf *out, Tree *t, size_t max);
void report_value(Sire *s, Buf *out, Ref v, size_t max);
void report_crash(Sire *s, Buf *out, Outcome outcome, size_t max);
