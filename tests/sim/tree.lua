--- Cases that differ only in what strikes them, as one play that branches.
---
--- Until something strikes, every case of a base is the play of that base: half of its work, on average, was done for
--- each of them anew. So the base is played once, and at each site the process forks for each case that is struck
--- there; the child lets it strike, plays on to the end, and hands back its figures. Where several things strike a
--- case, its process forks again at the next of them. One process works at a time.
local branch = require "branch"
local case = require "case"
local figures = require "figures"
local json = require "trapheus.json"
local play = require "play"
local strikes = require "strikes"
local transcript = require "transcript"

---@class trapheus.sim.Tree       What the cases of a base that begin alike have in common.
---@field base trapheus.sim.Case?
---@field strike trapheus.sim.Strike?  what has struck last
---@field at table<string, trapheus.sim.Tree[]>  what may come next, by its site
---@field cases integer           that end here: nothing more strikes them
local tree = {}

local function node(strike) return { strike = strike, at = {}, cases = 0 } end

---@param base trapheus.sim.Case
---@return trapheus.sim.Tree
function tree.new(base)
  assert(not base.calm, "the faults of a calm case begin later")
  local made = node(nil)
  made.base = base
  return made
end

-- The branch that begins with this very strike.
local function follow(from, strike)
  local site = strikes.site(strike)
  local list = from.at[site] or {}
  from.at[site] = list
  for _, branching in ipairs(list) do
    if branching.strike == strike then return branching end
  end
  list[#list + 1] = node(strike)
  return list[#list]
end

--- Adds a case: its strikes in the order of their sites. What cases have in common is the same table.
---@param to trapheus.sim.Tree
---@param list trapheus.sim.Strike[]
function tree.add(to, list)
  for _, strike in ipairs(list) do to = follow(to, strike) end
  to.cases = to.cases + 1
end

-- Playing -------------------------------------------------------------------------------------

---@class trapheus.sim.Branch     How one process gets on.
---@field node trapheus.sim.Tree
---@field figures trapheus.sim.Figures
---@field broken string?          why nothing that is said here counts
---@field forked boolean?
---@field forks integer           so far, from the root to here

local function hear(going, said, status)
  local part = status == 0 and json.decode(said)
  if not part then
    going.broken = going.broken or ("a branch ended with status %d"):format(status)
  elseif part.broken then
    going.broken = going.broken or part.broken
  else
    figures.add(going.figures, part)
  end
end

local function strike(playing, what)
  strikes.add(playing.case, what)
  if what.crash then return end
  local faults = playing.sandbox.faults
  playing.sandbox:inject { what.fault }
  table.insert(faults, 1, table.remove(faults))
end

local function become(going, playing, next_node)
  going.node, going.figures, going.forked, going.broken = next_node, figures.new(), true, nil
  if not next(next_node.at) then playing.visit = nil end
  strike(playing, next_node.strike)
end

-- Plays all that is struck here; the child goes on as one of them.
local function visit(going, playing, site)
  local list = going.node.at[site]
  if not list then return end
  going.node.at[site] = nil
  for _, next_node in ipairs(list) do
    going.forks = going.forks + 1
    local forked, said, status = branch.fork()
    if forked then return become(going, playing, next_node) end
    hear(going, said, status)
  end
end

-- The cases whose next strike has not come, by what would have struck: so they went as if nothing were to come.
local function unstruck(from, coming, found)
  for _ = 1, from.cases do found[#found + 1] = coming end
  for _, list in pairs(from.at) do
    for _, branching in ipairs(list) do
      local more = table.move(coming, 1, #coming, 1, {})
      more[#more + 1] = branching.strike
      unstruck(branching, more, found)
    end
  end
  return found
end

local function compare(played, coming)
  local made = strikes.on(played.case, coming)
  local difference = transcript.difference(transcript.of(played), transcript.of(play(made)))
  if difference then
    error(("it goes otherwise when it is played alone: %s\n%s"):format(case.command(made), difference), 0)
  end
end

local function grow(going, base, alone)
  local played = play(base, function(playing, site) visit(going, playing, site) end)
  local found = unstruck(going.node, {}, {})
  for _ = 1, #found do figures.note(going.figures, played) end
  if not going.forked then
    assert(#found == 0, "what strikes first does so in every play of its base")
  elseif #found > 0 and going.forks % alone == 0 then
    compare(played, found[#found])
    going.figures.compared = (going.figures.compared or 0) + 1
  end
end

--- Plays all cases, in processes of their own.
---@param root trapheus.sim.Tree  It is used up.
---@param alone? integer  Every so manieth branch is also played as a case of its own, and must go the same.
---@return trapheus.sim.Figures
function tree.play(root, alone)
  local going = { node = root, figures = figures.new(), forks = 0 }
  local ok, err = xpcall(grow, debug.traceback, going, root.base, alone or math.huge)
  if not ok then going.broken = going.broken or err end
  if going.forked then branch.leave(json.encode(going.broken and { broken = going.broken } or going.figures)) end
  if going.broken then error(going.broken, 0) end
  return going.figures
end

return tree
