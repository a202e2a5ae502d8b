// Jets of parallel; and those whose native code, if any, other rooms register.
#include "common/plan/jets.h"

static JetResult run_second(Machine *m, Value *f, Value *io) { return jet_tail(io, f[1]); }

static const JetDef misc[] = {
    JET("_LoadSeed", 1, 0, "", NULL, "CrDqS8Sx88JDYEVHVUDcKKUUPCw3wNKufetVMueYj3im"),
    JET("_SaveSeed", 1, 0, "", NULL, "5Hi3rZBUwYk8gU2DLVbPZ9aSv9jTBmQrQgZoqiS1ipv9"),
    JET("_LoadGerm", 2, 0, "", NULL, "41RM5TPfNkERjDHCVgnbPRYXfEKHVGXG7EzBob3UKaRN"),
    JET("_SaveGerm", 1, 0, "", NULL, "2EBsumzBMKnDfRyX3mdEH3FDUZFZi9ZKuiPMk7mFFo39"),
    JET("_TryExp", 1, 0, "", NULL, "FpKGptdncF6G5z68HwVzwgHNQCBUB6fMvq451ASsRAcW"),
    JET("_Try", 1, 0, "", NULL, "3UkUWS7GRBMmhqMx2fokCLCv3SgsRZoxCUtoiv7RA7Qr"),
    JET("par", 2, 0, "", run_second, "BfENjJMJwCJxcXUrfMkv2Z5Mpyt4npKH7aZaQ2BCDMEM"),
    JET("pseq", 2, 0, "0", run_second, "3oUDABdakHWyyZyPQVBjRtGG3dXrLG3FdB1P1QR9V4os"),
};

const JetGroup jets_misc = JET_GROUP("misc", misc);
