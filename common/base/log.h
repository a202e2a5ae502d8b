// Leveled lines on a file descriptor for operators: "LEVEL subsystem: message", with the sd-daemon
// "<N>" prefix when stderr is the journal. Lines are written whole with one write; bytes that are not
// printable are escaped, so foreign input cannot forge a line. Thread-safe.
#pragma once
#include <stdbool.h>

typedef enum LogLevel { LOG_ERROR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 } LogLevel;

typedef struct Log {
  int fd;         // where lines go
  LogLevel level; // lines above it are dropped
  bool journal;   // prefix "<N>" instead of the level's name
} Log;

Log log_stderr(LogLevel level); // finds out about the journal from JOURNAL_STREAM
void log_line(const Log *log, LogLevel level, const char *subsystem, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
