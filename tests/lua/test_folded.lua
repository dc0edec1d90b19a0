--- A folded page is the page: whatever is written otherwise than AWS writes it is decoded as a whole.
local folded = require "trapheus.aws.folded"
local json = require "trapheus.json"
local protocol = require "trapheus.aws.protocol"
local tests = {}

local OPERATION, LIST = "DescribeDBInstances", "DBInstances"

local function page(items, rest)
  return '<DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBInstancesResult>'
    .. items .. (rest or "") .. "</DescribeDBInstancesResult><ResponseMetadata><RequestId>r</RequestId>"
    .. "</ResponseMetadata></DescribeDBInstancesResponse>"
end

local function item(name, more)
  return ("<DBInstance><DBInstanceIdentifier>%s</DBInstanceIdentifier>%s</DBInstance>"):format(name, more or "")
end

local function fold(text) return folded.decode("rds", OPERATION, text, LIST, "DBInstanceIdentifier") end

local function unfolded(result)
  local list = result[LIST]
  if folded.is(list) then
    result[LIST] = json.list {}
    for i = 1, list.count do result[LIST][i] = list:open(list:cut(i)) end
  end
  return result
end

local PAGES = {
  ["two"] = page("<DBInstances>" .. item "a" .. "\n  " .. item("b", "<Endpoint><Port>1</Port></Endpoint>")
    .. "</DBInstances>", "<Marker>m</Marker>"),
  ["none"] = page "<DBInstances></DBInstances>",
  ["none, in short"] = page "<DBInstances/>",
  ["no list"] = page "",
  ["a comment between two"] = page("<DBInstances>" .. item "a" .. "<!-- x -->" .. item "b" .. "</DBInstances>"),
  ["the end of an item as text"] = page("<DBInstances>" .. item("a", "<Engine><![CDATA[</DBInstance>]]></Engine>")
    .. "</DBInstances>"),
  ["the end of the list as text"] = page("<DBInstances>" .. item("a", "<Engine><![CDATA[</DBInstances>]]></Engine>")
    .. item "b" .. "</DBInstances>"),
  ["attributes"] = page('<DBInstances><DBInstance x="y"><Engine>z</Engine></DBInstance></DBInstances>'),
  ["escapes"] = page("<DBInstances>" .. item("a", "<Engine>&lt;DBInstance&gt;</Engine>") .. "</DBInstances>"),
}

for name, text in pairs(PAGES) do
  tests["as the whole page: " .. name] = function()
    local whole = protocol.decode("rds", OPERATION, text)
    assert(json.encode(unfolded(fold(text))) == json.encode(whole))
  end
end

tests["what is cut off is malformed, folded or not"] = function()
  local text = PAGES.two
  for length = 1, #text - 1 do
    local ok = pcall(function() unfolded(fold(text:sub(1, length))) end)
    assert(ok == pcall(protocol.decode, "rds", OPERATION, text:sub(1, length)), length)
  end
end

tests["an item tells its name, and whether it is as another one"] = function()
  local one, same, other = fold(PAGES.two)[LIST], fold(PAGES.two)[LIST], fold(PAGES.escapes)[LIST]
  assert(folded.is(one) and one.count == 2 and one:value(1) == "a" and one:value(2) == "b")
  assert(one:print(1) == same:print(1) and one:print(1) ~= other:print(1) and one:print(1) ~= one:print(2))
end

tests["what changes by itself makes no difference"] = function()
  local function at(time) return fold(page("<DBInstances>" .. item("a", "<LatestRestorableTime>" .. time
    .. "</LatestRestorableTime>") .. "</DBInstances>"))[LIST]:print(1) end
  assert(at "2026-01-01T00:00:00Z" == at "2026-01-01T00:05:00Z")
end

return tests
