-- n updates of a table of n elements one by one, in place, at pseudo-random places.
require "bench"(function(n)
  local row, x, sum = {}, 1, 0
  for i = 0, n - 1 do row[i + 1] = i end
  for left = n, 1, -1 do
    x = x * 16807 % 2147483647
    local i = x % n + 1
    row[i] = row[i] + left
  end
  for i = 1, n do sum = (sum * 31 + row[i]) % 1000003 end
  return sum
end)
