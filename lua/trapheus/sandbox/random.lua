--- Seeded randomness of the sandbox: splitmix64, one stream per purpose.
---
--- A stream of its own for each purpose keeps a seed comparable: one more poll by the client draws
--- from "read", and does not make the rename take longer.

local random = {}
random.__index = random

local GOLDEN = 0x9E3779B97F4A7C15

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
  for i = 1, #purpose do state = mix(state ~ (purpose:byte(i) + GOLDEN)) end
  return setmetatable({ state = state }, random)
end

---@return number unit A number in [0, 1).
function random:unit()
  self.state = self.state + GOLDEN
  return (mix(self.state) >> 11) * 0x1p-53
end

---@param low integer
---@param high integer Inclusive.
---@return integer
function random:integer(low, high)
  return low + math.floor(self:unit() * (high - low + 1))
end

--- Draws from a knob's value: a number stands for itself, { low, high } for the interval.
---@param value number|number[]
---@return number
function random:draw(value)
  if type(value) == "number" then return value end
  return value[1] + self:unit() * (value[2] - value[1])
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
  local out = {}
  for i = 1, count do
    self.state = self.state + GOLDEN
    out[i] = mix(self.state) >> 56
  end
  return string.char(table.unpack(out))
end

return random
