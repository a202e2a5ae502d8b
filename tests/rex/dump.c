#include "tests/rex/dump.h"

void dump_rex(Buf *out, const Rex *x) {
  for (; x; x = x->heir) {
    if (x->kind == REX_EMBED) {
      buf_printf(out, "E%llu", (unsigned long long)x->embed);
    } else {
      buf_printf(out, "%c%u:", "WTLEONIPS"[x->kind], x -> len);
      buf_put(out, x->text, x->len);
    }
    if (rex_is_node(x)) buf_u8(out, '[');
    for (uint32_t i = 0; i < x->count; i++) {
      if (i > 0) buf_u8(out, ' ');
      dump_rex(out, x->sons[i]);
    }
    if (rex_is_node(x)) buf_u8(out, ']');
    if (x->heir) buf_u8(out, '^');
  }
}

bool dump_text(Buf *out, const char *file, const void *data, size_t len, Err *err) {
  RexReader *r = rex_reader_new(file);
  Arena arena = {0};
  RexBlock block;
  RexStep step;
  rex_feed(r, data, len);
  rex_end(r);
  while ((step = rex_next(r, &arena, &block, err)) == REX_BLOCK) {
    buf_printf(out, "%u ", block.line);
    dump_rex(out, block.tree);
    buf_u8(out, '\n');
    arena_free(&arena);
  }
  arena_free(&arena);
  rex_reader_free(r);
  return step == REX_END;
}
