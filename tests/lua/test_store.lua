local core = require "trapheus.core"
local tests = {}

local function with_directory(body)
  local directory = os.tmpname()
  os.remove(directory)
  local ok, err = pcall(body, directory)
  for _, ending in ipairs { "", "-wal", "-shm" } do os.remove(directory .. "/journal.db" .. ending) end
  os.remove(directory)
  if not ok then error(err, 0) end
end

function tests.keeps_documents_and_records()
  with_directory(function(directory)
    do
      local store <close> = assert(core.store.open(directory))
      assert(store:load "r1" == nil)
      assert(store:save("r1", "intent", "{}", '{"a":1}', 100))
      assert(store:save("r1", "outcome", '{"b":2}', "{}", 200))
      assert(store:save("r2", "step", "with a\0byte", "{}", 300))
    end
    local store <close> = assert(core.store.open(directory))
    assert(store:load "r1" == '{"b":2}' and store:load "r2" == "with a\0byte")
    local runs, records = store:list(), store:records "r1"
    assert(#runs == 2 and runs[1].run_id == "r2" and runs[2].document == '{"b":2}')
    assert(runs[2].created_ms == 100 and runs[2].updated_ms == 200)
    assert(#records == 2 and records[1].seq == 1 and records[1].kind == "intent")
    assert(records[1].record == '{"a":1}' and records[2].time_ms == 200)
    assert(#store:records "nobody" == 0 and store:check())
  end)
end

function tests.locks_name_their_holder()
  with_directory(function(directory)
    local store <close> = assert(core.store.open(directory))
    local pid = core.system.getpid()
    local mine = { run_id = "r1", host = "h", boot_id = "b", pid = pid }
    assert(store:lock("db", mine, 0, 1000) == true)
    local ok, holder = store:lock("db", { run_id = "r2", host = "other", boot_id = "c", pid = 1 }, 1, 2)
    assert(ok == false and holder.run_id == "r1" and holder.host == "h" and holder.pid == pid)
    assert(holder.boot_id == "b" and holder.expires_ms == 1000)
    local asked, told = store:holder("db", { run_id = "", host = "other", boot_id = "c", pid = 1 }, 999)
    assert(asked == false and told.run_id == "r1" and told.pid == pid)
    assert(store:holder("db", { run_id = "", host = "other", boot_id = "c", pid = 1 }, 1000) == true, "it has expired")
    assert(store:holder("db", { run_id = "", host = "h", boot_id = "c", pid = 1 }, 1) == true, "it was rebooted")
    assert(store:holder("other", mine, 1) == true, "nobody has it")
    assert(store:unlock("db", "r1"))
    assert(store:lock("db", { run_id = "r2", host = "other", boot_id = "c", pid = 1 }, 1, 2) == true)
    assert(not pcall(store.lock, store, "db", { run_id = "r2" }, 1, 2))
  end)
end

function tests.failures_name_the_file()
  local store, err = core.store.open "/nowhere/at/all"
  assert(store == nil and err.code == "ESTORE" and err.message:find("/nowhere/at/all", 1, true))
end

function tests.a_closed_store_says_so()
  with_directory(function(directory)
    local store = assert(core.store.open(directory))
    store:close()
    store:close()
    local ok, message = pcall(store.list, store)
    assert(not ok and message:find("the store is closed", 1, true))
  end)
end

return tests
