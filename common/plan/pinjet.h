// Which native jet a pin is, found out at its first call and remembered in the pin.
#pragma once
#include "common/plan/heap.h"
#include "common/plan/jet.h"

// The native routine to run for a saturated call of this pin, or NULL. May set m->stop (the hash is
// charged).
const JetDef *pin_jet(Machine *m, Value pin);

// The table's entry for this pin whether it has native code or not, or NULL.
const JetDef *pin_jet_entry(Machine *m, Value pin);
