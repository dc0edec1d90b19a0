--- Seeded randomness of the sandbox: splitmix64, one stream per purpose.
---
--- A stream of its own for each purpose keeps a seed comparable: one more poll by the client draws
--- from "read", and does not make the rename take longer.

local random = {}
random.__index = random

local byte = string.byte

local GOLDEN = 0x9E3779B97F4A7C15

-- It is written out in what is called most.
local function mix(z)
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return z ~ (z >> 31)
end

---@param seed integer
---@param purpose string
---@return table stream
function random.new(seed, purpose)
  local state = mix(seed + GOLDEN)
  for i = 1, #purpose do
    local z = state ~ (byte(purpose, i) + GOLDEN)
    z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    state = z ~ (z >> 31)
  end
  return setmetatable({ state = state }, random)
end

---@return number unit A number in [0, 1).
function random:unit()
  local z = self.state + GOLDEN
  self.state = z
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return ((z ~ (z >> 31)) >> 11) * 0x1p-53
end

---@param low integer
---@param high integer Inclusive.
---@return integer
function random:integer(low, high)
  return low + math.floor(self:unit() * (high - low + 1))
end

---@param list any[]
---@return any
function random:pick(list)
  return list[self:integer(1, #list)]
end

---@param length integer
---@param alphabet string
---@return string
function random:text(length, alphabet)
  local out = {}
  for i = 1, length do
    local at = self:integer(1, #alphabet)
    out[i] = alphabet:sub(at, at)
  end
  return table.concat(out)
end

---@param count integer
---@return string
function random:bytes(count)
  local out, state = {}, self.state
  for i = 1, count do
    state = state + GOLDEN
    local z = (state ~ (state >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    out[i] = (z ~ (z >> 31)) >> 56
  end
  self.state = state
  return string.char(table.unpack(out))
end

--- What a client makes of the next six bytes: a number in [0, 1).
---@return number
function random:of_bytes()
  local bits, state = 0, self.state
  for shift = 0, 40, 8 do
    state = state + GOLDEN
    local z = (state ~ (state >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    bits = bits | (z ~ (z >> 31)) >> 56 << shift
  end
  self.state = state
  return bits / (1 << 48)
end

return random
