// Flame graphs: one SVG that needs nothing else. Every stack is a pile of boxes, as wide as the time that it
// took; a click makes a box as wide as the picture, one on the lowest box shows all again.
#include "client/stacks.h"
#include "common/base/mem.h"
#include <inttypes.h>
#include <string.h>

#define WIDTH 1200.0
#define BOX 17     // height of a box, with the gap above the next
#define TOP 34     // room for the title
#define LETTER 7   // width of one, about
#define NARROW 0.1 // a box that is narrower is left out

static const char SCRIPT[] = "<script><![CDATA[\n"
                             "const all = [...document.querySelectorAll('g')];\n"
                             "function show(g) {\n"
                             "  const from = +g.dataset.x, scale = 1200 / +g.dataset.w;\n"
                             "  for (const b of all) {\n"
                             "    const x = (+b.dataset.x - from) * scale, w = +b.dataset.w * scale;\n"
                             "    const left = Math.max(x, 0), width = Math.min(x + w, 1200) - left;\n"
                             "    const [box, text] = [b.querySelector('rect'), b.querySelector('text')];\n"
                             "    b.style.display = width > 0.1 ? '' : 'none';\n"
                             "    box.setAttribute('x', left);\n"
                             "    box.setAttribute('width', Math.max(width, 0));\n"
                             "    text.setAttribute('x', left + 3);\n"
                             "    text.textContent = b.dataset.name.slice(0, Math.max(0, (width - 6) / 7));\n"
                             "  }\n"
                             "}\n"
                             "for (const g of all) g.addEventListener('click', () => show(g));\n"
                             "]]></script>\n";

typedef struct Box {
  uint64_t from, total; // ns
  uint64_t used;        // up to where boxes upon it stand
  uint32_t level;
} Box;

static void put_escaped(Buf *out, const char *text, size_t most) {
  for (size_t i = 0; text[i] && i < most; i++) {
    switch (text[i]) {
    case '<': buf_str(out, "&lt;"); break;
    case '>': buf_str(out, "&gt;"); break;
    case '&': buf_str(out, "&amp;"); break;
    case '"': buf_str(out, "&quot;"); break;
    default: buf_u8(out, (uint8_t)text[i]);
    }
  }
}

// The same name has the same colour, a warm one.
static void put_colour(Buf *out, const char *name) {
  uint32_t h = 2166136261u;
  for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
  buf_printf(out, "rgb(%u,%u,%u)", 205 + h % 50, 80 + (h >> 8) % 130, 40 + (h >> 16) % 50);
}

static void put_box(Buf *out, const Stacks *s, size_t i, const Box *b, uint64_t whole, uint32_t levels) {
  const StackNode *n = &s->nodes[i];
  const StackFunction *f = &s->functions[n->function];
  const char *name = i > 0 ? f->name : "all";
  double scale = WIDTH / (double)(whole > 0 ? whole : 1);
  double x = (double)b->from * scale, w = i > 0 ? (double)b->total * scale : WIDTH;
  uint32_t y = TOP + (levels - b->level) * BOX;
  if (w < NARROW) return;
  buf_printf(out, "<g data-x=\"%.3f\" data-w=\"%.3f\" data-name=\"", x, w);
  put_escaped(out, name, SIZE_MAX);
  buf_str(out, "\"><title>");
  put_escaped(out, name, SIZE_MAX);
  if (i > 0 && f->place[0]) {
    buf_str(out, ", ");
    put_escaped(out, f->place, SIZE_MAX);
  }
  buf_printf(out, "\n%.1f ms, %.1f%%; own: %.1f ms, %" PRIu64 " calls, %.1f MB", (double)b->total / 1e6,
             100 * w / WIDTH, (double)n->ns / 1e6, n->calls, (double)n->bytes / 1e6);
  buf_printf(out, "</title><rect x=\"%.3f\" y=\"%u\" width=\"%.3f\" height=\"%d\" fill=\"", x, y, w, BOX - 1);
  put_colour(out, name);
  buf_printf(out, "\"/><text x=\"%.3f\" y=\"%u\">", x + 3, y + BOX - 5);
  if (w > 6) put_escaped(out, name, (size_t)((w - 6) / LETTER));
  buf_str(out, "</text></g>\n");
}

// Parents come before children, so one pass from each end is enough.
static Box *lay_out(const Stacks *s, uint32_t *levels) {
  Box *boxes = mem_zalloc(mem_mul(s->node_count, sizeof *boxes));
  for (size_t i = s->node_count; i-- > 0;) {
    boxes[i].total += s->nodes[i].ns;
    if (i > 0) boxes[s->nodes[i].parent].total += boxes[i].total;
  }
  for (size_t i = 1; i < s->node_count; i++) {
    Box *b = &boxes[i], *below = &boxes[s->nodes[i].parent];
    b->from = b->used = below->used;
    b->level = below->level + 1;
    below->used += b->total;
    if (b->level > *levels) *levels = b->level;
  }
  return boxes;
}

void stacks_svg(const Stacks *s, const char *title, Buf *out) {
  uint32_t levels = 0;
  Box *boxes = lay_out(s, &levels);
  uint64_t whole = boxes[0].total;
  buf_printf(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %u\" width=\"%.0f\">\n"
             "<style>text { font: 12px monospace; pointer-events: none } g { cursor: pointer }</style>\n"
             "<text x=\"3\" y=\"20\">",
             WIDTH, TOP + (levels + 1) * BOX, WIDTH);
  put_escaped(out, title, SIZE_MAX);
  buf_printf(out, ": %.1f ms</text>\n", (double)whole / 1e6);
  for (size_t i = 0; i < s->node_count; i++) put_box(out, s, i, &boxes[i], whole, levels);
  buf_str(out, SCRIPT);
  buf_str(out, "</svg>\n");
  mem_free(boxes);
}
