// The table of references lies on the machine stack: holes, numbers, then fragments. Above it lie the
// parts of the applications that are being read. All of them are in normal form, because what would have
// to be evaluated is refused; only the makers of laws and pins are called.
#include "common/base/mem.h"
#include "common/plan/nat.h"
#include "common/plan/seed.h"

// An application being read: its head and arguments lie on the stack from `head` on.
typedef struct Spine {
  Value *head;
  size_t left; // arguments to come
} Spine;

typedef struct Planting {
  Machine *m;
  Reader in;
  Value *table;
  size_t fragments;
  const uint8_t *bits; // of the trees
  uint64_t bit_count, bit_at;
  unsigned width; // of references
  Spine *spines;
  size_t spine_count, spine_cap;
  const char *why;
} Planting;

static SeedEnd bad(Planting *p, const char *why) {
  p->why = why;
  return SEED_BAD;
}

// --- header and numbers ----------------------------------------------------------------------------

static SeedEnd push_number(Planting *p, const uint8_t *le, size_t n) {
  Machine *m = p->m;
  if (!stack_room(m, 8) || (n > 64 && (!heap_fits(m, n / 8) || !jet_charge(m, n / 128)))) return SEED_STOPPED;
  Value v = nat_from_bytes(m, le, n);
  stack_push(m, v);
  return SEED_READ;
}

// `count` numbers of n bytes each. The count is known to be there.
static SeedEnd push_numbers(Planting *p, uint64_t count, size_t n) {
  if (!jet_charge(p->m, count / 8)) return SEED_STOPPED;
  for (uint64_t i = 0; i < count; i++) {
    SeedEnd end = push_number(p, read_bytes(&p->in, n), n);
    if (end != SEED_READ) return end;
  }
  return SEED_READ;
}

static SeedEnd push_bigs(Planting *p, uint64_t count) {
  if (count > reader_left(&p->in) / 8) return bad(p, "it has fewer big numbers than it says");
  Reader sizes = reader(read_bytes(&p->in, count * 8), count * 8);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t words = read_le64(&sizes);
    if (words > reader_left(&p->in) / 8) return bad(p, "a big number is longer than what is there");
    SeedEnd end = push_number(p, read_bytes(&p->in, words * 8), words * 8);
    if (end != SEED_READ) return end;
  }
  return SEED_READ;
}

static SeedEnd read_numbers(Planting *p, size_t holes) {
  uint64_t hole_count = read_le64(&p->in), bigs = read_le64(&p->in), words = read_le64(&p->in);
  uint64_t bytes = read_le64(&p->in), fragments = read_le64(&p->in);
  if (p->in.bad) return bad(p, "it is shorter than its header");
  if (hole_count != holes) return bad(p, "it has holes for another number of values");
  SeedEnd end = push_bigs(p, bigs);
  if (end != SEED_READ) return end;
  if (words > reader_left(&p->in) / 8) return bad(p, "it has fewer words than it says");
  if ((end = push_numbers(p, words, 8)) != SEED_READ) return end;
  if (bytes > reader_left(&p->in)) return bad(p, "it has fewer bytes than it says");
  if ((end = push_numbers(p, bytes, 1)) != SEED_READ) return end;
  p->bits = p->in.p;
  p->bit_count = (uint64_t)reader_left(&p->in) * 8;
  p->fragments = fragments;
  // Each has two trees of at least a bit.
  return fragments <= p->bit_count / 2 ? SEED_READ : bad(p, "it has fewer fragments than it says");
}

// --- bits ------------------------------------------------------------------------------------------

static bool next_bit(Planting *p) {
  uint64_t at = p->bit_at++;
  return at < p->bit_count && p->bits[at / 8] >> at % 8 & 1;
}

static uint64_t next_bits(Planting *p, unsigned n) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < n; i++) bits |= (uint64_t)next_bit(p) << i;
  return bits;
}

// --- trees -----------------------------------------------------------------------------------------

static void mark_normal(Value v) {
  if (val_is_ptr(v)) val_obj(v)[0] |= OBJ_NF;
}

// *f with as many arguments as its head wants, all in all: a law or a pin.
static SeedEnd make(Planting *p, Value *f, const Value *args, size_t n) {
  Machine *m = p->m;
  if (*f == 4) {
    *f = new_pin(m, args[0]);
    return SEED_READ;
  }
  Value part[3];
  size_t before = 3 - n;
  if (n > 3 || app_total_args(*f) != before || app_head(*f) != 0)
    return bad(p, "it holds a call that is not finished");
  app_copy_args(*f, part);
  for (size_t i = 0; i < n; i++) part[before + i] = args[i];
  if (val_kind(part[0]) != KIND_NAT || val_kind(part[1]) != KIND_NAT || part[1] == 0)
    return bad(p, "it holds a law whose name or number of arguments is none");
  *f = new_law(m, part[0], part[1], part[2]);
  return SEED_READ;
}

// Replaces the application that lies at `at` and above by its value.
static SeedEnd apply(Planting *p, Value *at) {
  Machine *m = p->m;
  const Value *args = at + 1;
  size_t n = (size_t)(m->sp - args);
  while (n > 0 && m->stop == RUN_DONE) {
    if (!jet_charge(m, 1 + n / 16)) return SEED_STOPPED;
    uint64_t arity = value_arity_u64(m, *at);
    size_t now = n < arity ? n : (size_t)arity;
    if (n < arity) {
      if (n >= HEAP_LARGE && !heap_fits(m, 2 * n)) return SEED_STOPPED;
      *at = new_app(m, *at, args, n);
      mark_normal(*at);
    } else {
      SeedEnd end = make(p, at, args, now);
      if (end != SEED_READ) return end;
    }
    args += now;
    n -= now;
  }
  m->sp = at + 1;
  return m->stop == RUN_DONE ? SEED_READ : SEED_STOPPED;
}

static SeedEnd open_spine(Planting *p, size_t args) {
  size_t bytes = (p->spine_count + 1) * sizeof *p->spines;
  if (bytes > p->m->memory_limit / 2) {
    heap_exhausted(p->m);
    return SEED_STOPPED;
  }
  mem_reserve(p->spines, p->spine_cap, p->spine_count + 1);
  p->spines[p->spine_count++] = (Spine){p->m->sp, args};
  return SEED_READ;
}

// One more argument lies on the stack: closes what is complete with it.
static SeedEnd close_spines(Planting *p) {
  while (p->spine_count > 0 && --p->spines[p->spine_count - 1].left == 0) {
    SeedEnd end = apply(p, p->spines[--p->spine_count].head);
    if (end != SEED_READ) return end;
  }
  return SEED_READ;
}

// A fragment, pushed on the stack, where it is the next reference.
static SeedEnd read_fragment(Planting *p) {
  Machine *m = p->m;
  uint64_t table_size = (uint64_t)(m->sp - p->table);
  size_t ones = 1; // the one left out
  p->width = table_size > 1 ? 64 - (unsigned)__builtin_clzll(table_size - 1) : 0;
  for (;;) {
    while (next_bit(p)) ones++;
    uint64_t ref = next_bits(p, p->width);
    if (p->bit_at > p->bit_count) return bad(p, "it ends within a tree");
    if (ref >= table_size) return bad(p, "it refers to what is not there");
    if (!stack_room(m, 8)) return SEED_STOPPED;
    SeedEnd end = ones ? open_spine(p, ones) : SEED_READ;
    stack_push(m, p->table[ref]);
    if (end == SEED_READ && ones == 0) end = close_spines(p);
    if (end != SEED_READ || p->spine_count == 0) return end;
    ones = 0;
  }
}

static SeedEnd plant(Planting *p, size_t holes) {
  SeedEnd end = read_numbers(p, holes);
  for (uint64_t i = 0; i < p->fragments && end == SEED_READ; i++) end = read_fragment(p);
  if (end == SEED_READ && p->m->sp == p->table) end = bad(p, "there is nothing in it");
  return end;
}

SeedEnd seed_decode(Machine *m, const uint8_t *bytes, size_t n, size_t holes, const char **why) {
  Planting p = {.m = m, .in = reader(bytes, n), .table = m->sp - holes};
  SeedEnd end = n % 8 ? bad(&p, "its length is no multiple of eight bytes") : plant(&p, holes);
  Value result = end == SEED_READ ? m->sp[-1] : 0;
  m->sp = p.table;
  stack_push(m, result);
  mem_free(p.spines);
  *why = p.why;
  return end;
}

Ref seed_load(Machine *m, const void *bytes, size_t n, Err *err) {
  const char *why;
  machine_refresh(m);
  SeedEnd end = seed_decode(m, bytes, n, 0, &why);
  Value v = stack_pop(m);
  if (end == SEED_READ) return ref_new(m, v);
  if (end == SEED_BAD) err_set(err, ERR_DATA, "this is no seed that we can read: %s", why);
  if (end == SEED_STOPPED)
    err_set(err, ERR_LIMIT, "reading the seed met a limit of the machine (%s); allow it more",
            outcome_name(m->stop));
  return 0;
}
