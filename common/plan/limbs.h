// Kernels on the limbs of nats, least significant first, where gmp's own are not made for the processor at
// hand.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The n low limbs of from * y, n >= 1, at `to`; returns the limb that follows. `to` is `from`, or apart from
// it.
uint64_t limbs_mul_1(uint64_t *to, const uint64_t *from, size_t n, uint64_t y);
