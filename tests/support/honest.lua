--- From here on every reply of every sandbox, whoever asks for it, is held against the service's model.
local sandbox = require "trapheus.sandbox"
local shapes = require "shapes"

local honest = { checked = {} } -- "service operation" -> how many replies

local MODELLED = { rds = true, sts = true, ses = true, sns = true }

local serve = sandbox.serve

function sandbox:serve(service, operation, params, ...)
  local result, err, arriving = serve(self, service, operation, params, ...)
  if result and MODELLED[service] then
    shapes.check_output(operation, result, service)
    local key = service .. " " .. operation
    honest.checked[key] = (honest.checked[key] or 0) + 1
  end
  return result, err, arriving
end

return honest
