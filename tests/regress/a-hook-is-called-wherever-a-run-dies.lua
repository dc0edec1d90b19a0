--- Wherever the program dies, each hook of a file is called before its run goes on, and again only if the program died
--- in it.
local hooks_file = require "hooks_file"
local witness = require "witness"
local tests = {}

local TEXT = [[
local function note(point) return function() seen[point] = (seen[point] or 0) + 1 end end
return {
  before = { rename = note "before rename", restore = note "before restore" },
  after = { rename = note "after rename", verify = note "after verify" },
  verify = note "verify",
}]]
local POINTS = { "before rename", "before restore", "after rename", "after verify", "verify" }

-- Dies once, at the nth journal write. Was there one, and was it the record of a hook that had ended?
local function run_dying_at(nth, when)
  local count, died = 0, nil
  local result, seen = hooks_file.run(TEXT, { crash = function(kind, entry, moment)
    if moment == when then count = count + 1 end
    if died or moment ~= when or count ~= nth then return false end
    died = { hook = kind == "hook" and entry.hook or "" }
    return true
  end })
  return died, result, seen
end

for _, when in ipairs { "before", "after" } do
  tests["dying " .. when .. " any journal write"] = function()
    local nth, repeated = 0, 0
    while true do
      nth = nth + 1
      local died, result, seen = run_dying_at(nth, when)
      witness.equal(result.outcome, "restored", "write " .. nth)
      if not died then break end
      for _, point in ipairs(POINTS) do
        local again = when == "before" and died.hook:find(point, 1, true) == 1
        witness.equal(seen[point], again and 2 or 1, ("%s, write %d"):format(point, nth))
        if again then repeated = repeated + 1 end
      end
    end
    assert(nth > 30, "hardly any writes: " .. nth)
    witness.equal(repeated, when == "before" and #POINTS or 0, "hooks called again")
  end
end

return tests
