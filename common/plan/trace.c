#include "common/plan/trace.h"

static CrashEntry *entry_at(Machine *m, uint64_t i) {
  if (i < TRACE_INNER) return &m->trace.inner[i];
  return &m->trace.outer[(i - TRACE_INNER) % TRACE_OUTER];
}

Value trace_law(Value f) {
  if (val_is_small(f) || val_is_lazy(f)) return 0;
  if (val_kind(f) == KIND_PIN) f = val_obj(f)[PIN_ITEM];
  return !val_is_small(f) && val_kind(f) == KIND_LAW ? f : 0;
}

Value trace_frame_law(Value *top) {
  switch (frame_kind(*top)) {
  case FRAME_UPDATE: return trace_law(val_obj(top[-1])[1]);
  case FRAME_EXEC: return trace_law(frame_exec_slots(top)[frame_exec_law_slot(*top)]);
  default: return 0;
  }
}

// A suspension right below a frame of its own law is that frame's: one call, counted once.
static void note(Machine *m, Value v, FrameKind frame) {
  v = trace_law(v);
  if (v == 0) return;
  CrashEntry *last = m->trace.count > 0 ? entry_at(m, m->trace.count - 1) : NULL;
  if (last != NULL && last->law == v)
    last->times += frame != FRAME_UPDATE || m->trace.last == FRAME_UPDATE;
  else
    *entry_at(m, m->trace.count++) = (CrashEntry){v, 1};
  m->trace.last = frame;
}

void trace_routine(Machine *m, const JetDef *def, const Value *base) {
  if (def == &op_crash) note(m, base[CRASH_CALLER], FRAME_ROUTINE);
}

void trace_call(Machine *m, Value f) { note(m, app_head(f), FRAME_EXEC); }

void trace_frame(Machine *m) {
  Value *top = m->stack + m->frame;
  FrameKind kind = frame_kind(*top);
  if (kind == FRAME_ROUTINE)
    trace_routine(m, (const JetDef *)(uintptr_t)top[-2], top - 2 - top[-1]);
  else
    note(m, trace_frame_law(top), kind);
}

size_t machine_trace(const Machine *m, CrashEntry out[TRACE_INNER + TRACE_OUTER], uint64_t *left_out) {
  uint64_t count = m->trace.count, shown = 0, outer = 0;
  for (; shown < TRACE_INNER && shown < count; shown++) out[shown] = m->trace.inner[shown];
  if (count > TRACE_INNER) outer = count - TRACE_INNER;
  *left_out = outer > TRACE_OUTER ? outer - TRACE_OUTER : 0;
  for (uint64_t i = *left_out; i < outer; i++) out[shown++] = m->trace.outer[i % TRACE_OUTER];
  return (size_t)shown;
}
