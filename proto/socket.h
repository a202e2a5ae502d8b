// Unix stream sockets with deadlines, for the client's side. Not part of libpall's interface.
#pragma once
#include "common/base/err.h"
#include <stdint.h>
#include <sys/types.h>

#define SOCKET_FOREVER UINT64_MAX

uint64_t socket_deadline(int ms); // that many milliseconds from now; negative: SOCKET_FOREVER

// A connected non-blocking socket, or -1. The error says what the user can do.
int socket_connect(const char *path, uint64_t deadline, Err *err);
bool socket_nonblocking(int fd, Err *err);

// Reads at least one byte; -1 on error, at the deadline (ERR_RETRY) and at the end (ERR_UNAVAILABLE).
ssize_t socket_read(int fd, void *buf, size_t n, uint64_t deadline, Err *err);

// Writes all. ERR_UNAVAILABLE when the other side has closed.
bool socket_write(int fd, const void *data, size_t n, uint64_t deadline, Err *err);
