#include "client/history.h"
#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct LineHistory {
  char *path;
  char **lines;
  size_t count, cap;
  int fd; // for appending; -1: none
};

char *history_path(const char *name) {
  const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (base != NULL && base[0] == '/') return mem_printf("%s/pall/%s", base, name);
  return home != NULL && home[0] == '/' ? mem_printf("%s/.local/state/pall/%s", home, name) : NULL;
}

// Folders on the way are made as mkdir -p does; a failure shows when the file is opened.
static void make_folders(const char *path) {
  char *copy = mem_strdup(path);
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(copy, 0700);
    *slash = '/';
  }
  mem_free(copy);
}

// A line from a file goes to the terminal when it is recalled, so it may hold nothing that commands one.
static bool is_fit(const char *line, size_t len) {
  bool blank = true;
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)line[i];
    if (c < 0x20 || c == 0x7f) return false;
    blank = blank && c == ' ';
  }
  return !blank && len <= HISTORY_LINE_MAX;
}

// Whether the line was new.
static bool remember(LineHistory *h, const char *line, size_t len) {
  const char *last = h->count > 0 ? h->lines[h->count - 1] : "";
  if (!is_fit(line, len) || (strlen(last) == len && memcmp(last, line, len) == 0)) return false;
  if (h->count == HISTORY_LINES) {
    mem_free(h->lines[0]);
    memmove(h->lines, h->lines + 1, --h->count * sizeof *h->lines);
  }
  mem_reserve(h->lines, h->cap, h->count + 1);
  char *copy = mem_alloc(len + 1);
  memcpy(copy, line, len);
  copy[len] = 0;
  h->lines[h->count++] = copy;
  return true;
}

// The last part of a file that others may have made long.
static void read_lines(LineHistory *h, off_t size) {
  off_t from = size > (off_t)(2 * HISTORY_BYTES) ? size - (off_t)(2 * HISTORY_BYTES) : 0;
  size_t n = (size_t)(size - from);
  char *data = mem_alloc(n + 1);
  int fd = open(h->path, O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : pread(fd, data, n, from);
  if (fd >= 0) close(fd);
  char *p = data, *end = data + (got > 0 ? got : 0);
  if (from > 0) p = memchr(data, '\n', (size_t)(end - data)); // the first one may be half a line
  while (p != NULL && p < end) {
    char *stop = memchr(p, '\n', (size_t)(end - p));
    if (stop == NULL) stop = end;
    remember(h, p, (size_t)(stop - p));
    p = stop + 1;
  }
  mem_free(data);
}

static void shorten(const LineHistory *h) {
  Buf text = {0};
  for (size_t i = 0; i < h->count; i++) buf_printf(&text, "%s\n", h->lines[i]);
  char *fresh = mem_printf("%s.%ld", h->path, (long)getpid());
  int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len;
  if (fd >= 0) close(fd);
  if (!ok || rename(fresh, h->path) != 0) unlink(fresh);
  mem_free(fresh);
  buf_free(&text);
}

LineHistory *history_open(const char *path) {
  LineHistory *h = mem_zalloc(sizeof *h);
  h->fd = -1;
  if (path == NULL) return h;
  h->path = mem_strdup(path);
  make_folders(path);
  struct stat st;
  bool regular = stat(path, &st) != 0 || S_ISREG(st.st_mode);
  if (regular && stat(path, &st) == 0) {
    read_lines(h, st.st_size);
    if (st.st_size > (off_t)HISTORY_BYTES) shorten(h);
  }
  if (regular) h->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (h->fd >= 0) fchmod(h->fd, 0600);
  return h;
}

void history_close(LineHistory *h) {
  if (h == NULL) return;
  if (h->fd >= 0) close(h->fd);
  for (size_t i = 0; i < h->count; i++) mem_free(h->lines[i]);
  mem_free(h->lines);
  mem_free(h->path);
  mem_free(h);
}

void history_add(LineHistory *h, const char *line) {
  size_t len = strlen(line);
  if (!remember(h, line, len) || h->fd < 0) return;
  char *text = mem_printf("%s\n", line);
  // One write of a whole line, so that lines of two sessions do not mix. The disk may be full.
  if (write(h->fd, text, len + 1) < 0) close(h->fd), h->fd = -1;
  mem_free(text);
}

size_t history_count(const LineHistory *h) { return h->count; }
const char *history_line(const LineHistory *h, size_t i) { return h->lines[i]; }
