// Jets of blake3 and pinhash.
#include "common/plan/jets.h"

static const JetDef hash[] = {
    JET("_Blake3", 1, 0, "", NULL, "3SYhSaiJ8UBF3gqdZ2FuFipV4pHUo9DnL8x8A6wsAWAK"),
    JET("_PlanHash", 1, 0, "", NULL, "BDcJhoneAK3vNRvfgyXsXLeoLXvRTpHVoTmrRFs1EzHx"),
    JET("_PinHash", 1, 0, "", NULL, "FM8i8x75ycTjJSVtvATMmC37bXsd5u7cF8x3NoAHdjkp"),
};

const JetGroup jets_hash = JET_GROUP("hash", hash);
