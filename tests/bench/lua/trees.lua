-- Binary trees: many short-lived ones of each depth beside one that stays.
local function tree(depth)
  if depth == 0 then return false end
  return {tree(depth - 1), tree(depth - 1)}
end

local function nodes(t)
  if not t then return 1 end
  return 1 + nodes(t[1]) + nodes(t[2])
end

require "bench"(function(max)
  local stays, sum = tree(max), 0
  for depth = 4, max, 2 do
    for _ = 1, 2 ^ (4 + max - depth) do sum = sum + nodes(tree(depth)) end
  end
  return sum + nodes(stays)
end)
