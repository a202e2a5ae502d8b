// Tells the service manager how we are, when one asked (NOTIFY_SOCKET): a datagram, no library.
#pragma once

// `state` as in sd_notify(3): "READY=1", "STOPPING=1". Failure is of no consequence to us.
void notify(const char *state);
