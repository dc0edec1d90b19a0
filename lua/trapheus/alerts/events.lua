--- What there is to tell of a run, and who is told of what.
local nearest = require "trapheus.nearest"
local options = require "trapheus.options"
local sorted = require "trapheus.sorted"
local usage = require "trapheus.usage"

local events = {}

events.NAMES = { start = true, success = true, failure = true, rolled_back = true, parked = true, interrupted = true }

--- What is told where nobody says anything else.
events.DEFAULT = { failure = true, rolled_back = true, parked = true }

events.KINDS = { email = true, slack = true, sns = true, webhook = true }

local OF_OUTCOME = { restored = "success", snapshotted = "success", refused = "failure", failed = "failure",
  rolled_back = "rolled_back", parked = "parked", interrupted = "interrupted" }

--- The event of a run's end; nil: nobody is told of it.
---@param record table
---@return string?
function events.of(record) return OF_OUTCOME[record.outcome] end

local function unknown(where, what, word, known)
  local shown = #word <= 40 and word:find "^[%w_.:-]+$" and ("'%s' "):format(word) or "" -- not a misplaced secret
  local near = nearest(word, known)
  usage.fail("%s: there is no %s %s%s; known are %s", where, what, shown,
    near and ("(did you mean %s?)"):format(near) or "", table.concat(sorted.keys(known), ", "))
end

local KNOWN = { all = true }
for name in pairs(events.NAMES) do KNOWN[name] = true end

--- Words as a set: { "start", "parked" }; "all" is all of them.
---@param where string  For the message.
---@param words string[]
---@return table<string, true>
function events.set(where, words)
  local set = {}
  for _, word in ipairs(words) do
    if not KNOWN[word] then unknown(where, "event", word, KNOWN) end
    for _, name in ipairs(word == "all" and sorted.keys(events.NAMES) or { word }) do set[name] = true end
  end
  return set
end

--- Of --notify-on and its variable: a set for everybody (under "all"), and sets of some kinds of channel.
---@param where string
---@param list string[]?  "failure,parked", "slack:start"
---@return table<string, table<string, true>>
function events.chosen(where, list)
  local words = {}
  for _, word in ipairs(options.split(list)) do
    local kind, event = word:match "^([^:]*):(.*)$"
    if kind and not events.KINDS[kind] then unknown(where, "channel", kind, events.KINDS) end
    kind = kind or "all"
    words[kind] = words[kind] or {}
    table.insert(words[kind], event or word)
  end
  for kind, of_kind in pairs(words) do words[kind] = events.set(where, of_kind) end
  return words
end

return events
