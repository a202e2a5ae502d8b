-- Sorts n pseudo-random numbers by merging linked lists: a merge is built from its end, then turned round.
local function random(n)
  local xs, x = nil, 1
  for _ = 1, n do
    x = x * 16807 % 2147483647
    xs = {x, xs}
  end
  return xs
end

local function onto(xs, done)
  while xs do
    done = {xs[1], done}
    xs = xs[2]
  end
  return done
end

local function merge(as, bs)
  local done = nil
  while as and bs do
    if as[1] <= bs[1] then
      done = {as[1], done}
      as = as[2]
    else
      done = {bs[1], done}
      bs = bs[2]
    end
  end
  return onto(bs, onto(as, done))
end

local function drop(n, xs)
  for _ = 1, n do xs = xs[2] end
  return xs
end

local function merge_sort(n, xs)
  if n == 0 then return nil end
  if n == 1 then return {xs[1], nil} end
  local half = n // 2
  return onto(merge(merge_sort(half, xs), merge_sort(n - half, drop(half, xs))), nil)
end

require "bench"(function(n)
  local sum, xs = 0, merge_sort(n, random(n))
  while xs do
    sum = (sum * 31 + xs[1]) % 1000003
    xs = xs[2]
  end
  return sum
end)
