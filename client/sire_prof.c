// pall prof FILE: where evaluating Sire spends time, calls and memory.
#include "client/interrupt.h"
#include "client/library.h"
#include "client/prof.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/plan/profile.h"
#include <stdio.h>
#include <string.h>

static uint32_t function_of(Library *l, Ref law, Stacks *out) {
  Buf name = {0}, place = {0};
  SirePlace p;
  if (sire_find_law(l->sire, law, &name, &p)) buf_printf(&place, "%s:%u", p.file, p.line);
  uint32_t f = stacks_function(out, name.len > 0 ? buf_cstr(&name) : STACKS_NAMELESS, buf_cstr(&place));
  buf_free(&name);
  buf_free(&place);
  return f;
}

static void take_stacks(Library *l, const Profile *p, Stacks *out) {
  size_t laws = profile_law_count(p);
  uint32_t *functions = mem_alloc(mem_mul(laws + 1, sizeof *functions));
  for (size_t i = 0; i < laws; i++) {
    RefMark mark = refs_mark(l->m);
    functions[i] = function_of(l, profile_law(p, i), out);
    refs_release(l->m, mark);
  }
  uint32_t root = stacks_function(out, STACKS_ROOT, ""), cut = stacks_function(out, STACKS_CUT, "");
  for (size_t i = 0; i < profile_node_count(p); i++) {
    const ProfileNode *n = profile_node(p, i);
    uint32_t f = i == 0 ? root : n->law == PROFILE_CUT ? cut : functions[n->law];
    stacks_node(out, &(StackNode){n->parent, f, n->own.samples, n->own.ns, n->own.calls, n->own.bytes});
  }
  mem_free(functions);
}

static bool evaluate(Library *l, const char *text, Err *err) {
  Ref v = sire_eval_text(l->sire, "expression", text, strlen(text), err);
  return v != 0 && library_outcome(l, plan_force(l->m, v), err);
}

// With an expression, that is measured, and what the file does before is not. Else all that the file's own
// blocks do is: a definition's value is computed when the file is loaded.
static bool measure(Library *l, Profile *p, const Args *args, Err *err) {
  const char *text = args_option(args, "--expr");
  if (text && !library_load(l, args->pos[0], err)) return false;
  profile_start(p);
  bool ok = text ? evaluate(l, text, err) : library_load(l, args->pos[0], err);
  profile_stop(p);
  return ok;
}

static void set_limit(Profile *p, uint64_t ms) {
  if (ms > 0) profile_until(p, sys_real()->mono_ns(sys_real()->ctx) + ms * 1000000);
}

// Stopped by us or by an interrupt, there is something to show; else only when all went well.
static bool run(Library *l, const Args *args, uint64_t ms, Stacks *out, Err *err) {
  Profile *p = profile_new(l->m, sys_real(), 0);
  bool limited = false;
  interrupt_begin();
  set_limit(p, ms);
  bool ok = measure(l, p, args, err);
  limited = interrupt_seen() || (!ok && profile_is_over(p));
  interrupt_end();
  if (ok || limited) take_stacks(l, p, out);
  profile_free(p);
  if (!ok && limited) fprintf(stderr, "pall: stopped; this is what was seen until then\n");
  return ok || limited;
}

bool library_prof(Cli *cli, const Args *args, Err *err) {
  Library l = {0};
  Stacks stacks = {0};
  uint64_t ms = 0;
  const char *time = args_option(args, "--time");
  LibraryUse use = args_option(args, "--expr") ? LIBRARY_CACHED : LIBRARY_RUN_FILE;
  bool ok = (!time || arg_ms("--time", time, &ms, err)) &&
            library_open(&l, args_option(args, "--lib"), NULL, use, err) && run(&l, args, ms, &stacks, err) &&
            prof_show(cli, args, &stacks, err);
  stacks_free(&stacks);
  library_close(&l);
  return ok;
}
