// Which native jet a pin is, found out at its first call and remembered in the pin.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

// What PIN_JET holds, besides PIN_HASHED: 0 not looked up, PIN_NO_JET, else index + 2.
#define PIN_NO_JET 1

// Known to be no jet, whatever the table (false says nothing).
static inline bool pin_is_no_jet(Value pin) {
  return (__atomic_load_n(&val_obj(pin)[PIN_JET], __ATOMIC_RELAXED) & ~PIN_HASHED) == PIN_NO_JET;
}

// The native routine to run for a saturated call of this pin, or NULL. May set m->stop (the hash is
// charged).
const JetDef *pin_find_jet(Machine *m, Value pin);
static inline const JetDef *pin_jet(Machine *m, Value pin) {
  uint64_t word = __atomic_load_n(&val_obj(pin)[PIN_JET], __ATOMIC_RELAXED) & ~PIN_HASHED;
  if (word == PIN_NO_JET) return NULL;
  return word > PIN_NO_JET && m->native ? m->native[word - 2] : pin_find_jet(m, pin);
}

// The table's entry for this pin whether it has native code or not, or NULL.
const JetDef *pin_jet_entry(Machine *m, Value pin);
