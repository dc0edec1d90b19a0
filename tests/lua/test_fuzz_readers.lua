--- The readers of what others write, fed what nobody would write: from a corpus on, by a seeded mutator. What is not
--- understood is refused in words; nothing else may come of it. TRAPHEUS_FUZZ names how many texts each reader gets.
local alerts = require "trapheus.alerts"
local configuration = require "trapheus.configuration"
local core = require "trapheus.core"
local described = require "trapheus.sandbox.described"
local errors = require "trapheus.errors"
local fault_plan = require "trapheus.sandbox.fault_plan"
local ini = require "trapheus.aws.ini"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local options = require "trapheus.options"
local overrides = require "trapheus.overrides"
local protocol = require "trapheus.aws.protocol"
local shared_files = require "trapheus.aws.shared_files"
local shlex = require "trapheus.aws.shlex"
local source = require "trapheus.aws.credentials.source"
local targets = require "trapheus.fleet.targets"
local timestamp = require "trapheus.aws.timestamp"
local usage = require "trapheus.usage"

local TEXTS = math.tointeger(tonumber(os.getenv "TRAPHEUS_FUZZ" or "")) or 1500
local tests = {}

-- Numbers from a seed, the same everywhere.
local function numbers(seed)
  local state = seed
  return function(most)
    state = (state * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    return (state >> 20) % most + 1
  end
end

local TOKENS = { "[", "]", "=", ":", "#", ";", "\n", "\r", " ", "\t", '"', "'", "\\", "{", "}", ",", "null", "1e999",
  "-", "\0", "\xff", "profile ", "default", "aws_access_key_id", "AccessKeyId", "Expiration", "9999999999999999999",
  "\\ud800", "\xef\xbb\xbf" }

local function piece(text, number)
  local from = number(#text + 1)
  return text:sub(from, from + number(12) - 1)
end

local MUTATIONS = {
  function(text, at, number) return text:sub(1, at - 1) .. string.char(number(256) - 1) .. text:sub(at + 1) end,
  function(text, at, number) return text:sub(1, at - 1) .. TOKENS[number(#TOKENS)] .. text:sub(at) end,
  function(text, at, number) return text:sub(1, at - 1) .. text:sub(at + number(8)) end,
  function(text, at, number) return text:sub(1, at - 1) .. piece(text, number) .. text:sub(at) end,
  function(text, at) return text:sub(1, at - 1) end,
  function(text, at, number, corpus)
    return text:sub(1, at - 1) .. piece(corpus[number(#corpus)], number) .. text:sub(at)
  end,
}

local function mutate(corpus, number)
  local text = corpus[number(#corpus)]
  for _ = 1, number(4) do
    text = MUTATIONS[number(#MUTATIONS)](text, number(#text + 1), number, corpus)
  end
  return text
end

--- An error of ours, or words that blame nobody, or the caller in this file.
local function in_words(err)
  if type(err) ~= "string" then return errors.is(err) or usage.is(err) end
  return not err:gsub("^tests/[%w/_]+%.lua:%d+:", ""):find "%.lua:%d+:"
end

--- Feeds a reader; what it raises must be an error of ours, or words, blaming nobody or its caller here.
local function feed(corpus, reader)
  local number, taken = numbers(7), 0
  for i = 1, TEXTS + #corpus do
    local text = corpus[i] or mutate(corpus, number)
    local ok, err = pcall(reader, text)
    if ok then
      taken = taken + 1
    elseif not in_words(err) then
      error(("%q: %s"):format(text, tostring(err)), 0)
    end
  end
  assert(taken >= 1, "nothing was understood")
end

-- The shared files --------------------------------------------------------------------------------------

local FILES = {
  "[default]\nregion = eu-west-1\naws_access_key_id = AKID\naws_secret_access_key = s\n\n# note\ns3 =\n  a = b\n"
    .. "  c=d\n",
  "[profile \"with space\"]\nrole_arn: arn:aws:iam::1:role/x\nsource_profile=default\n[services x]\nrds =\n"
    .. "  endpoint_url = http://127.0.0.1\n",
  "[sso-session corp]\nsso_region=us-east-1\n[profile a]\nsso_session=corp\ncredential_process = sh -c 'echo \"x\"'\n",
}

local function check_values(sections)
  for _, section in pairs(sections) do
    for name, value in pairs(section) do
      assert(type(name) == "string" and name == name:lower(), "a name")
      assert(type(value) == "string" or type(value) == "table", "a value")
    end
  end
end

function tests.the_dialect_of_the_shared_files()
  feed(FILES, function(text) check_values(ini.parse(text)) end)
end

function tests.profiles_keep_no_secret()
  feed(FILES, function(text)
    local files = shared_files.read("c", "d", function() return text end)
    for _, profile in pairs(files.profiles) do
      for name in pairs(profile.settings) do
        assert(name ~= "aws_secret_access_key" and name ~= "aws_session_token", "a secret is kept")
      end
    end
  end)
end

function tests.words_of_a_command()
  feed({ [[a 'b c' "d \" e" f\ g]], "aws-vault exec --json x", "''" }, function(text)
    local words, why = shlex.split(text)
    assert(words or type(why) == "string")
    for _, word in ipairs(words or {}) do assert(type(word) == "string") end
  end)
end

-- JSON ----------------------------------------------------------------------------------------------------

local DOCUMENTS = {
  '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"2030-01-01T00:00:00Z"}',
  '{"AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2030-01-01T00:00:00Z","Code":"Success"}',
  '{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":1893456000000}}',
  '{"accessToken":"a","expiresAt":"2030-01-01T00:00:00UTC","refreshToken":"r","n":[1,2.5,null,true,{"x":"\\u00e9"}]}',
}

function tests.json_is_what_it_was()
  feed(DOCUMENTS, function(text)
    local value = json.decode(text)
    local once = json.encode(value)
    assert(json.encode(json.decode(once)) == once, "it is not what it was")
  end)
end

function tests.credentials_of_a_document()
  for _, names in ipairs { {}, { token = "Token" }, { id = "accessKeyId", secret = "secretAccessKey",
    token = "sessionToken", expiration = "expiration" } } do
    feed(DOCUMENTS, function(text)
      local document = source.decode(text) or error("no object", 0)
      local inner = document.roleCredentials
      local made = source.credentials(type(inner) == "table" and inner or document, "a test", names)
      assert(#made.access_key_id > 0)
    end)
  end
end

function tests.times()
  feed({ "2030-01-01T00:00:00Z", "2026-02-03T04:05:06.789+01:00", "Sun, 02 Jan 2000 20:34:56 GMT", "946845296.5" },
    function(text)
      local seconds = timestamp.parse(text)
      assert(seconds == nil or type(seconds) == "number")
    end)
end

function tests.replies_of_the_json_protocols()
  feed({ '{"Parameter":{"Name":"n","Value":"v","Version":3,"LastModifiedDate":1.5E9,"ARN":"a"}}', "{}", "",
    '{"Parameter":{"Type":"String","DataType":"text","Selector":":1","SourceResult":"x"}}' }, function(text)
    assert(type(protocol.decode("ssm", "GetParameter", text)) == "table")
  end)
end

function tests.models_that_are_none()
  local path, count = os.tmpname(), 0
  os.remove(path)
  feed({ '{"metadata":{"endpointPrefix":"x","protocol":"json"},"operations":{"A":{}},"shapes":{}}' }, function(text)
    count = count + 1 -- a model is read once, by its path
    local file = assert(io.open(path .. count, "wb"))
    file:write(text)
    file:close()
    local ok, err = pcall(function() return model.load(path .. count) end)
    os.remove(path .. count)
    if not ok then error(err, 0) end
  end)
end

-- What users give ---------------------------------------------------------------------------------------------

--- Feeds a reader of files, by the path of one.
local function feed_file(corpus, reader)
  local path = os.tmpname()
  feed(corpus, function(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    reader(path)
  end)
  os.remove(path)
end

local DESCRIBED = {
  '{"DBInstances":[{"DBInstanceIdentifier":"mydb","DBInstanceStatus":"available","Engine":"mysql","MultiAZ":false,'
    .. '"DBInstanceArn":"arn:aws:rds:eu-west-1:123456789012:db:mydb","AllocatedStorage":20,"DBInstanceClass":"db.t3",'
    .. '"EngineVersion":"8.0.36","DbiResourceId":"db-A","VpcSecurityGroups":[{"VpcSecurityGroupId":"sg-1"}],"Endpoint":'
    .. '{"Address":"mydb.abc.eu-west-1.rds.amazonaws.com","Port":3306},"TagList":[{"Key":"a","Value":"b"}]}]}',
  '{"DBClusters":[{"DBClusterIdentifier":"c","Status":"available","Engine":"aurora-mysql","DBClusterMembers":[],'
    .. '"DBClusterArn":"arn:aws:rds:eu-west-1:123456789012:cluster:c","DbClusterResourceId":"cluster-A"}]}',
}

function tests.databases_as_the_cli_describes_them()
  feed_file(DESCRIBED, function(path) described.read { path } end)
end

function tests.configurations_that_were_saved()
  local one = DESCRIBED[1]:match "%[(.*)%]}$"
  feed_file({ DESCRIBED[1], DESCRIBED[2], one, '{"identifier":"mydb","kind":"instance","settings":[{"name":"MultiAZ",'
    .. '"value":true},{"name":"Engine","value":"mysql"}],"members":[{"identifier":"m","kind":"member",'
    .. '"settings":[]}]}' },
    function(path) configuration.saved(path) end)
end

function tests.a_run_as_a_document()
  feed({ '{"identifier":"mydb","task":"create_snapshot","isCluster":false}', '{"identifier":"a-b"}' }, function(text)
    if text:find "^[@-]" then return end -- those name files
    options.restore { "--input", text }
  end)
end

function tests.values_of_settings()
  feed({ '[{"Key":"a","Value":"b"}]', "sg-1,sg-2", "true", "20", '{"MinCapacity":0.5,"MaxCapacity":8}' }, function(text)
    for _, key in ipairs { "Tags", "VpcSecurityGroupIds", "MultiAZ", "AllocatedStorage", "m-1.PromotionTier",
      "ServerlessV2ScalingConfiguration" } do
      local override, why = overrides.parse(("%s=%s"):format(key, text))
      assert(override and override.text == text or type(why) == "string")
    end
  end)
end

--- Where a target is written, and no value of a field that is not understood, is told.
local function read_targets(format)
  return function(path)
    for _, target in ipairs(targets.read { targets = { path }, format = format }) do
      assert(target.id:find "^%l[%l%d-]*$" and target.where:find ":%d+$", "a name and a place")
    end
  end
end

function tests.targets_in_a_table()
  feed_file({ "id,task,keep-original\r\norders,db_restore,true\r\n",
    'id,set,set\na,"Tags=[{""Key"":""k""}]",\nb,,"x\ny"\n',
    "identifier,isCluster\na,true\nb,false" }, read_targets "csv")
end

function tests.targets_as_json()
  feed_file({ '["orders","users"]',
    '[{"id":"a","set":["X=1"],"keep_original":false},\n{"identifier":"b","isCluster":true}]' }, read_targets "json")
end

function tests.targets_a_line()
  feed_file({ "# all\norders # big\r\n\nusers\n" }, read_targets "lines")
end

-- Nor does a mistake in the file show what stands there.
function tests.who_is_alerted()
  local hush = "hushhushhush"
  local written = ('return { notify = { on = { "failure" },\n'
    .. '  email = { from = "a@b.example", to = { "c@d.example" } },\n'
    .. '  slack = "https://hooks.slack.com/services/%s",\n'
    .. '  webhook = { { url = "https://x.example/%s", on = "all" } } } }')
    :format(hush, hush)
  feed_file({ written, "return {}", "return { notify = { sns = 'arn:aws:sns:eu-west-1:1:x' } }" }, function(path)
    local ok, found = pcall(alerts.settings, { config = path })
    if not ok then
      assert(not tostring(found):find(hush, 1, true), "a secret is shown: " .. tostring(found))
      error(found, 0)
    end
    for _, channel in ipairs(found.channels) do assert(next(channel.on), "told of nothing") end
  end)
end

function tests.plans_of_faults()
  feed({ '[{"operation":"ModifyDBInstance","occurrence":1,"kind":"denied"}]', '["denied@ModifyDBInstance"]' },
    function(text)
      local faults, problem = fault_plan.read(text, "x")
      assert(faults or type(problem) == "string")
    end)
end

function tests.an_error_reply_is_judged_in_c()
  feed({ '{"__type":"a#Bad","message":"m","n":{"x":[1,"}"]}}', '{"code":"A:http://b"}', "<html>" }, function(text)
    assert(core.reply.read { status = 400, body = text, read_only = true })
  end)
end

return tests
