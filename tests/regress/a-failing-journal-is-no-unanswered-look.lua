--- A journal that cannot be written ends the program there: the run goes on from what was durable, nothing else.
local driver = require "trapheus.drivers.local"
local errors = require "trapheus.errors"
local rehearse = require "rehearse"
local run_module = require "trapheus.run"
local witness = require "witness"
local tests = {}

tests["VERIFIED is not written, and then it is no longer so"] = function()
  local pipeline, first, original, failed
  local ok, err = pcall(rehearse, {
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    extend = function(p)
      pipeline = p
      p:before("verify", function(run) first = run end)
    end,
    crash = function(kind, _, when)
      if failed or kind ~= "verified" or when ~= "before" then return false end
      failed = true
      witness.amend(first.world.sandbox, "mydb", { PubliclyAccessible = true })
      error(errors.new { code = "JournalError", operation = "journal", message = "the disk is full" }, 0)
    end,
  })
  assert(not ok and errors.is(err, "JournalError"), tostring(err))
  local world = first.world
  local second = run_module.wrap(world, world.journal:load(first.id))
  assert(not second.facts.verified, "what was not written is not known")
  driver.run(pipeline, second)
  witness.equal(second.record.outcome, "rolled_back")
  witness.equal(world.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
end

return tests
