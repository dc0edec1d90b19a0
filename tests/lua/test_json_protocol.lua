--- AWS's JSON protocols against botocore's own protocol cases, and clients of services that speak them.
local client = require "trapheus.aws.client"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local json_protocol = require "trapheus.aws.json_protocol"
local model = require "trapheus.aws.model"
local protocol = require "trapheus.aws.protocol"
local tasks = require "trapheus.tasks"
local waiter = require "trapheus.waiter"
local assert_same = require "same_json"

local DATA = "tests/data/protocols/"
local tests = {}

local function read(path)
  local file <close> = assert(io.open(DATA .. path, "rb"))
  return json.decode(file:read "a")
end

local function each_case(file, check)
  local count = 0
  for _, suite in ipairs(read(file)) do
    for _, case in ipairs(suite.cases) do
      local service = { metadata = suite.metadata, shapes = suite.shapes,
        operations = { [case.given.name] = case.given } }
      check(service, case)
      count = count + 1
    end
  end
  return count
end

local function zeros(count) return ("\0"):rep(count) end

function tests.botocore_input_cases()
  local bodies = 0
  local count = each_case("input/json.json", function(service, case)
    local body = protocol.encode(service, case.given.name, case.params, { random_bytes = zeros })
    local headers = protocol.headers(service, case.given.name)
    local expected = case.serialized.headers or {}
    assert(headers.target == (expected["X-Amz-Target"] or headers.target), case.id)
    assert(headers.content_type == (expected["Content-Type"] or headers.content_type), case.id)
    if case.given.endpoint and case.serialized.host then
      assert(model.host_prefix(case.given, case.params) .. "example.com" == case.serialized.host, case.id)
    end
    if not case.serialized.body or case.serialized.body == "" then return end
    assert_same(json.decode(body), json.decode(case.serialized.body), case.id)
    bodies = bodies + 1
  end)
  assert(count == 54 and bodies >= 45, ("%d cases, %d bodies"):format(count, bodies))
end

local function check_error(service, case)
  local header
  for name, value in pairs(case.response.headers or {}) do
    if name:lower() == "x-amzn-errortype" then header = value end
  end
  local body = case.response.body
  local err = json_protocol.failure(service, case.given.name, body ~= json.null and body or "", header)
  assert(errors.is(err, case.errorCode), ("%s: %s"):format(case.id, err))
  if case.errorMessage then assert(err.message == case.errorMessage, case.id) end
  for name, value in pairs(case.error or {}) do assert_same((err.details or {})[name], value, case.id) end
end

function tests.botocore_output_cases()
  local refused = 0
  local count = each_case("output/json.json", function(service, case)
    if case.errorCode then
      refused = refused + 1
      return check_error(service, case)
    end
    local body = case.response.body
    local result = protocol.decode(service, case.given.name, body ~= json.null and body or "")
    assert_same(result, case.result, case.id)
  end)
  assert(count == 58 and refused >= 9, ("%d cases, %d errors"):format(count, refused))
end

-- Clients -----------------------------------------------------------------------------------------------

--- Calls over a loop that gives these replies in turn; what was asked.
local function over(replies, f)
  local asked, loop = {}, {}
  function loop:aws(request)
    asked[#asked + 1] = request
    local body = replies[#asked]
    return setmetatable({ done = function() return true end, result = function()
      return { status = 200, attempts = 1, headers = {}, body = body }
    end }, { __close = function() end })
  end
  function loop:now_ms() return 0 end
  local previous = tasks.use(loop)
  local ok, err = pcall(f)
  tasks.use(previous)
  assert(ok, tostring(err))
  return asked
end

local OPTIONS = { region = "eu-west-1", credentials = { access_key_id = "A", secret_access_key = "s" },
  getenv = function() end, read_file = function() end }

function tests.services_of_the_json_protocols_have_clients()
  for service, expected in pairs {
    ssm = { "AmazonSSM.GetParameter", "application/x-amz-json-1.1", "ssm" },
    secretsmanager = { "secretsmanager.GetSecretValue", "application/x-amz-json-1.1", "secretsmanager" },
    kms = { "TrentService.DescribeKey", "application/x-amz-json-1.1", "kms" },
    states = { "AWSStepFunctions.DescribeExecution", "application/x-amz-json-1.0", "states" },
  } do
    local operation = expected[1]:match "%.(.*)$"
    local params = ({ ssm = { Name = "n" }, secretsmanager = { SecretId = "n" }, kms = { KeyId = "n" },
      states = { executionArn = "n" } })[service]
    local asked = over({ "{}" }, function()
      local made = client.new(service, OPTIONS)
      made[operation](made, params)
    end)
    assert(asked[1].target == expected[1] and asked[1].content_type == expected[2], asked[1].target)
    assert(asked[1].service == expected[3] and asked[1].read_only == true)
    assert(asked[1].url == ("https://%s.eu-west-1.amazonaws.com/"):format(service), asked[1].url)
    assert_same(json.decode(asked[1].body), params, service)
  end
end

function tests.a_wrong_parameter_blames_the_caller()
  local ssm = client.new("ssm", OPTIONS)
  local ok, err = pcall(ssm.GetParameter, ssm, { Nmae = "x" })
  assert(not ok and err:find("unknown parameter Nmae of GetParameter; did you mean Name?", 1, true), err)
  ok, err = pcall(ssm.GetParameter, ssm, { Name = 1 })
  assert(not ok and err:find("Name of GetParameter must be a string", 1, true), err)
end

function tests.pages_are_turned_by_awss_tables()
  local names = {}
  local asked = over({ '{"Keys":[{"KeyId":"a"}],"NextMarker":"m","Truncated":true}',
    '{"Keys":[{"KeyId":"b"}],"NextMarker":"n","Truncated":false}' }, function()
    for key in client.new("kms", OPTIONS):paginate "ListKeys" do names[#names + 1] = key.KeyId end
  end)
  assert(table.concat(names) == "ab" and #asked == 2 and json.decode(asked[2].body).Marker == "m")
  names = {}
  asked = over({ '{"executions":[{"name":"x"}],"nextToken":"t"}', '{"executions":[{"name":"y"}]}' }, function()
    for run in client.new("states", OPTIONS):paginate("ListExecutions", { stateMachineArn = "s" }) do
      names[#names + 1] = run.name
    end
  end)
  assert(table.concat(names) == "xy" and json.decode(asked[2].body).nextToken == "t")
end

function tests.waiters_of_every_service()
  local made = waiter.new("command_executed", "ssm")
  assert(made:judge { Status = "Pending" } == "retry" and made:judge { Status = "Success" } == "success")
  assert(made:judge { Status = "Cancelled" } == "failure")
  assert(waiter.new("role_exists", "iam"):judge {} == "success")
  local identity = waiter.new("identity_exists", "ses")
  assert(identity:judge { VerificationAttributes = { a = { VerificationStatus = "Success" } } } == "success")
  assert(identity:judge { VerificationAttributes = { a = { VerificationStatus = "Pending" } } } == "retry")
end

-- A model of one's own --------------------------------------------------------------------------------------

function tests.a_service_that_is_not_shipped_is_loaded_from_its_model()
  local directory = os.tmpname()
  os.remove(directory)
  core.system.mkdir(directory)
  local function write(name, document)
    local file <close> = assert(io.open(directory .. "/" .. name, "w"))
    file:write(json.encode(document))
  end
  write("service-2.json", { metadata = { endpointPrefix = "things", signingName = "thing", protocol = "json",
    serviceId = "Thing Store", jsonVersion = "1.1", targetPrefix = "Things" },
    operations = { ListThings = { name = "ListThings", input = { shape = "In" }, output = { shape = "Out" } } },
    shapes = { In = { type = "structure", members = {
      next = { shape = "Text" } } }, Out = { type = "structure", members = { things = { shape = "Texts" },
      next = { shape = "Text" } } }, Text = { type = "string" },
      Texts = { type = "list", member = { shape = "Text" } } } })
  write("paginators-1.json", { pagination = { ListThings = { input_token = "next", output_token = "next",
    result_key = "things" } } })
  write("odd.json", { metadata = { protocol = "rest-xml" }, operations = { A = {} }, shapes = {} })
  local seen = {}
  local asked = over({ '{"things":["a"],"next":"1"}', '{"things":["b"]}' }, function()
    local things = client.new(directory .. "/service-2.json", OPTIONS)
    for thing in things:paginate "ListThings" do seen[#seen + 1] = thing end
  end)
  assert(table.concat(seen) == "ab" and asked[1].url == "https://things.eu-west-1.amazonaws.com/")
  assert(asked[1].service == "thing" and asked[1].target == "Things.ListThings")
  local elsewhere = client.new(directory .. "/service-2.json", { region = "eu-west-1",
    credentials = OPTIONS.credentials, read_file = OPTIONS.read_file, getenv = function(name)
      return name == "AWS_ENDPOINT_URL_THING_STORE" and "https://store.example" or nil
    end })
  assert(elsewhere.transport.endpoint.url == "https://store.example", elsewhere.transport.endpoint.url)
  local ok, err = pcall(protocol.encode, directory .. "/odd.json", "A", {})
  assert(not ok and err:find("rest-xml", 1, true), err)
  for name, part in pairs { [directory .. "/gone.json"] = "gone.json", ["smm"] = "did you mean ssm?",
    ["tests/lua/run.lua/x"] = "run.lua" } do
    ok, err = pcall(client.new, name, OPTIONS)
    assert(not ok and tostring(err):find(part, 1, true), tostring(err))
  end
  os.execute("rm -r " .. directory)
end

return tests
