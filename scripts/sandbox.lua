--- An RDS of one's own, over HTTP: for boto3, the AWS CLI and this program to be tried on.
---
---   trapheus sandbox --listen 127.0.0.1:8080 --database mydb
---   AWS_ACCESS_KEY_ID=AKIDSANDBOX AWS_SECRET_ACCESS_KEY=sandbox-secret AWS_REGION=us-east-1 \
---     aws rds describe-db-instances --endpoint-url http://127.0.0.1:8080
local core = require "trapheus.core"
local delivery = require "trapheus.sandbox.delivery"
local fault_kinds = require "trapheus.sandbox.fault_kinds"
local described = require "trapheus.sandbox.described"
local knobs = require "trapheus.sandbox.knobs"
local log = require "trapheus.log"
local options = require "trapheus.options"
local report = require "trapheus.report"
local sandbox = require "trapheus.sandbox"
local sandbox_options = require "trapheus.sandbox_options"
local sorted = require "trapheus.sorted"
local scenario = require "trapheus.sandbox.scenario"
local stage = require "trapheus.sandbox.stage"
local summary = require "trapheus.summary"
local usage = require "trapheus.usage"
local wire = require "trapheus.sandbox.wire"

-- What was asked for ----------------------------------------------------------------------

local FAST = 60 -- times as fast as real time: clients of the outside take theirs

local function address_of(text)
  local address, port = text:match "^%[?([%x:.]+)%]?:(%d+)$"
  if not address then usage.fail("--listen '%s': ADDRESS:PORT is expected", text) end
  return address, math.tointeger(tonumber(port))
end

local function value_text(value)
  return type(value) == "table" and ("%g..%g"):format(value[1], value[2]) or ("%g"):format(value)
end

local function print_knobs()
  local format = "%-31s %-9s %-9s %-10s %-12s %-8s %s"
  print(format:format("KNOB", "UNIT", "QUICK", "TYPICAL", "ADVERSARIAL", "FACT", "WHAT IT STANDS FOR"))
  for _, knob in ipairs(knobs.register) do
    print(format:format(knob.name, knob.unit, value_text(knob.quick), value_text(knob.typical),
      value_text(knob.adversarial), knob.fact, knob.about))
  end
  return 0
end

local function print_kinds(title, kinds)
  print(title .. "\n")
  for _, name in ipairs(sorted.keys(kinds)) do
    local form, open = name, 0
    for _, parameter in ipairs(kinds[name].parameters) do
      local shown = parameter.choices and table.concat(parameter.choices, "|") or parameter.name:upper()
      form = form .. (parameter.optional and "[:" or ":") .. shown
      open = open + (parameter.optional and 1 or 0)
    end
    print(("  %-36s %s"):format(form .. ("]"):rep(open), kinds[name].about))
    if kinds[name].of then print(("  %-36s only of %s"):format("", table.concat(kinds[name].of, ", "))) end
  end
end

local function print_faults()
  print_kinds("What a call meets: OPERATION:OCCURRENCE:KIND; any operation is *, and an occurrence is a number, "
    .. "'every' or a chance such as 5%", fault_kinds.of_calls)
  print_kinds("\nWhat happens at a time: TIME:ACTION, and a time is such as 90s, 45m or 2h", fault_kinds.at_times)
  return 0
end

local function print_scenarios()
  local format = "%-24s %-12s %s"
  print(format:format("SCENARIO", "ENDS AS", "WHAT IT SHOWS"))
  for _, name in ipairs(scenario.names()) do
    local each = scenario.load(name)
    print(format:format(name, each.expected, each.title))
  end
  return 0
end

-- Serving ---------------------------------------------------------------------------------

-- What the scenario and the description say; flags come first.
local function stage_of(given)
  if given.from_describe and given.region then usage.fail "--from-describe and --region exclude each other" end
  if given.id and not given.scenario then usage.fail "--id is the database of a scenario: --scenario is missing" end
  local spec = { id = given.id or "mydb", scenario = given.scenario and scenario.load(given.scenario, given.id),
    described = given.from_describe and described.read(given.from_describe) }
  if not spec.scenario and not spec.described then return nil, {} end
  if not given.quiet then
    function spec.tell(message) io.stderr:write(log.clean("  " .. message), "\n") end
  end
  return spec, stage.options(spec)
end

local function add(flag, text, ...)
  local ok, err = pcall(...)
  if not ok then usage.fail("%s '%s': %s", flag, text, type(err) == "table" and err.message or err) end
end

--- "orders" or "orders:3"
local function add_cluster(sb, text)
  local name, members = text:match "^([^:]+):(%d+)$"
  members = members and math.tointeger(tonumber(members))
  if text:find ":" and (not name or members > 16) then
    usage.fail("--cluster '%s': NAME or NAME:MEMBERS is expected, with at most 16 members", text)
  end
  add("--cluster", text, sb.add_cluster, sb, { DBClusterIdentifier = name or text }, members)
end

local function new_sandbox(given, loop)
  local spec, made = stage_of(given)
  made.now_ms = function() return loop:now_ms() end
  made.region = made.region or given.region
  sandbox_options.behave(given, made)
  local sb = sandbox.new(made)
  if spec then stage.set(sb, spec) end
  for _, name in ipairs(given.database) do
    add("--database", name, sb.add_instance, sb, { DBInstanceIdentifier = name })
  end
  for _, text in ipairs(given.cluster) do add_cluster(sb, text) end
  sb:inject(sandbox_options.faults(given, spec and spec.id or given.database[1] or "mydb"))
  return sb
end

local function tell(given, reply)
  if reply.bug then io.stderr:write(log.clean(reply.bug), "\n") end
  if given.quiet then return end
  local params = reply.params or {}
  local target = params.DBInstanceIdentifier or params.DBClusterIdentifier or params.DBSnapshotIdentifier
    or params.DBClusterSnapshotIdentifier or ""
  io.stderr:write(log.clean(("  %s %s %s: %s"):format(reply.service or "?", reply.operation or "?", target,
    reply.arriving and reply.arriving.how or reply.code or "ok")), "\n")
end

-- Sends a reply as it arrives: whole, in part, changed, or not at all.
local function send(request, reply)
  local arriving = reply.arriving
  local arrived = delivery.bytes(arriving, reply)
  if arrived then
    assert(request:reply(reply.status, reply.headers, reply.body))
  elseif arriving.how == "reset" and #reply.body > 0 then
    assert(request:reply(reply.status, reply.headers, reply.body, math.min(arriving.bytes or 0, #reply.body - 1)))
  else
    request:close()
  end
end

-- Sends those replies whose time has come.
local function send_due(late)
  for i = #late, 1, -1 do
    local each = late[i]
    if each.timer:done() then
      table.remove(late, i)
      each.timer:close()
      send(each.request, each.reply)
    end
  end
end

--- The next request; nil when the program is to stop.
local function next_request(loop, server, late)
  local op <close> = server:next()
  while not op:done() do
    assert(loop:step())
    send_due(late)
    if loop:interrupted() then return nil end
  end
  return assert(op:result())
end

local function serve(given, loop, server, served)
  local late = {}
  local request = next_request(loop, server, late)
  while request do
    local reply = served:answer(request)
    served.sandbox.audit = {} -- nobody reads it here, and this may go on for weeks
    tell(given, reply)
    local took_s = reply.arriving and reply.arriving.took_s or 0
    if took_s > 0 then
      late[#late + 1] = { request = request, reply = reply, timer = loop:timer(took_s * 1000 // 1 | 0) }
    else
      send(request, reply)
    end
    request = next_request(loop, server, late)
  end
  for _, each in ipairs(late) do
    each.timer:close()
    each.request:close()
  end
end

local function listen(loop, text)
  local address, port = address_of(text)
  if port > 65535 then usage.fail("--listen '%s': a port is at most 65535", text) end
  local server, err = loop:listen { address = address, port = port }
  if server then return server, ("http://%s:%d"):format(address:find ":" and "[" .. address .. "]" or address,
    server:port()) end
  usage.fail("--listen '%s': %s", text, err.code == "EREFUSED" and "only this machine's own addresses can be used: "
    .. "127.0.0.1 or [::1]" or err.code == "ECONNECT" and "the port is in use, or may not be used" or err.message)
end

local function start(given)
  local speed = options.speed("--time", given.time, FAST)
  local loop <close> = core.loop { pace = speed }
  local sb = new_sandbox(given, loop)
  local keys = { access_key_id = given.access_key or wire.KEYS.access_key_id,
    secret_access_key = given.secret or wire.KEYS.secret_access_key }
  local served = wire.new(sb, { now_s = function() return core.clock.wall_ms() / 1000 end, keys = keys })
  assert(loop:signals())
  local server, url = listen(loop, given.listen or "127.0.0.1:0")
  print(url)
  io.stdout:flush()
  if not given.quiet then
    local secret = given.secret and "the secret that was given" or "secret " .. keys.secret_access_key
    io.stderr:write(log.clean(("access key %s, %s, Region %s, %g times as fast as real time; Ctrl-C ends it")
      :format(keys.access_key_id, secret, sb.region, speed)), "\n")
  end
  serve(given, loop, server, served)
  server:close()
  return 0
end

-- Comparing with a recording --------------------------------------------------------------

local function difference_text(each)
  local what = { each.operation, each.name ~= "" and each.name or nil }
  if each.path ~= "" then what[#what + 1] = each.path end
  local times = each.count == 1 and "" or (" to %s, %d times"):format(log.clock(each.last_ms / 1000), each.count)
  return log.clean(("  %s: %s | %s   (%s%s)"):format(table.concat(what, " "), summary.text(each.recorded),
    summary.text(each.sandbox), log.clock(each.first_ms / 1000), times))
end

-- What a recording brings itself, or what it has no use for.
local NOT_REPLAYED = { "listen", "database", "cluster", "from_describe", "scenario", "id", "region", "access_key",
  "secret", "time", "fault", "fault_seed" }

local function check_alone(given)
  for _, field in ipairs(NOT_REPLAYED) do
    local value = given[field]
    if value and (type(value) ~= "table" or value[1]) then
      usage.fail("--replay and --%s exclude each other", (field:gsub("_", "-")))
    end
  end
end

local function compare(given)
  check_alone(given)
  local replay = require "trapheus.sandbox.replay"
  local found = replay.play(replay.read(given.replay), given.replay,
    function(made) sandbox_options.behave(given, made) end)
  local count = #found.differences
  print(log.clean(("%s: %d calls in %s, %d compared: %s"):format(given.replay, found.calls,
    log.duration(found.took_ms / 1000), found.compared, count == 0 and "no difference"
    or ("%d difference%s, recorded | sandbox"):format(count, count == 1 and "" or "s"))))
  for _, each in ipairs(found.differences) do print(difference_text(each)) end
  if found.late_ms > 0 then print(("  the sandbox took %s longer"):format(log.duration(found.late_ms / 1000))) end
  return count == 0 and 0 or report.DIFFERENT
end

return function(arguments)
  local given = options.read("sandbox", arguments)
  if given.knobs then return print_knobs() end
  if given.faults then return print_faults() end
  if given.scenarios then return print_scenarios() end
  if given.replay then return compare(given) end
  return start(given)
end
