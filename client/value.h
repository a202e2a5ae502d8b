// Values on the client's side: text becomes a bundle (what travels to palld), a bundle becomes text.
// The verbs get these functions through Cli; how they are done, with which machine and library, is not
// their business. All results are appended to `out`; on false `out` holds nothing of use.
#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"

typedef struct Cli Cli;
typedef struct Args Args;

// In which names an expression is read.
typedef struct ValueScope {
  const char *module; // NULL: prelude
  const char *lib;    // folder of the library; NULL: the one that pall was installed with
} ValueScope;

typedef struct ValueStyle {
  bool json;      // lossless tagged JSON, else Sire syntax that reads back to the same value
  uint32_t depth; // levels shown; deeper parts are shown as "..."
  size_t bytes;   // most bytes of text; then it is cut with "..."
} ValueStyle;

#define VALUE_STYLE_DEPTH 64
#define VALUE_STYLE_BYTES (1u << 20)

typedef struct Values {
  void *ctx;
  // Loads the Sire file and takes its `main`, or the value in a seed file. ERR_NOT_FOUND: no such file or
  // no `main` in it; ERR_DATA with file:line:column: it does not compile.
  bool (*from_file)(void *ctx, const char *path, const ValueScope *scope, Buf *out, Err *err);
  // Evaluates one expression. Plain literals need no library. ERR_DATA.
  bool (*from_text)(void *ctx, const char *text, const ValueScope *scope, Buf *out, Err *err);
  // Shows a bundle. ERR_DATA when it is not one.
  bool (*render)(void *ctx, const uint8_t *bundle, size_t len, const ValueStyle *style, Buf *out, Err *err);
  // The verbs of these names.
  bool (*check)(Cli *cli, const Args *args, Err *err);
  bool (*repl)(Cli *cli, const Args *args, Err *err);
  bool (*cache)(Cli *cli, const Args *args, Err *err);
  bool (*build)(Cli *cli, const Args *args, Err *err);
  bool (*show)(Cli *cli, const Args *args, Err *err);
  bool (*prof)(Cli *cli, const Args *args, Err *err);
} Values;
