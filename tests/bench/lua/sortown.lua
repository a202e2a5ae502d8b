-- Sorts n pseudo-random numbers by the library's sort, in place.
require "bench"(function(n)
  local xs, x, sum = {}, 1, 0
  for i = 1, n do
    x = x * 16807 % 2147483647
    xs[i] = x
  end
  table.sort(xs)
  for i = 1, n do sum = (sum * 31 + xs[i]) % 1000003 end
  return sum
end)
