// One run of one workload in Sire: evaluates `run SIZE` of a file, or `run SIZE INPUT` with the bytes of a
// file, and prints the result, a nat, the processor time that it took and the peak of memory. Compiling is
// not part of the time; what was compiled before comes from pall's cache.
//
//   bench_workload FILE SIZE [INPUT]     FILE has a slash in its name
//   bench_workload MODULE 1              loads a module of the library from text; the assertions that fail
#include "client/library.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "tests/bench/usage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)1 << 30)

static Ref read_input(Machine *m, const char *path, Err *err) {
  uint8_t *data = NULL;
  size_t len = 0;
  if (!sys_read_file(sys_real(), path, INPUT_MAX, &data, &len, err)) return 0;
  Ref bar = plan_bar(m, data, len);
  mem_free(data);
  return bar;
}

static bool run(Library *l, const char *size, const char *input, Err *err) {
  Ref f = sire_lookup(l->sire, "run", err);
  if (f == 0) return false;
  Ref args[2] = {plan_nat(l->m, strtoull(size, NULL, 10))};
  if (input && (args[1] = read_input(l->m, input, err)) == 0) return false;
  machine_collect(l->m, true);
  MachineStats before = machine_stats(l->m);
  double from = processor_seconds();
  Ref v = plan_apply(l->m, f, args, input ? 2 : 1);
  bool ok = library_outcome(l, plan_force(l->m, v), err);
  double seconds = processor_seconds() - from;
  if (!ok) return false;
  MachineStats after = machine_stats(l->m);
  if (plan_kind(l->m, v) != KIND_NAT) return err_set(err, ERR_DATA, "the result is no nat");
  char *text = plan_nat_decimal_str(l->m, v);
  printf("result %s\nseconds %.6f\nmemory %ld\ncalls %llu\nallocated %llu\n", text, seconds, peak_memory(),
         (unsigned long long)(after.calls - before.calls),
         (unsigned long long)(after.allocated_bytes - before.allocated_bytes));
  mem_free(text);
  return true;
}

static bool load_text(Library *l, const char *module, Err *err) {
  Sire *s = sire_new(l->m, &(SireOptions){.library = l->folder});
  double from = processor_seconds();
  bool ok = sire_load_module(s, module, err);
  double seconds = processor_seconds() - from;
  if (ok)
    printf("result %llu\nseconds %.6f\nmemory %ld\n", (unsigned long long)sire_counts(s).failed, seconds,
           peak_memory());
  sire_free(s);
  return ok;
}

static bool is_file(const char *name) { return strchr(name, '/') != NULL; }

int main(int argc, char **argv) {
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: bench_workload FILE SIZE [INPUT]\n");
    return 64;
  }
  Err err = ERR_INIT;
  Library l = {0};
  bool ok = library_open(&l, NULL, NULL, LIBRARY_CACHED, &err);
  if (ok && is_file(argv[1]))
    ok = library_load(&l, argv[1], &err) && run(&l, argv[2], argc > 3 ? argv[3] : NULL, &err);
  else
    ok = ok && load_text(&l, argv[1], &err);
  if (!ok) fprintf(stderr, "%s: %s\n", err.where, err.msg);
  library_close(&l);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
