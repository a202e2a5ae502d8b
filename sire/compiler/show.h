// Values in messages: one line that a person can read, cut off when long. Not for reading back.
//
//   12  {text}  [a b]  #[k=v]  %[k]  b#{bytes}  (f x y)  <pin's name>  {law's name}  _ not computed yet
#pragma once
#include "common/base/buf.h"
#include "common/plan/plan.h"

// At least a little is written whatever `max` is; about max bytes at most. Evaluates nothing.
void show_value(Machine *m, Buf *out, Ref v, size_t max);

// Whether a nat shows as text, when it is not too long for that.
bool show_is_text(Machine *m, Ref nat);

// One step down into a pair of values of one shape: part `index` of both `whole`s. Of an app the function is
// 0; of a pin its item is; of a tab they are the values.
typedef struct ShowStep {
  Ref whole[2];
  size_t index;
} ShowStep;

#define SHOW_NO_BYTE SIZE_MAX

// A part of a value to be shown with something of what is around it.
typedef struct ShowFocus {
  const ShowStep *path;
  size_t len;
  size_t byte;       // of a text, the byte that matters; SHOW_NO_BYTE: all of it does
  size_t begin, end; // set: where in `out` the part, or the byte, is; where it is missing, the bracket
} ShowFocus;
void show_focused(Machine *m, Buf *out, Ref v, size_t max, ShowFocus *focus);
