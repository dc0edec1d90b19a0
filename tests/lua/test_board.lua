--- What is seen of a fleet: the table on a terminal, lines where there is none, and the end.
local board = require "trapheus.fleet.board"
local json = require "trapheus.json"
local screen = require "trapheus.screen"
local terminal = require "terminal"
local witness = require "witness"

local tests = {}

-- A file that keeps what is written to it.
local function sink()
  local file = { text = "" }
  function file:write(...) self.text = self.text .. table.concat { ... } end
  function file.flush() end
  return file
end

local function fleet(runs)
  return { name = "fleet-abcd2345", wave = 1, waves = 1, runs = runs }
end

-- A board on a terminal of that size, whose reader's time is `at.ms`.
local function watched(columns, height, more)
  local out, at = terminal.new(columns, height), { ms = 0 }
  local options = { out = out, result = sink(), width = function() return out.columns end,
    height = function() return out.height end, now = function() return at.ms end }
  for name, value in pairs(more or {}) do options[name] = value end
  return board.new(options), out, at
end

local function event(step, at, fields)
  local told = { event = "started", step = step, at = at, since = at }
  for name, value in pairs(fields or {}) do told[name] = value end
  return told
end

-- Puts an event into its row, as the driver does.
local function happen(shown, state, i, told)
  local run = state.runs[i]
  run.step, run.last_event = told.step, told
  shown:event(state, run.id, told)
end

local function many(count)
  local runs = {}
  for i = 1, count do runs[i] = { id = ("staging-orders-%03d"):format(i), status = "waiting" } end
  return fleet(runs)
end

local function running(id, more)
  local run = { id = id, status = "running", started_s = 1000, estimate_s = 3900, run_id = "abcd2345" }
  for name, value in pairs(more or {}) do run[name] = value end
  return run
end

-- The table -----------------------------------------------------------------------------------

tests["a table shows step, time, estimate and what was told last"] = function()
  local shown, out = watched(80, 24)
  local state = fleet { running "orders", { id = "users", status = "waiting" } }
  happen(shown, state, 1, event("rename", 1754, { event = "waiting", why = "the rename" }))
  local lines = out:lines()
  witness.equal(lines[1], "fleet-abcd2345: 1 running, 1 waiting")
  witness.equal(lines[2], "  DATABASE  STEP       ELAPSED   OF ABOUT  LAST EVENT")
  witness.equal(lines[3], "· orders    rename     12:34     1:05:00   waiting for the rename")
  witness.equal(lines[4], "  users                          waiting")
  witness.equal(#lines, 4)
end

tests["failures come first, with their reason in one line"] = function()
  local shown, out = watched(80, 24)
  local state = fleet { { id = "a", status = "succeeded", outcome = "restored", elapsed_s = 61 }, running "b",
    { id = "c", status = "rolled_back", outcome = "rolled_back", message = "it is\nbroken", elapsed_s = 5 },
    { id = "d", status = "failed", outcome = "refused", message = "d: stopped", elapsed_s = 0 } }
  state.wave, state.waves = 2, 3
  happen(shown, state, 2, event("lock", 1001))
  local lines = out:lines()
  witness.equal(lines[1], "fleet-abcd2345, wave 2/3: 1 failed, 1 rolled back, 1 running, 1 succeeded")
  for i, start in ipairs { "✗ d ", "✗ c ", "· b ", "✓ a " } do
    witness.equal(lines[2 + i]:sub(1, #start), start)
  end
  assert(lines[3]:find("d: stopped", 1, true) and lines[4]:find("it is broken", 1, true), lines[4])
  assert(lines[6]:find "1:01 .* restored$", lines[6])
end

tests["500 runs fit into 80 columns and 24 lines, and the others are counted"] = function()
  local shown, out, at = watched(80, 24)
  local state = many(500)
  for i = 1, 500 do
    at.ms = at.ms + 300
    state.runs[i] = running(state.runs[i].id)
    happen(shown, state, i, event("preflight", 1000 + i))
    if i % 3 == 0 then
      state.runs[i].status, state.runs[i].outcome = "succeeded", "restored"
    elseif i % 100 == 1 then
      state.runs[i].status, state.runs[i].outcome, state.runs[i].message = "failed", "failed", ("no "):rep(80)
    end
  end
  shown:finish(state)
  local lines = out:lines()
  witness.equal(#lines, 23)
  witness.equal(#out.scrolled, 0)
  assert(not out.wrapped and out.cursor and out.wraps, "the terminal is as it was")
  witness.equal(lines[1], "fleet-abcd2345: 4 failed, 330 running, 166 succeeded")
  assert(lines[3]:find "^✗ staging%-orders%-001 .* no no" and lines[3]:find "…$", lines[3])
  assert(lines[6]:find "^✗ " and lines[7]:find "^· ", lines[7])
  witness.equal(lines[23], "  and 314 running, 166 succeeded")
  for _, line in ipairs(lines) do assert(screen.width(line) <= 80, line) end
end

tests["nothing else on the terminal is touched"] = function()
  local shown, out, at = watched(80, 10)
  out:write("$ trapheus bulk\n")
  local state = many(3)
  for second = 1, 20 do
    at.ms = second * 1000
    happen(shown, state, 1, event("lock", second))
  end
  witness.equal(out:lines()[1], "$ trapheus bulk")
  witness.equal(#out:lines(), 6)
end

tests["it is drawn at a bounded rate, and in the end once more"] = function()
  local shown, out, at = watched(80, 24)
  local state = many(10)
  for ms = 0, 1999 do
    at.ms = ms
    state.runs[1].status = "running"
    happen(shown, state, 1, event("lock", ms))
  end
  witness.equal(out.writes, 8)
  state.runs[1].status = "succeeded"
  shown:finish(state)
  witness.equal(out.writes, 9)
  assert(out:lines()[1]:find "1 succeeded", out:lines()[1])
end

tests["time that passes is shown"] = function()
  local now_s = 1000
  local shown, out, at = watched(80, 24, { clock = function() return now_s end })
  local state = fleet { running "orders" }
  shown:tick(state)
  assert(out:lines()[3]:find " 0:00 ", out:lines()[3])
  now_s, at.ms = 1090, 100
  shown:tick(state)
  assert(out:lines()[3]:find " 0:00 ", "too early")
  at.ms = 250
  shown:tick(state)
  assert(out:lines()[3]:find " 1:30 ", out:lines()[3])
end

tests["each frame leaves the cursor and the wrapping as they were"] = function()
  local out = terminal.new(80, 24)
  local seen = 0
  local file = { write = function(_, text)
    out:write(text)
    seen = seen + 1
    assert(out.cursor and out.wraps)
    assert(text:find("\27[?25l", 1, true), "it is hidden while it is drawn")
  end, flush = function() end }
  local shown = board.new { out = file, result = sink(), width = function() return 80 end,
    height = function() return 24 end, now = function() return 0 end }
  shown:event(many(30), "staging-orders-001", event("lock", 1))
  shown:finish(many(30))
  witness.equal(seen, 2)
end

tests["a smaller terminal is filled as far as it goes"] = function()
  for _, size in ipairs { { 40, 5 }, { 20, 3 }, { 10, 2 }, { 200, 60 }, { 1, 1 } } do
    local shown, out = watched(size[1], size[2])
    local state = many(100)
    state.runs[7] = running("a-name-that-is-of-63-characters-as-long-as-a-name-can-be-at-all")
    happen(shown, state, 7, event("restore", 99, { event = "call", operation = "RestoreDBInstanceFromDBSnapshot",
      target = ("x"):rep(63) }))
    assert(not out.wrapped, "no line wraps")
    for _, line in ipairs(shown:lines(state, size[1], size[2])) do
      assert(screen.width(line) <= math.max(2, size[1]), ("%d: %s"):format(size[1], line))
    end
  end
end

tests["a terminal that changes its size is followed"] = function()
  local shown, out, at = watched(80, 24)
  local state = many(100)
  shown:tick(state)
  witness.equal(#out:lines(), 23)
  out.height, at.ms = 12, 300
  out.shown = table.move(out.shown, 13, 24, 1, {})
  out.row = 12
  shown:tick(state)
  witness.equal(#out:lines(), 11)
end

tests["long names are cut in the middle, and wide characters count twice"] = function()
  local shown = watched(80, 24)
  local state = fleet { running("the-orders-of-the-whole-company-eu-west-1-001"), running "数据库数据库数据库数据库数据库",
    running "b" }
  state.runs[3].last_event = event("x", 1, { event = "said", message = ("数据"):rep(30) })
  local lines = shown:lines(state, 80, 24)
  assert(lines[3]:find("the-orders-of…-eu-west-1-001", 1, true), lines[3])
  assert(lines[4]:find("· 数据库数据库…库数据库数据库 ", 1, true), lines[4])
  witness.equal(screen.width(lines[5]), 80)
end

tests["a control character in a message drives no terminal"] = function()
  local shown, out = watched(80, 24)
  local state = fleet { running "a" }
  happen(shown, state, 1, event("x", 1, { event = "said", message = "\27[2Jgone\rx" }))
  assert(out:lines()[3]:find("\\x1b[2Jgone\\x0dx", 1, true), out:lines()[3])
end

tests["colours are for those who want them"] = function()
  local state = fleet { { id = "a", status = "failed", message = "no" } }
  local shown, out = watched(80, 24)
  shown:finish(state)
  assert(not out.coloured)
  shown, out = watched(80, 24, { colour = true })
  shown:finish(state)
  assert(out.coloured and out:lines()[3]:find "^✗ a", out:lines()[3])
end

tests["warnings are counted"] = function()
  local shown, out = watched(80, 24)
  local state = fleet { running "a" }
  for i = 1, 7 do
    local message = ("a keeps the class db.r%d for good"):format(i)
    happen(shown, state, 1, event("x", i, { event = "warning", message = message }))
  end
  for letter in ("bcdefghijklm"):gmatch "." do
    happen(shown, state, 1, event("x", 9, { event = "warning", message = letter:rep(3) }))
  end
  shown:finish(state)
  witness.equal(out:lines()[1], "fleet-abcd2345: 1 running, 19 warnings")
  local text = shown.result.text
  assert(text:find("  warning      a and 6 more: a keeps the class db.r1 for good\n", 1, true), text)
  assert(text:find("  warning      a: jjj\n  warnings     3 others\n", 1, true), text)
end

-- Where nobody watches --------------------------------------------------------------------------

tests["a line an event, and one when it has ended"] = function()
  local out = sink()
  local shown = board.new { out = out, result = sink() }
  local state = fleet { running "orders" }
  happen(shown, state, 1, event("lock", 5, { identifier = "orders" }))
  happen(shown, state, 1, event("lock", 6, { event = "done", identifier = "orders" }))
  state.runs[1].status, state.runs[1].outcome, state.runs[1].message = "rolled_back", "rolled_back", "no luck"
  happen(shown, state, 1, event("lock", 7, { event = "stopped", identifier = "orders" }))
  witness.equal(out.text, "00:00:06 orders lock: done\n00:00:07 orders rolled back: no luck\n")
end

tests["events as JSON lines, then the document"] = function()
  local result = sink()
  local shown = board.new { out = sink(), result = result, output = "jsonl" }
  local state = fleet { running "orders", { id = "b", status = "skipped" } }
  happen(shown, state, 1, event("lock", 6, { event = "done", identifier = "orders" }))
  state.runs[1].status, state.runs[1].outcome, state.runs[1].elapsed_s = "succeeded", "restored", 60
  happen(shown, state, 1, event("finish", 66, { event = "stopped", identifier = "orders" }))
  state.exit_code = 8
  shown:finish(state)
  local told = {}
  for line in result.text:gmatch "[^\n]+" do told[#told + 1] = json.decode(line) end
  witness.equal(#told, 4)
  witness.equal(told[3].event .. told[3].identifier .. told[3].outcome, "endedordersrestored")
  local document = told[4]
  witness.equal(document.fleet .. document.outcome, "fleet-abcd2345partial")
  witness.equal(document.took_s, 60)
  witness.equal(json.encode(document.outcomes), '{"restored":1,"skipped":1}')
  witness.equal(json.encode(document.runs[2]), '{"elapsed_s":null,"identifier":"b","message":null,"next":null,'
    .. '"outcome":null,"run_id":null,"started_s":null,"status":"skipped","step":null}')
end

tests["who wants nothing but the result gets nothing else"] = function()
  local out, result = sink(), sink()
  local shown = board.new { out = out, result = result, quiet = true }
  local state = fleet { running "orders" }
  happen(shown, state, 1, event("lock", 6, { event = "done" }))
  shown:finish(state)
  witness.equal(out.text, "")
  assert(#result.text > 0)
end

-- The end ---------------------------------------------------------------------------------------

tests["the end says who did not end well and what to do, and what the exit code means"] = function()
  local result = sink()
  local shown = board.new { out = sink(), result = result }
  local runs = { { id = "a", status = "succeeded", outcome = "restored", run_id = "aaaaaaaa" },
    { id = "b", status = "parked", outcome = "parked", run_id = "bbbbbbbb", message = "another one has the name",
      next = "trapheus resume bbbbbbbb" },
    { id = "c", status = "failed", outcome = "refused", run_id = "cccccccc", message = "one\ntwo" } }
  for i = 1, 12 do runs[#runs + 1] = { id = "s" .. i, status = "skipped" } end
  local state = fleet(runs)
  state.exit_code, state.next_command = 8, "trapheus resume fleet-abcd2345"
  shown:event(state, "a", event("lock", 0))
  shown:event(state, "a", event("lock", 3900))
  shown.result.text = ""
  shown:finish(state)
  witness.equal(result.text, [[
parked:
  b (run bbbbbbbb)
    because  another one has the name
    next     trapheus resume bbbbbbbb
refused:
  c (run cccccccc)
    because  one
             two
    next     nothing was changed: mend the cause, then restore it again
skipped:
  s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, and 2 more
    next     not begun: restore it again, or go on with the fleet
fleet-abcd2345: 1 of 15 ended well in 1 h 5 min: 1 parked, 1 refused, 12 skipped, 1 restored
  next         trapheus resume fleet-abcd2345
  exit         8: some have not ended well
]])
end

return tests
