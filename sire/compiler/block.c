#include "sire/compiler/block.h"
#include "sire/compiler/command.h"
#include "sire/compiler/rexval.h"

BlockScope block_begin(Sire *s, const RexBlock *block, Err *err) {
  BlockScope scope = {.mark = refs_mark(s->m)};
  scope.before = ref_dup(s->m, s->state);
  s->err = err;
  s->block = block;
  s->depth = 0;
  s->chain = NULL;
  s->root = block != NULL && block->tree != NULL ? tree_of_rex(s, block->tree) : NULL;
  s->at = s->root;
  return scope;
}

Ref block_end_with(Sire *s, BlockScope *scope, bool keep_state, Ref result) {
  if (!keep_state) ref_copy(s->m, s->state, scope->before);
  if (result != 0)
    result = refs_keep(s->m, scope->mark, result);
  else
    refs_release(s->m, scope->mark);
  arena_free(&s->arena);
  s->block = NULL;
  s->root = s->at = NULL;
  s->chain = NULL;
  s->err = NULL;
  return result;
}

void block_end(Sire *s, BlockScope *scope, bool keep_state) { block_end_with(s, scope, keep_state, 0); }

bool block_run(Sire *s, const RexBlock *block, Err *err) {
  BlockScope scope = block_begin(s, block, err);
  bool ok = command_run(s, s->root);
  block_end(s, &scope, ok);
  return ok;
}
