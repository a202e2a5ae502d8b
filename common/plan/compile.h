// Inside the compiler of laws: what compile.c (a law as a whole, its bindings and blocks) and emit.c
// (expressions) share.
#pragma once
#include "common/plan/body.h"
#include "common/plan/code.h"
#include "common/plan/inline.h"
#include "common/plan/strict.h"

#define ARGS_MAX 64
#define PARTIAL_MOST 16
#define DEPTH_MAX 200
#define SLOTS_MAX 1000
#define LIVE_MAX 64 // laws with more slots keep all they hold until they end

// What is known of a slot of the law where code is being emitted.
enum {
  SLOT_THERE = 1,     // it has a slot of the block (bindings: once they are needed)
  SLOT_EVALUATED = 2, //
  SLOT_NAT = 4,       // used as a number: not worth being let go of
  SLOT_GONE = 8,      // let go of: never used again
};

#define NOTHING_TAKEN (VAL_LAZY | VAL_ADDR) // no expression
#define LAW_SLOTS (SLOTS_MAX + 2)           // self, arguments and bindings, and one for what is taken

typedef uint64_t Live; // a bit each slot of the law, those beyond LIVE_MAX not told of

// A suspended expression whose code follows later.
typedef struct Block {
  Value expr;
  Value taken;               // see Compiler.taken
  size_t patch;              // the word for its position
  uint64_t select;           // see thunk_select
  uint16_t captured, *slots; // law slots in the order captured
  uint8_t *state;            // of those slots, when it was suspended
} Block;

// Where attempts go on that did not succeed: a suspension made out of line.
typedef struct Cold {
  size_t first_fail, fails; // in Compiler.fails
  size_t block;
  uint16_t *captures; // slots of the block that suspends
  uint32_t dest;
  uint64_t slow; // see code_slow
  size_t back;
} Cold;

typedef struct Binding {
  Value expr;
  uint32_t uses;
  bool in_place;  // computed where it is used, which is one place
  uint32_t lacks; // not 0: it calls something known, but for so many arguments, with arguments of the law and
                  // constants, PARTIAL_MOST at most. Calls of it that have these are calls of that
} Binding;

typedef struct Compiler {
  Machine *m;
  uint64_t *code;
  size_t count, cap;
  Block *blocks;
  size_t block_count, block_cap;
  Cold *cold;
  size_t cold_count, cold_cap;
  size_t *fails;
  size_t fail_count, fail_cap;
  Value taken;   // an expression for an element that has been looked up: the variable taken_slot
  Value *quotes; // constants that are no expressions of the law, see quote
  size_t quote_count, quote_cap;
  bool self_is_jet; // calls by itself may be native
  bool failed;      // too many slots
  bool in_law;      // what is being compiled is the law's own block, no suspension's
  bool unset;       // slots of bindings that are not there may hold anything
  uint32_t gap;     // the first of the two slots left for a frame that may hold anything; 0: none
  uint32_t arity, lets, last_slot, law_slot;
  StrictOrder order;
  uint16_t where[LAW_SLOTS]; // law slot -> slot of the block being compiled
  uint8_t state[LAW_SLOTS];
  Binding bindings[LAW_SLOTS]; // by law slot; only those of bindings count
} Compiler;

static inline uint32_t taken_slot(const Compiler *c) { return c->last_slot + 1; }
static inline uint32_t slot_count(const Compiler *c) { return c->last_slot + 2; }

// An expression's spine: its head, and the arguments in order of application.
typedef struct Spine {
  BodyForm form; // of the head: slot or constant
  Value head;
  size_t n;
  Value args[ARGS_MAX + PARTIAL_MOST];
} Spine;
void compiler_look(Compiler *c, Value e, Spine *s); // only for what has been measured

// The binding that a call's head, with n arguments, stands for: its expression goes in its place. NULL: none.
static inline const Binding *compiler_head(const Compiler *c, BodyForm form, Value slot, size_t n) {
  if (form != BODY_SLOT || slot <= c->arity) return NULL;
  const Binding *b = &c->bindings[slot];
  return b->in_place || (b->lacks && n >= b->lacks) ? b : NULL;
}

// --- emit.c ----------------------------------------------------------------------------------------------
size_t emit_word(Compiler *c, uint64_t w);
size_t emit(Compiler *c, CodeOp op, uint64_t a, uint64_t b, uint64_t cc, uint64_t h, uint64_t n);
void patch_jump(Compiler *c, size_t at, size_t target);
// The last word of what is seldom left for a call. May emit code, so that it comes first.
uint64_t emit_slow(Compiler *c, uint32_t top);
// Ahead of what may collect otherwise, and of calls: everything below is set; in a frame's two slots, too,
// when they are (0: there are none).
void emit_set(Compiler *c, uint32_t frame);

// Slots that evaluating e may need, those of bindings that are not there yet followed.
Live live_in(const Compiler *c, Value e);

// Everywhere: the result goes to slot `dest`, below `top` or top itself; slots from top on are free.
// A constant.
void emit_value(Compiler *c, Value v, uint32_t dest);
void emit_eval(Compiler *c, uint32_t dest, uint32_t from, uint32_t top);
// The slot of a variable, its binding made first when that is not there.
uint32_t emit_slot(Compiler *c, Value slot, uint32_t top);
// The value of e, possibly lazy; emit_lazy tells where, which is top if it needed a slot.
void emit_lazy_into(Compiler *c, Value e, uint32_t dest, uint32_t top);
uint32_t emit_lazy(Compiler *c, Value e, uint32_t top);
// A call of something known that has not all its arguments.
void emit_data(Compiler *c, const Spine *s, uint32_t dest, uint32_t top);
uint64_t emit_known_arity(const Compiler *c, const Spine *s); // 0: not known

bool emit_is_number(Compiler *c, Value e, Value *v); // a constant that fits an instruction
bool emit_is_settled(Compiler *c, Value e);          // nothing in it can fail, or take long
bool emit_is_simple(Compiler *c, Value e); // evaluated, or tried, it is not left for a call but seldom

// Suspended expressions: noted, and what attempts at them have left to be done.
size_t add_block(Compiler *c, Value e);
void emit_captures(Compiler *c, const uint16_t *law_slots, size_t n);
void emit_cold(Compiler *c);

// --- emit_strict.c, emit_call.c --------------------------------------------------------------------------
// Where a value goes, and what follows.
typedef struct Place {
  bool tail; // the block ends with it
  uint32_t dest, top;
  Live live; // still needed afterwards; not told of a tail: nothing
} Place;

// Evaluates e; emit_tail: where the block ends.
void emit_at(Compiler *c, Value e, Place p);
void emit_into(Compiler *c, Value e, uint32_t dest, uint32_t top, Live live);
void emit_tail(Compiler *c, Value e, uint32_t top);
// A call that is neither data nor in line.
void emit_call(Compiler *c, const Spine *s, Place p);
// The slot of a variable that is evaluated there.
uint32_t emit_evaluated(Compiler *c, Value slot, uint32_t top, Live live);
// Ends the block when p is a tail: its value is at p.dest.
void emit_finish(Compiler *c, Place p);
// Variables that nothing follows for hold on to what they hold no longer than they must: a list is not to
// stay whole while it is consumed. `but`: a slot that is still read.
void emit_let_go(Compiler *c, Live live, uint32_t but);
