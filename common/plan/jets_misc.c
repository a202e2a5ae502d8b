// Jets of parallel. What par evaluates meanwhile is up to the host of the machine (spark.h); the laws promise
// no more than the order, if that.
#include "common/plan/jets.h"
#include "common/plan/spark.h"

static JetResult run_par(Machine *m, Value *f, Value *io) {
  if (m->config.sparks && val_is_lazy(f[0])) sparks_offer(m, f[0]);
  return jet_tail(io, f[1]);
}

static JetResult run_second(Machine *m, Value *f, Value *io) { return jet_tail(io, f[1]); }

static const JetDef misc[] = {
    JET("par", 2, 0, "", run_par, "BfENjJMJwCJxcXUrfMkv2Z5Mpyt4npKH7aZaQ2BCDMEM"),
    JET("pseq", 2, 0, "0", run_second, "3oUDABdakHWyyZyPQVBjRtGG3dXrLG3FdB1P1QR9V4os"),
};

const JetGroup jets_misc = JET_GROUP("misc", misc);
