// pall cache: how much is kept of what was compiled, and its removal.
#include "client/library.h"
#include "client/show.h"
#include "common/base/mem.h"
#include <inttypes.h>

static void show_use(Cli *cli, const char *folder, const CacheUse *use, bool cleared) {
  Buf *out = &cli->out;
  if (cli->json) {
    buf_str(out, "{\"folder\":");
    show_json_text(out, rpc_text(folder));
    buf_printf(out, ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"removed\":%s}\n", use->files, use->bytes,
               cleared ? "true" : "false");
    return;
  }
  show_text(out, rpc_text(folder));
  buf_printf(out, ": %" PRIu64 " file%s, %.1f MB%s\n", use->files, use->files == 1 ? "" : "s",
             (double)use->bytes / 1e6, cleared ? ", removed" : "");
}

bool library_cache(Cli *cli, const Args *args, Err *err) {
  char *folder = cache_default_folder();
  bool clear = args_option(args, "--clear") != NULL, ok = folder != NULL;
  CacheUse use = {0};
  if (!ok)
    err_set(err, ERR_CONFIG,
            "there is no place for a cache: neither XDG_CACHE_HOME nor HOME is an absolute path");
  else if (clear)
    ok = cache_folder_clear(folder, &use, err);
  else
    use = cache_folder_use(folder);
  if (ok) show_use(cli, folder, &use, clear);
  mem_free(folder);
  return ok;
}
