--- How much processor time one call takes.

--- Calls for a fifth of a second, in batches that double; the mean of the last one, which is half of all.
---@param call fun()
---@return number seconds
return function(call)
  local count = 1
  while true do
    local began_s = os.clock()
    for _ = 1, count do call() end
    local took_s = os.clock() - began_s
    if took_s > 0.1 then return took_s / count end
    count = count * 2
  end
end
