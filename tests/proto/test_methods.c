#include "common/base/mem.h"
#include "common/base/sys.h"
#include "proto/methods.h"
#include "tests/suite.h"
#include <string.h>

static void check_schema(const RpcSchema *s);

static size_t size_of(const RpcField *f) {
  switch (f->type) {
  case FIELD_NAT: return sizeof(uint64_t);
  case FIELD_BOOL: return sizeof(bool);
  case FIELD_TEXT:
  case FIELD_NAME: return sizeof(RpcText);
  case FIELD_BIN: return sizeof(RpcBytes);
  case FIELD_ID: return sizeof(RpcId);
  case FIELD_COG: return sizeof(RpcCog);
  case FIELD_PATH: return sizeof(RpcPath);
  case FIELD_TEXTS:
  case FIELD_LIST: return sizeof(RpcList);
  case FIELD_RECORD: return f->of->size;
  }
  return 0;
}

static void check_field(const RpcSchema *s, const RpcField *f) {
  bool nested = f->type == FIELD_LIST || f->type == FIELD_RECORD;
  ck_assert_msg(f->help && *f->help, "%s.%s has no help", s->name, f->name);
  ck_assert_msg(nested == (f->of != NULL), "%s.%s", s->name, f->name);
  ck_assert_msg(f->offset + size_of(f) <= s->size, "%s.%s lies outside", s->name, f->name);
  ck_assert_msg(!f->max || f->absent <= f->max, "%s.%s: the default breaks the limit", s->name, f->name);
  if (nested) check_schema(f->of);
}

static void check_schema(const RpcSchema *s) {
  ck_assert_uint_le(s->count, RPC_FIELDS_MAX);
  for (size_t i = 0; i < s->count; i++) {
    check_field(s, &s->fields[i]);
    for (size_t k = 0; k < i; k++) {
      const RpcField *a = &s->fields[k], *b = &s->fields[i];
      ck_assert_str_ne(a->name, b->name);
      ck_assert_msg(a->offset + size_of(a) <= b->offset || b->offset + size_of(b) <= a->offset,
                    "%s: %s and %s overlap", s->name, a->name, b->name);
    }
  }
}

START_TEST(the_tables_are_whole) {
  for (unsigned i = 0; i < METHOD_COUNT; i++) {
    const RpcMethodInfo *m = rpc_method((RpcMethod)i);
    RpcMethod found = METHOD_COUNT;
    ck_assert_msg(m->name && *m->name, "method %u has no row", i);
    ck_assert_msg(m->help && *m->help, "%s has no help", m->name);
    ck_assert_int_lt(m->role, ROLE_COUNT);
    ck_assert(rpc_method_find(rpc_text(m->name), &found));
    ck_assert_uint_eq(found, i);
    check_schema(m->args);
    check_schema(m->result);
  }
  for (unsigned i = 0; i < NOTE_COUNT; i++) {
    RpcNote found = NOTE_COUNT;
    ck_assert(rpc_note_find(rpc_text(rpc_note((RpcNote)i)->name), &found));
    ck_assert_uint_eq(found, i);
    check_schema(rpc_note((RpcNote)i)->args);
  }
  check_schema(&RPC_ERROR_SCHEMA);
  RpcMethod m;
  RpcNote n;
  ck_assert(!rpc_method_find(rpc_text(""), &m));
  ck_assert(!rpc_method_find(rpc_text("hell"), &m));
  ck_assert(!rpc_note_find(rpc_text("tracer"), &n));
  ck_assert_ptr_null(rpc_method(METHOD_COUNT));
  ck_assert_ptr_null(rpc_note(NOTE_COUNT));
}
END_TEST

START_TEST(every_error_has_a_name_and_advice) {
  for (unsigned i = 0; i < ERR_CODE_COUNT; i++) {
    ck_assert_str_ne(rpc_error_advice((ErrCode)i), "");
    for (unsigned k = 0; k < i; k++) ck_assert_str_ne(err_code_name((ErrCode)i), err_code_name((ErrCode)k));
  }
  for (unsigned i = 0; i < ROLE_COUNT; i++) ck_assert_str_ne(rpc_role_name((RpcRole)i), "none");
  for (unsigned i = 0; i < COG_STATE_COUNT; i++)
    ck_assert_str_ne(rpc_cog_state_name((RpcCogState)i), "unknown");
}
END_TEST

// What a reader is told about limits is what the code does.
START_TEST(the_document_is_that_of_the_tables) {
  uint8_t *text;
  size_t len;
  Err err = ERR_INIT;
  Buf want = {0};
  ck_assert_msg(sys_read_file(sys_real(), PROTOCOL_MD, 1 << 20, &text, &len, &err), "%s", err.msg);
  rpc_print_reference(&want);
  ck_assert_uint_gt(len, want.len);
  bool same = memcmp(text + len - want.len, want.data, want.len) == 0;
  ck_assert_msg(same, "PROTOCOL.md is not that of the tables: run 'ninja reference'");
  buf_free(&want);
  mem_free(text);
}
END_TEST

SUITE_MAIN("proto/methods", the_tables_are_whole, every_error_has_a_name_and_advice,
           the_document_is_that_of_the_tables)
