--- The query protocol from the other side: what the client encodes is decoded to the same, and the other way round.
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local protocol = require "trapheus.aws.protocol"
local random = require "trapheus.sandbox.random"
local server = require "trapheus.aws.query_server"

local tests = {}

local function cases(file, check)
  local source <close> = assert(io.open("tests/data/protocols/" .. file, "rb"))
  local count = 0
  for _, suite in ipairs(json.decode(source:read "a")) do
    for _, case in ipairs(suite.cases) do
      suite.operations = { [case.given.name] = case.given }
      if check(suite, case) then count = count + 1 end
    end
  end
  return count
end

local function canonical(value)
  if type(value) == "table" then
    local copy = json.is_list(value) and json.list {} or {}
    for key, inner in pairs(value) do copy[key] = canonical(inner) end
    return copy
  end
  return type(value) == "number" and value - value ~= 0 and tostring(value) or value
end

local function assert_same(got, wanted, what)
  got, wanted = json.encode(canonical(got), { indent = true }), json.encode(canonical(wanted), { indent = true })
  assert(got == wanted, ("%s: got %s, not %s"):format(what, got, wanted))
end

-- Replies.

local function same_again(service, operation, result, what)
  local xml = server.encode(service, operation, result, "an-id")
  local again, request_id = protocol.decode(service, operation, xml)
  assert(request_id == "an-id")
  assert_same(again, result, what or operation)
end

--- An empty list without an element around it is not to be seen.
local NOT_INVERTIBLE = { QueryXmlEmptyLists = "flattenedList" }

function tests.botocores_replies_written_again()
  local count = cases("output/query.json", function(service, case)
    if case.errorCode then return false end
    local body = case.response.body
    local result = protocol.decode(service, case.given.name, body ~= json.null and body or "")
    assert(not NOT_INVERTIBLE[case.id] or #(result[NOT_INVERTIBLE[case.id]] or {}) == 0)
    same_again(service, case.given.name, result, case.id)
    return true
  end)
  assert(count == 35, count)
end

local function written(members, result)
  local service = { metadata = {}, operations = { Get = { output = { shape = "Result" } } }, shapes = {
    Result = { type = "structure", members = members },
    Text = { type = "string" }, Time = { type = "timestamp" }, Bytes = { type = "blob" }, Half = { type = "float" },
    List = { type = "list", member = { shape = "Text" } },
    Named = { type = "list", member = { shape = "Text", locationName = "Item" } },
    Map = { type = "map", key = { shape = "Text", locationName = "Name" }, value = { shape = "Text" } },
    Tree = { type = "structure", members = { Below = { shape = "Trees" } } },
    Trees = { type = "list", member = { shape = "Tree" }, flattened = true },
  } }
  local xml = server.encode(service, "Get", result, "an-id")
  return xml:match("^<GetResponse><GetResult>(.*)</GetResult><ResponseMetadata><RequestId>an%-id</RequestId>"
    .. "</ResponseMetadata></GetResponse>$")
end

function tests.a_member_is_written_as_the_model_says()
  for _, case in ipairs {
    { { shape = "Text", locationName = "b" }, "x", "<b>x</b>" },
    { { shape = "Time" }, 0, "<A>1970-01-01T00:00:00Z</A>" },
    { { shape = "Time", timestampFormat = "rfc822" }, 0, "<A>Thu, 01 Jan 1970 00:00:00 GMT</A>" },
    { { shape = "Time", timestampFormat = "unixTimestamp" }, 0.5, "<A>0.5</A>" },
    { { shape = "Bytes" }, "a", "<A>YQ==</A>" },
    { { shape = "Half" }, -1 / 0, "<A>-Infinity</A>" },
    { { shape = "List" }, { "x", "y" }, "<A><member>x</member><member>y</member></A>" },
    { { shape = "List" }, {}, "<A></A>" },
    { { shape = "Named" }, { "x" }, "<A><Item>x</Item></A>" },
    { { shape = "List", flattened = true }, { "x", "y" }, "<A>x</A><A>y</A>" },
    { { shape = "Named", flattened = true }, { "x" }, "<Item>x</Item>" },
    { { shape = "Named", flattened = true, locationName = "b" }, { "x" }, "<b>x</b>" },
    { { shape = "Map" }, { k = "v" }, "<A><entry><Name>k</Name><value>v</value></entry></A>" },
    { { shape = "Map", flattened = true }, { k = "v" }, "<A><Name>k</Name><value>v</value></A>" },
    { { shape = "Tree" }, { Below = { { Below = { {} } } } }, "<A><Below><Below></Below></Below></A>" },
  } do
    local got = written({ A = case[1] }, { A = case[2] })
    assert(got == case[3], got)
  end
end

function tests.one_list_has_as_many_names_as_places()
  local members = { A = { shape = "Named", flattened = true }, Item = { shape = "Named", flattened = true,
    locationName = "Item" }, B = { shape = "Named" } }
  local got = written(members, { A = { "1" }, Item = { "2" }, B = { "3" } })
  assert(got == "<Item>1</Item><B><Item>3</Item></B><Item>2</Item>", got)
end

--- Two operations may refer to their output by one and the same table.
function tests.a_result_is_named_after_its_operation()
  local output = { shape = "Result" }
  local service = { metadata = {}, operations = { Get = { output = output }, Look = { output = output } },
    shapes = { Result = { type = "structure", members = {} } } }
  for name in pairs(service.operations) do
    local xml = server.encode(service, name, {}, "an-id")
    assert(xml:find(("^<%sResponse><%sResult></%sResult>"):format(name, name, name)), xml)
  end
end

local function random_text(stream)
  local pieces = {}
  for i = 1, stream:integer(0, 8) do
    pieces[i] = stream:pick {
      "a", "Z", "0", " ", "&", "<", ">", '"', "'", "\r", "\n", "\t", "é", "✓", "😀", "]]>", "&lt;",
    }
  end
  return table.concat(pieces)
end

local RANDOM = {
  string = random_text,
  boolean = function(stream) return stream:unit() < 0.5 end,
  integer = function(stream) return stream:integer(-2147483648, 2147483647) end,
  long = function(stream) return stream:integer(-9007199254740992, 9007199254740992) end,
  double = function(stream) return stream:unit() * 10 ^ stream:integer(-9, 9) + 0.5 end,
  timestamp = function(stream) return stream:integer(0, 4102444800) end,
}

local random_value

local share -- of its members that a random structure has

local function random_list(stream, shapes, shape, depth)
  local list = json.list {}
  for i = 1, stream:integer(0, 3) do list[i] = random_value(stream, shapes, shape.member, depth) end
  return list
end

local function random_structure(stream, shapes, shape, depth)
  local names, value = {}, {}
  for name in pairs(shape.members) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    if depth < 6 and stream:unit() < share then
      value[name] = random_value(stream, shapes, shape.members[name], depth + 1)
    end
  end
  return value
end

local function random_map(stream, shapes, shape, depth)
  local map = {}
  for _ = 1, stream:integer(0, 3) do
    map[random_text(stream)] = random_value(stream, shapes, shape.value, depth)
  end
  return map
end

function random_value(stream, shapes, ref, depth)
  local shape = shapes[ref.shape]
  if shape.type == "list" then return random_list(stream, shapes, shape, depth) end
  if shape.type == "map" then return random_map(stream, shapes, shape, depth) end
  if shape.type == "structure" then return random_structure(stream, shapes, shape, depth) end
  return RANDOM[shape.type](stream)
end

local function sorted_operations(service)
  local names = {}
  for name in pairs(service.operations) do names[#names + 1] = name end
  table.sort(names)
  return names
end

function tests.random_replies_of_every_operation_of_rds()
  local service, stream, count = model.load "rds", random.new(1, "replies"), 0
  share = 0.7
  for _, name in ipairs(sorted_operations(service)) do
    local output = service.operations[name].output
    if output then
      same_again("rds", name, random_structure(stream, service.shapes, service.shapes[output.shape], 0))
      count = count + 1
    end
  end
  assert(count > 150, count)
end

function tests.what_the_model_does_not_allow_is_not_written()
  for message, result in pairs {
    ["the model has no member Never"] = { DBInstances = { { Nothing = 1, Never = 1, Iops = 1, Nowhere = 1 } } },
    ["Iops is no integer"] = { DBInstances = { { Iops = "many" } } },
    ["DBInstances is no list"] = { DBInstances = 1 },
  } do
    local ok, err = pcall(server.encode, "rds", "DescribeDBInstances", result, "an-id")
    assert(not ok and err == message, err)
  end
end

function tests.errors_are_read_by_the_client()
  for status, ambiguous in pairs { [404] = false, [500] = false } do
    local err = { code = "DBInstanceNotFound", message = "a & <b> not found", status = status }
    local xml = server.encode_error("rds", err, "an-id")
    local ok, got = pcall(protocol.decode, "rds", "DescribeDBInstances", xml)
    assert(not ok and got.code == err.code and got.message == err.message and got.request_id == "an-id")
    assert(got.ambiguous == ambiguous and xml:find(status < 500 and "<Type>Sender<" or "<Type>Receiver<", 1, true))
  end
end

-- Requests.

function tests.botocores_requests_read_again()
  local read = 0
  local count = cases("input/query.json", function(service, case)
    local body = protocol.encode(service, case.given.name, case.params)
    local operation, params = server.decode(service, body)
    assert(operation == case.given.name, case.id .. ": " .. tostring(params.message))
    -- timestamps and tokens have more than one spelling: it is the same if it is written the same
    if protocol.encode(service, operation, params) == body then read = read + 1 end
    return true
  end)
  assert(count == 38 and read == 38, read)
end

function tests.random_requests_of_every_operation_of_rds()
  local service, stream, count = model.load "rds", random.new(1, "requests"), 0
  share = 1 -- an empty structure does not show
  for _, name in ipairs(sorted_operations(service)) do
    local definition = service.operations[name]
    local input = definition.input and service.shapes[definition.input.shape]
    local params = input and random_structure(stream, service.shapes, input, 0) or {}
    local body = protocol.encode("rds", name, params)
    local operation, again = server.decode("rds", body)
    assert(operation == name, again.message)
    assert(protocol.encode("rds", name, again) == body, name)
    count = count + 1
  end
  assert(count > 150, count)
end

local function refused(form)
  local operation, err = server.decode("rds", form)
  assert(operation == nil and err.status == 400, form)
  return err.code, err.message
end

local LIST = "Action=DescribeDBInstances&Version=2014-10-31"

function tests.what_is_no_request_is_refused()
  for form, wanted in pairs {
    [""] = "MissingAction",
    ["Version=2014-10-31"] = "MissingAction",
    ["Action=DescribeDBInstance&Version=2014-10-31"] = "InvalidAction",
    ["Action=DescribeDBInstances"] = "InvalidAction",
    ["Action=DescribeDBInstances&Version=2010-01-01"] = "InvalidAction",
    ["Action=DeleteDBInstance&Version=2014-10-31"] = "MissingParameter",
    [LIST .. "&%zz=1"] = "MalformedQueryString",
    [LIST .. "&Marker=a&Marker=b"] = "MalformedQueryString",
    [LIST .. ("&" .. ("a."):rep(40) .. "=1")] = "MalformedQueryString",
    [LIST .. "&MaxRecords=many"] = "InvalidParameterValue",
    [LIST .. "&Marker=%00"] = "InvalidParameterValue",
    [LIST .. "&Marker=%ff"] = "InvalidParameterValue",
    [LIST .. "&Marker=%ef%bf%bf"] = "InvalidParameterValue",
    [LIST .. "&Marker.1=a"] = "InvalidQueryParameter",
    [LIST .. "&Markr=a"] = "InvalidQueryParameter",
    [LIST .. "&Filters.Filter.x.Name=a"] = "InvalidQueryParameter",
    [LIST .. "&Filters.Filters.1.Name=a"] = "InvalidQueryParameter",
    [LIST .. "&Filters.Filter.1.Name=a"] = "MissingParameter",
    [LIST .. "&Filters.Filter.1.Name=a&Filters.Filter.1.Values.Value.0=b"] = "InvalidQueryParameter",
  } do
    local code, message = refused(form)
    assert(code == wanted, ("%s: %s: %s"):format(form, code, message))
  end
  assert(select(2, refused(LIST .. "&Markr=a")):find "did you mean Marker")
end

function tests.lists_are_in_the_order_of_their_numbers()
  local form = LIST
  for _, i in ipairs { 10, 2, 1, 9 } do form = form .. ("&Filters.Filter.1.Values.Value.%d=%d"):format(i, i) end
  local _, params = server.decode("rds", form .. "&Filters.Filter.1.Name=engine")
  assert(table.concat(params.Filters[1].Values, " ") == "1 2 9 10")
end

return tests
