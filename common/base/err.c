#include "common/base/err.h"
#include <stdio.h>
#include <string.h>

typedef struct CodeInfo {
  const char *name;
  int status;
} CodeInfo;

// Statuses as sysexits(3). A taken name means we cannot create (73); a limit means that the input is
// bigger than we accept (65).
static const CodeInfo CODES[ERR_CODE_COUNT] = {
    [ERR_NONE] = {"none", 0},
    [ERR_USAGE] = {"usage", 2},
    [ERR_DATA] = {"data", 65},
    [ERR_NOT_FOUND] = {"not-found", 66},
    [ERR_EXISTS] = {"exists", 73},
    [ERR_UNAVAILABLE] = {"unavailable", 69},
    [ERR_INTERNAL] = {"internal", 70},
    [ERR_CREATE] = {"create", 73},
    [ERR_IO] = {"io", 74},
    [ERR_RETRY] = {"retry", 75},
    [ERR_DENIED] = {"denied", 77},
    [ERR_CONFIG] = {"config", 78},
    [ERR_LIMIT] = {"limit", 65},
    [ERR_NO] = {"no", 1},
};

// Ends a text that did not fit with "...", without leaving half a UTF-8 sequence before the dots.
static void mark_cut(char *text, size_t size) {
  size_t end = size - 4;
  while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80) end--;
  memcpy(text + end, "...", 4);
}

static void format(char *out, size_t size, const char *fmt, va_list args) {
  int n = vsnprintf(out, size, fmt, args);
  if (n < 0) snprintf(out, size, "(message could not be formatted)");
  if (n >= 0 && (size_t)n >= size) mark_cut(out, size);
}

static void append(char *out, size_t size, const char *text) {
  size_t have = strlen(out), want = strlen(text), room = size - 1 - have;
  memcpy(out + have, text, want < room ? want : room);
  out[have + (want < room ? want : room)] = 0;
  if (want > room) mark_cut(out, size);
}

// Arguments may point into the Err that is being replaced, so text is built aside first.
bool err_set(Err *err, ErrCode code, const char *fmt, ...) {
  if (!err) return false;
  char msg[sizeof err->msg];
  va_list args;
  va_start(args, fmt);
  format(msg, sizeof msg, fmt, args);
  va_end(args);
  err->code = code;
  err->where[0] = 0;
  memcpy(err->msg, msg, sizeof msg);
  return false;
}

bool err_sys(Err *err, ErrCode code, int sys, const char *fmt, ...) {
  if (!err) return false;
  char msg[sizeof err->msg], buf[128];
  va_list args;
  va_start(args, fmt);
  format(msg, sizeof msg, fmt, args);
  va_end(args);
  append(msg, sizeof msg, ": ");
  append(msg, sizeof msg, strerror_r(sys, buf, sizeof buf));
  err->code = code;
  err->where[0] = 0;
  memcpy(err->msg, msg, sizeof msg);
  return false;
}

bool err_at(Err *err, const char *fmt, ...) {
  if (!err || err->where[0]) return false;
  char where[sizeof err->where];
  va_list args;
  va_start(args, fmt);
  format(where, sizeof where, fmt, args);
  va_end(args);
  memcpy(err->where, where, sizeof where);
  return false;
}

bool err_wrap(Err *err, const char *fmt, ...) {
  if (!err) return false;
  char msg[sizeof err->msg];
  va_list args;
  va_start(args, fmt);
  format(msg, sizeof msg, fmt, args);
  va_end(args);
  append(msg, sizeof msg, ": ");
  append(msg, sizeof msg, err->msg);
  memcpy(err->msg, msg, sizeof msg);
  return false;
}

static const CodeInfo *info(ErrCode code) {
  return &CODES[(unsigned)code < ERR_CODE_COUNT ? code : ERR_INTERNAL];
}

const char *err_code_name(ErrCode code) { return info(code)->name; }

int err_exit_status(ErrCode code) { return info(code)->status; }
