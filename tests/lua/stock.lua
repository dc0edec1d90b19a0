--- What a stock lua5.4 must be able to do with the module; run there, not in the program.
local trapheus = require "trapheus"
local tests = {}

function tests.it_is_not_the_program()
  assert(require("trapheus.core").bundled == nil, "this must run in a stock lua5.4")
end

function tests.a_client_on_the_sandbox_answers()
  local sandbox = require("trapheus.sandbox").new { now_ms = function() return 1767225600000 end }
  sandbox:add_instance { DBInstanceIdentifier = "orders" }
  local rds = trapheus.client("rds", { transport = sandbox:transport() })
  assert(rds:DescribeDBInstances({ DBInstanceIdentifier = "orders" }).DBInstances[1].Engine == "postgres")
  local page, err = trapheus.try(rds.DescribeDBInstances, rds, { DBInstanceIdentifier = "none" })
  assert(page == nil and err.code == "DBInstanceNotFound")
end

function tests.a_whole_restore_runs()
  local result = require "rehearse" {}
  assert(result.outcome == "restored", result.outcome)
end

function tests.the_example_runs()
  assert(loadfile("examples/module.lua", "t"))() -- what it prints is looked at in test_examples.lua
end

function tests.the_sandbox_tells_the_same_story()
  local file = assert(io.open("tests/lua/test_sandbox_trace.lua"))
  local wanted = file:read("a"):match 'local HASH = "(%x+)"'
  file:close()
  assert(require("trapheus.core").sha256((require "story"(42))) == wanted)
end

function tests.json_and_signing_are_there()
  assert(trapheus.json.encode { b = 1, a = trapheus.json.list {} } == '{"a":[],"b":1}')
  assert(require("trapheus.core").sigv4.sign)
end

return tests
