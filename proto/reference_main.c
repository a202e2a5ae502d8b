// Reads PROTOCOL.md and prints it with the reference part replaced by the tables of this build.
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "proto/methods.h"
#include <stdio.h>
#include <string.h>

#define REFERENCE_BEGIN "## Methods\n"

int main(int argc, char **argv) {
  uint8_t *text;
  size_t len;
  Err err = ERR_INIT;
  if (argc != 2) return fprintf(stderr, "usage: reference PROTOCOL.md\n"), 2;
  if (!sys_read_file(sys_real(), argv[1], 1 << 20, &text, &len, &err))
    return fprintf(stderr, "reference: %s: %s\n", err.where, err.msg), err_exit_status(err.code);
  const char *cut = memmem(text, len, REFERENCE_BEGIN, strlen(REFERENCE_BEGIN));
  Buf out = {0};
  buf_put(&out, text, cut ? (size_t)(cut - (const char *)text) : len);
  rpc_print_reference(&out);
  bool ok = fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
  buf_free(&out);
  mem_free(text);
  return ok ? 0 : 74;
}
