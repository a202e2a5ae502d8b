#include "client/input.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static InputRead from_editor(Input *in, const char *prompt) {
  in->is_start = true;
  switch (editor_read(in->editor, prompt, &in->line)) {
  case EDITOR_LINE: return INPUT_LINE;
  case EDITOR_INTERRUPTED: return INPUT_INTERRUPTED;
  default: return INPUT_END;
  }
}

// Hands out what lies ahead: a line, or all of it when `rest`. False when there is no whole line.
static bool hand_out(Input *in, bool rest) {
  const uint8_t *from = in->ahead.data + in->at;
  size_t left = in->ahead.len - in->at;
  const uint8_t *end = left > 0 ? memchr(from, '\n', left) : NULL;
  if (left == 0 || (end == NULL && !rest)) return false;
  size_t n = end != NULL ? (size_t)(end - from) + 1 : left;
  in->is_start = in->line.len == 0 || in->line.data[in->line.len - 1] == '\n';
  buf_clear(&in->line);
  buf_put(&in->line, from, n);
  in->at += n;
  return true;
}

static InputRead from_pipe(Input *in, Err *err) {
  while (!hand_out(in, in->ahead.len - in->at >= INPUT_PIECE)) {
    if (in->at > 0) memmove(in->ahead.data, in->ahead.data + in->at, in->ahead.len - in->at);
    in->ahead.len -= in->at;
    in->at = 0;
    size_t len = in->ahead.len;
    ssize_t n = read(STDIN_FILENO, buf_extend(&in->ahead, INPUT_PIECE), INPUT_PIECE);
    in->ahead.len = len + (n > 0 ? (size_t)n : 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      err_sys(err, ERR_IO, errno, "cannot read standard input");
      return INPUT_FAILED;
    }
    if (n == 0) return hand_out(in, true) ? INPUT_LINE : INPUT_END;
  }
  return INPUT_LINE;
}

InputRead input_read(Input *in, const char *prompt, Err *err) {
  return in->editor != NULL ? from_editor(in, prompt) : from_pipe(in, err);
}

void input_free(Input *in) {
  editor_free(in->editor);
  buf_free(&in->line);
  buf_free(&in->ahead);
  *in = (Input){0};
}
