// Running one block of source: all or nothing.
#pragma once
#include "sire/compiler/state.h"

// Runs a block whose memory lies in s->arena. The arena is empty afterwards, the Refs made are gone,
// and after a failure, which fills *err, the state is what it was.
bool block_run(Sire *s, const RexBlock *block, Err *err);

// Begins and ends work on a block otherwise. `s` remembers the block for error messages.
typedef struct BlockScope {
  RefMark mark;
  Ref before; // the state
} BlockScope;
BlockScope block_begin(Sire *s, const RexBlock *block, Err *err);
void block_end(Sire *s, BlockScope *scope, bool keep_state);
Ref block_end_with(Sire *s, BlockScope *scope, bool keep_state, Ref result); // 0: none
