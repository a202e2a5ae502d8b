// Jets of parallel and plan.
#include "common/plan/jets.h"

static JetResult run_second(Machine *m, Value *f, Value *io) { return jet_tail(io, f[1]); }

static const JetDef misc[] = {
    JET("_TryExp", 1, 0, "", NULL, "FpKGptdncF6G5z68HwVzwgHNQCBUB6fMvq451ASsRAcW"),
    JET("_Try", 1, 0, "", NULL, "3UkUWS7GRBMmhqMx2fokCLCv3SgsRZoxCUtoiv7RA7Qr"),
    JET("par", 2, 0, "", run_second, "BfENjJMJwCJxcXUrfMkv2Z5Mpyt4npKH7aZaQ2BCDMEM"),
    JET("pseq", 2, 0, "0", run_second, "3oUDABdakHWyyZyPQVBjRtGG3dXrLG3FdB1P1QR9V4os"),
};

const JetGroup jets_misc = JET_GROUP("misc", misc);
