// A palld in a process of its own: the real control socket over a host that answers as the tests like.
//
// Cogs: 1 counter (spinning), 2 without a name (crashed), 3 to 1203 without names. `send` to counter is
// taken in event 12; to `slow` it is not taken in time; to `again` it had been taken; to `dies` the server
// exits, to `once` only the first time. inspect gives what it was asked as the value, as text.
#pragma once
#include <sys/types.h>

enum { SERVER_COGS = 1203, SERVER_EVENTS = 2300 };

pid_t server_start(const char *socket); // returns when it listens
void server_stop(pid_t pid);            // kills it and waits
