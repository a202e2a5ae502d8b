-- n insertions into a table one by one, keys pseudo-random, then as many lookups. Lua's tables are
-- changed in place.
require "bench"(function(n)
  local t, x, sum = {}, 1, 0
  for i = n, 1, -1 do
    x = x * 16807 % 2147483647
    t[x] = i
  end
  x = 1
  for _ = 1, n do
    x = x * 16807 % 2147483647
    sum = sum + t[x]
  end
  return sum
end)
