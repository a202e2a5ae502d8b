// Values in files, as seeds: pall build makes them, pall show and pall spawn read them. What is read is
// hostile: its size, memory and work are bounded.
#include "client/interrupt.h"
#include "client/library.h"
#include "client/render.h"
#include "client/show.h"
#include "common/base/base58.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/plan/seed.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEED_FILE_MAX ((size_t)256 << 20)
#define SEED_MEMORY ((size_t)4 << 30)
#define SEED_FUEL ((uint64_t)1 << 34)
#define SUFFIX ".seed"

bool seed_is_path(const char *path) {
  size_t n = strlen(path), suffix = strlen(SUFFIX);
  return n > suffix && strcmp(path + n - suffix, SUFFIX) == 0;
}

Ref seed_read_file(Machine *m, const char *path, Err *err) {
  uint8_t *data = NULL;
  size_t len = 0;
  if (!sys_read_file(sys_real(), path, SEED_FILE_MAX, &data, &len, err)) return 0;
  machine_set_limits(m, SEED_MEMORY, SEED_FUEL);
  Ref v = seed_load(m, data, len, err);
  if (v == 0) err_at(err, "%s", path);
  mem_free(data);
  return v;
}

// --- build ---------------------------------------------------------------------------------------
typedef struct Build {
  Library lib;
  Ref last;   // expression in the module that is run
  Ref result; // and in the module run last
  bool has_last, has_result;
} Build;

static void on_expression(void *ctx, Ref value, const SirePlace *place) {
  Build *b = ctx;
  ref_copy(b->lib.m, b->last, value);
  b->has_last = true;
}

static void on_module(void *ctx, const char *module, const char *path) {
  Build *b = ctx;
  ref_copy(b->lib.m, b->result, b->last);
  b->has_result = b->has_last;
  b->has_last = false;
}

// The name asked for; else main; else the last expression.
static Ref choose(Build *b, const char *file, const char *name, Err *err) {
  Ref v = sire_lookup(b->lib.sire, name ? name : "main", err);
  if (v || name) return v;
  if (b->has_result) return b->result;
  err_set(err, ERR_NOT_FOUND, "%s neither defines `main` nor ends with an expression; say --name", file);
  return 0;
}

static bool encode(Build *b, Ref v, Buf *out, uint8_t hash[32], Err *err) {
  if (!library_outcome(&b->lib, plan_force(b->lib.m, v), err) || !seed_save(b->lib.m, v, out, err))
    return false;
  return plan_hash(b->lib.m, v, hash) || err_set(err, ERR_LIMIT, "hashing the value met a limit");
}

static bool compile(const Args *args, Buf *out, uint8_t hash[32], Err *err) {
  Build b = {0};
  const char *file = args->pos[0];
  SireEvents events = {.ctx = &b, .expression = on_expression, .module = on_module};
  interrupt_begin_last();
  bool ok = library_open(&b.lib, args_option(args, "--lib"), &events, LIBRARY_RUN_FILE, err);
  if (ok) {
    b.last = plan_nat(b.lib.m, 0);
    b.result = plan_nat(b.lib.m, 0);
    Ref v = library_load(&b.lib, file, err) ? choose(&b, file, args_option(args, "--name"), err) : 0;
    ok = v != 0 && encode(&b, v, out, hash, err);
  }
  interrupt_end_last();
  library_close(&b.lib);
  return ok;
}

// my/app.sire makes app.seed, here.
static char *default_output(const char *file) {
  const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
  return mem_printf("%.*s" SUFFIX, dot && dot > base ? (int)(dot - base) : (int)strlen(base), base);
}

static void show_built(Cli *cli, const char *path, size_t bytes, const uint8_t hash[32]) {
  char text[BASE58_HASH_MAX];
  base58_hash(text, hash);
  if (cli->json) {
    buf_str(&cli->out, "{\"file\":");
    show_json_text(&cli->out, rpc_text(path));
    buf_printf(&cli->out, ",\"bytes\":%zu,\"hash\":\"%s\"}\n", bytes, text);
  } else {
    show_text(&cli->out, rpc_text(path));
    buf_printf(&cli->out, ": %zu bytes, %s\n", bytes, text);
  }
}

bool library_build(Cli *cli, const Args *args, Err *err) {
  const char *told = args_option(args, "--output");
  char *path = told ? mem_strdup(told) : default_output(args->pos[0]);
  uint8_t hash[32];
  Buf seed = {0};
  bool ok = compile(args, &seed, hash, err);
  if (ok && strcmp(path, "-") == 0) {
    buf_put(&cli->out, seed.data, seed.len);
  } else if (ok) {
    ok = sys_write_file(sys_real(), path, seed.data, seed.len, err);
    if (ok) show_built(cli, path, seed.len, hash);
  }
  buf_free(&seed);
  mem_free(path);
  return ok;
}

// --- show ----------------------------------------------------------------------------------------
bool library_show(Cli *cli, const Args *args, Err *err) {
  ValueStyle style = {.json = cli->json, .depth = VALUE_STYLE_DEPTH, .bytes = VALUE_STYLE_BYTES};
  const char *levels = args_option(args, "--depth");
  uint64_t depth = style.depth;
  if (levels && !arg_nat("--depth", levels, UINT32_MAX, &depth, err)) return false;
  style.depth = (uint32_t)depth;
  Machine *m = machine_new(&(MachineConfig){.memory = SEED_MEMORY});
  Ref v = seed_read_file(m, args->pos[0], err);
  if (v) {
    render_value(m, v, &style, &cli->out);
    buf_u8(&cli->out, '\n');
  }
  machine_free(m);
  return v != 0;
}
