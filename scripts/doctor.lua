--- Says whether a restore can be run from here, and what to do about each thing that stands in the way.
local doctor = require "trapheus.doctor"
local json = require "trapheus.json"
local log = require "trapheus.log"
local options = require "trapheus.options"

local COLOURS = { ok = "green", failed = "red", unknown = "yellow" }
local FAILED = 3

local function tell(finding)
  local state = log.paint(("%-8s"):format(finding.state), COLOURS[finding.state], 1)
  print(("%s %-16s %s"):format(state, finding.name, log.clean(finding.text)))
  if finding.advice then print((" "):rep(26) .. "-> " .. log.clean(finding.advice)) end
end

return function(arguments)
  local given = options.read("doctor", arguments)
  if given.id then given = options.restore(arguments, "doctor") end
  local findings, failed = doctor.examine(given), false
  for _, finding in ipairs(findings) do failed = failed or finding.state == "failed" end
  if given.output and given.output ~= "text" then
    local document = { healthy = not failed, findings = json.list(findings) }
    print(json.encode(document, { indent = given.output == "json" }))
  else
    for _, finding in ipairs(findings) do tell(finding) end
  end
  return failed and FAILED or 0
end
