#include "client/interrupt.h"
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

#define AGAIN_US 20000
#define MACHINES_MAX 300 // as many as pall check may have; more are not told

// A handler reaches nothing but static variables.
static Machine *machines[MACHINES_MAX];
static volatile sig_atomic_t seen, is_last;
static struct sigaction old_interrupt, old_alarm;

static void tell(void) {
  struct itimerval again = {{0, 0}, {0, AGAIN_US}};
  for (size_t i = 0; i < MACHINES_MAX; i++) {
    Machine *m = __atomic_load_n(&machines[i], __ATOMIC_ACQUIRE);
    if (m) machine_interrupt(m);
  }
  setitimer(ITIMER_REAL, &again, NULL);
}

static void on_interrupt(int signal_number) {
  if (seen && is_last) {
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  }
  seen = 1;
  tell();
}

static void on_alarm(int signal_number) {
  (void)signal_number;
  if (seen) tell();
}

static void replace(Machine *old, Machine *new) {
  for (size_t i = 0; i < MACHINES_MAX; i++) {
    Machine *expected = old;
    if (__atomic_compare_exchange_n(&machines[i], &expected, new, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      return;
  }
}

void interrupt_watch(Machine *m) { replace(NULL, m); }
void interrupt_unwatch(Machine *m) { replace(m, NULL); }

// What waits for input is to notice the interrupt, but not the timer.
void interrupt_begin(void) {
  struct sigaction interrupt = {.sa_handler = on_interrupt};
  struct sigaction alarm = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  seen = is_last = 0;
  sigaction(SIGINT, &interrupt, &old_interrupt);
  sigaction(SIGALRM, &alarm, &old_alarm);
}

bool interrupt_seen(void) { return seen; }

void interrupt_clear(void) {
  struct itimerval never = {0};
  setitimer(ITIMER_REAL, &never, NULL);
  seen = 0;
}

void interrupt_end(void) {
  interrupt_clear();
  sigaction(SIGINT, &old_interrupt, NULL);
  sigaction(SIGALRM, &old_alarm, NULL);
}

void interrupt_begin_last(void) {
  interrupt_begin();
  is_last = 1;
}

void interrupt_end_last(void) {
  sig_atomic_t stopped = seen;
  interrupt_end();
  seen = stopped;
}

void interrupt_pass_on(void) {
  if (seen) raise(SIGINT);
}
