// Jets of sire_22_seed. What is no seed, or would have to be evaluated in parts, is left to the laws.
#include "common/base/mem.h"
#include "common/plan/jets.h"
#include "common/plan/seed.h"

static JetResult bar_of(Machine *m, const Buf *bytes, Value *io) {
  uint8_t *to = bar_build(m, bytes->len, io);
  if (!to) return JET_STOP;
  if (bytes->len > 0) memcpy(to, bytes->data, bytes->len);
  return JET_DONE;
}

// Frame: value, then whether it has been forced. The law takes arguments apart from the last one on.
static JetResult run_save_seed(Machine *m, Value *f, Value *io) {
  Buf bytes = {0};
  if (f[1])
    f[0] = *io;
  else if (!val_is_nf(f[0])) {
    f[1] = 1;
    *io = f[0];
    return JET_FORCE_LAST;
  }
  JetResult r = seed_encode(m, f[0], false, &bytes) ? bar_of(m, &bytes, io) : JET_STOP;
  buf_free(&bytes);
  return r;
}

static JetResult run_save_germ(Machine *m, Value *f, Value *io) {
  Value *holes = m->sp, *row = f;
  Buf bytes = {0};
  if (val_kind(f[0]) != KIND_PIN) return jet_done(io, 0);
  JetResult r = seed_encode(m, val_obj(f[0])[PIN_ITEM], true, &bytes) ? JET_DONE : JET_STOP;
  if (r == JET_DONE) r = jet_row_of_stack(m, holes, row);
  if (r == JET_DONE) r = bar_of(m, &bytes, io);
  buf_free(&bytes);
  if (r == JET_DONE) *io = new_pair_row(m, *row, *io);
  return r;
}

// The value of the seed in a bar, its holes being on the stack from `holes` on.
static JetResult load(Machine *m, Value bar, Value *holes, Value *io) {
  const char *why;
  size_t n = bar_len(bar), count = (size_t)(m->sp - holes);
  if (!jet_charge(m, n / 64)) return JET_STOP;
  uint8_t *bytes = mem_alloc(n);
  bar_copy(bar, 0, n, bytes);
  SeedEnd end = seed_decode(m, bytes, n, count, &why);
  mem_free(bytes);
  *io = *holes;
  m->sp = holes;
  if (end == SEED_READ) return JET_DONE;
  return end == SEED_BAD ? JET_DECLINE : JET_STOP;
}

static JetResult run_load_seed(Machine *m, Value *f, Value *io) {
  return val_is_bar(f[0]) ? load(m, f[0], m->sp, io) : JET_DECLINE;
}

static JetResult run_load_germ(Machine *m, Value *f, Value *io) {
  Value *holes = m->sp;
  if (!val_is_bar(f[1]) || val_is_lazy(f[0] = val_deref(f[0]))) return JET_DECLINE;
  if (!val_is_row(f[0]) || !val_is_nf(f[0])) return JET_DECLINE;
  size_t n = row_len(f[0]);
  if (!stack_room(m, n + 1) || !jet_charge(m, n / 16)) return JET_STOP;
  for (size_t i = 0; i < n; i++) stack_push(m, val_deref(row_at(f[0], i)));
  JetResult r = load(m, f[1], holes, io);
  if (r == JET_DONE) *io = new_pin(m, *io);
  return r;
}

static const JetDef seed[] = {
    JET("_LoadSeed", 1, 0, "0", run_load_seed, "CrDqS8Sx88JDYEVHVUDcKKUUPCw3wNKufetVMueYj3im"),
    JET("_SaveSeed", 1, 1, "0", run_save_seed, "5Hi3rZBUwYk8gU2DLVbPZ9aSv9jTBmQrQgZoqiS1ipv9"),
    JET("_LoadGerm", 2, 0, "1", run_load_germ, "41RM5TPfNkERjDHCVgnbPRYXfEKHVGXG7EzBob3UKaRN"),
    JET("_SaveGerm", 1, 0, "0", run_save_germ, "2EBsumzBMKnDfRyX3mdEH3FDUZFZi9ZKuiPMk7mFFo39"),
};

const JetGroup jets_seed = JET_GROUP("seed", seed);
