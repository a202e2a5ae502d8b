#include "common/plan/trace.h"

static CrashEntry *entry_at(Machine *m, uint64_t i) {
  if (i < TRACE_INNER) return &m->trace.inner[i];
  return &m->trace.outer[(i - TRACE_INNER) % TRACE_OUTER];
}

// A suspension right below a frame of its own law is that frame's: one call, counted once.
static void note(Machine *m, Value v, FrameKind frame) {
  if (val_is_small(v) || val_is_lazy(v)) return;
  if (val_kind(v) == KIND_PIN) v = val_obj(v)[PIN_ITEM];
  if (val_kind(v) != KIND_LAW) return;
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

void trace_frame(Machine *m) {
  Value *top = m->stack + m->frame;
  switch (frame_kind(*top)) {
  case FRAME_UPDATE: note(m, val_obj(top[-1])[1], FRAME_UPDATE); break;
  case FRAME_ROUTINE: trace_routine(m, (const JetDef *)(uintptr_t)top[-2], top - 2 - top[-1]); break;
  case FRAME_EXEC: note(m, frame_exec_slots(top)[frame_exec_law_slot(*top)], FRAME_EXEC); break;
  case FRAME_STRICT:
  case FRAME_BASE:
  case FRAME_APPLY: break;
  }
}

size_t machine_trace(const Machine *m, CrashEntry out[TRACE_INNER + TRACE_OUTER], uint64_t *left_out) {
  uint64_t count = m->trace.count, shown = 0, outer = 0;
  for (; shown < TRACE_INNER && shown < count; shown++) out[shown] = m->trace.inner[shown];
  if (count > TRACE_INNER) outer = count - TRACE_INNER;
  *left_out = outer > TRACE_OUTER ? outer - TRACE_OUTER : 0;
  for (uint64_t i = *left_out; i < outer; i++) out[shown++] = m->trace.outer[i % TRACE_OUTER];
  return (size_t)shown;
}
