// Jets of blake3 and pinhash. Hashes are bars of 32 bytes.
#include "common/base/blake3.h"
#include "common/plan/hash.h"
#include "common/plan/jets_walk.h"

static JetResult hash_bar(Machine *m, const uint8_t hash[32], Value *io) {
  memcpy(bar_build(m, 32, io), hash, 32);
  return JET_DONE;
}

// Of all bars in a tree, joined. Frame: tree, then whether we have begun.
static JetResult run_blake3(Machine *m, Value *f, Value *io) {
  Value *bottom = f + 3, v;
  Walk step;
  Blake3 state;
  uint8_t hash[32];
  if (!f[1] && !walk_start(m, f[0])) return JET_STOP;
  f[1] = 1;
  while ((step = walk_next(m, bottom, &v)) == WALK_LEAF) {
  }
  if (step == WALK_LAZY) return jet_eval(io, v);
  if (step == WALK_STOP || !walk_start(m, f[0])) return JET_STOP;
  blake3_init(&state);
  while ((step = walk_next(m, bottom, &v)) == WALK_LEAF) {
    if (!val_is_bar(v)) continue;
    if (!jet_charge(m, bar_len(v) / 64)) return JET_STOP;
    for (size_t i = 0, n = bar_len(v); i < n;) {
      const uint8_t *bytes;
      size_t here = bar_run(v, i, &bytes);
      blake3_update(&state, bytes, here);
      i += here;
    }
  }
  if (step == WALK_STOP) return JET_STOP;
  blake3_final(&state, hash);
  return hash_bar(m, hash, io);
}

// The law forces rows from their first element on, forcing starts at the last. So what may matter is
// evaluated in the law's order first, and forced then. Frame: value, then: step.
static JetResult run_plan_hash(Machine *m, Value *f, Value *io) {
  enum { NEW, WALKING, FORCED };
  Value *bottom = f + 3, v;
  Walk step;
  uint8_t hash[32];
  if (f[1] == NEW && (val_is_nf(f[0]) || jet_is_plain(f[0]))) {
    f[1] = FORCED;
    *io = f[0];
    return JET_FORCE;
  }
  if (f[1] == FORCED) return hash_value(m, *io, hash) ? hash_bar(m, hash, io) : JET_STOP;
  if (f[1] == NEW && !walk_start(m, f[0])) return JET_STOP;
  f[1] = WALKING;
  while ((step = walk_next(m, bottom, &v)) == WALK_LEAF) {
  }
  if (step == WALK_LAZY) {
    // The law takes the arguments of plain apps in another order than the walk.
    for (Value *pair = bottom; pair < m->sp; pair += 2)
      if (val_kind(*pair) == KIND_APP) return JET_DECLINE;
    return jet_eval(io, v);
  }
  if (step == WALK_STOP) return JET_STOP;
  f[1] = FORCED;
  *io = f[0];
  return JET_FORCE;
}

static JetResult run_pin_hash(Machine *m, Value *f, Value *io) {
  uint8_t hash[32];
  if (val_kind(f[0]) != KIND_PIN) return jet_done(io, 0);
  return hash_pin(m, f[0], hash) ? hash_bar(m, hash, io) : JET_STOP;
}

static const JetDef hash[] = {
    JET("_Blake3", 1, 1, "0", run_blake3, "3SYhSaiJ8UBF3gqdZ2FuFipV4pHUo9DnL8x8A6wsAWAK"),
    JET("_PlanHash", 1, 1, "0", run_plan_hash, "BDcJhoneAK3vNRvfgyXsXLeoLXvRTpHVoTmrRFs1EzHx"),
    JET("_PinHash", 1, 0, "0", run_pin_hash, "FM8i8x75ycTjJSVtvATMmC37bXsd5u7cF8x3NoAHdjkp"),
};

const JetGroup jets_hash = JET_GROUP("hash", hash);
