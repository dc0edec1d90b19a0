--- Runs test files: trapheus tests/lua/run.lua FILE…
---
--- A test file returns a table of named functions; a test fails by raising. Names run in order.
--- With TRAPHEUS_GC=stress in the environment the collector runs all the time.

local function failure(err)
  return debug.traceback(tostring(err), 2)
end

local function names(tests)
  local list = {}
  for name in pairs(tests) do list[#list + 1] = name end
  table.sort(list)
  return list
end

return function(files)
  local between = os.getenv "TRAPHEUS_GC" == "stress" and require "stress" or function() end
  require "honest"
  local passed, failed = 0, 0
  for _, file in ipairs(files) do
    local tests = assert(loadfile(file, "t"))()
    for _, name in ipairs(names(tests)) do
      between()
      local ok, err = xpcall(tests[name], failure)
      if ok then
        passed = passed + 1
      else
        failed = failed + 1
        io.stdout:write(("FAILED %s: %s\n%s\n"):format(file, name, err))
      end
    end
  end
  print(("%d passed, %d failed"):format(passed, failed))
  return failed == 0 and passed > 0 and 0 or 1
end
