#include "client/stacks.h"
#include "client/show.h"
#include "common/base/mem.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint32_t stacks_function(Stacks *s, const char *name, const char *place) {
  for (size_t i = 0; i < s->function_count; i++)
    if (strcmp(s->functions[i].name, name) == 0 && strcmp(s->functions[i].place, place) == 0)
      return (uint32_t)i;
  mem_reserve(s->functions, s->function_cap, s->function_count + 1);
  s->functions[s->function_count] = (StackFunction){mem_strdup(name), mem_strdup(place)};
  return (uint32_t)s->function_count++;
}

void stacks_node(Stacks *s, const StackNode *node) {
  mem_reserve(s->nodes, s->node_cap, s->node_count + 1);
  s->nodes[s->node_count++] = *node;
}

void stacks_free(Stacks *s) {
  for (size_t i = 0; i < s->function_count; i++) {
    mem_free(s->functions[i].name);
    mem_free(s->functions[i].place);
  }
  mem_free(s->functions);
  mem_free(s->nodes);
  *s = (Stacks){0};
}

static void add(StackNode *to, const StackNode *more) {
  to->samples += more->samples;
  to->ns += more->ns;
  to->calls += more->calls;
  to->bytes += more->bytes;
}

StackNode stacks_sum(const Stacks *s) {
  StackNode sum = {0};
  for (size_t i = 0; i < s->node_count; i++) add(&sum, &s->nodes[i]);
  return sum;
}

// --- by function ---------------------------------------------------------------------------------
typedef struct Row {
  uint32_t function;
  StackNode own;
  uint64_t total_ns; // with what it called
} Row;

static int by_own_time(const void *a, const void *b) {
  const Row *x = a, *y = b;
  if (x->own.ns != y->own.ns) return x->own.ns < y->own.ns ? 1 : -1;
  if (x->total_ns != y->total_ns) return x->total_ns < y->total_ns ? 1 : -1;
  return x->function < y->function ? -1 : 1;
}

// A row a function, by number. A function that is in a stack twice counts once.
static Row *rows_of(const Stacks *s) {
  Row *rows = mem_zalloc(mem_mul(s->function_count + 1, sizeof *rows));
  size_t *met = mem_zalloc(mem_mul(s->function_count + 1, sizeof *met)); // node + 1 whose stack had it last
  for (size_t i = 0; i < s->function_count; i++) rows[i].function = (uint32_t)i;
  for (size_t i = 0; i < s->node_count; i++) {
    add(&rows[s->nodes[i].function].own, &s->nodes[i]);
    for (size_t at = i;; at = s->nodes[at].parent) {
      uint32_t f = s->nodes[at].function;
      if ((at > 0 || i == 0) && met[f] != i + 1) rows[f].total_ns += s->nodes[i].ns;
      met[f] = i + 1;
      if (at == 0) break;
    }
  }
  mem_free(met);
  qsort(rows, s->function_count, sizeof *rows, by_own_time);
  return rows;
}

// Of sorted rows: those that took something, and not too many.
static size_t shown(const Stacks *s, const Row *rows, size_t most) {
  size_t n = 0;
  while (n < s->function_count && (most == 0 || n < most) && rows[n].total_ns > 0) n++;
  return n;
}

static double share(uint64_t part, uint64_t whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

#define COLUMNS 7
void stacks_table(const Stacks *s, size_t most, Buf *out) {
  static const char *const titles[COLUMNS] = {"OWN%", "OWN ms", "TOTAL%", "CALLS", "MB", "FUNCTION", "WHERE"};
  StackNode sum = stacks_sum(s);
  Row *rows = rows_of(s);
  size_t n = shown(s, rows, most);
  Buf *cells = mem_zalloc(mem_mul((n + 1) * COLUMNS, sizeof *cells));
  for (size_t i = 0; i < COLUMNS; i++) buf_str(&cells[i], titles[i]);
  for (size_t i = 0; i < n; i++) {
    Buf *c = cells + (i + 1) * COLUMNS;
    const StackFunction *f = &s->functions[rows[i].function];
    buf_printf(c, "%.1f", share(rows[i].own.ns, sum.ns));
    buf_printf(c + 1, "%.1f", (double)rows[i].own.ns / 1e6);
    buf_printf(c + 2, "%.1f", share(rows[i].total_ns, sum.ns));
    buf_printf(c + 3, "%" PRIu64, rows[i].own.calls);
    buf_printf(c + 4, "%.1f", (double)rows[i].own.bytes / 1e6);
    buf_str(c + 5, f->name);
    buf_str(c + 6, f->place);
  }
  show_table(out, cells, n + 1, COLUMNS, "rrrrrll");
  buf_printf(out, "; %.1f ms, %" PRIu64 " calls, %.1f MB allocated, %" PRIu64 " samples\n",
             (double)sum.ns / 1e6, sum.calls, (double)sum.bytes / 1e6, sum.samples);
  for (size_t i = 0; i < (n + 1) * COLUMNS; i++) buf_free(&cells[i]);
  mem_free(cells);
  mem_free(rows);
}

void stacks_json(const Stacks *s, size_t most, Buf *out) {
  StackNode sum = stacks_sum(s);
  Row *rows = rows_of(s);
  size_t n = shown(s, rows, most);
  buf_printf(out,
             "{\"samples\":%" PRIu64 ",\"ns\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"bytes\":%" PRIu64
             ",\"functions\":[",
             sum.samples, sum.ns, sum.calls, sum.bytes);
  for (size_t i = 0; i < n; i++) {
    const StackFunction *f = &s->functions[rows[i].function];
    buf_str(out, i > 0 ? ",{\"name\":" : "{\"name\":");
    show_json_text(out, rpc_text(f->name));
    buf_str(out, ",\"place\":");
    show_json_text(out, rpc_text(f->place));
    buf_printf(out,
               ",\"samples\":%" PRIu64 ",\"own_ns\":%" PRIu64 ",\"total_ns\":%" PRIu64 ",\"calls\":%" PRIu64
               ",\"bytes\":%" PRIu64 "}",
               rows[i].own.samples, rows[i].own.ns, rows[i].total_ns, rows[i].own.calls, rows[i].own.bytes);
  }
  buf_str(out, "]}\n");
  mem_free(rows);
}

// --- by stack ------------------------------------------------------------------------------------
// The separators of the form may not be in a name.
static void put_folded_name(Buf *out, const char *name) {
  for (; *name; name++) buf_u8(out, *name == ';' || *name == ' ' ? '_' : (uint8_t)*name);
}

void stacks_folded(const Stacks *s, Buf *out) {
  uint32_t *path = mem_alloc(mem_mul(s->node_count, sizeof *path));
  for (size_t i = 0; i < s->node_count; i++) {
    uint64_t us = s->nodes[i].ns / 1000;
    size_t depth = 0;
    if (us == 0) continue;
    for (size_t at = i; at > 0; at = s->nodes[at].parent) path[depth++] = s->nodes[at].function;
    if (depth == 0) path[depth++] = s->nodes[0].function;
    while (depth-- > 0) {
      put_folded_name(out, s->functions[path[depth]].name);
      buf_u8(out, depth > 0 ? ';' : ' ');
    }
    buf_printf(out, "%" PRIu64 "\n", us);
  }
  mem_free(path);
}
