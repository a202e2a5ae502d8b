-- An interpreter of laws at work on a loop of n rounds; see interpreter.sire. Its laws are tables with a body of
-- the same shape: a number is a variable or a constant, an application a table of function and argument. What is
-- computed later is a table with a function in it.
local function app(f, x) return {tag = "app", f = f, x = x} end

local function delay(compute) return {tag = "delay", compute = compute} end

local function force(v)
  while type(v) == "table" and v.tag == "delay" do
    if v.compute then
      local compute = v.compute
      v.compute = nil
      v.value = force(compute())
    end
    v = v.value
  end
  return v
end

local function native(arity, run) return {tag = "native", arity = arity, run = run} end

local function arity(f) return f.tag == "app" and arity(f.f) - 1 or f.arity end

local function spine(f, args)
  while f.tag == "app" do
    table.insert(args, 1, f.x)
    f = f.f
  end
  return f
end

local value

local function call(f, x)
  f = force(f)
  if arity(f) > 1 then return app(f, x) end
  local args = {x}
  local head = spine(f, args)
  if head.tag == "native" then return head.run(table.unpack(args)) end
  args[0] = head
  return value(args, head.body)
end

function value(env, body)
  if type(body) == "number" then
    if body <= #env then return force(env[body]) end
    return body
  end
  if body.tag == "constant" then return body.value end
  if body.tag ~= "app" then return body end
  local x = body.x
  return call(value(env, body.f), delay(function() return value(env, x) end))
end

local IF = native(3, function(c, x, y) if force(c) ~= 0 then return force(x) end return force(y) end)
local EQL = native(2, function(a, b) return force(a) == force(b) and 1 or 0 end)
local SEQ = native(2, function(a, b) force(a) return force(b) end)
local DEC = native(1, function(a) return force(a) - 1 end)
local ADD = native(2, function(a, b) return force(a) + force(b) end)

local function apps(f, ...)
  for _, x in ipairs {...} do f = app(f, x) end
  return f
end

local ZERO = {tag = "constant", value = 0}
local LOOP = {tag = "law", arity = 2}
LOOP.body = apps(IF, apps(EQL, 1, ZERO), 2, apps(SEQ, 2, apps(0, app(DEC, 1), apps(ADD, 2, 1))))

require "bench"(function(n) return force(call(call(LOOP, n), 0)) end)
