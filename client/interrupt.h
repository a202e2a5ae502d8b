// Ctrl-C: stops the evaluation that runs, or the line that is typed, and not the program.
//
// The one piece of state of the process that a signal handler needs. Between interrupt_begin and
// interrupt_end an interrupt is noted, and the watched machine is told (machine_interrupt). It is told
// again every few milliseconds until it is watched no more: one piece of work may be many evaluations,
// and an interrupt between two of them would be forgotten.
#pragma once
#include "common/plan/machine.h"

void interrupt_begin(void);
void interrupt_end(void);         // all is as it was before
void interrupt_watch(Machine *m); // while it works; NULL: none
bool interrupt_seen(void);        // since interrupt_clear
void interrupt_clear(void);
