-- The sum of the primes up to n: of a linked list, those are crossed out that a prime divides.
local function filter(p, xs)
  local first = {}
  local last = first
  while xs do
    if xs[1] % p ~= 0 then
      local cell = {xs[1]}
      last[2] = cell
      last = cell
    end
    xs = xs[2]
  end
  return first[2]
end

local function sieve(limit, xs)
  if not xs or xs[1] * xs[1] > limit then return xs end
  return {xs[1], sieve(limit, filter(xs[1], xs[2]))}
end

require "bench"(function(n)
  local xs = nil
  for i = n, 2, -1 do xs = {i, xs} end
  xs = sieve(n, xs)
  local sum = 0
  while xs do
    sum = sum + xs[1]
    xs = xs[2]
  end
  return sum
end)
