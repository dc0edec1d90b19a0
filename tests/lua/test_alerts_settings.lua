--- Who is told, and of what: the configuration file, the environment and flags; what is wrong with them.
local core = require "trapheus.core"
local secrets = require "trapheus.secrets"
local settings = require "trapheus.alerts.settings"
local usage = require "trapheus.usage"
local tests = {}

local HUSH = "hushhushhush"
local HOOK = "https://hooks.slack.com/services/" .. HUSH
local OWN = { "TRAPHEUS_EMAIL_FROM", "TRAPHEUS_EMAIL_TO", "TRAPHEUS_SLACK", "TRAPHEUS_SNS", "TRAPHEUS_WEBHOOK",
  "TRAPHEUS_NOTIFY_ON", "TRAPHEUS_CONFIG", "TEAM_SLACK", "CHAT_HOOK", "OPS_HOOK", "HOME", "XDG_CONFIG_HOME" }

-- With an environment of its own.
local function under(variables, f, ...)
  local before = {}
  for _, name in ipairs(OWN) do
    before[name] = os.getenv(name)
    core.system.setenv(name, variables[name])
  end
  local ok, result = pcall(f, ...)
  for _, name in ipairs(OWN) do core.system.setenv(name, before[name]) end
  if not ok then error(result, 0) end
  return result
end

-- With a file of that text, which only its owner may read.
local function file_of(text, mode)
  local name = os.tmpname()
  local handle <close> = assert(io.open(name, "w"))
  handle:write(text)
  os.execute(("chmod %s %s"):format(mode or "600", name))
  return name, setmetatable({}, { __close = function() os.remove(name) end })
end

local function read(text, given, variables, mode)
  local file, _ <close> = file_of(text, mode)
  given = given or {}
  given.config = file
  return under(variables or {}, settings.read, given)
end

local function refused(words, ...)
  local ok, err = pcall(read, ...)
  assert(not ok and usage.is(err), tostring(err))
  local said = tostring(err)
  for _, word in ipairs(words) do assert(said:find(word, 1, true), ("%s\ndoes not say: %s"):format(said, word)) end
  assert(not said:find "\n", said)
  assert(not said:find(HUSH, 1, true), "the secret is shown: " .. said)
end

local function words(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, " ")
end

local function notify(text) return "return { notify = {" .. text .. "} }" end

tests["nothing is told without channels"] = function()
  assert(#under({ HOME = "/nonexistent" }, settings.read, {}).channels == 0)
  assert(#read("return {}").channels == 0)
end

tests["the example is read"] = function()
  local variables = { TEAM_SLACK = HOOK .. "1", CHAT_HOOK = "https://chat.example.internal/" .. HUSH,
    OPS_HOOK = "https://ops.example.com:8443/" .. HUSH }
  local text = assert(io.open("examples/config.lua")):read "a"
  local found = read(text, nil, variables).channels
  local ids = {}
  for i, channel in ipairs(found) do ids[i] = channel.id end
  local all = table.concat(ids, ", ")
  assert(all == "email 1, email 2, slack 1, slack 2, slack 3, sns 1, webhook 1", all)
  assert(found[1].region == "eu-west-1" and #found[1].to == 2 and words(found[1].on) == "failure parked rolled_back")
  assert(found[2].to[1] == "managers@example.com" and words(found[2].on) == "success")
  assert(found[3].url == HOOK .. "1" and found[5].allow_private and words(found[5].on) == "parked")
  assert(found[6].region == "eu-west-1" and words(found[6].on) == "failure start success")
  assert(words(found[7].on) == "failure interrupted parked rolled_back start success")
end

tests["flags come before the environment, and that before the file; each kind by itself"] = function()
  local text = notify 'email = { from = "file@x.org", to = "file-to@x.org" }, sns = "arn:aws:sns:a-b-1:1:file"'
  local variables = { TRAPHEUS_EMAIL_TO = "env@x.org,second@x.org", TRAPHEUS_SNS = "arn:aws:sns:a-b-1:1:env" }
  local found = read(text, { sns = { "arn:aws:sns:a-b-1:1:flag" } }, variables).channels
  assert(#found == 2 and found[1].from == "file@x.org" and found[1].to[2] == "second@x.org")
  assert(found[2].topic:find "flag$")
  assert(read(text, nil, variables).channels[2].topic:find "env$")
  assert(read(text).channels[2].topic:find "file$")
end

tests["an address may stand in a variable or in a file"] = function()
  local plain, _ <close> = file_of(HOOK .. "\n" .. HOOK .. "2\n")
  local found = read(notify "", { slack = { "@" .. plain, "env:TEAM_SLACK" } }, { TEAM_SLACK = HOOK .. "3" }).channels
  assert(#found == 3 and found[2].url == HOOK .. "2" and found[3].url == HOOK .. "3")
  assert(read(notify 'slack = "env:TEAM_SLACK"', nil, { TEAM_SLACK = HOOK }, "644").channels[1].url == HOOK)
end

tests["what is known to be an address is shown by nobody's words"] = function()
  read(notify('slack = "' .. HOOK .. '/masked"'))
  assert(secrets.mask("see " .. HOOK .. "/masked") == "see ****")
end

tests["of what each is told is for each to say"] = function()
  local second = '{ topic = "arn:aws:sns:a-b-1:1:b", on = "start" }'
  local text = notify('on = "success", sns = { "arn:aws:sns:a-b-1:1:a", ' .. second .. " }")
  local function on(given, variables)
    local found = read(text, given, variables).channels
    return words(found[1].on) .. ", " .. words(found[2].on)
  end
  assert(on() == "success, start")
  assert(on({ notify_on = { "parked", "failure" } }) == "failure parked, failure parked")
  assert(on({ notify_on = { "parked", "sns:failure", "sns:start" } }) == "failure start, failure start")
  assert(on({ notify_on = { "slack:parked" } }) == "success, start")
  assert(on(nil, { TRAPHEUS_NOTIFY_ON = "parked, email:start" }) == "parked, parked")
end

local MISTAKES = {
  { "not a table", { "it returns a string", "a table is expected" }, "return 'x'" },
  { "nothing", { "it returns a nil" }, "" },
  { "JSON", { "no Lua table" }, '{"slack": ["' .. HOOK .. '"]}' },
  { "a torn string", { "line 2", "unfinished string" }, 'return { notify = {\nslack = "' .. HOOK .. "\n} }" },
  { "a call", { "line 1", "global 'os'", "there are no functions" }, "return { notify = os.getenv 'HOME' }" },
  { "a method", { "there are no functions" }, "return { notify = ('" .. HUSH .. "'):rep(9) }" },
  { "arithmetic with a secret", { "line 1" }, "return 1 + '" .. HUSH .. "'" },
  { "no end", { "too long" }, "while true do end" },
  { "no end of a string", { "too large" }, "local s = 'xxxxxxxxxxxxxxxx' while true do s = s .. s end" },
  { "no end of a table", { "too" }, "local t = {} for i = 1, 1e9 do t[i] = { i } end" },
  { "bytecode", { "no Lua table" }, string.dump(load "return {}") },
  { "much in itself", { "overflow" }, "return " .. ("{"):rep(300) .. ("}"):rep(300) },
  { "too long", { "longer than 64 KiB" }, "return {" .. (" "):rep(70000) .. "}" },
  { "an unknown key", { "notfiy", "did you mean notify?" }, "return { notfiy = {} }" },
  { "an unknown channel", { "notify.slak", "did you mean slack?" }, notify "slak = {}" },
  { "an unknown field", { "notify.slack[2].urll", "did you mean url?" },
    notify('slack = { "' .. HOOK .. '", { urll = "' .. HOOK .. '" } }') },
  { "a secret as a key", { "a key that is no name" }, notify('slack = { url = "x", ["' .. HOOK .. '"] = true }') },
  { "a number as a channel", { "notify.slack[1]", "a string or a table is expected", "number" },
    notify "slack = { 7 }" },
  { "a function", { "notify.sns", "a string or a table is expected", "function" }, notify "sns = function() end" },
  { "a string as mail", { "notify.email", "a table is expected, not a string" }, notify "email = 'a@x.org'" },
  { "a flag that is none", { "notify.webhook.allow_private", "true or false is expected, not a string" },
    notify "webhook = { url = 'https://x.org', allow_private = 'yes' }" },
  { "a list with a hole", { "notify.email.to[1]", "a string is expected" },
    notify "email = { from = 'a@x.org', to = {1} }" },
  { "a list with a name", { "notify.slack", "without the key url" },
    notify("slack = { 'env:X', url = '" .. HOOK .. "' }") },
  { "no receiver", { "notify.email", "to is missing" }, notify "email = { from = 'a@x.org' }" },
  { "no sender", { "mail needs a sender" }, notify "email = { to = 'a@x.org' }" },
  { "no mail address", { "notify.email", "is no mail address" }, notify "email = { from = 'a@x.org', to = 'x' }" },
  { "two in one", { "is no mail address" }, notify "email = { from = 'a@x.org', to = 'a@x.org,b@x.org' }" },
  { "no event", { "notify.email.on", "did you mean success?" },
    notify "email = { from = 'a@x.org', to = 'a@x.org', on = 'succes' }" },
  { "no event at all", { "notify.on", "a string or a list of strings is expected" }, notify "on = 7" },
  { "a secret as an event", { "there is no event" },
    notify("slack = { url = '" .. HOOK .. "', on = '" .. HOOK .. "' }") },
  { "another host", { "notify.slack", "a host that is not Slack's" },
    notify("slack = 'https://x.org/" .. HUSH .. "'") },
  { "another port", { "a port other than 443" }, notify("slack = 'https://hooks.slack.com:80/" .. HUSH .. "'") },
  { "plain HTTP", { "not an https address" }, notify("webhook = 'http://x.org/" .. HUSH .. "'") },
  { "a user", { "not an https address" }, notify("webhook = 'https://me:" .. HUSH .. "@x.org/'") },
  { "no address", { "not an https address" }, notify("webhook = '" .. HUSH .. "'") },
  { "no variable", { "TEAM_SLACK is not set" }, notify "slack = 'env:TEAM_SLACK'" },
  { "no file", { "there is no file /nonexistent" }, notify "slack = '@/nonexistent'" },
  { "no topic", { "is no topic" }, notify "sns = 'arn:aws:sqs:eu-west-1:1:x'" },
}

for _, row in ipairs(MISTAKES) do
  tests["a mistake is named: " .. row[1]] = function() refused(row[2], row[3]) end
end

tests["a file that others may read holds no secret"] = function()
  refused({ "chmod 600" }, notify('slack = "' .. HOOK .. '"'), nil, nil, "640")
  refused({ "may be written by others" }, notify "", nil, nil, "602")
  assert(#read(notify 'sns = "arn:aws:sns:a-b-1:1:a"', nil, nil, "644").channels == 1)
  local plain, _ <close> = file_of(HOOK, "644")
  refused({ plain, "chmod 600" }, notify "", { slack = { "@" .. plain } })
end

tests["a string has its functions again"] = function()
  pcall(read, "return { notify = ('x'):rep(9) }")
  assert(("x"):rep(2) == "xx")
end

tests["a flag is no place for an address, nor is an empty one"] = function()
  refused({ "--slack", "give @FILE or env:NAME" }, notify "", { slack = { HOOK } })
  local empty, _ <close> = file_of("\n")
  refused({ "is empty" }, notify "", { webhook = { "@" .. empty } })
end

tests["a title has no address"] = function()
  local found = read(notify(('slack = "%s", webhook = "https://ops.example.com/%s"'):format(HOOK, HUSH))).channels
  assert(settings.title(found[1]) == "Slack alert 1")
  assert(settings.title(found[2]) == "webhook alert 1 (ops.example.com)")
end

return tests
