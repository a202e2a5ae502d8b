// Trees as one line of text that is easy to compare: a letter (W T L leaves, O N I P S nodes, E embed),
// the length of the text or rune, ':', its bytes; for nodes '[', the sons with a space between, ']';
// then '^' and the heir, if there is one.
#pragma once
#include "common/base/buf.h"
#include "common/rex/read.h"

void dump_rex(Buf *out, const Rex *x);

// "LINE TREE\n" for each block of a file's text. False with the first error.
bool dump_text(Buf *out, const char *file, const void *data, size_t len, Err *err);
