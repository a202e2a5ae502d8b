// Jets of sire_15_pad.
#include "common/plan/jets.h"

static const JetDef pad[] = {
    JET("padWeld", 2, 0, "", NULL, "3HYdLDt6xEBvr4sgd1NKBGt8fudaJsF7NeBAfifYdJ1x"),
    JET("padCat", 1, 0, "", NULL, "7oSvLzBPe2YutqfME1KZRT4Bey5NgTVjKhbRxeTVgMBw"),
    JET("padFlat", 1, 0, "", NULL, "9cU96nmmqDUvNvped7BHg5G6WE9xCwukSyvqyQgD1TDu"),
};

const JetGroup jets_pad = JET_GROUP("pad", pad);
