-- How often each word occurs in a text with a space behind every word; counted in a table, in place.
require "bench"(function(_, text)
  local t, from, words, distinct, most = {}, 1, 0, 0, 0
  while true do
    local at = text:find(" ", from, true)
    if not at then break end
    local word = text:sub(from, at - 1)
    t[word] = (t[word] or 0) + 1
    words = words + 1
    from = at + 1
  end
  for _, count in pairs(t) do
    distinct = distinct + 1
    most = math.max(most, count)
  end
  return words * 1000000 + distinct * 100 + most % 100
end)
