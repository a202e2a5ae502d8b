// The tables of methods.c as Markdown, for PROTOCOL.md.
#include "proto/methods.h"
#include <inttypes.h>

static void print_extent(Buf *out, const RpcField *f) {
  if (!f->required && f->type == FIELD_NAT)
    buf_printf(out, ", else %" PRIu64, f->absent);
  else if (!f->required)
    buf_str(out, ", may be absent");
  if (f->max) buf_printf(out, ", at most %" PRIu64, f->max);
}

static void print_fields(Buf *out, const RpcSchema *s) {
  for (size_t i = 0; i < s->count; i++) {
    const RpcField *f = &s->fields[i];
    buf_printf(out, "| `%s` | ", f->name);
    rpc_type_name(out, f);
    print_extent(out, f);
    buf_printf(out, " | %s |\n", f->help);
  }
}

static void print_record(Buf *out, const char *title, const RpcSchema *s) {
  if (s->count == 0) return;
  buf_printf(out, "\n%s\n\n| field | type | meaning |\n|---|---|---|\n", title);
  print_fields(out, s);
}

static void print_method(Buf *out, const RpcMethodInfo *m) {
  buf_printf(out, "\n### %s\n\n%s. Role: %s.%s%s%s\n", m->name, m->help, rpc_role_name(m->role),
             m->waits ? " May take long; can be cancelled." : "", m->args->count ? "" : " No parameters.",
             m->result->count ? "" : " The result is an empty map.");
  print_record(out, "Parameters:", m->args);
  print_record(out, "Result:", m->result);
}

// Records that are elements of a list or stand inside another one, each once.
static void print_inner(Buf *out) {
  const RpcSchema *done[METHOD_COUNT];
  size_t n = 0;
  for (unsigned m = 0; m < METHOD_COUNT; m++) {
    const RpcSchema *s = rpc_method((RpcMethod)m)->result;
    for (size_t i = 0; i < s->count; i++) {
      const RpcSchema *of = s->fields[i].of;
      bool seen = !of;
      for (size_t k = 0; k < n; k++) seen |= done[k] == of;
      if (seen) continue;
      done[n++] = of;
      buf_printf(out, "\n### %s\n", of->name);
      print_record(out, "Fields:", of);
    }
  }
}

void rpc_print_reference(Buf *out) {
  buf_str(out, "## Methods\n\n| method | role | what it does |\n|---|---|---|\n");
  for (unsigned i = 0; i < METHOD_COUNT; i++) {
    const RpcMethodInfo *m = rpc_method((RpcMethod)i);
    buf_printf(out, "| `%s` | %s | %s |\n", m->name, rpc_role_name(m->role), m->help);
  }
  for (unsigned i = 0; i < METHOD_COUNT; i++) print_method(out, rpc_method((RpcMethod)i));
  buf_str(out, "\n## Records\n");
  print_inner(out);
  buf_str(out, "\n## Notifications\n");
  for (unsigned i = 0; i < NOTE_COUNT; i++) {
    const RpcNoteInfo *n = rpc_note((RpcNote)i);
    buf_printf(out, "\n### %s\n\n%s.\n", n->name, n->help);
    print_record(out, "Parameters:", n->args);
  }
  buf_str(out, "\n## Errors\n\nAn error is a map:\n\n| field | type | meaning |\n|---|---|---|\n");
  print_fields(out, &RPC_ERROR_SCHEMA);
  buf_str(out, "\n| code | what to do | exit status of `pall` |\n|---|---|---|\n");
  for (unsigned i = 1; i < ERR_CODE_COUNT; i++)
    buf_printf(out, "| `%s` | %s | %d |\n", err_code_name((ErrCode)i), rpc_error_advice((ErrCode)i),
               err_exit_status((ErrCode)i));
}
