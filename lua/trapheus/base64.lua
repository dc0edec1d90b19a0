--- Base64 (RFC 4648, with padding), for the blobs of the query protocol.
local base64 = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local DIGITS, VALUES = {}, {}
for i = 1, 64 do
  DIGITS[i - 1] = ALPHABET:sub(i, i)
  VALUES[ALPHABET:sub(i, i)] = i - 1
end

local function encode_group(group)
  local bits = string.unpack(">I3", group .. ("\0"):rep(3 - #group))
  local text = ""
  for shift = 18, 0, -6 do text = text .. DIGITS[bits >> shift & 63] end
  return text:sub(1, #group + 1) .. ("="):rep(3 - #group)
end

---@param bytes string
---@return string
function base64.encode(bytes)
  return (bytes:gsub("..?.?", encode_group))
end

local function decode_group(group)
  local bits, digits = 0, #group:match "^[^=]*"
  for digit in group:gsub("=", "A"):gmatch "." do bits = bits << 6 | VALUES[digit] end
  return string.pack(">I3", bits):sub(1, digits - 1)
end

--- The bytes, or nil when the text is no base64. White space is skipped.
---@param text string
---@return string?
function base64.decode(text)
  text = text:gsub("%s", "")
  if #text % 4 ~= 0 or not text:find "^[%w+/]*=?=?$" then return nil end
  return (text:gsub("....", decode_group))
end

return base64
