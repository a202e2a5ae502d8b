// Ctrl-C: stops the evaluation that runs, or the line that is typed, and not at once the program.
//
// The one piece of state of the process that a signal handler needs. From interrupt_begin on, an interrupt is
// noted, and all machines are told (machine_interrupt); they are told again every few milliseconds until
// it is cleared: one piece of work may be many evaluations, and an interrupt between two of them would be
// forgotten.
#pragma once
#include "common/plan/machine.h"

void interrupt_watch(Machine *m);   // a machine is there; from any thread
void interrupt_unwatch(Machine *m); // it is about to be freed

void interrupt_begin(void);
void interrupt_end(void);  // all is as it was before, nothing was seen
bool interrupt_seen(void); // since interrupt_clear
void interrupt_clear(void);

// For work whose end is the program's: an interrupt stops it, a second one the program.
void interrupt_begin_last(void);
void interrupt_end_last(void);
// At the program's end: when an interrupt stopped that work, it ends the program now.
void interrupt_pass_on(void);
