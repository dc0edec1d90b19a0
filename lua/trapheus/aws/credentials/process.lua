--- credential_process: a program that prints credentials. It is run as it stands, by no shell; what it prints is never
--- shown, on either stream.
local shared_files = require "trapheus.aws.shared_files"
local shlex = require "trapheus.aws.shlex"
local source = require "trapheus.aws.credentials.source"
local tasks = require "trapheus.tasks"

local TIMEOUT_MS, MAX_BYTES = 60000, 64 << 10

--- Whoever may write the file may have any program run.
local function check_file(config)
  for _, path in ipairs { config.config_file, config.credentials_file } do
    local phrase, _, foreign = shared_files.doubt(path)
    if foreign then
      source.fail("UnsafeFile", "%s %s: no credential_process is run that it may name", path, phrase)
    end
  end
end

local function run(argv, place, timeout_ms)
  local op <close>, refusal = tasks.loop():process { argv = argv, timeout_ms = timeout_ms, max_bytes = MAX_BYTES }
  if not op then source.fail("CredentialsError", "%s cannot be run: %s", place, refusal.message) end
  local result, err = tasks.await(op)
  if not result then
    local why = ({
      ETIMEDOUT = ("has not ended after %d s, and was stopped"):format(timeout_ms // 1000),
      ETOOBIG = ("printed more than %d KiB, and was stopped"):format(MAX_BYTES >> 10),
    })[err.code] or err.message
    source.fail("CredentialsError", "%s %s", place, why)
  end
  if result.code ~= 0 then
    source.fail("CredentialsError", "%s ended with code %d; what it said is not shown, as secrets may be in it: run it "
      .. "by hand to see", place, result.code)
  end
  return result.output
end

local function fetch(config, argv, place)
  check_file(config)
  local document = source.decode(run(argv, place, config.process_timeout_ms or TIMEOUT_MS))
  if not document then source.fail("CredentialsError", "%s printed no JSON object", place) end
  if document.Version ~= 1 then source.fail("CredentialsError", "%s printed no Version 1", place) end
  return source.credentials(document, place)
end

--- Only credentials that end are asked for again.
---@param config trapheus.Config
---@param name string  Of the profile.
---@return trapheus.aws.Source?
return function(config, name)
  local profile = config.files.profiles[name]
  local command = profile and profile.settings.credential_process
  if not command then return nil end
  local place = ("credential_process of profile %s"):format(name)
  local argv, why = shlex.split(command)
  if not argv or not argv[1] then source.fail("InvalidConfig", "%s: %s", place, why or "it is empty") end
  return {
    method = "custom-process", place = place, renewable = true,
    fetch = function() return fetch(config, argv, place) end,
  }
end
