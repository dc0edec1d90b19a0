--- The tables in which runs are listed.
local runs = require "trapheus.runs"
local witness = require "witness"

local tests = {}

local RECORDS = {
  { run_id = "aaaaaaaa", created_at = 0, identifier = "orders", kind = "cluster", step = "rename",
    state = "interrupted" },
  { run_id = "bbbbbbbb", created_at = 0, identifier = "nosuch", outcome = "refused", state = "refused",
    ended_at = 90 },
}

local function lines(columns)
  local list = {}
  for line in runs.table(columns, RECORDS):gmatch "[^\n]+" do list[#list + 1] = (line:gsub(" +", " ")) end
  return list
end

function tests.open_runs_are_listed_with_what_they_restore()
  local list = lines(runs.STATUS)
  witness.equal(list[1], "RUN STARTED (UTC) KIND DATABASE STATE STEP")
  witness.equal(list[2], "aaaaaaaa 1970-01-01 00:00 cluster orders interrupted rename")
  witness.equal(list[3], "bbbbbbbb 1970-01-01 00:00 nosuch refused", "one that was refused before it had looked")
end

function tests.the_past_is_listed_with_how_long_it_took()
  local list = lines(runs.HISTORY)
  witness.equal(list[1], "RUN ENDED (UTC) KIND DATABASE OUTCOME TOOK")
  witness.equal(list[3], "bbbbbbbb 1970-01-01 00:01 nosuch refused 1 min 30 s")
end

return tests
