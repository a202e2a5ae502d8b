#include "client/interrupt.h"
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

#define AGAIN_US 20000

// A handler reaches nothing but static variables.
static Machine *volatile watched;
static volatile sig_atomic_t seen;
static struct sigaction old_interrupt, old_alarm;

static void on_signal(int signal_number) {
  if (signal_number == SIGINT) seen = 1;
  if (seen && watched) machine_interrupt(watched);
}

// What waits for input is to notice the interrupt, but not the timer.
void interrupt_begin(void) {
  struct sigaction interrupt = {.sa_handler = on_signal};
  struct sigaction alarm = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  seen = 0;
  sigaction(SIGINT, &interrupt, &old_interrupt);
  sigaction(SIGALRM, &alarm, &old_alarm);
}

void interrupt_watch(Machine *m) {
  struct itimerval every = {{0, m ? AGAIN_US : 0}, {0, m ? AGAIN_US : 0}};
  watched = m;
  setitimer(ITIMER_REAL, &every, NULL);
}

void interrupt_end(void) {
  interrupt_watch(NULL);
  sigaction(SIGINT, &old_interrupt, NULL);
  sigaction(SIGALRM, &old_alarm, NULL);
}

bool interrupt_seen(void) { return seen; }
void interrupt_clear(void) { seen = 0; }
