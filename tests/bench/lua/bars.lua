-- n pieces of ten bytes are welded onto a string one by one, then n slices of ten bytes are taken from it.
require "bench"(function(n)
  local text, x, sum = "", 1, 0
  for _ = 1, n do text = text .. "ten letters" end
  for _ = 1, n do
    x = x * 16807 % 2147483647
    local from = x % #text
    local part = text:sub(from + 1, from + 10)
    sum = sum + #part + part:byte(1)
  end
  return sum
end)
