--- Keys that stand in a profile of the shared files.
local source = require "trapheus.aws.credentials.source"

local FILES = { shared = "credentials_file", config = "config_file" }

--- What stands there now: tools write new keys into the files while a run is under way.
local function read_again(config, name, file)
  local ok, again = pcall(require("trapheus.aws.config").load, config.options)
  local profile = ok and again.files.profiles[name]
  local keys = profile and profile[file]
  return keys and keys.credentials
end

--- The keys of a profile in one of the two files.
---@param config trapheus.Config
---@param name string              Of the profile.
---@param file "shared"|"config"
---@return trapheus.aws.Source?
return function(config, name, file)
  local profile = config.files.profiles[name]
  local keys = profile and profile[file]
  if not keys or keys.silent then return nil end
  local path = config[FILES[file]]
  if keys.missing then source.fail("NoCredentials", "profile %s in %s has no %s", name, path, keys.missing) end
  local found = source.fixed(file == "shared" and "shared-credentials-file" or "config-file",
    ("profile %s in %s"):format(name, path), keys.credentials)
  found.again = function() return read_again(config, name, file) end
  return found
end
