#include "common/plan/pinjet.h"
#include "common/plan/hash.h"
#include "common/plan/nat.h"
#include "common/plan/plan.h"
#include <ctype.h>

#define NAME_MAX_BYTES 64

// Any machine would write the same, so no order with other stores is needed, also for sealed pins.
static void remember(Value pin, uint64_t word) {
  __atomic_fetch_or(&val_obj(pin)[PIN_JET], word, __ATOMIC_RELAXED);
}

static size_t law_name_text(Value name, char out[NAME_MAX_BYTES]) {
  size_t n = nat_bytes(name);
  if (n == 0 || n > NAME_MAX_BYTES) return 0;
  nat_copy_bytes(name, (uint8_t *)out, n);
  for (size_t i = 0; i < n; i++)
    if (!isalnum((unsigned char)out[i]) && out[i] != '_') return 0;
  return n;
}

static void report_mismatch(Machine *m, Value pin, const char *name, size_t n) {
  if (!m->config.jet_mismatch || n < 2 || name[0] != '_' || !isupper((unsigned char)name[1])) return;
  RefMark mark = refs_mark(m);
  m->config.jet_mismatch(m->config.ctx, m, ref_new(m, pin));
  refs_release(m, mark);
}

static uint64_t look_up(Machine *m, Value pin) {
  Value item = val_obj(pin)[PIN_ITEM];
  if (val_is_small(item) || val_kind(item) != KIND_LAW) return PIN_NO_JET;
  char name[NAME_MAX_BYTES];
  size_t n = law_name_text(val_obj(item)[LAW_NAME], name);
  Value arity = val_obj(item)[LAW_ARITY];
  if (n == 0 || !val_is_small(arity)) return PIN_NO_JET;
  int index = jet_lookup(m->config.jets, name, n, arity);
  uint8_t hash[32];
  if (index >= 0 && !hash_pin(m, pin, hash)) return 0;
  if (index >= 0 && jet_hash_is(m->config.jets, index, hash)) return (uint64_t)index + 2;
  report_mismatch(m, pin, name, n);
  return PIN_NO_JET;
}

static int jet_index(Machine *m, Value pin) {
  if (!m->config.jets) return -1;
  uint64_t word = __atomic_load_n(&val_obj(pin)[PIN_JET], __ATOMIC_RELAXED) & ~PIN_HASHED;
  if (word == 0) {
    word = look_up(m, pin);
    if (word == 0) return -1;
    remember(pin, word);
  }
  return (int)word - 2;
}

const JetDef *pin_jet_entry(Machine *m, Value pin) {
  int index = jet_index(m, pin);
  return index < 0 ? NULL : jet_table_at(m->config.jets, (size_t)index);
}

const JetDef *pin_find_jet(Machine *m, Value pin) {
  int index = jet_index(m, pin);
  return index < 0 ? NULL : m->native[index];
}
