-- How many steps the points of an n by n grid stay near 0, in fixed point; see mandelbrot.sire.
local ONE = 8192
local BIAS = 8 * ONE
local PRODUCT = BIAS * BIAS + 64 * ONE * ONE
local LIMIT, TWICE = 132 * ONE, 128 * ONE

local function times(a, b) return (a * b + PRODUCT - BIAS * (a + b)) >> 13 end

local function steps(n, x, y, cx, cy)
  if n == 50 then return n end
  local xx, yy = times(x, x), times(y, y)
  if xx + yy > LIMIT then return n end
  local xy = times(x, y)
  return steps(n + 1, xx + cx - yy, 2 * xy + cy - TWICE, cx, cy)
end

require "bench"(function(n)
  local sum = 0
  for i = 0, n * n - 1 do
    local cx, cy = 6 * ONE + 3 * ONE * (i % n) // n, 13 * ONE // 2 + 3 * ONE * (i // n) // n
    sum = sum + steps(0, BIAS, BIAS, cx, cy)
  end
  return sum
end)
