--- Credentials resolved from files and variables of the test's own, over services that answer at once.
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local errors = require "trapheus.errors"
local tasks = require "trapheus.tasks"

local sources = {}

-- A loop whose services answer what a function says ---------------------------------------------

local function ended(result, err)
  return setmetatable({ done = function() return true end, result = function() return result, err end },
    { __close = function() end })
end

--- `answer(kind, request)` gives a reply, or nil and a failure; every request is kept.
function sources.world(answer)
  local loop = { asked = {} }
  for _, kind in ipairs { "http", "aws", "process", "timer" } do
    loop[kind] = function(_, request)
      if kind == "timer" then return ended(true) end
      loop.asked[#loop.asked + 1] = { kind = kind, request = request }
      return ended(answer(kind, request))
    end
  end
  function loop:now_ms() return 0 end
  return loop
end

function sources.load(files, variables, options)
  options = options or {}
  options.getenv = function(name) return variables[name] or name == "HOME" and "/home/me" or nil end
  options.read_file = function(path) return files[path] end
  return config.load(options)
end

--- What is resolved from these files and variables; the requests that were made.
local function resolve(setup)
  local loop = sources.world(setup.answer or function() return nil, { code = "ECONNECT", message = "nobody there" } end)
  local previous = tasks.use(loop)
  local variables = setup.variables or {}
  variables.AWS_REGION = variables.AWS_REGION or "eu-west-1"
  if setup.imds == nil then variables.AWS_EC2_METADATA_DISABLED = "true" end
  local ok, result = pcall(function()
    local files = setup.files or {}
    files["/home/me/.aws/config"] = setup.config
    return credentials.resolve(sources.load(files, variables, { profile = setup.profile }))
  end)
  tasks.use(previous)
  return ok, result, loop.asked, loop
end

--- They are found: this key, by this method. The requests that were made, and the identity.
function sources.finds(setup, key_id, method)
  local ok, found, asked = resolve(setup)
  assert(ok, tostring(found))
  assert(found:current().access_key_id == key_id, found:current().access_key_id)
  assert(found.method == method, found.method)
  return asked, found
end

--- They are refused, with this code and these words, and no secret among them.
function sources.refuses(setup, code, ...)
  local ok, err, asked = resolve(setup)
  assert(not ok, "it was taken")
  assert(errors.is(err, code), tostring(err))
  for _, part in ipairs { ... } do assert(tostring(err):find(part, 1, true), tostring(err)) end
  assert(not tostring(err):find "HUSH", tostring(err))
  return asked
end

--- What STS answers.
function sources.role_reply(operation, id)
  return { status = 200, attempts = 1, headers = {}, body = ("<%sResponse><%sResult><Credentials><AccessKeyId>%s"
    .. "</AccessKeyId><SecretAccessKey>HUSH</SecretAccessKey><SessionToken>HUSHT</SessionToken>"
    .. "<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></%sResult></%sResponse>"):format(
    operation, operation, id, operation, operation) }
end

function sources.form_of(request)
  local form = {}
  for _, pair in ipairs(core.form.decode(request.body)) do form[pair[1]] = pair[2] end
  return form
end

return sources
