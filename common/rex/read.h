// The Rex reader: bytes in, blocks out. A block is one tree; where it ends depends on columns, so some
// blocks are complete only when the next line, or the end of the input, is known.
//
//   feed, feed, .. --lines--> blocks --lexemes--> clumps and layout --> one tree, or the first error
//
// Incremental use (a REPL, a pipe): feed what arrives, call rex_next until it says REX_MORE. After
// REX_MORE, rex_is_pending tells whether a block or a line is still open (show the other prompt).
// rex_end says that no more input follows what was fed; rex_next then yields what was pending, and
// REX_END once. The same reader may then be fed again; line numbers go on.
//
// A bad block does not stop the reader. Limits: REX_MAX_DEPTH, REX_MAX_BLOCK. Not thread-safe.
#pragma once
#include "common/base/buf.h"
#include "common/rex/rex.h"

#define REX_MAX_BLOCK ((size_t)16 << 20) // bytes of source in one block

typedef struct RexBlock {
  Rex *tree; // NULL when the block is bad
  const char *file;
  uint32_t line;   // number of the first line, from 1
  uint32_t lines;  // how many; all consecutive
  const char *src; // those lines, each with its \n, comment lines inside included
  size_t src_len;
  const char *doc; // the comment lines immediately before the block, each with its \n; may be empty
  size_t doc_len;
} RexBlock; // all memory belongs to the Arena given to rex_next

typedef enum RexStep {
  REX_BLOCK, // *block is set
  REX_BAD,   // *err is the block's first error; *block is set but for its tree
  REX_MORE,  // everything fed was used up
  REX_END,   // everything before rex_end was used up
} RexStep;

typedef struct RexReader RexReader;

RexReader *rex_reader_new(const char *file); // the name to use in errors
void rex_reader_free(RexReader *r);          // accepts NULL
void rex_feed(RexReader *r, const void *data, size_t len);
void rex_end(RexReader *r);
RexStep rex_next(RexReader *r, Arena *a, RexBlock *block, Err *err);
bool rex_is_pending(const RexReader *r);

// Appends the comment before a block as plain text: without semicolons and the space behind them, without
// lines that are only ornament, without empty lines at both ends. Each line ends in \n.
void rex_doc_text(Buf *out, const RexBlock *block);

typedef struct RexBlocks {
  RexBlock *items;
  size_t count;
} RexBlocks;

// Reads a whole file that is in memory. False with the first error.
bool rex_read_all(const char *file, const void *data, size_t len, Arena *a, RexBlocks *blocks, Err *err);

// Reads a text that must be exactly one block (an argument on a command line). NULL on error.
Rex *rex_read_one(const char *file, const void *data, size_t len, Arena *a, Err *err);

// Errors that point at source. Sets code, where = file:line:col (col from 1), and a message of three
// lines: the reason, the source line (a part of it when long), a caret below the place. A position
// outside the block's lines gives the reason alone. Returns false.
bool rex_block_err(Err *err, ErrCode code, const RexBlock *block, RexPos at, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
