#define LANES 4
#define LANES_FUNCTION blake3_lanes4_sse41
#include "common/base/blake3_lanes.h"
