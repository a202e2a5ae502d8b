-- Reads JSON text and prints what was read; the length of that. Strings stay as they are written.
local NULL = {}

local function skip(s, i) return s:find("[^ \t\r\n]", i) end

local function string_end(s, i)
  while true do
    local at = s:find('["\\]', i)
    if s:byte(at) == 34 then return at end
    i = at + 2
  end
end

local value

local function array(s, i)
  local out, n = {tag = "array"}, 0
  i = skip(s, i)
  if s:byte(i) == 93 then return out, i + 1 end
  while true do
    n = n + 1
    out[n], i = value(s, i)
    i = skip(s, i)
    if s:byte(i) == 93 then return out, i + 1 end
    i = i + 1
  end
end

local function object(s, i)
  local out = {tag = "object", fields = {}}
  i = skip(s, i)
  if s:byte(i) == 125 then return out, i + 1 end
  while true do
    i = skip(s, i)
    local last = string_end(s, i + 1)
    local key = s:sub(i + 1, last - 1)
    out.fields[key], i = value(s, skip(s, last + 1) + 1)
    i = skip(s, i)
    if s:byte(i) == 125 then return out, i + 1 end
    i = i + 1
  end
end

local WORDS = {[110] = {NULL, 4}, [116] = {true, 4}, [102] = {false, 5}}

function value(s, i)
  i = skip(s, i)
  local c = s:byte(i)
  if c == 34 then
    local last = string_end(s, i + 1)
    return s:sub(i + 1, last - 1), last + 1
  end
  if c == 91 then return array(s, i + 1) end
  if c == 123 then return object(s, i + 1) end
  if WORDS[c] then return WORDS[c][1], i + WORDS[c][2] end
  local last = select(2, s:find("^%d+", i))
  return math.tointeger(tonumber(s:sub(i, last))), last + 1
end

local function put(out, v)
  if v == NULL then
    out[#out + 1] = "null"
  elseif type(v) == "string" then
    out[#out + 1] = '"'
    out[#out + 1] = v
    out[#out + 1] = '"'
  elseif type(v) ~= "table" then
    out[#out + 1] = tostring(v)
  elseif v.tag == "array" then
    out[#out + 1] = "["
    for i, item in ipairs(v) do
      if i > 1 then out[#out + 1] = "," end
      put(out, item)
    end
    out[#out + 1] = "]"
  else
    out[#out + 1] = "{"
    local first = true
    for key, item in pairs(v.fields) do
      if not first then out[#out + 1] = "," end
      first = false
      put(out, key)
      out[#out + 1] = ":"
      put(out, item)
    end
    out[#out + 1] = "}"
  end
end

require "bench"(function(_, text)
  local out = {}
  put(out, (value(text, 1)))
  return #table.concat(out)
end)
