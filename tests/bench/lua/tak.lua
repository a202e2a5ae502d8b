-- Takeuchi's function.
local function tak(x, y, z)
  if x <= y then return z end
  return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))
end

require "bench"(function(n) return tak(3 * n, 2 * n, n) end)
