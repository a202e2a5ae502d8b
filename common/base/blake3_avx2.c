#define LANES 8
#define LANES_FUNCTION blake3_lanes8_avx2
#include "common/base/blake3_lanes.h"
