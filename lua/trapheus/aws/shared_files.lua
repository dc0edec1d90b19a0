--- AWS's shared files, ~/.aws/config and ~/.aws/credentials: profiles, SSO sessions, endpoints of services.
---
--- Keys go at once into core.credentials, which do not show them; no other secret stands in these files.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local ini = require "trapheus.aws.ini"
local shlex = require "trapheus.aws.shlex"

local shared_files = {}

---@class trapheus.aws.Keys      What stands in one section of one file.
---@field credentials userdata?  core.credentials, if they can be used.
---@field missing string?        The setting without which they are none.

---@class trapheus.aws.Profile
---@field settings table                  Of both files, without keys; the credentials file counts more.
---@field shared trapheus.aws.Keys?       In the credentials file.
---@field config trapheus.aws.Keys?       In the config file.

---@class trapheus.aws.SharedFiles
---@field profiles table<string, trapheus.aws.Profile>
---@field sso_sessions table<string, table>
---@field services table<string, table>

local function parse(path, text)
  local ok, sections = pcall(ini.parse, text)
  if ok then return sections end
  error(errors.new { code = "ConfigParseError", message = ("%s: %s"):format(path, sections) }, 0)
end

--- Takes the keys out of a section.
local function take_keys(section)
  local id, secret = section.aws_access_key_id, section.aws_secret_access_key
  local token = section.aws_security_token or section.aws_session_token
  section.aws_secret_access_key, section.aws_session_token, section.aws_security_token = nil, nil, nil
  if not id then return secret and { missing = "aws_access_key_id", silent = true } or nil end
  if not secret then return { missing = "aws_secret_access_key" } end
  local ok, made = pcall(core.credentials, { access_key_id = id, secret_access_key = secret, session_token = token })
  return ok and { credentials = made } or { missing = "key without blanks" }
end

--- "profile orders" -> "profile", "orders"; nil for what is no title of two words.
local function title_of(title)
  local words = shlex.split(title)
  if words and #words == 2 then return words[1], words[2] end
end

local KINDS = { profile = "profiles", ["sso-session"] = "sso_sessions", services = "services" }

local function profile_named(files, name)
  files.profiles[name] = files.profiles[name] or { settings = {} }
  return files.profiles[name]
end

local function add_config(files, sections)
  for title, section in pairs(sections) do
    local kind, name = title_of(title)
    if title == "default" and not sections["profile default"] then kind, name = "profile", "default" end
    if kind == "profile" then
      local profile = profile_named(files, name)
      profile.config = take_keys(section)
      profile.settings = section
    elseif KINDS[kind] then
      files[KINDS[kind]][name] = section
    end
  end
end

local function add_credentials(files, sections)
  for name, section in pairs(sections) do
    local profile = profile_named(files, name)
    profile.shared = take_keys(section)
    for setting, value in pairs(section) do profile.settings[setting] = value end
  end
end

--- Reads both; a file that is not there is an empty one. Raises ConfigParseError.
---@param config_file string
---@param credentials_file string
---@param read fun(path: string): string?
---@return trapheus.aws.SharedFiles
function shared_files.read(config_file, credentials_file, read)
  local files = { profiles = {}, sso_sessions = {}, services = {} }
  add_config(files, parse(config_file, read(config_file) or ""))
  add_credentials(files, parse(credentials_file, read(credentials_file) or ""))
  return files
end

-- Who may write them -----------------------------------------------------------------------------

local OTHERS_WRITE, GROUP_WRITES = tonumber("002", 8), tonumber("020", 8)

--- What is doubtful about who may write a file: nil, or a phrase; whether anybody may; whether it is somebody else's.
---@param path string
---@return string? phrase
---@return boolean? anybody
---@return boolean? foreign
function shared_files.doubt(path)
  local info = core.system.stat(path)
  if not info then return nil end
  if info.mode & OTHERS_WRITE ~= 0 then return "may be written by anybody: chmod o-w " .. path, true end
  if info.uid ~= core.system.geteuid() and info.uid ~= 0 then
    return "belongs to another user", false, true
  end
  if info.mode & GROUP_WRITES ~= 0 then return "may be written by its group: chmod g-w " .. path end
end

return shared_files
