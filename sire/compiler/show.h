// Values in messages: one line that a person can read, cut off when long. Not for reading back.
//
//   12  {text}  [a b]  #[k=v]  %[k]  b#{bytes}  (f x y)  <pin's name>  {law's name}  _ not computed yet
#pragma once
#include "common/base/buf.h"
#include "common/plan/plan.h"

// At least a little is written whatever `max` is; about max bytes at most. Evaluates nothing.
void show_value(Machine *m, Buf *out, Ref v, size_t max);
