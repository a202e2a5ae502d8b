-- Ten times: a list of n numbers as linked tables, built from its end, and their sum.
local function build(n)
  local xs = nil
  for i = n, 1, -1 do xs = {i, xs} end
  return xs
end

local function sum(xs)
  local total = 0
  while xs do
    total = total + xs[1]
    xs = xs[2]
  end
  return total
end

require "bench"(function(n)
  local total = 0
  for _ = 1, 10 do total = total + sum(build(n)) end
  return total
end)
