// The lines typed in earlier sessions, in one file for all sessions: each appends its lines as they are
// typed, so that none loses those of another. The file is private (mode 0600). When it cannot be read or
// written, there is no history beyond the session, and nothing is said.
#pragma once
#include <stddef.h>

#define HISTORY_LINES 2000              // remembered
#define HISTORY_LINE_MAX 4096           // longer ones are not kept
#define HISTORY_BYTES ((size_t)1 << 20) // a longer file is cut to the last HISTORY_LINES

typedef struct LineHistory LineHistory;

// XDG_STATE_HOME/pall/NAME, else ~/.local/state/pall/NAME; mem_free. NULL when there is no such place.
char *history_path(const char *name);

LineHistory *history_open(const char *path); // NULL: not kept in a file
void history_close(LineHistory *h);          // accepts NULL

// A line without its newline. Blank lines, control characters in a line, and the line before once more
// are not kept.
void history_add(LineHistory *h, const char *line);

// Oldest first.
size_t history_count(const LineHistory *h);
const char *history_line(const LineHistory *h, size_t i);
