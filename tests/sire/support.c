#include "tests/sire/support.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "tests/util.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void on_assertion(void *ctx, const SireAssertion *a) {
  Fixture *f = ctx;
  if (!a->held) buf_printf(&f->log, "%u:%u: %s\n", a->place.line, a->place.col, a->report);
}

static void on_expression(void *ctx, Ref value, const SirePlace *place) {
  Fixture *f = ctx;
  plan_force(f->m, value);
  fixture_formal(f, &f->log, value);
  buf_u8(&f->log, '\n');
}

static void on_warning(void *ctx, const SirePlace *place, const char *text) {
  Fixture *f = ctx;
  buf_printf(&f->log, "warning: %s\n", text);
}

static Ref recall(void *ctx, const SireModule *chain, size_t count, size_t *at) {
  Fixture *f = ctx;
  for (*at = 0; *at < count && f->seen_keep; ++*at)
    if (strcmp(chain[*at].name, "base") == 0) return ref_dup(f->m, f->kept);
  return 0;
}

static void keep(void *ctx, const SireModule *module, Ref state) {
  Fixture *f = ctx;
  if (strcmp(module->name, "base") != 0) return;
  f->seen_keep = true;
  ref_copy(f->m, f->kept, state);
}

void fixture_restart(Fixture *f) {
  char *library = mem_printf("%s/lib", f->dir);
  SireOptions options = {.library = library,
                         .events = {.ctx = f,
                                    .assertion = on_assertion,
                                    .expression = on_expression,
                                    .warning = on_warning,
                                    .cache = f}};
  if (f->use_cache) {
    options.events.recall = recall;
    options.events.keep = keep;
  }
  sire_free(f->s);
  f->s = sire_new(f->m, &options);
  mem_free(library);
}

Fixture *fixture_new(void) {
  Fixture *f = mem_zalloc(sizeof *f);
  f->dir = scratch_dir();
  char *library = mem_printf("%s/lib", f->dir);
  ck_assert_int_eq(mkdir(library, 0700), 0);
  f->jets = jet_table_default();
  f->m = machine_new(&(MachineConfig){.jets = f->jets});
  f->kept = plan_nat(f->m, 0);
  mem_free(library);
  fixture_restart(f);
  return f;
}

void fixture_free(Fixture *f) {
  sire_free(f->s);
  machine_free(f->m);
  jet_table_free(f->jets);
  scratch_free(f->dir);
  buf_free(&f->log);
  mem_free(f);
}

const char *fixture_write(Fixture *f, const char *path, const char *text) {
  static char full[512];
  snprintf(full, sizeof full, "%s/%s", f->dir, path);
  ck_assert(sys_write_file(sys_real(), full, text, strlen(text), NULL));
  return full;
}

bool fixture_load(Fixture *f, const char *text) {
  char *all = mem_printf("#### t\n%s", text);
  const char *path = fixture_write(f, "t.sire", all);
  mem_free(all);
  f->err = ERR_INIT;
  buf_clear(&f->log);
  return sire_load_file(f->s, path, &f->err);
}

// --- formal text ---------------------------------------------------------------------------------
static void put_nat(Fixture *f, Buf *out, Ref v) {
  char bytes[32] = {0};
  size_t n = plan_nat_size(f->m, v);
  bool text = n > 1 && n < sizeof bytes;
  if (text) plan_nat_copy(f->m, v, bytes, n);
  for (size_t i = 0; text && i < n; i++) text = bytes[i] >= ' ' && bytes[i] <= 'z';
  char *digits = plan_nat_decimal_str(f->m, v);
  if (text)
    buf_printf(out, "{%s}", bytes);
  else
    buf_str(out, digits);
  mem_free(digits);
}

static void put_law(Fixture *f, Buf *out, Ref v) {
  uint64_t one = 0;
  buf_str(out, "(0 ");
  if (plan_nat_u64(f->m, plan_law_name(f->m, v), &one) && one > 0 && one < 256)
    buf_printf(out, "{%c}", (int)one);
  else
    put_nat(f, out, plan_law_name(f->m, v));
  buf_u8(out, ' ');
  put_nat(f, out, plan_law_arity(f->m, v));
  buf_u8(out, ' ');
  fixture_formal(f, out, plan_law_body(f->m, v));
  buf_u8(out, ')');
}

static void put_list(Fixture *f, Buf *out, Ref v) {
  buf_u8(out, '[');
  for (size_t i = 0, n = plan_len(f->m, v); i < n; i++) {
    if (i > 0) buf_u8(out, ' ');
    fixture_formal(f, out, plan_row_get(f->m, v, i));
  }
  buf_u8(out, ']');
}

static void put_pin(Fixture *f, Buf *out, Ref v) {
  Ref item = plan_pin_item(f->m, v);
  char name[40] = {0};
  buf_u8(out, '<');
  if (plan_kind(f->m, item) == KIND_LAW) {
    plan_nat_copy(f->m, plan_law_name(f->m, item), name, sizeof name - 1);
    buf_str(out, name);
  } else {
    fixture_formal(f, out, item);
  }
  buf_u8(out, '>');
}

void fixture_formal(Fixture *f, Buf *out, Ref v) {
  uint64_t arity = 0;
  ck_assert(!plan_is_lazy(f->m, v));
  switch (plan_kind(f->m, v)) {
  case KIND_NAT: put_nat(f, out, v); return;
  case KIND_PIN: put_pin(f, out, v); return;
  case KIND_LAW: put_law(f, out, v); return;
  case KIND_ROW: put_list(f, out, v); return;
  case KIND_COW:
    plan_nat_u64(f->m, plan_law_arity(f->m, v), &arity);
    buf_printf(out, "C%d", (int)arity - 1);
    return;
  default: break;
  }
  buf_u8(out, '(');
  fixture_formal(f, out, plan_head(f->m, v));
  for (size_t i = 0, n = plan_arg_count(f->m, v); i < n; i++) {
    buf_u8(out, ' ');
    fixture_formal(f, out, plan_arg(f->m, v, i));
  }
  buf_u8(out, ')');
}

char *fixture_value(Fixture *f, const char *name) {
  Err err = ERR_INIT;
  Buf out = {0};
  Ref v = sire_lookup(f->s, name, &err);
  ck_assert_msg(v != 0, "%s: %s", name, err.msg);
  if (plan_kind(f->m, v) == KIND_PIN && plan_kind(f->m, plan_pin_item(f->m, v)) == KIND_LAW)
    v = plan_pin_item(f->m, v);
  fixture_formal(f, &out, v);
  char *text = mem_strdup(buf_cstr(&out));
  buf_free(&out);
  return text;
}
