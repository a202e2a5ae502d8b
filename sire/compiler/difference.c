#include "sire/compiler/difference.h"
#include "common/base/mem.h"
#include "sire/compiler/report.h"
#include <string.h>

#define VISITS_MAX 1000000 // pairs of parts that are looked at
#define TEXT_COMPARED 65536
#define STEPS_SHOWN 12
#define KEY_SHOWN 60

// A pair of values of one shape, some of whose parts are known to be equal.
typedef struct Pair {
  Ref a, b;
  RefMark mark;       // before them
  size_t next, count; // parts
  bool uneven;        // equal parts do not make them equal
} Pair;

typedef struct Search {
  Sire *s;
  Pair *stack;
  size_t depth, cap;
  size_t visits;
} Search;

static Machine *machine(const Search *x) { return x->s->m; }

static Kind kind_of(const Search *x, Ref v) { return plan_kind(machine(x), v); }

static bool equal(Search *x, Ref a, Ref b) {
  bool same = false;
  return ref_get(machine(x), a) == ref_get(machine(x), b) || (plan_eq(machine(x), a, b, &same) && same);
}

// --- parts ---------------------------------------------------------------------------------------
static size_t part_count(const Search *x, Ref v) {
  switch (kind_of(x, v)) {
  case KIND_ROW:
  case KIND_SET:
  case KIND_TAB: return plan_len(machine(x), v);
  case KIND_APP: return plan_arg_count(machine(x), v) + 1;
  case KIND_PIN: return 1;
  default: return 0;
  }
}

static Ref part(Search *x, Ref v, size_t i) {
  switch (kind_of(x, v)) {
  case KIND_ROW: return plan_row_get(machine(x), v, i);
  case KIND_SET: return plan_key(machine(x), v, i);
  case KIND_TAB: return plan_val(machine(x), v, i);
  case KIND_APP: return i == 0 ? plan_head(machine(x), v) : plan_arg(machine(x), v, i - 1);
  default: return plan_pin_item(machine(x), v);
  }
}

static bool same_keys(Search *x, Ref a, Ref b) {
  for (size_t i = 0, n = plan_len(machine(x), a); i < n; i++) {
    RefMark mark = refs_mark(machine(x));
    bool same = equal(x, plan_key(machine(x), a, i), plan_key(machine(x), b, i));
    refs_release(machine(x), mark);
    if (!same) return false;
  }
  return true;
}

// Whether a difference of a and b is one of their parts.
static bool same_shape(Search *x, Ref a, Ref b) {
  Kind kind = kind_of(x, a);
  if (kind != kind_of(x, b)) return false;
  if (kind == KIND_ROW || kind == KIND_SET) return true;
  if (part_count(x, a) != part_count(x, b)) return false;
  if (kind == KIND_PIN) return kind_of(x, plan_pin_item(machine(x), a)) != KIND_LAW;
  return kind == KIND_APP || (kind == KIND_TAB && same_keys(x, a, b));
}

static void open_pair(Search *x, Ref a, Ref b, RefMark mark) {
  size_t n = part_count(x, a), other = part_count(x, b);
  mem_reserve(x->stack, x->cap, x->depth + 1);
  x->stack[x->depth++] = (Pair){a, b, mark, 0, n < other ? n : other, n != other};
}

// --- the walk ------------------------------------------------------------------------------------
typedef enum Found { FOUND_NONE, FOUND_HERE, FOUND_GIVE_UP } Found;

// Goes on to the next part of the topmost pair. FOUND_HERE: d->parts are set.
static Found walk_on(Search *x, Difference *d) {
  Pair *top = &x->stack[x->depth - 1];
  if (top->next == top->count) {
    if (top->uneven) {
      top->next++;
      d->parts[0] = d->parts[1] = 0;
      return FOUND_HERE;
    }
    x->depth--;
    refs_release(machine(x), top->mark);
    return FOUND_NONE;
  }
  if (++x->visits > VISITS_MAX) return FOUND_GIVE_UP;
  RefMark mark = refs_mark(machine(x));
  Ref a = part(x, top->a, top->next), b = part(x, top->b, top->next);
  top->next++;
  bool identical = ref_get(machine(x), a) == ref_get(machine(x), b);
  if (!identical && same_shape(x, a, b)) {
    open_pair(x, a, b, mark);
    return FOUND_NONE;
  }
  if (!identical && !equal(x, a, b)) {
    d->parts[0] = a;
    d->parts[1] = b;
    return FOUND_HERE;
  }
  refs_release(machine(x), mark);
  return FOUND_NONE;
}

static void set_path(const Search *x, Difference *d) {
  d->len = x->depth;
  d->path = mem_alloc(mem_mul(x->depth + 1, sizeof *d->path));
  for (size_t i = 0; i < x->depth; i++)
    d->path[i] = (ShowStep){{x->stack[i].a, x->stack[i].b}, x->stack[i].next - 1};
}

static size_t differing_byte(Search *x, const Ref parts[2]) {
  char *texts[2];
  size_t n = 0;
  for (int i = 0; i < 2; i++) {
    if (parts[i] == 0) return SHOW_NO_BYTE;
    if (kind_of(x, parts[i]) != KIND_NAT) return SHOW_NO_BYTE;
    size_t size = plan_nat_size(machine(x), parts[i]);
    if (size > TEXT_COMPARED || !show_is_text(machine(x), parts[i])) return SHOW_NO_BYTE;
    if (size > n) n = size;
  }
  for (int i = 0; i < 2; i++) plan_nat_copy(machine(x), parts[i], texts[i] = mem_alloc(n + 1), n);
  size_t at = 0;
  while (at < n && texts[0][at] == texts[1][at]) at++;
  mem_free(texts[0]);
  mem_free(texts[1]);
  return at;
}

bool difference_find(Sire *s, Ref first, Ref second, Difference *d) {
  Search x = {.s = s};
  Found found = FOUND_NONE;
  *d = (Difference){.parts = {first, second}};
  if (!same_shape(&x, first, second)) {
    found = FOUND_HERE;
  } else {
    open_pair(&x, first, second, refs_mark(s->m));
    while (found == FOUND_NONE && x.depth > 0) found = walk_on(&x, d);
  }
  if (found == FOUND_HERE) {
    set_path(&x, d);
    d->byte = differing_byte(&x, d->parts);
  }
  mem_free(x.stack);
  return found == FOUND_HERE;
}

// What only one of two sets or tabs has: the lesser of the first two keys that differ.
static void add_lone_key(Search *x, Buf *out, const Ref parts[2]) {
  size_t n[2] = {plan_len(machine(x), parts[0]), plan_len(machine(x), parts[1])}, i = 0;
  int order = -1;
  for (;; i++) {
    if (i == n[0] || i == n[1]) {
      order = n[0] > n[1] ? -1 : 1;
      break;
    }
    Ref a = plan_key(machine(x), parts[0], i), b = plan_key(machine(x), parts[1], i);
    if (!plan_cmp(machine(x), a, b, &order) || order != 0) break;
  }
  if (n[order > 0] <= i) return;
  buf_printf(out, "only the %s has the key ", order > 0 ? "second" : "first");
  report_value(x->s, out, plan_key(machine(x), parts[order > 0], i), KEY_SHOWN);
}

void difference_keys(Sire *s, Buf *out, const Difference *d) {
  Search x = {.s = s};
  RefMark mark = refs_mark(s->m);
  if (d->parts[0] != 0 && kind_of(&x, d->parts[0]) == kind_of(&x, d->parts[1]) &&
      kind_of(&x, d->parts[0]) == KIND_TAB)
    add_lone_key(&x, out, d->parts);
  refs_release(s->m, mark);
}

void difference_free(Difference *d) {
  mem_free(d->path);
  *d = (Difference){0};
}

// --- words ---------------------------------------------------------------------------------------
static void add_step(Sire *s, Buf *out, const ShowStep *step) {
  RefMark mark = refs_mark(s->m);
  switch (plan_kind(s->m, step->whole[0])) {
  case KIND_TAB:
    buf_str(out, "key ");
    report_value(s, out, plan_key(s->m, step->whole[0], step->index), KEY_SHOWN);
    break;
  case KIND_PIN: buf_str(out, "what is pinned"); break;
  case KIND_APP:
    if (step->index == 0)
      buf_str(out, "function");
    else
      buf_printf(out, "argument %zu", step->index);
    break;
  default: buf_printf(out, "element %zu", step->index);
  }
  refs_release(s->m, mark);
}

static bool same_step(Sire *s, const ShowStep *a, const ShowStep *b) {
  Kind kind = plan_kind(s->m, a->whole[0]);
  return kind != KIND_TAB && kind == plan_kind(s->m, b->whole[0]) && a->index == b->index;
}

void difference_path(Sire *s, Buf *out, const Difference *d) {
  size_t shown = 0;
  for (size_t i = 0, times; i < d->len; i += times, shown++) {
    for (times = 1; i + times < d->len && same_step(s, &d->path[i], &d->path[i + times]);) times++;
    if (shown > 0) buf_str(out, ", ");
    if (shown == STEPS_SHOWN) {
      buf_printf(out, "%zu steps more", d->len - i);
      return;
    }
    add_step(s, out, &d->path[i]);
    if (times == 2) times = 1;
    if (times > 1) buf_printf(out, " (%zu times)", times);
  }
}
