--- Points the application's own name at something else during the outage, and back at the end. The endpoint of the
--- database stays as it was, so this is only for a name of yours in Route 53: change ZONE, NAME and MEANWHILE.
---
---     trapheus restore --id mydb --task create_snapshot --hooks dns-change.lua
---
--- With --sandbox no record is changed. It calls the AWS CLI, which needs route53:ChangeResourceRecordSets. If the
--- record cannot be changed before the rename, nothing else is. It is left as it is when the run is parked.
local trapheus = require "trapheus"

local ZONE, NAME = "Z0000000EXAMPLE", "db.example.com"
local MEANWHILE = "standby.example.com"

local before -- the endpoint, at which the name points otherwise; asked anew when another process resumes the run

local function point(at)
  local change = { Action = "UPSERT", ResourceRecordSet = { Name = NAME, Type = "CNAME", TTL = 30,
    ResourceRecords = trapheus.json.list { { Value = at } } } }
  trapheus.run {
    argv = { "aws", "route53", "change-resource-record-sets", "--hosted-zone-id", ZONE, "--change-batch",
      trapheus.json.encode { Changes = trapheus.json.list { change } } },
    aws_secrets = true,
    rehearse = { output = "{}" },
  }
  print(("%s points at %s"):format(NAME, at))
end

local function back(run) -- refused: it was not changed
  if run.outcome == "refused" or run.outcome == "parked" then return end
  point(before or assert(run:endpoint(), "the database has no endpoint").address)
end

---@type trapheus.Hooks
return {
  before = {
    rename = function(run)
      before = assert(run:endpoint(), "the database has no endpoint").address
      point(MEANWHILE)
    end,
  },
  on_success = back,
  on_failure = back,
}
