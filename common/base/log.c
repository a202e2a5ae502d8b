#include "common/base/log.h"
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096 // PIPE_BUF: one write to a pipe of this size does not mix with another's

// systemd names the device and inode of the stream it gave us; another value means stderr was redirected.
static bool is_journal(int fd) {
  const char *env = getenv("JOURNAL_STREAM");
  unsigned long long dev, ino;
  char rest;
  struct stat st;
  if (!env || sscanf(env, "%llu:%llu%c", &dev, &ino, &rest) != 2) return false; // NOLINT(cert-err34-c)
  return fstat(fd, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

Log log_stderr(LogLevel level) { return (Log){STDERR_FILENO, level, is_journal(STDERR_FILENO)}; }

static const char *level_name(LogLevel level) {
  switch (level) {
  case LOG_ERROR: return "error";
  case LOG_WARN: return "warn";
  case LOG_INFO: return "info";
  case LOG_DEBUG: return "debug";
  }
  return "error";
}

typedef struct Line {
  char text[LINE_MAX_BYTES];
  size_t len;
  bool cut;
} Line;

// Room for "..." and the newline is always kept. What does not fit is dropped, and the line says so.
static void line_add(Line *l, const char *s, size_t n) {
  if (l->cut || n > sizeof l->text - 4 - l->len) {
    l->cut = true;
    return;
  }
  memcpy(l->text + l->len, s, n);
  l->len += n;
}

static void line_escaped(Line *l, const char *s) {
  for (; *s && !l->cut; s++) {
    unsigned char c = (unsigned char)*s;
    char esc[8];
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      line_add(l, s, 1);
    } else {
      int n = c == '\n'   ? snprintf(esc, sizeof esc, "\\n")
              : c == '\\' ? snprintf(esc, sizeof esc, "\\\\")
                          : snprintf(esc, sizeof esc, "\\x%02x", c);
      line_add(l, esc, (size_t)n);
    }
  }
}

// A log that cannot be written must not stop the daemon: failures and short writes are let go.
static void line_write(Line *l, int fd) {
  if (l->cut) {
    memcpy(l->text + l->len, "...", 3);
    l->len += 3;
  }
  l->text[l->len++] = '\n';
  ssize_t n;
  do n = write(fd, l->text, l->len);
  while (n < 0 && errno == EINTR);
}

void log_line(const Log *log, LogLevel level, const char *subsystem, const char *fmt, ...) {
  if (level > log->level) return;
  int saved = errno;
  char msg[LINE_MAX_BYTES];
  va_list args;
  va_start(args, fmt);
  if (vsnprintf(msg, sizeof msg, fmt, args) < 0)
    snprintf(msg, sizeof msg, "(message could not be formatted)");
  va_end(args);

  Line line = {.len = 0};
  char prefix[16];
  int n = log->journal ? snprintf(prefix, sizeof prefix, "<%d>", (int)level)
                       : snprintf(prefix, sizeof prefix, "%s ", level_name(level));
  line_add(&line, prefix, (size_t)n);
  line_escaped(&line, subsystem);
  line_add(&line, ": ", 2);
  line_escaped(&line, msg);
  line_write(&line, log->fd);
  errno = saved;
}
