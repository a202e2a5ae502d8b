// Layout in columns. A tree's column is where its text starts, or where its rune ends. In one node the
// tall sons come in falling columns, as each must end the one before it; the heir comes at the node's.
#include "common/base/mem.h"
#include "common/rex/printer.h"
#include <string.h>

#define FILL 40 // columns to fill with short sons
#define STEP 4  // between tall sons
#define HANG 2  // from a node to the short sons on lines of their own

typedef struct Tall {
  Printer p;
  size_t line;  // where the current line starts in p.out
  size_t *cols; // of the tall sons of all nodes in hand
  size_t count, cap;
} Tall;

static size_t line_width(const Tall *t) { return t->p.out->len - t->line; }

static void new_line(Tall *t) {
  printer_put(&t->p, "\n", 1);
  t->line = t->p.out->len;
}

// Goes to a column: on the current line if that is beyond its end. Nothing comes on the line of a page
// string, as all that follows is left of it.
static void go_to(Tall *t, size_t col) {
  size_t width = line_width(t);
  if (width > 0 && width >= col) new_line(t);
  width = line_width(t);
  printer_pad(&t->p, col > width ? col - width : 0);
}

// The lines at the end of a heir chain.
static const Rex *tail_page(const Rex *x) {
  const Rex *page = NULL;
  for (; x; x = x->heir)
    if (x->kind != REX_LINE)
      page = NULL;
    else if (!page)
      page = x;
  return page;
}

static bool is_page(const Rex *x) { return tail_page(x) == x; }

static void print_line(Tall *t, const Rex *x) {
  size_t len;
  const char *text = printer_text(&t->p, x, &len);
  printer_put(&t->p, "} ", len > 0 ? 2 : 1);
  printer_put(&t->p, text, len);
}

static void print_page(Tall *t, const Rex *x, size_t col) {
  for (; x && !t->p.failed; x = x->heir) {
    go_to(t, col);
    print_line(t, x);
  }
}

// --- clumps that end in a page string: b#} text ----------------------------------------------------

// The heir chain with which the wide form of x ends.
static const Rex *last_chain(const Rex *x) {
  if (!x->heir && wide_style(x) == REX_PREF) x = x->sons[0];
  if (!x->heir && wide_style(x) == REX_SHUT) x = x->sons[x->count - 1];
  return x;
}

static bool is_ragged(const Rex *x) { return tail_page(last_chain(x)) != NULL; }

static void print_ragged(Tall *t, const Rex *x) {
  Printer *p = &t->p;
  const Rex *page = tail_page(last_chain(x));
  if (!x->heir && wide_style(x) == REX_PREF) {
    printer_rune(p, x);
    x = x->sons[0];
  }
  if (!x->heir && wide_style(x) == REX_SHUT) {
    for (uint32_t i = 0; i + 1 < x->count && !p->failed; i++) {
      wide_tight(p, x->sons[i]);
      printer_rune(p, x);
    }
    x = x->sons[x->count - 1];
  }
  for (const Rex *item = x; item && item != page && !p->failed; item = item->heir)
    wide_item(p, item, item == x);
  size_t col = line_width(t);
  if (!p->failed) print_line(t, page);
  print_page(t, page->heir, col);
}

// --- layout ----------------------------------------------------------------------------------------

static bool is_tall(const Rex *x) { return x->kind == REX_OPEN || is_ragged(x); }

// The longest rune of a node and the OPEN nodes that continue it: they end in the same column.
static size_t rune_room(const Rex *x) {
  size_t room = 1;
  for (; x && x->kind == REX_OPEN; x = x->heir)
    if (x->len > room) room = x->len;
  return room;
}

static void print_open(Tall *t, const Rex *x, size_t col);

static void print_son(Tall *t, const Rex *x, size_t col) {
  if (x->kind == REX_OPEN) {
    print_open(t, x, col);
  } else if (is_page(x)) {
    print_page(t, x, col);
  } else {
    go_to(t, col);
    if (is_ragged(x))
      print_ragged(t, x);
    else
      wide_print(&t->p, x);
  }
}

// Short sons i to n, side by side while they fit. The first follows on the line when `here`.
static void print_short(Tall *t, const Rex *x, uint32_t i, uint32_t n, size_t col, bool here) {
  for (; i < n && !t->p.failed; i++, here = true) {
    size_t before = t->p.out->len, gap = line_width(t);
    if (here) printer_put(&t->p, " ", 1);
    if (!here) go_to(t, col + HANG);
    size_t from = t->p.out->len;
    wide_print(&t->p, x->sons[i]);
    if (t->p.failed || !here || gap <= col + HANG || line_width(t) <= col + FILL) continue;
    // It did not fit: move it to the next line.
    size_t len = t->p.out->len - from;
    char *text = mem_dup(t->p.out->data + from, len);
    t->p.out->len = before;
    go_to(t, col + HANG);
    printer_put(&t->p, text, len);
    mem_free(text);
  }
}

// Chooses columns for the sons from i to n, from the last backwards.
static void choose_columns(Tall *t, const Rex *x, uint32_t i, uint32_t n, size_t col) {
  size_t least = col + STEP;
  mem_reserve(t->cols, t->cap, t->count + (n - i));
  for (uint32_t k = n; k-- > i;) {
    size_t room = col + 1 + rune_room(x->sons[k]);
    if (room > least) least = room;
    t->cols[t->count + (k - i)] = least;
    least += STEP;
  }
  t->count += n - i;
}

static void print_sons(Tall *t, const Rex *x, size_t col) {
  uint32_t first = 0, last = x->count;
  while (first < x->count && !is_tall(x->sons[first])) first++;
  while (last > first && !is_tall(x->sons[last - 1])) last--;
  print_short(t, x, 0, first, col, true);
  size_t base = t->count;
  choose_columns(t, x, first, last, col);
  for (uint32_t i = first; i < last && !t->p.failed; i++) print_son(t, x->sons[i], t->cols[base + i - first]);
  t->count = base;
  print_short(t, x, last, x->count, col, false);
}

static void print_open(Tall *t, const Rex *x, size_t col) {
  if (!printer_enter(&t->p)) return;
  for (; x && x->kind == REX_OPEN && !t->p.failed; x = x->heir) {
    size_t len = x->len > 0 ? x->len : 1;
    go_to(t, col + 1 - len);
    printer_rune(&t->p, x);
    print_sons(t, x, col);
  }
  if (x && !t->p.failed) print_son(t, x, col);
  printer_leave(&t->p);
}

// A line that begins with a closed form is a block by itself, so no page string can go on below it.
static bool is_cut(const Rex *x) {
  return x->kind != REX_OPEN && !is_page(x) && is_ragged(x) && tail_page(last_chain(x))->heir;
}

bool rex_print_tall(Buf *out, const Rex *x, const RexPrint *how, Err *err) {
  Tall t = {.p = printer_new(out, how, err), .line = out->len};
  if (is_cut(x))
    wide_print(&t.p, x);
  else
    print_son(&t, x, rune_room(x) - 1);
  if (!t.p.failed) new_line(&t);
  mem_free(t.cols);
  return printer_free(&t.p);
}
