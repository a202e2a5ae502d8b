// A value is taken apart into numbers, holes and cells (applications of two parts), each kept once. Cells
// are found head first, a part before what it lies in, and are numbered as they are found. Then those
// used twice become fragments.
#include "common/base/mem.h"
#include "common/base/table.h"
#include "common/plan/hash.h"
#include "common/plan/nat.h"
#include "common/plan/row.h"
#include "common/plan/seed.h"
#include <stdlib.h>
#include <string.h>

// What a part is: two bits, and its number among those of its kind.
typedef uint32_t Part;
enum {
  PART_CELL = 0,
  PART_ATOM = 1u << 30,
  PART_HOLE = 2u << 30,
  PART_KIND = 3u << 30,
  PART_COUNT = 1u << 30
};

typedef struct Cell {
  Part head, tail;
  bool shared;       // used in more than one place
  bool used;         // used in one
  uint32_t fragment; // its number, from 1, if it is one
} Cell;

typedef struct Atom {
  uint64_t word;        // if it has no bytes
  const uint8_t *bytes; // those of a number of more than eight
  size_t size;
  uint32_t number; // as found
} Atom;

// An object some parts of which are still to be visited.
typedef struct Visit {
  Value v;
  size_t next;
  Part made; // of it and the parts visited
} Visit;

typedef struct Seeding {
  Machine *m;
  bool germ;
  Cell *cells;
  size_t cell_count, cell_cap;
  WordTable cell_at, objects, words;
  BytesTable bigs;
  size_t atom_count;
  BytesTable pins;
  size_t hole_count;
  Visit *visits;
  size_t visit_count, visit_cap;
  uint32_t *places; // of the atoms, among the references
  Atom *atoms;
  size_t big_count, word_count;
  size_t memory; // bytes that all this takes, roughly
} Seeding;

// --- parts -----------------------------------------------------------------------------------------

#define BYTES_PART 96 // of one part in the tables

// Whether one more part may be kept. False: m->stop is set.
static bool room(Seeding *s, size_t bytes) {
  s->memory += bytes + BYTES_PART;
  if (s->memory > s->m->memory_limit || s->cell_count + s->atom_count + s->hole_count >= PART_COUNT - 1)
    heap_exhausted(s->m);
  return s->m->stop == RUN_DONE && jet_charge(s->m, 1 + bytes / 64);
}

static Part word_atom(Seeding *s, uint64_t n) {
  const uint64_t *known = wtab_get(&s->words, n);
  if (known) return PART_ATOM | (Part)*known;
  room(s, 0);
  wtab_put(&s->words, n, s->atom_count);
  return PART_ATOM | (Part)s->atom_count++;
}

static Part big_atom(Seeding *s, const uint8_t *bytes, size_t n) {
  const uint64_t *known = btab_get(&s->bigs, bytes, n);
  if (known) return PART_ATOM | (Part)*known;
  if (n > UINT32_MAX) heap_exhausted(s->m);
  if (!room(s, n)) return 0;
  btab_put(&s->bigs, bytes, n, s->atom_count);
  return PART_ATOM | (Part)s->atom_count++;
}

static Part nat_part(Seeding *s, Value v) {
  uint64_t small;
  if (nat_u64(v, &small)) return word_atom(s, small);
  return big_atom(s, (const uint8_t *)(val_obj(v) + 1), nat_bytes(v));
}

static void use(Seeding *s, Part p) {
  if ((p & PART_KIND) != PART_CELL) return;
  s->cells[p].shared = s->cells[p].used;
  s->cells[p].used = true;
}

static Part cell(Seeding *s, Part head, Part tail) {
  uint64_t key = (uint64_t)head << 32 | tail;
  const uint64_t *known = wtab_get(&s->cell_at, key);
  if (known) return (Part)*known;
  if (!room(s, sizeof(Cell))) return 0;
  wtab_put(&s->cell_at, key, s->cell_count);
  mem_reserve(s->cells, s->cell_cap, s->cell_count + 1);
  s->cells[s->cell_count] = (Cell){.head = head, .tail = tail};
  use(s, head);
  use(s, tail);
  return (Part)s->cell_count++;
}

// (0 name arity), to which a body is added.
static Part law_head(Seeding *s, Part name, Part arity) {
  return cell(s, cell(s, word_atom(s, 0), name), arity);
}

static Part cow_part(Seeding *s, Value n) {
  uint64_t small, limbs;
  Part zero = word_atom(s, 0), arity;
  if (nat_u64(n, &small) && small < UINT64_MAX) {
    arity = word_atom(s, small + 1);
  } else {
    size_t count;
    const uint64_t *from = nat_limbs(n, &limbs, &count);
    uint64_t *copy = mem_zalloc((count + 1) * 8);
    memcpy(copy, from, count * 8);
    for (size_t i = 0; ++copy[i] == 0;) i++;
    arity = big_atom(s, (uint8_t *)copy, count * 8 + (copy[count] ? 1 : 0));
    mem_free(copy);
  }
  return cell(s, law_head(s, zero, arity), zero);
}

// The number that a bar's law has as its body: its bytes below a one.
static Part bar_part(Seeding *s, Value v) {
  size_t n = bar_len(v);
  uint64_t word = 0;
  Part one = word_atom(s, 1), body;
  if (n < 8) {
    bar_copy(v, 0, n, (uint8_t *)&word);
    body = word_atom(s, word | 1ULL << 8 * n);
  } else {
    uint8_t *bytes = mem_alloc(n + 1);
    bar_copy(v, 0, n, bytes);
    bytes[n] = 1;
    body = big_atom(s, bytes, n + 1);
    mem_free(bytes);
  }
  return cell(s, law_head(s, one, one), body);
}

static Part hole(Seeding *s, Value pin) {
  uint8_t hash[32];
  if (!hash_pin(s->m, pin, hash)) return 0;
  const uint64_t *known = btab_get(&s->pins, hash, sizeof hash);
  if (known) return PART_HOLE | (Part)*known;
  if (!room(s, sizeof hash) || !stack_room(s->m, 1)) return 0;
  btab_put(&s->pins, hash, sizeof hash, s->hole_count);
  stack_push(s->m, pin);
  return PART_HOLE | (Part)s->hole_count++;
}

// --- visiting --------------------------------------------------------------------------------------

// The part of v, if it has no parts to be visited or they were before: true. Otherwise what stands
// before its first part, if anything does.
static bool known_part(Seeding *s, Value v, Part *out) {
  switch (val_kind(v)) {
  case KIND_NAT: *out = nat_part(s, v); return true;
  case KIND_BAR: *out = bar_part(s, v); return true;
  case KIND_COW: *out = cow_part(s, val_obj(v)[1]); return true;
  default: break;
  }
  const uint64_t *known = wtab_get(&s->objects, (uint64_t)(uintptr_t)val_obj(v));
  if (known) {
    *out = (Part)*known;
    return true;
  }
  switch (val_kind(v)) {
  case KIND_ROW: *out = cow_part(s, row_len(v)); return row_len(v) == 0;
  case KIND_LAW: {
    Part name = nat_part(s, val_obj(v)[LAW_NAME]);
    *out = law_head(s, name, nat_part(s, val_obj(v)[LAW_ARITY]));
    return false;
  }
  case KIND_SET: {
    Part one = word_atom(s, 1);
    *out = law_head(s, one, word_atom(s, 2));
    return false;
  }
  case KIND_PIN:
    if (s->germ) return *out = hole(s, v), true;
    *out = word_atom(s, 4);
    return false;
  default: return false;
  }
}

// The next part to visit, if there is one.
static bool next_part(Visit *at, Value *part) {
  const uint64_t *o = val_obj(at->v);
  size_t i = at->next++;
  switch (val_kind(at->v)) {
  case KIND_ROW: return i < row_len(at->v) && (*part = row_at(at->v, row_len(at->v) - 1 - i), true);
  case KIND_LAW: return *part = o[LAW_BODY], i < 1;
  case KIND_PIN: return *part = o[PIN_ITEM], i < 1;
  case KIND_SET: return *part = set_keys(at->v), i < 1;
  case KIND_TAB: return *part = i ? tab_vals(at->v) : tab_keys(at->v), i < 2;
  default: assert(obj_kind(o) == KIND_APP); return i <= app_args(o) && (*part = o[1 + i], true);
  }
}

static void add_part(Seeding *s, Visit *to, Part p) {
  Kind kind = val_kind(to->v);
  bool is_head = to->next == 1 && (kind == KIND_APP || kind == KIND_TAB);
  to->made = is_head ? p : cell(s, to->made, p);
}

static void enter(Seeding *s, Value v, Part before) {
  if (!room(s, sizeof(Visit))) return;
  mem_reserve(s->visits, s->visit_cap, s->visit_count + 1);
  s->visits[s->visit_count++] = (Visit){.v = v, .made = before};
}

// Everything below v, and v last. False: m->stop is set.
static bool take_apart(Seeding *s, Value v, Part *p) {
  if (!known_part(s, v, p)) enter(s, v, *p);
  while (s->visit_count > 0 && s->m->stop == RUN_DONE) {
    Visit *top = &s->visits[s->visit_count - 1];
    Value part;
    if (next_part(top, &part)) {
      part = val_deref(part);
      if (known_part(s, part, p))
        add_part(s, top, *p);
      else
        enter(s, part, *p);
      continue;
    }
    *p = top->made;
    wtab_put(&s->objects, (uint64_t)(uintptr_t)val_obj(top->v), *p);
    if (--s->visit_count > 0) add_part(s, top - 1, *p);
  }
  return s->m->stop == RUN_DONE;
}

// --- numbers ---------------------------------------------------------------------------------------

static int descending(const void *a, const void *b) {
  const Atom *x = a, *y = b;
  if (x->size != y->size) return x->size < y->size ? 1 : -1;
  for (size_t i = x->bytes ? x->size : 0; i-- > 0;)
    if (x->bytes[i] != y->bytes[i]) return x->bytes[i] < y->bytes[i] ? 1 : -1;
  return (x->word < y->word) - (x->word > y->word);
}

// All atoms from the greatest on, and where each has come to stand.
static void sort_atoms(Seeding *s) {
  uint64_t word, at;
  const uint8_t *bytes;
  size_t n = 0, i = 0, size;
  s->atoms = mem_zalloc(mem_mul(s->atom_count + 1, sizeof *s->atoms));
  s->places = mem_alloc(mem_mul(s->atom_count + 1, sizeof *s->places));
  while (btab_next(&s->bigs, &i, &bytes, &size, &at))
    s->atoms[n++] = (Atom){.bytes = bytes, .size = size, .number = (uint32_t)at};
  s->big_count = n;
  i = 0;
  while (wtab_next(&s->words, &i, &word, &at)) {
    s->atoms[n++] = (Atom){.word = word, .number = (uint32_t)at};
    s->word_count += word > UINT8_MAX;
  }
  assert(n == s->atom_count);
  qsort(s->atoms, n, sizeof *s->atoms, descending);
  for (uint32_t k = 0; k < n; k++) s->places[s->atoms[k].number] = k;
}

static void write_header(const Seeding *s, size_t fragments, Buf *out) {
  const Atom *big_end = s->atoms + s->big_count, *word_end = big_end + s->word_count;
  buf_le64(out, s->hole_count);
  buf_le64(out, s->big_count);
  buf_le64(out, s->word_count);
  buf_le64(out, s->atom_count - s->big_count - s->word_count);
  buf_le64(out, fragments);
  for (const Atom *a = s->atoms; a < big_end; a++) buf_le64(out, (a->size + 7) / 8);
  for (const Atom *a = s->atoms; a < big_end; a++) {
    static const uint8_t zeros[8];
    buf_put(out, a->bytes, a->size);
    buf_put(out, zeros, (8 - a->size % 8) % 8);
  }
  for (const Atom *a = big_end; a < word_end; a++) buf_le64(out, a->word);
  for (const Atom *a = word_end; a < s->atoms + s->atom_count; a++) buf_u8(out, (uint8_t)a->word);
}

// --- trees -----------------------------------------------------------------------------------------

typedef struct Bits {
  Buf *out;
  uint64_t waiting;
  unsigned count; // below 8, between calls
} Bits;

static void put_bits(Bits *b, uint64_t bits, unsigned n) {
  b->waiting |= bits << b->count;
  for (b->count += n; b->count >= 8; b->count -= 8, b->waiting >>= 8) buf_u8(b->out, (uint8_t)b->waiting);
}

static unsigned width_of(uint64_t greatest) {
  return greatest ? 64 - (unsigned)__builtin_clzll(greatest) : 0;
}

static void put_reference(Bits *b, uint64_t ref, unsigned width) { put_bits(b, ref << 1, 1 + width); }

// A tree, by the parts that are still to be written: the stack of visits is free again.
static void write_tree(Seeding *s, Bits *b, Part root, unsigned width) {
  Part *todo = NULL;
  size_t count = 0, cap = 0;
  mem_reserve(todo, cap, 2);
  todo[count++] = root;
  while (count > 0) {
    Part p = todo[--count], index = p & ~(Part)PART_KIND;
    if ((p & PART_KIND) == PART_HOLE) {
      put_reference(b, index, width);
    } else if ((p & PART_KIND) == PART_ATOM) {
      put_reference(b, s->hole_count + s->places[index], width);
    } else if (s->cells[p].fragment) {
      put_reference(b, s->hole_count + s->atom_count + s->cells[p].fragment - 1, width);
    } else {
      put_bits(b, 1, 1);
      mem_reserve(todo, cap, count + 2);
      todo[count++] = s->cells[p].tail;
      todo[count++] = s->cells[p].head;
    }
  }
  mem_free(todo);
}

static void write_fragments(Seeding *s, size_t fragments, Buf *out) {
  Bits b = {.out = out};
  uint64_t before = s->hole_count + s->atom_count;
  for (size_t i = 0; i < s->cell_count; i++) {
    if (!s->cells[i].fragment) continue;
    unsigned width = width_of(before + s->cells[i].fragment - 2);
    write_tree(s, &b, s->cells[i].head, width);
    write_tree(s, &b, s->cells[i].tail, width);
  }
  if (b.count > 0) put_bits(&b, 0, 8 - b.count);
}

static void write_seed(Seeding *s, Part root, Buf *out) {
  size_t fragments = 0, start = out->len;
  sort_atoms(s);
  for (size_t i = 0; i < s->cell_count; i++)
    if (s->cells[i].shared || i == root) s->cells[i].fragment = (uint32_t)++fragments;
  write_header(s, fragments, out);
  write_fragments(s, fragments, out);
  while ((out->len - start) % 8) buf_u8(out, 0);
}

// --- all of it -------------------------------------------------------------------------------------

static void seeding_free(Seeding *s) {
  wtab_free(&s->cell_at);
  wtab_free(&s->objects);
  wtab_free(&s->words);
  btab_free(&s->bigs);
  btab_free(&s->pins);
  mem_free(s->cells);
  mem_free(s->visits);
  mem_free(s->places);
  mem_free(s->atoms);
}

bool seed_encode(Machine *m, Value v, bool holes, Buf *out) {
  Seeding s = {.m = m, .germ = holes};
  Part root = 0;
  bool ok = take_apart(&s, val_deref(v), &root);
  if (ok) write_seed(&s, root, out);
  seeding_free(&s);
  return ok;
}

bool seed_save(Machine *m, Ref r, Buf *out, Err *err) {
  assert(val_is_nf(val_deref(ref_get(m, r))));
  machine_refresh(m);
  if (seed_encode(m, ref_get(m, r), false, out)) return true;
  return err_set(err, ERR_LIMIT, "writing the seed met a limit of the machine (%s); allow it more",
                 outcome_name(m->stop));
}
