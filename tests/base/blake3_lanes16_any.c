#define LANES 16
#define LANES_FUNCTION blake3_lanes16_any
#include "common/base/blake3_lanes.h"
