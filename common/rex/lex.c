#include "common/rex/lex.h"
#include "common/base/mem.h"
#include <string.h>

enum {
  BYTE_FAIL,
  BYTE_SPACE,
  BYTE_WORD,
  BYTE_RUNE,
  BYTE_OPEN,
  BYTE_CLOSE,
  BYTE_QUOTE,
  BYTE_CURLY,
  BYTE_PAGE,
  BYTE_NOTE
};

static const uint8_t byte_class[256] = {
    [' '] = BYTE_SPACE, ['0' ... '9'] = BYTE_WORD, ['A' ... 'Z'] = BYTE_WORD, ['a' ... 'z'] = BYTE_WORD,
    ['_'] = BYTE_WORD,  ['$'] = BYTE_RUNE,         ['!'] = BYTE_RUNE,         ['#'] = BYTE_RUNE,
    ['%'] = BYTE_RUNE,  ['&'] = BYTE_RUNE,         ['*'] = BYTE_RUNE,         ['+'] = BYTE_RUNE,
    [','] = BYTE_RUNE,  ['-'] = BYTE_RUNE,         ['.'] = BYTE_RUNE,         ['/'] = BYTE_RUNE,
    [':'] = BYTE_RUNE,  ['<'] = BYTE_RUNE,         ['='] = BYTE_RUNE,         ['>'] = BYTE_RUNE,
    ['?'] = BYTE_RUNE,  ['@'] = BYTE_RUNE,         ['\\'] = BYTE_RUNE,        ['^'] = BYTE_RUNE,
    ['`'] = BYTE_RUNE,  ['\''] = BYTE_RUNE,        ['|'] = BYTE_RUNE,         ['~'] = BYTE_RUNE,
    ['('] = BYTE_OPEN,  ['['] = BYTE_OPEN,         [')'] = BYTE_CLOSE,        [']'] = BYTE_CLOSE,
    ['"'] = BYTE_QUOTE, ['{'] = BYTE_CURLY,        ['}'] = BYTE_PAGE,         [';'] = BYTE_NOTE,
};

typedef struct Lexer {
  const uint8_t *src;
  size_t pos, eol; // of the current line; eol is the offset of its \n
  size_t line_start;
  uint32_t line;
  bool glued;   // nothing since the last lexeme of the current list
  size_t depth; // open brackets, by index into out
  uint32_t open[REX_MAX_DEPTH];
  uint32_t cause; // first thing on the line that could hide a closer, or UINT32_MAX
  Lexemes *out;
  Fault *fault;
} Lexer;

// Brackets are found unclosed at the end of the line, behind other faults of that line; the first by
// position is the one to report.
static void fault_at(Lexer *l, FaultKind kind, size_t at) {
  if (l->fault->kind != FAULT_NONE && l->fault->at <= at) return;
  *l->fault = (Fault){kind, (uint32_t)at, (uint32_t)at};
}

static Lexeme *push(Lexer *l, LexKind kind, size_t end) {
  mem_reserve(l->out->items, l->out->cap, l->out->count + 1);
  Lexeme *x = &l->out->items[l->out->count++];
  *x = (Lexeme){.kind = (uint8_t)kind,
                .glued = l->glued,
                .start = (uint32_t)l->pos,
                .end = (uint32_t)end,
                .line = l->line,
                .col = (uint32_t)(l->pos - l->line_start),
                .next = (uint32_t)l->out->count};
  l->glued = true;
  l->pos = end;
  return x;
}

static uint8_t closer(const Lexer *l) {
  if (l->depth == 0) return 0;
  return l->out->items[l->open[l->depth - 1]].kind == LEX_PARA ? ')' : ']';
}

static size_t run_end(const Lexer *l, int class) {
  size_t i = l->pos;
  while (i < l->eol && byte_class[l->src[i]] == class) i++;
  return i;
}

static bool at_separator(const Lexer *l, size_t i) {
  return i == l->eol || l->src[i] == ' ' || l->src[i] == ';' || l->src[i] == closer(l);
}

static void lex_rune(Lexer *l) {
  size_t at = l->pos;
  Lexeme *x = push(l, LEX_RUNE, run_end(l, BYTE_RUNE));
  x->lone = at_separator(l, x->end);
  if (x->lone && closer(l) == ']') fault_at(l, FAULT_RUNE, at);
}

static void lex_string(Lexer *l, size_t end, uint8_t head, bool closed) {
  if (!closed) fault_at(l, FAULT_STRING, l->pos);
  Lexeme *x = push(l, LEX_TEXT, closed ? end : l->eol);
  x->head = head;
  x->tail = closed;
}

// A string that ends with the next byte equal to `delim`.
static void lex_quoted(Lexer *l, uint8_t head, uint8_t delim) {
  const uint8_t *body = l->src + l->pos + head;
  const uint8_t *hit = memchr(body, delim, l->eol - l->pos - head);
  lex_string(l, hit ? (size_t)(hit - l->src) + 1 : 0, head, hit != NULL);
}

static void lex_curly(Lexer *l) {
  size_t nest = 0, i = l->pos;
  for (; i < l->eol; i++) {
    if (l->src[i] == '{') nest++;
    if (l->src[i] == '}' && --nest == 0) break;
  }
  lex_string(l, i + 1, 1, i < l->eol);
}

// Lines of one page string stand below each other in the same column.
static bool continues_page(const Lexer *l) {
  if (l->out->count == 0) return false;
  const Lexeme *last = &l->out->items[l->out->count - 1];
  return last->kind == LEX_LINE && last->line + 1 == l->line && last->col == l->pos - l->line_start;
}

static void lex_page(Lexer *l) {
  bool empty = l->pos + 1 == l->eol;
  if (!empty && l->src[l->pos + 1] == 0) {
    fault_at(l, FAULT_BYTE, l->pos + 1);
    l->pos += 2;
  } else if (empty || l->src[l->pos + 1] == ' ') {
    if (l->cause == UINT32_MAX) l->cause = (uint32_t)l->pos;
    bool more = continues_page(l);
    Lexeme *x = push(l, LEX_LINE, l->eol);
    x->head = empty ? 1 : 2;
    x->glued |= more;
  } else {
    lex_quoted(l, 2, l->src[l->pos + 1]);
  }
}

static bool lex_open(Lexer *l) {
  if (l->depth == REX_MAX_DEPTH) {
    *l->fault = (Fault){FAULT_DEPTH, (uint32_t)l->pos, (uint32_t)l->pos};
    return false;
  }
  uint32_t index = (uint32_t)l->out->count;
  push(l, l->src[l->pos] == '(' ? LEX_PARA : LEX_BRAK, l->pos + 1);
  l->open[l->depth++] = index;
  l->glued = false;
  return true;
}

static void lex_close(Lexer *l) {
  if (l->src[l->pos] != closer(l)) {
    if (l->cause == UINT32_MAX) l->cause = (uint32_t)l->pos;
    fault_at(l, FAULT_BYTE, l->pos++);
    return;
  }
  Lexeme *x = &l->out->items[l->open[--l->depth]];
  x->end = (uint32_t)++l->pos;
  x->next = (uint32_t)l->out->count;
  l->glued = true;
}

static bool lex_byte(Lexer *l) {
  switch (byte_class[l->src[l->pos]]) {
  case BYTE_SPACE:
    l->glued = false;
    l->pos = run_end(l, BYTE_SPACE);
    return true;
  case BYTE_WORD: push(l, LEX_WORD, run_end(l, BYTE_WORD)); return true;
  case BYTE_RUNE: lex_rune(l); return true;
  case BYTE_OPEN: return lex_open(l);
  case BYTE_CLOSE: lex_close(l); return true;
  case BYTE_QUOTE: lex_quoted(l, 1, '"'); return true;
  case BYTE_CURLY: lex_curly(l); return true;
  case BYTE_PAGE: lex_page(l); return true;
  case BYTE_NOTE:
    if (l->cause == UINT32_MAX) l->cause = (uint32_t)l->pos;
    l->pos = l->eol;
    return true;
  default: fault_at(l, FAULT_BYTE, l->pos++); return true;
  }
}

// Only the outermost bracket is reported: it comes first.
static void unclosed(Lexer *l) {
  uint32_t at = l->out->items[l->open[0]].start;
  fault_at(l, FAULT_NESTING, at);
  if (l->fault->kind == FAULT_NESTING && l->cause != UINT32_MAX) l->fault->cause = l->cause;
}

static bool lex_line(Lexer *l) {
  l->glued = false;
  l->depth = 0;
  l->cause = UINT32_MAX;
  while (l->pos < l->eol)
    if (!lex_byte(l)) return false;
  if (l->depth > 0) unclosed(l);
  return l->fault->kind == FAULT_NONE;
}

bool rex_lex(const char *src, size_t len, uint32_t first_line, Lexemes *out, Fault *fault) {
  *fault = (Fault){FAULT_NONE, 0, 0};
  out->count = 0;
  Lexer l = {.src = (const uint8_t *)src, .line = first_line, .out = out, .fault = fault};
  while (l.pos < len) {
    const uint8_t *nl = memchr(l.src + l.pos, '\n', len - l.pos);
    l.line_start = l.pos;
    l.eol = nl ? (size_t)(nl - l.src) : len;
    if (!lex_line(&l)) return false;
    l.pos = l.eol + 1;
    l.line++;
  }
  return true;
}
