// Cuts input into lines and lines into blocks. A line's part in this depends on its first lexeme only,
// so a block is lexed once, when it is complete.
#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/rex/lex.h"
#include <string.h>

// What a line is, by its first lexeme. The column of an OPEN is that of the rune's last byte.
typedef enum LineKind { LINE_VOID, LINE_NOTE, LINE_PAGE, LINE_OPEN, LINE_SING } LineKind;

typedef struct Line {
  const char *text; // without the \n
  size_t len;
  LineKind kind;
  size_t col;
} Line;

typedef enum BlockState { IDLE, IN_PAGE, IN_OPEN } BlockState;

struct RexReader {
  char *file;
  Buf in;         // fed and not yet used up
  size_t pos;     // of the next line in it
  size_t scanned; // no \n between pos and here
  bool ended;
  uint32_t line; // number of the next line
  BlockState state;
  size_t col; // of the open block
  uint32_t first, count;
  bool too_big;
  Buf src;         // lines of the open block
  Buf doc;         // its comment
  Buf notes;       // the run of comment lines just before the next line
  Lexemes lexemes; // kept for their memory
};

RexReader *rex_reader_new(const char *file) {
  RexReader *r = mem_zalloc(sizeof *r);
  r->file = mem_strdup(file);
  r->line = 1;
  return r;
}

void rex_reader_free(RexReader *r) {
  if (!r) return;
  mem_free(r->file);
  mem_free(r->lexemes.items);
  buf_free(&r->in);
  buf_free(&r->src);
  buf_free(&r->doc);
  buf_free(&r->notes);
  mem_free(r);
}

void rex_feed(RexReader *r, const void *data, size_t len) {
  if (r->pos > 0 && r->pos >= r->in.len / 2) {
    r->in.len -= r->pos;
    memmove(r->in.data, r->in.data + r->pos, r->in.len);
    r->scanned -= r->pos;
    r->pos = 0;
  }
  buf_put(&r->in, data, len);
}

void rex_end(RexReader *r) { r->ended = true; }

bool rex_is_pending(const RexReader *r) { return r->state != IDLE || r->pos < r->in.len; }

// --- lines -----------------------------------------------------------------------------------------

static bool ends_rune(const Line *l, size_t i) {
  return i == l->len || l->text[i] == ' ' || l->text[i] == ';';
}

static void classify(Line *l) {
  size_t i = 0;
  while (i < l->len && l->text[i] == ' ') i++;
  l->col = i;
  l->kind = LINE_SING;
  if (i == l->len) {
    l->kind = LINE_VOID;
  } else if (l->text[i] == ';') {
    l->kind = LINE_NOTE;
  } else if (l->text[i] == '}') {
    if (i + 1 == l->len || l->text[i + 1] == ' ') l->kind = LINE_PAGE;
  } else if (rex_is_rune_byte((uint8_t)l->text[i])) {
    while (i < l->len && rex_is_rune_byte((uint8_t)l->text[i])) i++;
    if (!ends_rune(l, i)) return;
    l->kind = LINE_OPEN;
    l->col = i - 1;
  }
}

// Of a line that grows beyond what a block may hold, only enough is kept to know that it did.
static void cut_partial(RexReader *r) {
  size_t most = r->pos + REX_MAX_BLOCK + 1;
  if (r->in.len > most) r->in.len = most;
  r->scanned = r->in.len;
}

// Looks at the next line without using it up.
static bool peek_line(RexReader *r, Line *l) {
  const uint8_t *nl = NULL;
  if (r->scanned < r->in.len) nl = memchr(r->in.data + r->scanned, '\n', r->in.len - r->scanned);
  if (!nl && (!r->ended || r->pos == r->in.len)) {
    cut_partial(r);
    return false;
  }
  size_t end = nl ? (size_t)(nl - r->in.data) : r->in.len;
  r->scanned = end;
  l->text = (const char *)r->in.data + r->pos;
  l->len = end - r->pos;
  classify(l);
  return true;
}

static void use_line(RexReader *r, const Line *l) {
  r->pos += l->len;
  if (r->pos < r->in.len) r->pos++;
  r->scanned = r->pos;
  r->line++;
}

// --- blocks ----------------------------------------------------------------------------------------

static bool continues(const RexReader *r, const Line *l) {
  if (r->state == IN_PAGE) return l->kind == LINE_PAGE && l->col == r->col;
  if (l->kind == LINE_NOTE) return true;
  return l->kind != LINE_VOID && l->col >= r->col;
}

static bool add_bytes(Buf *b, const Line *l) {
  if (l->len >= REX_MAX_BLOCK - b->len) return false;
  buf_put(b, l->text, l->len);
  buf_u8(b, '\n');
  return true;
}

static void add_line(RexReader *r, const Line *l) {
  if (!r->too_big) r->too_big = !add_bytes(&r->src, l);
  r->count++;
}

// A run of comment lines is kept until a line of another kind ends it. Such a run may lie inside a
// block and still be the comment of the next one, as only the next line shows where the block ends.
static void add_note(RexReader *r, const Line *l) {
  if (!add_bytes(&r->notes, l)) buf_clear(&r->notes);
}

static void start_block(RexReader *r, const Line *l) {
  Buf old = r->doc;
  r->doc = r->notes;
  r->notes = old;
  r->first = r->line;
  r->count = 0;
  r->col = l->col;
  buf_clear(&r->src);
  r->too_big = false;
}

static void fill_block(const RexReader *r, Arena *a, RexBlock *b) {
  *b = (RexBlock){.file = arena_strndup(a, r->file, strlen(r->file)),
                  .line = r->first,
                  .lines = r->count,
                  .src = arena_strndup(a, (const char *)r->src.data, r->src.len),
                  .src_len = r->src.len,
                  .doc = arena_strndup(a, (const char *)r->doc.data, r->doc.len),
                  .doc_len = r->doc.len};
}

static RexStep finish_block(RexReader *r, Arena *a, RexBlock *b, Err *err) {
  Fault fault = {0};
  r->state = IDLE;
  fill_block(r, a, b);
  if (r->too_big) {
    rex_block_err(err, ERR_LIMIT, b, (RexPos){b->line, 0}, "a block of more than %zu MiB: split it",
                  REX_MAX_BLOCK >> 20);
    return REX_BAD;
  }
  if (rex_lex(b->src, b->src_len, b->line, &r->lexemes, &fault))
    b->tree = rex_build(a, b->src, &r->lexemes, &fault);
  if (b->tree) return REX_BLOCK;
  rex_fault_err(err, b, &fault);
  return REX_BAD;
}

// Takes one line in the idle state. True when it is a block by itself.
static bool idle_line(RexReader *r, const Line *l) {
  if (l->kind == LINE_NOTE || l->kind == LINE_VOID) return false;
  start_block(r, l);
  add_line(r, l);
  if (l->kind == LINE_PAGE) r->state = IN_PAGE;
  if (l->kind == LINE_OPEN) r->state = IN_OPEN;
  return l->kind == LINE_SING;
}

// Takes a line. True when a block is complete; the line may then be still to be used.
static bool take_line(RexReader *r, const Line *l) {
  bool done = false;
  if (r->state != IDLE) {
    if (!continues(r, l)) return true;
    add_line(r, l);
  } else {
    done = idle_line(r, l);
  }
  if (l->kind == LINE_NOTE)
    add_note(r, l);
  else
    buf_clear(&r->notes);
  use_line(r, l);
  return done;
}

RexStep rex_next(RexReader *r, Arena *a, RexBlock *block, Err *err) {
  Line l;
  while (peek_line(r, &l))
    if (take_line(r, &l)) return finish_block(r, a, block, err);
  if (!r->ended) return REX_MORE;
  if (r->state != IDLE) return finish_block(r, a, block, err);
  buf_clear(&r->notes);
  r->ended = false;
  return REX_END;
}

// --- whole texts -----------------------------------------------------------------------------------

bool rex_read_all(const char *file, const void *data, size_t len, Arena *a, RexBlocks *blocks, Err *err) {
  RexReader *r = rex_reader_new(file);
  RexBlock *items = NULL, block;
  size_t count = 0, cap = 0;
  RexStep step;
  rex_feed(r, data, len);
  rex_end(r);
  while ((step = rex_next(r, a, &block, err)) == REX_BLOCK) {
    mem_reserve(items, cap, count + 1);
    items[count++] = block;
  }
  rex_reader_free(r);
  *blocks = (RexBlocks){0};
  if (step == REX_END && count > 0) {
    blocks->items = arena_alloc(a, count * sizeof *items);
    memcpy(blocks->items, items, count * sizeof *items);
    blocks->count = count;
  }
  mem_free(items);
  return step == REX_END;
}

Rex *rex_read_one(const char *file, const void *data, size_t len, Arena *a, Err *err) {
  RexBlocks blocks;
  if (!rex_read_all(file, data, len, a, &blocks, err)) return NULL;
  if (blocks.count == 1) return blocks.items[0].tree;
  if (blocks.count == 0) {
    err_set(err, ERR_DATA, "there is no expression in this text");
    err_at(err, "%s", file);
  } else {
    const RexBlock *second = &blocks.items[1];
    rex_block_err(err, ERR_DATA, second, (RexPos){second->line, 0},
                  "one expression was expected, and here a second one begins");
  }
  return NULL;
}
