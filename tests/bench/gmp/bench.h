// What the programs with GMP share: each gives `run`, whose result is printed with the time that it took.
#pragma once
#include <gmp.h>

unsigned long run(unsigned long size);
