local core = require "trapheus.core"
local tests = {}

function tests.hashes()
  assert(core.sha256 "" == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
end

function tests.makes_private_directories_and_describes_them()
  local path = os.tmpname()
  assert(core.system.stat(path).type == "file")
  local made, message = core.system.mkdir(path .. "/below")
  assert(made == nil and message:find(path, 1, true))
  os.remove(path)
  assert(core.system.mkdir(path) and core.system.mkdir(path))
  local info = core.system.stat(path)
  assert(info.type == "directory" and info.mode == tonumber("700", 8) and info.uid == core.system.geteuid())
  os.remove(path)
end

function tests.random_bytes_differ()
  assert(#core.random_bytes(16) == 16 and core.random_bytes(16) ~= core.random_bytes(16))
end

return tests
