// Frames of the machine stack.
//
// A frame is a run of payload words topped by its frame word, which holds the kind and the distance to
// the frame word below; m->frame is the offset of the newest. What an evaluation pushes after that
// belongs to it. Every word on the stack is a Value or a raw number below 2^63, so the collector needs
// no map of it.
//
//   kind            payload, topmost last                       when a value comes back
//   FRAME_BASE      -                                           the evaluation is done
//   FRAME_UPDATE    [suspension]                                overwrite it with the value, go on
//   FRAME_APPLY     [arg 1]..[arg n] [n]                        call the value
//   FRAME_ROUTINE   [args][state][self].. [JetDef*] [distance]  call the routine again
//   FRAME_STRICT    [args][state][self] [position] [JetDef*] [distance]  next strict argument
//   FRAME_EXEC      [address of the next instruction]           go on with compiled code, see code.h
//
// The frame word of a FRAME_EXEC also tells which slot of its block the value goes to and which holds the
// law. Its block's slots lie right above the frame word below.
//
// `distance` counts the words from the first argument to the word after [self].. or [position].
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

typedef enum FrameKind {
  FRAME_BASE,
  FRAME_UPDATE,
  FRAME_APPLY,
  FRAME_ROUTINE,
  FRAME_STRICT,
  FRAME_EXEC
} FrameKind;

// Set in the kind of a frame below which nothing has changed since the last collection (m->settled), so
// that a minor collection need not look there: a deep stack is scanned once, not each time. Frames below
// are only reached by popping this one, which then moves the mark down.
#define FRAME_GUARD 0x80

// kind | distance << 8 | slot for the value << 40 | slot of the law << 51
static inline FrameKind frame_kind(uint64_t word) { return (FrameKind)(word & 0x7f); }
static inline uint64_t frame_distance(uint64_t word) { return word >> 8 & 0xffffffff; }
static inline uint64_t frame_exec_word(uint64_t distance, uint64_t dest, uint64_t law_slot) {
  return FRAME_EXEC | distance << 8 | dest << 40 | law_slot << 51;
}
static inline uint64_t frame_exec_dest(uint64_t word) { return word >> 40 & 0x7ff; }
static inline uint64_t frame_exec_law_slot(uint64_t word) { return word >> 51 & 0x7ff; }
// The first slot of the block that a FRAME_EXEC, whose word is at `at`, goes on with.
static inline Value *frame_exec_slots(Value *at) { return at - frame_distance(*at) + 1; }

static inline void frame_push(Machine *m, FrameKind kind) {
  size_t at = (size_t)(m->sp - m->stack);
  *m->sp++ = (uint64_t)kind | (uint64_t)(at - m->frame) << 8;
  m->frame = at;
}

void frame_unsettle(Machine *m); // a guard has been popped
void frame_settle(Machine *m);   // a collection has been
void frames_drop(Machine *m);    // there are none any more

// Drops the newest frame word (the stack ends with its payload then) and returns it.
static inline uint64_t frame_pop(Machine *m) {
  m->sp = m->stack + m->frame;
  uint64_t word = *m->sp;
  m->frame -= frame_distance(word);
  if (__builtin_expect(word & FRAME_GUARD, 0)) frame_unsettle(m);
  return word;
}

// Routines of the machine itself. `self` (the word behind the state) is the opcode.
extern const JetDef op_law, op_match, op_natcase, op_inc, op_pin, op_crash;
extern const JetDef def_force, def_force_last;

// The state word of op_crash that holds the law which called it, or 0 when a frame below tells.
enum { CRASH_CALLER = 2 };

// Called when a frame of def_force or def_force_last is thrown away by a crash or limit: clears the marks it
// left.
void force_unwind(Machine *m, Value *frame, Value *top);

// Sets the crash registers; for `return jet_crash(m, op, arg)`.
static inline JetResult jet_crash(Machine *m, Value op, Value arg) {
  m->crash_op = op;
  m->crash_arg = arg;
  return JET_CRASH;
}
