// Notes which laws were at work while the stack of an evaluation that failed is unwound.
#pragma once
#include "common/plan/frame.h"

// The law that a value used as a function is, or 0.
Value trace_law(Value f);

// The law whose call or suspended part the frame with this word is, or 0; native code has none.
Value trace_frame_law(Value *top);

// The newest frame, which is about to be thrown away.
void trace_frame(Machine *m);

// The function that was about to be called when a limit or an interrupt ended the evaluation.
void trace_call(Machine *m, Value f);

// The routine that was running: native code leaves no trace, but for the crash itself.
void trace_routine(Machine *m, const JetDef *def, const Value *base);
