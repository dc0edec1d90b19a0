--- A run that is given up right after the fence was accepted takes it down, although reads do not show it yet.
local interrupt = require "interrupt"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local OUT_OF_SIGHT = {
  ["reads are a minute old"] = { stale_s = { 50, 60 } },
  ["reads are a minute old, and the change is quick"] = { stale_s = { 50, 60 }, modify_lag_s = 0, modify_s = 5 },
  ["the change shows late"] = { stale_s = { 0, 60 }, modify_lag_s = 60, modify_s = 30 },
}

for what, knobs in pairs(OUT_OF_SIGHT) do
  tests[what] = function()
    local result = rehearse(interrupt.give_up({ knobs = knobs }, "fence"))
    witness.equal(result.outcome, "failed")
    witness.pass(result.world, 1800)
    assert(not result.sandbox:instance("mydb").DeletionProtection, "protected as before")
  end
end

return tests
