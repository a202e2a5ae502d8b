// Values as text: the two forms of proto/VALUES.md.
#pragma once
#include "client/value.h"
#include "common/plan/plan.h"

#define RENDER_DEPTH_MAX 1000 // whatever the style asks for: the depth of the C stack follows it

// Appends v, which is in normal form. Never fails: what is too deep or too long is cut with "...".
void render_value(Machine *m, Ref v, const ValueStyle *style, Buf *out);
