// Lines typed on a terminal: editing, history and completion by libedit.
//
// An interrupt (interrupt.h) while a line is typed ends that line. Nothing here is for pipes: there is
// no editor when standard input or output is no terminal.
#pragma once
#include "client/history.h"
#include "common/base/buf.h"

// What may stand where the cursor is: the candidates take the place of the text from `start` on.
typedef struct Candidates {
  size_t start;
  char **texts; // sorted, without doubles; each allocated with mem_
  size_t count, cap;
} Candidates;
void candidates_add(Candidates *c, const char *text, size_t len);
void candidates_sort(Candidates *c);
void candidates_free(Candidates *c);
size_t candidates_common(const Candidates *c); // bytes that all begin with

typedef struct EditorHooks {
  void *ctx;
  // For the first `cursor` bytes of the line. Candidates begin with what stands from `start` on.
  void (*complete)(void *ctx, const char *line, size_t cursor, Candidates *out);
} EditorHooks;

typedef enum EditorRead { EDITOR_LINE, EDITOR_END, EDITOR_INTERRUPTED } EditorRead;

typedef struct Editor Editor;

bool editor_is_possible(void); // standard input and output are a terminal

// NULL when it is not possible. `history` may be NULL, and must outlive the editor.
Editor *editor_new(const EditorHooks *hooks, LineHistory *history);
void editor_free(Editor *e); // accepts NULL

// Replaces the contents of `line` by the next line, with its newline.
EditorRead editor_read(Editor *e, const char *prompt, Buf *line);
