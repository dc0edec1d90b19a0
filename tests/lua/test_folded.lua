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

local function unfolded(result)
  for i, each in ipairs(result[LIST] or {}) do
    if folded.is(each) then result[LIST][i] = each:open() end
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
    assert(json.encode(unfolded(folded.decode("rds", OPERATION, text, LIST))) == json.encode(whole))
  end
end

tests["what is cut off is malformed, folded or not"] = function()
  local text = PAGES.two
  for length = 1, #text - 1 do
    local ok = pcall(function() unfolded(folded.decode("rds", OPERATION, text:sub(1, length), LIST)) end)
    assert(ok == pcall(protocol.decode, "rds", OPERATION, text:sub(1, length)), length)
  end
end

tests["an item tells its name, and whether it is as another one"] = function()
  local function first(text) return folded.decode("rds", OPERATION, text, LIST)[LIST][1] end
  local one = first(PAGES.two)
  assert(folded.is(one) and one:value "DBInstanceIdentifier" == "a" and one:value "Engine" == nil)
  assert(one:print() == first(PAGES.two):print())
  assert(one:print() ~= first(PAGES.escapes):print())
end

return tests
