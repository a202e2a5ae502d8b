-- The sum of the primes up to n: in a table of marks, multiples are crossed out in place.
require "bench"(function(n)
  local marks, sum = {}, 0
  for i = 1, n do marks[i] = true end
  local i = 2
  while i * i <= n do
    if marks[i] then
      for k = i * i, n, i do marks[k] = false end
    end
    i = i + 1
  end
  for k = 2, n do
    if marks[k] then sum = sum + k end
  end
  return sum
end)
