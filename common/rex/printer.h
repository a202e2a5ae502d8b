// What the wide and the tall printer share. Private to them.
#pragma once
#include "common/rex/print.h"

typedef struct Printer {
  Buf *out;
  size_t start; // of our text in out
  size_t limit; // length of out not to exceed
  RexPrint how;
  uint32_t depth;
  bool failed;
  Err *err;
  Buf scratch;
} Printer;

Printer printer_new(Buf *out, const RexPrint *how, Err *err);
bool printer_free(Printer *p); // whether all went well

void printer_put(Printer *p, const char *text, size_t len);
void printer_pad(Printer *p, size_t spaces);
void printer_rune(Printer *p, const Rex *x);

// A text that contains no \n and no control character when printing loosely. Valid until the next call.
const char *printer_text(Printer *p, const Rex *x, size_t *len);

bool printer_enter(Printer *p); // before recursion; false when that is too deep
void printer_leave(Printer *p);

void wide_print(Printer *p, const Rex *x);
void wide_item(Printer *p, const Rex *x, bool first); // one item of a heir chain
void wide_tight(Printer *p, const Rex *x);            // a son of PREF or SHUT

// How a node is written, which is not always how it says it was; the kind of other trees.
RexKind wide_style(const Rex *x);
