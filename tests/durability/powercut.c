// powercut TRACE                              prints the number of operations
// powercut TRACE AT SEED OUTDIR [BASE]        writes what a cut after AT operations can leave
// powercut TRACE AT                           prints what was said before it
#include "common/base/buf.h"
#include "tests/durability/replay.h"
#include <stdio.h>
#include <stdlib.h>

static int fail(const Err *err) {
  fprintf(stderr, "powercut: %s\n", err->msg);
  return err_exit_status(err->code);
}

int main(int argc, char **argv) {
  Trace *t;
  Err err = ERR_INIT;
  if (argc < 2 || argc == 4 || argc > 6) {
    fprintf(stderr, "usage: powercut TRACE [AT [SEED OUTDIR [BASE]]]\n");
    return 2;
  }
  if (!trace_load(&t, argv[1], argc == 6 ? argv[5] : NULL, &err)) return fail(&err);
  size_t at = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
  bool ok = true;
  if (argc == 2) {
    printf("%zu\n", trace_length(t));
  } else if (argc == 3) {
    Buf said = {0};
    trace_said(t, at, &said);
    fwrite(said.data, 1, said.len, stdout);
    buf_free(&said);
  } else {
    ok = trace_cut(t, at, strtoull(argv[3], NULL, 10), argv[4], &err);
  }
  trace_free(t);
  return ok ? 0 : fail(&err);
}
