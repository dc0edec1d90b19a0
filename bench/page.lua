--- Writes a page of DescribeDBInstances to standard output: a hundred instances in which every member of the model is
--- present, every list has two items, and all is indented, as RDS does it.
local model = require "trapheus.aws.model"
local shapes = model.load("rds").shapes

local INSTANCES, ITEMS = 100, 2

local SCALARS = {
  string = function(name, i) return ("%s-%d"):format(name, i) end,
  integer = function(_, i) return i end,
  long = function(_, i) return i << 32 end,
  double = function(_, i) return i + 0.5 end,
  boolean = function(_, i) return tostring(i % 2 == 0) end,
  timestamp = function(_, i) return ("2026-01-%02dT10:20:30.%03dZ"):format(i % 28 + 1, i) end,
}

local out = {}

local function put(depth, ...)
  out[#out + 1] = ("  "):rep(depth) .. table.concat { ... }
end

local function names_of(members)
  local names = {}
  for name in pairs(members) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Below itself, as in PendingModifiedValues of a member of a member, a structure is left out.
local function write(ref, tag, depth, i, above)
  local shape = shapes[ref.shape]
  if SCALARS[shape.type] then
    return put(depth, "<", tag, ">", SCALARS[shape.type](tag, i), "</", tag, ">")
  elseif above:find(ref.shape .. " ", 1, true) then
    return
  end
  above = above .. ref.shape .. " "
  put(depth, "<", tag, ">")
  if shape.type == "list" then
    local count = tag == "DBInstances" and INSTANCES or ITEMS
    for item = 1, count do write(shape.member, shape.member.locationName or "member", depth + 1, item, above) end
  else
    for _, name in ipairs(names_of(shape.members)) do
      write(shape.members[name], shape.members[name].locationName or name, depth + 1, i, above)
    end
  end
  put(depth, "</", tag, ">")
end

return function()
  put(0, '<DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">')
  write({ shape = "DBInstanceMessage" }, "DescribeDBInstancesResult", 1, 1, "")
  put(1, "<ResponseMetadata>")
  put(2, "<RequestId>b4a4ab26-40b2-4c11-9b3a-5f8d6c1e2f70</RequestId>")
  put(1, "</ResponseMetadata>")
  put(0, "</DescribeDBInstancesResponse>")
  print(table.concat(out, "\n"))
  return 0
end
