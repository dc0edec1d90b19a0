local core = require "trapheus.core"
local tests = {}

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function child(node, name)
  for _, below in ipairs(node) do
    if below.name == name then return below end
  end
end

function tests.nests_elements()
  local root = assert(core.xml.parse '<r:Root xmlns="u" x:a="1">\n <A>1 &lt; 2</A><A/><B><C> </C></B>\n</r:Root>')
  assert(root.name == "Root" and root.text == nil and #root == 3)
  assert(root.attributes.xmlns == "u" and root.attributes["x:a"] == "1")
  assert(root[1].text == "1 < 2" and #root[1] == 0 and root[1].attributes == nil)
  assert(root[2].text == "" and root[3].text == nil and root[3][1].text == " ")
  assert(core.xml.parse("<a>x<b/>y</a>").text == "xy")
end

function tests.reads_recorded_replies()
  local reply = assert(core.xml.parse(read "tests/data/protocols/responses/rds-describe-db-snapshots.xml"))
  local list = child(child(reply, "DescribeDBSnapshotsResult"), "DBSnapshots")
  assert(child(list[1], "DBSnapshotIdentifier").text == "mydbsnapshot")
  local sample = read "tests/data/samples/011-rds-DescribeDBInstances-404.response.http"
  local body = sample:match "\r?\n\r?\n(.*)$"
  assert(child(child(assert(core.xml.parse(body)), "Error"), "Code").text == "DBInstanceNotFound")
end

function tests.what_is_no_document_is_an_answer()
  for text, code in pairs {
    ["<a><b></a>"] = "EPARSE", ["<a><b>cut"] = "EPARSE", [""] = "EPARSE", ["<!DOCTYPE a><a/>"] = "EREFUSED",
    [("<a>"):rep(33) .. ("</a>"):rep(33)] = "ETOOBIG",
  } do
    local node, err = core.xml.parse(text)
    assert(node == nil and err.code == code and err.message:find "^XML: ", text)
  end
end

function tests.a_list_may_have_a_metatable()
  for _, metatable in ipairs { false, {} } do
    local reading = { members = { L = { "list", { item = "integer", metatable = metatable or nil } } } }
    local found = core.xml.decode("<R><L><E>1</E><E>2</E></L></R>", { members = { R = { "root", reading } } }).root
    assert(#found.list == 2 and found.list[2] == 2 and getmetatable(found.list) == (metatable or nil))
  end
end

function tests.reads_the_deepest_document()
  local node = assert(core.xml.parse(("<a>"):rep(32) .. ("</a>"):rep(32)))
  for _ = 1, 31 do node = node[1] end
  assert(#node == 0 and node.text == "")
end

function tests.an_escaped_text_is_read_back_as_it_was()
  for _, text in ipairs { "", "plain", "&", "a < b > c & \"d\" 'e'\r\n", ("<"):rep(3000) .. "\u{e9}" } do
    local escaped = core.xml.escape(text)
    assert(not escaped:find '[<>"\r]', escaped)
    assert(core.xml.parse("<a>x" .. escaped .. "</a>").text == "x" .. text, escaped)
  end
  assert(core.xml.escape "&lt;" == "&amp;lt;")
end

local function writing(kind, inside, bare)
  return { kind, "E", not bare and "<E>", not bare and "</E>", "thing", inside }
end

local NAME <const>, SIZE <const> = { 1, "Name", "<Name>", "</Name>", "string" },
  { 2, "size", "<size>", "</size>", "integer" }
local SIZED <const> = { "Name", NAME, "Size", SIZE }

function tests.writes_values()
  for _, case in ipairs {
    { writing(1), "a & <b>", "a &amp; &lt;b&gt;" },
    { writing(1), "", "" },
    { writing(2), math.mininteger, "-9223372036854775808" },
    { writing(2), 7.0, "7" },
    { writing(3), false, "false" },
    { writing(3), true, "true" },
    { writing(4, function(value) return "<" .. value .. ">" end), "f", "<f>" },
    { writing(5, SIZED), { Size = 1, Name = "n" }, "<Name>n</Name><size>1</size>" },
    { writing(5, SIZED), {}, "" },
    { writing(6, SIZE), { 1, 2 }, "<size>1</size><size>2</size>" },
    { writing(6, writing(5, SIZED)), { { Size = 1 }, {} }, "<E><size>1</size></E><E></E>" },
    { writing(6, writing(5, SIZED), true), { {} }, "<E></E>", bare = true },
  } do
    local got = core.xml.write(case[1], case[2])
    assert(got == (case.bare and case[3] or "<E>" .. case[3] .. "</E>"), got)
  end
end

function tests.what_is_kept_is_written_once()
  local constant, other, kept = { Size = 1 }, { Size = 1 }, {}
  local item = writing(5, SIZED)
  kept[constant] = {}
  for size = 1, 2 do
    constant.Size, other.Size = size, size
    local got = core.xml.write(writing(6, item), { constant, other, constant }, kept)
    assert(got == ("<E><E><size>1</size></E><E><size>%d</size></E><E><size>1</size></E></E>"):format(size), got)
  end
  assert(next(kept[constant]) == item and kept[other] == nil)
  assert(core.xml.write(writing(5, { "Size", NAME }), { Size = "n" }, { [constant] = {} }) == "<E><Name>n</Name></E>")
end

local function deep(levels)
  local list, value = writing(6), {}
  list[6] = list
  for _ = 2, levels do value = { value } end
  return list, value
end

function tests.what_does_not_fit_is_not_written()
  local structure, list = writing(5, SIZED), deep(1)
  local itself = {}
  itself[1] = itself
  for _, case in ipairs {
    { writing(1), 1, "^E is no thing$" },
    { writing(2), 1.5, "^E is no thing$" },
    { writing(2), "1", "^E is no thing$" },
    { writing(3), "true", "^E is no thing$" },
    { writing(4, function() end), 1, "^E is no thing$" },
    { structure, "text", "^E is no thing$" },
    { structure, { Size = "many" }, "^size is no integer$" },
    { structure, { D = 1, C = 1, Name = "n", B = 1 }, "^the model has no member B$" },
    { list, itself, "too deep$" },
    { writing(7), 1, "no such writing: 7$" },
  } do
    local ok, err = pcall(core.xml.write, case[1], case[2])
    assert(not ok and err:find(case[3]), err)
  end
end

function tests.writes_what_can_be_read()
  local xml = core.xml.write(deep(32))
  assert(xml == ("<E>"):rep(32) .. ("</E>"):rep(32) and core.xml.parse(xml))
end

return tests
