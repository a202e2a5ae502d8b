// The one error type. A function that can fail returns false (or NULL) and fills an Err that the
// caller passed; a caller that passed one must look at the result. Nothing here exits the process.
//
// An Err holds what happened and why, in words for a user (`msg`), where in the input it happened
// (`where`: file:line:col, page id, socket, path; may be empty), and a code that selects the exit
// status and the wire error.
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

// The order is part of the wire protocol (proto/PROTOCOL.md): append only.
typedef enum ErrCode {
  ERR_NONE = 0,
  ERR_USAGE,       // the caller asked for something that has no meaning
  ERR_DATA,        // malformed input: text, page, frame, value
  ERR_NOT_FOUND,   // no such file, cog, page, module, name
  ERR_EXISTS,      // the name is taken
  ERR_UNAVAILABLE, // nobody answers at the other end
  ERR_INTERNAL,    // our bug
  ERR_CREATE,      // cannot create a file, socket, store
  ERR_IO,          // read, write or sync failed
  ERR_RETRY,       // busy or timed out; the same call may succeed later
  ERR_DENIED,      // not permitted
  ERR_CONFIG,      // configuration or store format not usable
  ERR_LIMIT,       // a named limit was reached
  ERR_NO,          // the question was answered with no (assertion failed, values differ)
  ERR_CODE_COUNT
} ErrCode;

typedef struct Err {
  ErrCode code;
  char where[256];
  char msg[2400]; // with source lines and a trace
} Err;

#define ERR_INIT ((Err){0})

// Sets code and message (truncated with "..." when too long), clears `where`. Returns false always, so
// that `return err_set(err, ERR_DATA, "...")` reads well. `err` may be NULL.
bool err_set(Err *err, ErrCode code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// As err_set, appending ": " and the text of the errno value `sys`.
bool err_sys(Err *err, ErrCode code, int sys, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

// Sets `where` of an error that has none yet. Returns false.
bool err_at(Err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Puts "context: " before the message. Returns false.
bool err_wrap(Err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Short stable lower-case name of a code ("not-found"), used on the wire and in JSON.
const char *err_code_name(ErrCode code);

// Process exit status of a code: 0, 1 (ERR_NO), 2 (ERR_USAGE), then as sysexits(3).
int err_exit_status(ErrCode code);
