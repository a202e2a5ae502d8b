-- Ten times: how many ways there are to place n queens; those placed are a linked list, the newest first.
local function is_safe(queen, distance, placed)
  while placed do
    local q = placed[1]
    if q == queen or q + distance == queen or queen + distance == q then return false end
    distance = distance + 1
    placed = placed[2]
  end
  return true
end

local function solutions(n, rows, placed)
  if rows == 0 then return 1 end
  local count = 0
  for queen = 0, n - 1 do
    if is_safe(queen, 1, placed) then count = count + solutions(n, rows - 1, {queen, placed}) end
  end
  return count
end

require "bench"(function(n)
  local total = 0
  for _ = 1, 10 do total = total + solutions(n, n, nil) end
  return total
end)
