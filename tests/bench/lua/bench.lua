-- Runs one workload, and prints its result, the processor time that it took, and the peak of the memory
-- of the process.
local function peak_memory()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmHWM:%s+(%d+)")
    if kilobytes then return kilobytes end
  end
end

return function(run)
  local size, input = math.tointeger(tonumber(arg[1])), nil
  if arg[2] then
    local file = assert(io.open(arg[2], "rb"))
    input = file:read("a")
    file:close()
  end
  local from = os.clock()
  local result = run(size, input)
  local seconds = os.clock() - from
  print("result " .. result)
  print(("seconds %.6f"):format(seconds))
  print("memory " .. peak_memory())
end
