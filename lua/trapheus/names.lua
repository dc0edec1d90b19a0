--- Names: RDS's grammar, and what this program derives from an identifier.
local names = {}

local MAX = 63 -- of an instance, a cluster, a cluster snapshot

--- Is this an identifier that RDS takes: letters, digits and hyphens, a letter first, no hyphen last or doubled?
---@param text string
---@return boolean ok
---@return string? why
function names.valid(text, max)
  max = max or MAX
  if #text == 0 then return false, "it is empty" end
  if #text > max then return false, ("it has %d characters, at most %d are allowed"):format(#text, max) end
  if text:find "[^%w-]" then return false, "only letters, digits and hyphens are allowed" end
  if not text:find "^%a" then return false, "the first character must be a letter" end
  if text:find "%-$" or text:find("--", 1, true) then return false, "no hyphen may be last or doubled" end
  return true
end

--- A name in its name space: a cluster and an instance of one name are two holders.
---@param kind string  "instance", "cluster", "snapshot", "cluster-snapshot", "export"
---@param name string
---@return string      "cluster orders"
function names.held(kind, name) return kind .. " " .. name end

--- The name the original is moved to.
function names.aside(identifier) return identifier .. "-temp" end

--- The name that one was moved from, if it is such a name.
function names.home(aside) return aside:match "^(.+)%-temp$" end

--- The snapshot that is made, replaced, or restored from, unless the user names another.
function names.snapshot(identifier) return identifier .. "-snapshot" end

--- The snapshot that covers for the old one while it is replaced.
function names.interim(identifier, run_id) return ("%s-s-%s"):format(identifier, run_id) end

--- The snapshot that is made when another one has failed.
function names.again(identifier, run_id) return ("%s-r-%s"):format(identifier, run_id) end

function names.final(identifier, run_id) return ("%s-final-%s"):format(identifier, run_id) end

local MAX_EXPORT = 60 -- of an export task

--- The export task of a run, which its files in the bucket are called after: as much of the identifier as there is room
--- for, and the run.
---@param identifier string
---@param run_id string
---@return string
function names.export(identifier, run_id)
  local room = MAX_EXPORT - #run_id - 1
  return ("%s-%s"):format(identifier:sub(1, room):match "^(.-)%-*$", run_id)
end

---@class trapheus.DerivedName
---@field what string   "the identifier"
---@field name string
---@field max integer?  default: that of an instance

--- Checks names against their limits.
---@param derived trapheus.DerivedName[]
---@return string? problem  "the name it is moved to, mydb…-temp, is too long: …"
function names.problem(derived)
  for _, row in ipairs(derived) do
    local ok, why = names.valid(row.name, row.max)
    if not ok then return ("%s '%s' is not possible: %s"):format(row.what, row.name, why) end
  end
end

--- What is derived of an identifier whatever it stands for.
---@param identifier string
---@return trapheus.DerivedName[]
function names.derived(identifier)
  return {
    { what = "the identifier", name = identifier },
    { what = "the name the original is moved to,", name = names.aside(identifier) },
  }
end

local ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

--- Eight lower-case base32 characters from five random bytes.
---@param bytes string
---@return string
function names.run_id(bytes)
  local number, text = 0, {}
  for i = 1, 5 do number = number << 8 | bytes:byte(i) end
  for i = 8, 1, -1 do
    text[i] = ALPHABET:sub((number & 31) + 1, (number & 31) + 1)
    number = number >> 5
  end
  return table.concat(text)
end

return names
