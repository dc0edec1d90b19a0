--- A step without which the others would act on what nobody has made sure of can be replaced, not removed.
local path = require "trapheus.path"
local tests = {}

for _, name in ipairs { "preflight", "lock", "rename", "restore", "verify" } do
  tests[name] = function()
    local pipeline = path.script "scripts/restore.lua" ()
    local ok, err = pcall(pipeline.remove, pipeline, name)
    assert(not ok and err:find "replaced, not removed", tostring(err))
  end
end

return tests
