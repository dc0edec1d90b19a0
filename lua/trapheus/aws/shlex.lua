--- Splits a command as a shell would, without running one: blanks between words, quotes, backslashes; nothing else.
---
---     shlex.split [[helper --name "my key" it\'s]]   --> { "helper", "--name", "my key", "it's" }
local shlex = {}

--- The word that begins at `at`, and where it ends.
local function read_word(text, at)
  local pieces = {}
  while at <= #text do
    local plain = text:match("^[^%s'\"\\]+", at)
    local raw = text:match("^'([^']*)'", at)
    local quoted = text:match('^"()', at)
    if plain then
      pieces[#pieces + 1], at = plain, at + #plain
    elseif raw then
      pieces[#pieces + 1], at = raw, at + #raw + 2
    elseif quoted then
      local stop = quoted
      while text:find('^[^"]', stop) do stop = stop + (text:find("^\\.", stop) and 2 or 1) end
      if not text:find('^"', stop) then return nil, "a quote is not closed" end
      pieces[#pieces + 1], at = text:sub(quoted, stop - 1):gsub('\\(["\\])', "%1"), stop + 1
    elseif text:find("^\\.", at) then
      pieces[#pieces + 1], at = text:sub(at + 1, at + 1), at + 2
    elseif text:find("^%s", at) then
      break
    else
      return nil, text:find("^\\", at) and "nothing follows a backslash" or "a quote is not closed"
    end
  end
  return table.concat(pieces), at
end

--- The words of a command, or nil and what is wrong with it.
---@param text string
---@return string[]? words
---@return string? err
function shlex.split(text)
  local words, at = {}, text:find "%S"
  while at do
    local word, stop = read_word(text, at)
    if not word then return nil, stop --[[@as string]] end
    words[#words + 1] = word
    at = text:find("%S", stop --[[@as integer]])
  end
  return words
end

return shlex
