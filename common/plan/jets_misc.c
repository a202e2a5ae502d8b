// Jets of parallel. There is one thread, so nothing is gained by evaluating the first argument early; the
// laws promise no more than the order, if that.
#include "common/plan/jets.h"

static JetResult run_second(Machine *m, Value *f, Value *io) { return jet_tail(io, f[1]); }

static const JetDef misc[] = {
    JET("par", 2, 0, "", run_second, "BfENjJMJwCJxcXUrfMkv2Z5Mpyt4npKH7aZaQ2BCDMEM"),
    JET("pseq", 2, 0, "0", run_second, "3oUDABdakHWyyZyPQVBjRtGG3dXrLG3FdB1P1QR9V4os"),
};

const JetGroup jets_misc = JET_GROUP("misc", misc);
