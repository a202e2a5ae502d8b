// What the client prints. Texts that come from elsewhere are shown with their control characters
// escaped, so that they cannot command a terminal.
#pragma once
#include "client/verb.h"

void show_text(Buf *out, RpcText t);            // printable, without quotes
void show_json_text(Buf *out, RpcText t);       // a JSON string
void show_time(Buf *out, uint64_t ns);          // UTC, to the millisecond
void show_cog(Buf *out, const RpcCogInfo *cog); // "name (3), spinning"

// A record as a JSON object, by its table. Values (bin fields) as JSON values.
void show_json(Cli *cli, Buf *out, const RpcSchema *schema, const void *record);

// A table with columns as wide as they need to be: `cells` row by row, the first row the titles.
// Columns whose letter in `align` is 'r' are right-aligned.
void show_table(Buf *out, const Buf *cells, size_t rows, size_t columns, const char *align);

// A value in one line of text, or how big it is when it cannot be shown.
void show_value_line(Cli *cli, Buf *out, RpcBytes value);
