--- Endpoint rule sets against AWS's own cases.
local endpoints = require "trapheus.aws.endpoints"
local json = require "trapheus.json"

local tests = {}

local CASES = { kms = 68, rds = 50, secretsmanager = 49, ses = 43, sesv2 = 62, sns = 49, ssm = 49, sts = 69 }

local function check(service, case)
  local endpoint, err = endpoints.apply(service, case.params or {})
  if case.expect.error then
    assert(err == case.expect.error, ("%s: %s"):format(case.documentation, err))
    return
  end
  local expected = case.expect.endpoint
  assert(endpoint, err)
  assert(endpoint.url == expected.url, ("%s: %s"):format(case.documentation, endpoint.url))
  assert(json.encode(endpoint.properties) == json.encode(expected.properties or {}), case.documentation)
end

for service, count in pairs(CASES) do
  tests["cases_of_" .. service] = function()
    local file <close> = assert(io.open("tests/data/endpoints/" .. service .. ".json", "rb"))
    local cases = json.decode(file:read "a").testCases
    assert(#cases == count, #cases)
    for _, case in ipairs(cases) do check(service, case) end
  end
end

local function assert_endpoint(service, options, url, name, region)
  local endpoint = assert(endpoints.resolve(service, options))
  assert(endpoint.url == url and endpoint.signing_name == name and endpoint.signing_region == region, endpoint.url)
end

function tests.resolve_gives_host_and_signing_scope()
  assert_endpoint("rds", { region = "eu-west-1" }, "https://rds.eu-west-1.amazonaws.com", "rds", "eu-west-1")
  assert_endpoint("ses", { region = "eu-west-1" }, "https://email.eu-west-1.amazonaws.com", "ses", "eu-west-1")
  assert_endpoint("sns", { region = "eu-west-1" }, "https://sns.eu-west-1.amazonaws.com", "sns", "eu-west-1")
  assert_endpoint("sts", { region = "cn-north-1" }, "https://sts.cn-north-1.amazonaws.com.cn", "sts", "cn-north-1")
  assert_endpoint("rds", { region = "eu-west-1", endpoint_url = "http://127.0.0.1:5000" },
    "http://127.0.0.1:5000", "rds", "eu-west-1")
  local region = "eu-west-1"
  for url, options in pairs {
    ["https://s3.dualstack.eu-west-1.amazonaws.com"] = { "s3", { region = region, use_dual_stack = true } },
    ["https://s3-fips.eu-west-1.amazonaws.com"] = { "s3", { region = region, use_fips = true } },
    ["https://logs.eu-west-1.api.aws"] = { "logs", { region = region, use_dual_stack = true } },
  } do
    assert_endpoint(options[1], options[2], url, options[1], region)
  end
  assert_endpoint("s3", { region = "us-gov-west-1" }, "https://s3.us-gov-west-1.amazonaws.com", "s3", "us-gov-west-1")
end

function tests.a_region_cannot_carry_a_host()
  for _, region in ipairs { "", "eu-west-1.evil.example/", "a b", "x@y" } do
    local endpoint, err = endpoints.resolve("rds", { region = region })
    assert(endpoint == nil and err:find "is no region")
  end
end

function tests.regions_unknown_so_far_are_placed_by_their_name()
  assert(endpoints.partition("mx-south-7").name == "aws")
  assert(endpoints.partition("cn-south-9").name == "aws-cn")
  assert(endpoints.partition("us-gov-north-1").name == "aws-us-gov")
  assert(endpoints.partition("us-isob-south-1").name == "aws-iso-b")
  assert(endpoints.partition("eusc-de-east-2").name == "aws-eusc")
  assert(endpoints.partition("moon-base-1").name == "aws")
end

return tests
