--- Waits for the quiet hours before the database is moved aside: everything up to the snapshot is done at once, the
--- outage is at night. Nothing is changed while it waits, and the lease is kept.
local trapheus = require "trapheus"

local FROM, TO = 2, 4 -- hours, UTC

local function hour(run) return math.floor(run:now_s()) // 3600 % 24 end

---@type trapheus.Hooks
return {
  before = {
    rename = {
      timeout_s = 24 * 3600,
      run = function(run)
        local told = false
        while hour(run) < FROM or hour(run) >= TO do
          if not told then print(("waiting until %02d:00 UTC"):format(FROM)) end
          told = true
          trapheus.sleep(300)
        end
      end,
    },
  },
}
