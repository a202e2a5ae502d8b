// Values between machines, the log, the store and the wire. The only part of the daemon that knows how
// values become bytes.
#pragma once
#include "common/plan/plan.h"
#include "common/store/store.h"
#include "daemon/log/record.h"

typedef struct Values Values;

Values *values_new(Store *store);
void values_free(Values *v);

// The form of a value (in normal form, which gets sealed) for a record. Pages that it needs are durable in
// the store when this returns. The bytes of an inline value (out->len of them) are appended to `bytes`;
// out->bytes is for the caller to set when `bytes` is complete.
bool values_save(Values *v, Machine *m, Ref value, Buf *bytes, RecordValue *out, Err *err);

// The page that keeps a saved value alive; false: it needs none.
bool values_page(const RecordValue *value, PageId *id);

// A record's value in a machine.
bool values_load(Values *v, Machine *m, const RecordValue *in, Ref *out, Err *err);

// A value as a client sent it, checked; and as a client gets it.
bool values_from_wire(Values *v, Machine *m, const uint8_t *bytes, size_t n, Ref *out, Err *err);
bool values_to_wire(Values *v, Machine *m, Ref value, Buf *out, Err *err);

// Seals a value (in normal form), so that other machines may share it.
void values_seal(Machine *m, Ref value);

// Carries a value (in normal form) from one machine to another.
bool values_move(Values *v, Machine *from, Ref value, Machine *to, Ref *out, Err *err);

// What a line of a trace shows of a value that is forced: valid UTF-8, its text if it is one, else its number
// or its kind and size. mem_free.
char *values_text(Machine *m, Ref value);
