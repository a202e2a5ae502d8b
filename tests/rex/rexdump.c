// rexdump FILE..: one line for each block, as dump.h says.
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "tests/rex/dump.h"
#include <stdio.h>

static bool dump_file(const char *path, Err *err) {
  uint8_t *data;
  size_t len;
  Buf out = {0};
  if (!sys_read_file(sys_real(), path, 64 << 20, &data, &len, err)) return false;
  bool ok = dump_text(&out, path, data, len, err);
  if (out.len > 0) fwrite(out.data, 1, out.len, stdout);
  buf_free(&out);
  mem_free(data);
  return ok;
}

int main(int argc, char **argv) {
  Err err = ERR_INIT;
  for (int i = 1; i < argc; i++)
    if (!dump_file(argv[i], &err)) {
      fprintf(stderr, "%s: %s\n", err.where, err.msg);
      return err_exit_status(err.code);
    }
  return 0;
}
