// Lexemes of one block, and the faults that a block can have. All faults but nesting are found here, so
// the later stages see well-formed input only. Private to the reader.
#pragma once
#include "common/rex/read.h"

typedef enum LexKind { LEX_WORD, LEX_RUNE, LEX_TEXT, LEX_LINE, LEX_PARA, LEX_BRAK } LexKind;

// Separators (spaces, comments, line ends) are not kept; `glued` says that there was none.
typedef struct Lexeme {
  uint8_t kind;
  bool glued;          // touches the lexeme before it in its list, or continues a page string
  bool lone;           // a rune with a separator or the end of its list behind it
  uint8_t head, tail;  // bytes of delimiter at both ends of a string
  uint32_t start, end; // offsets in the block
  uint32_t line, col;  // of start
  uint32_t next;       // index behind this lexeme and what it contains
} Lexeme;

typedef enum FaultKind {
  FAULT_NONE,
  FAULT_BYTE,    // at: a byte that may not stand here
  FAULT_NESTING, // at: an opening bracket not closed on its line; cause: what hid the closer
  FAULT_STRING,  // at: a string not closed on its line
  FAULT_RUNE,    // at: a lone rune inside [ ]
  FAULT_DEPTH,   // at: what exceeds REX_MAX_DEPTH
} FaultKind;

typedef struct Fault {
  FaultKind kind;
  uint32_t at;    // offset in the block
  uint32_t cause; // offset of the comment, line string or wrong closer; = at when there is none
} Fault;

typedef struct Lexemes {
  Lexeme *items;
  size_t count, cap;
} Lexemes;

// Replaces the contents of out. False with the first fault (in source order).
bool rex_lex(const char *src, size_t len, uint32_t first_line, Lexemes *out, Fault *fault);

// Builds the tree of a block from its lexemes. NULL with FAULT_DEPTH.
Rex *rex_build(Arena *a, const char *src, const Lexemes *lexemes, Fault *fault);

// Turns a fault into an Err. Returns false.
bool rex_fault_err(Err *err, const RexBlock *block, const Fault *fault);
