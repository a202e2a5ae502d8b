// Input for a REPL, line by line: from an editor, or from a pipe or file on standard input.
#pragma once
#include "client/editor.h"
#include "common/base/err.h"

#define INPUT_PIECE 65536 // a longer line of a pipe comes in pieces

typedef struct Input {
  Editor *editor; // NULL: not a terminal
  Buf line;       // what input_read gave, with its newline if there is one
  bool is_start;  // the piece begins a line
  Buf ahead;      // read from a pipe, and handed out up to `at`
  size_t at;
} Input;

typedef enum InputRead { INPUT_LINE, INPUT_END, INPUT_INTERRUPTED, INPUT_FAILED } InputRead;

// The next line, or piece of one. INPUT_FAILED fills err.
InputRead input_read(Input *in, const char *prompt, Err *err);
void input_free(Input *in); // the editor too
